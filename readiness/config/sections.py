"""The forms of every section but `checks`: what keys there are, their bounds and their units."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Annotated, Any

from readiness.config import stop_rules
from readiness.config.form import Complaint, Form, described, items, mapping, scalar, section, section_of
from readiness.config.model import ArrivalSpacing, DecisionRule, LoadSection
from readiness.config.scalars import (
    choice_form,
    duration_form,
    number_form,
    rate_form,
    share,
    share_form,
    text_form,
    whole_form,
    word_form,
)
from readiness.config.tls import NONE, Tls, tls_form
from readiness.config.tree import Node, Scalar
from readiness.text.trace_links import wrong_trace_url

MAX_USERS = 100_000
MAX_RATE_PER_S = 1_000_000.0
MAX_PROCESSES = 256
DAY_S = 86400.0


def _host(text: str) -> str | None:
    if re.fullmatch(r"[A-Za-z0-9._:\[\]-]+", text, re.ASCII):
        return None
    return f"must be a host name such as staging.example.org, without scheme, path or wildcard, not {text!r}"


_HOST = text_form(check=_host, most=253, pattern=r"^[A-Za-z0-9._:\[\]-]+$")


@dataclass(frozen=True, slots=True)
class Hosts:
    """The `target:` section."""

    allowed_hosts: Annotated[tuple[str, ...], items(_HOST)] = field(default=())
    tls: Annotated[Tls, tls_form()] = NONE


def load_form() -> Form[LoadSection]:
    """The `load:` section."""
    return section(
        _load,
        {
            "scenarios": (
                "scenarios",
                described(
                    mapping(number_form(least=0, most=1e6), key=_scenario, pattern=r"^[^\s/\\.@]+$", least=1),
                    "Scenario file stem to its weight.",
                ),
            ),
            "users": ("users", described(whole_form(least=1, most=MAX_USERS), "Users at once (closed load).")),
            "rate": ("rate_per_s", described(rate_form(most=MAX_RATE_PER_S), "Arrivals per second (open load).")),
            "ramp_up": ("ramp_up_s", described(_time(0), "Time to reach full load; never judged.")),
            "warm_up": ("warm_up_s", described(_time(0), "Full load before the measurement window; never judged.")),
            "duration": (
                "duration_s",
                described(
                    stop_rules.duration(least_s=0.001, most_s=7 * DAY_S),
                    "Length of the measurement window; until_decided: as long as the proof needs.",
                ),
            ),
            "max_duration": ("max_duration_s", described(_time(10), "Most that until_decided may take; 5m without.")),
            "abort_when": (
                "abort_when",
                described(stop_rules.stop_rules(), "Limits that end the load when every second of a while meets one."),
            ),
            "abort_after": ("abort_after_s", described(_time(1), "How long that while is; 10s without it.")),
            "timeout": ("timeout_s", described(duration_form(least_s=0.001, most_s=3600), "Most time of one request.")),
            "processes": ("processes", described(whole_form(least=1, most=MAX_PROCESSES), "Load generator processes.")),
            "arrivals": (
                "arrivals",
                described(choice_form(ArrivalSpacing), "How arrivals of an open load are spaced."),
            ),
            "seed": ("seed", described(whole_form(least=0, most=2**31), "Of arrivals and mix in an open load.")),
            "steps": ("steps", described(items(_height(), least=2), "Users, or arrivals per second, of each step.")),
            "decide_at": ("decide_at", described(_height(), "The step that is judged.")),
            "step_duration": ("step_duration_s", described(_time(1), "How long each other step is held.")),
            "trace": (
                "trace",
                described(word_form(("off", "traceparent")), "Send W3C traceparent with a share of the requests."),
            ),
            "trace_share": (
                "trace_share",
                described(share_form(least=0.1, most=100), "Share of the requests that carry one; 5% without it."),
            ),
            "trace_url": (
                "trace_url",
                described(text_form(check=wrong_trace_url, most=500), "Where a trace is shown, with {trace_id} in it."),
            ),
            "calibration": (
                "calibration_s",
                described(
                    duration_form(least_s=0, most_s=60), "Trial of the load generator before the load; 0s: none."
                ),
            ),
        },
    )


def _load(**given: Any) -> LoadSection:
    stop_rules.take(given)
    if "users" in given and "rate_per_s" in given:
        raise Complaint("stands beside users; keep one: users for a closed load, rate for an open one", "rate")
    for key, field_name in (("decide_at", "decide_at"), ("step_duration", "step_duration_s")):
        if field_name in given and "steps" not in given:
            raise Complaint("needs steps beside it, such as steps: [10, 25, 50]", key)
    if "steps" in given:
        _take_steps(given)
    elif "rate_per_s" in given:
        given["users"] = None
    for name in ("arrivals", "seed"):
        if name in given and given.get("rate_per_s") is None:
            raise Complaint("belongs to an open load: give a rate, or steps of rates", name)
    traced = given.pop("trace", "off") == "traceparent"
    for key in ("trace_share", "trace_url"):
        if key in given and not traced:
            raise Complaint("needs trace: traceparent beside it", key)
    if traced:
        given.setdefault("trace_share", 0.05)
    weights = given.get("scenarios", {1: 1})
    if isinstance(weights, Mapping) and not any(weights.values()):
        raise Complaint("needs at least one scenario with a weight above 0", "scenarios")
    return LoadSection(**given)


def _take_steps(given: dict[str, Any]) -> None:
    """Steps of (height, whether it is a rate) -> heights, and the users or the rate of the step that is judged."""
    for key, name in (("users", "users"), ("rate", "rate_per_s")):
        if name in given:
            raise Complaint(f"stands beside steps; keep one: {key} for a single height, steps for several", key)
    steps: tuple[tuple[float, bool], ...] = given["steps"]
    rates = steps[0][1]
    if any(is_rate is not rates for _, is_rate in steps):
        raise Complaint('must all be users, such as [10, 50], or all be rates, such as ["10 /s", "50 /s"]', "steps")
    if any(left == right for left, right in pairwise(steps)):
        raise Complaint("has the same height twice in a row", "steps")
    if "decide_at" not in given:
        raise Complaint("needs decide_at beside it: the step that is judged", "steps")
    if steps.count(given["decide_at"]) != 1:
        raise Complaint("must be one of steps, and stand there once", "decide_at")
    height, _ = given["decide_at"]
    given["steps"], given["decide_at"] = tuple(height for height, _ in steps), height
    given["users"], given["rate_per_s"] = (None, height) if rates else (int(height), None)


def _height() -> Form[tuple[float, bool]]:
    """Users as a whole number, or a rate; and whether it is a rate."""
    users, rate = whole_form(least=1, most=MAX_USERS), rate_form(most=MAX_RATE_PER_S)

    def read(node: Node, path: str) -> tuple[float, bool]:
        if isinstance(node, Scalar) and "/" in node.text:
            return rate.read(node, path), True
        return float(users.read(node, path)), False

    return Form(read, {"anyOf": [users.schema, rate.schema]})


def _scenario(name: str) -> None:
    if not re.fullmatch(r"[^\s/\\.@]{1,100}", name):
        raise ValueError("is not a scenario: write the file's name without folder and .py, such as bag_lookup")


def _time(least_s: float) -> Form[float]:
    return duration_form(least_s=least_s, most_s=7 * DAY_S)


def decision_form() -> Form[DecisionRule]:
    """The `decision:` section."""
    return section_of(DecisionRule, _decision)


def _decision(**given: float) -> DecisionRule:
    rule = DecisionRule(**given)
    if rule.floor_score > rule.ready_score:
        key = "floor_score" if "floor_score" in given else "ready_score"
        raise Complaint(f"floor_score {rule.floor_score:g} is above ready_score {rule.ready_score:g}", key)
    return rule


def evidence_form() -> Form[float | None]:
    """The `evidence:` section: the confidence."""
    confidence = scalar(
        lambda node: None if node.text == "none" else share(node.text, least=80, most=99.9),
        {"type": "string", "pattern": r"^(none|[0-9]+(\.[0-9]+)? ?%)$"},
    )
    return section(
        _confidence,
        {"confidence": ("confidence", described(confidence, "80% to 99.9%, or none to compare bare values."))},
    )


def _confidence(confidence: float | None = 0.95) -> float | None:
    return confidence


def target_form() -> Form[Hosts]:
    """The `target:` section."""
    return section_of(Hosts)
