"""service.user_agent: whether the service answers us as it answers a browser (a benchmark that is gamed).

Each path is asked as ourselves and as a browser in turn, after the load, when nothing else is waiting: status, type,
size and time of the two must be the same but for chance. The browser sends all headers of a real one, so a service that
treats `Accept-Language` or `Accept` otherwise is seen too.
"""

from __future__ import annotations

import statistics
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence

from readiness.errors import NotMeasured
from readiness.measurements.provenance import Target
from readiness.measurements.run import Detail, Measurement
from readiness.probes.evidence import AnswerPairs, Evidence
from readiness.probes.http import MAX_PROBE_BODY_BYTES, USER_AGENT, Getter, Message, ProbeAnswer

USER_AGENT_METRIC = "service.user_agent"
_SOURCE = "probe user_agent"
BROWSER: Mapping[str, str] = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en-US,en;q=0.5",
    "Accept-Encoding": "gzip, deflate",
    "Upgrade-Insecure-Requests": "1",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "none",
    "Sec-Fetch-User": "?1",
    "Priority": "u=0, i",
}
"""What Firefox 140 sends with the address of a page, but for `br, zstd`, whose bodies this program cannot read."""
SIZE_BYTES, SIZE_SHARE = 64, 0.1
"""Sizes that lie closer than this are the same page: tokens and times differ in length."""
SLOWER, SLOWER_MS = 1.5, 20.0
"""A browser's median answer must take so many times as long as ours, and so much longer, to be another treatment."""
_FEWEST, _MOST = 3, 5
"""Pairs of each path; more than _FEWEST only while the browser seems to wait longer. By chance alone, five answers are
all slower than at least four of five others in 6 of 252 cases."""
MOST_S = 20.0
"""For all paths together."""


def ask_all(target: Target, paths: Iterable[str], stopped: Callable[[], bool]) -> Mapping[str, AnswerPairs | str]:
    """Path -> its answers to us and to a browser in turn; or the reason why there are none."""
    found: dict[str, AnswerPairs | str] = {}
    ends_s = time.monotonic() + MOST_S

    def stop() -> bool:
        return stopped() or time.monotonic() > ends_s

    with Getter(target) as getter:
        for path in dict.fromkeys(paths):
            try:
                pairs = _ask(getter, path, BROWSER, stop)
                if _another_type(pairs):
                    # What a service has in several types it chooses by Accept: compare like with like.
                    pairs = _ask(getter, path, {**BROWSER, "Accept": "*/*"}, stop)
                found[path] = pairs
            except NotMeasured as error:
                found[path] = f"{error}, while it was asked as a browser and as ourselves, after the load"
    return found


def _ask(getter: Getter, path: str, headers: Mapping[str, str], stop: Callable[[], bool]) -> AnswerPairs:
    pairs: list[tuple[ProbeAnswer, ProbeAnswer]] = []
    while len(pairs) < _FEWEST or (len(pairs) < _MOST and _seems_slower(pairs)):
        ours = getter.get(path, stop=stop)
        pairs.append((ours, getter.get(path, stop=stop, message=Message(headers=headers))))
    return tuple(pairs)


def same(evidence: Evidence) -> tuple[Measurement, ...]:
    """1 when all paths answer both alike, else 0. Raises NotMeasured when one did not answer, or none is declared."""
    details = []
    for path, pairs in evidence.agents.items():
        if isinstance(pairs, str):
            raise NotMeasured(pairs)
        ours, browser = zip(*pairs, strict=True)
        observed = f"{USER_AGENT}: {_shown(ours)}; a browser: {_shown(browser)}"
        different = _differences(pairs)
        details.append(Detail(path, observed, not different, different))
    if not details:
        raise NotMeasured("probes.user_agent.paths names no path")
    alike = all(detail.ok for detail in details)
    asked = sum(2 * len(pairs) for pairs in evidence.agents.values())
    return (Measurement(USER_AGENT_METRIC, None, float(alike), _SOURCE, samples=asked, details=tuple(details)),)


def _differences(pairs: AnswerPairs) -> str:
    """Such as `another status and size`; empty when they are alike."""
    found = []
    if {ours.status for ours, _ in pairs}.isdisjoint(browser.status for _, browser in pairs):
        found.append("status")
    if _another_type(pairs):
        found.append("type")
    if _another_size([_size(ours) for ours, _ in pairs], [_size(browser) for _, browser in pairs]):
        found.append("size")
    if len(pairs) >= _MOST and _seems_slower(pairs):
        found.append("time")
    listed = " and ".join(filter(None, (", ".join(found[:-1]), *found[-1:])))
    return f"another {listed}" if found else ""


def _another_type(pairs: AnswerPairs) -> bool:
    kinds = [{answer.values("Content-Type")[:1] for answer in side} for side in zip(*pairs, strict=True)]
    return kinds[0].isdisjoint(kinds[1])


def _another_size(ours: Sequence[int | None], browser: Sequence[int | None]) -> bool:
    """Whether even the sizes that are closest lie further apart than sizes of one side do."""
    mine, theirs = [size for size in ours if size is not None], [size for size in browser if size is not None]
    if not mine or not theirs:
        return False
    apart = max(min(theirs) - max(mine), min(mine) - max(theirs))
    spread = max(max(mine) - min(mine), max(theirs) - min(theirs))
    return apart > SIZE_BYTES + SIZE_SHARE * max(*mine, *theirs) + spread


def _size(answer: ProbeAnswer) -> int | None:
    """Bytes of the page itself; None where it is packed in a way that cannot be read."""
    coding = ", ".join(answer.values("Content-Encoding")).strip().lower()
    if coding in ("", "identity"):
        return len(answer.body)
    if coding not in ("gzip", "x-gzip", "deflate"):
        return None
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        return len(unpacker.decompress(answer.body, MAX_PROBE_BODY_BYTES))
    except zlib.error:
        return None


def _seems_slower(pairs: Sequence[tuple[ProbeAnswer, ProbeAnswer]]) -> bool:
    """Whether a browser waits longer in nearly all answers, and by more than anybody would overlook."""
    ours_ms = sorted(ours.elapsed_ms for ours, _ in pairs)
    browser_ms = sorted(browser.elapsed_ms for _, browser in pairs)
    mine_ms, theirs_ms = statistics.median(ours_ms), statistics.median(browser_ms)
    return browser_ms[0] > ours_ms[-2] and theirs_ms > SLOWER * mine_ms and theirs_ms - mine_ms > SLOWER_MS


def _shown(answers: Sequence[ProbeAnswer]) -> str:
    statuses = " or ".join(str(status) for status in sorted({answer.status for answer in answers}))
    took_ms = statistics.median(answer.elapsed_ms for answer in answers)
    return f"{statuses}, {len(answers[0].body):,} bytes, {took_ms:,.0f} ms (median of {len(answers)})"
