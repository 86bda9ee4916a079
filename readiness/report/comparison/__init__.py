"""A comparison as text. One format, one module with `render`, one line in COMPARISON_FORMATS; the terminal apart."""

from __future__ import annotations

from readiness.report import three_formats

COMPARISON_FORMATS = three_formats("comparison")
