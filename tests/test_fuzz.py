"""Broken bytes for every parser of foreign bytes: a sample of `benchmarks/fuzz.py`, and none is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.foreign import parsers
from benchmarks.foreign.not_foreign import NOT_FOREIGN
from benchmarks.foreign.parser import Parser
from benchmarks.fuzz import Found, fuzz, grown
from readiness.database.schema import drift
from readiness.probes import header_rules
from readiness.probes.forms import hidden_fields
from readiness.probes.http import ProbeAnswer
from readiness.report import markdown_text, workflow_commands
from readiness.text import server_timing

PACKAGE = Path(__file__).parents[1] / "readiness"
PARSES = re.compile(r"\bre\.(?:compile|match|search|fullmatch|split|sub|findall)\(|loads\(|\.decode\(|from_bytes\(")
NOT_OURS = ("demo",)
"""The demo is the target: what it reads is not foreign to the tool."""


def test_a_sample_of_broken_bytes_is_taken_or_refused_as_declared() -> None:
    found = fuzz(cases=1_000, seed=7, seconds=4)
    assert found.faults == []
    assert found.cases > 100, "most of the time was spent in a few cases"


def test_each_module_that_reads_text_is_fuzzed_or_says_why_not() -> None:
    reads = set()
    for path in PACKAGE.rglob("*.py"):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        if PARSES.search(path.read_text("utf-8")) and not name.startswith(NOT_OURS):
            reads.add(name.removesuffix(".__init__"))
    fuzzed = {module for parser in parsers() for module in parser.through}
    assert reads - fuzzed - set(NOT_FOREIGN) == set(), "list them in benchmarks/foreign/"
    assert set(NOT_FOREIGN) - reads == set(), "these search no text any more"
    assert set(NOT_FOREIGN) & fuzzed == set()
    for name in fuzzed:
        assert (PACKAGE / f"{name.replace('.', '/')}.py").is_file(), name


@pytest.mark.parametrize("parser", parsers(), ids=lambda parser: parser.name)
def test_each_parser_takes_at_least_one_of_its_samples(parser: Parser) -> None:
    taken = 0
    for seed in parser.seeds:
        try:
            parser.call(seed)
            taken += 1
        except parser.refuses:
            pass
    assert taken


PERMISSIONS = "Permissions-Policy"
QUADRATIC = {
    "server timing": (lambda data: server_timing.parts_ms(data.decode()), b"a;b=c", b";b=c"),
    "permissions": (
        lambda data: header_rules.findings(
            ProbeAnswer(200, ((PERMISSIONS, data.decode()),), b"", 1.0, ""), "html", https=True
        ),
        b"a=(),",
        b",",
    ),
    "colons": (lambda data: workflow_commands.harmless(data.decode()), b"", b":"),
    "backtick": (lambda data: markdown_text.prose(data.decode()), b"`", b"a"),
    "marks of a page": (hidden_fields, b"<input type=hidden name=a>", b"<!"),
    "names of a lock": (lambda data: drift.objects([data.decode()]), b'function a("', b'""'),
    "lines of a lock": (lambda data: drift.objects(data.decode().splitlines()), b"", b"table a\n"),
    "quotes of a page": (hidden_fields, b"", b"<input a='"),
}


@pytest.mark.parametrize("name", QUADRATIC)
def test_the_time_grows_as_the_text_does(name: str) -> None:
    call, before, piece = QUADRATIC[name]
    assert grown(Parser(name, (), call, (), (before,)), before, piece, b"", Found(), name) is None


def test_a_page_that_ends_in_no_mark_gives_the_fields_before_it() -> None:
    page = b"<!-- <input type=hidden name=no> --><script>'<input type=hidden name=no>'</script>"
    page += b"<INPUT value='a&amp;b' TYPE=Hidden name=\"t\" /><input type=text name=x><input type=hidden name=u><![CDA"
    assert hidden_fields(page) == {"t": "a&b", "u": ""}


@pytest.mark.parametrize("url", ["http://[/a?token=b", "http://x/a?c=\udc8a&token=b"])
def test_try_shows_an_exchange_whose_address_is_none(url: str) -> None:
    (parser,) = (one for one in parsers() if one.name == "exchanges of try")
    shown = str(parser.call(url.encode("utf-8", "surrogateescape")))
    assert "GET" in shown
    assert "token=b" not in shown
