"""The attempts of a capacity search: one load for each height, nothing beside it, until there is an answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from readiness.config.model import Config
from readiness.config.probes import ProcessSettings
from readiness.errors import ConfigError, NotMeasured
from readiness.judge.capacity.attempt import Attempt, TrialFinding, judge_attempt
from readiness.judge.capacity.search import MAX_PROOFS, Hold, Range, SearchAnswer, next_step
from readiness.judge.load_steps import checks_of_a_height
from readiness.load.engine_plan import ScenarioFile
from readiness.load.reading import read_scenarios
from readiness.load.surroundings import for_scenarios
from readiness.load.workers.settings import Workers
from readiness.measurements.provenance import Provenance, Target
from readiness.measurements.run import Run
from readiness.probes import process
from readiness.probes.window import Window
from readiness.run import plan as plans
from readiness.run.drive import drive_plan
from readiness.run.progress import Progress
from readiness.run.target import connect_once
from readiness.text.numbers import quantity
from readiness.text.redaction import for_terminal, redact

SETTLE = 1 / 3
"""Of the length of a trial: as long lasts a ramp, and as long again the time after it that is not judged."""
USERS_PER_S, MAX_RAMP_S = 200.0, 10.0
"""A ramp is longer when more than USERS_PER_S users a second would start."""
PROOF = 2.0
"""Times the length of a trial, that a hold for proof lasts at least."""
MAX_PROOF_S = 45.0

OVERLOADED, _REST_ASK_S = 0.05, 0.1
"""After an attempt in which a larger share of requests failed, the target gets as long as a trial to recover."""

_WORDS: Mapping[TrialFinding, str] = {
    TrialFinding.KEPT: "kept the limits",
    TrialFinding.LEANS_KEPT: "seems inside the limits",
    TrialFinding.LEANS_BROKEN: "seems outside the limits",
    TrialFinding.BROKEN: "broke the limits",
    TrialFinding.GENERATOR: "the load generator was at its end",
    TrialFinding.UNTRUSTED: "cannot be trusted",
}


@dataclass(frozen=True, slots=True)
class SearchOrder:
    """What to search, decided before the first request."""

    run_id: str
    config: Config
    target: Target
    scenarios: tuple[ScenarioFile, ...]
    allowed_addresses: tuple[str, ...]
    workers: Workers | None
    heights: Range
    open: bool
    """Whether heights are arrivals per second."""
    trial_s: float
    """How long a height is held in a trial: before anything of it is proven."""
    allow_env: frozenset[str] = frozenset()
    """As in Plan."""

    @property
    def unit(self) -> str:
        """`users`, or `/s`."""
        return "/s" if self.open else "users"

    @property
    def proof_confidence(self) -> float | None:
        """Of each hold for proof, so that all of them together keep the configured one (Bonferroni)."""
        confidence = self.config.confidence
        return None if confidence is None else 1 - (1 - confidence) / MAX_PROOFS


@dataclass(frozen=True, slots=True)
class Ascent:
    """What was tried."""

    attempts: tuple[Attempt, ...]
    provenance: Provenance
    problem: str = ""
    """Why nothing was sent."""


def ascend(
    order: SearchOrder,
    *,
    progress: Progress,
    interrupted: Callable[[], str | None],
    environment: Mapping[str, str],
    secrets: Sequence[str],
) -> Ascent:
    """Attempt after attempt until the search has its answer or a signal came; progress is told without `secrets`.

    An attempt that a signal cut short is left out. Raises ConfigError when a scenario file is unusable.
    """
    attempts: list[Attempt] = []
    made = _plan(order, Hold(order.heights.most, proof=False), 0.0, 0)
    try:
        visible = for_scenarios(environment, order.allow_env)
        read = read_scenarios(made.engine, visible, lambda: interrupted() is not None)
        if read.shape is not None:
            raise ConfigError(
                f"{read.shape.name}: a shape says the load, and here the search does: set `abstract = True` in it"
            )
        users = read.users
    except ConfigError as error:
        raise ConfigError(redact(str(error), secrets)) from None
    if not order.open and users:  # below that some class has no user
        plans.refuse_too_few(made, users)
        order = replace(order, heights=replace(order.heights, least=max(order.heights.least, float(len(users)))))
    provenance = plans.provenance(made, environment, None)
    try:
        connect_once(order.target)
    except NotMeasured as error:
        return Ascent((), provenance, str(error))
    while not interrupted():
        step = next_step(attempts, order.heights)
        if isinstance(step, SearchAnswer):
            break
        held_s = _held_s(order, step, attempts)
        purpose = ", held for proof" if step.proof else ""
        progress.step(f"attempt {len(attempts) + 1}: {step.height:,g} {order.unit} for {held_s:.0f} s{purpose}")
        run = _attempt(_plan(order, step, held_s, len(attempts)), progress, interrupted, environment)
        provenance = run.provenance if run.provenance.locust else provenance
        if run.interrupted:
            break
        confidence = order.proof_confidence if step.proof else order.config.confidence
        found = judge_attempt(
            run,
            checks_of_a_height(order.config),
            step.height,
            proof=step.proof,
            confidence=confidence,
            proof_confidence=order.proof_confidence,
        )
        attempts.append(found)
        progress.note(for_terminal(_told(found, order), secrets))
        if found.failures > OVERLOADED * found.requests:
            _rest(order.trial_s, interrupted)
    return Ascent(tuple(attempts), provenance)


def _rest(duration_s: float, interrupted: Callable[[], str | None]) -> None:
    until_s = time.monotonic() + duration_s
    while time.monotonic() < until_s and not interrupted():
        time.sleep(_REST_ASK_S)


def _held_s(order: SearchOrder, step: Hold, attempts: list[Attempt]) -> float:
    """A trial is short; a proof lasts as long as its checks need by the requests of the nearest trial."""
    if not step.proof:
        return order.trial_s
    nearest = min(attempts, key=lambda one: abs(one.height - step.height), default=None)
    needed_s = nearest.needed_s if nearest else 0.0
    least_s = PROOF * order.trial_s
    return min(max(least_s, needed_s), max(MAX_PROOF_S, least_s)) * step.stretch


def _plan(order: SearchOrder, step: Hold, held_s: float, number: int) -> plans.Plan:
    ramp_s = max(SETTLE * order.trial_s, min(step.height / USERS_PER_S, MAX_RAMP_S))
    load = replace(
        order.config.load,
        users=None if order.open else int(step.height),
        rate_per_s=step.height if order.open else None,
        ramp_up_s=ramp_s,
        warm_up_s=ramp_s,
        duration_s=held_s,
        until_decided=False,
        abort_when=(),
        calibration_s=0.0,
        steps=(),
        decide_at=None,
        step_duration_s=None,
    )
    config = replace(order.config, load=load, checks=checks_of_a_height(order.config))
    made = plans.plan(
        f"{order.run_id}-{number + 1}",
        config,
        order.target,
        order.scenarios,
        allowed_addresses=order.allowed_addresses,
        database_url=None,
    )
    return replace(made, workers=order.workers, allow_env=order.allow_env)


def _attempt(
    plan: plans.Plan, progress: Progress, interrupted: Callable[[], str | None], environment: Mapping[str, str]
) -> Run:
    window = Window()
    settings = plan.config.probes.process or ProcessSettings()
    with ThreadPoolExecutor(1, thread_name_prefix="process") as pool:
        watching = pool.submit(process.watch, settings, plan.target, window, plan.config.load.paced_s)
        outcome = drive_plan(plan, window, progress, interrupted, environment)
        inside = process.activity(watching.result())
    if outcome.usage_error:
        raise ConfigError(outcome.usage_error)
    return Run(
        id=plan.run_id,
        service=plan.config.service,
        started_at="",
        ended_at="",
        target=plan.target,
        provenance=plans.provenance(plan, environment, outcome.locust, outcome.compiled),
        plan={},
        plan_hash="",
        load=outcome.load,
        measurements=(),
        doubts=outcome.doubts,
        interrupted=interrupted(),
        process=inside,
    )


def _told(attempt: Attempt, order: SearchOrder) -> str:
    p95 = quantity(attempt.latency_ms.p95, "ms", absent="none")
    rate = quantity(attempt.throughput_per_s, "/s", absent="nothing")
    reason = f" - {attempt.reason}" if attempt.reason else ""
    return f"{attempt.height:,g} {order.unit}: {_WORDS[attempt.finding]} ({rate} answered, P95 {p95}){reason}"
