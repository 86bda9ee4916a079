"""thresholds.yaml of a draft: a small load, starter limits, and what each section is for, said beside it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from readiness.config.think_time import PLAN_ROOM
from readiness.init.draft import Variable
from readiness.init.literals import comment
from readiness.init.names import folded, variable
from readiness.load.workers.hosts import is_loopback

USERS = 10
P95_MS = 1000
"""As in a run without thresholds.yaml: people begin to wait."""
STARTER = "a starter limit: choose what your users need"
MEASURED = "from one run: choose what your users need"
_PLAIN_PATH = re.compile(r"/[A-Za-z0-9/_.~-]{0,200}")
_READY = re.compile(r"ready|readiness|deep", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ProposedLimit:
    """One check: its limit as the file writes it, and where it comes from."""

    check: str
    limit: str
    why: str
    on_fail: str | None = None


_DURATION_S = 60
_MOST_DURATION_S = 300
"""Nobody waits longer for a first answer."""
_ENOUGH = 340
"""Requests that prove the starter limits: 299 are needed for 99 %, and arrivals vary."""


@dataclass(frozen=True, slots=True)
class ProposedLoad:
    """How much load, from flags, questions or a log."""

    users: int = USERS
    rate_per_s: float | None = None
    """Of the busiest minute of a log."""
    arrivals_per_s: tuple[tuple[str, float], ...] = ()
    sent_per_s: float | None = None
    """What the users send, as far as the scenarios tell."""

    @property
    def planned_per_s(self) -> float | None:
        """The rate to load with: that of the log, or more where a few minutes of it would prove nothing."""
        return None if self.rate_per_s is None else max(self.rate_per_s, _ENOUGH / _MOST_DURATION_S)

    @property
    def duration_s(self) -> int:
        """Long enough to prove the starter limits, in whole tens of seconds."""
        rate, enough = self.planned_per_s, float(_ENOUGH)
        if rate is None and self.sent_per_s:
            rate, enough = max(self.sent_per_s, PLAN_ROOM * _ENOUGH / _MOST_DURATION_S), PLAN_ROOM * _ENOUGH
        return _DURATION_S if rate is None else max(_DURATION_S, 10 * math.ceil(enough / rate / 10 - 1e-9))


def starters(p95_ms: int = P95_MS) -> tuple[ProposedLimit, ...]:
    """Limits that most services of today should reach; nobody's promise."""
    return (
        ProposedLimit("http.success_rate", "> 99 %", STARTER, "block"),
        ProposedLimit("latency.p95", f"< {p95_ms} ms", STARTER, "block"),
        ProposedLimit("latency.p99", f"< {p95_ms * 3} ms", STARTER),
    )


def thresholds(
    *,
    service: str,
    source: str,
    weights: Mapping[str, int],
    off: Sequence[str] = (),
    load: ProposedLoad,
    limits: Sequence[ProposedLimit],
    health_paths: Sequence[str] = (),
    target: str | None = None,
    named: str | None = None,
    variables: Sequence[Variable] = (),
    for_off: Sequence[Variable] = (),
) -> str:
    """The text of the file. Pure. `weights` are scenario files without `.py`, `off` those that a run leaves out.

    Texts of a source stand in comments.
    """
    return "\n".join(
        [
            f"# Limits of {service}, begun by `readiness init` from {comment(source, 60)}.",
            "# Every key is explained in docs/reference/thresholds.md; `readiness lint` reads it and sends nothing.",
            "version: 1",
            f"service: {service}",
            "# Nobody chose the limits below yet, so no run is READY: choose them, then take this line away.",
            "starter_limits: true",
            "",
            *_variables(variables, for_off),
            *_load(weights, off, load),
            "",
            *_checks(limits, health_paths, target or named or "", of_target=target is not None),
            *_probes(health_paths),
            *_target(target, named),
            "",
        ]
    )


def service_name(text: str) -> str:
    """A name for the report, of small letters, digits and hyphens."""
    name = folded(text).replace("_", "-")[:40].strip("-")
    return name if name and name[0].isalpha() else f"service-{name}".rstrip("-")


def _variables(variables: Sequence[Variable], for_off: Sequence[Variable]) -> list[str]:
    found = []
    for says, some in (
        ("The scenarios read these variables: set them before `readiness run`, never in a file.", variables),
        (f"Tasks that are switched off need these{' too' if variables else ''}:", for_off),
    ):
        named = dict.fromkeys((variable(one.name), comment(one.purpose, 70)) for one in some)
        found += [f"# {says}"] if named else []
        found += [f"#   export {name}=…{f'   # {purpose}' if purpose else ''}" for name, purpose in named]
        found += [f"#   and give --allow-env {name}" for name, _ in named if not name.startswith(SEEN)]
    return [*found, ""] if found else []


SEEN = ("READINESS_VAR_", "READINESS_PASSWORD", "READINESS_TOKEN", "READINESS_SECRET")
"""Beginnings of the variables that scenarios see without `--allow-env` (docs/reference/scenarios.md)."""


def _load(weights: Mapping[str, int], off: Sequence[str], load: ProposedLoad) -> list[str]:
    found = ["# How much load, and for how long. Begin small: a first run should find mistakes, not the ceiling."]
    if load.arrivals_per_s:
        found.append("# Arrivals per second over the day, as the log tells them:")
        found += [
            "#   "
            + "  ".join(f"{comment(hour, 8)} {rate:.3g}" for hour, rate in load.arrivals_per_s[start : start + 8])
            for start in range(0, len(load.arrivals_per_s), 8)
        ]
    found += ["load:"]
    if weights:
        found += ["  scenarios:              # file under scenarios/, and its share of the load"]
        found += [f"    {name}: {weight}" for name, weight in weights.items()]
    else:  # a file that is not there would be a mistake
        found += ["  # scenarios:            # no file runs yet: take the # away for each that you switch on"]
        found += [f"  #   {name}: 1" for name in off]
    if load.rate_per_s is not None and load.planned_per_s is not None:
        says = "arrivals per second in the busiest minute of the log"
        if load.planned_per_s > load.rate_per_s:
            says = f"the busiest minute of the log has {load.rate_per_s:.2g}/s, too few to prove a limit in 5 minutes"
        found.append(f"  rate: {_decimals(load.planned_per_s)} /s            # {says}")
    else:
        found.append(
            f"  users: {max(load.users, len(weights))}               # users at once, each waiting for its answer"
        )
    return [
        *found,
        "  ramp_up: 5s             # time to reach full load; not judged",
        "  warm_up: 5s             # at full load before the judged time; caches fill",
        f"  duration: {f'{load.duration_s}s':<12}  # judged; `readiness lint` says when it is too short",
    ]


def _decimals(rate: float) -> str:
    """With two decimals at most, rounded up: a little less would not prove what the duration is made for."""
    return f"{math.ceil(rate * 100 - 1e-9) / 100:.2f}".rstrip("0").rstrip(".")


def _checks(limits: Sequence[ProposedLimit], health_paths: Sequence[str], url: str, *, of_target: bool) -> list[str]:
    """`url` is the target, or where only the source names one, that: then what needs https stands in a comment."""
    found = [
        "# What must hold. `on_fail: block` makes the run NOT READY, anything else at best CONDITIONAL.",
        "checks:",
    ]
    for one in limits:
        says = f", on_fail: {one.on_fail}" if one.on_fail else ""
        found.append(f'  {one.check}: {{ pass: "{one.limit}"{says} }}   # {comment(one.why, 100)}')
    if usable(health_paths):
        found.append('  health.success_rate: { pass: "> 80 %" }   # asked beside the load; a longer one proves more')
    if url.startswith("https://"):
        off = "" if of_target else "# "
        found.append(f'  {off}tls.days_left: {{ pass: "> 14 days" }}   # of the certificate, asked before the load')
    return [
        *found,
        '  # latency.p95@GET /a/path: { pass: "< 200 ms" }     # one endpoint, by its name in the report',
        '  # security.headers: { pass: "== 100 %" }            # headers that every answer should have',
        "",
    ]


def _probes(health_paths: Sequence[str]) -> list[str]:
    paths = usable(health_paths)
    if not paths:
        return [
            "# Where the service says how it is. With a health endpoint, health.success_rate can be checked.",
            "# probes:",
            "#   health: { path: /health }",
        ]
    ready = next((path for path in paths if _READY.search(path)), None)
    live = next((path for path in paths if path != ready), None)
    both = f"{{ path: {json.dumps(live)}, ready: {json.dumps(ready)} }}" if live and ready else None
    return [
        "# Where the service says how it is; probes send at most 5 % of what the load sends.",
        "probes:",
        f"  health: {both or f'{{ path: {json.dumps(live or ready)} }}'}",
    ]


def usable(health_paths: Sequence[str]) -> tuple[str, ...]:
    """Those that are plain paths."""
    return tuple(path for path in health_paths if _PLAIN_PATH.fullmatch(path))


def _target(target: str | None, named: str | None) -> list[str]:
    host = urlsplit(target or named or "").hostname or ""
    if not host or is_loopback(host):
        return []
    off = "" if target else "# "
    return [
        "",
        f"# {comment(host, 80)} is not this machine: it gets load only when it is named here and with --allow-host.",
        *(["# The source names it; take away the two # below if it may be loaded."] if off else []),
        f"{off}target:",
        f"{off}  allowed_hosts: [{json.dumps(host)}]",
    ]
