"""Reports: the verdict as text. One format, one module with `render`, one line in FORMATS.

Renderers are imported when they are used, so that `readiness --help` pays for none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from readiness.judge.verdict import Verdict
    from readiness.measurements.run import Run


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write a verdict down."""

    name: str
    """As in `--format`."""
    file_name: str
    module: str
    """Where its `render(verdict, run) -> str` lives."""

    def render(self, verdict: Verdict, run: Run | None = None) -> str:
        """The whole file as text. Charts need `run`; everything else comes from the verdict."""
        text: str = import_module(self.module).render(verdict, run)
        return text


FORMATS: Mapping[str, Format] = {
    fmt.name: fmt
    for fmt in (
        Format("md", "report.md", "readiness.report.markdown"),
        Format("html", "report.html", "readiness.report.html"),
        Format("json", "report.json", "readiness.report.json"),
        Format("junit", "junit.xml", "readiness.report.junit"),
    )
}
"""Every format by its name, in the order in which help and messages list them."""
