"""Why requests were slow: what the time of the requests went into, by what was measured inside the service. Pure.

Each part of the service has its share of the requests' time (`time_inside`). Where the service splits its own time
(`Server-Timing`), the parts of its slow answers are taken instead. Decision 52 has the reasons.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from readiness.judge import generator_health
from readiness.judge.check import Judged
from readiness.judge.outcome import Outcome
from readiness.judge.outlook import Diagnosis, DiagnosisKind, Tail
from readiness.judge.repeated_statements import in_a_loop, repeated
from readiness.judge.slow_requests import LEAST_SHARE, by_name, is_missed, leading, timing_of
from readiness.judge.standing_still import standing_still
from readiness.judge.steadiness import unsteady
from readiness.judge.time_inside import (
    LEAST_EXPLAINED,
    SlowTime,
    cache_misses,
    caused,
    database_time,
    disk_waits,
    full_pool,
    measured,
    pool_waits,
    queues,
    time_over_s,
)
from readiness.measurements.run import Load, Run
from readiness.metrics.catalogue import find, is_latency
from readiness.text import clean
from readiness.text.numbers import number, quantity, share_words

GROWTH_METRIC = "target.memory.growth"
LEAST_GROWTH_MB = 2.0
"""Per minute, proven; allocators and caches that fill move memory by less."""
_MOST = 4
_LEFT = _MOSTLY = 0.5
"""Where more of the time than this has no cause, the answer is also that it was not identified."""
_MOST_TOLD = 1.05
"""A part of an answer's time that is longer than the whole answer is a mistake or a lie."""
_WORDS: Mapping[DiagnosisKind, frozenset[str]] = {
    DiagnosisKind.POOL: frozenset({"pool", "acquire", "checkout", "connection"}),
    DiagnosisKind.DATABASE: frozenset({"db", "sql", "database", "query", "queries", "postgres", "postgresql", "mysql"}),
    DiagnosisKind.DISK: frozenset({"disk", "fsync", "file", "files", "io", "storage"}),
    DiagnosisKind.GARBAGE: frozenset({"gc", "garbage"}),
    DiagnosisKind.CPU: frozenset({"cpu", "compute"}),
}
"""Names of parts in `Server-Timing` that say what they are."""


def diagnose(run: Run, judged: Sequence[Judged], tail: Tail | None) -> tuple[Diagnosis, ...]:
    """The causes, what explains most first; UNKNOWN where requests were too slow and nothing explains it.

    Empty where nothing was too slow and no check of memory missed its limit.
    """
    load = run.load
    if load is None:
        return ()
    slow = [item for item in judged if is_latency(item.result.name) and is_missed(item)]
    memory = _memory(run, judged, slow=bool(slow))
    if tail is None or not slow or all(item.result.because_failed for item in slow):
        return memory
    records = by_name(load.endpoints)
    time_s = sum(record.ok.sum_us + record.failed_latency.sum_us for record in records.values()) / 1e6
    if not time_s or not load.judged_s:
        return memory
    over = SlowTime(tail.over_ms, time_over_s((record.ok for record in records.values()), tail.over_ms))
    found = [
        one
        for one in (
            *standing_still(load, run.process, over),
            pool_waits(run, time_s),
            database_time(run.database, run.database_process, load, over, time_s),
            cache_misses(load, time_s),
            disk_waits(run.process, time_s),
        )
        if one is not None
    ]
    found = _timed(load, tail, found)
    found += queues(run, load, time_s, found)
    found = sorted((one for one in found if (one.explained or 0) >= LEAST_EXPLAINED), key=_rank)
    ours = _generator(load, slow)
    if not found:
        found = full_pool(run)
    rest = 1.0 - sum(one.explained or 1.0 for one in found)
    saturated = any(one.explained is None for one in ours)
    unknown = (
        [replace(_unknown(run, found, tail), explained=rest if found else None)]
        if rest > _LEFT and not saturated
        else []
    )
    # Unless it was saturated, which spoils every figure, the load generator is one cause among others.
    ranked = [*ours, *found[:_MOST]] if saturated else sorted([*ours, *found[:_MOST]], key=_rank)
    loops = [in_a_loop(one) for one in repeated(run) if one.endpoint in _slow_endpoints(tail)]
    return (*ranked[:1], *loops, *ranked[1:], *unknown, *memory)


def _slow_endpoints(tail: Tail) -> set[str]:
    return {part.name for part in tail.parts if part.share >= LEAST_SHARE}


def _rank(one: Diagnosis) -> float:
    return -(one.explained or 0.0)


def _generator(load: Load, slow: Sequence[Judged]) -> tuple[Diagnosis, ...]:
    """Where the load generator itself can be the cause, it stands before every other one."""
    for item in slow:
        metric = find(item.result.name)
        if metric is None or item.result.value is None or item.limit is None:
            continue
        doubt = generator_health.suspicion(load, metric, item.result.value, item.limit)
        if doubt is None:
            continue
        saturated = load.instrument is None or load.instrument.cpu_share > generator_health.MAX_CPU_SHARE
        part = generator_health.lag_ms(load, metric) / item.result.value if item.result.value else None
        if saturated or (part is not None and part >= LEAST_EXPLAINED):
            text = f"{doubt.reason[:1].upper()}{doubt.reason[1:]}, so the figures may be its own."
            return (caused(DiagnosisKind.GENERATOR, "The load generator itself", None if saturated else part, text),)
    return ()


def _timed(load: Load, tail: Tail, found: Sequence[Diagnosis]) -> list[Diagnosis]:
    """The same, with shares of the slow answers where the service itself splits their time."""
    parts_ms: dict[str, float] = {}
    total_ms = 0.0
    for part in leading(tail):
        timing = timing_of(load, part.name)
        total_ms += timing.total_ms
        for name, spent_ms in timing.parts_ms.items():
            parts_ms[name] = parts_ms.get(name, 0.0) + spent_ms
    known = {one.kind: one for one in found}
    for kind, words in _WORDS.items():
        named = {name: ms for name, ms in parts_ms.items() if words & set(re.split(r"[^a-z]+", name.lower()))}
        if not named or not total_ms:
            continue
        share = sum(named.values()) / total_ms
        if share > _MOST_TOLD:
            continue
        said = f"Server-Timing: {', '.join(clean(name, 40) for name in named)} takes {share_words(min(share, 1.0))} of"
        text = f"{said} the slow answers' time."
        before = known.get(kind)
        title = before.title if before else _TITLES[kind]
        known[kind] = caused(kind, title, share, f"{text} {before.text}" if before else text)
    return list(known.values())


_TITLES: Mapping[DiagnosisKind, str] = {
    DiagnosisKind.POOL: "Waiting for a pool connection",
    DiagnosisKind.DATABASE: "Database work",
    DiagnosisKind.DISK: "Disk waits",
    DiagnosisKind.GARBAGE: "Garbage collection",
    DiagnosisKind.CPU: "CPU work",
}


def _memory(run: Run, judged: Sequence[Judged], *, slow: bool) -> tuple[Diagnosis, ...]:
    """Growth that is proven, where its own check failed; without such a check, where answers became slower with it.

    Every service takes memory while it warms up, so growth alone is the cause of nothing else.
    """
    text = growing(run)
    own = [item for item in judged if item.result.name == GROWTH_METRIC]
    failed = any(item.result.outcome is Outcome.FAIL for item in own)
    course = unsteady(run.load) if slow and not own and run.load else None
    if not text or not (failed or (course and course.rises)):
        return ()
    said = f"{text}; a leak, or a cache that is not full yet: a longer run tells."
    if not failed and course:
        said = f"{text}; meanwhile {course.text}."
    return (caused(DiagnosisKind.MEMORY, "Memory growing", None, said),)


def growing(run: Run) -> str:
    """That memory grew, as a sentence without its end; "" where that is not proven."""
    seen = run.process
    if seen is None or seen.memory_growth_mb is None or seen.memory_growth_mb < LEAST_GROWTH_MB:
        return ""
    least, estimate = quantity(seen.memory_growth_mb, "MB/min"), measured(run, GROWTH_METRIC)
    by = f"{least} or more"
    if estimate is not None and estimate.value is not None:
        by = f"{quantity(estimate.value, 'MB/min')} (proven: {least} or more)"
    return f"The memory of {seen.name} grew by {by} in the measurement window, to {quantity(seen.memory_mb, 'MB')}"


def unjudged_growth(run: Run, judged: Sequence[Judged], diagnoses: Sequence[Diagnosis]) -> tuple[str, ...]:
    """A note on memory that grows where neither a check nor a cause speaks of it."""
    text = growing(run)
    told = any(item.result.name == GROWTH_METRIC for item in judged)
    if not text or told or any(one.kind is DiagnosisKind.MEMORY for one in diagnoses):
        return ()
    return (f"{text}; no check judges it ({GROWTH_METRIC}).",)


def _unknown(run: Run, found: Sequence[Diagnosis], tail: Tail) -> Diagnosis:
    """What was examined, whose requests they are, and what else could be."""
    seen, told = run.process, []
    if seen is not None and seen.reason is None:
        cores = f"{number(seen.cpu_s / max(seen.window_s, 1e-9), '')} of {number(seen.cores, '')} cores"
        disk = share_words(seen.disk_share)
        told.append(f"{seen.name} used {cores} and waited for the disk in {disk} of the samples")
    if (
        run.database is not None
        and run.database.sessions
        and all(one.kind is not DiagnosisKind.DATABASE for one in found)
    ):
        told.append("the database took little of the slow requests' time")
    if told:
        text = f"{'; '.join(told)}. Where the rest of the time went was not measured"
    elif found:
        text = "The rest of the time went where nothing was measured"
    else:
        why = f" ({seen.reason})" if seen is not None and seen.reason else ""
        text = f"Nothing inside the service was measured{why}"
    first = leading(tail)[0]
    if first.requests < tail.requests and first.share >= _MOSTLY:
        text += f"; {share_words(first.share)} of the slow requests are of {clean(first.name, 80)}: see what it calls"
    timing = any(facts.timing.samples for facts in run.load.seen) if run.load else False
    more = [] if timing else ["`probes.server_timing: read`"]
    more += ["READINESS_DATABASE_URL"] if run.database is None else []
    more += ["`probes.pool`"] if measured(run, "pool.wait.mean") is None else []
    hint = f". {', '.join(more)} would tell more." if more else "."
    return caused(DiagnosisKind.UNKNOWN, "Not identified", None, f"{text}{hint}")
