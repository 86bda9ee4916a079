"""The real demo target, started once for all tests that use it from outside."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from readiness.demo import stack as demo


@pytest.fixture(scope="session")
def stack() -> Iterator[demo.Stack]:
    """PostgreSQL, Valkey and the service, running."""
    with demo.start() as running:
        yield running
