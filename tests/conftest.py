"""Fixtures that all tests share, and how Hypothesis behaves: the same examples on every machine, no stop-watch."""

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.faultd.fixture import faultd
from tests.slow import SLOW

__all__ = ["faultd"]

os.environ.setdefault("READINESS_INTERPRETED", "1")
"""The sources are what is tested, also beside a build of them; tests/load/test_compiled.py tests that."""
settings.register_profile(
    "readiness", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("readiness")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of tests/slow.py, so that `-m "not slow"` leaves them out."""
    for item in items:
        file, _, name = item.nodeid.partition("::")
        if file in SLOW or f"{file}::{name.partition('[')[0]}" in SLOW:
            item.add_marker(pytest.mark.slow)
