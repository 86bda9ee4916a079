"""What `readiness try` shows of an event: lines without secrets and without characters that are not seen. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from readiness.text import HIDDEN, clean
from readiness.text.numbers import count
from readiness.text.redaction import redact

_BODY_CHARS, VALUE_CHARS = 300, 120
_SHOWN = (
    "content-type",
    "location",
    "set-cookie",
    "www-authenticate",
    "retry-after",
    "cache-control",
    "content-encoding",
)
"""Headers that explain an answer, in this order."""
_SECRET = re.compile(
    r"token|passw|secret|csrf|xsrf|api.?key|session|credential|authori[sz]ation|jwt|cookie", re.IGNORECASE
)
_JSON_PAIR = re.compile(r'("([^"\\]{1,80})"\s*:\s*)"((?:[^"\\]|\\.){1,4000})("|$)')
_TAG = re.compile(r"<(?:input|meta)\b[^<>]{0,2000}", re.IGNORECASE)
_VALUE = re.compile(r"""(\b(?:value|content)\s*=\s*)("[^"]*"?|'[^']*'?|[^\s"'>]+)""", re.IGNORECASE)
_JWT = re.compile(r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?")
_PAIR = re.compile(r"\b([\w.-]{0,40}(?:token|passw\w*|secret|api_?key)\s*=\s*)[^\s&;\"'<>]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `style` is what a terminal makes of it."""

    text: str
    style: str = ""


@dataclass(slots=True)
class Told:
    """What was counted, and the secrets that came by."""

    secrets: list[str] = field(default_factory=list)
    requests: int = 0
    failed: int = 0
    mistakes: int = 0
    tasks: int = 0


def lines(event: Mapping[str, Any], told: Told) -> Iterator[Line]:
    """The lines of one event, which is counted in `told`."""
    match event:
        case {"begin": name}:
            yield _line(f"{name}", told, "bold")
        case {"exchange": dict() as exchange, "hidden": hidden}:
            told.requests += 1
            told.failed += exchange["failure"] is not None
            told.secrets += [value for what, value in exchange["extracted"] if _SECRET.search(what)]
            if not hidden:
                yield from _exchange(exchange, told)
        case {"row": dict() as row, "file": file}:
            told.secrets += [value for name, value in row.items() if _SECRET.search(name)]
            yield _line(f"  row of {file}: {_row(row)}", told, "dim")
        case {"error": text, "of_request": failed}:
            told.failed += bool(failed)
            told.mistakes += not failed
            yield _line(f"  {'FAILED' if failed else 'WRONG'}: {text}", told, "red")
        case {"extracted": [what, value]}:
            told.secrets += [value] if _SECRET.search(what) else []
            yield _found(what, value, told)
        case {"more": more}:
            yield _line(f"  … and {more} more requests", told)
        case {"done": tasks}:
            told.tasks = int(tasks)


def summary(told: Told) -> Line:
    """The last line."""
    text = f"{count(told.tasks, 'task')} ran, {count(told.requests, 'request')}, {told.failed} failed"
    if told.mistakes:
        text += f"; the scenarios are wrong in {count(told.mistakes, 'place')}"
    return Line(text, "red" if told.failed or told.mistakes or not told.requests else "green")


def _exchange(exchange: Mapping[str, Any], told: Told) -> Iterator[Line]:
    failed = exchange["failure"]
    asked = f"{exchange['method']} {_path(exchange['url'])}"
    status = exchange["status"] or "no answer"
    yield _line(
        f"  {asked} · {exchange['trail']}{status} · {exchange['ms']:.1f} ms", told, "red" if failed else "green"
    )
    name = exchange["name"].removeprefix(f"{exchange['method']} ")
    if name and name not in (_path(exchange["url"]), exchange["url"], _path(exchange["url"]).partition("?")[0]):
        yield _line(f"    counted as: {name}", told, "dim")
    heads = [f"{name}: {_header(name, value)}" for name, value in _shown(exchange["headers"])]
    if heads:
        yield _line(f"    {' · '.join(heads)}", told, "dim")
    if exchange["size"]:
        yield _line(f"    {_body(exchange)}", told)
    for what, value in exchange["extracted"]:
        yield _found(what, value, told)
    if failed:
        yield _line(f"    FAILED: {failed}", told, "red")


def _found(what: str, value: str, told: Told) -> Line:
    return _line(f"    extracted {what} = {HIDDEN if _SECRET.search(what) else value[:VALUE_CHARS]}", told, "cyan")


def _line(text: str, told: Told, style: str = "") -> Line:
    margin = text[: len(text) - len(text.lstrip(" "))]
    return Line(margin + clean(redact(text, told.secrets), 400), style)


def _path(url: str) -> str:
    """Path and query, with the values of secret parameters hidden."""
    try:
        parts = urlsplit(url)
    except ValueError:  # a scenario's own event may name anything
        return url.partition("?")[0]
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    shown = ((name, HIDDEN if _SECRET.search(name) else quote(value, "", errors="replace")) for name, value in pairs)
    query = "&".join(f"{name}={value}" for name, value in shown)
    return (parts.path or "/") + (f"?{query}" if query else "")


def _shown(headers: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    found = {name.lower(): value for name, value in headers}
    return [(name, found[name]) for name in _SHOWN if name in found]


def _header(name: str, value: str) -> str:
    if name == "set-cookie":
        return ", ".join(re.findall(r"(?:^|,\s*)([\w.-]+)=", value)) or HIDDEN
    return value.partition("?")[0] if name == "location" else value[:VALUE_CHARS]


def _body(exchange: Mapping[str, Any]) -> str:
    if exchange["binary"]:
        return f"{exchange['size']:,} bytes, no text"
    text = _JSON_PAIR.sub(
        lambda pair: f'{pair[1]}"{HIDDEN}{pair[4]}' if _SECRET.search(pair[2]) else pair[0], exchange["body"]
    )
    text = _TAG.sub(lambda tag: _VALUE.sub(rf'\1"{HIDDEN}"', tag[0]) if _SECRET.search(tag[0]) else tag[0], text)
    text = _PAIR.sub(rf"\1{HIDDEN}", _JWT.sub(HIDDEN, text))
    text = clean(text, _BODY_CHARS)
    return text if exchange["size"] <= _BODY_CHARS else f"{text} ({exchange['size']:,} bytes)"


def _row(row: Mapping[str, str]) -> str:
    return ", ".join(
        f"{name}={HIDDEN if _SECRET.search(name) else value[:40]}" for name, value in list(row.items())[:8]
    )
