"""Fixtures that all tests share, and how Hypothesis behaves: the same examples on every machine, no stop-watch."""

import os

import pytest
from hypothesis import settings

from tests.faultd.fixture import faultd
from tests.slow import SLOW

__all__ = ["faultd"]

os.environ.setdefault("READINESS_INTERPRETED", "1")
"""The sources are what is tested, also beside a build of them; tests/load/test_compiled.py tests that."""
settings.register_profile("readiness", derandomize=True, deadline=None, database=None)
settings.load_profile("readiness")

MOST_RERUN = 3
"""More tests than this that pass only the second time are no accident (docs/decisions/0023-second-try.md)."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of tests/slow.py, so that `-m "not slow"` leaves them out."""
    for item in items:
        file, _, name = item.nodeid.partition("::")
        if file in SLOW or f"{file}::{name.partition('[')[0]}" in SLOW:
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run in which many tests needed their second try has failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and len(reporter.stats.get("rerun", ())) > MOST_RERUN and not session.exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name whatever needed a second try, with what it said the first time."""
    again = terminalreporter.stats.get("rerun", [])
    if again:
        terminalreporter.section(f"{len(again)} failed the first time (at most {MOST_RERUN} may)")
        for report in again:
            lines = str(report.longrepr).splitlines()
            said = next((line for line in lines if line.startswith("E ")), lines[-1] if lines else "")
            terminalreporter.line(f"{report.nodeid}: {said}")
