"""report.sarif: SARIF 2.1.0 for code scanning; every result points at its check's line in thresholds.yaml.

Every check is a rule in every run: a rule that is missing would keep yesterday's alert open. A result stands for each
check that did not pass, what could not be proven or measured included, and for a decision that is not READY.
"""

from __future__ import annotations

from pathlib import PurePath
from urllib.parse import quote

from readiness.judge.verdict import CheckResult, Verdict
from readiness.measurements import strict
from readiness.measurements.run import Run
from readiness.metrics.catalogue import find
from readiness.report.view.anchors import anchors
from readiness.report.view.checks import key_of
from readiness.report.view.places import DECISION_KEY, CheckPlace, Gravity, places
from readiness.text import clean, numbers

_BESIDE = "REPORT"
"""Base of addresses in the folder of the report."""
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {
    Gravity.BLOCKER: "error",
    Gravity.CRITICAL: "error",
    Gravity.MAJOR: "error",
    Gravity.MINOR: "warning",
    Gravity.INFO: "note",
}


def render(verdict: Verdict, run: Run | None = None) -> str:
    """The verdict as SARIF; `run` adds nothing."""
    del run
    rules = [_decision_rule(), *(_rule(check) for check in verdict.checks)]
    index = {str(rule["id"]): number for number, rule in enumerate(rules)}
    where = anchors(key_of(check) for check in verdict.checks)
    started, ended = (numbers.moment(text) for text in (verdict.started_at, verdict.ended_at))
    invocation: dict[str, object] = {"executionSuccessful": True, "exitCode": int(verdict.exit_code)}
    if started and ended:
        invocation |= {"startTimeUtc": f"{started:%Y-%m-%dT%H:%M:%SZ}", "endTimeUtc": f"{ended:%Y-%m-%dT%H:%M:%SZ}"}
    document = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "readiness",
                        "version": clean(verdict.provenance.tool_version) or "unknown",
                        "rules": rules,
                    }
                },
                # Without run id or time: a new run of the same service takes the place of the older one.
                "automationDetails": {"id": f"readiness/{quote(clean(verdict.service), safe='')}/"},
                "invocations": [invocation],
                "originalUriBaseIds": {_BESIDE: {"description": {"text": "The folder of this file and report.html."}}},
                "results": [_result(place, index[place.key], where.get(place.key)) for place in places(verdict)],
                "columnKind": "unicodeCodePoints",
                "properties": {
                    "decision": str(verdict.decision),
                    "runId": clean(verdict.run_id),
                    "score": verdict.score.value if verdict.score.coverage > 0 else None,
                    "coverage": verdict.score.coverage,
                    "thresholdsSha256": clean(verdict.thresholds_sha256),
                },
            }
        ],
    }
    return strict.lines(document)


def _decision_rule() -> dict[str, object]:
    return {
        "id": DECISION_KEY,
        "shortDescription": {"text": "The decision on the run is READY."},
        "help": {"text": "Fix what the other results name, then run readiness again."},
        "defaultConfiguration": {"level": "error"},
    }


def _rule(check: CheckResult) -> dict[str, object]:
    metric = find(check.name)
    rule: dict[str, object] = {
        "id": key_of(check),
        "shortDescription": {"text": clean(f"{check.title}: {check.pass_limit}") or key_of(check)},
        "defaultConfiguration": {"level": "error" if check.on_fail == "block" else "warning"},
        "properties": {"onFail": clean(check.on_fail), "waived": check.waived},
    }
    if metric:
        rule["fullDescription"] = {"text": metric.meaning}
        rule["help"] = {"text": f"{metric.why} {metric.fix}"}
    return rule


def _result(place: CheckPlace, rule: int, anchor: str | None) -> dict[str, object]:
    """With the place in report.html that says more: the check's own, or the first screen for the decision."""
    return {
        "ruleId": place.key,
        "ruleIndex": rule,
        "level": LEVELS[place.gravity],
        "message": {"text": place.text},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(place.file)},
                    "region": {"startLine": place.line},
                }
            }
        ],
        "relatedLocations": [
            {
                "id": 1,
                "message": {"text": "more in the report"},
                "physicalLocation": {
                    "artifactLocation": {"uri": f"report.html#{anchor or 'executive'}", "uriBaseId": _BESIDE}
                },
            }
        ],
        "partialFingerprints": {"readinessCheck/v1": place.fingerprint},
    }


def _uri(file: str) -> str:
    """Relative to the root of the sources as long as the file was named so."""
    path = PurePath(file).as_posix()
    return ("file://" if path.startswith("/") else "") + quote(path, safe="/")
