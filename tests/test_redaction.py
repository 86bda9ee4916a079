"""What a secret looks like when somebody encoded it, cut it, or named a variable after it."""

import base64
import json
import string
import textwrap
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.report.redacted import redacted
from readiness.text import HIDDEN, MAX_LENGTH, clean
from readiness.text.decoding import undo
from readiness.text.redaction import last_net, redact, secrets_in
from tests.disguises import broken_up, disguises, encoded_twice, in_base64, in_lists

SECRETS = ["pa55/Wörd+x=&y", "Tr0ub4dor3x", 'k3y"with<quote>', "c4nary-s3cret-7d1f0a", "a%2Fb&amp;c\\u0041"]
TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), min_size=8, max_size=40)


@pytest.mark.parametrize("secret", SECRETS)
def test_no_form_of_a_secret_is_left(secret: str) -> None:
    for form in disguises(secret):
        assert redact(f"got <{form}> end", [secret]) == f"got <{HIDDEN}> end", form


@pytest.mark.parametrize("secret", SECRETS)
def test_base64_hides_it_at_every_place_in_a_group(secret: str) -> None:
    for form in in_base64(secret):
        for shown in (form, quote(form, safe="")):
            left = redact(f"Authorization: Basic {shown} end", [secret]).partition("Basic ")[2]
            assert HIDDEN in left
            assert len(left.replace(HIDDEN, "")) < 16, (form, left)


@pytest.mark.parametrize("secret", [secret for secret in SECRETS if "%2F" not in secret])
def test_what_layout_broke_up_is_hidden_with_its_gaps(secret: str) -> None:
    for form in broken_up(secret):
        assert redact(f"got <{form}> end", [secret]) == f"got <{HIDDEN}> end", form
        assert redact(json.dumps(f"got <{form}> end"), [secret]) == f'"got <{HIDDEN}> end"', form
    wrapped = "\n".join(textwrap.wrap(base64.b64encode(f"user:{secret}".encode()).decode(), 10))
    assert len(redact(f"Basic {wrapped} end", [secret]).replace(HIDDEN, "")) < len("Basic  end") + 10
    powershell = base64.b64encode(f"$p='{secret}'".encode("utf-16-le")).decode()
    assert HIDDEN in redact(f"-EncodedCommand {powershell} end", [secret])


def test_words_that_only_together_are_a_secret_are_left() -> None:
    assert redact("the pass word is 12 34 56 78", ["password", "12345678", "isthe"]) == "the pass word is 12 34 56 78"


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("mark", ["…", "...", ""])
def test_what_a_cut_left_of_a_secret_is_hidden_too(secret: str, mark: str) -> None:
    for size in range(8, len(secret)):
        if mark or not secret[:size].isalpha():
            assert redact(f"said {secret[:size]}{mark}", [secret]) == f"said {HIDDEN}{mark}"
        if mark or not secret[-size:].isalpha():
            assert redact(f"{mark}{secret[-size:]} said", [secret]) == f"{mark}{HIDDEN} said"


def test_a_secret_that_is_longer_than_any_limit_is_hidden_where_it_was_cut() -> None:
    secret = "eyJhbGciOiJIUzI1NiJ9." + "Zm9vYmFy" * 100
    assert redact(clean(f"the token is {secret}", MAX_LENGTH), [secret]) == f"the token is {HIDDEN}…"


def test_a_cut_inside_an_encoded_secret_is_one_too() -> None:
    secret = "c4nary-s3cret-7d1f0a"
    encoded = "".join(f"%{byte:02X}" for byte in secret.encode())
    assert redact(f"at /x?t={encoded[:40]}…", [secret]).startswith(f"at /x?t={HIDDEN}")
    assert redact(f"hex {secret.encode().hex()[:20]}…", [secret]) == f"hex {HIDDEN}…"


def test_a_common_word_at_an_end_is_not_taken_for_the_beginning_of_a_secret() -> None:
    assert redact("a wrong password", ["password123456"]) == "a wrong password"
    assert redact("the password is wrong", ["password123456"]) == "the password is wrong"


@given(secret=TEXT, before=TEXT, after=TEXT, data=st.data())
def test_a_secret_is_hidden_in_any_surroundings(secret: str, before: str, after: str, data: st.DataObject) -> None:
    secret = f"x{secret}7Q"
    form = data.draw(st.sampled_from(sorted(disguises(secret))))
    left = redact(f"{before} {form} {after}", [secret])
    assert form not in left.replace(HIDDEN, "")


@given(text=st.text(max_size=300), secret=TEXT)
def test_a_text_without_the_secret_stays(text: str, secret: str) -> None:
    secret = f"\U0001f511{secret}\U0001f511"  # no text has a beginning or an end of it by chance
    if "\U0001f511" not in text:
        assert redact(text, [secret]) == text


@given(st.text(st.sampled_from("%25u00\\\\x4f&#;amp" + string.hexdigits), max_size=200))
def test_the_way_back_from_a_decoded_text_stays_inside_it(text: str) -> None:
    raw = text.encode()
    undone = undo(raw, 8)
    if undone is None:
        return
    decoded, back = undone
    places = [back((at, at + 1)) for at in range(len(decoded)) if decoded[at] != 1]
    assert all(0 <= start < end <= len(raw) for start, end in places)
    assert places == sorted(places)


def test_values_that_touch_do_not_make_a_secret_together() -> None:
    assert redacted(("Tr0ub", "4dor3x"), ["Tr0ub4dor3x"]) == ("Tr0ub", "4dor3x")
    assert redacted(("a Tr0ub4dor3x", "b"), ["Tr0ub4dor3x"]) == (f"a {HIDDEN}", "b")


def test_a_large_file_is_searched_in_every_place(tmp_path: Path) -> None:
    """Parts without an escape are searched once; far from each other, each secret is still found."""
    secret = "c4nary-s3cret-7d1f0a"
    filler = "0123456789, " * 5_000
    text = f"{secret}{filler}{quote(secret).replace('-', '%2D')}{filler}{secret.encode().hex()}"
    assert last_net(text, "report.md", [secret]) == (f"{HIDDEN}{filler}{HIDDEN}{filler}{HIDDEN}", None)


def test_variables_that_hold_secrets_are_known_by_name() -> None:
    found = secrets_in(
        {
            "READINESS_PASSWORD_3": "one1",
            "READINESS_WORKER_TOKEN": "two2",
            "READINESS_DATABASE_URL": "postgresql://reader:p%40ss@host/db?sslpassword=key7",
            "READINESS_CACHE_URL": "redis://:c@che@host:6379",
            "GITHUB_TOKEN": "ghs_0123456789abcdef",
            "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG",
            "MAX_TOKENS": "4096",
            "TOKENIZERS_PARALLELISM": "false",
            "HOME": "/home/somebody",
        }
    )
    assert set(found) == {
        *("one1", "two2", "p%40ss", "p@ss", "key7", "c@che", "c", "ghs_0123456789abcdef", "wJalrXUtnFEMI/K7MDENG")
    }


@pytest.mark.parametrize("secret", ["c4nary-s3cret-7d1f0a", "kX9-wqTz!Secr3t~Val", "p\u00e4ss w\u00f6rd&=1"])
def test_a_secret_is_hidden_as_a_list_of_bytes_and_encoded_twice(secret: str) -> None:
    for form in in_lists(secret):
        left = redact(f"before {form} after", [secret])
        assert HIDDEN in left
        assert all(f"{byte:02x}" not in left and str(byte) not in left for byte in secret.encode()[1:-1]), left
    for form in encoded_twice(secret):
        left = redact(f"before {form} after", [secret])
        assert HIDDEN in left
        assert form[8:-8] not in left


def test_a_list_that_begins_like_a_secret_is_hidden_as_far_as_it_is_the_secret() -> None:
    secret = b"c4nary-s3cret-7d1f0a"
    assert redact(f"[{', '.join(map(str, secret[:10]))}, 1, 2]", [secret.decode()]) == f"[{HIDDEN}, 1, 2]"
    short = f"[{', '.join(map(str, secret[:5]))}]"
    assert redact(short, [secret.decode()]) == short
