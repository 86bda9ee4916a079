"""One or several cURL commands, as documentation and browsers give them; nothing is run and no file is read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from readiness.errors import ConfigError
from readiness.init.draft import Body, Draft
from readiness.init.sources.calls import Unusable, body_of, plain_call
from readiness.init.sources.curl_options import CERTIFICATES, DATA, FLAGS, QUIET, SHORT, TEXTS, VALUED
from readiness.init.sources.curl_script import is_command, is_script, read_script
from readiness.init.sources.listed import Listed, Request, draft_of
from readiness.init.sources.marks import MARK, address, mark, spoken
from readiness.init.sources.shell import Command
from readiness.text import clean

MOST_BYTES = 4 << 20
MOST_COMMANDS = 500
MOST_NOTED = 20
_FORM_QUOTED = re.compile(r'"((?:\\[\\"]|\\(?![\\"])|[^"\\])*)"[^;]*')
_GLOB_QUOTED = re.compile(r"\\([\[\]{}])")


@dataclass(slots=True)
class _Options:
    """What one command asks for."""

    urls: list[str] = field(default_factory=list)
    method: str | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    fields: list[tuple[str, str, str]] = field(default_factory=list)
    """Name, text and media type."""
    query: list[str] = field(default_factory=list)
    is_json: bool = False
    as_query: bool = False
    head: bool = False
    follows: bool = False
    user: str | None = None
    cookies: list[str] = field(default_factory=list)
    comment: str = ""


def recognises(head: bytes) -> bool:
    """Whether a source that begins like this has cURL commands, alone or in a script."""
    return is_script(head.decode("utf-8", "replace"))


def read(data: bytes, source: str) -> Draft:
    """The requests of the cURL commands in `data`. Raises ConfigError with the line and the reason."""
    if len(data) > MOST_BYTES:
        raise ConfigError(f"{source}: has {len(data):,} bytes; at most {MOST_BYTES:,} are read")
    script = read_script(data, source)
    listed = Listed(values=script.values, notes=list(script.notes))
    requests: list[Request] = []
    for command in script.commands[:MOST_COMMANDS]:
        requests += _requests(command, source, listed)
    if not requests:
        raise ConfigError(f"{source}: line {script.line}: no curl command begins here")
    found = script.commands
    if len(found) > MOST_COMMANDS:
        listed.notes.append(f"only the first {MOST_COMMANDS} of {len(found):,} commands were read")
    shown = "curl command" if is_command(source) else source
    return draft_of(requests, listed, shown, writes_on=True, name="requests")


def _requests(command: Command, source: str, listed: Listed) -> list[Request]:
    """Those of one command: behind each `--next` the options begin anew."""
    words = list(command.words[1:])
    found = _of_options(_options(words, command.line, listed), command.line, source, listed)
    while words:
        found += _of_options(_options(words, command.line, listed), command.line, source, listed)
    return found


def _of_options(options: _Options, line: int, source: str, listed: Listed) -> list[Request]:
    place = f"line {line}"
    if not options.urls:
        raise ConfigError(f"{source}: {place}: this curl command has no URL")
    found = []
    for url in options.urls:
        plain = _GLOB_QUOTED.sub(r"\1", url)
        where = address(plain if "://" in plain or MARK.match(plain) else f"http://{plain}", listed.values)
        query = "&".join([where.query] * bool(where.query) + options.query + (options.data if options.as_query else []))
        body, headers = _body(options, place, listed)
        method = options.method or ("HEAD" if options.head else "POST" if body or options.comment else "GET")
        if options.as_query:
            body = None
            method = options.method or "GET"
        call = plain_call(method.upper(), where.path, query, headers, body, options.comment)
        call = replace(call, name=spoken(call.name), follows=options.follows)
        found.append(Request(place, "", call, origin=where.origin, basic=_basic(options) or where.basic))
    return found


def _basic(options: _Options) -> tuple[str, str] | None:
    user, colon, password = (options.user or "").partition(":")
    return (user, password if colon else mark("password")) if options.user else None


def _options(words: list[str], line: int, listed: Listed) -> _Options:
    """The options up to the next `--next`; takes what it reads from `words`."""
    options = _Options()
    place = f"line {line}"
    while words:
        word = words.pop(0)
        if word == "--next":
            break
        if word == "--":
            options.urls += words
            words.clear()
        elif word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            value = value if equals else words.pop(0) if name in VALUED and words else ""
            _apply(options, name, value, place, listed)
        elif word.startswith("-") and len(word) > 1:
            at = 1
            while at < len(word):
                name = SHORT.get(word[at], word[at])
                at += 1
                if name == "next":
                    return options
                if name in VALUED:
                    value = word[at:] or (words.pop(0) if words else "")
                    _apply(options, name, value, place, listed)
                    break
                _apply(options, name, "", place, listed)
        else:
            options.urls.append(word)
    return options


def _apply(options: _Options, name: str, value: str, place: str, listed: Listed) -> None:
    """One option. A file that it names is told, never read."""
    if name in DATA:
        _add_data(options, name, value, place, listed)
    elif name in ("form", "form-string"):
        _add_field(options, name, value, place, listed)
    elif name == "header":
        _add_header(options, value, place, listed)
    elif name in TEXTS:
        setattr(options, TEXTS[name], value)
    elif name in FLAGS:
        setattr(options, FLAGS[name], True)
    elif name == "url":
        options.urls.append(value)
    elif name == "url-query":
        options.query.append(value.removeprefix("+"))
    elif name == "oauth2-bearer":
        options.headers.append(("Authorization", f"Bearer {value}"))
    elif name == "cookie":
        if "=" in value or MARK.search(value):
            options.cookies.append(value)
        else:
            listed.notes.append(f"{place}: --cookie names a file, which is not read")
    elif name == "upload-file":
        options.method = options.method or "PUT"
        _told_file(options, place, "the file of --upload-file", listed)
    elif name == "insecure":
        listed.notes.append(f"{place}: --insecure was left out: certificates are always verified (SSL_CERT_FILE)")
    elif name in CERTIFICATES:
        listed.notes.append(f"{place}: --{name} was left out: name the file under {CERTIFICATES[name]}")
    elif name not in QUIET and len(listed.notes) < MOST_NOTED:
        dashes = "-" if len(name) == 1 else "--"
        listed.notes.append(f"{place}: {dashes}{clean(name, 40)} was left out")


def _add_header(options: _Options, value: str, place: str, listed: Listed) -> None:
    key, _, content = value.partition(":")
    if key.startswith("@"):
        listed.notes.append(f"{place}: --header @file: files are not read")
    elif content.strip():
        options.headers.append((key.strip(), content.strip()))


def _add_field(options: _Options, name: str, value: str, place: str, listed: Listed) -> None:
    key, _, content = value.partition("=")
    if name == "form" and content.startswith(("@", "<")):
        _told_file(options, place, f"the file of the form field {key}", listed)
    else:
        options.fields.append((key, *(_form_value(content) if name == "form" else (content, ""))))


def _form_value(content: str) -> tuple[str, str]:
    """The text of a form field and its media type: `"a;b";type=text/plain;charset=utf-8`."""
    text, rest = _form_word(content)
    media: list[str] = []
    while rest:
        piece, rest = _form_word(rest.removeprefix(";"))
        if not media and piece.startswith("type="):
            media.append(piece.removeprefix("type=").strip())
        elif piece.startswith(("filename=", "headers=", "encoder=")):
            break
        elif media:
            media.append(piece)
    return text, ";".join(media)


def _form_word(text: str) -> tuple[str, str]:
    """What stands before the next `;`, also in quotes, and the rest."""
    text = text.lstrip()
    if quoted := _FORM_QUOTED.match(text):
        return re.sub(r'\\([\\"])', r"\1", quoted[1]), text[quoted.end() :]
    word, sign, rest = text.partition(";")
    return word.rstrip(), sign + rest


def _add_data(options: _Options, name: str, value: str, place: str, listed: Listed) -> None:
    options.is_json = options.is_json or name == "json"
    if name == "data-urlencode":
        key, sign, content = value.partition("=")
        if not sign and "@" in value:
            _told_file(options, place, "the file of --data-urlencode", listed)
        else:
            options.data.append(f"{key}={_encoded(content)}" if key and sign else _encoded(content if sign else value))
    elif value.startswith("@") and name != "data-raw":
        _told_file(options, place, f"the file of --{name}", listed)
    else:
        options.data.append(value)


def _encoded(text: str) -> str:
    """Percent-encoded, except the marks."""
    parts = MARK.split(text)
    return "".join(mark(part) if at % 2 else quote(part, safe="") for at, part in enumerate(parts))


def _told_file(options: _Options, place: str, what: str, listed: Listed) -> None:
    options.comment = f"{what} is not read: sent without it"
    listed.notes.append(f"{place}: {what} is not read: the request is sent without it")


def _body(options: _Options, place: str, listed: Listed) -> tuple[Body | None, list[tuple[str, str]]]:
    """The body, and the headers that belong to it."""
    headers = [*options.headers, *([("Cookie", "; ".join(options.cookies))] if options.cookies else [])]
    media = next((value for name, value in headers if name.lower() == "content-type"), "")
    if options.fields:
        fields = tuple((key, (value,)) for key, value, _ in options.fields)
        return Body("multipart", fields=fields, types=tuple(media for _, _, media in options.fields)), headers
    if not options.data or options.as_query:
        return None, headers
    usual = "application/json" if options.is_json else "application/x-www-form-urlencoded"
    try:
        body = body_of(("" if options.is_json else "&").join(options.data), media or usual)
    except Unusable as problem:
        options.comment = f"{problem}: sent without it"
        listed.notes.append(f"{place}: {problem}")
        return None, headers
    if body is not None and body.kind == "text" and not media:
        headers.append(("Content-Type", usual))
    return body, headers
