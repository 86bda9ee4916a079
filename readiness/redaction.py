"""Secrets are taken out of the values before anything is rendered, so that no format and no word of ours can break.

Rule: every string inside a Run or Verdict is redacted, whoever wrote it, except what is ours by construction and
cannot carry outside text: enums, numbers, keys of mappings, and the fields of OURS (ids, times, hashes, versions,
metric names, units, sources) and scenario names, by which checks are found. After rendering a last net looks for what
came in another way.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar, cast
from xml.etree import ElementTree

from readiness.judge.verdict import CheckResult
from readiness.measurements.histogram import Histogram
from readiness.measurements.run import Measurement, Recording
from readiness.text import HIDDEN, forms, is_secret, redact

T = TypeVar("T")
LEAST_NET = 8
LONGEST_WORD = 16
OURS = frozenset(
    {
        "id", "run_id", "started_at", "ended_at", "plan_hash", "thresholds_sha256", "scenarios", "scenario",
        "idle_scenarios", "tool_version", "python", "platform", "locust", "metric", "unit", "source", "model",
        "interrupted", "on_fail",
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
    wanted = tuple(secret for secret in dict.fromkeys(secrets) if is_secret(secret))
    return cast(T, _redacted(value, wanted)) if wanted else value


def _redacted(value: Any, secrets: tuple[str, ...]) -> Any:
    if isinstance(value, _WHOLE):
        return value
    if isinstance(value, str):
        return redact(value, secrets)
    if isinstance(value, tuple):
        parts = tuple(_redacted(part, secrets) for part in value)
        return parts if _differ(parts, value) else value
    if isinstance(value, Mapping):
        pairs = {key: _redacted(part, secrets) for key, part in value.items()}
        return pairs if _differ(pairs.values(), value.values()) else value
    if not is_dataclass(value) or isinstance(value, type):
        return value
    ours = OURS | OURS_IN.get(type(value), frozenset())
    changed = {}
    for item in fields(value):
        if item.name in ours:
            continue
        old = getattr(value, item.name)
        new = _redacted(old, secrets)
        if new is not old and new != old:
            changed[item.name] = new
    return replace(value, **changed) if changed else value


def _differ(new: Iterable[object], old: Iterable[object]) -> bool:
    return any(one is not other and one != other for one, other in zip(new, old, strict=True))


def last_net(text: str, file_name: str, secrets: Iterable[str]) -> tuple[str, str | None]:
    """A rendered file without any form of a secret that came in past the values, and why it must not be written.

    Only secrets that cannot be a word of a format are looked for. A file that would not parse without them is refused.
    """
    found = {form for secret in secrets if _is_distinct(secret) for form in forms(secret) if form in text}
    if not found:
        return text, None
    for form in sorted(found, key=len, reverse=True):
        text = text.replace(form, HIDDEN)
    try:
        if file_name.endswith((".json", ".sarif")):
            json.loads(text)
        elif file_name.endswith((".xml", ".svg")):
            ElementTree.fromstring(text)
    except (ValueError, ElementTree.ParseError):
        return "", f"{file_name} was not written: it would have shown a secret from the environment"
    return text, None


def _is_distinct(secret: str) -> bool:
    """Long enough, and neither a plain word nor a plain number, which formats are made of."""
    plain_word = secret.isalpha() and len(secret) < LONGEST_WORD
    plain_number = not any(character.isalpha() for character in secret)
    return len(secret) >= LEAST_NET and is_secret(secret) and not plain_word and not plain_number
