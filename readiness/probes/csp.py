"""Content-Security-Policy, as far as the rules need it (W3C CSP Level 3)."""

from __future__ import annotations

from readiness.probes.seen import Finding, Seen

ANYWHERE = ("*", "http:", "https:", "http://*", "https://*")
_OPEN_TO_SCRIPTS = (*ANYWHERE, "data:", "blob:")

Policy = dict[str, list[str]]


def policies(seen: Seen) -> list[Policy]:
    """Every enforced policy: several headers, or several in one header, all apply together."""
    texts = [text for line in seen.values("content-security-policy") for text in line.split(",")]
    parsed = [_parse(text) for text in texts]
    return [policy for policy in parsed if policy]


def frame_ancestors(seen: Seen) -> list[str] | None:
    """The sources of `frame-ancestors`, of the strictest policy that has it; None when none has."""
    found = [policy["frame-ancestors"] for policy in policies(seen) if "frame-ancestors" in policy]
    return min(found, key=lambda sources: any(source in ANYWHERE for source in sources), default=None)


def scripts(seen: Seen) -> Finding:
    """At least one enforced policy restricts scripts: no inline script, no script from anywhere."""
    lines = seen.values("content-security-policy")
    if not lines:
        only = seen.values("content-security-policy-report-only")
        return Finding(", ".join(only), "only reports, blocks nothing" if only else "absent")
    problems = [_scripts_of(policy) for policy in policies(seen)] or ["not a policy"]
    return Finding(", ".join(lines), "" if "" in problems else problems[0])


def _parse(text: str) -> Policy:
    policy: Policy = {}
    for directive in text.split(";"):
        words = directive.lower().split()
        if words:
            policy.setdefault(words[0], words[1:])  # the first of two equal directives counts
    return policy


def _scripts_of(policy: Policy) -> str:
    fallback = policy.get("script-src", policy.get("default-src"))
    for name in ("script-src", "script-src-elem", "script-src-attr"):
        sources = policy.get(name, fallback)
        if sources is None:
            return "does not restrict scripts (no script-src, no default-src)"
        trusted = any(source.startswith(("'nonce-", "'sha256-", "'sha384-", "'sha512-")) for source in sources)
        strict = "'strict-dynamic'" in sources
        if "'unsafe-inline'" in sources and not trusted and not strict:
            return "allows inline scripts ('unsafe-inline')"
        wide = [source for source in sources if source in _OPEN_TO_SCRIPTS]
        if wide and not (strict and trusted):
            return f"allows scripts from {wide[0]}"
    return ""
