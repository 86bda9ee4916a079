"""A capacity as text. One format, one module with `render`, one line in CAPACITY_FORMATS; the terminal apart."""

from __future__ import annotations

from readiness.report import three_formats

CAPACITY_FORMATS = three_formats("capacity")
