"""The Prometheus text format (version 0.0.4), as far as one number is to be read from it.

A selector is `name` or `name{label="value",…}`: every sample of that name whose labels hold is added up, so a counter
that is split by labels is one number again.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\\n]|\\.)*)"\s*,?')
_BLANK = re.compile(r"\s*\Z")
# No two repetitions of white space side by side: a line may be a mebibyte of blanks.
_SAMPLE = re.compile(rf"({_NAME})(?:\s*(\{{.*\}}))?\s+(\S+)(?:\s+-?[0-9]+)?\s*")
SELECTOR = re.compile(rf"({_NAME})(\{{.*\}})?")


def select(text: str, selector: str) -> float:
    """The sum of the samples that `selector` means.

    Raises LookupError when there is none, ValueError for a selector or a sample that cannot be read.
    """
    name, wanted = parse(selector)
    found: list[float] = []
    for line in text.splitlines():
        if not line.startswith(name):
            continue
        match = _SAMPLE.fullmatch(line)
        if match is None or match[1] != name:
            continue
        labels = _labels(match[2] or "{}")
        if all(labels.get(label) == value for label, value in wanted.items()):
            found.append(_number(match[3]))
    if not found:
        raise LookupError(selector)
    return math.fsum(found)


def parse(selector: str) -> tuple[str, Mapping[str, str]]:
    """Name and labels; raises ValueError when it is no selector."""
    match = SELECTOR.fullmatch(selector.strip())
    if match is None:
        raise ValueError('must be a metric such as cache_hits_total or requests_total{status="5xx"}')
    return match[1], _labels(match[2] or "{}")


def _labels(braced: str) -> dict[str, str]:
    inner, labels, at = braced[1:-1], {}, 0
    while not _BLANK.match(inner, at):
        match = _LABEL.match(inner, at)
        if match is None:
            raise ValueError("the labels cannot be read")
        labels[match[1]] = re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], match[2])
        at = match.end()
    return labels


def _number(text: str) -> float:
    value = float(text)  # its own words for infinity and "not a number" are Python's too
    if not math.isfinite(value) or "_" in text:  # Python alone reads 1_000
        raise ValueError(f"{text[:20]} is not a number")
    return value
