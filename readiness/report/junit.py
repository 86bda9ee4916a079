"""junit.xml: one test case per check and one for the decision, in the form that CI systems read.

JUnit knows no warning: a warned check passes and says so in its output. A check that was not measured is an error,
never skipped; only what thresholds.yaml declares as not applicable is skipped.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from readiness.judge.verdict import CheckResult, Decision, Outcome, Verdict
from readiness.measurements.run import Run
from readiness.report.view.checks import row
from readiness.report.view.waivers import attested_line, waiver_line
from readiness.report.view.words import failed_outside
from readiness.text import clean, numbers

CHILD_OF_OUTCOME = {
    Outcome.FAIL: "failure",
    Outcome.INCONCLUSIVE: "error",
    Outcome.ERROR: "error",
    Outcome.SKIPPED: "error",
    Outcome.NOT_APPLICABLE: "skipped",
}
CHILD_OF_DECISION = {Decision.NOT_READY: "failure", Decision.INCONCLUSIVE: "error"}
_LONGEST = 2000
_MOST_CAUSES = 4


def render(verdict: Verdict, run: Run | None = None) -> str:
    """The verdict as JUnit XML; `run` adds nothing."""
    root = ET.Element("testsuites", name="readiness")
    suite = ET.SubElement(root, "testsuite", name=clean(verdict.service) or "readiness")
    _properties(suite, verdict)
    for check in verdict.checks:
        _check(suite, check, verdict)
    _decision(suite, verdict)
    for element in (root, suite):
        _counts(element, suite)
    started = numbers.moment(verdict.started_at)
    if started:
        suite.set("timestamp", started.strftime("%Y-%m-%dT%H:%M:%S+00:00"))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _properties(suite: ET.Element, verdict: Verdict) -> None:
    properties = ET.SubElement(suite, "properties")
    for name, value in (
        ("readiness.run_id", clean(verdict.run_id)),
        ("readiness.decision", str(verdict.decision)),
        ("readiness.exit_code", str(int(verdict.exit_code))),
        ("readiness.score", f"{verdict.score.value}" if verdict.score.coverage > 0 else numbers.NOT_MEASURED),
        ("readiness.coverage", f"{verdict.score.coverage}"),
        ("readiness.thresholds_sha256", clean(verdict.thresholds_sha256)),
        *(("readiness.waived", waiver_line(waiver)) for waiver in verdict.waivers),
        *(("readiness.attested", attested_line(item)) for item in verdict.attested),
    ):
        ET.SubElement(properties, "property", name=name, value=value)


def _check(suite: ET.Element, check: CheckResult, verdict: Verdict) -> None:
    shown = row(check)
    case = _case(suite, shown.key, clean(check.title) or shown.key, verdict)
    if check.line > 0:
        case.set("line", str(check.line))
    told = f"{shown.status.word}: {shown.title}: {shown.current}, target {shown.target}. {shown.message}".strip()
    child = CHILD_OF_OUTCOME.get(check.outcome)
    if child:
        node = ET.SubElement(case, child, message=clean(told, _LONGEST))
        if child != "skipped":
            node.set("type", f"readiness.{check.outcome}")
        found = [text for issue in verdict.release.issues if check.key in issue.checks for text in issue.causes]
        if child == "failure" and found:
            causes = (f"Cause: {clean(text, _LONGEST)}" for text in found[:_MOST_CAUSES])
            node.text = "\n".join((clean(told, _LONGEST), *causes))
    lines = (
        f"outcome: {check.outcome}",
        f"value: {shown.current}",
        f"interval: {shown.interval}",
        f"n: {shown.samples}",
        f"pass: {shown.target}",
        f"warn: {shown.warn}",
        f"on_fail: {clean(check.on_fail)}",
        f"message: {shown.message}",
    )
    ET.SubElement(case, "system-out").text = "\n".join(lines)


def _decision(suite: ET.Element, verdict: Verdict) -> None:
    case = _case(suite, "decision", "decision", verdict)
    told = clean(f"{verdict.decision}: {verdict.reason}", _LONGEST)
    child = CHILD_OF_DECISION.get(verdict.decision)
    if child:
        ET.SubElement(case, child, message=told, type="readiness.decision")
    conditions = (f"condition: {clean(condition, _LONGEST)}" for condition in verdict.conditions)
    outside = (f"note: {text}" for text in failed_outside(verdict))
    doubts = (f"doubt: {clean(doubt, _LONGEST)}" for doubt in verdict.doubts)
    ET.SubElement(case, "system-out").text = "\n".join((f"decision: {told}", *conditions, *doubts, *outside))


def _case(suite: ET.Element, key: str, title: str, verdict: Verdict) -> ET.Element:
    """`classname` is the stable key, `name` what people read."""
    name = key if title == key else f"{title} ({key})"
    file = clean(verdict.thresholds_file)
    case = ET.SubElement(suite, "testcase", name=name, classname=f"readiness.{key}", time="0")
    if file:
        case.set("file", file)
    return case


def _counts(element: ET.Element, suite: ET.Element) -> None:
    element.set("tests", str(len(suite.findall("testcase"))))
    for attribute, child in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(attribute, str(len(suite.findall(f"testcase/{child}"))))
