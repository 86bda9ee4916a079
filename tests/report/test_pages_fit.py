"""The pages of a capacity and of a comparison, in a real browser: no table is cut at 1280 pixels or on a phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from readiness.cli import app
from tests.report.test_browser import CHROMIUM, FLAGS

EXAMPLES = Path(__file__).parents[2] / "reports/example"
CUT = """() => [...document.querySelectorAll("table")].filter((one) => one.checkVisibility()
  && one.scrollWidth > one.parentElement.clientWidth + 1).map((one) => one.textContent.slice(0, 60))"""


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on PATH")
def test_no_table_of_a_comparison_or_a_capacity_is_cut(tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    runs = [str(EXAMPLES / name / "run.json") for name in ("ready", "conditional")]
    CliRunner().invoke(app, ["compare", *runs, "--anyway", "--out", str(tmp_path)])
    pages = [tmp_path / "comparison.html", EXAMPLES / "capacity-demo/capacity.html"]
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for path in pages:
            for width in (1280, 390):
                page = browser.new_page(viewport={"width": width, "height": 900})
                page.set_default_timeout(600_000)
                page.goto(path.as_uri())
                assert page.evaluate(CUT) == [], (path.name, width)
                assert page.evaluate("document.documentElement.scrollWidth") <= width
        browser.close()
