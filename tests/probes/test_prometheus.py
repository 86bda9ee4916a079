"""One number out of Prometheus text, whatever the text is."""

from __future__ import annotations

import pytest

from readiness.probes.prometheus import parse, select

TEXT = r"""
# HELP requests_total All of them, such as requests_total{code="0"} 99
# TYPE requests_total counter
requests_total{code="200",path="/a b"} 1027 1395066363000
requests_total{code="500",path="/\"quoted\", \\ {and} braces"} 3
requests_total_created{code="200"} 7
plain 12.5
spaced   {le="0.5"}   4
odd{le="+Inf"} NaN
odd{le="1"} 2
high +Inf
script 1_000
""".strip()


@pytest.mark.parametrize(
    ("selector", "value"),
    [
        ("plain", 12.5),
        ("requests_total", 1030),
        ('requests_total{code="200"}', 1027),
        ('requests_total{ code = "500" , }', 3),
        (r'requests_total{path="/\"quoted\", \\ {and} braces"}', 3),
        ('spaced{le="0.5"}', 4),
        ('odd{le="1"}', 2),
    ],
)
def test_the_samples_whose_labels_hold_are_added_up(selector: str, value: float) -> None:
    assert select(TEXT, selector) == value


@pytest.mark.parametrize("selector", ["missing", "plai", 'requests_total{code="404"}', 'plain{code="200"}', "HELP"])
def test_what_is_not_there_is_not_zero(selector: str) -> None:
    with pytest.raises(LookupError):
        select(TEXT, selector)
    with pytest.raises(LookupError):
        select("", selector)


@pytest.mark.parametrize("selector", ["odd", "high", "script"])
def test_what_is_no_number_is_refused(selector: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        select(TEXT, selector)


@pytest.mark.parametrize("selector", ["", "1st", "a b", "a{", "a{b}", 'a{b="c}', 'a{b="c"} 1', "a{b='c'}", 'a{="c"}'])
def test_what_is_no_selector_is_refused(selector: str) -> None:
    with pytest.raises(ValueError, match=r"must be a metric|labels cannot be read"):
        parse(selector)


@pytest.mark.parametrize(
    "line",
    [
        "a" + " " * 1_000_000,
        "a{" + " " * 1_000_000,
        "a{}" + " " * 1_000_000 + "1" + " " * 1_000 + "x",
        "a " + "9" * 1_000_000 + " x",
        "a" + "{}" * 500_000,
    ],
    ids=["blanks", "open brace", "blanks and rest", "digits", "braces"],
)
def test_a_mebibyte_that_is_no_sample_ends_soon(line: str) -> None:
    """Where an expression backtracks quadratically, this takes hours."""
    with pytest.raises((LookupError, ValueError)):
        select(line, "a")


def test_a_mebibyte_of_labels_is_read() -> None:
    labels = ",".join(f'l{number}="v"' for number in range(80_000))
    assert select(f"a{{{labels}}} 1\na 2", "a") == 3
    assert select(f"a{{{labels}}} 1\na 2", 'a{l79999="v"}') == 1
