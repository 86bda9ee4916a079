"""service.user_agent: whether the service answers us as it answers a browser (a benchmark that is gamed).

Each path is asked as ourselves and as a browser in turn, after the load, when nothing else is waiting: status, type,
size and time of the two must be the same but for chance: what only one side gets, and more than once, is another
treatment, also where it comes with some answers alone. The browser sends all headers of a real one, so a service that
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
from readiness.probes.http import MAX_PROBE_BODY_BYTES, USER_AGENT, FetchFailed, Getter, Message, ProbeAnswer

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
"""A browser's answer must take so many times as long as ours, and so much longer, to be a slow one."""
_FEWEST, _MOST = 5, 10
"""Pairs of each path; more than _FEWEST only while something differs. By chance alone, half of ten answers are slow
where one of ten others is in 2 of 100 cases at most."""
_LEAST = 3
"""Pairs that are enough where the time is over and nothing differs."""
_TWICE = 2
"""What one side alone gets so often is no chance; once may be."""
MOST_S = 30.0
"""For all paths together: time for ten answers of three seconds."""
_NO_ANSWER = 0
"""The status of an answer that a browser did not get."""


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
    """The answers, until they are enough to tell. Who is asked first changes, so that no two instances share us out."""
    pairs: list[tuple[ProbeAnswer, ProbeAnswer]] = []
    while len(pairs) < _FEWEST or (len(pairs) < _MOST and _seems_different(pairs)):
        try:
            browser = _browsers(getter, path, headers, stop) if len(pairs) % 2 else None
            ours = getter.get(path, stop=stop)
            pairs.append((ours, browser or _browsers(getter, path, headers, stop)))
        except FetchFailed as error:
            if error.failure != "stopped" or len(pairs) < _LEAST or _seems_different(pairs):
                raise
            break  # a slow page that is the same for both
    return tuple(pairs)


def _browsers(getter: Getter, path: str, headers: Mapping[str, str], stop: Callable[[], bool]) -> ProbeAnswer:
    """What a browser gets; no answer is one too, where we get others."""
    began_s = time.monotonic()
    try:
        return getter.get(path, stop=stop, message=Message(headers=headers))
    except FetchFailed as error:
        if error.failure == "stopped":
            raise
        return ProbeAnswer(_NO_ANSWER, (), b"", 1000 * (time.monotonic() - began_s), path)


def same(evidence: Evidence) -> tuple[Measurement, ...]:
    """1 when all paths answer both alike, 0 when one does not.

    Raises NotMeasured when one did not answer and no other differs, or when none is declared.
    """
    details = []
    unknown = "probes.user_agent.paths names no path"
    for path, pairs in evidence.agents.items():
        if isinstance(pairs, str):
            unknown = pairs
            continue
        ours, browser = zip(*pairs, strict=True)
        observed = f"{USER_AGENT}: {_shown(ours)}; a browser: {_shown(browser)}"
        different = _differences(pairs)
        details.append(Detail(path, observed, not different, different))
    alike = all(detail.ok for detail in details)
    if alike and len(details) < max(len(evidence.agents), 1):
        raise NotMeasured(unknown)
    asked = sum(2 * len(pairs) for pairs in evidence.agents.values() if not isinstance(pairs, str))
    return (Measurement(USER_AGENT_METRIC, None, float(alike), _SOURCE, samples=asked, details=tuple(details)),)


def _differences(pairs: AnswerPairs) -> str:
    """Such as `another status and size`; empty when they are alike."""
    found = _different(pairs, _TWICE)
    listed = " and ".join(filter(None, (", ".join(found[:-1]), *found[-1:])))
    return f"another {listed}" if found else ""


def _seems_different(pairs: Sequence[tuple[ProbeAnswer, ProbeAnswer]]) -> bool:
    return bool(_different(pairs, 1))


def _different(pairs: Sequence[tuple[ProbeAnswer, ProbeAnswer]], times: int) -> list[str]:
    """In what the sides differ, where one alone gets it so many times."""
    ours, browser = zip(*pairs, strict=True)
    found = []
    if _alone([one.status for one in ours], [one.status for one in browser]) >= times:
        found.append("status")
    if _alone([_type(one) for one in ours], [_type(one) for one in browser]) >= times:
        found.append("type")
    if _other_sizes([_size(one) for one in ours], [_size(one) for one in browser]) >= times:
        found.append("size")
    if _is_slower(ours, browser):
        found.append("time")
    return found


def _alone(ours: Sequence[object], browser: Sequence[object]) -> int:
    """How many answers of one side are as none of the other's."""
    return max(sum(one not in browser for one in ours), sum(one not in ours for one in browser))


def _type(answer: ProbeAnswer) -> tuple[str, ...]:
    return answer.values("Content-Type")[:1]


def _another_type(pairs: AnswerPairs) -> bool:
    return _alone([_type(ours) for ours, _ in pairs], [_type(browser) for _, browser in pairs]) >= _TWICE


def _other_sizes(ours: Sequence[int | None], browser: Sequence[int | None]) -> int:
    """How many sizes of one side lie further from all of the other's than those lie from each other."""
    mine, theirs = [size for size in ours if size is not None], [size for size in browser if size is not None]
    if not mine or not theirs:
        return 0
    same = SIZE_BYTES + SIZE_SHARE * max(*mine, *theirs)

    def beyond(sizes: Sequence[int], others: Sequence[int]) -> int:
        low, high = min(others), max(others)
        apart = same + high - low
        return sum(not low - apart <= size <= high + apart for size in sizes)

    return max(beyond(mine, theirs), beyond(theirs, mine))


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


def _is_slower(ours: Sequence[ProbeAnswer], browser: Sequence[ProbeAnswer]) -> bool:
    """Whether a browser waits longer in half of its answers than we do in all but one, by more than one overlooks."""
    ours_ms = sorted(one.elapsed_ms for one in ours)
    usual_ms = ours_ms[-2:][0]
    slow_ms = max(SLOWER * usual_ms, usual_ms + SLOWER_MS)
    return 2 * sum(one.elapsed_ms > slow_ms for one in browser) >= len(browser)


def _shown(answers: Sequence[ProbeAnswer]) -> str:
    statuses = " or ".join(str(status or "no answer") for status in sorted({answer.status for answer in answers}))
    sizes = _range([len(answer.body) for answer in answers])
    took_ms = [answer.elapsed_ms for answer in answers]
    return (
        f"{statuses}, {sizes} bytes, {statistics.median(took_ms):,.0f} ms (median of {len(answers)}: {_range(took_ms)})"
    )


def _range(values: Sequence[float]) -> str:
    least, most = f"{min(values):,.0f}", f"{max(values):,.0f}"
    return least if least == most else f"{least} to {most}"
