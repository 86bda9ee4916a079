"""Charts as eyes see them: colour-blind ones and grey paper by computation, overlapping words by a real browser."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from readiness.measurements.histogram import Histogram
from readiness.measurements.run import Recording
from readiness.report.charts import percentiles, svg
from readiness.report.templates import TEMPLATES
from tests.report import builders
from tests.report.test_browser import CHROMIUM, FLAGS

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "reports/example").glob("*/*.html"))
STYLE = (TEMPLATES / "report.css").read_text(encoding="utf-8")
Colour = tuple[float, float, float]
EYES: dict[str, tuple[Colour, Colour, Colour]] = {
    "usual": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    # Machado, Oliveira, Fernandes: A Physiologically-based Model for Simulation of Color Vision Deficiency (2009),
    # severity 1.0, on linear RGB.
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "grey": ((0.2126, 0.7152, 0.0722),) * 3,
}


def lab(colour: str, eye: str) -> Colour:
    """CIELAB, under daylight, of `#rrggbb` as that eye sees it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    r, g, b = (min(max(sum(a * c for a, c in zip(row, linear, strict=True)), 0), 1) for row in EYES[eye])
    xyz = (
        (0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047,
        0.2126729 * r + 0.7151522 * g + 0.0721750 * b,
        (0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883,
    )
    x, y, z = (one ** (1 / 3) if one > 216 / 24389 else (24389 / 27 * one + 16) / 116 for one in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def ciede2000(one: Colour, other: Colour) -> float:
    """Sharma, Wu, Dalal: The CIEDE2000 Color-Difference Formula (2005)."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    g = 0.5 * (1 - math.sqrt(mean**7 / (mean**7 + 25**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = math.hypot(a1, b1), math.hypot(a2, b2)
    h1, h2 = math.degrees(math.atan2(b1, a1)) % 360, math.degrees(math.atan2(b2, a2)) % 360
    turn = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    dh = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn) / 2)
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    hue = h1 + h2 if c1 * c2 == 0 else (h1 + turn / 2) % 360
    t = (
        1
        - 0.17 * math.cos(math.radians(hue - 30))
        + 0.24 * math.cos(math.radians(2 * hue))
        + 0.32 * math.cos(math.radians(3 * hue + 6))
        - 0.20 * math.cos(math.radians(4 * hue - 63))
    )
    sl = 1 + 0.015 * (light - 50) ** 2 / math.sqrt(20 + (light - 50) ** 2)
    sc, sh = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t
    rt = -math.sin(math.radians(60 * math.exp(-(((hue - 275) / 25) ** 2))))
    rt *= 2 * math.sqrt(chroma**7 / (chroma**7 + 25**7))
    dl, dc, dh = (l2 - l1) / sl, (c2 - c1) / sc, dh / sh
    return math.sqrt(dl * dl + dc * dc + dh * dh + rt * dc * dh)


def test_the_difference_of_colours_is_computed_as_published() -> None:
    assert ciede2000((50, 2.6772, -79.7751), (50, 0, -82.7485)) == pytest.approx(2.0425, abs=1e-4)
    assert ciede2000((50, 2.5, 0), (61, -5, 29)) == pytest.approx(22.8977, abs=1e-4)
    assert ciede2000((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387)) == pytest.approx(1.2644, abs=1e-4)


def palettes() -> list[tuple[str, ...]]:
    """Of the areas: light, dark, forced colours and paper, and those of a reader without our style sheet."""
    colours = [re.findall(r"--p(\d): (#[0-9a-f]{6});", line) for line in STYLE.splitlines() if "--p0:" in line]
    found = [tuple(colour for _, colour in sorted(one)) for one in colours]
    assert len(found) == 4
    return [svg.PARTS, *found]


@pytest.mark.parametrize("palette", palettes())
@pytest.mark.parametrize("eye", EYES)
def test_any_two_areas_that_may_touch_are_told_apart_by_every_eye(eye: str, palette: tuple[str, ...]) -> None:
    assert len(palette) == len(svg.PARTS)
    for (i, one), (j, other) in combinations(enumerate(palette), 2):
        if (i < svg.MOST_PLAIN) is (j < svg.MOST_PLAIN):  # else one of them is hatched
            assert ciede2000(lab(one, eye), lab(other, eye)) >= 20, (eye, one, other)


@pytest.mark.parametrize("n", [2, 9, 10, 28, 100, 999, 100_000])
def test_no_percentile_is_drawn_that_so_few_requests_cannot_tell(n: int) -> None:
    verdict = builders.ready()
    run = builders.run(verdict)
    assert run.load is not None
    latencies = Histogram.of_us(np.arange(n, dtype=np.int64) * 10 + 1_000)
    one = replace(run.load.endpoints[0], judged=Recording(ok=latencies))
    few = replace(run, load=replace(run.load, endpoints=(one,)))
    chart = percentiles.draw(verdict, few)
    assert chart is not None
    drawn = [float(one) / 100 for one in re.findall(r">P([0-9.]+)<", chart.svg)]
    told = [float(one[1:]) / 100 for one in chart.columns[1:-1]]
    assert all(q <= 1 - 1 / n + 1e-9 for q in (*drawn, *told)), (n, drawn, told)
    assert told


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


OVERLAPS = """() => {
  for (const fold of document.querySelectorAll("details")) fold.open = true;
  const found = [];
  for (const picture of document.querySelectorAll("svg.chart")) {
    const name = picture.getAttribute("aria-labelledby");
    const words = [...picture.querySelectorAll("text")].filter((one) => one.textContent);
    const boxes = words.map((one) => one.getBoundingClientRect());
    for (let i = 0; i < boxes.length; i++) for (let j = i + 1; j < boxes.length; j++) {
      const wide = Math.min(boxes[i].right, boxes[j].right) - Math.max(boxes[i].left, boxes[j].left);
      const high = Math.min(boxes[i].bottom, boxes[j].bottom) - Math.max(boxes[i].top, boxes[j].top);
      if (wide > 0.5 && high > 2.5)  // a line of text is higher than its letters
        found.push(name + ": " + words[i].textContent + " / " + words[j].textContent);
    }
    const frame = picture.getBoundingClientRect();
    words.forEach((one, i) => { if (boxes[i].left < frame.left - 1 || boxes[i].right > frame.right + 1)
      found.push(name + " cuts " + one.textContent); });
    if (!picture.querySelector("title") || !picture.querySelector("desc").textContent) found.push(name + " is mute");
  }
  return found;
}"""


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on PATH")
def test_no_words_of_a_chart_lie_on_others_and_each_chart_has_its_text(browser: object) -> None:
    assert len(PAGES) >= 6
    page = browser.new_page(viewport={"width": 1280, "height": 900})  # type: ignore[attr-defined]
    page.set_default_timeout(600_000)
    wrong = {}
    for path in PAGES:
        page.goto(path.as_uri())
        if found := page.evaluate(OVERLAPS):
            wrong[path.parent.name] = found
    assert not wrong, "\n".join(f"{name}: {one}" for name, found in wrong.items() for one in found)
