"""The client against scripted servers: each check runs in a patched child (see child.py)."""

import pytest

from tests.load.http.running import names, results

MODULES = ("beginning", "conformance", "failing", "judging", "streaming", "vocabulary", "tls")
CHECKS = [(module, check) for module in MODULES for check in names(module)]


@pytest.mark.parametrize(("module", "check"), CHECKS)
def test_with_one_epoll_for_all(module: str, check: str) -> None:
    assert results(module)[check] is None, results(module)[check]


@pytest.mark.parametrize(("module", "check"), CHECKS)
def test_without_epoll(module: str, check: str) -> None:
    assert results(module, "watcher")[check] is None, results(module, "watcher")[check]
