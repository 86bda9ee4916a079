"""The score on a bar from 0 to 100, with the range that missing or unsure evidence leaves open."""

from __future__ import annotations

from markupsafe import Markup

from readiness.report.charts import svg

_WIDTH, _HEIGHT = 300.0, 30.0


def score_bar(points: tuple[float, float, float]) -> Markup:
    """`points` are low, value and high, 0 to 100."""
    low, value, high = (min(max(point, 0.0), 100.0) * _WIDTH / 100 for point in points)
    return svg.picture(
        "score",
        "Score",
        f"{points[1]:.1f} of 100, between {points[0]:.1f} and {points[2]:.1f}",
        _WIDTH,
        _HEIGHT,
        svg.rect(0, 10, _WIDTH, 10, "track", "#dfe3e8"),
        svg.rect(0, 10, value, 10, "filled", "#48525c"),
        svg.rect(low, 7, high - low, 16, "open", "#8a94a0"),
        svg.rect(min(value, _WIDTH - 3), 3, 3, 24, "needle", "#1b1f24"),
    )
