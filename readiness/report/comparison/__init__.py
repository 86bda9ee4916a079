"""A comparison as text. One format, one module with `render`, one line in COMPARISON_FORMATS; the terminal apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from readiness.compare.comparison import Comparison


@dataclass(frozen=True, slots=True)
class ComparisonFormat:
    """One way to write a comparison down."""

    name: str
    """As in `--format`."""
    file_name: str
    module: str
    """Where its `render(comparison) -> str` lives."""

    def render(self, comparison: Comparison) -> str:
        """The whole file as text."""
        text: str = import_module(self.module).render(comparison)
        return text


COMPARISON_FORMATS: Mapping[str, ComparisonFormat] = {
    fmt.name: fmt
    for fmt in (
        ComparisonFormat("md", "comparison.md", "readiness.report.comparison.markdown"),
        ComparisonFormat("html", "comparison.html", "readiness.report.comparison.html"),
        ComparisonFormat("json", "comparison.json", "readiness.report.comparison.json"),
    )
}
