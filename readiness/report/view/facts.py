"""Where the numbers come from, enough to repeat the run."""

from __future__ import annotations

from dataclasses import dataclass

from readiness.judge.verdict import Verdict
from readiness.report.view import words
from readiness.text import clean, numbers


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and its value."""

    label: str
    value: str


def short(verdict: Verdict) -> tuple[Fact, ...]:
    """The facts of the first screen."""
    made = verdict.provenance
    told = [Fact("Service", clean(verdict.service))]
    told += [Fact("Commit", clean(made.commit)[:12])] if made.commit else []
    told += [Fact("Environment", clean(made.environment))] if made.environment else []
    told += [
        Fact("Target", clean(verdict.target.name)),
        Fact("Started", numbers.utc(verdict.started_at)),
        Fact("Took", numbers.elapsed(verdict.started_at, verdict.ended_at)),
        Fact("Load", words.load(verdict)),
        Fact("Requests", words.requests(verdict)),
        Fact("Run", clean(verdict.run_id)),
        Fact("Thresholds", clean(verdict.thresholds_sha256)[:12] or "not recorded"),
        Fact("Made with", f"readiness {clean(made.tool_version)}"),
    ]
    return tuple(told)


def infrastructure(verdict: Verdict) -> tuple[Fact, ...]:
    """What was seen of the machines."""
    return tuple(Fact(clean(fact.subject), clean(fact.value)) for fact in verdict.infrastructure)


def full(verdict: Verdict) -> tuple[Fact, ...]:
    """Everything that is recorded about how the run was made."""
    made, target = verdict.provenance, verdict.target
    facts = [
        Fact("Run id", clean(verdict.run_id)),
        Fact("Service", clean(verdict.service)),
        Fact("Commit", clean(made.commit) if made.commit else "unknown (set READINESS_COMMIT)"),
        Fact("Environment", clean(made.environment) if made.environment else "unknown (set READINESS_ENVIRONMENT)"),
        Fact("Target", clean(target.name)),
        Fact("URL", clean(target.url)),
        Fact("Addresses", clean(", ".join(target.addresses)) or "not recorded"),
        Fact("Started", numbers.utc(verdict.started_at)),
        Fact("Ended", numbers.utc(verdict.ended_at)),
        Fact("Duration", numbers.elapsed(verdict.started_at, verdict.ended_at)),
        Fact("Requests", words.requests(verdict)),
    ]
    facts += [Fact(f"Plan: {clean(name)}", _plain(value)) for name, value in verdict.plan.items()]
    facts += [
        Fact("Thresholds", clean(verdict.thresholds_file)),
        Fact("Thresholds SHA-256", clean(verdict.thresholds_sha256) or "not recorded"),
        Fact("Confidence", _confidence(verdict.confidence)),
        Fact("readiness", clean(made.tool_version)),
        Fact("Python", clean(made.python)),
        Fact("Locust", clean(made.locust) if made.locust else "not used"),
        Fact("Load generator", made.engine),
        Fact("Machine", clean(made.platform)),
        Fact("Cores", f"{made.cores:,}" if made.cores else "not recorded"),
    ]
    facts += [Fact("Load generator", clean(line)) for line in verdict.instrument]
    if verdict.sent_by_locust:
        reasons = (f"{clean(why)} ({count:,}×)" for why, count in verdict.sent_by_locust.items())
        facts.append(Fact("Sent by Locust's own client", ", ".join(reasons)))
    facts += [Fact(f"Scenario {clean(name)} SHA-256", clean(digest)) for name, digest in made.scenarios.items()]
    return tuple(facts)


def _plain(value: str | float | None) -> str:
    return "not set" if value is None else clean(f"{value:g}" if isinstance(value, float) else value) or "–"


def _confidence(value: float | None) -> str:
    if value is None:
        return "none: bare values were compared"
    return f"{numbers.quantity(100 * value, '%')}, one-sided"
