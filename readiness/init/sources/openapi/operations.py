"""The operations of a document, each with its parameters merged and what it answers; what cannot be read is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from readiness.init.names import folded
from readiness.init.sources.openapi.nodes import DocumentNode, Unresolved
from readiness.text import clean

_METHODS = ("get", "post", "put", "patch", "delete")
MOST_OPERATIONS = 5_000
_OK = re.compile(r"2[0-9][0-9]")


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    node: DocumentNode
    parameters: tuple[DocumentNode, ...]
    """Of the path item and the operation, the operation's own first choice; `$ref`s followed."""
    responses: dict[str, DocumentNode]
    """By status, `default` and `2XX` too."""

    @property
    def ok(self) -> tuple[int, ...]:
        """Status codes of 200 to 299 that it declares."""
        return tuple(sorted(int(status) for status in self.responses if _OK.fullmatch(status)))

    @property
    def answer(self) -> DocumentNode | None:
        """What it answers when all is well."""
        for status in (*(str(code) for code in self.ok), "2XX", "2xx", "default"):
            if status in self.responses:
                return self.responses[status]
        return None

    def named(self, name: str, where: str) -> DocumentNode | None:
        """Its parameter of that name and place."""
        found = (one for one in self.parameters if one.get("name").text == name and one.get("in").text == where)
        return next(found, None)


def operations(root: DocumentNode, notes: list[str]) -> Iterator[Operation]:
    """Every operation that can be read, but no deprecated one. Adds to `notes` what is left out."""
    count = deprecated = 0
    elsewhere: list[str] = []
    for path, raw in root.get("paths").entries():
        if not path.startswith("/"):
            if not path.startswith("x-"):
                notes.append(f"{clean(raw.at, 120)}: is no path, which begins with /; left out")
            continue
        try:
            item = raw.followed()
        except Unresolved as error:
            notes.append(f"{error}; the path is left out")
            continue
        for method in _METHODS:
            try:
                node = item.get(method)
                if not node.is_there:
                    continue
                if node.get("deprecated").value is True:
                    deprecated += 1
                    continue
                count += 1
                if count > MOST_OPERATIONS:
                    notes.append(f"{clean(node.at, 120)}: only the first {MOST_OPERATIONS:,} operations are read")
                    return
                if (own := node if node.find("servers").is_there else item).find("servers").is_there:
                    elsewhere.append(own.at)
                yield Operation(method, path, node, _parameters(item, node), _responses(node))
            except Unresolved as error:
                notes.append(f"{error}; {method.upper()} {clean(path, 80)} is left out")
    if elsewhere:
        many = f" and {len(elsewhere) - 1} more" if len(elsewhere) > 1 else ""
        notes.append(f"{clean(elsewhere[0], 120)}.servers{many}: its own server is not used; the target is asked")
    if deprecated:
        notes.append(f"paths: {deprecated} deprecated operation{'s are' if deprecated > 1 else ' is'} left out")


def name_of(operation: Operation) -> str:
    """What a person would call it: the operationId without what FastAPI adds, else method and path."""
    said = operation.node.find("operationId").text
    path = re.sub(r"\W", "_", operation.path)
    for end in (f"{path}_{operation.method}", f"{path}{operation.method}"):
        if said.endswith(end) and len(said) > len(end):
            said = said.removesuffix(end)
    return said if folded(said) else f"{operation.method} {operation.path}"


def group_of(operation: Operation) -> str:
    """Its first tag, else the first word of its path that is no version and no `api`."""
    for part in operation.node.find("tags").parts():
        if folded(part.text):
            return part.text
    words = [one for one in operation.path.split("/") if one and "{" not in one and folded(one)]
    named = [one for one in words if not re.fullmatch(r"api|rest|v[0-9.]+\w*", one, re.IGNORECASE)]
    return next(iter(named or words), "api")


def _parameters(item: DocumentNode, operation: DocumentNode) -> tuple[DocumentNode, ...]:
    found: dict[tuple[str, str], DocumentNode] = {}
    for part in (*operation.get("parameters").parts(), *item.get("parameters").parts()):
        node = part.followed()
        found.setdefault((node.get("name").text, node.get("in").text), node)
    return tuple(found.values())


def _responses(operation: DocumentNode) -> dict[str, DocumentNode]:
    found = {}
    for status, part in operation.find("responses").entries():
        try:
            found[status.strip()] = part.followed()
        except Unresolved:
            continue  # it can be asked for all the same
    return found
