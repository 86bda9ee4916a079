"""Header fields: those we send (checked when set) and those of an answer (parsed only when asked for)."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping

from httptools import HttpParserError, HttpResponseParser

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_BAD_VALUE = re.compile("[\x00\r\n]")
_FOLD = re.compile(rb"\r\n[ \t]+")
_LENGTH = re.compile(rb"\r\n(content-length):([^\r\n]*)", re.IGNORECASE)


def field_line(name: str, value: object) -> bytes:
    """`Name: value` and CRLF. Raises ValueError for what would end the line or is no header name."""
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"header name {name!r}: has a character that HTTP does not allow")
    if _BAD_VALUE.search(text):
        raise ValueError(f"header {name}: the value has a line break or a NUL")
    return f"{name}: {text.strip()}\r\n".encode("latin-1")


class Headers(MutableMapping[str, str]):
    """Headers of every request of a client; names compare without case. `on_change` is called after each change."""

    def __init__(self, start: Mapping[str, str] | None = None) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self._fields: dict[str, tuple[str, str]] = {}
        self.update(start or {})

    def copy(self) -> Headers:
        """The same headers, to be changed by themselves."""
        other = Headers()
        other._fields = dict(self._fields)
        return other

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()][1]

    def __setitem__(self, name: str, value: str) -> None:
        self._fields[name.lower()] = (name, value)
        self.on_change()

    def __delitem__(self, name: str) -> None:
        del self._fields[name.lower()]
        self.on_change()

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._fields.values())

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"Headers({', '.join(self)})"  # values may be secret


class AnswerHeaders(Mapping[str, str]):
    """Headers of an answer; names compare without case, repeated fields are joined with a comma."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self.fields = tuple(fields)
        """As they came, in order."""
        self._joined: dict[str, str] = {}
        for name, value in fields:
            key = name.lower()
            self._joined[key] = f"{self._joined[key]}, {value}" if key in self._joined else value

    def __getitem__(self, name: str) -> str:
        return self._joined[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._joined)

    def __len__(self) -> int:
        return len(self._joined)

    def get_list(self, name: str) -> list[str]:
        """All values of one field, such as Set-Cookie, in order."""
        key = name.lower()
        return [value for field, value in self.fields if field.lower() == key]

    def __repr__(self) -> str:
        return f"AnswerHeaders({dict(self._joined)!r})"


class _Collector:
    """Collects the fields of the last head in some bytes; 1xx answers before it are forgotten."""

    def __init__(self) -> None:
        self.fields: list[tuple[str, str]] = []
        self.done = False
        self.parser = HttpResponseParser(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.done:
            self.fields.append((name.decode("latin-1"), value.strip(b" \t").decode("latin-1")))

    def on_headers_complete(self) -> None:
        if 100 <= self.parser.get_status_code() < 200:
            self.fields.clear()
        else:
            self.done = True


def parse_head(raw: bytes) -> AnswerHeaders:
    """The headers in `raw`, which the connection's own parser has already accepted."""
    collector = _Collector()
    with contextlib.suppress(HttpParserError):  # raised by bytes behind the head, if at all
        collector.parser.feed_data(raw)
    return AnswerHeaders(collector.fields)


def reason_of(head: bytes) -> str:
    """The words behind the status of the last answer in `head`, which 1xx answers may precede."""
    while head.startswith((b"HTTP/1.1 1", b"HTTP/1.0 1")):
        head = head.partition(b"\r\n\r\n")[2]
    words = head.split(b"\r\n", 1)[0].split(b" ", 2)
    return words[2].decode("latin-1").strip() if len(words) == 3 else ""


def begin_of_last_head(raw: bytes) -> int:
    """Where the head of the answer begins, after those of 1xx answers."""
    begin = 0
    while raw.startswith((b"HTTP/1.1 1", b"HTTP/1.0 1"), begin) and (end := raw.find(b"\r\n\r\n", begin)) >= 0:
        begin = end + 4
    return begin


def can_repair(raw: bytes) -> bool:
    """Whether a head, or its begin, may have what llhttp refuses and HTTP lets a recipient take; see `repaired`."""
    fold = _FOLD.search(raw)
    if fold is not None and fold.start() != raw.find(b"\r\n"):  # the status line cannot go on
        return True
    return len(_lengths(raw[begin_of_last_head(raw) :])) > 1


def repaired(head: bytes) -> bytes:
    """The heads in `head` as llhttp takes them; the same where there is nothing to repair.

    A line that begins with a blank goes on with the field before it (RFC 9112 §5.2). A length that is said several
    times is one, if it is always the same (RFC 9110 §8.6); as requests and h11 do.
    """
    head = _FOLD.sub(lambda fold: b" " * len(fold[0]), head)
    begin = begin_of_last_head(head)
    last = head[begin:]
    lengths = _lengths(last)
    if len(lengths) < 2 or len(set(lengths)) > 1 or not lengths[0].isdigit():
        return head
    first, _, more = last.partition(b"\r\n")
    return head[:begin] + first + b"\r\nContent-Length: " + lengths[0] + _LENGTH.sub(b"", b"\r\n" + more)


def _lengths(raw: bytes) -> list[bytes]:
    head = raw.partition(b"\r\n\r\n")[0]
    return [one.strip(b" \t") for match in _LENGTH.finditer(head) for one in match[2].split(b",")]
