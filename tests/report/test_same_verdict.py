"""Row O12 and O15: whatever the verdict, every format parses back to the same decision, score, checks and outcomes."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import strategies as st

from readiness.errors import ConfigError
from readiness.judge.verdict import EXIT_OF, Decision, Outcome, Verdict
from readiness.report import FORMATS, console
from readiness.report.json import read
from readiness.report.status import OUTCOMES
from readiness.report.view import words
from readiness.report.view.checks import key_of
from readiness.text import clean
from tests.report import parsing
from tests.report.test_json import VERDICTS

PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""A verdict is too large to be shrunk within a test's time."""
WORD = {outcome: status.word for outcome, status in OUTCOMES.items()}
CHILD = {Outcome.FAIL: "failure", Outcome.NOT_APPLICABLE: "skipped", Outcome.PASS: None, Outcome.WARN: None}


def _distinct(verdict: Verdict) -> bool:
    keys = [key_of(check) for check in verdict.checks]
    return len(set(keys)) == len(keys) and all(keys)


ANY = st.builds(
    lambda verdict, decision: replace(verdict, decision=decision, exit_code=EXIT_OF[decision]),
    VERDICTS.filter(_distinct),
    st.sampled_from(Decision),
)


@settings(
    max_examples=40,
    deadline=None,
    phases=PHASES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(ANY)
def test_every_format_says_the_same(verdict: Verdict) -> None:
    score = words.score(verdict)
    outcomes = [WORD[check.outcome] for check in verdict.checks]
    page = parsing.html(FORMATS["html"].render(verdict))
    assert page.marks["data-decision"] == verdict.decision
    assert page.marks["data-score"] == score
    assert list(page.checks) == [key_of(check) for check in verdict.checks]
    assert [cells[3].split(" ", 1)[1] for cells in page.checks.values()] == outcomes

    markdown = FORMATS["md"].render(verdict)
    assert markdown.splitlines()[0].split(" ", 2)[2].startswith(f"{verdict.decision} ")
    assert f"**Score: {score}" in markdown
    tables = [table for table in parsing.markdown_tables(markdown) if table[0][:4] == METRICS]
    rows = tables[0][1:] if verdict.checks else []
    assert [cells[3].split(" ", 1)[1] for cells in rows] == outcomes

    suite = ET.fromstring(FORMATS["junit"].render(verdict))[0]
    cases = suite.findall("testcase")
    told = {one.get("name"): one.get("value") for one in suite.iter("property")}
    assert told["readiness.decision"] == verdict.decision
    assert [case.get("classname") for case in cases[:-1]] == [f"readiness.{key_of(check)}" for check in verdict.checks]
    for check, case in zip(verdict.checks, cases, strict=False):
        child = next((one.tag for one in case if one.tag != "system-out"), None)
        assert child == CHILD.get(check.outcome, "error")

    line = console.quiet_line(verdict)
    assert line.startswith(f"readiness: {verdict.decision}, run ")
    assert f"score {score}" in line
    assert len(line.splitlines()) == 1


METRICS = ["Metric", "Target", "Current", "Status"]


@settings(
    max_examples=25,
    deadline=None,
    phases=PHASES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(VERDICTS)
def test_what_is_read_back_from_json_renders_to_the_same_pages(verdict: Verdict) -> None:
    try:
        again, _ = read(FORMATS["json"].render(verdict), "report.json")
    except ConfigError:
        reject()  # a metric of the catalogue with a value that it cannot have
    assert [clean(check.title) for check in again.checks] == [clean(check.title) for check in verdict.checks]
    for name in ("html", "md", "junit"):
        assert FORMATS[name].render(again) == FORMATS[name].render(verdict)
