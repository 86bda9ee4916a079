"""A real browser opens reports full of hostile text and finds nothing that is not ours."""

from __future__ import annotations

import itertools
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.drift import DRIFTING, drawn
from readiness.judge.history.past_run import PastRun
from readiness.judge.verdict import Verdict, Waived
from readiness.report import FORMATS
from readiness.report.history import html as history_html
from readiness.report.history.sheet import sheet
from readiness.text import clean
from tests.report import builders, parsing

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on PATH")
EVERYTHING_HOSTILE = builders.hostile(" ".join(builders.HOSTILE))


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def _file(verdict: Verdict, folder: Path) -> str:
    path = folder / "report.html"
    path.write_text(FORMATS["html"].render(verdict, builders.run(verdict)), encoding="utf-8")
    return path.as_uri()


def _open(browser, url: str, width: int, scheme: str = "light"):  # type: ignore[no-untyped-def]
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    context.set_default_timeout(600_000)
    page = context.new_page()
    page.seen = []
    page.on("request", lambda request: page.seen.append(("request", request.url)))
    page.on("dialog", lambda dialog: (page.seen.append(("dialog", dialog.message)), dialog.dismiss()))
    page.on("console", lambda message: page.seen.append(("console", message.text)))
    page.on("pageerror", lambda error: page.seen.append(("error", str(error))))
    page.goto(url)
    return page


def test_hostile_text_makes_no_element_request_dialog_or_complaint(browser: object, tmp_path: Path) -> None:
    url = _file(EVERYTHING_HOSTILE, tmp_path)
    page = _open(browser, url, 1200)
    assert page.seen == [("request", url)]
    assert page.locator("script, img, iframe, object, embed, link, form, input, base").count() == 0
    handlers = """[...document.querySelectorAll("*")].flatMap(e => [...e.attributes])
        .filter(a => /^(on|style$)/.test(a.name)).length"""
    assert page.evaluate(handlers) == 0
    links = page.evaluate("[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))")
    assert links[0] == "#main"
    assert {link.removeprefix("#") for link in links} <= set(
        parsing.html(Path(tmp_path / "report.html").read_text()).ids
    )
    assert "49" not in page.locator("h1").inner_text()
    page.context.close()


def test_the_style_sheet_passes_its_own_policy(browser: object, tmp_path: Path) -> None:
    page = _open(browser, _file(builders.verdict(), tmp_path), 1200)
    assert page.evaluate("getComputedStyle(document.querySelector('.verdict')).borderLeftWidth") == "8px"
    page.context.close()


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
@pytest.mark.parametrize("verdict", [builders.every_outcome(), EVERYTHING_HOSTILE], ids=["ordinary", "hostile"])
def test_no_page_scrolls_sideways(browser: object, tmp_path: Path, verdict: Verdict, width: int) -> None:
    page = _open(browser, _file(verdict, tmp_path), width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.context.close()


def test_the_first_screen_tells_all_that_a_decision_needs(browser: object, tmp_path: Path) -> None:
    verdict = builders.verdict(
        provenance=replace(builders.MADE, commit="4ecec1b0c5d6", environment="staging"),
        checks=tuple(replace(check, waived=check.name == "latency.p99") for check in builders.SEED_CHECKS),
        waivers=(Waived("latency.p99", "Ana", "fixed next week", "2026-12-31"),),
    )
    page = _open(browser, _file(verdict, tmp_path), 1280)
    said = (
        "CONDITIONAL", "none of them blocks", "65.0", "between 65.0 and 70.0", "13.8× the limit",
        "P95 Response Time", "cut its slowest part", "bag-tracker", "4ecec1b0c5d6", "staging",
        "23:14:05 UTC", "57 s", "1 waiver in force", "limit < 100 ms", "req/s", "0.05 %",
        "50 users", "6 of 12,040 requests", "0f0f0f0f0f0f", "readiness 0.1.0",
    )  # fmt: skip
    assert page.locator(".first-chart svg").bounding_box()["y"] < 500
    for text in said:
        box = page.locator("section.verdict").get_by_text(text).locator("visible=true").first.bounding_box()
        assert box["y"] + box["height"] < 800, text
    page.context.close()


CONTRAST = """
() => {
  const parse = c => c.match(/[\\d.]+/g).map(Number);
  const lum = ([r, g, b]) => [r, g, b].map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const ground = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const low = [];
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || ['title', 'desc', 'style'].includes(e.tagName.toLowerCase())) continue;
    const style = getComputedStyle(e);
    const paint = e instanceof SVGElement ? style.fill : style.color;
    const [a, b] = [lum(parse(paint)), lum(ground(e))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) low.push([e.tagName, e.getAttribute('class'), e.textContent.slice(0, 30), ratio.toFixed(2)]);
  }
  return low;
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_the_contrast_of_wcag_aa(browser: object, tmp_path: Path, scheme: str) -> None:
    page = _open(browser, _file(builders.every_outcome(), tmp_path), 1280, scheme)
    assert page.evaluate(CONTRAST) == []
    page.context.close()


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_the_page_of_many_runs_is_read_by_everybody_and_hostile_text_is_text(
    browser: object, tmp_path: Path, width: int, scheme: str
) -> None:
    """A drift, hostile words of every field, and a report that is not believed."""
    words = clean(" ".join(builders.HOSTILE), 200)
    runs = [replace(run, target=words, commit=words[:40], folder=words) for run in drawn(DRIFTING[1][0], 30, 1)]
    broken = PastRun(words, "0000", folder=words, problem=words)
    (tmp_path / "index.html").write_text(history_html.render(sheet([broken, *runs], [words])), encoding="utf-8")
    page = _open(browser, (tmp_path / "index.html").as_uri(), width, scheme)
    assert page.seen == [("request", (tmp_path / "index.html").as_uri())]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("script, img, iframe, object, embed, link, form, input, base").count() == 0
    assert "rises from run to run" in page.locator(".verdict").inner_text()
    assert page.locator("svg.chart").count() == 1
    assert page.evaluate(CONTRAST) == []
    axe = pytest.importorskip("axe_playwright_python", reason="needs axe-playwright-python, which brings axe-core")
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", WCAG)
    assert [(one["id"], [node["target"] for node in one["nodes"]][:3]) for one in found["violations"]] == []
    page.context.close()


WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.mark.parametrize(
    ("name", "scheme", "width"), [("plain", "light", 1280), ("plain", "dark", 390), ("hostile", "light", 390)]
)
def test_axe_finds_no_barrier(browser: object, tmp_path: Path, name: str, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python", reason="needs axe-playwright-python, which brings axe-core")
    source = (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    verdict = {"plain": builders.every_outcome(), "hostile": EVERYTHING_HOSTILE}[name]
    page = _open(browser, _file(verdict, tmp_path), width, scheme)
    page.evaluate(source)
    found = page.evaluate("tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", WCAG)
    told = [(one["id"], [node["target"] for node in one["nodes"]][:3]) for one in found["violations"]]
    assert told == []
    assert found["passes"]
    page.context.close()


def test_a_keyboard_reaches_every_link_table_and_summary_in_reading_order(browser: object, tmp_path: Path) -> None:
    page = _open(browser, _file(builders.verdict(), tmp_path), 1280)
    reachable = """[...document.querySelectorAll('a, summary, [tabindex]')]
        .filter(e => { const fold = (e.tagName === 'SUMMARY' ? e.parentElement.parentElement : e).closest('details');
            return !fold || fold.open && !fold.parentElement.closest('details:not([open])'); }).length"""
    places = []
    for _ in range(page.evaluate(reachable)):
        page.keyboard.press("Tab")
        places.append(page.evaluate("[...document.querySelectorAll('*')].indexOf(document.activeElement)"))
    assert len(places) > 20
    assert places == sorted(set(places))
    assert page.evaluate("document.activeElement.tagName") != "BODY"
    tops = page.evaluate("[...document.querySelectorAll('main > *')].map(e => e.getBoundingClientRect().top)")
    assert tops == sorted(tops)
    page.context.close()


def test_the_sign_off_is_in_the_contents_and_the_bar_of_the_score_begins_at_the_edge(
    browser: object, tmp_path: Path
) -> None:
    page = _open(browser, _file(builders.verdict(), tmp_path), 390)
    assert page.locator("nav a[href='#sign-off']").count() == 1
    edges = "['.score svg', '.score .track'].map(e => document.querySelector(e).getBoundingClientRect().left)"
    box, track = page.evaluate(edges)
    assert abs(box - track) < 1
    page.goto(_file(builders.ready(), tmp_path))
    assert page.locator("nav a[href='#sign-off']").count() == 0
    page.context.close()


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_on_paper_folded_parts_stay_closed_and_the_decision_is_on_one_line(
    browser: object, tmp_path: Path, paper: str
) -> None:
    page = _open(browser, _file(builders.verdict(), tmp_path), 794)
    page.emulate_media(media="print")
    heights = "[...document.querySelectorAll('details')].map(e => e.getBoundingClientRect().height)"
    assert set(page.evaluate(heights)) == {0}
    shown = "[...document.querySelectorAll('main > section')].map(e => e.innerText.trim())"
    assert [text for text in page.evaluate(shown) if "\n" not in text] == [], "a heading with nothing below it"
    assert "What is folded on the screen is not printed" in page.inner_text("footer")
    assert page.evaluate("getComputedStyle(document.querySelector('.sign-off')).breakBefore") == "page"
    lefts = (
        "['.meaning', '.score strong', '.score svg'].map(e => document.querySelector(e).getBoundingClientRect().left)"
    )
    meaning, score, bar = page.evaluate(lefts)
    assert (meaning == bar, score - meaning < 60) == (True, True), "the score begins where the text does"
    page.set_viewport_size({"width": 700, "height": 1000})  # A4 between its margins is no phone
    assert page.locator(".signed thead").bounding_box()["x"] >= 0
    page.set_viewport_size({"width": 794, "height": 1000})
    assert page.evaluate("document.documentElement.scrollWidth") <= 794
    lines = "document.querySelector('h1').getClientRects().length"
    assert page.evaluate(lines) == 1
    assert page.evaluate("document.querySelector('h1').offsetHeight") < 60
    pdf = page.pdf(format=paper, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page[^s]", pdf)) <= 8
    page.context.close()


def test_with_forced_colours_status_is_still_told_by_words_and_borders(browser: object, tmp_path: Path) -> None:
    page = _open(browser, _file(builders.every_outcome(), tmp_path), 1280)
    page.emulate_media(forced_colors="active")
    assert page.evaluate("getComputedStyle(document.querySelector('.badge')).borderTopStyle") == "solid"
    assert page.locator(".shortfall .badge").first.inner_text().endswith("Failed")
    page.context.close()


def test_headings_and_landmarks_are_in_order(browser: object, tmp_path: Path) -> None:
    page = _open(browser, _file(builders.every_outcome(), tmp_path), 1280)
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))
    assert page.evaluate("document.documentElement.lang") == "en"
    assert [page.locator(tag).count() for tag in ("main", "body > header", "body > footer")] == [1, 1, 1]
    bare = "[...document.querySelectorAll('th')].filter(th => !th.getAttribute('scope')).length"
    assert page.evaluate(bare) == 0
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the decision"
    page.context.close()


def test_charts_are_pictures_with_a_name_a_description_and_a_table(browser: object, tmp_path: Path) -> None:
    page = _open(browser, _file(builders.verdict(), tmp_path), 1280)
    charts = page.locator("figure")
    assert charts.count() == 10  # two of them of drills
    assert page.locator("section.verdict svg[role=img]").count() == 2
    for i in range(charts.count()):
        drawing = charts.nth(i).locator("svg[role=img]")
        assert drawing.count() == 1
        for part in drawing.get_attribute("aria-labelledby").split():
            assert page.locator(f"#{part}").text_content().strip()
        assert charts.nth(i).locator("details table tbody tr").count() > 0
    page.context.close()
