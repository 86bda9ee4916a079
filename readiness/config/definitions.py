"""What each number that the file defines means, as a digest: the same name may come to mean something else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from readiness.config.database import ACKNOWLEDGED, CHANGE
from readiness.config.model import Database
from readiness.config.monitoring import PrometheusQuery
from readiness.metrics.database_role import SERVICE_ROLE_METRICS


def definitions(section: Database, queries: Mapping[str, PrometheusQuery] | None = None) -> Mapping[str, str]:
    """By metric (`data.bags`), with each `.change`; of an invariant with what its terms mean.

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
    return found


def _digest(meaning: object) -> str:
    return hashlib.sha256(json.dumps(meaning).encode()).hexdigest()
