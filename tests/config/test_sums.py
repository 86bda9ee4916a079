"""Invariants are sums of names; nothing is evaluated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.config.sums import parse

NAMES = ("bags", "parents", "children")


@pytest.mark.parametrize(
    ("text", "terms", "constant"),
    [
        ("parents + children == bags", ((1, "parents"), (1, "children"), (-1, "bags")), 0),
        ("2 * parents - 3 == -bags + 4", ((2, "parents"), (1, "bags")), -7),
        ("bags==25746", ((1, "bags"),), -25746),
        ("0 == bags - 2*parents", ((-1, "bags"), (2, "parents")), 0),
    ],
)
def test_an_invariant_is_left_minus_right(text: str, terms: object, constant: int) -> None:
    invariant = parse(text, NAMES, 7)
    assert (invariant.terms, invariant.constant, invariant.line, invariant.text) == (terms, constant, 7, text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("parents + children", 'exactly one "=="'),
        ("a == b == c", 'exactly one "=="'),
        ("parents = bags", "cannot read"),
        ("parents / 2 == bags", "cannot read"),
        ("__import__('os') == bags", "cannot read"),
        ("parents == bag", 'did you mean "bags"?'),
        ("1 == 1", "names no count"),
        ("parents + == bags", "is missing left of"),
        ("parents == ", "is missing right of"),
        ("parents * 2 == bags", "a factor comes first"),
        ("2 * 3 == bags", "stands where + or - is needed"),
        ("parents bags == bags", "stands where + or - is needed"),
        ("+ parents == bags", "stands where a name"),
        (" + ".join(["bags"] * 60) + " == parents", "more than 50 terms"),
    ],
)
def test_anything_else_is_refused_with_a_reason(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse(text, NAMES)
    assert words in str(caught.value)


FACTORS = st.lists(st.tuples(st.integers(0, 9), st.sampled_from(NAMES)), min_size=1, max_size=5)


@given(FACTORS, FACTORS, st.fixed_dictionaries({name: st.integers(-100, 100) for name in NAMES}))
def test_the_terms_compute_what_the_text_says(
    left: list[tuple[int, str]], right: list[tuple[int, str]], values: dict[str, int]
) -> None:
    text = " == ".join(" + ".join(f"{factor} * {name}" for factor, name in side) for side in (left, right))
    invariant = parse(text, NAMES)
    expected = sum(f * values[n] for f, n in left) - sum(f * values[n] for f, n in right)
    assert sum(f * values[n] for f, n in invariant.terms) + invariant.constant == expected
