"""Values without secrets: every string inside a Run or Verdict is redacted before anything is rendered.

So no format and no word of ours can break, whoever wrote it, except what is ours by construction and cannot carry
outside text: enums, numbers, keys of mappings, and the fields of OURS (ids, times, hashes, versions, metric names,
units, sources) and scenario names, by which checks are found. What a secret is: readiness/text/redaction.py.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar, cast

from readiness.judge.verdict import CheckResult
from readiness.measurements.histogram import Histogram
from readiness.measurements.run import Measurement, Recording
from readiness.text.disguise import BOUNDARY, needles, spans
from readiness.text.redaction import hidden, is_secret

T = TypeVar("T")
OURS = frozenset(
    {
        "id", "run_id", "started_at", "ended_at", "plan_hash", "thresholds_sha256", "scenarios", "scenario",
        "idle_scenarios", "tool_version", "python", "platform", "locust", "metric", "unit", "source", "model",
        "interrupted", "on_fail", "definitions", "trace_id",
    }
)  # fmt: skip
"""Fields, by name, in any of the dataclasses."""
OURS_IN: Mapping[type, frozenset[str]] = {CheckResult: frozenset({"name"}), Measurement: frozenset({"scope"})}
"""Fields that are ours only there: a check's name is its metric, an endpoint's name is not."""
_WHOLE = (Enum, Histogram, Recording)


def redacted(value: T, secrets: Iterable[str]) -> T:
    """`value` (a dataclass, tuple, mapping or string, however deep) without `secrets`; the same object if none is in.

    Pure. See the rule above for what is left as it is.
    """
    wanted = frozenset(secret for secret in secrets if is_secret(secret))
    changed = _changed(set(_strings(value)), wanted) if wanted else {}
    return cast(T, _redacted(value, changed)) if changed else value


def _changed(strings: set[str], secrets: frozenset[str]) -> dict[str, str]:
    """Those of `strings` that show a secret, and what they become. All are searched at once, which is much faster."""
    ordered = sorted(strings)
    starts, at = [], 0
    encoded = [string.encode("utf-8", "surrogatepass") for string in ordered]
    for data in encoded:
        starts.append(at)
        at += len(data) + len(BOUNDARY)
    touched = {}
    for start, end in spans(BOUNDARY.join(encoded), needles(secrets), cuts=True):
        for index in range(bisect_right(starts, start) - 1, bisect_right(starts, end - 1)):
            touched[ordered[index]] = ""
    return {string: new for string in touched if (new := hidden(string, secrets, cuts=True)) != string}


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str) and not isinstance(value, Enum):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _strings(part)
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _strings(part)
    elif is_dataclass(value) and not isinstance(value, (type, *_WHOLE)):
        for name in _theirs(value):
            yield from _strings(getattr(value, name))


def _redacted(value: Any, changed: Mapping[str, str]) -> Any:
    if isinstance(value, _WHOLE):
        return value
    if isinstance(value, str):
        return changed.get(value, value)
    if isinstance(value, tuple):
        parts = tuple(_redacted(part, changed) for part in value)
        return parts if _differ(parts, value) else value
    if isinstance(value, Mapping):
        pairs = {key: _redacted(part, changed) for key, part in value.items()}
        return pairs if _differ(pairs.values(), value.values()) else value
    if not is_dataclass(value) or isinstance(value, type):
        return value
    new = {name: _redacted(getattr(value, name), changed) for name in _theirs(value)}
    new = {name: part for name, part in new.items() if part is not getattr(value, name)}
    return replace(value, **new) if new else value


def _theirs(value: Any) -> list[str]:
    """The fields of a dataclass that can carry outside text."""
    ours = OURS | OURS_IN.get(type(value), frozenset())
    return [item.name for item in fields(value) if item.name not in ours]


def _differ(new: Iterable[object], old: Iterable[object]) -> bool:
    return any(one is not other for one, other in zip(new, old, strict=True))
