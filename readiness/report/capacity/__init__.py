"""A capacity as text. One format, one module with `render`, one line in CAPACITY_FORMATS; the terminal apart."""

from __future__ import annotations

from collections.abc import Mapping

from readiness.report import Format

CAPACITY_FORMATS: Mapping[str, Format] = {
    fmt.name: fmt
    for fmt in (
        Format("md", "capacity.md", "readiness.report.capacity.markdown"),
        Format("html", "capacity.html", "readiness.report.capacity.html"),
        Format("json", "capacity.json", "readiness.report.capacity.json"),
    )
}
