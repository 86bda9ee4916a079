"""Runs to write and read: small ones by Hypothesis, a large one by hand."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from readiness.measurements.connections import Connections
from readiness.measurements.generator_health import Calibration, Instrument, Pause
from readiness.measurements.histogram import Histogram, merge
from readiness.measurements.pace import Pace
from readiness.measurements.probing import Cost, Probing
from readiness.measurements.provenance import Provenance, Target
from readiness.measurements.run import (
    FAILURE_CLASSES,
    Detail,
    Drilled,
    Endpoint,
    Ledger,
    Load,
    Measurement,
    Rate,
    Recording,
    Run,
    Second,
    Slice,
    Stall,
    Step,
    StepEndpoint,
)

WORDS = st.text(max_size=20).map(lambda text: "".join(filter(str.isprintable, text)))
"""Any printable Unicode; what is not printable is cleaned on reading."""
COUNTS = st.integers(0, 10**9)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
SECONDS = st.floats(0, 1e6)
HISTOGRAMS = st.lists(st.integers(0, 5_000_000_000), max_size=8).map(
    lambda values: Histogram.of_us(np.array(values, np.int64))
)
FAILED = st.dictionaries(st.sampled_from(FAILURE_CLASSES), COUNTS, max_size=3)
SCALARS = st.one_of(WORDS, COUNTS, NUMBERS, st.none())


@st.composite
def recordings(draw: st.DrawFn) -> Recording:
    """A recording whose slices add up to the whole."""
    slices = draw(st.lists(st.builds(Slice, SECONDS, SECONDS, HISTOGRAMS, st.integers(0, 9)), max_size=3))
    failed = {"timeout": sum(part.failed for part in slices)}
    ok = merge(*(part.ok for part in slices))
    return Recording(ok, failed, draw(HISTOGRAMS), draw(COUNTS), tuple(slices), draw(HISTOGRAMS))


@st.composite
def rates(draw: st.DrawFn) -> Rate:
    """A rate whose blocks are a part of the whole."""
    blocks = [(min(pair), max(pair)) for pair in draw(st.lists(st.tuples(COUNTS, COUNTS), max_size=3))]
    hits, total = sum(h for h, _ in blocks), sum(t for _, t in blocks)
    return Rate(hits, total + draw(COUNTS), tuple(blocks))


@st.composite
def measurements(draw: st.DrawFn) -> Measurement:
    """A measurement with a value, or with the reason why there is none."""
    evidence = draw(st.none() | rates() | recordings())
    total = 0 if evidence is None else evidence.total if isinstance(evidence, Rate) else evidence.requests
    value = draw(NUMBERS if total else st.none() | NUMBERS)
    reason = draw(WORDS.filter(bool)) if value is None else None
    details = draw(st.lists(st.builds(Detail, WORDS, WORDS, st.none() | st.booleans(), WORDS), max_size=2))
    samples = draw(st.none() | (COUNTS if evidence is None else st.just(total)))
    scope = draw(st.none() | WORDS)
    return Measurement(draw(WORDS), scope, value, draw(WORDS), samples, reason, evidence, tuple(details))


def ledger_of(endpoints: tuple[Endpoint, ...], dropped: int) -> Ledger:
    """The ledger in which every request of `endpoints` went where it says."""
    phases = [phase for endpoint in endpoints for phase in (endpoint.judged, endpoint.warm_up)]
    failed: dict[str, int] = {}
    for phase in phases:
        for word, count in phase.failed.items():
            failed[word] = failed.get(word, 0) + count
    ok, waiting = sum(phase.ok.total for phase in phases), sum(phase.in_flight for phase in phases)
    return Ledger(ok + sum(failed.values()) + waiting + dropped, ok, failed, waiting, dropped)


def tuples(part: SearchStrategy[object], most: int = 3) -> SearchStrategy[tuple[object, ...]]:
    """Short tuples of `part`."""
    return st.lists(part, max_size=most).map(tuple)


POINTS = st.none() | NUMBERS
SERIES = st.builds(Second, SECONDS, SECONDS, COUNTS, COUNTS, COUNTS, POINTS, POINTS, POINTS)
STALLS = st.builds(
    lambda start_s, lasts_s, *rest: Stall(start_s, start_s + lasts_s, *rest),
    SECONDS,
    SECONDS,
    COUNTS,
    COUNTS,
    tuples(WORDS),
)
INSTRUMENTS = st.builds(
    Instrument, SECONDS, SECONDS, SECONDS, HISTOGRAMS, HISTOGRAMS, COUNTS, SECONDS, SECONDS, COUNTS, st.none() | COUNTS,
    tuples(st.builds(Pause, SECONDS, SECONDS, SECONDS)),
    st.none() | st.builds(Calibration, COUNTS, COUNTS, SECONDS, SECONDS, HISTOGRAMS, st.none() | WORDS),
)  # fmt: skip
PACES = st.builds(Pace, WORDS, COUNTS, COUNTS, COUNTS, COUNTS, HISTOGRAMS)
STEPS = st.builds(
    Step, SECONDS, SECONDS, SECONDS, SECONDS, st.booleans(),
    tuples(st.builds(StepEndpoint, WORDS, WORDS, recordings())), COUNTS, COUNTS, st.none() | INSTRUMENTS,
)  # fmt: skip
TARGETS = st.builds(Target, WORDS, WORDS, tuples(WORDS))
PROVENANCES = st.builds(
    Provenance, WORDS, WORDS, WORDS, COUNTS, st.none() | WORDS, st.dictionaries(WORDS, WORDS, max_size=2)
)
PLANS = st.dictionaries(WORDS, SCALARS, max_size=4)


@st.composite
def loads_(draw: st.DrawFn) -> Load:
    """A load whose ledger balances and covers its endpoints."""
    endpoints = tuple(
        draw(
            st.lists(
                st.builds(Endpoint, WORDS, WORDS, recordings(), recordings()),
                max_size=3,
                unique_by=lambda one: (one.scenario, one.name),
            )
        )
    )
    start_s, lasts_s = draw(SECONDS), draw(SECONDS)
    return Load(
        model=draw(st.sampled_from(["closed", "open"])),
        users=draw(COUNTS),
        rate_per_s=draw(st.none() | NUMBERS),
        judged_start_s=start_s,
        judged_end_s=start_s + lasts_s,
        planned_s=draw(st.floats(0.001, 1e6)),
        ledger=ledger_of(endpoints, draw(COUNTS)),
        endpoints=endpoints,
        series=draw(tuples(SERIES)),  # type: ignore[arg-type]
        stalls=draw(tuples(STALLS)),  # type: ignore[arg-type]
        header_rate=draw(st.none() | rates()),
        script_errors=draw(tuples(WORDS)),  # type: ignore[arg-type]
        instrument=draw(st.none() | INSTRUMENTS),
        steps=draw(tuples(STEPS)),  # type: ignore[arg-type]
        paces=draw(tuples(PACES)),  # type: ignore[arg-type]
        intended_judged=draw(COUNTS),
        unanswered_judged=draw(COUNTS),
        connections=draw(st.none() | st.builds(Connections, COUNTS, COUNTS, COUNTS)),
    )


COSTS = st.builds(Cost, COUNTS, SECONDS, st.none() | SECONDS)
DRILLS = st.builds(Drilled, WORDS, WORDS, series=SERIES.map(lambda one: (one,)), problem=st.none() | WORDS)
RUNS = st.builds(
    Run,
    id=WORDS,
    service=WORDS,
    started_at=WORDS,
    ended_at=WORDS,
    target=TARGETS,
    provenance=PROVENANCES,
    plan=PLANS,
    plan_hash=WORDS,
    load=st.none() | loads_(),
    measurements=st.lists(measurements(), max_size=3, unique_by=lambda one: (one.metric, one.scope)).map(tuple),
    doubts=tuples(WORDS),
    interrupted=st.none() | WORDS.filter(bool),
    notes=tuples(WORDS),
    probing=st.none()
    | st.builds(Probing, COSTS, COSTS, SECONDS, COUNTS, st.none() | COUNTS, st.none() | SECONDS, st.booleans()),
    drills=st.lists(DRILLS, max_size=2, unique_by=lambda one: one.name).map(tuple),
)


def large_run(endpoints: int, slices: int) -> Run:
    """A run of `endpoints` endpoints with `slices` time blocks of twenty requests each."""
    random = np.random.default_rng(1)

    def histogram(size: int) -> Histogram:
        return Histogram.of_us(random.lognormal(9, 0.5, size).astype(np.int64))

    def recording() -> Recording:
        blocks = tuple(Slice(float(second), 1.0, histogram(20), 1) for second in range(slices))
        return Recording(merge(*(block.ok for block in blocks)), {"http_5xx": slices}, histogram(slices), 0, blocks)

    found = tuple(Endpoint("shop", f"GET /api/{n}", recording(), Recording(histogram(30))) for n in range(endpoints))
    load = Load("closed", 50, None, 0.0, float(slices), float(slices), ledger_of(found, 0), found, ())
    return Run(
        "run", "shop", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z", Target("demo", "http://127.0.0.1:1"),
        Provenance("0", "3.11", "linux", 2), {"users": 50}, "h", load, (),
    )  # fmt: skip
