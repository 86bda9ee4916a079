"""Security schemes: what a client must send with its requests, each secret from an environment variable."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from readiness.init.draft import LogIn, Text, Variable
from readiness.init.names import folded
from readiness.init.sources.openapi.nodes import DocumentNode, Unresolved
from readiness.init.sources.openapi.tokens import of_flows, of_operations
from readiness.text import clean

_PREFIX = re.compile(r"""\bprefix(?:ed with)?[\s:=]{0,3}["'`]([A-Za-z][\w-]{0,19})\b|\b(Bearer)\b""", re.ASCII)
"""The word that a description wants before the key, as the Django REST framework writes it."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """What one scheme adds to a request."""

    headers: tuple[tuple[str, Text], ...] = ()
    query: tuple[tuple[str, Text], ...] = ()
    cookies: tuple[tuple[str, Text], ...] = ()
    basic: tuple[Text, Text] | None = None
    log_in: LogIn | None = None
    """Its token goes as Authorization."""


@dataclass(frozen=True, slots=True)
class Security:
    """The schemes of a document by name, and what could not be read."""

    schemes: dict[str, Scheme]
    told: dict[str, str] = field(default_factory=dict)
    """By scheme, what its user must do, because the document does not say it or a program cannot do it."""
    notes: tuple[str, ...] = field(default=())


def security(root: DocumentNode) -> Security:
    """Every scheme that is understood."""
    found: dict[str, Scheme] = {}
    told: dict[str, str] = {}
    notes: list[str] = []
    said = list(_said(root, notes))
    for name, part in said:
        try:
            scheme, why = _scheme(
                name, part.followed(), f"_{folded(name).upper() or 'API'}" if len(said) > 1 else "", root
            )
        except Unresolved as error:
            notes.append(str(error))
            continue
        if scheme is None:
            notes.append(f"{clean(part.at, 120)}: this kind of security is not generated; add it in on_start")
        else:
            found[name] = scheme
            if why:
                told[name] = f"{clean(part.at, 120)}: {why}"
    return Security(found, told, tuple(notes))


def _said(root: DocumentNode, notes: list[str]) -> Iterator[tuple[str, DocumentNode]]:
    try:
        yield from root.get("components").get("securitySchemes").entries()
        yield from root.get("securityDefinitions").entries()
    except Unresolved as error:
        notes.append(f"{error}; what a client must send to be let in is not known")


def needed(operation: DocumentNode, root: DocumentNode, known: Security) -> tuple[str, ...]:
    """Names of the schemes of the first requirement that is understood; none when nothing is required."""
    return tuple(name for name, _ in _required(operation, root, known))


def scopes_of(operation: DocumentNode, root: DocumentNode, known: Security) -> Iterator[str]:
    """Scopes that the same requirement wants of a scheme with a log-in."""
    for name, part in _required(operation, root, known):
        if known.schemes[name].log_in is not None:
            yield from (scope.text for scope in part.parts() if scope.text)


def _required(operation: DocumentNode, root: DocumentNode, known: Security) -> list[tuple[str, DocumentNode]]:
    said = operation.find("security")
    said = said if said.is_there else root.find("security")
    for requirement in said.parts():
        entries = list(requirement.entries())
        if all(name in known.schemes for name, _ in entries):
            return entries
    return []


def chosen(names: Iterable[str], known: Security) -> tuple[str, ...]:
    """Of the schemes that one user's tasks need, those that go together: one for each header, most wanted first."""
    taken: set[str] = set()
    found = []
    for name, _ in Counter(names).most_common():
        scheme = known.schemes[name]
        places = {key.lower() for key, _ in scheme.headers}
        places |= {"authorization"} if scheme.basic or scheme.log_in else set()
        if not places & taken:
            taken |= places
            found.append(name)
    return tuple(found)


def _scheme(name: str, node: DocumentNode, end: str, root: DocumentNode) -> tuple[Scheme | None, str]:
    """What the scheme adds, None when it is not understood; and what its user must do beside setting variables."""
    sort, said = node.get("type").text.lower(), node.get("scheme").text.lower()
    shown = f"security scheme {clean(name, 30)}"
    if sort == "basic" or (sort == "http" and said == "basic"):
        user = Variable(f"READINESS_VAR_USER{end}", f"user name, {shown}")
        return Scheme(basic=((user,), (Variable(f"READINESS_PASSWORD{end}", f"password, {shown}"),))), ""
    if sort in ("oauth2", "openidconnect") or (sort == "http" and said == "bearer"):
        log_in, why = of_flows(node, root, end) if sort == "oauth2" else (of_operations(root, end), "")
        if log_in is not None:
            return Scheme(log_in=log_in), ""
        token = Variable(f"READINESS_TOKEN{end}", f"bearer token, {shown}")
        why = f"{why or 'does not say how to get a token: get one'}, and set {token.name}"
        return Scheme(headers=(("Authorization", ("Bearer ", token)),)), why
    found = _PREFIX.search(node.get("description").text)
    if sort == "apikey" and found and node.get("name").text.lower() == "authorization":
        word = found[1] or found[2]
        log_in = of_operations(root, end)
        if log_in is not None:
            return Scheme(log_in=replace(log_in, scheme=word)), ""
        token = Variable(f"READINESS_TOKEN{end}", f"token without the word {word}, {shown}")
        why = f"does not say how to get a token: get one, and set {token.name} to it, without the word {word}"
        return Scheme(headers=(("Authorization", (f"{word} ", token)),)), why
    if sort == "apikey":
        key = Variable(f"READINESS_SECRET{end or '_API_KEY'}", f"API key, {shown}")
        entry = (node.get("name").text, (key,))
        where = node.get("in").text.lower()
        if entry[0] and where in ("header", "query", "cookie"):
            return Scheme(
                headers=(entry,) if where == "header" else (),
                query=(entry,) if where == "query" else (),
                cookies=(entry,) if where == "cookie" else (),
            ), ""
    return None, ""
