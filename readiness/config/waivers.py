"""The sections `waivers:` and `attested:`: what people answer for, each with a name and a last day."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any

from readiness.config.form import Complaint, Form, Problem, Wrong, described, items, section_of
from readiness.config.scalars import day_form, sentence_form, text_form
from readiness.config.tree import Node
from readiness.text.spelling import nearest

_ZONES = timedelta(days=1)
"""Somewhere it is tomorrow already."""


_LAST_DAY = described(day_form(), "Last day on which it counts (UTC).")


@dataclass(frozen=True, slots=True)
class Waiver:
    """Somebody accepts that a check does not pass: it no longer blocks, it becomes a condition."""

    check: Annotated[str, described(text_form(), "Key of the check, as under checks.")]
    """Such as `latency.p95@login`."""
    owner: Annotated[str, described(sentence_form(100), "Who answers for it.")]
    reason: Annotated[str, described(sentence_form(300), "Why it may be so for now.")]
    expires: Annotated[date, _LAST_DAY]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Attestation:
    """What somebody says was done, such as a backup. It is shown, and earns nothing."""

    title: Annotated[str, described(sentence_form(), "What was done.")]
    who: Annotated[str, described(sentence_form(100), "Who says so.")]
    when: Annotated[date, described(day_form(), "The day it was done.")]
    expires: Annotated[date, _LAST_DAY]
    line: int = 0


def waivers_form(checks: Collection[str] | None, today: date) -> Form[tuple[Waiver, ...]]:
    """The whole section; `checks` are the keys under `checks:`, None where they are not known (the schema).

    A waiver whose last day is before `today` is refused: what it excused counts again, and somebody must say so.
    """

    def make(**given: Any) -> Waiver:
        waiver = Waiver(**given)
        if checks is not None and waiver.check not in checks:
            raise Complaint(f"is not under checks{nearest(waiver.check, checks)}", "check")
        if waiver.expires < today:
            over = f"the waiver of {waiver.check} expired on {waiver.expires}"
            raise Complaint(f"{over}; fix the check, or let {waiver.owner} renew it", "expires")
        return waiver

    every = items(section_of(Waiver, make))

    def read(node: Node, path: str) -> tuple[Waiver, ...]:
        found = every.read(node, path)
        first: dict[str, int] = {}
        for index, waiver in enumerate(found):
            if waiver.check in first:
                text = f"{waiver.check} is waived twice (first on line {first[waiver.check]})"
                raise Wrong(Problem(waiver.line, f"{path}[{index}].check", text))
            first[waiver.check] = waiver.line
        return found

    return Form(read, every.schema)


def attested_form(today: date) -> Form[tuple[Attestation, ...]]:
    """The whole section; an expired one is read, and shown as expired."""

    def make(**given: Any) -> Attestation:
        made = Attestation(**given)
        if made.when > today + _ZONES:
            raise Complaint(f"{made.when} has not come yet; attest what was done", "when")
        if made.expires < made.when:
            raise Complaint(f"{made.expires} is before when ({made.when})", "expires")
        return made

    return items(section_of(Attestation, make))
