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
    default: bool = True
    """Whether it is written without `--format`."""
    environment: str | None = None
    """The variable of the CI system in which it is written without `--format` too."""

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
        Format("sarif", "report.sarif", "readiness.report.sarif", False, "GITHUB_ACTIONS"),
        Format("github", "step-summary.md", "readiness.report.github", False, "GITHUB_ACTIONS"),
        Format("comment", "comment.md", "readiness.report.comment", False),
        Format("gitlab", "gl-code-quality-report.json", "readiness.report.gitlab", False, "GITLAB_CI"),
        Format("openmetrics", "metrics.txt", "readiness.report.openmetrics", False, "GITLAB_CI"),
        Format("badge", "badge.svg", "readiness.report.badge", False),
    )
}
"""Every format by its name, in the order in which help and messages list them."""
