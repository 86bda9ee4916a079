"""Secrets come out of the values, in every form, and neither break a file nor hide the answer."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from readiness.cli.artefacts import Artefacts, write_reports
from readiness.errors import ExitCode
from readiness.judge.judge import judge
from readiness.judge.verdict import Decision, Outcome
from readiness.measurements.run import FAILURE_CLASSES, Detail, Measurement, Run
from readiness.report import FORMATS
from readiness.report.redacted import redacted
from readiness.text import HIDDEN, clean
from readiness.text.redaction import OWN_WORDS, last_net, redact
from tests.disguises import disguises
from tests.judge.builders import check, config, load, recording, run

HARD = ['p"q&r<s7>', "it's\\a\\back1", "sl/ash%20 sp+ace", "grüß&Gott9", "&&&&!!!!", "with  two  blanks1"]
AWKWARD = ["true", "null", "load", "READY", "READ", "NOT READY", "pass", "id", "0", "1", "127", "requests", "http"]


def run_that_says(text: str) -> Run:
    """A run with `text` wherever outside text can come in."""
    said = clean(text)
    seen = load(("shop", f"GET /{said}", recording([5.0] * 400, failed={"timeout": 1})))
    seen = replace(seen, script_errors=(said,), model="closed")
    measurement = Measurement(
        "security.headers", None, 50.0, "probe security", samples=2, details=(Detail(said, said, False, said),)
    )
    return replace(run(seen, measurement, doubts=(said,)), notes=(said,), service=f"shop {said}")


def written(out: Path, facts: Run, secrets: Sequence[str]) -> tuple[ExitCode, dict[str, str], tuple[str, ...]]:
    limits = config(check("latency.p95", "< 900"), check("security.headers", "== 100"))
    artefacts = Artefacts(out, tuple(FORMATS.values()), tuple(secrets))
    problem = artefacts.write_run(facts)
    verdict, problems = write_reports(judge(facts, limits), facts, artefacts)
    texts = {path.name: path.read_text() for path in out.iterdir()}
    return verdict.exit_code, texts, ((problem,) if problem else ()) + problems


@pytest.mark.parametrize("secret", HARD)
def test_a_secret_with_special_characters_is_in_no_file_in_any_form(tmp_path: Path, secret: str) -> None:
    _, texts, problems = written(tmp_path, run_that_says(f"the server said {secret} to me"), [secret])
    assert problems == ()
    assert set(texts) == {"run.json", *(fmt.file_name for fmt in FORMATS.values())}
    for name, text in texts.items():
        assert not [form for form in disguises(secret) if form in text], name
    assert HIDDEN in texts["run.json"]
    ElementTree.fromstring(texts["junit.xml"])
    assert secret not in json.dumps([json.loads(texts["run.json"]), json.loads(texts["report.json"])])


@pytest.mark.parametrize("secret", AWKWARD)
def test_a_secret_that_is_a_common_word_breaks_no_file_and_hides_no_decision(tmp_path: Path, secret: str) -> None:
    facts = run_that_says("hello")
    code, texts, problems = written(tmp_path, facts, [secret])
    assert problems == ()
    assert json.loads(texts["run.json"])["schema"] == "readiness.run/1"
    report = json.loads(texts["report.json"])
    assert report["decision"] == "INCONCLUSIVE"
    assert report["exit_code"] == code == ExitCode.INCONCLUSIVE
    ElementTree.fromstring(texts["junit.xml"])
    assert "INCONCLUSIVE" in texts["report.md"]


def test_a_short_word_is_hidden_as_a_word_only() -> None:
    assert redact("READY to READ, ALREADY", ["READ"]) == f"READY to {HIDDEN}, ALREADY"


def test_a_long_word_is_hidden_inside_other_words_too() -> None:
    assert redact("xhunterhunterx", ["hunterhunter"]) == f"x{HIDDEN}x"


def test_what_has_no_secret_stays_the_same_object() -> None:
    facts = run_that_says("hello")
    assert redacted(facts, ["s3cret-canary"]) is facts
    assert redacted(facts, []) is facts


def test_ids_metrics_and_numbers_are_never_redacted() -> None:
    facts = run_that_says("hello")
    clear = redacted(facts, ["security.headers", "run-1", "2026", "probe security"])
    assert (clear.id, clear.started_at) == (facts.id, facts.started_at)
    assert [(one.metric, one.source) for one in clear.measurements] == [("security.headers", "probe security")]


def test_the_words_of_decisions_outcomes_and_failures_are_our_own() -> None:
    words = [*Decision, *Outcome, *FAILURE_CLASSES]
    hidden = [word for word in words if redact(f"it is {word}", [word, word.lower()]) != f"it is {word}"]
    assert [word for word in hidden if word in (*Decision, *Outcome)] == []
    assert {"true", "false", "null", "load", "ready"} <= OWN_WORDS


def test_the_last_net_hides_what_came_past_the_values() -> None:
    secret = 'k3y"with<quote>'
    text, refused = last_net(json.dumps({"note": f"a {secret} b"}), "report.json", [secret])
    assert (json.loads(text), refused) == ({"note": f"a {HIDDEN} b"}, None)


def test_the_last_net_refuses_a_file_that_it_would_break() -> None:
    text, refused = last_net('{"a": 1.2345e-07}', "run.json", ["1.2345e-07"])
    assert text == ""
    assert refused is not None
    assert "run.json was not written" in refused
