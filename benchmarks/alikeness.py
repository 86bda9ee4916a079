"""Whether one file did the same under Locust and here: names, counts, failures, exceptions, the server's view, exit."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

_FEW = 8
"""What happened less often under both tools may be missing in one: chance picks the tasks."""
_SIGMAS = 4.0
_NO_NETWORK = re.compile(r"\[Errno -|unreachable|not known|name resolution")
_NOT_ALLOWED = "is not the target"
"""Other hosts: there the benchmark's own network has none, here --allow-host names none."""
REST = "(other)"
"""Where a file puts ids into names, what is beyond 2,000 names is counted together here; Locust keeps them all."""


@dataclass(frozen=True)
class Outcome:
    """What one tool made of a file."""

    ran: bool
    """Whether there was a load at all; else the file was refused."""
    exit_code: int
    said: str
    counts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Requests and failures by `METHOD name`, of the whole load, without those that it left open."""
    raised: Mapping[str, int] = field(default_factory=dict)
    """What tasks and listeners raised: type and text, and how often."""
    seen: Mapping[str, int] = field(default_factory=Counter)
    """Requests by the server's own count."""
    doubts: str = ""
    """Why the run is not decided, in our words."""


def difference(plain: Outcome, ours: Outcome) -> str:
    """Why they are not alike; empty when they are, or when Locust refuses the file."""
    if not plain.ran:
        return ""
    if not ours.ran and plain.exit_code and not sum(plain.seen.values()) and not plain.counts:
        return ""  # nothing was sent under Locust either, and it failed
    if not ours.ran:
        return f"refused: {' '.join(ours.said.split())[-400:]}"
    pairs = (
        ("the server's requests", _totals(plain.seen, ours.seen)),
        ("requests", _totals(_requests(plain), _requests(ours))),
    )
    for what, (theirs, here) in pairs:
        if theirs >= _FEW and here < 0.6 * theirs:
            return f"{theirs} of {what} under Locust, {here} here"
    scale = _scale(plain, ours)
    return (
        _apart("", _requests(plain), _requests(ours), scale)
        or _apart("seen ", plain.seen, ours.seen, scale)
        or _apart("failed ", _failures(plain), _failures(ours), scale)
        or _raised(plain, ours, scale)
        or _exit(plain, ours)
    )


def _requests(one: Outcome) -> dict[str, int]:
    return {name: requests for name, (requests, _) in one.counts.items()}


def _failures(one: Outcome) -> dict[str, int]:
    return {name: failures for name, (_, failures) in one.counts.items()}


def _totals(theirs: Mapping[str, int], here: Mapping[str, int]) -> tuple[int, int]:
    return sum(theirs.values()), sum(here.values())


def _scale(plain: Outcome, ours: Outcome) -> float:
    """A file that never waits sends more where the load generator is faster."""
    theirs, here = _totals(_requests(plain), _requests(ours))
    if not theirs:
        theirs, here = _totals(plain.seen, ours.seen)
    return theirs / max(here, 1) if theirs else 1.0


def _apart(word: str, theirs: Mapping[str, int], here: Mapping[str, int], scale: float) -> str:
    """The first name whose two counts no chance explains."""
    for name in sorted({*theirs, *here} - {REST}):
        one, expected = theirs.get(name, 0), here.get(name, 0) * scale
        if max(one, here.get(name, 0)) < _FEW:
            continue
        if abs(one - expected) > _SIGMAS * math.sqrt(one + expected * max(scale, 1)) + 1:
            return f"{word}{name}: {one} under Locust, {here.get(name, 0)} here (the whole: 1 to {1 / scale:.2f})"
    return ""


def _raised(plain: Outcome, ours: Outcome, scale: float) -> str:
    """Here a text may also be told as the failure of the request in whose block it was raised."""
    for text, count in plain.raised.items():
        if _NO_NETWORK.search(text) and _NOT_ALLOWED in f"{ours.raised}{ours.doubts}":
            continue
        if count * max(1 / scale, 1) >= _FEW and text not in ours.raised and text not in ours.doubts:
            return f"raised {text!r} {count} times under Locust, never here"
    for text, count in ours.raised.items():
        if _NOT_ALLOWED in text and any(map(_NO_NETWORK.search, (plain.said, *plain.raised))):
            continue
        if count * scale >= _FEW and text not in plain.raised and text not in plain.said:
            return f"raised {text!r} {count} times here, never under Locust"
    return ""


def _exit(plain: Outcome, ours: Outcome) -> str:
    """What fails there is never good here; what is good there is good here, or undecided for a reason that is told."""
    explained = plain.exit_code == 1 and (any(_failures(plain).values()) or plain.raised)
    if plain.exit_code and not explained and not ours.exit_code:
        return f"exit {plain.exit_code} under Locust, 0 here"
    if not plain.exit_code and ours.exit_code not in (0, 3):
        return f"exit 0 under Locust, {ours.exit_code} here: {ours.doubts[:200]}"
    return ""
