"""What is always true of run.json, as a list: every sentence is a law, and a file that breaks one is refused.

The single values (types, signs, figures of a histogram against its buckets) are refused where they are read
(readiness/measurements/codec.py, packed.py); here the values are held against each other. The laws of the requests are
in readiness/measurements/request_invariants.py, those of the measurements in measured_invariants.py beside it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from readiness.measurements.law import Broken, Law, laws_of
from readiness.measurements.lost_time import HALF
from readiness.measurements.measured_invariants import MEASURED_LAWS
from readiness.measurements.request_invariants import ROUNDING_S, RUN_REQUEST_LAWS, items
from readiness.measurements.run import DECIDED, Measurement, Rate, Run, Slice
from readiness.text import HIDDEN, clean
from readiness.text.numbers import moment

CLOCK_S = 1.0
"""How far the wall clock may be set back in a run: times of day are read from it, the load's times are not."""


def no_more_users_than_planned(run: Run) -> Broken:
    """Nothing is told of more users than a closed load has. An open one makes more where answers take long."""
    if run.load is None or run.load.model == "open":
        return
    most = max([run.load.users, *(math.ceil(step.height) for step in run.load.steps)])
    told = [(path, second.users) for path, second in items(run, lambda load: load.series, "series")]
    told += [(path, stall.users) for path, stall in items(run, lambda load: load.stalls, "stalls")]
    told += [(path, pace.users) for path, pace in items(run, lambda load: load.paces, "paces")]
    told.append(("$.load.paces", sum(pace.users for pace in run.load.paces)))
    for path, users in told:
        if users > most:
            yield path, f"{users:,} users, but the load has {most:,}"
            return


def load_is_the_planned_one(run: Run) -> Broken:
    """Model, users, rate and length of the load are those of the plan."""
    if run.load is None:
        return
    load = run.load
    for key, value in (
        ("model", load.model),
        ("users", load.users),
        ("rate_per_s", load.rate_per_s),
        ("duration_s", load.planned_s),
    ):
        if key in run.plan and run.plan[key] != value:
            yield "$.load", f"{key} is {value}, but the plan says {clean(run.plan[key], 60)}"


def plan_has_its_hash(run: Run) -> Broken:
    """The hash of the plan is that of the plan and the files of its scenarios."""
    if len(run.plan_hash) != 64 or HIDDEN in json.dumps([*run.plan.values()]):
        return
    whole = {"plan": dict(run.plan), "scenarios": dict(run.provenance.scenarios)}
    true = hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()
    if true != run.plan_hash:
        yield "$.plan_hash", f"is {clean(run.plan_hash[:12])}…, but plan and scenarios give {true[:12]}…"


def model_has_its_figures(run: Run) -> Broken:
    """A closed load has users and no arrivals; an open one has a rate."""
    if run.load is None:
        return
    load = run.load
    if load.model not in ("closed", "open"):
        yield "$.load.model", f'"{clean(load.model, 60)}" is neither closed nor open'
    if load.model == "closed" and (load.rate_per_s is not None or load.intended_judged or load.ledger.dropped):
        yield "$.load", "is closed, and has a rate, or arrivals that were due or dropped"
    if load.model == "open" and not load.rate_per_s:
        yield "$.load", "is open, and has no rate"
    if load.users < 1:
        yield "$.load.users", f"is {load.users}"


def arrivals_add_up(run: Run) -> Broken:
    """Arrivals that were never sent are some of those that were due, and stand in the ledger."""
    if run.load is None:
        return
    load = run.load
    if load.dropped_judged > load.ledger.dropped:
        yield (
            "$.load",
            f"dropped_judged is {load.dropped_judged:,}, but the ledger has only {load.ledger.dropped:,} dropped",
        )
    if load.unanswered_judged > load.dropped_judged:
        yield "$.load", f"unanswered_judged is {load.unanswered_judged:,} of {load.dropped_judged:,} dropped"
    if load.intended_judged and load.dropped_judged > load.intended_judged:
        yield "$.load", f"dropped_judged is {load.dropped_judged:,} of {load.intended_judged:,} that were due"
    if (dropped := sum(step.dropped for step in load.steps)) > load.ledger.dropped:
        yield "$.load.steps", f"count {dropped:,} dropped, the ledger {load.ledger.dropped:,}"


def window_is_a_time(run: Run) -> Broken:
    """The measurement window begins, ends, and is no longer than planned."""
    if run.load is None:
        return
    load = run.load
    if load.planned_s <= 0:
        yield "$.load", f"planned_s is {load.planned_s:g}; a load lasts longer than 0 s"
    if load.judged_start_s < 0 or load.judged_end_s < load.judged_start_s:
        yield "$.load", f"the measurement window cannot last from {load.judged_start_s:g} s to {load.judged_end_s:g} s"
    # A window whose load generator was lost ends with the last that was heard of it, some seconds late at most.
    if load.judged_s > 1.1 * load.planned_s + 10:
        yield "$.load", f"the measurement window lasts {load.judged_s:g} s of {load.planned_s:g} s planned"


def stalls_are_times(run: Run) -> Broken:
    """A standstill begins, and then it ends."""
    for path, stall in items(run, lambda load: load.stalls, "stalls"):
        assert run.load is not None
        # A gap of the drain is cut at the end of the window, so one that begins after it may end before it begins.
        backwards = stall.end_s < stall.start_s < run.load.judged_end_s and run.load.judged_s > 0
        if min(stall.start_s, stall.end_s) < 0 or backwards:
            yield path.replace("$.load.", "$.load: "), f"cannot last from {stall.start_s:g} s to {stall.end_s:g} s"


def run_lasts_as_long_as_its_load(run: Run) -> Broken:
    """The run begins, ends, and is long enough for its load."""
    start, end = moment(run.started_at), moment(run.ended_at)
    if start is None or end is None:
        path, text = ("$.started_at", run.started_at) if start is None else ("$.ended_at", run.ended_at)
        yield path, f'"{clean(text, 60)}" is not a time with a zone, such as 2026-01-31T12:00:00Z'
        return
    lasted_s = (end - start).total_seconds()
    needed_s = run.load.judged_end_s if run.load else 0.0
    if lasted_s < needed_s - CLOCK_S or lasted_s < -CLOCK_S:
        yield "$.ended_at", f"is {lasted_s:g} s after the start, but the load lasted until second {needed_s:g}"


def only_a_load_that_was_watched_is_decided_early(run: Run) -> Broken:
    """A load that ended because all was decided is one whose checks were judged meanwhile."""
    if run.load and run.load.ending == DECIDED and not run.load.looked:
        yield "$.load.ending", "is decided, but looked is false"


def idle_scenarios_sent_nothing(run: Run) -> Broken:
    """A scenario that started no request has no request at any endpoint."""
    for path, endpoint in items(run, lambda load: load.endpoints, "endpoints"):
        assert run.load is not None
        if endpoint.scenario in run.load.idle_scenarios and endpoint.judged.requests + endpoint.warm_up.requests:
            yield path, f'the scenario "{clean(endpoint.scenario, 60)}" is idle, and sent requests'


def paces_are_parts_of_their_users(run: Run) -> Broken:
    """Of the users of a scenario some are watched, and some of their iterations had no pause."""
    for path, pace in items(run, lambda load: load.paces, "paces"):
        for part, whole in (
            ("watched", "users"),
            ("unpaused", "iterations"),
        ):
            if getattr(pace, part) > getattr(pace, whole):
                yield path, f"{part} is {getattr(pace, part):,}, but {whole} is {getattr(pace, whole):,}"
        if pace.interval.total > pace.iterations:
            yield path, f"{pace.interval.total:,} intervals of {pace.iterations:,} iterations"


def lookups_are_those_that_were_seen(run: Run) -> Broken:
    """The cache header's look-ups are the hits and misses of the endpoints, and each of those is a request."""
    if run.load is None or not run.load.seen:
        return
    load = run.load
    hits = sum(seen.hit.total for seen in load.seen)
    found = Rate(hits, hits + sum(seen.miss.total for seen in load.seen))
    told = load.header_rate
    if told is not None and (told.hits, told.total) != (found.hits, found.total):
        yield (
            "$.load.header_rate",
            f"{told.hits:,} of {told.total:,} hit, but the endpoints saw {found.hits:,} of {found.total:,}",
        )
    blocks = tuple(map(sum, zip(*told.blocks, strict=True))) if told is not None else ()
    if told is not None and blocks and blocks != (told.hits, told.total):
        yield "$.load.header_rate", f"its blocks do not count its {told.hits:,} hits of {told.total:,} look-ups"
    requests = {(one.scenario, one.name): one.judged.requests for one in load.endpoints}
    for path, seen in items(run, lambda load: load.seen, "seen"):
        most = requests.get((seen.scenario, seen.name), 0)
        if seen.hit.total + seen.miss.total > most:
            yield path, f"{seen.hit.total + seen.miss.total:,} look-ups of {most:,} requests"


def what_was_examined_is_among_the_answers(run: Run) -> Broken:
    """Log-in pages and errors are found among the good answers that were examined, and each of these is a request."""
    good = {(one.scenario, one.name): one.judged.ok.total for one in run.load.endpoints} if run.load else {}
    for path, seen in items(run, lambda load: load.seen, "seen"):
        found, most = seen.examined, good.get((seen.scenario, seen.name), 0)
        wrong = found.errors + found.pages + found.empty + found.failed + found.refused
        parts = (found.at_log_in + wrong, found.emptied + found.refilled, found.turned + found.recovered)
        if not max(parts) <= found.answers <= most or found.meant > found.errors:
            told = f"{found.at_log_in:,} log-in pages and {wrong:,} errors"
            yield path, f"{told} in {found.answers:,} examined of {most:,} good answers"


def what_was_examined_is_all_there(run: Run) -> Broken:
    """Since version 0.2 a run has as many examined answers as it tells, and tells the time without an answer."""
    if run.load is None:
        return
    load, found = run.load, sum(seen.examined.answers for seen in run.load.seen)
    if load.examined is not None and load.examined != found:
        yield "$.load.seen", f"{found:,} examined answers, but examined is {load.examined:,}"
    if _is_older(run.provenance.tool_version):
        return
    if load.examined is None:
        yield "$.load", f"examined is missing, which {clean(run.provenance.tool_version, 60)} writes"
    if load.unanswered is None and load.model == "closed" and not run.doubts and not run.interrupted:
        yield "$.load", f"unanswered is missing, which {clean(run.provenance.tool_version, 60)} writes"


def requests_without_an_answer_failed(run: Run) -> Broken:
    """Requests without an answer are of a closed load, failed or are in flight, and take time of the window alone."""
    if run.load is None or run.load.unanswered is None:
        return
    load, lost, path = run.load, run.load.unanswered, "$.load.unanswered"
    if load.model != "closed":
        yield path, "belongs to a closed load, but this one is open"
    failed = sum(load.ledger.failed.values()) + load.ledger.in_flight
    if lost.requests > failed:
        yield path, f"{lost.requests:,} requests, but only {failed:,} failed or are in flight"
    before = sum(one.warm_up.failures + one.warm_up.in_flight for one in load.endpoints)
    if lost.from_before > lost.requests or (lost.from_before > before and not run.doubts):
        yield path, f"from_before is {lost.from_before:,} of {min(lost.requests, before):,} requests"
    # The windows of several load generators end within a moment.
    least_s, most_s = HALF * load.judged_s - CLOCK_S, load.judged_s + CLOCK_S
    if not lost.from_before * least_s <= lost.time_s <= lost.requests * most_s:
        yield path, f"{lost.time_s:g} s of {lost.requests:,} requests in a window of {load.judged_s:g} s"


def steps_are_of_one_climb(run: Run) -> Broken:
    """Steps follow each other, at most one is judged, and what was asked in the others is not judged at all."""
    if run.load is None or not run.load.steps:
        return
    load = run.load
    if sum(step.judged for step in load.steps) > 1:
        yield "$.load.steps", "more than one is judged"
    before = {(one.scenario, one.name): one.warm_up.requests for one in load.endpoints}
    asked: Counter[tuple[str, str]] = Counter()
    ended_s = 0.0
    for index, step in enumerate(load.steps):
        path = f"$.load.steps[{index}]"
        if step.end_s < step.start_s or step.start_s < ended_s - ROUNDING_S:
            yield path, f"cannot last from {step.start_s:g} s to {step.end_s:g} s"
        if step.intended and step.dropped > step.intended:
            yield path, f"{step.dropped:,} dropped of {step.intended:,} that were due"
        if step.unanswered > step.dropped:
            yield path, f"{step.unanswered:,} unanswered of {step.dropped:,} dropped"
        if step.judged and (step.intended, step.dropped) != (load.intended_judged, load.dropped_judged):
            yield path, "is judged, but its arrivals are not those of the load"
        ended_s = step.end_s
        asked.update({(one.scenario, one.name): one.record.requests for one in step.endpoints})
    for (scenario, name), requests in asked.items():
        most = before.get((scenario, name), 0)
        if requests > most:
            yield "$.load.steps", f"{requests:,} requests to {clean(name, 60)}, but the load has {most:,} not judged"


def instruments_are_of_one_piece(run: Run) -> Broken:
    """Pauses end after they begin, the longest is one of them, and no more files are open than may be."""
    if run.load is None:
        return
    found = [("$.load.instrument", run.load.instrument)]
    found += [(f"$.load.steps[{index}].instrument", step.instrument) for index, step in enumerate(run.load.steps)]
    for path, one in found:
        if one is None:
            continue
        if one.gc_longest_s > one.gc_s + ROUNDING_S or (one.gc_s and not one.gc_pauses):
            yield path, f"{one.gc_pauses:,} collections of {one.gc_s:g} s, the longest {one.gc_longest_s:g} s"
        if any(pause.end_s < pause.start_s for pause in one.pauses):
            yield path, "a pause ends before it begins"
        if one.fd_limit is not None and one.fds > one.fd_limit:
            yield path, f"{one.fds:,} files were open, {one.fd_limit:,} may be"
        if one.calibration is not None and one.calibration.failed > one.calibration.requests:
            yield path, f"{one.calibration.failed:,} of {one.calibration.requests:,} requests of the calibration failed"


def times_are_not_negative(run: Run) -> Broken:
    """No time, no length and no share of time is negative."""
    for path, name, value in _floats(run, "$"):
        if name.endswith(("_s", "_ms", "_share")) and value < 0:
            yield path, f"{name} is {value:g}: a time is negative"


def interrupted_is_a_signal(run: Run) -> Broken:
    """What ended the run early has a name."""
    if run.interrupted == "":
        yield "$", '"interrupted" must be the name of a signal or null, not empty'


RUN_LAWS: tuple[Law[Run], ...] = (*RUN_REQUEST_LAWS, *laws_of(globals()), *MEASURED_LAWS)
"""Every law of run.json."""


def _is_older(version: str) -> bool:
    """Whether it is before 0.2, or none of ours: a file that was written by hand."""
    parts = version.split(".")[:2]
    known = len(parts) == 2 and all(part.isascii() and part.isdecimal() and len(part) < 10 for part in parts)
    return not known or tuple(map(int, parts)) < (0, 2)


def _floats(value: object, path: str) -> Iterator[tuple[str, str, float]]:
    """Every number with a fraction in the dataclasses below `value`: path of its holder, name, value.

    Time blocks are many, and refused where they are read.
    """
    if isinstance(value, tuple):
        for index, item in enumerate(value):
            if is_dataclass(item) and not isinstance(item, Slice):
                yield from _floats(item, f"{path}[{index}]")
    elif is_dataclass(value) and not isinstance(value, Measurement):
        for entry in fields(value):
            part = getattr(value, entry.name)
            if isinstance(part, float):
                yield path, entry.name, part
            elif isinstance(part, tuple) or is_dataclass(part):
                yield from _floats(part, f"{path}.{entry.name}")
