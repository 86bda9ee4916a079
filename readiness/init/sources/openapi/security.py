"""Security schemes: what a client must send with its requests, each secret from an environment variable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from readiness.init.draft import Text, Variable
from readiness.init.names import folded
from readiness.init.sources.openapi.document import Node, Unresolved
from readiness.text import clean


@dataclass(frozen=True, slots=True)
class Scheme:
    """What one scheme adds to a request."""

    headers: tuple[tuple[str, Text], ...] = ()
    query: tuple[tuple[str, Text], ...] = ()
    cookies: tuple[tuple[str, Text], ...] = ()
    basic: tuple[Text, Text] | None = None


@dataclass(frozen=True, slots=True)
class Security:
    """The schemes of a document by name, and what could not be read."""

    schemes: dict[str, Scheme]
    notes: tuple[str, ...] = field(default=())


def security(root: Node) -> Security:
    """Every scheme that is understood."""
    found: dict[str, Scheme] = {}
    notes = []
    said = [*root.get("components").get("securitySchemes").entries(), *root.get("securityDefinitions").entries()]
    for name, part in said:
        try:
            scheme = _scheme(name, part.followed(), f"_{folded(name).upper() or 'API'}" if len(said) > 1 else "")
        except Unresolved as error:
            notes.append(str(error))
            continue
        if scheme is None:
            notes.append(f"{clean(part.at, 120)}: this kind of security is not generated; add it in on_start")
        else:
            found[name] = scheme
    return Security(found, tuple(notes))


def needed(operation: Node, root: Node, known: Security) -> tuple[str, ...]:
    """Names of the schemes of the first requirement that is understood; none when nothing is required."""
    said = operation.get("security")
    said = said if said.is_there else root.get("security")
    for requirement in said.parts():
        names = tuple(name for name, _ in requirement.entries())
        if all(name in known.schemes for name in names):
            return names
    return ()


def chosen(names: Iterable[str], known: Security) -> tuple[str, ...]:
    """Of the schemes that one user's tasks need, those that go together: one for each header, most wanted first."""
    taken: set[str] = set()
    found = []
    for name, _ in Counter(names).most_common():
        scheme = known.schemes[name]
        places = {key.lower() for key, _ in scheme.headers} | ({"authorization"} if scheme.basic else set())
        if not places & taken:
            taken |= places
            found.append(name)
    return tuple(found)


def _scheme(name: str, node: Node, end: str) -> Scheme | None:
    sort, said = node.get("type").text.lower(), node.get("scheme").text.lower()
    shown = f"security scheme {clean(name, 30)}"
    if sort == "basic" or (sort == "http" and said == "basic"):
        user = Variable(f"READINESS_VAR_USER{end}", f"user name, {shown}")
        return Scheme(basic=((user,), (Variable(f"READINESS_PASSWORD{end}", f"password, {shown}"),)))
    if sort in ("oauth2", "openidconnect") or (sort == "http" and said == "bearer"):
        token = Variable(f"READINESS_TOKEN{end}", f"bearer token, {shown}")
        return Scheme(headers=(("Authorization", ("Bearer ", token)),))
    if sort == "apikey":
        key = Variable(f"READINESS_SECRET{end or '_API_KEY'}", f"API key, {shown}")
        entry = (node.get("name").text, (key,))
        where = node.get("in").text.lower()
        if entry[0] and where in ("header", "query", "cookie"):
            return Scheme(
                headers=(entry,) if where == "header" else (),
                query=(entry,) if where == "query" else (),
                cookies=(entry,) if where == "cookie" else (),
            )
    return None
