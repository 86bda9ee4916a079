"""The fixture `faultd`: start misbehaving servers, get them stopped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Protocol

import pytest

from tests.faultd.client import Faultd, layer


class StartFaultd(Protocol):
    """`faultd(mode="status", code=503, share=0.04)` or `faultd(layer(…), layer(…), host="127.0.0.2")`."""

    def __call__(
        self, *layers: dict[str, Any], mode: str | None = None, host: str = "127.0.0.1", **words: Any
    ) -> Faultd: ...


@pytest.fixture
def faultd() -> Iterator[StartFaultd]:
    """Start as many as the test wants; all are stopped after it."""
    with ExitStack() as running:

        def start(*layers: dict[str, Any], mode: str | None = None, host: str = "127.0.0.1", **words: Any) -> Faultd:
            chosen = (*layers, layer(mode, **words)) if mode is not None else layers
            return running.enter_context(Faultd(*chosen, host=host))

        yield start
