"""A capacity in every format: the same answer, read back whole, and nothing of the outside breaks out of its place."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from readiness.errors import ExitCode
from readiness.judge.capacity.attempt import Attempt, TrialFinding
from readiness.judge.capacity.capacity import Capacity, CapacityBound, CapacityKind, conclude, scalability_of
from readiness.judge.capacity.search import Range
from readiness.judge.verdict import Latency
from readiness.measurements.provenance import Provenance, Target
from readiness.measurements.strict import Malformed
from readiness.report.capacity import CAPACITY_FORMATS, console
from readiness.report.capacity.json import read
from readiness.report.capacity.sheet import sheet
from tests.report import builders, parsing

HOSTILE = " ".join(builders.HOSTILE)
HEIGHTS = Range(10, 160, whole=True)


def attempt(height: float, finding: TrialFinding, *, proof: bool = False, reason: str = "") -> Attempt:
    ms = 5 + height / 4
    at = Latency(1.0, ms, ms, ms * 1.5, ms * 2, ms * 3, ms * 4)
    answered = 2 * height / (1 + 0.01 * height + 0.0001 * height * height)
    return Attempt(height, proof, finding, reason, 6.0, round(6 * answered), 0, answered, at, 0.2)


FOUND = (
    *(attempt(height, TrialFinding.KEPT) for height in (10, 20, 40, 80)),
    attempt(160, TrialFinding.BROKEN, reason=f"P95: slow {HOSTILE}"),
    attempt(113, TrialFinding.LEANS_BROKEN),
    attempt(80, TrialFinding.KEPT, proof=True),
)


def capacity(*attempts: Attempt, unit: str = "users", **more: object) -> Capacity:
    kind, answer = conclude(attempts, HEIGHTS)
    law, note = scalability_of(attempts, unit, 0.95)
    made = Capacity(
        run_id="r1",
        service=HOSTILE,
        target=Target(HOSTILE, f"http://127.0.0.1/{HOSTILE}"),
        started_at="2026-11-24T10:00:00.000+00:00",
        ended_at="2026-11-24T10:03:00.000+00:00",
        provenance=Provenance("1", "3", HOSTILE, 2),
        unit=unit,
        heights=HEIGHTS,
        bounds=(CapacityBound("latency.p95", HOSTILE, "< 100 ms"),),
        thresholds_file=HOSTILE,
        thresholds_sha256="",
        confidence=0.95,
        kind=kind,
        answer=answer,
        attempts=attempts,
        scalability=law,
        scalability_note=note,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def test_every_format_is_in_its_folder() -> None:
    folder = Path(__file__).parent.parent.parent / "readiness/report/capacity"
    named = {fmt.module.rpartition(".")[2] for fmt in CAPACITY_FORMATS.values()}
    assert named == {path.stem for path in folder.glob("*.py")} - {"__init__", "charts", "console", "sheet"}


def test_the_json_file_is_read_back_as_it_was() -> None:
    plain = replace(capacity(*FOUND[:4]), service="s", target=Target("t", "u"), thresholds_file="f", bounds=())
    plain = replace(plain, provenance=Provenance("1", "3", "p", 2))
    assert read(CAPACITY_FORMATS["json"].render(plain)) == plain
    with pytest.raises(Malformed):
        read('{"schema": "readiness.report/1"}')


def test_hostile_text_stays_text() -> None:
    page = CAPACITY_FORMATS["html"].render(capacity(*FOUND))
    plain = capacity(*(replace(one, reason="slow" if one.reason else "") for one in FOUND), thresholds_file="f")
    plain = replace(
        plain, service="s", target=Target("t", "u"), bounds=(CapacityBound("latency.p95", "P95", "< 100 ms"),)
    )
    assert parsing.html(page).tags == parsing.html(CAPACITY_FORMATS["html"].render(plain)).tags
    assert len(re.findall(r'<svg[^>]*class="chart"', page)) == 2
    text, wanted = (CAPACITY_FORMATS["md"].render(one) for one in (capacity(*FOUND), plain))
    assert parsing.markdown_kinds(text) == parsing.markdown_kinds(wanted)
    said = console.summary(capacity(*FOUND))
    assert "\x1b" not in said
    assert max(len(line) for line in said.splitlines()) <= 80


@pytest.mark.parametrize(
    ("attempts", "more", "kind", "code", "words"),
    [
        (FOUND, {}, CapacityKind.BOUNDED, ExitCode.READY, "80..113 users"),
        (FOUND[:4], {}, CapacityKind.UNKNOWN, ExitCode.INCONCLUSIVE, "unknown"),
        ((attempt(10, TrialFinding.BROKEN, proof=True),), {}, CapacityKind.BELOW, ExitCode.NOT_READY, "<10 users"),
        ((attempt(10, TrialFinding.BROKEN),), {}, CapacityKind.UNKNOWN, ExitCode.INCONCLUSIVE, "unknown"),
        ((attempt(10, TrialFinding.GENERATOR),), {}, CapacityKind.UNKNOWN, ExitCode.INCONCLUSIVE, "unknown"),
        ((attempt(20, TrialFinding.BROKEN),), {}, CapacityKind.UNKNOWN, ExitCode.INCONCLUSIVE, "unknown"),
        ((attempt(160, TrialFinding.KEPT, proof=True),), {}, CapacityKind.AT_LEAST, ExitCode.READY, ">=160 users"),
        (
            (attempt(80, TrialFinding.KEPT, proof=True), attempt(160, TrialFinding.GENERATOR)),
            {"unit": "/s"},
            CapacityKind.AT_LEAST,
            ExitCode.READY,
            ">=80 /s",
        ),
        (FOUND, {"interrupted": "SIGINT"}, CapacityKind.BOUNDED, ExitCode.INTERRUPTED, "80..113 users"),
        ((), {"problem": "refused"}, CapacityKind.UNKNOWN, ExitCode.INCONCLUSIVE, "unknown"),
    ],
)
def test_the_kind_of_answer_follows_from_what_was_proven(
    attempts: tuple[Attempt, ...], more: dict[str, object], kind: CapacityKind, code: ExitCode, words: str
) -> None:
    found = capacity(*attempts, **more)  # type: ignore[arg-type]
    assert (found.kind, found.exit_code) == (kind, code)
    assert console.last_line(found, code) == f"readiness: capacity={words} exit={int(code)} run=r1"
    for fmt in CAPACITY_FORMATS.values():
        assert fmt.render(found)


def test_what_the_generator_could_not_do_is_not_laid_to_the_service() -> None:
    found = capacity(attempt(80, TrialFinding.KEPT, proof=True), attempt(160, TrialFinding.GENERATOR))
    assert "the load generator was the limit, not the service" in CAPACITY_FORMATS["md"].render(found)


def test_the_law_is_fitted_to_what_can_be_trusted_and_its_knee_shown_where_it_was_measured() -> None:
    found = capacity(*FOUND)
    assert found.scalability is not None
    assert found.scalability.knee is not None
    assert 80 < found.scalability.knee.value < 120
    assert found.bend is not None
    assert found.bend.height == 20
    assert parsing.joined_words(CAPACITY_FORMATS["html"].render(found)) == []
    assert "Measured knee: 20 users" in CAPACITY_FORMATS["md"].render(found)
    assert "Knee of the law" in CAPACITY_FORMATS["md"].render(found)
    assert capacity(*FOUND[:4]).scalability is None


def said(*attempts: Attempt) -> str:
    found = replace(capacity(*attempts), thresholds_file="f", service="s", target=Target("t", "u"))
    return " ".join(console.summary(found).split())


def test_a_trial_that_broke_the_limits_is_no_proof_in_the_sentence_either() -> None:
    kept = attempt(80, TrialFinding.KEPT, proof=True)
    assert "at 113 users they broke in a short trial" in said(kept, attempt(113, TrialFinding.BROKEN))
    proven = said(kept, attempt(113, TrialFinding.BROKEN), attempt(113, TrialFinding.BROKEN, proof=True))
    assert "proven to hold at 80 users and to break at 113 users" in proven


def test_attempts_that_contradict_each_other_are_named() -> None:
    kept = attempt(80, TrialFinding.KEPT, proof=True)
    text = said(kept, attempt(120, TrialFinding.KEPT), attempt(113, TrialFinding.BROKEN, proof=True))
    assert "contradict each other: 120 users kept the limits" in text
    assert "contradict" not in said(kept, attempt(113, TrialFinding.BROKEN, proof=True))


def test_a_target_that_stayed_down_is_named_with_the_load_after_which_it_did() -> None:
    before = [attempt(height, TrialFinding.KEPT) for height in (10, 20, 40)]
    text = said(*before, *(attempt(height, TrialFinding.BROKEN) for height in (80, 57, 10)))
    assert "did not recover after 80 users: even 10 users broke the limits then" in text
    assert "No load was proven" in text


def test_a_service_without_a_free_core_is_named_as_in_a_run() -> None:
    waiting = replace(attempt(113, TrialFinding.BROKEN), no_free_core="Threads of java waited 9 s for a free core.")
    text = said(attempt(80, TrialFinding.KEPT, proof=True), waiting)
    assert "No free core in 1 of 2 attempts. At 113 users: Threads of java waited 9 s" in text


def test_a_knee_is_looked_for_above_the_best_load_and_stays_from_there_on() -> None:
    rates = {12: 0.95, 48: 1.2, 96: 1.05, 200: 1.16}  # of each user: a straight line with noise, least at its begin
    straight = (replace(attempt(n, TrialFinding.KEPT), throughput_per_s=n * rate) for n, rate in rates.items())
    assert "Measured knee: none up to 200 users." in said(*straight)
    bent = capacity(*FOUND)
    assert "Measured knee: 20 users. From there on each user gets under 90 %" in CAPACITY_FORMATS["md"].render(bent)


def method(*attempts: Attempt) -> str:
    return sheet(capacity(*attempts)).method


def test_the_method_says_what_this_search_did_and_nothing_else() -> None:
    found = method(*FOUND)
    assert "From 10 users on, loads were doubled, then bisected between what was kept and what was not" in found
    assert "1 hold was for proof. The answer holds at 95 % confidence" in found
    assert "taken to break them at every larger one" in found
    rising = method(*FOUND[:4])
    assert "From 10 users on, loads were doubled, up to 80 users. No load was held for a proof" in rising
    assert not re.search("bisected|answer holds|break them|Gunther", rising)
    falling = method(*(attempt(height, TrialFinding.BROKEN) for height in (160, 40, 10)))
    assert falling.startswith("From 160 users on, loads were quartered. ")
    open_ = method(attempt(80, TrialFinding.KEPT), attempt(80, TrialFinding.LEANS_KEPT, proof=True))
    assert "80 users were tried. 1 hold was for proof, judged at 98.75 %, and gave no answer." in open_
    assert method() == "No load was sent."
