"""What each number that the file defines means, as a digest: the same name may come to mean something else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from readiness.config.database import ACKNOWLEDGED, CHANGE
from readiness.config.drills import Drill
from readiness.config.model import Database
from readiness.config.monitoring import PrometheusQuery
from readiness.metrics.database_role import SERVICE_ROLE_METRICS
from readiness.metrics.drills import DRILL_PREFIX


def definitions(
    section: Database,
    queries: Mapping[str, PrometheusQuery] | None = None,
    drills: Mapping[str, Drill] | None = None,
) -> Mapping[str, str]:
    """By metric (`data.bags`), with each `.change`; of an invariant with what its terms mean; a drill as `drill.@name`.

    `queries` are those of probes.prometheus.
    """
    meant: dict[str, object] = {}
    for name, count in section.counts.items():
        meant[name] = ["count", count.table, sorted(count.where.items()), count.estimate]
    for name, query in section.queries.items():
        meant[name] = ["query", query.sql.strip()]
    for name, invariant in section.invariants.items():
        terms = [[factor, term, meant.get(term.removesuffix(CHANGE))] for factor, term in invariant.terms]
        written = [section.writes and [section.writes.table, section.writes.key, section.writes.run]]
        known = written if any(term == ACKNOWLEDGED for _, term in invariant.terms) else []
        meant[name] = ["invariant", terms, invariant.constant, *known]
    found = {}
    for name, meaning in meant.items():
        digest = _digest(meaning)
        found[f"data.{name}"] = digest
        if name not in section.invariants:
            found[f"data.{name}{CHANGE}"] = digest
    if section.service_role is not None:
        digest = _digest(["role", section.service_role])
        found |= {metric.name: digest for metric in SERVICE_ROLE_METRICS}
    for name, asked in (queries or {}).items():
        found[f"custom.{name}"] = _digest(["promql", asked.query, asked.take])
    for name, drill in (drills or {}).items():
        # Neither programs nor rates: those of the demo are put in their places when it runs.
        broken = [drill.proxy, drill.fault and str(drill.fault), drill.share, drill.times, drill.for_s]
        found[drill_key(name)] = _digest(["drill", *broken])
    return found


def drill_key(name: str | None) -> str:
    """Of a drill, where metrics stand by their names."""
    return f"{DRILL_PREFIX}@{name or ''}"


def _digest(meaning: object) -> str:
    return hashlib.sha256(json.dumps(meaning).encode()).hexdigest()
