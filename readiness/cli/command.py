"""A command whose options are the fields of a dataclass: each of them is said once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def command_of(request: Callable[..., T], act: Callable[[T], None]) -> Callable[..., None]:
    """`act` as Typer takes it: parameters are the fields of the dataclass `request`, help is the docstring of `act`."""

    def command(**given: object) -> None:
        act(request(**given))

    command.__name__, command.__doc__ = act.__name__, act.__doc__
    command.__signature__ = inspect.signature(request, eval_str=True)  # type: ignore[attr-defined]
    return command
