"""Every string of a capacity, cleaned and formatted once; the formats only place them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from readiness.judge.capacity import sizing
from readiness.judge.capacity.attempt import Attempt, TrialFinding
from readiness.judge.capacity.capacity import BEND, Capacity, CapacityKind, sound
from readiness.judge.capacity.search import MAX_PROOFS
from readiness.report.status import Status
from readiness.stats.scalability import Parameter
from readiness.text import clean, numbers

_KINDS: Mapping[CapacityKind, Status] = {
    CapacityKind.BOUNDED: Status("Found", "✔", "+", "good", "green"),
    CapacityKind.AT_LEAST: Status("At least", "✔", "+", "good", "green"),
    CapacityKind.BELOW: Status("Too much already", "✖", "x", "bad", "red"),
    CapacityKind.UNKNOWN: Status("Unknown", "?", "?", "unsure", "magenta"),
}
TRIAL_FINDINGS: Mapping[TrialFinding, Status] = {
    TrialFinding.KEPT: Status("Kept", "✔", "+", "good", "green"),
    TrialFinding.LEANS_KEPT: Status("Seems kept", "✓", "~", "unsure", "green"),
    TrialFinding.LEANS_BROKEN: Status("Seems broken", "▲", "!", "fair", "yellow"),
    TrialFinding.BROKEN: Status("Broken", "✖", "x", "bad", "red"),
    TrialFinding.GENERATOR: Status("Generator", "?", "g", "unsure", "magenta"),
    TrialFinding.UNTRUSTED: Status("Not to be trusted", "?", "?", "unsure", "magenta"),
}


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One attempt, ready to print."""

    height: str
    finding: Status
    proof: bool
    held: str
    requests: str
    failures: str
    answered: str
    p50: str
    p95: str
    p99: str
    engine: str
    """CPU of the load generator."""
    reason: str


@dataclass(frozen=True, slots=True)
class CapacitySheet:
    """One capacity."""

    status: Status
    headline: str
    """`48–52 users`."""
    reason: str
    facts: tuple[tuple[str, str], ...]
    """(label, value)."""
    bounds: tuple[tuple[str, str], ...]
    """(title, limit) of what every height had to keep."""
    rows: tuple[TrialRow, ...]
    """By height; a proof below the trial of the same height."""
    law: tuple[str, ...]
    """What the fitted law says, a sentence each."""
    sizing: tuple[str, ...]
    """What the load costs, and what a wanted one needs, a sentence each."""
    method: str
    notes: tuple[str, ...]
    exit_code: str


def height(capacity: Capacity, value: float) -> str:
    """`1,234 users`, `12.5 arrivals per second`."""
    return f"{value:,g} {unit(capacity)}" if capacity.unit != "users" else f"{value:,.0f} {unit(capacity)}"


def unit(capacity: Capacity) -> str:
    """What heights are."""
    return "users" if capacity.unit == "users" else "arrivals per second"


def sheet(capacity: Capacity) -> CapacitySheet:
    """The text of a capacity."""
    rising = sorted(capacity.attempts, key=lambda one: (one.height, one.proof))
    return CapacitySheet(
        status=_KINDS[capacity.kind],
        headline=headline(capacity),
        reason=_reason(capacity),
        facts=_facts(capacity),
        bounds=tuple((clean(bound.title), clean(bound.limit)) for bound in capacity.bounds),
        rows=tuple(_row(capacity, one) for one in rising),
        law=_law(capacity),
        sizing=tuple(clean(line, 1000) for line in sizing.lines(capacity.sizing)) if capacity.sizing else (),
        method=_method(capacity),
        notes=tuple(clean(note, 1000) for note in (*_crowded(capacity), *capacity.notes)),
        exit_code=str(int(capacity.exit_code)),
    )


def headline(capacity: Capacity) -> str:
    """The answer in a few words."""
    low, high = capacity.answer.low, capacity.answer.high
    match capacity.kind:
        case CapacityKind.BOUNDED if low is not None and high is not None:
            return f"{low:,g}–{high:,g} {unit(capacity)}"
        case CapacityKind.AT_LEAST if low is not None:
            return f"at least {height(capacity, low)}"
        case CapacityKind.BELOW:
            return f"below {height(capacity, capacity.heights.least)}"
        case _:
            return "unknown"


def _reason(capacity: Capacity) -> str:
    found, low = capacity.answer, capacity.answer.low
    if capacity.problem:
        return clean(f"Nothing was measured: {capacity.problem}", 1000)
    stopped = f" The search was ended by {capacity.interrupted}." if capacity.interrupted else ""
    why = f" {found.high_reason}" if found.high_reason else ""
    stopped = f"{_no_recovery(capacity)}{_contradiction(capacity)}{stopped}"
    tried = f"{height(capacity, found.high)}" if found.high is not None else ""
    if low is None:
        if capacity.kind is CapacityKind.BELOW:
            return clean(f"Even {tried}, the smallest load that was tried, broke the limits.{why}{stopped}", 1000)
        return clean(f"No load was proven to keep the limits.{_open(capacity)}{stopped}", 1000)
    head = f"The limits are proven to hold at {height(capacity, low)}"
    match found.high_finding:
        case None if low >= capacity.heights.most:
            text = f"{head}, the largest load that was allowed; larger ones were not tried."
        case None:
            text = f"{head}; larger loads are not decided."
        case TrialFinding.BROKEN if found.high_proof:
            text = f"{head} and to break at {tried}.{why}"
        case TrialFinding.BROKEN:
            text = f"{head}; at {tried} they broke in a short trial, which was not held for proof.{why}"
        case TrialFinding.LEANS_BROKEN:
            text = f"{head}; at {tried} they seem broken, which is not proven.{why}"
        case TrialFinding.LEANS_KEPT:
            text = f"{head}; at {tried} they seem kept, which could not be proven.{why}"
        case TrialFinding.GENERATOR:
            text = f"{head}; at {tried} the load generator was the limit, not the service.{why}"
        case _:
            text = f"{head}; the attempt at {tried} cannot be trusted.{why}"
    if found.undecided is not None:
        text += f" From {height(capacity, found.undecided)} on, what lies between stayed open."
    return clean(text + stopped, 1500)


def _no_recovery(capacity: Capacity) -> str:
    found = capacity.answer
    if not found.no_recovery or found.high is None:
        return ""
    kept = height(capacity, min(one.height for one in sound(capacity.attempts) if one.finding is TrialFinding.KEPT))
    return (
        f" The target did not recover after {height(capacity, found.high)}: even {kept} broke the limits then, which "
        "had kept them before. The search ended there. Restart the target, and search again with a smaller maximum."
    )


def _contradiction(capacity: Capacity) -> str:
    """Where a larger load kept the limits that a smaller one broke: no service of one capacity does that."""
    found = capacity.answer
    if found.high is None or found.high_finding is not TrialFinding.BROKEN or found.no_recovery:
        return ""
    kept = [one.height for one in capacity.attempts if one.finding is TrialFinding.KEPT and one.height > found.high]
    if not kept:
        return ""
    return (
        f" The attempts contradict each other: {height(capacity, max(kept))} kept the limits in another one. The "
        "target or the machine was not the same all the time; search again on a quiet machine, with a longer --hold."
    )


def _crowded(capacity: Capacity) -> tuple[str, ...]:
    """Says, as a run does, that the service had no free core: it may take more on a quiet machine."""
    crowded = [one for one in capacity.attempts if one.no_free_core]
    if not crowded:
        return ()
    first = next((one for one in crowded if one.height == capacity.answer.high), crowded[-1])
    return (
        f"No free core in {len(crowded)} of {len(capacity.attempts)} attempts. At {height(capacity, first.height)}: "
        f"{first.no_free_core} On a quiet machine, or without the load generator beside it, it may take more.",
    )


def _open(capacity: Capacity) -> str:
    """Why the nearest thing to an answer is none."""
    proofs = [one for one in capacity.attempts if one.proof] or list(capacity.attempts)
    if not proofs:
        return ""
    last = proofs[-1]
    return f" At {height(capacity, last.height)}: {last.reason}"


def _facts(capacity: Capacity) -> tuple[tuple[str, str], ...]:
    tried = f"{height(capacity, capacity.heights.least)} to {height(capacity, capacity.heights.most)}"
    return (
        ("Target", clean(f"{capacity.target.name} ({capacity.target.url})")),
        ("Limits of", clean(capacity.thresholds_file)),
        ("Heights allowed", tried),
        ("Attempts", f"{len(capacity.attempts)}, {sum(one.proof for one in capacity.attempts)} of them for proof"),
        ("Started", numbers.utc(capacity.started_at)),
        ("Took", numbers.elapsed(capacity.started_at, capacity.ended_at)),
        ("Machine", clean(f"{capacity.provenance.platform}, {numbers.count(capacity.provenance.cores, 'core')}")),
        ("Run", clean(capacity.run_id)),
    )


def _row(capacity: Capacity, one: Attempt) -> TrialRow:
    at = one.latency_ms
    return TrialRow(
        height=height(capacity, one.height),
        finding=TRIAL_FINDINGS[one.finding],
        proof=one.proof,
        held=numbers.duration(one.held_s),
        requests=f"{one.requests:,}",
        failures=f"{one.failures:,}",
        answered=numbers.quantity(one.throughput_per_s, "/s"),
        p50=numbers.quantity(at.p50, "ms", absent="–"),
        p95=numbers.quantity(at.p95, "ms", absent="–"),
        p99=numbers.quantity(at.p99, "ms", absent="–"),
        engine="–" if one.cpu_share is None else numbers.quantity(round(100 * one.cpu_share, 1), "%"),
        reason=clean(f"{one.reason}{_classes(one)}", 1000),
    )


def _classes(one: Attempt) -> str:
    """What failed, by class, most first."""
    most = sorted(one.failed.items(), key=lambda item: -item[1])
    return f" Failed: {', '.join(f'{count:,} × {name}' for name, count in most)}." if most else ""


def _law(capacity: Capacity) -> tuple[str, ...]:
    lines: list[str] = []
    if (peak := capacity.peak) is not None and peak.throughput_per_s is not None:
        answered = numbers.quantity(peak.throughput_per_s, "/s")
        lines.append(f"Most answers per second that were measured: {answered} at {height(capacity, peak.height)}.")
    if (bend := capacity.bend) is not None:
        each = "user" if capacity.unit == "users" else "arrival"
        lines.append(
            f"Measured knee: {height(capacity, bend.height)}. From there on each {each} gets under {100 * BEND:g} % of "
            "the answers that one gets at the best load."
        )
    elif len(loads := {one.height for one in sound(capacity.attempts) if one.throughput_per_s}) > 1:
        lines.append(f"Measured knee: none up to {height(capacity, max(loads))}.")
    law = capacity.scalability
    if law is None:
        return (*lines, *([capacity.scalability_note] if capacity.scalability_note else []))
    sure = f"{100 * law.confidence:g} %"
    lines.append(
        f"One user alone: {_shown(law.per_user_per_s, 3)} requests per second; "
        f"contention σ {_shown(law.contention, 2)}; coherency κ {_shown(law.coherency, 2)} (intervals at {sure}). "
        f"No point lies further from the law than {100 * law.worst_residual:.2g} %."
    )
    if law.knee is not None:
        lines.append(
            f"Knee of the law: {law.knee.value:,.0f} users ({law.knee.low:,.0f} to {law.knee.high:,.0f}), where more "
            "users begin to bring fewer answers."
        )
    else:
        lines.append(capacity.scalability_note)
    return tuple(lines)


def _shown(parameter: Parameter, digits: int) -> str:
    return f"{parameter.value:.{digits}g} ({parameter.low:.{digits}g} to {parameter.high:.{digits}g})"


def _method(capacity: Capacity) -> str:
    """What this search did, and what its answer supposes: nothing that did not happen."""
    if not capacity.attempts:
        return "No load was sent."
    said = [_tried(capacity), _proofs(capacity)]
    if any(one.finding in (TrialFinding.BROKEN, TrialFinding.LEANS_BROKEN) for one in capacity.attempts):
        said.append("A service that breaks its limits at one load is taken to break them at every larger one.")
    said.append("Nothing is said of loads beyond the largest one tried.")
    if capacity.scalability is not None:
        said.append(
            "The law is Gunther's Universal Scalability Law, fitted to users and successful requests per second; it "
            "describes what was measured and decides nothing."
        )
    return " ".join(said)


def _tried(capacity: Capacity) -> str:
    """Which ways the trials went from the first one."""
    trials = [one.height for one in capacity.attempts if not one.proof] or [capacity.attempts[0].height]
    before = [(one, trials[:i]) for i, one in enumerate(trials) if i]
    ways = {
        "doubled": any(one > max(lower) for one, lower in before),
        "quartered": any(one < min(higher) for one, higher in before),
        "bisected between what was kept and what was not": any(
            min(others) < one < max(others) and one not in others for one, others in before
        ),
    }
    went = ", then ".join(way for way, gone in ways.items() if gone)
    first, last = height(capacity, trials[0]), height(capacity, max(trials))
    if not went:
        return f"{first} were tried."
    return f"From {first} on, loads were {went}" + (f", up to {last}." if ways["doubled"] else ".")


def _proofs(capacity: Capacity) -> str:
    proofs = sum(one.proof for one in capacity.attempts)
    if not proofs:
        return "No load was held for a proof."
    held = f"{numbers.count(proofs, 'hold')} {'was' if proofs == 1 else 'were'} for proof"
    if capacity.confidence is None:
        return f"{held}; bare values were compared (confidence: none)."
    each = f"{100 * (1 - (1 - capacity.confidence) / MAX_PROOFS):g} %"
    if capacity.kind is CapacityKind.UNKNOWN:
        return f"{held}, judged at {each}, and gave no answer."
    return (
        f"{held}. The answer holds at {100 * capacity.confidence:g} % confidence: each of at most {MAX_PROOFS} holds "
        f"for proof is judged at {each}."
    )
