"""Reports: the verdict as text. One format, one module with `render`, one line in FORMATS.

Renderers are imported when they are used, so that `readiness --help` pays for none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write a verdict, a comparison or a capacity down."""

    name: str
    """As in `--format`."""
    file_name: str
    module: str
    """Where its `render(subject) -> str` lives; for a verdict, `render(verdict, run)`."""
    default: bool = True
    """Whether it is written without `--format`."""
    environment: str | None = None
    """The variable of the CI system in which it is written without `--format` too."""

    def render(self, subject: object, run: object = None) -> str:
        """The whole file as text. A verdict's charts need its `run`; everything else comes from the subject."""
        more = () if run is None else (run,)
        text: str = import_module(self.module).render(subject, *more)
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


def three_formats(room: str) -> Mapping[str, Format]:
    """Those of the package `readiness.report.<room>`, into `<room>.md`, `.html` and `.json`."""
    modules = {"md": "markdown", "html": "html", "json": "json"}
    return {
        name: Format(name, f"{room}.{name}", f"readiness.report.{room}.{module}") for name, module in modules.items()
    }
