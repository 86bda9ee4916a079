"""What one part of a service takes of its requests' time: pool, database, cache, disk and CPU. Pure.

The yardstick is the time of the requests that took longer than they may. By Little's law, threads that wait for the
disk, active sessions of the database and time waited in a pool are shares of the time of all requests of the
measurement window, whoever measured them, and count for the slow ones in proportion; statements of the database count
only in requests that can hold them. What is left belongs to a resource that was busy all the time, because requests
queue for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from readiness.judge.outlook import Diagnosis, DiagnosisKind
from readiness.judge.slow_requests import by_name
from readiness.measurements.database import Activity, Statement
from readiness.measurements.histogram import Histogram
from readiness.measurements.process_activity import ProcessActivity
from readiness.measurements.run import Load, Measurement, Run
from readiness.text import clean
from readiness.text.numbers import count, number, quantity, share_words

LEAST_EXPLAINED = 0.15
"""What explains less of the requests' time is no cause of their slowness."""
_BUSY = 0.85
"""From this share of the samples on, or of the cores, a resource is busy all the time."""
_ONE_AT_A_TIME = 1.6
"""At most so many busy threads on average: the process does one thing at a time."""
_STARVED = 0.6
"""Below this share of the cores that its ready threads could use, others have them."""
_SEVERAL = 1.5
"""From so many threads on a sum of their waits is longer than the window, and says nothing without their number."""
_LEAST_SAMPLES = 20
_LEAST_SESSIONS = _LEAST_LOOKUPS = 5
_THROTTLED = 0.2
_MOST_TEXT = 160
_MOST_OF_ALL = 0.6
_MOSTLY = 0.5
_ALIKE = 0.2
"""Numbers that differ by this part are of the same requests; the rest is of probes, and of both ends of the window."""
_FULL = 99.9
"""Percent of a pool."""
_FIXES: Mapping[DiagnosisKind, str] = {
    DiagnosisKind.STANDSTILL: "Take a profile or a stack dump in such a moment; move that work out of the way.",
    DiagnosisKind.GENERATOR: "Give the load generator a core of its own, or send less load from this machine.",
    DiagnosisKind.CPU: "Profile that endpoint, or run more worker processes or instances.",
    DiagnosisKind.CONTENTION: "Free the machine of its other work, or give the service cores of its own.",
    DiagnosisKind.POOL: "Hold connections for less time, or make the pool larger within what the database allows.",
    DiagnosisKind.DATABASE: "Read the plan of the named statement, and shorten the transactions that hold its locks.",
    DiagnosisKind.DISK: "Write less, later or in batches, away from the request; or use a faster disk.",
    DiagnosisKind.CACHE: "Lengthen the time to live of what rarely changes, and warm the cache before traffic comes.",
    DiagnosisKind.GARBAGE: "Allocate less in each request, or give the heap more room.",
    DiagnosisKind.MEMORY: "Compare two heap dumps; search for caches without a bound and lists that only grow.",
}


def caused(kind: DiagnosisKind, title: str, explained: float | None, text: str) -> Diagnosis:
    """One cause with what helps; `explained` is kept within 0 and 1."""
    part = None if explained is None else min(max(explained, 0.0), 1.0)
    return Diagnosis(kind, title, part, text, _FIXES.get(kind, ""))


@dataclass(frozen=True, slots=True)
class SlowTime:
    """The requests that are to be explained."""

    over_ms: float
    total_s: float
    """Their whole time."""


def pool_waits(run: Run, time_s: float) -> Diagnosis | None:
    """From the service's own counter of time waited; else from sessions of the database that were always all busy."""
    waited, full = (measured(run, name) for name in ("pool.wait.mean", "pool.saturation"))
    filled = f"; at the busiest reading {quantity(full.value, '%')} of the pool was in use" if full else ""
    if waited is not None and waited.value and waited.samples:
        part = waited.value * waited.samples / 1000 / time_s
        text = (
            f"A request for a connection waited {quantity(waited.value, 'ms')} on average "
            f"({count(waited.samples, 'request')}){filled}: the pool is too small for how long connections are held."
        )
        return caused(DiagnosisKind.POOL, "Waiting for a pool connection", part, text)
    sessions = run.database.sessions if run.database else ()
    used = [one.active + one.idle_in_transaction for one in sessions]
    most, waiting = max(used, default=0), time_s / (run.load.judged_s if run.load else 1.0)
    if len(used) < _LEAST_SAMPLES or not most or sum(n == most for n in used) < _BUSY * len(used):
        return None
    text = (
        f"All {count(most, 'database session')} that the service ever used at once were busy in "
        f"{share_words(sum(n == most for n in used) / len(used))} of {len(used):,} samples, while "
        f"{number(waiting, '')} requests were under way on average{filled}: the pool is too small for this load."
    )
    return caused(DiagnosisKind.POOL, "Waiting for a pool connection", (waiting - most) / waiting, text)


def full_pool(run: Run) -> list[Diagnosis]:
    """Where nobody counted the time waited, and nothing else explains it."""
    full = measured(run, "pool.saturation")
    if full is None or (full.value or 0.0) < _FULL:
        return []
    text = "At the busiest reading the whole pool was in use; how long requests waited was not measured "
    text += "(`probes.pool.waited_ms`)."
    return [caused(DiagnosisKind.POOL, "Pool fully used", None, text)]


def at_work(seen: Activity | None) -> float:
    """Sessions of the database that were at work, on average; 0 where too few samples say so."""
    if seen is None or len(seen.sessions) < _LEAST_SESSIONS:
        return 0.0
    return sum(one.active for one in seen.sessions) / len(seen.sessions)


def database_time(
    seen: Activity | None, server: ProcessActivity | None, load: Load, slow: SlowTime, time_s: float
) -> Diagnosis | None:
    """The part of the active sessions that belongs to requests over the limit, for each of those under way."""
    mean = at_work(seen)
    if seen is None or not mean:
        return None
    requests = time_s / load.judged_s
    active, waiting = mean * len(seen.sessions), sum(seen.waits.values())
    by_statement = sorted(((one, part_of_slow(one, load, slow)) for one in seen.statements), key=_spent, reverse=True)
    spent_ms = sum(one.total_ms for one in seen.statements)
    part = sum(map(_spent, by_statement)) / spent_ms if spent_ms else slow.total_s / time_s
    locked = min(sum(n for wait, n in seen.waits.items() if wait.startswith("Lock:")) / active, 1.0)
    in_slow_s = max(part, locked) * mean * load.judged_s
    waits = sorted(seen.waits.items(), key=lambda item: -item[1])[:2]
    text = f"On average {number(mean, '')} sessions of the database were at work for {number(requests, '')} requests"
    waited = waiting >= 0.5 * active
    if waits and waiting >= 0.1 * active:
        named = " and ".join(f"{clean(wait, 60)} ({share_words(min(n / active, 1.0))})" for wait, n in waits)
        text += f"; of their time they waited for {named}"
    if spent_ms:
        first = by_statement[0][0]
        said = clean(first.text, _MOST_TEXT)
        text += (
            f"; {share_words(first.total_ms / spent_ms)} of the time of the top statements is `{said}`, "
            f"{quantity(first.mean_ms, 'ms')} a call"
        )
    elif seen.statements_reason:
        text += "; which statement is not known (pg_stat_statements was not read)"
    title = "Database waits" if waited else "Database work"
    if server is not None and server.reason is None and server.window_s:
        used = server.cpu_s / server.window_s
        text += f"; its processes used {number(used, '')} of the {number(server.cores, '')} cores that they may use"
        if not waited and used >= _BUSY * server.cores:
            title = "Database CPU saturated"
    return caused(DiagnosisKind.DATABASE, title, in_slow_s / max(slow.total_s, 1e-9), f"{text}.")


def part_of_slow(statement: Statement, load: Load, slow: SlowTime) -> float:
    """Share (0 to 1) of the statement's time that requests over the limit spent.

    A call fits only into a request that took as long. Where an endpoint has as many requests as the statement has
    calls, and usually takes as long, the statement is its. Where most of the requests that it fits into kept the limit,
    it took its usual time in the others too, and made none of them slow. A statement that is called more often than
    that is taken to be in all of them, by their time.
    """
    if not statement.calls:
        return 0.0
    records = by_name(load.endpoints)
    fits = [record.ok for record in records.values() if (record.ok.quantile_ms(0.5) or 0.0) >= statement.mean_ms]
    its = [one for one in fits if abs(statement.calls - one.total) <= _ALIKE * one.total]
    among = its or [record.ok for record in records.values()]
    least_ms = max(statement.mean_ms, slow.over_ms)
    fit = sum(one.count_over_ms(statement.mean_ms, inclusive=True)[1] for one in among)
    over = sum(one.count_over_ms(least_ms, inclusive=True)[1] for one in among)
    if not fit:
        return 0.0
    if statement.calls > (1 + _ALIKE) * fit:
        return time_over_s(among, least_ms) / max(time_over_s(among, statement.mean_ms), 1e-9)
    return over / fit if over >= _MOSTLY * fit else 0.0


def _spent(pair: tuple[Statement, float]) -> float:
    """Time of a statement in requests over the limit, ms."""
    return pair[0].total_ms * pair[1]


def time_over_s(histograms: Iterable[Histogram], over_ms: float) -> float:
    """The time of the requests that took that long or longer, as far as the buckets tell."""
    return sum(us * n for seen in histograms for us, n in seen.buckets_us() if us >= 1000 * over_ms) / 1e6


def cache_misses(load: Load, time_s: float) -> Diagnosis | None:
    """What misses took beyond hits of the same endpoint."""
    lost_s, misses, lookups, worst = 0.0, 0, 0, ("", 0.0)
    for seen in load.seen:
        hit_ms, miss_ms = seen.hit.mean_ms, seen.miss.mean_ms
        if hit_ms is None or miss_ms is None or seen.hit.total < _LEAST_LOOKUPS or miss_ms <= hit_ms:
            continue
        lost_s += seen.miss.total * (miss_ms - hit_ms) / 1000
        misses, lookups = misses + seen.miss.total, lookups + seen.hit.total + seen.miss.total
        worst = max(worst, (seen.name, miss_ms - hit_ms), key=lambda one: one[1])
    if not misses:
        return None
    text = (
        f"{misses:,} of {count(lookups, 'look-up')} missed the cache; a miss takes up to "
        f"{quantity(worst[1], 'ms')} longer than a hit ({clean(worst[0], 80)})."
    )
    return caused(DiagnosisKind.CACHE, "Cache misses", lost_s / time_s, text)


def disk_waits(seen: ProcessActivity | None, time_s: float) -> Diagnosis | None:
    """Threads that waited for the disk, for each request under way."""
    if seen is None or seen.samples < _LEAST_SAMPLES or not seen.disk:
        return None
    text = (
        f"{seen.name} waited for the disk in {share_words(seen.disk_share)} of {seen.samples:,} samples, "
        f"with {number(seen.disk, '')} threads on average."
    )
    return caused(DiagnosisKind.DISK, "Disk waits", seen.disk * seen.window_s / time_s, text)


def queues(run: Run, load: Load, time_s: float, found: list[Diagnosis]) -> list[Diagnosis]:
    """CPU, and the queue for what was busy all the time: to it belongs the time that nothing else explains.

    Where others had the cores that its ready threads could have used, the queue belongs to both in proportion.
    """
    seen, server = run.process, run.database_process
    if seen is None or seen.reason is not None or seen.samples < _LEAST_SAMPLES:
        return []
    rest = max(1.0 - sum(one.explained or 0.0 for one in found if one.kind is not DiagnosisKind.DISK), 0.0)
    used = seen.cpu_s / seen.window_s
    serial = seen.busy_share >= _BUSY and seen.busiest <= _ONE_AT_A_TIME
    full = used >= _BUSY * seen.cores
    disk = next((one for one in found if one.kind is DiagnosisKind.DISK), None)
    if serial and disk is not None:
        # One thing at a time, partly disk and partly CPU: the queue belongs to both in proportion.
        of_disk = rest * seen.disk_share / max(seen.disk_share + seen.running_share, 1e-9)
        found[found.index(disk)] = replace(disk, explained=max(of_disk, disk.explained or 0.0))
        rest -= of_disk
    elif disk is not None:
        rest = max(rest - (disk.explained or 0.0), 0.0)
    if any(one.kind is DiagnosisKind.CPU for one in found):
        return []
    more: list[Diagnosis] = []
    where = _burner(load, seen.cpu_s, at_work(run.database) * load.judged_s)
    cores = f"{number(used, '')} of the {number(seen.cores, '')} cores that it may use"
    starved = used < _STARVED * seen.running and not _held(seen)  # the wait for a core holds the quota's too
    wanted = seen.running_share >= _BUSY and (seen.running <= _ONE_AT_A_TIME or starved)
    if wanted or full or (serial and seen.running_share >= 0.5 * seen.busy_share):
        how = f"{seen.name} used {cores}"
        if not full:
            serially = ", one thing at a time" if seen.running <= _ONE_AT_A_TIME else ""
            how += f" and was computing or ready to in {share_words(seen.running_share)} of the samples{serially}"
        if _held(seen):
            how += f"; its CPU quota held it back in {share_words(seen.throttled or 0)} of the periods"
        text, of_others = f"{how}: requests queue for it{where}.", 0.0
        if starved and (others := _others_took(seen, server)):
            of_others = rest * (1 - used / seen.running)
            more.append(caused(DiagnosisKind.CONTENTION, "No free core", of_others, others))
        return [*more, caused(DiagnosisKind.CPU, "CPU saturated", rest - of_others, text)]
    if _held(seen):
        text = f"The CPU quota of {seen.name} held it back in {share_words(seen.throttled or 0)} of the periods{where}."
        return [caused(DiagnosisKind.CPU, "CPU quota", rest, text)]
    if text := no_free_core(seen, time_s, server):
        waited = (seen.waited_for_core_s or 0.0) / time_s
        more.append(caused(DiagnosisKind.CONTENTION, "No free core", min(waited, rest), text))
    text = f"{seen.name} computed for {seen.cpu_s:,.1f} s of the {time_s:,.1f} s that its requests took{where}."
    return [*more, caused(DiagnosisKind.CPU, "CPU work", min(seen.cpu_s / time_s, rest), text)]


def no_free_core(seen: ProcessActivity, time_s: float, server: ProcessActivity | None = None) -> str:
    """How long its threads waited for cores that others had; empty when that explains little, or was its own doing."""
    explains = bool(time_s) and (seen.waited_for_core_s or 0.0) / time_s >= LEAST_EXPLAINED
    return _others_took(seen, server) if explains else ""


def _others_took(seen: ProcessActivity, server: ProcessActivity | None) -> str:
    """The same, however little it explains. What its database, the `server`, computed here is its own doing too."""
    used = seen.cpu_s / seen.window_s
    of_server = server.cpu_s / server.window_s if server and server.reason is None and server.window_s else 0.0
    if not seen.waited_for_core_s or _held(seen) or used + of_server >= _BUSY * seen.cores:
        return ""
    at_once = seen.waited_for_core_s / seen.window_s
    waited = f"{seen.waited_for_core_s:,.1f} s" + (f" in sum, {at_once:,.0f} at a time," if at_once >= _SEVERAL else "")
    return (
        f"Threads of {seen.name} were ready to run and waited {waited} for a free core, while "
        f"it used {number(used, '')} of the {number(seen.cores, '')} cores that it may use: other processes of this "
        "machine took them."
    )


def _held(seen: ProcessActivity) -> bool:
    return seen.throttled is not None and seen.throttled >= _THROTTLED


def _burner(load: Load, cpu_s: float, database_s: float) -> str:
    """The endpoint whose requests need most of the CPU time, by what its fastest answer took; "" where none fits.

    The fastest answer, ramp-up included, waited for nobody. An endpoint that would need more CPU time than there was
    spends its time otherwise, on waiting; and so does one whose time the database was at work for. Where none was fast,
    it is the one that most of the time was spent in.
    """
    best, requests, least_us = "", 0, 0
    records = by_name(load.endpoints)
    for name, record in records.items():
        group = [endpoint for endpoint in load.endpoints if endpoint.name == name]
        fastest = [part.min_us for one in group for part in (one.judged.ok, one.warm_up.ok) if part.total]
        n, us = record.ok.total, min(fastest, default=0)
        if requests * least_us < n * us <= 1.25e6 * cpu_s and n * us > 2e6 * database_s:
            best, requests, least_us = name, n, us
    if requests * least_us < 0.5e6 * cpu_s:
        whole_us = sum(record.ok.sum_us for record in records.values())
        longest = max(records, key=lambda name: records[name].ok.sum_us)
        part = records[longest].ok.sum_us / max(whole_us, 1)
        return f"; {clean(longest, 80)} takes {share_words(part)} of the time" if part >= _MOST_OF_ALL else ""
    least = quantity(least_us / 1000, "ms")
    return f"; {clean(best, 80)} needs most of it ({count(requests, 'request')} of {least} or more each)"


def measured(run: Run, name: str) -> Measurement | None:
    """The measurement of that name that has a value."""
    return next((one for one in run.measurements if one.metric == name and one.value is not None), None)
