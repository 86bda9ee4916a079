"""What the `@scope` of a check means: one rule for judge, lint and compare (docs/reference/scenarios.md, "Names").

A scope is a scenario, or an endpoint by its full name (`POST create`), or an endpoint by its name without the method
(`create`, `/get`) where only one method has that name. A name that was measured without a method is found with one too,
so that runs recorded by clients that gave none can be judged and compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from readiness.text.spelling import nearest

_METHOD = re.compile(r"[A-Z]{3,10} (.+)")
_KIND = re.compile(r"(?=\S*[A-Z])[\w.+-]{1,20} (.+)")
"""What an endpoint's name begins with: a method, or what a client that is not HTTP calls itself (`gRPC`)."""


def bare(name: str) -> str:
    """`create` of `POST create`; a name without a method as it is."""
    found = _METHOD.fullmatch(name)
    return found[1] if found else name


def _short(name: str) -> str:
    """`create` of `POST create`, `Get` of `gRPC Get`."""
    found = _KIND.fullmatch(name)
    return found[1] if found else name


def candidates(scope: str, scenarios: Iterable[str], names: Iterable[str]) -> tuple[str, ...]:
    """The scenario or the endpoints that `scope` may mean: one when that is clear, none when there is no such thing."""
    named = sorted(set(names))
    if scope in named or scope in set(scenarios):
        return (scope,)
    if found := tuple(name for name in named if _short(name) == scope):
        return found
    return (bare(scope),) if bare(scope) in named else ()


def resolved(scope: str | None, scenarios: Iterable[str], names: Iterable[str]) -> str | None:
    """The scope as it was measured; as it stands where that is not clear."""
    found = () if scope is None else candidates(scope, scenarios, names)
    return found[0] if len(found) == 1 else scope


def unclear(
    scope: str,
    scenarios: Iterable[str],
    names: Iterable[str],
    *,
    nothing: str = "no scenario and no endpoint has this name",
) -> str:
    """Why `scope` means nothing that was seen, with what could be meant; empty when it is clear."""
    scenarios, names = set(scenarios), set(names)
    found = candidates(scope, scenarios, names)
    if len(found) == 1:
        return ""
    if found:
        return f"is {' and '.join(found)}: write the one that you mean"
    spelled = {_short(name): name for name in sorted(names)} | {word: word for word in (*names, *scenarios)}
    near = nearest(scope, spelled)
    if near.startswith("; did"):
        hint = f'; did you mean "{spelled[near.split(chr(34))[1]]}"?'
    else:
        hint = nearest(scope, {*scenarios, *names})
    if not hint and names:
        hint = f"; known: {', '.join(sorted(names)[:12])}, …"
    hint = hint.removeprefix("; ").replace("known:", "seen:")
    return f"{nothing}{hint and f' ({hint})'}"
