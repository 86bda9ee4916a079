"""Text from outside stays text, in every format, wherever it can stand."""

from __future__ import annotations

import re
from io import StringIO
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.console import Console

from readiness.judge.verdict import Verdict
from readiness.report import FORMATS, console
from tests.report import builders, parsing

ANY = st.text(alphabet=st.characters(), max_size=60)
FRAGMENTS = st.lists(
    st.sampled_from(
        [*builders.HOSTILE[:-1], "|", "`", "``", "\\", "<", ">", "\n", "@", "#", "- ", "1. ", "=", "a", " "]
    ),
    max_size=6,
).map("".join)
HARMLESS = "plain"
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]")


def _tags(text: str) -> list[str]:
    verdict = builders.hostile(text)
    return parsing.html(FORMATS["html"].render(verdict, builders.run(verdict))).tags


@pytest.mark.parametrize("text", builders.HOSTILE)
def test_html_gets_no_element_from_text(text: str) -> None:
    assert _tags(text) == _tags(HARMLESS)


@settings(max_examples=40, deadline=None)
@given(st.one_of(ANY, FRAGMENTS).filter(lambda text: bool(text.strip())))
def test_html_has_the_same_elements_for_any_text(text: str) -> None:
    verdict, plain = builders.hostile(f"x{text}"), builders.hostile(HARMLESS)
    page = parsing.html(FORMATS["html"].render(verdict))
    assert page.tags == parsing.html(FORMATS["html"].render(plain)).tags
    assert len(page.ids) == len(set(page.ids))
    assert page.links[0] == "#main"
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)


@settings(max_examples=80, deadline=None)
@given(st.one_of(ANY, FRAGMENTS))
@example("a\\|b")
@example("\\")
@example("`|`")
@example("- ```\n| x |")
@example("http://evil.example/|x")
@example("> # 1) + = ~~~")
def test_markdown_has_the_same_structure_for_any_text(text: str) -> None:
    kinds = parsing.markdown_kinds(FORMATS["md"].render(builders.hostile(f"x {text}")))
    assert kinds == parsing.markdown_kinds(FORMATS["md"].render(builders.hostile(HARMLESS)))


OUR_FOLD = re.compile(r"<details><summary>All \d+ checks</summary>|</details>")


@pytest.mark.parametrize("text", builders.HOSTILE)
def test_markdown_gets_no_link_image_html_or_heading_from_text(text: str) -> None:
    rendered = FORMATS["md"].render(builders.hostile(text))
    kinds = parsing.markdown_kinds(rendered)
    assert kinds == parsing.markdown_kinds(FORMATS["md"].render(builders.hostile(HARMLESS)))
    assert not {"link_open", "image", "html_inline"} & set(kinds)
    assert kinds.count("html_block") == 2
    for line in rendered.splitlines():
        if OUR_FOLD.fullmatch(line):
            continue
        outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", line)
        assert not re.search(r"@\w|://|www\.|<[a-z!/]", outside), line


@pytest.mark.parametrize("text", ["foreign words", "::error::x", "`code`", "1. x", "# x", "| x"])
def test_no_line_of_markdown_starts_with_text_from_outside(text: str) -> None:
    starts = tuple(f"{prefix}{text}"[:7] for prefix in ("", "`", "``", "`` "))
    for line in FORMATS["md"].render(builders.hostile(text)).splitlines():
        assert not line.startswith((*starts, "::", "`")), line


@settings(max_examples=60, deadline=None)
@given(st.one_of(ANY, FRAGMENTS))
@example("\ufffe\x00\x1b")
def test_junit_is_well_formed_for_any_text(text: str) -> None:
    verdict = builders.hostile(text)
    suite = ET.fromstring(FORMATS["junit"].render(verdict))[0]
    assert len(suite.findall("testcase")) == len(verdict.checks) + 1


def _terminal(verdict: Verdict, *, width: int = 80, in_ascii: bool = False, verbose: bool = False) -> str:
    out = StringIO()
    Console(file=out, width=width, no_color=True, force_terminal=False).print(
        console.summary(verdict, ascii=in_ascii, verbose=verbose)
    )
    return out.getvalue()


@settings(max_examples=60, deadline=None)
@given(st.one_of(ANY, FRAGMENTS), st.booleans())
@example("x" * 60 + " ::error::x ##[add-mask]y [/red]", False)
@example("y" * 77 + "::error::x", True)
def test_the_terminal_gets_no_control_and_no_line_that_starts_with_foreign_text(text: str, in_ascii: bool) -> None:
    shown = "".join(_terminal(builders.hostile(text), in_ascii=in_ascii, verbose=every) for every in (False, True))
    assert not CONTROL.search(shown)
    assert "##[" not in shown
    for line in shown.splitlines():
        assert line[0] in "+|" if in_ascii else line[0] in "╭│├╰"
        assert len(line) <= 80 or not line.isascii()
    if in_ascii:
        assert shown.isascii()
    quiet = console.quiet_line(builders.hostile(text))
    assert quiet.startswith("readiness: ")
    assert len(quiet.splitlines()) == 1


@pytest.mark.parametrize("width", [80, 40, 1])
def test_the_terminal_shows_every_check_and_never_crashes_however_narrow(width: int) -> None:
    shown = _terminal(builders.every_outcome(), width=width, verbose=True)
    if width == 80:
        for word in ("NOT READY", "Score 51.2 of 100", "1,378.7 ms", "Orphaned Rows", "not bounded", "Inconclusive"):
            assert word in shown


def test_the_terminal_shows_a_statement_as_it_is() -> None:
    statement = "select count(*)::int from t"
    shown = _terminal(builders.hostile(statement), verbose=True)
    assert "count(*)::int" in shown


def test_quiet_is_one_line_with_decision_score_and_reason() -> None:
    line = console.quiet_line(builders.verdict())
    assert line.startswith("readiness: CONDITIONAL, run 20261123T231405Z-7f3a, score 65.0 (coverage 100 %), 6 passed, ")
    assert line.endswith("is above the floor of 60.")
