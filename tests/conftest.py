"""Fixtures that all tests share, and how Hypothesis behaves: the same examples on every machine, no stop-watch."""

import os

from hypothesis import settings

from tests.faultd.fixture import faultd

__all__ = ["faultd"]

os.environ.setdefault("READINESS_INTERPRETED", "1")
"""The sources are what is tested, also beside a build of them; tests/load/test_compiled.py tests that."""
settings.register_profile("readiness", derandomize=True, deadline=None, database=None)
settings.load_profile("readiness")
