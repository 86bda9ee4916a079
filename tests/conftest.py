"""Fixtures that all tests share, and how Hypothesis behaves: the same examples on every machine, no stop-watch."""

from hypothesis import settings

from tests.faultd.fixture import faultd

__all__ = ["faultd"]

settings.register_profile("readiness", derandomize=True, deadline=None, database=None)
settings.load_profile("readiness")
