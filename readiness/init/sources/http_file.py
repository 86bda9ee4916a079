"""`.http` and `.rest` files of editors (JetBrains, VS Code REST Client): requests between `###`, variables `@x = y`.

Scripts are not run, and files that a body names are not read; both are told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from readiness.errors import ConfigError
from readiness.init.draft import Body, Draft, Extract
from readiness.init.sources.calls import Unusable, body_of, plain_call, sites
from readiness.init.sources.listed import Listed, Request, draft_of
from readiness.init.sources.marks import MARK, address, from_braces, spoken
from readiness.init.sources.scripts import read_script
from readiness.text import clean

MOST_BYTES = 4 << 20
_LONGEST_LINE = 300_000
_REQUEST = re.compile(r"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT|GRAPHQL|WEBSOCKET|GRPC)\s{1,20}(\S.*)")
_BARE = re.compile(r"(?:https?://|\{\{)\S+(?:\s{1,10}HTTP/[0-9.]{1,4})?\s*")
_VERSION = re.compile(r"\sHTTP/[0-9.]{1,4}\s*\Z")
_VARIABLE = re.compile(r"@([A-Za-z_][\w.-]{0,100})\s{0,20}=\s{0,20}(.*)")
_DIRECTIVE = re.compile(r"(?:#|//)\s{0,10}@(\S{1,40})\s{0,10}(.*)")
_HEADER = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}):(.*)")
_ANSWER = re.compile(
    r"([\w-]{1,100})\.response\.(?:(body)(?:\.\$)?((?:\.[A-Za-z_][\w-]{0,80}|\[[0-9]{1,4}\]){1,12})|headers\.([\w-]{1,80}))"
)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})


@dataclass(slots=True)
class _Block:
    """What stands between two separators."""

    line: int
    name: str = ""
    method: str = ""
    url: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: list[str] = field(default_factory=list)
    file: bool = False
    script: list[str] = field(default_factory=list)
    follows: bool = True


def recognises(head: bytes) -> bool:
    """Whether a source that begins like this is such a file: a request line behind comments and variables."""
    for line in head.decode("utf-8", "replace").splitlines():
        text = line.strip()
        if _REQUEST.fullmatch(text) or _BARE.fullmatch(text):
            return True
        if text and not text.startswith(("#", "//", "@", "<")):
            return False
    return False


def read(data: bytes, source: str) -> Draft:
    """The requests of the file `data`. Raises ConfigError with the line and the reason."""
    if len(data) > MOST_BYTES:
        raise ConfigError(f"{source}: has {len(data):,} bytes; at most {MOST_BYTES:,} are read")
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"{source}: is not UTF-8 text") from None
    values: dict[str, str] = {}
    blocks = _blocks(text.splitlines(), values, source)
    listed = Listed(values=values)
    named = {block.name for block in blocks if block.name}
    brought: dict[str, dict[str, Extract]] = {}
    requests = [request for block in blocks if (request := _request(block, listed))]
    if not requests:
        raise ConfigError(f"{source}: line {blocks[0].line if blocks else 1}: no request begins here (METHOD URL)")
    for request in requests:
        _answers_in(request, named, brought)
    for value in values.values():
        _note_answers(value, named, brought)
    requests = [replace(one, brings=(*one.brings, *brought.get(one.name, {}).items())) for one in requests]
    return draft_of(requests, listed, source, writes_on=False, name="requests")


def _blocks(lines: list[str], values: dict[str, str], source: str) -> list[_Block]:
    """The blocks of the file; `values` gets its variables."""
    blocks: list[_Block] = []
    block = _Block(1)
    part = "before"
    for number, line in enumerate(lines, 1):
        if len(line) > _LONGEST_LINE:
            raise ConfigError(
                f"{source}: line {number}: has {len(line):,} characters; at most {_LONGEST_LINE:,} are read"
            )
        text = line.strip()
        if text.startswith("###"):
            blocks.append(block)
            block, part = _Block(number + 1, clean(text.strip("# "), 100)), "before"
        elif part == "script":
            part = "body" if text.endswith("%}") else part
            block.script.append(text.removesuffix("%}"))
        elif part == "skipped":
            part = "before" if text.endswith("%}") else part
        elif part == "before":
            part = _before(block, number, text, values)
        elif part == "head":
            part = _head(block, line, text)
        else:
            part = _in_body(block, line, text)
    return [one for one in [*blocks, block] if one.url]


def _before(block: _Block, number: int, text: str, values: dict[str, str]) -> str:
    """A line in front of the request; says in which part the next one stands."""
    if match := _VARIABLE.fullmatch(text):
        values[match[1]] = from_braces(match[2].strip())
    elif match := _DIRECTIVE.fullmatch(text):
        if match[1] == "name":
            block.name = clean(match[2].lstrip("= "), 100)
        elif match[1] == "no-redirect":
            block.follows = False
    elif text.startswith("<") and "{%" in text:
        return "before" if text.endswith("%}") else "skipped"
    elif (match := _REQUEST.fullmatch(text)) or _BARE.fullmatch(text):
        block.line = number
        block.method = match[1] if match else "GET"
        block.url = _VERSION.sub("", match[2] if match else text)
        return "head"
    return "before"


def _head(block: _Block, line: str, text: str) -> str:
    if not text:
        return "body"
    if line[:1].isspace() and text[0] in "?&/":
        block.url += text
    elif match := _HEADER.fullmatch(text):
        block.headers.append((match[1], match[2].strip()))
    elif not text.startswith(("#", "//")):
        return _in_body(block, line, text)
    return "head"


def _in_body(block: _Block, line: str, text: str) -> str:
    if text.startswith(">") and "{%" in text:
        block.script.append(text.partition("{%")[2].removesuffix("%}"))
        return "body" if text.endswith("%}") else "script"
    if re.match(r"<@?\S{0,20}\s+\S", text) and not text.startswith(("<>", "<!", "<?")) and ">" not in text:
        block.file = True
    elif not re.match(r"(?:<>|>>!?|>)\s", text):
        block.body.append(line)
    return "body"


def _request(block: _Block, listed: Listed) -> Request | None:
    place = f"line {block.line}"
    if block.method == "GRAPHQL":
        method = "POST"
    elif block.method not in _METHODS:
        listed.notes.append(f"{place}: {block.method} is not loaded: left out")
        return None
    else:
        method = block.method
    where = address(from_braces(block.url), listed.values)
    headers = [(name, from_braces(value)) for name, value in block.headers]
    basic = where.basic
    for name, value in headers:
        scheme, _, rest = value.partition(" ")
        if name.lower() == "authorization" and scheme.lower() == "basic" and len(re.split(r"[ :]", rest.strip())) == 2:
            user, password = re.split(r"[ :]", rest.strip())
            basic = (user, password)
            headers = [one for one in headers if one[0].lower() != "authorization"]
            break
    host = next((value for name, value in headers if name.lower() == "host"), "")
    if where.origin is None and host and not MARK.search(block.url):
        where = replace(where, origin=address(f"http://{host}", listed.values).origin)
    body, comment = _body(block, headers, place, listed)
    said = read_script("\n".join(block.script))
    if said.unread:
        listed.notes.append(f"{place}: a script is not run; what it sets is not known: {', '.join(said.unread)}")
    call = plain_call(method, where.path, where.query, headers, body, comment)
    call = replace(call, name=spoken(call.name), expected=said.expected, follows=block.follows)
    return Request(place, block.name, call, origin=where.origin, basic=basic, brings=said.brings)


def _body(block: _Block, headers: list[tuple[str, str]], place: str, listed: Listed) -> tuple[Body | None, str]:
    """The body, or why it is left out."""
    if block.file:
        listed.notes.append(f"{place}: the body is in a file, which is not read: the request is sent without it")
        return None, "the body is in a file, which is not read: sent without it"
    text = from_braces("\n".join(block.body).strip("\n"))
    media = next((value for name, value in headers if name.lower() == "content-type"), "")
    if block.method == "GRAPHQL":
        return Body("json", json={"query": text}), ""
    if media.startswith("application/x-www-form-urlencoded"):
        text = "".join(line.strip() for line in text.splitlines())
    try:
        return body_of(text.strip(), media), ""
    except Unusable as problem:
        listed.notes.append(f"{place}: {problem}: the request is sent without it")
        return None, f"{problem}: sent without it"


def _answers_in(request: Request, named: set[str], brought: dict[str, dict[str, Extract]]) -> None:
    for site in sites(request.call):
        _note_answers(site.raw, named, brought)


def _note_answers(text: str, named: set[str], brought: dict[str, dict[str, Extract]]) -> None:
    """Values of other requests' answers that `text` refers to: `login.response.body.$.token`."""
    for match in MARK.finditer(text):
        found = _ANSWER.fullmatch(match[1])
        if found and found[1] in named:
            extract = Extract("", "json", found[3].removeprefix(".")) if found[2] else Extract("", "header", found[4])
            brought.setdefault(found[1], {})[match[1]] = extract
