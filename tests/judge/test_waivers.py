"""A waiver moves a check from block to condition, and changes nothing else."""

from dataclasses import replace
from datetime import date

import pytest

from readiness.config.model import Config, OnFail
from readiness.config.waivers import Attestation, Waiver
from readiness.errors import ConfigError
from readiness.judge.judge import judge
from readiness.judge.verdict import Attested, Decision, Outcome, Verdict, Waived
from readiness.report import json
from tests.judge.builders import check, config, measured, run

WAIVER = Waiver("data.x", "Ana", "fixed next week.", date(2026, 2, 1))


def judged(value: float | None, *waivers: Waiver, on_fail: OnFail = OnFail.BLOCK) -> Verdict:
    checks = [check("data.x", "== 0", on_fail=on_fail, weight=0.1), check("data.y", "== 0", on_fail=OnFail.BLOCK)]
    facts = run(None, measured("data.x", value, reason="gone" if value is None else None), measured("data.y", 0.0))
    limits: Config = replace(config(*checks), waivers=waivers)
    return judge(facts, limits)


def test_a_waived_failure_is_conditional_and_its_waiver_comes_first() -> None:
    bare, waived = judged(3.0), judged(3.0, WAIVER)
    assert bare.decision is Decision.NOT_READY
    assert waived.decision is Decision.CONDITIONAL
    assert waived.score == bare.score
    assert [one.outcome for one in waived.checks] == [one.outcome for one in bare.checks]
    assert waived.waivers == (Waived("data.x", "Ana", "fixed next week.", "2026-02-01"),)
    assert waived.conditions[0].startswith("Waived by Ana until 2026-02-01 (fixed next week): data.x: 3, must be 0")
    assert waived.risks.high[0].startswith("Waived by Ana until 2026-02-01 (fixed next week): data.x: 3, must be 0")
    assert len(waived.risks.high) == 1
    assert "(data.x: waived)" in waived.reason


def test_what_was_not_measured_stays_short_of_coverage_with_a_waiver() -> None:
    assert judged(None, WAIVER).decision is Decision.INCONCLUSIVE


def test_a_waiver_of_a_passed_check_changes_nothing_but_a_note() -> None:
    plain, waived = judged(0.0), judged(0.0, WAIVER)
    assert waived.decision is plain.decision is Decision.READY
    assert waived.conditions == ()
    assert waived.notes == ("data.x passed: its waiver by Ana is not needed any more; remove it",)


def test_a_waiver_never_makes_a_condition_lighter() -> None:
    plain, waived = (judged(3.0, *them, on_fail=OnFail.CONDITION) for them in ((), (WAIVER,)))
    assert plain.decision is waived.decision is Decision.CONDITIONAL


def test_attested_items_stand_apart_earn_nothing_and_expire_by_the_runs_own_day() -> None:
    items = tuple(
        Attestation(f"Backup {day}", "Ops", date(2025, 12, 1), date(*day)) for day in ((2025, 12, 31), (2026, 1, 1))
    )
    facts = run(None, measured("data.x", 0.0))
    limits = replace(config(check("data.x", "== 0")), attested=items)
    verdict = judge(facts, limits)
    assert [(one.who, one.expires, one.expired) for one in verdict.attested] == [
        ("Ops", "2025-12-31", True),
        ("Ops", "2026-01-01", False),
    ]
    without = judge(facts, replace(limits, attested=()))
    assert (verdict.score, verdict.decision, verdict.checks) == (without.score, without.decision, without.checks)
    assert json.loads(json.render(verdict), "r").attested == verdict.attested
    assert isinstance(verdict.attested[0], Attested)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"waived": true', '"waived": false'),
        ('"waived": false', '"waived": true'),
        ('"expires": "2026-02-01"', '"expires": "2025-12-31"'),
        ('"owner": "Ana"', '"owner": ""'),
    ],
)
def test_a_report_whose_waivers_do_not_fit_its_checks_is_refused(old: str, new: str) -> None:
    text = json.render(judged(3.0, WAIVER))
    assert json.loads(text, "report.json").checks[0].outcome is Outcome.FAIL
    assert old in text
    with pytest.raises(ConfigError):
        json.loads(text.replace(old, new, 1), "report.json")
