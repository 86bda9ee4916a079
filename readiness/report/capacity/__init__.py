"""A capacity as text. One format, one module with `render`, one line in CAPACITY_FORMATS; the terminal apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from readiness.capacity.capacity import Capacity


@dataclass(frozen=True, slots=True)
class CapacityFormat:
    """One way to write a capacity down."""

    name: str
    file_name: str
    module: str
    """Where its `render(capacity) -> str` lives."""

    def render(self, capacity: Capacity) -> str:
        """The whole file as text."""
        text: str = import_module(self.module).render(capacity)
        return text


CAPACITY_FORMATS: Mapping[str, CapacityFormat] = {
    fmt.name: fmt
    for fmt in (
        CapacityFormat("md", "capacity.md", "readiness.report.capacity.markdown"),
        CapacityFormat("html", "capacity.html", "readiness.report.capacity.html"),
        CapacityFormat("json", "capacity.json", "readiness.report.capacity.json"),
    )
}
