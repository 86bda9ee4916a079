"""Many strings found at once: what a plain search finds, and work that does not grow with their number."""

from __future__ import annotations

import random

import pytest

from readiness.text.disguise import LEAST_CUT
from readiness.text.finder import Finder
from readiness.text.redaction import hidden, redact


def plain(strings: list[bytes], text: bytes) -> set[tuple[int, int, bool]]:
    """Where each string is whole in `text`, or begins with four bytes or more and breaks off."""
    found = set()
    for string in strings:
        for at in range(len(text)):
            part = text[at : at + len(string)]
            size = next(
                (i for i, (one, other) in enumerate(zip(part, string, strict=False)) if one != other), len(part)
            )
            if size >= 4:
                found.add((at, at + size, size == len(string)))
    return found


def test_what_is_found_is_what_a_plain_search_finds() -> None:
    chance = random.Random(20261129)
    for _ in range(400):
        letters = chance.choice([b"ab", b"abc-]^\\", b"a\xff\0\n"])
        strings = list(
            {bytes(chance.choices(letters, k=chance.randrange(4, 12))) for _ in range(chance.randrange(1, 9))}
        )
        text = bytes(chance.choices(letters, k=60)) + chance.choice(strings)[: chance.randrange(4, 12)]
        kinds = {string: index % 2 for index, string in enumerate(strings)}
        found = [(kind, (at, end, whole)) for kind, at, end, whole in Finder(kinds).places(text)]
        for kind in (0, 1):
            mine = [place for of, place in found if of == kind]
            assert set(mine) == plain([string for string in strings if kinds[string] == kind], text)
            assert len(mine) == len(set(mine))


def test_nothing_is_found_of_nothing() -> None:
    assert list(Finder({}).places(b"text")) == []
    assert list(Finder({b"text": None}).places(b"")) == []


def test_a_hundred_strings_that_begin_alike_are_one_place() -> None:
    strings = {b"secret-%03d-xxxxxxxx" % number: None for number in range(100)}
    text = b"secret-" * 1000
    assert len(list(Finder(strings).places(text))) == 1000


def test_of_secrets_that_begin_alike_each_is_hidden_at_every_cut() -> None:
    secrets = [f"secret-{number}-{'x' * 20}" for number in range(50)]
    for secret in secrets:
        assert redact(f"<{secret}>", secrets) == "<[secret]>"
        for size in range(LEAST_CUT, len(secret)):
            assert redact(f"<{secret[:size]}…", secrets) == "<[secret]…", secret[:size]
            assert redact(f"…{secret[-size:]}>", secrets) == "…[secret]>", secret[-size:]


@pytest.mark.parametrize("secret", ["%", "a", "é", "7", "\n", "ab", "", "🙂"])
def test_a_secret_of_a_character_or_two_hides_no_more_than_itself(secret: str) -> None:
    text = "25 605 61 37 password: %"
    assert hidden(text, frozenset([secret, "long-s3cret"]), cuts=True) == text


def test_a_list_of_numbers_may_begin_within_the_last_number_of_another() -> None:
    secret = "secret-4ab4aa"
    one = ", ".join(f"0x{byte:02x}" for byte in b"bbbbbbba")
    assert redact(f"{one}\\1{secret.encode().hex(':')}!", [secret]) == f"{one}\\1[secret]!"
