"""The sections `waivers:` and `attested:`: what people answer for, each with a name and a last day."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, timedelta

from readiness.config.form import Complaint, Form, Problem, Wrong, described, items, scalar, section
from readiness.config.model import Attestation, Waiver
from readiness.config.scalars import sentence_form, text_form
from readiness.config.tree import Node
from readiness.text.spelling import nearest

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_ZONES = timedelta(days=1)
"""Somewhere it is tomorrow already."""


def waivers_form(checks: Collection[str] | None, today: date) -> Form[tuple[Waiver, ...]]:
    """The whole section; `checks` are the keys under `checks:`, None where they are not known (the schema).

    A waiver whose last day is before `today` is refused: what it excused counts again, and somebody must say so.
    """

    def check(text: str) -> str | None:
        if checks is None or text in checks:
            return None
        return f"is not under checks{nearest(text, checks)}"

    def make(line: int, check: str, owner: str, reason: str, expires: date) -> Waiver:
        if expires < today:
            raise Complaint(
                f"the waiver of {check} expired on {expires}; fix the check, or let {owner} renew it", "expires"
            )
        return Waiver(check, owner, reason, expires, line)

    one = section(
        make,
        {
            "check": ("check", described(text_form(check=check), "Key of the check, as under checks.")),
            "owner": ("owner", described(sentence_form(100), "Who answers for it.")),
            "reason": ("reason", described(sentence_form(300), "Why it may be so for now.")),
            "expires": ("expires", described(day_form(), "Last day on which it counts (UTC).")),
        },
        required=("check", "owner", "reason", "expires"),
        line="line",
    )
    every = items(one)

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

    def make(line: int, title: str, who: str, when: date, expires: date) -> Attestation:
        if when > today + _ZONES:
            raise Complaint(f"{when} has not come yet; attest what was done", "when")
        if expires < when:
            raise Complaint(f"{expires} is before when ({when})", "expires")
        return Attestation(title, who, when, expires, line)

    return items(
        section(
            make,
            {
                "title": ("title", described(sentence_form(), "What was done.")),
                "who": ("who", described(sentence_form(100), "Who says so.")),
                "when": ("when", described(day_form(), "The day it was done.")),
                "expires": ("expires", described(day_form(), "Last day on which it counts (UTC).")),
            },
            required=("title", "who", "when", "expires"),
            line="line",
        )
    )


def day_form() -> Form[date]:
    """A day such as 2026-12-31."""

    def parse(text: str) -> date:
        try:
            if _DAY.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError:
            pass  # such as 2026-02-30
        raise ValueError(f"must be a day such as 2026-12-31, not {text!r}")

    return scalar(
        lambda node: parse(node.text), {"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
    )
