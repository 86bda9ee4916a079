"""Punctuation of a sentence stays outside the code spans in it, and a command is one span."""

from __future__ import annotations

import re

import pytest

from readiness.report.markdown_text import prose
from readiness.report.plain_lines import printed
from readiness.report.workflow_commands import harmless


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Tested: http://127.0.0.1:8101, on this machine", "Tested: `http://127.0.0.1:8101`, on this machine"),
        ("http_4xx: see (http://x/y_z).", "`http_4xx`: see (`http://x/y_z`)."),
        ("run `readiness schema lock`. Then", "run `readiness schema lock`. Then"),
        ("raise_for_status() raised", "`raise_for_status()` raised"),
        ('"< 100 ms" is not "<=" that', '"< 100 ms" is not "<=" that'),
        ("`lonely", "`` `lonely ``"),
        ("a_b c_d, e", "`a_b c_d`, e"),
        ("", "–"),
    ],
)
def test_a_sentence_is_quoted_where_it_must_be(text: str, shown: str) -> None:
    assert prose(text) == shown


@pytest.mark.parametrize("address", ["http://[::1]:8101", "::1", "fe80::1, x"])
def test_an_ipv6_address_is_no_command(address: str) -> None:
    assert harmless(address) == address


@pytest.mark.parametrize("text", ["::error::x", "a\n \t::add-mask::y", "x ##[group]", "##vso[task]", "  ::debug::x"])
def test_a_command_of_a_runner_is_broken(text: str) -> None:
    assert not re.search(r"^\s*::|##(\[|vso\[)", harmless(text), re.MULTILINE)


def test_a_statement_stays_as_it_was_written() -> None:
    statement = "select count(*)::int, pg_sleep($1)::text as z from t where a = 'x' ::text"
    assert harmless(statement) == statement
    line = f"  {statement} and b = 'y' ::text and c in ('a' ::text)"
    shown = printed([line, "0123456789 " * 7 + "::error::x"], ascii=False)
    assert "count(*)::int" in shown
    assert not re.search(r"^\s*::", shown, re.MULTILINE)
