"""Where a text shows a secret, in whatever form, once or several times over, in any case, or cut short.

Forms: as it is, percent-encoded, with the escapes of JSON, HTML or Python, in hexadecimal, in base64. What can be
undone is not enumerated: the text is decoded layer by layer (readiness/text/decoding.py), and each layer is searched
for plain byte strings, all at once (readiness/text/finder.py). Bytes as a list of numbers:
readiness/text/byte_lists.py. All of it is linear in the text.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from readiness.text import clean, gaps
from readiness.text.byte_lists import listed
from readiness.text.decoding import Span, undo
from readiness.text.finder import Finder

LAYERS = 5
"""Encodings on top of each other that are undone."""
LEAST_SECRET = 4
"""Shorter secrets are anywhere in any text; hiding them would only spoil it."""
DISTINCT_SECRET = 8
"""From here on a secret is hidden inside words as well; a shorter one of letters only as a whole word."""
LEAST_CUT = 8
"""So many characters of a secret are hidden where the rest was cut off."""
LEAST_BASE64 = 6
BOUNDARY = b"\0"
"""Ends a text among several; `clean` leaves none inside."""
_ESCAPE_BYTES = 16
_CUT = rb"(\xe2\x80\xa6|\.\.\.|\0|%b)"
"""What stands where a text was cut, or nothing more does."""
_CUT_AFTER = re.compile(rb"(?:%[0-9a-f]?|\\(?:u[0-9a-f]{0,3}|x[0-9a-f]?)?|&[#0-9a-z]{0,8})?" + _CUT % rb"\Z")
_CUT_BEFORE = re.compile(_CUT % rb"\A" + rb"(?:[0-9a-f]{1,5}|[#0-9a-z]{0,8};)?\Z")
"""The cut may have gone through an escape."""
_BASE64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=")


@dataclass(frozen=True, slots=True)
class _Form:
    """What a form asks of a cut."""

    cut: int
    """How many bytes of a beginning count where the rest was cut off."""
    wide: bool = False
    """Whether the characters beside it belong to it in part."""


_PLAIN = _Form(LEAST_CUT)
_HEX = _Form(2 * LEAST_CUT)
_BASE64_ONCE = _Form(LEAST_CUT * 4 // 3 + 1, wide=True)
_BASE64_TWICE = _Form(LEAST_CUT * 16 // 9 + 3, wide=True)
_BASE32 = _Form(LEAST_CUT * 8 // 5 + 1, wide=True)


@dataclass(frozen=True, slots=True)
class Needles:
    """What to search for."""

    strings: Finder[_Form]
    """Of lower-case text."""
    backwards: Finder[None]
    """Those whose end counts where the beginning was cut off, each from its end."""
    joined: Finder[_Form]
    """Of lower-case text without gaps."""
    raw: Finder[None]
    """Of secrets that may stand as a list of numbers."""
    words: re.Pattern[bytes] | None
    """Short secrets of letters."""
    longest: int
    """Bytes."""


@lru_cache(maxsize=8)
def needles(secrets: frozenset[str]) -> Needles:
    """All byte strings that `secrets` can become under the layers that `spans` undoes."""
    found: dict[bytes, _Form] = {}
    words: set[bytes] = set()
    listed_too: set[bytes] = set()
    for secret in sorted(secrets):
        raw = _bytes(secret)
        if secret.isalpha() and len(secret) < DISTINCT_SECRET:
            words.add(re.escape(raw))
        else:
            for form in _plain_forms(secret):
                found[form] = _PLAIN
        wide = secret.encode("utf-16-le", "surrogatepass")
        if len(raw) * 2 >= LEAST_SECRET:
            found.setdefault(raw.hex().encode(), _HEX)
            found.setdefault(wide.hex().encode(), _HEX)
        for core in _base64_cores(wide):  # of PowerShell
            found.setdefault(core.lower(), _BASE64_ONCE)
        for core in _base64_cores(raw):
            for twice in _base64_cores(core):
                found.setdefault(twice.lower(), _BASE64_TWICE)
            found.setdefault(core.lower(), _BASE64_ONCE)
        for core in _base32_cores(raw):
            found.setdefault(core, _BASE32)
        if len(raw) >= DISTINCT_SECRET:
            listed_too.add(raw)
    letter = rb"[A-Za-z\x80-\xff]"
    joined = rb"|".join(sorted(words))  # whole words: none is the beginning of another
    pattern = re.compile(rb"(?<!%b)(?:%b)(?!%b)" % (letter, joined, letter)) if words else None
    ends = {string[::-1]: None for string, form in found.items() if form is _PLAIN and len(string) > LEAST_CUT}
    longest = max(map(len, found), default=DISTINCT_SECRET)
    words_apart = {  # what layout may break without becoming a part of ordinary sentences
        short: form for string, form in found.items() if _is_distinct(short := gaps.without(string))
    }
    return Needles(
        Finder(found), Finder(ends), Finder(words_apart), Finder(dict.fromkeys(listed_too)), pattern, longest
    )


def spans(text: bytes, wanted: Needles, *, cuts: bool) -> list[Span]:
    """Where `text` (UTF-8) shows a secret: sorted, apart from each other, at the borders of characters and escapes.

    `cuts`: also the beginning of a secret before "…", before BOUNDARY or at the end, and its end after one.
    """
    found: list[Span] = []
    places: list[Callable[[Span], Span]] = []
    view = text
    for _ in range(LAYERS + 1):
        for span in _in_view(view, wanted, cuts=cuts):
            for back in reversed(places):
                span = back(span)
            found.append(_whole_characters(text, span))
        undone = undo(view, wanted.longest)
        if undone is None:
            break
        view, back = undone
        places.append(back)
    return _merged(found)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _plain_forms(secret: str) -> set[bytes]:
    """The secret as written, cleaned, with + for blanks, and as it is after each layer of decoding, in lower case."""
    forms = {_bytes(secret), _bytes(clean(secret, len(secret) + 1)), _bytes(secret.replace(" ", "+"))}
    forms.add(_bytes(secret.replace("=", "=3D")))  # quoted-printable, of mail
    for form in tuple(forms):
        for _ in range(LAYERS):
            undone = undo(form, len(form))
            if undone is None:
                break
            form = undone[0]
            forms.add(form)
    return {form.lower() for form in forms if len(form.strip()) >= LEAST_SECRET}


def _base64_cores(raw: bytes) -> set[bytes]:
    """The characters that the secret alone decides, for each of the three places in a group, in both alphabets."""
    found = set()
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(b"\0" * before + raw)
            first = (before * 8 + 5) // 6  # what comes before decides a part of the character before this one
            last = (before + len(raw)) * 8 // 6
            found.add(whole[first:last])
    return {core for core in found if len(core) >= LEAST_BASE64}


def _base32_cores(raw: bytes) -> set[bytes]:
    """As of base64, in lower case: five places in a group of eight characters."""
    found = set()
    for before in range(5):
        whole = base64.b32encode(b"\0" * before + raw).lower()
        found.add(whole[(before * 8 + 4) // 5 : (before + len(raw)) * 8 // 5])
    return {core for core in found if len(core) >= LEAST_BASE64 + 2}


def _is_distinct(short: bytes) -> bool:
    """Long enough, and neither a plain word nor a plain number."""
    mixed = not short.isalpha() and any(97 <= byte <= 122 for byte in short)
    return len(short) >= DISTINCT_SECRET and (mixed or len(short) >= 2 * DISTINCT_SECRET)


def _in_view(view: bytes, wanted: Needles, *, cuts: bool) -> Iterator[Span]:
    if wanted.words is not None:
        for match in wanted.words.finditer(view):
            yield match.span()
    lower = view.lower()
    yield from listed(lower, wanted.raw)
    for form, at, end, whole in wanted.strings.places(lower):
        if whole or (cuts and end - at >= form.cut and _is_cut(lower, at, end, end)):
            yield _widened(view, (at, end)) if form.wide else (at, end)
    short = gaps.without(lower)
    if len(short) < len(lower):
        broken = [(form, (at, end)) for form, at, end, whole in wanted.joined.places(short) if whole]
        if broken:
            whole_spans = gaps.origins(lower, [span for _, span in broken])
            for (form, _), span in zip(broken, whole_spans, strict=True):
                yield _widened(view, span) if form.wide else span
    if cuts:
        for _, after, before, _ in wanted.backwards.places(lower[::-1]):
            start, end = len(lower) - before, len(lower) - after
            if end - start >= LEAST_CUT and _is_cut(lower, start, end, start):
                yield start, end


def _is_cut(text: bytes, start: int, end: int, at: int) -> bool:
    """Whether the part of a secret from `start` to `end` was cut off at `at`, one of the two.

    Where no mark says so, a part of letters alone is taken for the word that it is.
    """
    if at == end:
        edge = _CUT_AFTER.match(text, at)
    else:
        head = text[max(at - _ESCAPE_BYTES, 0) : at]
        edge = _CUT_BEFORE.search(head if at <= _ESCAPE_BYTES else b"\1" + head)
    return edge is not None and (edge[1] not in (b"", BOUNDARY) or not text[start:end].isalpha())


def _widened(view: bytes, span: Span) -> Span:
    """With the characters of base64 at both sides that the secret decides in part."""
    start, end = span
    while start > span[0] - 2 and start > 0 and view[start - 1] in _BASE64:
        start -= 1
    while end < span[1] + 2 and end < len(view) and view[end] in _BASE64:
        end += 1
    return start, end


def _whole_characters(text: bytes, span: Span) -> Span:
    start, end = span
    while start > 0 and start < len(text) and text[start] & 0xC0 == 0x80:
        start -= 1
    while end < len(text) and text[end] & 0xC0 == 0x80:
        end += 1
    return start, end


def _merged(found: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(found):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
