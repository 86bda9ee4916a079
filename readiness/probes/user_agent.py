"""service.user_agent: whether the service answers our User-Agent as it answers a browser's (a benchmark that is gamed).

Each path is asked three times: as a browser, as ourselves, and as a browser again. The two browser answers show how far
two answers lie apart anyway; ours must lie with them, in status, type, size and time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from readiness.errors import NotMeasured
from readiness.measurements.provenance import Target
from readiness.measurements.run import Detail, Measurement
from readiness.probes.cost import Meter
from readiness.probes.evidence import Evidence, Trio
from readiness.probes.http import USER_AGENT, Answer, Getter, Message
from readiness.probes.pages import GRACE_S
from readiness.probes.window import Window

METRIC = "service.user_agent"
SOURCE = "probe user_agent"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SIZE_BYTES, SIZE_SHARE = 64, 0.1
"""Sizes that lie closer than this are the same page: tokens and times differ in length."""
SLOWER, SLOWER_MS = 4.0, 100.0
"""Both browser answers must take so many times as long as ours, and so much longer, to be another treatment."""
TRIES = 3
"""A service under load is fast and slow by chance; what differs by rule differs each time."""


def ask_all(target: Target, paths: Iterable[str], window: Window, meter: Meter) -> Mapping[str, Trio | str]:
    """Path -> the answers to a browser, to us, and to a browser again; or the reason why there are none."""
    found: dict[str, Trio | str] = {}
    with Getter(target, meter) as getter:
        for path in dict.fromkeys(paths):
            try:
                trio = _ask(getter, path, window)
                for _ in range(TRIES - 1):
                    if not _differences(trio):
                        break
                    trio = _ask(getter, path, window)
                found[path] = trio
            except NotMeasured as error:
                found[path] = str(error)
    return found


def _ask(getter: Getter, path: str, window: Window) -> Trio:
    as_browser = Message(headers={"User-Agent": BROWSER})
    first, ours, second = (
        getter.get(path, stop=lambda: window.ended_before(GRACE_S), message=message)
        for message in (as_browser, None, as_browser)
    )
    return first, ours, second


def same(evidence: Evidence) -> tuple[Measurement, ...]:
    """1 when all paths answer both alike, else 0. Raises NotMeasured when one did not answer, or none is declared."""
    details = []
    for path, trio in evidence.agents.items():
        if isinstance(trio, str):
            raise NotMeasured(trio)
        observed = f"{USER_AGENT}: {_shown(trio[1])}; a browser: {_shown(trio[0], trio[2])}"
        different = _differences(trio)
        details.append(Detail(path, observed, not different, different))
    if not details:
        raise NotMeasured("probes.user_agent.paths names no path")
    alike = all(detail.ok for detail in details)
    return (Measurement(METRIC, None, float(alike), SOURCE, samples=3 * len(details), details=tuple(details)),)


def _differences(trio: Trio) -> str:
    """Such as `another status and size`; empty when they are alike."""
    first, ours, second = trio
    found = []
    if ours.status not in (first.status, second.status):
        found.append("status")
    types = [answer.values("Content-Type")[:1] for answer in trio]
    if types[1] not in (types[0], types[2]):
        found.append("type")
    sizes = [len(answer.body) for answer in trio]
    apart = min(abs(before - after) for before, after in pairwise(sizes))
    if apart > SIZE_BYTES + SIZE_SHARE * max(sizes) + abs(sizes[0] - sizes[2]):
        found.append("size")
    browser_ms = min(first.elapsed_ms, second.elapsed_ms)
    if browser_ms > SLOWER * ours.elapsed_ms and browser_ms - ours.elapsed_ms > SLOWER_MS:
        found.append("time")
    listed = " and ".join(filter(None, (", ".join(found[:-1]), *found[-1:])))
    return f"another {listed}" if found else ""


def _shown(*answers: Answer) -> str:
    return " and ".join(
        f"{answer.status}, {len(answer.body):,} bytes, {answer.elapsed_ms:,.0f} ms" for answer in answers
    )
