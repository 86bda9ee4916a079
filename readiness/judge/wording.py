"""Values and limits in plain words: `0 %, needs over 80 %`, `3, must be 0`, `no, must be yes`.

Sentences never show an operator: `==` says nothing to whoever does not program. The limit as the user wrote it stands
in the report's column Target and in report.json.
"""

from __future__ import annotations

from readiness.config.limits import split
from readiness.config.model import Limit, Operator
from readiness.judge.failed_requests import MOST_FAILING
from readiness.judge.outcome import Outcome
from readiness.judge.verdict import CheckResult
from readiness.metrics.catalogue import find
from readiness.text.numbers import NOT_BOUNDED, NOT_MEASURED, quantity, share_words

_WORDS = {
    Operator.LESS: "under",
    Operator.AT_MOST: "at most",
    Operator.GREATER: "over",
    Operator.AT_LEAST: "at least",
    Operator.EQUAL: "",
}
_WITHOUT_VALUE = frozenset({Outcome.ERROR, Outcome.SKIPPED, Outcome.NOT_APPLICABLE})


def read(text: str | None, unit: str) -> Limit | None:
    """The limit that `text` says, in `unit`; None when it cannot be read, which only costs a comparison in words."""
    found = split(text or "")
    if found is None:
        return None
    number = found.number * 1000 if (found.unit, unit) == ("s", "ms") else found.number
    return Limit(found.operator, float(number), text or "")


def is_yes_no(name: str) -> bool:
    """Whether 1 means yes and 0 means no."""
    metric = find(name)
    return metric is not None and metric.yes_no


def value_words(name: str, value: float | None, unit: str, apart_from: float | None, absent: str) -> str:
    """A value as people say it: `799.2 ms`, `no`."""
    if is_yes_no(name) and value in (0.0, 1.0):
        return "yes" if value else "no"
    return quantity(value, unit, apart_from=apart_from, absent=absent)


def limit_words(name: str, text: str) -> str:
    """A limit as people say it: `under 50 ms`, `at least 25,248`, `100 %`, `yes`; the text itself if it is none."""
    found = split(text)
    if found is None:
        return text
    if is_yes_no(name) and found.operator in (Operator.EQUAL, Operator.AT_LEAST) and found.number in (0, 1):
        return "yes" if found.number else "no"
    words = f"{int(found.quantity):,}" if found.quantity.isdigit() and len(found.quantity) > 4 else found.quantity
    return f"{_WORDS[found.operator]} {words}".strip()


def demand(name: str, text: str) -> str:
    """What the limit asks for: `needs under 50 ms`, `must be 0`, `must be yes`."""
    words = limit_words(name, text)
    exact = text.strip().startswith("==") or words in ("yes", "no")
    return f"must be {words}" if exact else f"needs {words}"


def shown(check: CheckResult) -> str:
    """The check's value, or the word for its absence."""
    if check.outcome is Outcome.NOT_APPLICABLE:
        return "not applicable"
    absent = NOT_MEASURED if check.outcome in _WITHOUT_VALUE else NOT_BOUNDED
    bound = read(check.pass_limit, check.unit)
    return value_words(check.name, check.value, check.unit, bound.value if bound else None, absent)


def failures_words(check: CheckResult) -> str:
    """`34 % of requests failed; P95 of the successful ones 16.8 ms`; "" where failures are not what is wrong."""
    if check.failures is None:
        return ""
    if check.failures.dead:
        return "; ".join(check.failures.dead[:MOST_FAILING])
    said = f"{share_words(check.failures.share)} of requests failed"
    if check.value is not None or check.failures.successful is None:
        return said
    which = check.name.removeprefix("latency.").replace("max", "slowest").replace("p", "P")
    return f"{said}; {which} of the successful ones {quantity(check.failures.successful, check.unit)}"


def against(check: CheckResult) -> str:
    """Value and demand: `0 %, needs over 80 %`; `not bounded: 34 % of requests failed; needs under 100 ms`."""
    beside = failures_words(check)
    if check.failures and check.failures.dead:
        return beside
    why = f": {why}" if (why := despite(check)) else ""
    return f"{shown(check)}{f': {beside};' if beside else ','} {demand(check.name, check.pass_limit)}{why}"


def held(check: CheckResult) -> str:
    """What a passed check shows: `100 % (needs over 98 %)`."""
    return f"{shown(check)} ({demand(check.name, check.pass_limit)})"


def misses(check: CheckResult) -> bool:
    """Whether the value itself is off its limit: where nothing was answered for a while, it may not be."""
    bound = read(check.pass_limit, check.unit)
    return check.value is None or bound is None or not bound.holds(check.value)


def despite(check: CheckResult) -> str:
    """Why a check failed whose value keeps the limit: `nothing was answered for 9.51 s of 30.0 s, …`; else "".

    It is the evidence of its message. Without it the sentence would say that 99.8 % is not over 99 %.
    """
    if check.outcome is not Outcome.FAIL or misses(check):
        return ""
    return check.message.partition(": ")[2].rstrip(".")


def distance(check: CheckResult) -> float:
    """How many times a value is off its limit, to put the farthest first; infinite where there is no value.

    0 where failed requests are all that is wrong: what says how many failed stands before it.

    A share that must be high is compared by what is missing: 0 % of needed 80 % is five times what may be missing.
    """
    if check.because_failed:
        return 0.0
    bound = read(check.pass_limit, check.unit)
    value = check.value
    if value is None or bound is None:
        return float("inf")
    limit = bound.value
    if check.unit == "%" and bound.operator in (Operator.GREATER, Operator.AT_LEAST) and limit < 100:
        value, limit = 100 - value, 100 - limit
    small, large = sorted((abs(value), abs(limit)))
    return large / small if small > 0 else large + 1
