"""judge(run, config): the one place where facts become a verdict."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace

from readiness.config.model import Check, Config
from readiness.errors import ExitCode
from readiness.judge import (
    connections,
    contention,
    coordinated_omission,
    false_answers,
    refused_log_ins,
    repeated_statements,
    unanswered,
)
from readiness.judge.advice import conditions, deployment, needless
from readiness.judge.attested import attestations
from readiness.judge.baseline import with_baseline
from readiness.judge.check import Judged, judge_check
from readiness.judge.cross_check import favour_doubts, heard, restart_doubts
from readiness.judge.decision import decide
from readiness.judge.decisive_checks import flips
from readiness.judge.defined import as_defined
from readiness.judge.diagnoses import diagnose, unjudged_growth
from readiness.judge.drills import drill_results
from readiness.judge.failed_requests import details_by_endpoint, failed_outside, failed_requests, failed_share, why
from readiness.judge.family import refuting
from readiness.judge.generator_health import described, pause_doubts
from readiness.judge.inconclusive import cause, to_do
from readiness.judge.infrastructure import infrastructure
from readiness.judge.issues import issues
from readiness.judge.key_numbers import key_numbers
from readiness.judge.load_steps import judge_steps, largest_inside
from readiness.judge.needs import SETTLED, needs
from readiness.judge.next_steps import steps
from readiness.judge.not_ready import not_ready
from readiness.judge.outcome import Outcome
from readiness.judge.outlook import Diagnosis, Outlook
from readiness.judge.probed import rival_doubts
from readiness.judge.readings import own_faults
from readiness.judge.release import Horizon, NextStep, Release
from readiness.judge.risks import risks
from readiness.judge.score import score
from readiness.judge.sensitivity import sensitivity
from readiness.judge.slow_requests import root_causes, tail
from readiness.judge.steadiness import unsteady
from readiness.judge.traces import traces
from readiness.judge.verdict import EXIT_OF, EndpointResult, Verdict, Waived, latency
from readiness.judge.what_if import what_ifs
from readiness.judge.wording import demand, failures_words, shown
from readiness.measurements.histogram import Histogram
from readiness.measurements.run import DECIDED, Endpoint, Ledger, Load, Run, Second, Stall
from readiness.metrics.moments import MOMENT_NAMES
from readiness.text.numbers import count

SIGNAL_EXIT = {
    "SIGINT": ExitCode.INTERRUPTED,
    "SIGTERM": ExitCode.TERMINATED,
    "SIGHUP": ExitCode.HUNG_UP,
}
MOST_STALLS = 10
_MOST_ERRORS = 5
"""Of scenario code; run.json has them all."""
MIN_OFFERED = 0.95
"""Share of the planned arrivals that an open load must have offered."""
_MIN_COVERED = 0.5
"""The share of the measurement window that the time series must cover. A whole run covers all of it; a point that
begins before the window or ends after it counts with the part that lies inside."""


def judge(run: Run, config: Config) -> Verdict:
    """The verdict on a run under the limits of `config`. Pure; the same arguments give the same verdict."""
    run = as_defined(with_baseline(run, config), config.database, config.probes.prometheus.queries, config.drills)
    waivers = tuple(Waived(item.check, item.owner, item.reason, item.expires.isoformat()) for item in config.waivers)
    excused = {waiver.check: waiver for waiver in waivers}
    judged = _judged_checks(run, config, excused)
    results = tuple(item.result for item in judged)
    doubts = run.doubts + (load_doubts(run.load, config.checks, config.confidence) if run.load else ())
    doubts += restart_doubts(run.measurements) + favour_doubts(run.measurements) + rival_doubts(run.probing)
    total = score(judged)
    load_steps = judge_steps(run, config)
    largest = largest_inside(load_steps)
    decision, reason = decide(results, total, config.decision, doubts, run.interrupted)
    exit_code = SIGNAL_EXIT.get(run.interrupted or "", EXIT_OF[decision])
    outlook = _outlook(run, config, judged, doubts)
    roots = root_causes(run.load, outlook.tail) if run.load else ()
    diagnoses = diagnose(run, judged, outlook.tail)
    failed = failed_requests(run.load) if run.load else ()
    undecided = cause(decision, run, judged, doubts)
    only = to_do(undecided, run)
    alone = [NextStep(only, Horizon.IMMEDIATE, (), 0.0, "decides")] if only else []
    planned = (*alone, *steps(judged, doubts, run.load, outlook, roots, failed, diagnoses))
    judged_stalls = _stalls(run.load, judged_window(run.load)) if run.load else ()
    return Verdict(
        run_id=run.id,
        service=run.service,
        decision=decision,
        exit_code=exit_code,
        reason=reason,
        score=total,
        checks=results,
        conditions=conditions(decision, results, excused),
        risks=risks(judged, doubts, excused, run.load),
        next_steps=tuple(step.text for step in planned),
        doubts=doubts,
        notes=_notes(run, judged, diagnoses, largest) + needless(results, excused),
        ledger=run.load.ledger if run.load else None,
        judged=judged_ledger(run.load) if run.load else None,
        endpoints=_endpoints(run.load) if run.load else (),
        measurements=tuple(replace(heard(measurement), evidence=None) for measurement in run.measurements),
        target=run.target,
        provenance=run.provenance,
        plan=run.plan,
        started_at=run.started_at,
        ended_at=run.ended_at,
        thresholds_file=config.file,
        thresholds_sha256=config.sha256,
        confidence=config.confidence,
        stalls=_stalls(run.load, run.load.stalls) if run.load else (),
        root_causes=roots,
        diagnoses=diagnoses,
        failed_requests=failed,
        instrument=described(run.load.instrument) + coordinated_omission.described(run.load) if run.load else (),
        waivers=waivers,
        attested=attestations(run, config),
        outlook=outlook,
        release=Release(
            planned,
            issues(judged, planned, run, roots, failed, judged_stalls, diagnoses),
            deployment(decision, results, excused, run.load, largest),
        ),
        sensitivity=sensitivity(run, config, judged, doubts, decision),
        load_steps=load_steps,
        infrastructure=infrastructure(run),
        rule=config.decision,
        inconclusive_cause=undecided,
        key_numbers=key_numbers(run.load) if run.load else None,
        sent_by_locust=connections.sent_by_locust(run.load),
        drills=drill_results(run, results),
        traces=traces(run, config.load.trace_url),
    )


def _judged_checks(run: Run, config: Config, excused: Container[str]) -> list[Judged]:
    judged = []
    for check in config.checks:
        item = judge_check(run, check, config.confidence, refuting(config.checks, check, config.confidence))
        judged.append(_with_failures(item, check, run.load))
    return [
        replace(
            item,
            result=replace(item.result, waived=item.result.key in excused),
            not_ready=not_ready(run, item.result.name) if item.result.name.startswith("health.") else None,
        )
        for item in contention.doubted(run, config.checks, judged)
    ]


def _notes(
    run: Run, judged: Sequence[Judged], diagnoses: tuple[Diagnosis, ...], largest: str | None
) -> tuple[str, ...]:
    return (
        (failed_outside(run.load) if run.load else ())
        + ((f"Largest step inside the limits: {largest}",) if largest else ())
        + _course(run.load)
        + connections.notes(run.load)
        + unanswered.notes(run.load)
        + (false_answers.notes(run.load) if run.load else ())
        + run.notes
        + unjudged_growth(run, judged, diagnoses)
        + repeated_statements.notes(run, diagnoses)
    )


def _with_failures(item: Judged, check: Check, load: Load | None) -> Judged:
    """A check of the load that did not pass says what failed requests did to it."""
    reading = item.reading if item.result.outcome is Outcome.FAIL else None
    failures = failed_share(load, check, reading) if load and item.result.outcome not in SETTLED else None
    if failures is None:
        return item
    result = replace(item.result, failures=failures)
    if failures.dead:
        own = f"its own value is {shown(result)}, {demand(result.name, result.pass_limit)}"
        return replace(item, result=replace(result, message=f"{failures_words(result)}; {own}."))
    return replace(item, result=replace(result, message=f"{result.message.rstrip('.')}; {failures_words(result)}."))


def _outlook(run: Run, config: Config, judged: Sequence[Judged], doubts: Sequence[str]) -> Outlook:
    slow = tail(run.load, config.checks, judged) if run.load else None
    return Outlook(
        needs(run, config.checks, judged, config.confidence),
        flips(judged, config.decision, doubts, run.interrupted),
        what_ifs(run, config, judged, doubts, slow),
        slow,
    )


def load_doubts(load: Load, checks: Sequence[Check], confidence: float | None) -> tuple[str, ...]:
    """Reasons in the load's own record not to trust it, where `checks` say what may fail."""
    doubts = list(refused_log_ins.doubts(load))
    if not load.ledger.balanced:
        doubts.append("the ledger does not add up: requests were lost")
    if load.ledger.planned == 0:
        doubts.append("the load sent no request")
    doubts += [f"{scenario}: 0 requests, the scenario never ran" for scenario in load.idle_scenarios]
    if load.ending and load.ending != DECIDED:
        doubts.append(f"the load was ended early: {load.ending}")
    elif load.judged_s < 0.9 * load.planned_s and load.ending != DECIDED:
        doubts.append(f"the measurement window lasted {load.judged_s:.1f} s of the planned {load.planned_s:g} s")
    running = [second.users for second in load.series if _judged(second, load)]
    if (covered_s := _covered_s(load)) < _MIN_COVERED * load.judged_s:
        doubts.append(
            f"the time series covers {covered_s:.1f} s of the {load.judged_s:.1f} s of the measurement window: "
            "nobody knows how many users were running"
        )
    elif load.model == "closed" and running:
        there, planned_users = (max(running), MIN_OFFERED * load.users) if load.moving else (min(running), load.users)
        if there < planned_users:
            doubts.append(f"only {there:,} of {load.users:,} users were running at some time of the measurement window")
    doubts += pause_doubts(load)
    doubts += connections.doubts(load)
    doubts += unanswered.doubts(load, checks)
    doubts += false_answers.doubts(load, checks, confidence)
    faults = own_faults(load)
    if faults:
        named = ", ".join(f"{n:,} × {name}" for name, n in faults.items())
        doubts.append(f"requests failed on this side, not at the target ({named})")
    doubts += [_of_script(text) for text in load.script_errors[:_MOST_ERRORS]]
    if (more := len(load.script_errors) - _MOST_ERRORS) > 0:
        doubts.append(f"scenario code raised {more} other errors (load.script_errors in run.json)")
    planned = load.intended_judged or judged_ledger(load).planned
    ours = load.dropped_judged - load.unanswered_judged
    if ours > (1 - MIN_OFFERED) * max(planned, 1):
        doubts.append(
            f"{ours:,} of {planned:,} planned arrivals were never sent: no user was free for them, "
            "or the load generator was too late; lower the rate, or send it from more processes"
        )
    return tuple(doubts)


def _of_script(text: str) -> str:
    return text if text.startswith("the locustfile: ") else f"scenario code raised: {text}"


def _judged(second: Second, load: Load) -> bool:
    """Whether a point of the time series lies within the measurement window."""
    return second.at_s >= load.judged_start_s - 0.01 and second.at_s + second.duration_s <= load.judged_end_s + 0.01


def _covered_s(load: Load) -> float:
    """The part of the measurement window, s, for which the time series has a point."""
    ends = ((max(point.at_s, load.judged_start_s), point.at_s + point.duration_s) for point in load.series)
    return sum(max(min(end_s, load.judged_end_s) - start_s, 0.0) for start_s, end_s in ends)


def judged_ledger(load: Load) -> Ledger:
    """The ledger of the measurement window alone."""
    failed: dict[str, int] = {}
    for endpoint in load.endpoints:
        for name, n in endpoint.judged.failed.items():
            failed[name] = failed.get(name, 0) + n
    ok = sum(endpoint.judged.ok.total for endpoint in load.endpoints)
    in_flight = sum(endpoint.judged.in_flight for endpoint in load.endpoints)
    planned = ok + sum(failed.values()) + in_flight + load.dropped_judged
    return Ledger(planned, ok, dict(sorted(failed.items())), in_flight, load.dropped_judged)


def _endpoints(load: Load) -> tuple[EndpointResult, ...]:
    corrected = coordinated_omission.corrected_latencies(load)
    details = details_by_endpoint(load)
    return tuple(
        _endpoint(
            endpoint, corrected.get((endpoint.scenario, endpoint.name)), why(endpoint.judged, details[endpoint.name])
        )
        for endpoint in load.endpoints
    )


def _endpoint(endpoint: Endpoint, corrected: Histogram | None, why_failed: str) -> EndpointResult:
    record = endpoint.judged
    return EndpointResult(
        scenario=endpoint.scenario,
        name=endpoint.name,
        requests=record.requests,
        failures=record.failures + record.in_flight,
        failed=record.failed,
        why=why_failed,
        in_flight=record.in_flight,
        warm_up_requests=endpoint.warm_up.requests,
        latency_ms=latency(record.ok),
        failed_latency_ms=latency(record.failed_latency),
        service_ms=latency(record.service) if record.service.total else None,
        corrected_ms=latency(corrected) if corrected is not None else None,
        **{
            f"{name}_ms": latency(part.ok) if (part := getattr(endpoint, name)) is not None else None
            for name in MOMENT_NAMES
        },
    )


def _course(load: Load | None) -> tuple[str, ...]:
    """What changed within the measurement window."""
    found = unsteady(load) if load else None
    return (f"The measurement window was not steady: {found.text}.",) if found else ()


def judged_window(load: Load) -> tuple[Stall, ...]:
    """The gaps that reach into the measurement window."""
    return tuple(one for one in load.stalls if one.end_s > load.judged_start_s and one.start_s < load.judged_end_s)


def _stalls(load: Load, stalls: Sequence[Stall]) -> tuple[str, ...]:
    """A sentence for each of the longest gaps, in time order."""
    longest = sorted(stalls, key=lambda stall: stall.start_s - stall.end_s)[:MOST_STALLS]
    told = [_stall(stall, load) for stall in stalls if stall in longest][:MOST_STALLS]
    more = len(stalls) - len(told)
    return (*told, f"and {more:,} shorter ones") if more else tuple(told)


def _stall(stall: Stall, load: Load) -> str:
    where = f"{', '.join(sorted(stall.scopes, reverse=True))}: " if stall.endpoint else ""
    when = "" if stall.end_s > load.judged_start_s else " (before the measurement window)"
    return (
        f"{where}{stall.end_s - stall.start_s:.1f} s without any answer, from {stall.start_s:.1f} s on{when}, while "
        f"{count(stall.in_flight, 'request')} of {count(stall.users, 'user')} waited"
    )
