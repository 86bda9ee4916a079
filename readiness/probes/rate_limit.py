"""Rate limits: what the service declares, how much of it this load uses, and, only when allowed, whether it is kept."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from readiness.config.probes import RateLimit
from readiness.errors import NotMeasured
from readiness.measurements.provenance import Target
from readiness.measurements.run import Detail, Load, Measurement
from readiness.probes import fetched_pages
from readiness.probes.evidence import Evidence
from readiness.probes.http import Getter, ProbeAnswer
from readiness.text import clean

ACTIVE = "rate_limit.active"
ENFORCED = "rate_limit.enforced"
_SOURCE = "probe rate_limit"
PROVOKE_S = 10.0
"""Asking for the limit ends after this long, whatever came."""
_TIMEOUT_S = 2.0

_HEADERS = ("RateLimit-Policy", "RateLimit", "RateLimit-Limit", "X-RateLimit-Limit", "X-Rate-Limit-Limit")
_LONGEST_NUMBER = 15


@dataclass(frozen=True, slots=True)
class DeclaredLimit:
    """A limit as the service states it."""

    policy: str
    requests: int
    window_s: int

    @property
    def shown(self) -> str:
        """Such as `api: 50,000 per 1 h`."""
        return f"{self.policy + ': ' if self.policy else ''}{self.requests:,} per {_span(self.window_s)}"


def active(evidence: Evidence) -> tuple[Measurement, ...]:
    """1 when a limit is declared on the path, else 0. Raises NotMeasured when the path does not answer."""
    settings = evidence.settings.rate_limit
    answer = fetched_pages.answer(evidence.pages, settings.path)
    details = [
        Detail(
            f"{settings.path}: {name}",
            clean(value),
            states_limit(name, value),
            "" if states_limit(name, value) else "states no limit above zero",
        )
        for name in _HEADERS
        for value in answer.values(name)
    ]
    if answer.status == 429:
        details.append(Detail(f"{settings.path}: status", "429", True, "the limit was already reached"))
    if not details:
        note = "declare the limit with RateLimit-Policy and RateLimit, or X-RateLimit-Limit"
        details.append(Detail(f"{settings.path}: RateLimit-Policy", "absent", False, note))
    value = 1.0 if any(detail.ok for detail in details) else 0.0
    details += budget(evidence.load, _policies(evidence))
    return (Measurement(ACTIVE, None, value, _SOURCE, samples=1, details=tuple(details)),)


def budget(load: Load | None, policies: tuple[tuple[str, DeclaredLimit], ...]) -> list[Detail]:
    """For each declared limit: when this load reaches it, if all of it comes from one client. Arithmetic only."""
    if load is None or not load.judged_s:
        return []
    lines = []
    for declared in dict.fromkeys(declared for _, declared in policies):
        under = {name for name, other in policies if other == declared}
        requests = sum(endpoint.judged.requests for endpoint in load.endpoints if endpoint.name in under)
        rate_per_s = requests / load.judged_s
        if not rate_per_s:
            continue
        reached_s = declared.requests / rate_per_s
        if reached_s > declared.window_s:
            use = f"{100 * declared.window_s * rate_per_s / declared.requests:.0f} % of it"
            observed, note = f"never reached: {use} at {rate_per_s:,.1f} /s", ""
        else:
            observed = f"reached after {_span(reached_s)} at {rate_per_s:,.1f} /s"
            note = "if one client sent all of it; a longer run would then measure refusals"
        subject = f"limit {declared.shown} ({len(under):,} endpoint{'s' if len(under) > 1 else ''})"
        lines.append(Detail(subject, observed, None, note))
    return lines


def provoke(target: Target, settings: RateLimit) -> Measurement:
    """1 when the limit answers 429 within `settings.most` requests, else 0; after the load, and only when allowed.

    Raises NotMeasured when it is not allowed, or the path does not answer.
    """
    if not settings.provoke:
        raise NotMeasured("probes.rate_limit.provoke is not true, so the limit was not asked for")
    ends_s = time.monotonic() + PROVOKE_S
    sent = 0
    answer: ProbeAnswer | None = None
    with Getter(target) as getter:
        while sent < settings.most and time.monotonic() < ends_s:
            answer = getter.get(settings.path, timeout_s=_TIMEOUT_S)
            sent += 1
            if answer.status == 429:
                break
    refused = answer is not None and answer.status == 429
    details = [
        Detail(
            f"{settings.path}: {sent:,} requests in a row",
            f"refused with 429 at number {sent:,}" if refused else "none was refused",
            refused,
            "" if refused else f"at most probes.rate_limit.most ({settings.most:,}) were sent, in {PROVOKE_S:g} s",
        )
    ]
    if refused and answer is not None:
        after = answer.values("Retry-After")
        note = "" if after else "say in Retry-After when to come back"
        details.append(Detail(f"{settings.path}: Retry-After", after[0] if after else "absent", bool(after), note))
    return Measurement(ENFORCED, None, float(refused), _SOURCE, samples=sent, details=tuple(details))


def _policies(evidence: Evidence) -> tuple[tuple[str, DeclaredLimit], ...]:
    """(endpoint, limit) of every endpoint of the load whose answers declare one with its window."""
    found = []
    for seen in evidence.load.seen if evidence.load else ():
        for head in seen.heads[:1]:
            answer = ProbeAnswer(head.status, head.headers, b"", 0.0, "")
            found += [(seen.name, declared) for declared in declarations(answer)]
    return tuple(dict.fromkeys(found))


def declarations(answer: ProbeAnswer) -> Iterator[DeclaredLimit]:
    """The limits in `RateLimit-Policy`, by the current draft (`"default";q=100;w=60`) and by the older (`100;w=60`)."""
    for value in answer.values("RateLimit-Policy"):
        items = list(_items(value))
        new = [one for one in items if _number(one[1].get("q"))]
        for name, parameters in new or items:
            requests = _number(parameters.get("q")) if new else _number(name)
            window_s = _number(parameters.get("w"))
            if requests and window_s:
                yield DeclaredLimit(clean(name, 40) if new else "", requests, window_s)


def states_limit(header: str, value: str) -> bool:
    """Whether the value states a limit above zero, in the current form of the draft or in an older one.

    draft-ietf-httpapi-ratelimit-headers: `"default";q=100;w=60` and `"default";r=50;t=30`; older drafts: `100;w=60`,
    `limit=100, remaining=…`; before them: a number.
    """
    items = list(_items(value))
    if header == "RateLimit":
        told = [(name.partition("="), parameters) for name, parameters in items]
        return any(
            _number(parameters.get("r")) is not None or (key.strip() == "limit" and bool(_number(number)))
            for (key, _, number), parameters in told
        )
    policy = header == "RateLimit-Policy" and any(_number(parameters.get("q")) for _, parameters in items)
    return policy or bool(items and _number(items[0][0]))


def _items(value: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Each item of a list with its parameters, in one pass, whatever the text is."""
    for item in value.split(","):
        name, *rest = item.split(";")
        pairs = (parameter.partition("=") for parameter in rest)
        yield name.strip().strip('"'), {key.strip(): number.strip() for key, _, number in pairs}


def _number(text: str | None) -> int | None:
    """A whole number from 0 up; None where it is none, or longer than any limit."""
    digits = (text or "").strip()
    short = 0 < len(digits) <= _LONGEST_NUMBER
    return int(digits) if short and digits.isascii() and digits.isdigit() else None


def _span(seconds: float) -> str:
    for unit, length_s in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length_s:
            return f"{seconds / length_s:.3g} {unit}"
    return f"{seconds:.3g} s"
