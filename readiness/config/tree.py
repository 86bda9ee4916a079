"""YAML bytes -> a small tree with line numbers, without resolving a single type.

Built from the parser's events, not from a loader: nothing is constructed, `on` stays the text `on`, and size, depth
and aliases are bounded before they cost anything (docs/reference/thresholds.md, "What is refused").
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import yaml

from readiness.text import clean

MAX_BYTES = 1 << 20
MAX_DEPTH = 20
MAX_ALIASES = 20
MAX_NODES = 20_000
"""Of the tree with aliases written out."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as written; `plain` when it had no quotes and no block marker."""

    line: int
    text: str
    plain: bool
    variables: tuple[str, ...] = ()
    """Names of the environment variables whose values are part of `text`, which then must not be shown."""


@dataclass(frozen=True, slots=True)
class Items:
    """A YAML sequence."""

    line: int
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A YAML mapping, duplicate keys included."""

    line: int
    pairs: tuple[tuple[Scalar, Node], ...]


Node = Scalar | Items | Table


class Unreadable(Exception):
    """The text is no YAML that thresholds.yaml may be; `line` is 0 when no line is to blame."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line


@dataclass(slots=True)
class _Open:
    """A collection that the parser is still inside of."""

    line: int
    is_table: bool
    anchor: str | None
    nodes: list[Node] = field(default_factory=list)
    size: int = 1


def compose(data: bytes) -> Node | None:
    """The tree of the only document in `data`; None when there is none. Raises Unreadable."""
    text = _decode(data)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _build(yaml.parse(text, Loader=loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        raise Unreadable(line, f"is not YAML: {clean(error.problem or error)}{_hint(text, line)}") from error
    except yaml.YAMLError as error:
        raise Unreadable(0, f"is not YAML: {clean(error)}") from error


def _hint(text: str, line: int) -> str:
    """What the line probably should be, for the two mistakes that everybody makes."""
    wrong = text.splitlines()[line - 1 : line]
    if wrong and re.search(r":\s*[<>]=?\s*[0-9]", wrong[0]):
        return '; put limits in quotes, such as pass: "> 99 %"'
    return "; indent with spaces, not with tabs" if wrong and wrong[0].lstrip(" ").startswith("\t") else ""


def _decode(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise Unreadable(0, f"is {len(data):,} bytes long; at most {MAX_BYTES:,} are read")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(line, f"is not UTF-8 (byte 0x{data[error.start]:02x}); save the file as UTF-8") from error
    if "\0" in text:
        raise Unreadable(text.count("\n", 0, text.index("\0")) + 1, "contains a NUL character; remove it")
    return text


def _build(events: object) -> Node | None:
    root: Node | None = None
    documents = aliases = 0
    stack: list[_Open] = []
    anchors: dict[str, tuple[Node, int]] = {}
    for event in events:  # type: ignore[attr-defined]
        line = event.start_mark.line + 1
        node: Node
        size = 1
        match event:
            case yaml.DocumentStartEvent():
                documents += 1
                if documents > 1:
                    raise Unreadable(line, "is a second YAML document; keep one and remove the `---`")
                continue
            case yaml.AliasEvent():
                aliases += 1
                if aliases > MAX_ALIASES:
                    raise Unreadable(line, f"has more than {MAX_ALIASES} aliases; write the values out")
                if event.anchor not in anchors:
                    raise Unreadable(line, f"alias *{clean(event.anchor, 40)} has no finished anchor before it")
                node, size = anchors[event.anchor]
            case yaml.ScalarEvent():
                _no_tag(event.tag, line)
                node = Scalar(line, event.value, event.style in (None, ""))
                if event.anchor:
                    anchors[event.anchor] = node, 1
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                _no_tag(event.tag, line)
                if len(stack) >= MAX_DEPTH:
                    raise Unreadable(line, f"is nested more than {MAX_DEPTH} levels deep")
                stack.append(_Open(line, isinstance(event, yaml.MappingStartEvent), event.anchor))
                continue
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                done = stack.pop()
                node, size = _close(done), done.size
                if done.anchor:
                    anchors[done.anchor] = node, size
            case _:
                continue
        if not stack:
            root = node
            continue
        stack[-1].nodes.append(node)
        stack[-1].size += size
        if stack[-1].size > MAX_NODES:
            raise Unreadable(line, f"holds more than {MAX_NODES:,} values")
    return None if isinstance(root, Scalar) and root.plain and not root.text else root


def _close(done: _Open) -> Node:
    if not done.is_table:
        return Items(done.line, tuple(done.nodes))
    pairs: list[tuple[Scalar, Node]] = []
    for key, value in zip(done.nodes[::2], done.nodes[1::2], strict=True):
        if not isinstance(key, Scalar):
            raise Unreadable(key.line, "has a list or a mapping as a key; a key is a name")
        pairs.append((key, value))
    return Table(done.line, tuple(pairs))


def _no_tag(tag: str | None, line: int) -> None:
    if tag:
        raise Unreadable(line, f"has the tag {clean(tag, 60)}; tags are not allowed, remove it")
