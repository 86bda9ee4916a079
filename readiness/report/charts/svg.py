"""SVG as text: elements with escaped content, and the frame that makes a picture accessible.

Colours are given twice: as presentation attributes for readers without our style sheet, and as classes for dark
mode, print and forced colours.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

LINES = ("#1f5fbf", "#a3480c", "#0b6b34", "#7a3fa0", "#9c1f4f", "#56606b")
"""Line colours, distinct in light; classes `s0` to `s5` restate them for dark, dashes do without colour."""
PARTS = ("#16407f", "#f2c078", "#2f8a66", "#5b1f6b", "#a9c9ee", "#b0661f")
"""Areas that lie on one another, as classes `p0` to `p5`: of any two, the lightness or the hatching differs (from
MOST_PLAIN on they are hatched), so that they stay apart for every eye and without colour."""
MOST_PLAIN = 3
DASHES = ("", "7 3", "2 3", "9 3 2 3", "4 4", "1 4")


def tag(name: str, *children: str, **attributes: str | float | None) -> Markup:
    """One element. Text children are escaped, Markup is not; `class_` is `class`, `_` in names is `-`."""
    parts = [f"<{name}"]
    for key, value in attributes.items():
        if value is None or value == "":
            continue
        text = f"{value:.1f}".removesuffix(".0") if isinstance(value, int | float) else escape(value)
        parts.append(f' {key.rstrip("_").replace("_", "-")}="{text}"')
    inside = "".join(escape(child) for child in children)
    return Markup("".join(parts) + (f">{inside}</{name}>" if children else "/>"))


def text(x: float, y: float, words: str, *, anchor: str = "start", class_: str = "label") -> Markup:
    """A label."""
    return tag(
        "text",
        words,
        x=x,
        y=y,
        class_=class_,
        text_anchor=anchor,
        fill="#48525c",
        font_size=12.0,
        font_family="sans-serif",
    )


def line(x1: float, y1: float, x2: float, y2: float, class_: str, stroke: str, **more: str | float | None) -> Markup:
    """A straight line."""
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_, stroke=stroke, **more)


def limit(x1: float, y1: float, x2: float, y2: float, width: float | None = 2.0, dashes: str = "") -> Markup:
    """The line of a limit."""
    return line(x1, y1, x2, y2, "limit", "#a5121f", stroke_width=width, stroke_dasharray=dashes)


def dot(x: float, y: float, series: int, r: float = 3.0, more: str = "") -> Markup:
    """A point of a line."""
    return tag("circle", cx=x, cy=y, r=r, class_=f"{more}{fill_class(series)}", fill=LINES[series])


def rect(x: float, y: float, width: float, height: float, class_: str, fill: str) -> Markup:
    """A filled box; nothing is drawn with a negative width."""
    return tag("rect", x=x, y=y, width=max(width, 0.0), height=max(height, 0.0), class_=class_, fill=fill)


def path(points: Sequence[tuple[float, float] | None], series: int, width: float = 1.8) -> Markup:
    """A line through `points`, broken at None; a point alone between breaks is drawn as a dot."""
    moves: list[str] = []
    pen_up = True
    for i, point in enumerate(points):
        if point is None:
            pen_up = True
            continue
        x, y = point
        moves.append(f"{'M' if pen_up else 'L'}{x:.1f} {y:.1f}")
        alone = pen_up and (i + 1 == len(points) or points[i + 1] is None)
        if alone:
            moves.append("h0.1")
        pen_up = False
    index = series % len(LINES)
    return tag(
        "path",
        d="".join(moves) or "M0 0",
        class_=f"series s{index}",
        fill="none",
        stroke=LINES[index],
        stroke_width=width,
        stroke_dasharray=DASHES[index],
        stroke_linecap="round",
        stroke_linejoin="round",
    )


def part(key: str, x: float, y: float, width: float, height: float, index: int) -> Markup:
    """One of several areas that lie on one another; `key` is the picture's, whose `hatching` must be drawn before."""
    at = index % len(PARTS)
    solid = rect(x, y, width, height, f"area p{at}", PARTS[at])
    return solid if at < MOST_PLAIN else solid + hatched(key, x, y, width, height)


def hatched(key: str, x: float, y: float, width: float, height: float) -> Markup:
    """Hatching over an area."""
    return rect(x, y, width, height, "hatched", f"url(#{key}-hatch)")


def hatching(key: str) -> Markup:
    """The hatching of a picture: light and dark strokes side by side, seen on any colour."""
    strokes = (line(at, 0, at, 7, f"hatch-{i}", ink, stroke_width=1.6) for i, (at, ink) in enumerate(_HATCH))
    return tag(
        "defs",
        tag(
            "pattern",
            *strokes,
            id=f"{key}-hatch",
            width=7,
            height=7,
            patternUnits="userSpaceOnUse",
            patternTransform="rotate(45)",
        ),
    )


_HATCH = ((1.0, "#ffffff"), (2.6, "#1b1f24"))


def fill_class(series: int) -> str:
    """The class of an area in the colour of a line."""
    return f"area f{series % len(LINES)}"


def picture(key: str, title: str, description: str, width: float, height: float, *children: str) -> Markup:
    """The whole drawing, with a title and a description that screen readers speak."""
    return tag(
        "svg",
        tag("title", title, id=f"{key}-title"),
        tag("desc", description, id=f"{key}-desc"),
        *children,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        role="img",
        aria_labelledby=f"{key}-title {key}-desc",
        class_="chart",
        width=width,
        height=height,
    )
