"""`clean`: what is not seen does not come in, and no text is a command of a CI system."""

from __future__ import annotations

import re
import sys
import unicodedata

import pytest

from readiness.text import MAX_LENGTH, clean

SEEN = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
"""Format characters that stand before numbers and are seen."""
FILLERS = "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b\u2800\u3164\uffa0\ufe0f\U000e0041\U000e0100\ufdd0\U0001fffe"


def test_no_character_that_is_not_seen_comes_in() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co") and character not in SEEN:
            assert clean(f"a{character}b") in ("ab", "a b"), hex(code)
    for character in FILLERS:
        assert clean(f"a{character}b") == "ab", hex(ord(character))


@pytest.mark.parametrize(
    "text", ["grüß Gott", "日本語", "نص عربي", "हिन्दी", "❤ 👍", "한글", "Ω≈ç√", "a\u0301", SEEN, "𠀀", "𝕏"]
)
def test_what_is_seen_stays(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize("word", ["vso", "VSO", "", "teamcity"])
@pytest.mark.parametrize("between", ["", "\u200b", "\u00ad", "\U000e0041"])
def test_a_command_of_a_ci_system_is_broken_wherever_it_stands(word: str, between: str) -> None:
    said = clean(f"the server said #{between}#{between}{word}{between}[task.setvariable variable=x]y")
    assert not re.search(r"##[A-Za-z]*\[", said)
    assert f"# #{word}[task.setvariable" in said
    assert clean("## a heading, [a link]") == "## a heading, [a link]"


def test_the_text_of_an_exception_that_cannot_say_its_words_is_its_name() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert clean(Mute()) == "<Mute>"


def test_however_long_a_text_is_only_its_beginning_is_looked_at() -> None:
    assert len(clean("x" * 10_000_000)) == MAX_LENGTH
    assert clean("\u200b" * 10_000_000 + "x") == ""
