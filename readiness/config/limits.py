"""Limits: `operator number unit`, read for one metric and compared with one another."""

import re
from dataclasses import dataclass
from decimal import Decimal

from readiness.config.model import Limit, Operator
from readiness.metrics.baseline import BASELINE_PREFIX
from readiness.metrics.metric import Kind, Metric

_LIMIT = re.compile(r"(<=|>=|==|<|>) ?((-?[0-9]{1,40}(?:\.[0-9]{1,9})?) ?(\S*))", re.ASCII)
_MOST = 2**53
_UNITS = {
    "ms": ("ms", "s"),
    "%": ("%",),
    "/s": ("/s",),
    "MB": ("MB",),
    "MB/min": ("MB/min",),
    "/min": ("/min",),
    "days": ("days",),
    "": (),
}
_EXAMPLE = {
    "ms": "< 100 ms",
    "%": "> 99 %",
    "/s": "> 50 /s",
    "MB": "< 500 MB",
    "MB/min": "< 5 MB/min",
    "/min": "< 5 /min",
    "days": ">= 30 days",
}
_BELOW = (Operator.LESS, Operator.AT_MOST)
_ABOVE = (Operator.GREATER, Operator.AT_LEAST)


def example(metric: Metric) -> str:
    """A limit that would be accepted for `metric`."""
    if metric.name.startswith(BASELINE_PREFIX):
        return "<= 10 %"
    if metric.unit == "%":
        return "== 100 %" if metric.kind is Kind.EXACT else ("> 99 %" if metric.better == "higher" else "< 1 %")
    if not metric.unit and metric.kind is not Kind.EXACT:
        return "< 1"
    return _EXAMPLE.get(metric.unit, "== 1" if metric.better == "higher" or metric.yes_no else "== 0")


def pattern(metric: Metric) -> str:
    """A regular expression for editors; `parse` is stricter."""
    units = "|".join(re.escape(unit) for unit in _UNITS[metric.unit])
    operators = "|".join(operator.value for operator in _operators(metric))
    return rf"^({operators}) ?-?[0-9]+(\.[0-9]+)?" + (rf" ?({units})$" if units else "$")


@dataclass(frozen=True, slots=True)
class LimitText:
    """A limit in its parts, as its user wrote it."""

    operator: Operator
    quantity: str
    """Number and unit together: `50 ms`."""
    number: Decimal
    unit: str


def split(text: str) -> LimitText | None:
    """The parts of a limit, whatever it is for; None where it is none. The only grammar of a limit."""
    match = _LIMIT.fullmatch(" ".join(text.split()))
    return LimitText(Operator(match[1]), match[2], Decimal(match[3]), match[4]) if match else None


def parse(text: str, metric: Metric) -> Limit:
    """The limit in `text`, its value in the metric's unit. Raises ValueError with what to write instead."""
    sample = example(metric)
    found = split(text)
    if not found:
        raise ValueError(f'must be an operator, a plain decimal number and the unit, such as "{sample}", not {text!r}')
    operator, number, unit = found.operator, found.number, found.unit
    allowed = _UNITS[metric.unit]
    if allowed and not unit:
        raise ValueError(f'needs a unit, such as "{sample}"')
    if allowed and unit not in allowed:
        raise ValueError(f'"{unit}" is not a unit of {metric.name}; write {" or ".join(allowed)}')
    if not allowed and unit:
        raise ValueError(f'{metric.name} has no unit; write it without "{unit}", such as "{sample}"')
    value = float(number * 1000 if unit == "s" else number)
    if abs(value) > _MOST:
        raise ValueError(f"must be at most {_MOST:,}: a larger number cannot be compared exactly")
    _check_operator(operator, metric)
    _check_range(operator, value, metric)
    return Limit(operator, value, text.strip())


def _operators(metric: Metric) -> tuple[Operator, ...]:
    equal = (Operator.EQUAL,) if metric.kind is Kind.EXACT and metric.unit != "ms" else ()
    by_direction = {"lower": _BELOW, "higher": _ABOVE, "equal": _BELOW + _ABOVE}
    return by_direction[metric.better] + equal


def _check_operator(operator: Operator, metric: Metric) -> None:
    allowed = _operators(metric)
    if operator in allowed:
        return
    if operator is Operator.EQUAL:
        raise ValueError(f'{metric.name} is never exactly one number; write "{example(metric)}"')
    words = " or ".join(operator.value for operator in allowed)
    raise ValueError(f"{metric.better} is better for {metric.name}, so the limit starts with {words}")


def _check_range(operator: Operator, value: float, metric: Metric) -> None:
    if metric.name.startswith(("data.", "custom.", BASELINE_PREFIX)):
        return
    if metric.unit == "ms" and value <= 0:
        raise ValueError("must be more than 0 ms: no answer takes no time")
    if value < 0:
        raise ValueError("must not be negative")
    if operator is Operator.LESS and value == 0:
        raise ValueError(f'can never hold: {metric.name} is never below 0; write "<= 0" or "== 0"')
    if metric.unit == "%" and value > 100:
        raise ValueError("must be between 0 and 100 %")
    if metric.unit == "%" and operator is Operator.GREATER and value == 100:
        raise ValueError(f'can never hold: {metric.name} is at most 100 %; write ">= 100 %"')


def covers(outer: Limit, inner: Limit) -> bool:
    """Whether every value that meets `inner` meets `outer` too."""
    if inner.operator is Operator.EQUAL:
        return outer.holds(inner.value)
    if outer.operator is Operator.EQUAL or not same_direction(outer, inner):
        return False
    if outer.value != inner.value:
        return outer.value > inner.value if inner.operator in _BELOW else outer.value < inner.value
    return outer.operator in (Operator.AT_MOST, Operator.AT_LEAST) or outer.operator is inner.operator


def same_direction(one: Limit, other: Limit) -> bool:
    """Whether both bound from above or both from below; `==` goes with either."""
    if Operator.EQUAL in (one.operator, other.operator):
        return True
    return (one.operator in _BELOW) == (other.operator in _BELOW)
