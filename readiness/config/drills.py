"""`drills:`: what may be broken while the load runs, and the forms that read it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from readiness.config.form import Complaint, Form, Problem, Schema, Wrong, described, items, mapping, scalar, section
from readiness.config.proxies import NAME_PATTERN, plain_name
from readiness.config.scalars import duration_form, number_form, rate_form, share_form, text_form, word_form
from readiness.config.tree import Node, Scalar, Table
from readiness.text import clean
from readiness.text.spelling import nearest

REFUSE, RESET, HANG, CUT_OFF = "refuse", "reset", "hang", "cut"
LATENCY, BANDWIDTH = "latency", "bandwidth"
_WORDS = (REFUSE, RESET, HANG, CUT_OFF)
MAX_DRILL_RATE_PER_S = 2000.0
_LONGEST_S = 600.0
_USUAL_COMMAND_S = 10.0
_MOST_TIMES = 20.0
_LONGEST_ARGUMENT = 2000
_UNDER_LOAD = "load"
_BYTES = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?) ?(B|KB|MB)/s", re.ASCII)
_BYTE_UNITS = {"B": 1, "KB": 1 << 10, "MB": 1 << 20}


@dataclass(frozen=True, slots=True)
class Fault:
    """What a proxy does to its connections."""

    kind: str
    """REFUSE, RESET, HANG, CUT_OFF, LATENCY or BANDWIDTH."""
    latency_ms: float = 0.0
    """How long each part of an answer is held back."""
    jitter_ms: float = 0.0
    """By how much more or less, evenly spread."""
    bytes_per_s: float = 0.0
    """Of the answers of each connection."""

    def __str__(self) -> str:
        if self.kind == LATENCY:
            return f"{self.latency_ms:g} ms slower" + (f" ± {self.jitter_ms:g} ms" if self.jitter_ms else "")
        return f"{self.bytes_per_s:,.0f} bytes/s" if self.kind == BANDWIDTH else self.kind


@dataclass(frozen=True, slots=True)
class Drill:
    """One thing that goes wrong under a steady load, and for how long. Times in seconds."""

    for_s: float
    """How long the fault lasts; of a command without `undo`: the window in which it runs."""
    before_s: float = 5.0
    """Steady load before it."""
    after_s: float = 15.0
    """Steady load after it: as long as a recovery may take."""
    rate_per_s: float | None = None
    """Arrivals per second; None: that of `load`, see readiness/drills/course.py."""
    proxy: str | None = None
    fault: Fault | None = None
    share: float = 1.0
    """Share (0 to 1) of the proxy's connections that have the fault."""
    command: tuple[str, ...] = ()
    """A program and its arguments, run when the drill begins; only with `--allow-commands`."""
    undo: tuple[str, ...] = ()
    """Another one, which ends what the first began."""
    deadline_s: float = 0.0
    """How long each of them may take."""
    times: float = 1.0
    """By how much more load there is meanwhile."""
    line: int = 0

    @property
    def programs(self) -> Mapping[str, tuple[str, ...]]:
        """What it runs, by key of the file."""
        return {key: line for key, line in (("command", self.command), ("undo", self.undo)) if line}


def drills_form(proxies: Collection[str]) -> Form[dict[str, Drill]]:
    """The `drills:` section; `proxies` are the names that a drill may use."""

    def make(**given: Any) -> Drill:
        name = given.get("proxy")
        given.pop("during", None)
        if "command" in given:
            return _commanded(given)
        for key in ("undo", "deadline"):
            if {"deadline": "deadline_s"}.get(key, key) in given:
                raise Complaint("belongs to a command", key)
        if "for_s" not in given and (name is not None or "times" in given):
            raise Complaint("is required", "for")
        if "times" in given:
            return _alone(given, "more load")
        if name is None or given.get("fault") is None:
            raise Complaint(
                "needs a proxy and a fault, such as { proxy: database, fault: hang, for: 10s }, or a command, or a load"
            )
        if name not in proxies:
            raise Complaint(f'"{name}" is not under proxies{nearest(name, proxies)}', "proxy")
        if given.get("share", 1.0) < 1 and given["fault"].kind == REFUSE:
            raise Complaint(
                "refuse closes the port, for every connection alike; for a share of them use reset", "share"
            )
        return Drill(**given)

    drill = section(
        make,
        {
            "proxy": ("proxy", described(text_form(most=200), "A name under proxies.")),
            "fault": ("fault", described(_fault_form(), "What the proxy does meanwhile.")),
            "share": ("share", described(share_form(least=1, most=100), "Of the connections that have the fault.")),
            "command": ("command", described(program_form(), "A program that breaks something, such as a restart.")),
            "load": ("times", described(_times_form(), "More load than before, for a while.")),
            "undo": ("undo", described(program_form(), "A program that ends what the command began.")),
            "deadline": ("deadline_s", described(_time(1), "How long each of them may take.")),
            "during": ("during", described(_under_load_form(), "What the service does meanwhile.")),
            "for": ("for_s", described(_time(1), "How long the fault lasts.")),
            "before": ("before_s", described(_time(2), "Steady load before it.")),
            "after": ("after_s", described(_time(2), "Steady load after it: as long as a recovery may take.")),
            "rate": ("rate_per_s", described(rate_form(most=MAX_DRILL_RATE_PER_S), "Arrivals per second.")),
        },
        line="line",
    )
    return mapping(drill, key=plain_name, pattern=NAME_PATTERN)


def _alone(given: dict[str, Any], what: str) -> Drill:
    """Raises Complaint where a drill does two things at once."""
    for key in ("proxy", "fault", "share"):
        if key in given:
            raise Complaint(
                f"belongs to a fault of a proxy, and this drill has {what}; one drill breaks one thing", key
            )
    if given.get("command") and "times" in given:
        raise Complaint("one drill breaks one thing: a command, or more load", "load")
    return Drill(**given)


def _commanded(given: dict[str, Any]) -> Drill:
    for_s = given.setdefault("for_s", given.get("deadline_s", _USUAL_COMMAND_S))
    if given.setdefault("deadline_s", for_s) > for_s:
        raise Complaint(f"is longer than the drill's {for_s:g} s; give it a longer `for`", "deadline")
    return _alone(given, "a command")


def drills_s(drills: Mapping[str, Drill]) -> float:
    """How long all of them take, with their windows before and after."""
    return sum(drill.before_s + drill.for_s + drill.after_s for drill in drills.values())


def program_form() -> Form[tuple[str, ...]]:
    """A program and its arguments."""
    return items(text_form(most=_LONGEST_ARGUMENT), least=1)


def _times_form() -> Form[float]:
    times = number_form(least=1.1, most=_MOST_TIMES)
    return section(lambda times: times, {"times": ("times", described(times, "By how much."))}, required=("times",))


def _under_load_form() -> Form[str]:
    def parse(node: Scalar) -> str:
        if node.text != _UNDER_LOAD:
            raise ValueError(f"must be {_UNDER_LOAD}, not {clean(node.text, 60)!r}: every drill runs under load")
        return node.text

    return scalar(parse, {"enum": [_UNDER_LOAD]})


def _time(least_s: float) -> Form[float]:
    return duration_form(least_s=least_s, most_s=_LONGEST_S)


def _fault_form() -> Form[Fault]:
    word = word_form(_WORDS)
    time = duration_form(least_s=0.001, most_s=60)
    table = section(
        _shaped,
        {
            LATENCY: ("latency_s", described(time, "How much later each answer comes.")),
            "jitter": ("jitter_s", described(time, "By how much more or less.")),
            BANDWIDTH: ("bytes_per_s", described(_bandwidth_form(), "Of the answers of each connection.")),
        },
    )

    def read(node: Node, path: str) -> Fault:
        return table.read(node, path) if isinstance(node, Table) else Fault(word.read(node, path))

    schema: Schema = {"anyOf": [word.schema, table.schema]}
    return Form(read, schema)


def _shaped(latency_s: float = 0.0, jitter_s: float = 0.0, bytes_per_s: float = 0.0) -> Fault:
    if bool(latency_s) is bool(bytes_per_s):
        raise Complaint("needs latency or bandwidth, one of them, such as { latency: 300ms, jitter: 100ms }")
    if bytes_per_s:
        if jitter_s:
            raise Complaint("belongs to latency", "jitter")
        return Fault(BANDWIDTH, bytes_per_s=bytes_per_s)
    if jitter_s > latency_s:
        raise Complaint("is more than the latency, so an answer would come before it was given", "jitter")
    return Fault(LATENCY, latency_ms=latency_s * 1000, jitter_ms=jitter_s * 1000)


def _bandwidth_form() -> Form[float]:
    inner = text_form(most=30)

    def read(node: Node, path: str) -> float:
        text = inner.read(node, path)
        match = _BYTES.fullmatch(text.strip())
        if not match or not float(match[1]):
            raise Wrong(Problem(node.line, path, f'must be a rate of bytes such as "10 KB/s", not {text!r}'))
        return float(match[1]) * _BYTE_UNITS[match[2]]

    return Form(read, {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)? ?(B|KB|MB)/s$"})
