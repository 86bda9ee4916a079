"""What CI systems read: each parses back to the verdict, points at thresholds.yaml, and obeys no text from outside."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from readiness.errors import ExitCode
from readiness.judge.verdict import Attested, Decision, Outcome, Verdict, Waived
from readiness.report import FORMATS, comment, github, workflow_commands
from readiness.report.view.checks import key_of
from tests.report import builders, parsing

each_hostile = pytest.mark.parametrize("text", builders.HOSTILE)
QUIET = (Outcome.PASS, Outcome.NOT_APPLICABLE)


def told(verdict: Verdict) -> set[str]:
    """What must be a finding: every check that did not pass, and a decision that is not READY."""
    keys = {key_of(check) for check in verdict.checks if check.outcome not in QUIET}
    return keys if verdict.decision is Decision.READY else keys | {"decision"}


def sarif(verdict: Verdict) -> dict[str, Any]:
    document = json.loads(FORMATS["sarif"].render(verdict))
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    return dict(run)


@builders.each_verdict
def test_sarif_has_every_rule_and_a_result_for_each_check_that_did_not_pass(verdict: Verdict) -> None:
    run = sarif(verdict)
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["decision", *(key_of(check) for check in verdict.checks)]
    assert {result["ruleId"] for result in run["results"]} == told(verdict)
    assert len(run["results"]) == len(told(verdict))
    lines = {key_of(check): check.line for check in verdict.checks}
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        (place,) = result["locations"]
        assert place["physicalLocation"]["artifactLocation"]["uri"] == "thresholds.yaml"
        assert place["physicalLocation"]["region"]["startLine"] == max(lines.get(result["ruleId"], 1), 1)
    page = FORMATS["html"].render(verdict)
    for result in run["results"]:
        (more,) = result["relatedLocations"]
        file, _, anchor = more["physicalLocation"]["artifactLocation"]["uri"].partition("#")
        assert file == "report.html"
        assert f'id="{anchor}"' in page, "each result links to its place in the report"
        assert anchor.startswith("check-") is (result["ruleId"] != "decision")
    assert run["properties"]["decision"] == verdict.decision
    assert run["invocations"][0]["exitCode"] == int(verdict.exit_code)


def test_sarif_levels_say_how_grave_it_is_and_the_unknown_is_there() -> None:
    levels = {result["ruleId"]: result["level"] for result in sarif(builders.every_outcome())["results"]}
    assert levels["decision"] == "error"
    assert levels["latency.p95"] == "error"
    assert levels["cache.hit_rate"] == "warning"
    assert levels["throughput"] == "warning"
    assert levels["database.orphans"] == "error"
    assert "pool.headroom" not in levels


def test_a_finding_keeps_its_name_from_run_to_run() -> None:
    one = builders.verdict()
    other = replace(
        one,
        run_id="another",
        started_at="2027-01-01T00:00:00+00:00",
        checks=tuple(replace(check, value=9e9, message="worse") for check in one.checks),
    )
    prints = [
        {result["ruleId"]: result["partialFingerprints"] for result in sarif(verdict)["results"]}
        for verdict in (one, other)
    ]
    assert prints[0] == prints[1]
    assert sarif(one)["automationDetails"] == sarif(other)["automationDetails"]
    elsewhere = sarif(replace(one, service="till"))["results"]
    assert all(result["partialFingerprints"] not in prints[0].values() for result in elsewhere)


def test_a_path_is_a_uri() -> None:
    for file, uri in (("a b/t#1.yaml", "a%20b/t%231.yaml"), ("/etc/t.yaml", "file:///etc/t.yaml")):
        (result, *_) = sarif(builders.verdict(thresholds_file=file))["results"]
        assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


@builders.each_verdict
def test_gitlab_lists_the_same_findings_once_each(verdict: Verdict) -> None:
    entries = json.loads(FORMATS["gitlab"].render(verdict))
    assert {entry["check_name"].removeprefix("readiness.") for entry in entries} == told(verdict)
    prints = [entry["fingerprint"] for entry in entries]
    assert len(set(prints)) == len(prints)
    for entry in entries:
        assert set(entry) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert entry["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert entry["location"]["path"] == "thresholds.yaml"
        assert entry["location"]["lines"]["begin"] >= 1


def test_what_blocks_is_graver_than_what_does_not_and_a_waiver_takes_it_back() -> None:
    def severity(verdict: Verdict, key: str) -> str:
        entries = json.loads(FORMATS["gitlab"].render(verdict))
        (found,) = [entry["severity"] for entry in entries if entry["check_name"] == f"readiness.{key}"]
        return str(found)

    failing = builders.latency("latency.p95", Outcome.FAIL, 500.0, "< 100 ms", on_fail="block")
    verdict = builders.verdict(Decision.NOT_READY, checks=(failing,))
    assert severity(verdict, "latency.p95") == "blocker"
    assert severity(replace(verdict, checks=(replace(failing, waived=True),)), "latency.p95") == "major"
    assert severity(replace(verdict, checks=(replace(failing, on_fail="note"),)), "latency.p95") == "minor"
    assert severity(builders.every_outcome(), "database.orphans") == "critical"


SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*)\})? (-?[0-9.e+-]+)')


def samples(text: str) -> dict[str, dict[str, float]]:
    """Family -> labels as written -> value; every line must be of the format."""
    *lines, end = text.splitlines()
    assert end == "# EOF"
    found: dict[str, dict[str, float]] = {}
    for line in lines:
        if line.startswith("# "):
            assert re.fullmatch(r"# (TYPE [a-z_]+ gauge|HELP [a-z_]+ .+)", line), line
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        family = found.setdefault(match[1], {})
        assert match[2] not in family, f"twice: {line}"
        family[match[2]] = float(match[3])
    return found


@builders.each_verdict
def test_openmetrics_has_the_numbers_and_no_number_where_there_is_none(verdict: Verdict) -> None:
    found = samples(FORMATS["openmetrics"].render(verdict))
    assert found["readiness_score"] == {None: verdict.score.value}
    assert list(found["readiness_exit_code"].values()) == [float(verdict.exit_code)]
    values = {f'check="{key_of(check)}",unit="{check.unit}"': check.value for check in verdict.checks}
    assert found["readiness_check_value"] == {key: value for key, value in values.items() if value is not None}
    known = {Outcome.PASS: 1.0, Outcome.WARN: 0.5, Outcome.FAIL: 0.0}
    assert found["readiness_check_result"] == {
        f'check="{key_of(check)}"': known[check.outcome] for check in verdict.checks if check.outcome in known
    }


@each_hostile
def test_hostile_text_stays_text(text: str) -> None:
    verdict = builders.hostile(text)
    json.loads(FORMATS["sarif"].render(verdict))
    json.loads(FORMATS["gitlab"].render(verdict))
    samples(FORMATS["openmetrics"].render(verdict))
    badge = ET.fromstring(FORMATS["badge"].render(verdict))
    assert "".join(badge.itertext()).split() == [
        "readiness:",
        "CONDITIONAL",
        "65.0",
        "readiness",
        "CONDITIONAL",
        "65.0",
    ]
    summary = FORMATS["github"].render(verdict)
    assert summary.startswith("## ▲ CONDITIONAL – ")
    assert not [line for line in summary.splitlines() if line.lstrip().startswith(("::", "##["))]
    blocks = [token for token in parsing.markdown_kinds(summary) if token == "html_block"]
    assert len(blocks) == 4, "only our own two folds are HTML"
    for line in workflow_commands.lines(verdict):
        assert re.match(r"::(error|warning) title=[^:,]*,file=[^:,]*,line=\d+::", line), line
        assert line.isprintable()


@builders.each_verdict
def test_annotations_are_few_gravest_first_and_none_for_a_green_run(verdict: Verdict) -> None:
    lines = workflow_commands.lines(verdict)
    assert len(lines) == len(told(verdict))
    if verdict.decision is not Decision.READY:
        assert f"readiness%3A {verdict.decision}" in lines[0]
    many = tuple(
        builders.check(f"data.c{i}", Outcome.FAIL if i % 2 else Outcome.WARN, 3.0, line=i + 1) for i in range(100)
    )
    kinds = [line.split()[0] for line in workflow_commands.lines(builders.verdict(Decision.NOT_READY, checks=many))]
    assert kinds == ["::error"] * 10 + ["::warning"] * 10


def test_conditional_that_was_allowed_is_a_warning() -> None:
    allowed = builders.verdict(exit_code=ExitCode.READY, checks=())
    assert [line.split()[0] for line in workflow_commands.lines(allowed)] == ["::warning"]


@builders.each_verdict
def test_the_step_summary_says_the_verdict_first_and_folds_the_rest(verdict: Verdict) -> None:
    text = FORMATS["github"].render(verdict)
    first = text.splitlines()[0]
    assert first.startswith("## ")
    assert f" {verdict.decision} – " in first
    rows = parsing.markdown_tables(text)[0][1:]
    assert len(rows) == len(verdict.checks)
    assert text.index("|---|") < text.index(github.FOLD) < text.index("## Executive summary")
    assert text.rstrip().endswith(github.UNFOLD)


def test_waivers_and_attested_items_are_in_the_summary_and_in_junit() -> None:
    verdict = builders.verdict(
        checks=tuple(replace(check, waived=check.name == "latency.p99") for check in builders.SEED_CHECKS),
        waivers=(Waived("latency.p99", "Ana", "soon", "2027-01-01"),),
        attested=(Attested("Backup", "Ops", "2026-01-01", "2026-02-01", True),),
    )
    for text in (FORMATS["github"].render(verdict).replace("`", ""), FORMATS["junit"].render(verdict)):
        assert "latency.p99, waived by Ana until 2027-01-01: soon" in text
        assert "Backup, attested by Ops on 2026-01-01, EXPIRED on 2026-02-01" in text
    summary = FORMATS["github"].render(verdict)
    assert summary.index("**Waived**") < summary.index("**Conditions**")


def test_o8_a_summary_that_is_too_long_is_cut_and_says_so() -> None:
    many = tuple(
        builders.check(f"data.c{i}", Outcome.FAIL, 3.0, title=f"Count {i} ⚠", message="m" * 200) for i in range(9000)
    )
    text = github.render(builders.verdict(Decision.NOT_READY, checks=many))
    assert len(text.encode()) <= github.MOST_SUMMARY_BYTES
    assert text.splitlines()[0].startswith("## ✖ NOT READY")
    assert text.rstrip().endswith(github.CUT)
    assert text.count("<details>") == text.count(github.UNFOLD)
    assert github.fitted("short\n", 100) == "short\n"


@builders.each_verdict
def test_the_badge_is_the_decision_and_the_score(verdict: Verdict) -> None:
    root = ET.fromstring(FORMATS["badge"].render(verdict))
    assert root.attrib["aria-label"] == f"readiness: {verdict.decision} {verdict.score.value:.1f}"
    assert "href" not in FORMATS["badge"].render(verdict)


def test_a_comment_fits_however_many_checks_there_are_and_keeps_its_marker() -> None:
    many = tuple(
        builders.check(f"data.c{i}", Outcome.FAIL, 3.0, title=f"Count {i} ⚠", message="m" * 200) for i in range(500)
    )
    text = comment.render(builders.verdict(Decision.NOT_READY, checks=many))
    assert len(text) <= comment.MOST_CHARACTERS
    assert text.splitlines()[0] == comment.marker("bag-tracker") == "<!-- readiness-report bag-tracker -->"
    assert "NOT READY" in text.splitlines()[1]
    assert "more that did not pass" in text


@pytest.mark.parametrize("hostile", builders.HOSTILE)
def test_hostile_text_stays_text_in_a_comment(hostile: str) -> None:
    text = comment.render(builders.hostile(hostile))
    assert len(text) <= comment.MOST_CHARACTERS
    kinds = parsing.markdown_kinds(text)
    assert not {"link_open", "image", "html_inline"} & set(kinds)
    assert kinds.count("html_block") == 1
    assert kinds.count("heading_open") == 1
