"""Rows H1 to H5 and H13: what the server says is shown as inert text, or not at all."""

from __future__ import annotations

from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from markdown_it import MarkdownIt

from tests.e2e.conftest import Cli
from tests.e2e.harness import Result
from tests.e2e.invariants import assert_invariants
from tests.faultd.client import Faultd, layer
from tests.faultd.fixture import StartFaultd

CHECKS = """
  http.success_rate: { pass: "> 99 %", on_fail: block }
  health.latency.p95: { pass: "< 500 ms" }
  cache.hit_rate: { pass: "> 80 %" }
  pool.error_rate: { pass: "< 5 %" }
  security.headers: { pass: "== 100 %" }
"""
PROBES = (
    "probes:\n  cache: { statistics: /stats }\n  pool: { statistics: /stats }\n  security: { paths: [/, /probed] }\n"
)
CONTROLS = {chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"} | set(
    "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2028\u2029\u2066\u2067\u2068\u2069\ufeff\ufffe\uffff"
)


def run(cli: Cli, server: Faultd) -> Result:
    return cli.run(server.url, scenario="repeats_body.py", checks=CHECKS, more=PROBES, duration="1s")


def assert_inert(result: Result) -> None:
    html_has_no_foreign_element(result.text("report.html"))
    markdown_has_no_foreign_markup(result.text("report.md"))
    for name in ("report.md", "report.html", "junit.xml", "report.json"):
        found = CONTROLS & set(result.text(name))
        assert not found, f"{name} holds {[hex(ord(c)) for c in found]}"
    found = (CONTROLS - {"\r"}) & set(result.said)
    assert not found, f"the terminal got {[hex(ord(c)) for c in found]}"
    for line in [*result.said.splitlines(), *result.text("report.md").splitlines()]:
        assert not line.lstrip().startswith(("::", "##[", "##vso[")), line
    assert len(result.text("report.html")) < 1_000_000
    assert "PWNED" * 100 not in result.everything()


def html_has_no_foreign_element(text: str) -> None:
    class Walk(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag not in ("script", "iframe", "object", "embed", "img", "x-pwned", "base", "form", "details-x"), (
                tag
            )
            for name, value in attrs:
                assert not name.startswith("on"), (tag, name)
                assert "javascript:" not in (value or "").lower()
                if name in ("href", "src", "action", "xlink:href"):
                    assert not (value or "").startswith(("http://pwned", "//")), value

    Walk().feed(text)
    assert "49" not in text or "{{7*7}}" in text or "7*7" not in text


def markdown_has_no_foreign_markup(text: str) -> None:
    tokens: list[Any] = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        tokens += [token, *(token.children or [])]
    for token in tokens:
        if token.type in ("html_block", "html_inline"):
            assert "pwned" not in token.content.lower(), token.content
            assert "<script" not in token.content.lower()
        for value in (token.attrs or {}).values():
            assert "pwned" not in str(value), token
    headings = [after.content for token, after in pairwise(tokens) if token.type == "heading_open"]
    assert not [heading for heading in headings if "PWNED" in heading]
    first = next(line for line in text.splitlines() if line.strip())
    assert "PWNED" not in first


@pytest.mark.parametrize(
    ("where", "code"),
    [("body", 500), ("html", 200), ("json", 200), ("headers", 500), ("reason", 500), ("line", 200)],
)
def test_h1_to_h5_hostile_answers_to_the_load_are_inert(cli: Cli, faultd: StartFaultd, where: str, code: int) -> None:
    server = faultd(layer("hostile", where=where, code=code, only="/api/*"))
    result = run(cli, server)
    assert result.exit_code in (1, 3), str(result)
    assert_invariants(result, server, planned_s=1)
    assert_inert(result)


@pytest.mark.parametrize("where", ["body", "json", "headers"])
def test_h1_to_h5_hostile_probe_answers_are_inert(cli: Cli, faultd: StartFaultd, where: str) -> None:
    server = faultd(layer("hostile", where=where, code=200, only="/ /health /stats /probed"))
    result = run(cli, server)
    assert result.exit_code in (1, 3, 4), str(result)
    assert_invariants(result, server, planned_s=1)
    assert_inert(result)


def test_h2_with_colours_on_the_servers_escapes_still_do_not_pass(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(layer("hostile", only="*"))
    result = cli.run(
        server.url,
        scenario="repeats_body.py",
        checks=CHECKS,
        duration="1s",
        env={"NO_COLOR": "", "FORCE_COLOR": "1", "TERM": "xterm"},
    )
    for sequence in ("\x1b[2J", "\x1b]0;", "\x1b]8;;http://pwned", "\x9b", "\u202e"):
        assert sequence not in result.said


def test_h13_a_secret_that_the_server_echoes_is_redacted(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(mode="echo")
    result = cli.run(server.url, scenario="sends_secret.py", duration="1s")
    assert result.exit_code == 1, str(result)
    assert_invariants(result, server, planned_s=1)


@pytest.mark.parametrize("word", ["true", "load", "READY"])
def test_a_password_that_is_a_common_word_breaks_no_file(cli: Cli, faultd: StartFaultd, word: str) -> None:
    server = faultd()
    result = cli.run(server.url, duration="1s", env={"READINESS_PASSWORD": word})
    assert result.exit_code in (0, 3), str(result)
    assert_invariants(result, server, planned_s=1)
