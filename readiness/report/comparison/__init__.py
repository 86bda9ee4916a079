"""A comparison as text. One format, one module with `render`, one line in COMPARISON_FORMATS; the terminal apart."""

from __future__ import annotations

from collections.abc import Mapping

from readiness.report import Format

COMPARISON_FORMATS: Mapping[str, Format] = {
    fmt.name: fmt
    for fmt in (
        Format("md", "comparison.md", "readiness.report.comparison.markdown"),
        Format("html", "comparison.html", "readiness.report.comparison.html"),
        Format("json", "comparison.json", "readiness.report.comparison.json"),
    )
}
