"""Content-Security-Policy, as far as the header rules need it (CSP Level 3).

Policies add up: each must allow what is loaded, so a requirement holds when any one of them upholds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

Policy = Mapping[str, tuple[str, ...]]
"""Directive name to its sources, both in lower case."""

_ANYWHERE = frozenset({"*", "http:", "https:", "data:", "blob:", "http://*", "https://*"})
_SCRIPTS = ("script-src", "script-src-elem", "script-src-attr")


def parse(values: Iterable[str]) -> tuple[Policy, ...]:
    """The policies of all header lines; a comma separates policies, the first of equal directives counts."""
    policies = []
    for text in (part for value in values for part in value.split(",")):
        policy: dict[str, tuple[str, ...]] = {}
        for directive in text.lower().split(";"):
            name, *sources = directive.split() or [""]
            if name:
                policy.setdefault(name, tuple(sources))
        if policy:
            policies.append(policy)
    return tuple(policies)


def is_open(sources: Sequence[str]) -> bool:
    """Whether the source list lets any host in."""
    return any(source in _ANYWHERE for source in sources)


def problems(policies: Sequence[Policy]) -> list[str]:
    """What the policies leave open, each with its remedy; empty when they hold."""
    rules: tuple[tuple[Callable[[Policy], bool], str], ...] = (
        (_limits_scripts, "scripts from anywhere may run; set script-src or default-src to 'self'"),
        (_no_inline, "script-src has 'unsafe-inline'; use nonces or hashes"),
        (_no_eval, "script-src has 'unsafe-eval'; remove it"),
        (_no_objects, "plug-ins are allowed; add object-src 'none'"),
        (_base_is_set, "an injected base tag may redirect links; add base-uri 'none'"),
    )
    return [remedy for holds, remedy in rules if not any(holds(policy) for policy in policies)]


def _scripts(policy: Policy) -> list[tuple[str, ...]]:
    """Source lists that decide about scripts; empty when the policy says nothing about them."""
    own = [policy[name] for name in _SCRIPTS if name in policy]
    if "script-src" not in policy and "default-src" in policy:
        own.append(policy["default-src"])
    return own if "script-src" in policy or "default-src" in policy else []


def _trusts_by_proof(sources: Sequence[str]) -> bool:
    """Nonces and hashes make browsers ignore 'unsafe-inline'."""
    return any(source.startswith(("'nonce-", "'sha256-", "'sha384-", "'sha512-")) for source in sources)


def _limits_scripts(policy: Policy) -> bool:
    lists = _scripts(policy)
    return bool(lists) and all(
        not is_open(sources) or ("'strict-dynamic'" in sources and _trusts_by_proof(sources)) for sources in lists
    )


def _no_inline(policy: Policy) -> bool:
    lists = _scripts(policy)
    return bool(lists) and all("'unsafe-inline'" not in sources or _trusts_by_proof(sources) for sources in lists)


def _no_eval(policy: Policy) -> bool:
    lists = _scripts(policy)
    return bool(lists) and all("'unsafe-eval'" not in sources for sources in lists)


def _no_objects(policy: Policy) -> bool:
    return policy.get("object-src", policy.get("default-src")) in (("'none'",), ())


def _base_is_set(policy: Policy) -> bool:
    return "base-uri" in policy and not is_open(policy["base-uri"])
