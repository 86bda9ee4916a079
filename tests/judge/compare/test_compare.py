"""Two runs side by side: what is called worse is worse, and two runs of the same service rarely shout."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from readiness.cli import app
from readiness.judge.compare.compare import compare
from readiness.judge.compare.comparison import Comparison, ComparisonFinding, ComparisonOutcome, Difference
from readiness.judge.compare.differences import MOVED_BY_CHANCE
from readiness.judge.judge import judge
from readiness.judge.verdict import Outcome as CheckOutcome
from readiness.measurements.histogram import EMPTY
from readiness.measurements.json import dumps
from readiness.measurements.run import Endpoint, Measurement, Rate, Recording, Run
from readiness.metrics import catalogue
from readiness.report import json as report_json
from readiness.report.comparison import COMPARISON_FORMATS, console
from readiness.report.comparison.json import read
from readiness.report.comparison.sheet import sheet
from tests.judge import builders as judging
from tests.judge.compare.simulated import run
from tests.report import builders, parsing


def compared(base: Run, head: Run, **more: object) -> Comparison:
    return compare(base, head, files=("base.json", "head.json"), **more)  # type: ignore[arg-type]


def find(result: Comparison, key: str) -> Difference:
    (found,) = [one for one in result.differences if one.key == key]
    return found


def test_two_runs_of_the_same_service_rarely_shout_with_fifty_endpoints() -> None:
    # Holm at 95 %: at most 1 of 20 pairs may call any of its 206 comparisons; benchmarks/comparing.py runs many more.
    shouts = [
        [
            one.key
            for one in result.differences
            if one.finding in (ComparisonFinding.REGRESSION, ComparisonFinding.IMPROVEMENT)
        ]
        for seed in (10, 20)
        for result in [compared(run(seed, endpoints=50), run(seed + 1, endpoints=50), worse_by=0.0)]
    ]
    assert sum(bool(found) for found in shouts) <= 1, shouts


def test_what_chance_moves_is_shown_and_never_called_worse() -> None:
    assert {name for name in MOVED_BY_CHANCE if catalogue.find(name) is None} == set()

    def seen(age_ms: float, broken: float) -> Run:
        aged = Measurement("database.oldest_transaction", None, age_ms, "database")
        dead = Measurement("database.deadlocks", None, broken, "database")
        return replace(run(1), id=f"run-{age_ms}", measurements=(aged, dead))

    result = compared(seen(87.0, 0.0), seen(305.0, 0.0))
    assert find(result, "database.oldest_transaction").finding is ComparisonFinding.TOO_LITTLE
    assert int(result.exit_code) == 0
    assert int(compared(seen(87.0, 0.0), seen(305.0, 1.0)).exit_code) == 1


def test_a_log_in_that_was_sent_before_the_window_alone_hides_no_answer() -> None:
    def with_log_in(name: str) -> Run:
        made = run(1)
        assert made.load is not None
        asked = Endpoint("shop", "POST /login", Recording(), judging.recording([5.0] * 10))
        return replace(made, id=name, load=replace(made.load, endpoints=(*made.load.endpoints, asked)))

    result = compared(with_log_in("one"), with_log_in("two"))
    assert int(result.exit_code) == 0, result.reason
    assert "POST /login" not in {one.scope for one in result.differences}


def test_a_slower_endpoint_is_named_and_the_others_are_not() -> None:
    result = compared(run(1), run(2, slower=1.5))
    assert result.outcome is ComparisonOutcome.REGRESSION
    assert int(result.exit_code) == 1
    median = find(result, "latency.p50@GET /0")
    assert median.finding is ComparisonFinding.REGRESSION
    assert median.change.value is not None
    assert median.change.low is not None
    assert median.change.high is not None
    assert 5 < median.change.low < 50 < median.change.high
    assert {one.scope for one in result.found(ComparisonFinding.REGRESSION)} <= {"GET /0", None}
    assert "Median Response Time of GET /0" in result.reason
    better = compared(run(2, slower=1.5), run(1))
    assert find(better, "latency.p50@GET /0").finding is ComparisonFinding.IMPROVEMENT
    assert better.outcome is ComparisonOutcome.NO_REGRESSION


def test_what_is_proven_but_small_does_not_count() -> None:
    tiny = {"seconds": 40, "per_s": 5000.0, "wander": 0.0, "endpoints": 1}
    base, head = run(1, **tiny), run(2, slower=1.025, **tiny)  # type: ignore[arg-type]
    assert find(compared(base, head, worse_by=0.0), "latency.p50").finding is ComparisonFinding.REGRESSION
    small = find(compared(base, head), "latency.p50")
    assert small.finding is ComparisonFinding.NO_EVIDENCE
    assert small.excluded is not None
    assert 2.5 < small.excluded < 5
    assert re.fullmatch(r"By itself at 95 %: not worse by more than \S+ %\.", small.message)


def test_too_few_requests_say_so_and_are_never_a_zero() -> None:
    result = compared(run(1, seconds=3, per_s=5), run(2, seconds=3, per_s=5))
    assert result.outcome is ComparisonOutcome.TOO_LITTLE
    assert int(result.exit_code) == 3
    assert find(result, "latency.p95").finding is ComparisonFinding.TOO_LITTLE


@pytest.mark.parametrize(("seconds", "per_s"), [(3, 5), (8, 10), (12, 3)])
def test_too_little_data_says_for_how_long_and_that_is_about_right(seconds: int, per_s: int) -> None:
    """As `run` and `lint` tell a length: four times as much always does, and it is never what was there already."""
    result = compared(run(1, seconds=seconds, per_s=per_s), run(2, seconds=seconds, per_s=per_s))
    assert result.outcome is ComparisonOutcome.TOO_LITTLE
    told = re.search(r"measure for about (?:(\d+) min ?)?(?:(\d+) s )?at least", result.reason)
    assert told, result.reason
    wanted_s = 60 * int(told[1] or 0) + int(told[2] or 0)
    assert wanted_s > seconds
    longer = compared(run(1, seconds=4 * wanted_s, per_s=per_s), run(2, seconds=4 * wanted_s, per_s=per_s))
    assert longer.outcome is not ComparisonOutcome.TOO_LITTLE, (wanted_s, longer.reason)


def test_an_endpoint_that_is_gone_or_fails_is_not_good_news() -> None:
    base, head = run(1), run(2, endpoints=2)
    gone = compared(base, head)
    assert gone.outcome is not ComparisonOutcome.NO_REGRESSION
    assert find(gone, "latency.p50@GET /2").finding is ComparisonFinding.TOO_LITTLE
    assert "the endpoint GET /2 is only in base" in gone.cautions
    broken = compared(run(1), run(2, failing=0.2))
    assert find(broken, "http.error_rate@GET /0").finding is ComparisonFinding.REGRESSION
    tail = find(broken, "latency.p95@GET /0")
    assert (tail.finding, tail.head) == (ComparisonFinding.REGRESSION, None)
    assert find(compared(run(2, failing=0.2), run(1)), "latency.p95@GET /0").finding is ComparisonFinding.IMPROVEMENT


def test_probes_and_counts_are_compared_too_and_what_has_no_direction_is_only_told() -> None:
    def looked(seed: int, hits: int, orphans: float, bags: float) -> Run:
        rate = Rate(hits, 1000, tuple((hits // 10, 100) for _ in range(10)))
        seen = (
            Measurement("cache.hit_rate", None, hits / 10, "probe", evidence=rate, samples=1000),
            Measurement("database.orphans", None, orphans, "database"),
            Measurement("data.bags", None, bags, "database"),
        )
        return replace(run(seed), measurements=seen)

    result = compared(looked(1, 950, 0, 100), looked(2, 600, 3, 90))
    assert find(result, "cache.hit_rate").finding is ComparisonFinding.REGRESSION
    assert find(result, "database.orphans").finding is ComparisonFinding.REGRESSION
    assert "data.bags: 100 in base, 90 in head" in result.notes
    missing = replace(looked(2, 950, 0, 100), measurements=())
    assert find(compared(looked(1, 950, 0, 100), missing), "cache.hit_rate").finding is ComparisonFinding.TOO_LITTLE


def test_half_as_much_again_of_nearly_nothing_is_no_regression_and_of_much_it_is() -> None:
    def used(seed: int, percent: float) -> Run:
        return replace(run(seed), measurements=(Measurement("database.sequences.used", None, percent, "database"),))

    def finding(before: float, after: float) -> ComparisonFinding:
        return find(compared(used(1, before), used(2, after)), "database.sequences.used").finding

    assert finding(1.0625e-15, 1.5 * 1.0625e-15) is not ComparisonFinding.REGRESSION
    assert finding(40.0, 60.0) is ComparisonFinding.REGRESSION


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"plan": {"users": 9}}, "the plan differs: users is 5 in base, 9 in head"),
        ({"provenance": "other file"}, "the scenario shop is not the same file"),
        ({"service": "till"}, "they are of two services, shop and till"),
        ({"interrupted": "SIGINT"}, "the head run was ended by SIGINT"),
        ({"doubts": ("a worker was lost",)}, "the head run cannot be trusted: a worker was lost"),
        ({"load": None}, "the head run sent no load"),
        ({"id": "run-1"}, "both are the same run"),
    ],
)
def test_runs_of_different_things_are_refused_unless_asked_for_and_then_flagged(
    change: dict[str, object], said: str
) -> None:
    base = replace(run(1), plan={"users": 5, "duration_s": 20.0})
    base = replace(base, provenance=replace(base.provenance, scenarios={"shop": "aa"}))
    if "provenance" in change:
        change = {"provenance": replace(base.provenance, scenarios={"shop": "bb"})}
    head = replace(base, **{"id": "run-2", **change})  # type: ignore[arg-type]
    refused = compared(base, head)
    assert refused.outcome is ComparisonOutcome.NOT_COMPARABLE
    assert int(refused.exit_code) == 3
    assert said in refused.obstacles
    anyway = compared(base, head, anyway=True)
    assert anyway.outcome is not ComparisonOutcome.NOT_COMPARABLE
    assert f"compared anyway: {said}" in anyway.cautions


def test_another_machine_tool_or_length_is_a_caution() -> None:
    base = replace(run(1), plan={"duration_s": 20.0})
    head = replace(run(2), plan={"duration_s": 60.0}, provenance=replace(base.provenance, cores=8, tool_version="9"))
    cautions = compared(base, head).cautions
    assert any("duration is 20 s in base, 60 s in head" in line for line in cautions)
    assert any("the number of cores differs: 2 in base, 8 in head" in line for line in cautions)
    assert any("the version of readiness differs: 0 in base, 9 in head" in line for line in cautions)


def test_limits_that_were_loosened_are_named() -> None:
    old = builders.verdict()
    looser = {"pass_limit": "< 900 ms", "on_fail": "note", "weight": 0.5, "waived": True}
    changed = tuple(
        replace(check, **looser)  # type: ignore[arg-type]
        if check.name == "latency.p99"
        else replace(check, outcome=CheckOutcome.NOT_APPLICABLE)
        if check.name == "security.headers"
        else check
        for check in old.checks
        if check.name != "pool.error_rate"
    )
    new = replace(old, checks=changed, confidence=0.8, thresholds_sha256="other")
    result = compared(run(1), run(2), verdicts=(old, new))
    assert result.loosened == (
        "pool.error_rate: the check is gone (it was < 5 %)",
        "security.headers: it is declared not applicable now",
        "latency.p99: pass was < 200 ms, it is < 900 ms",
        "latency.p99: warn was < 200 ms, it is < 900 ms",
        "latency.p99: on_fail was condition, it is note",
        "latency.p99: it is waived now",
        "latency.p99: weight was 1, it is 0.5",
        "evidence.confidence: 95 % in base, 80 % in head",
    )
    assert "the thresholds are not the same file in both" in result.cautions
    assert compared(run(1), run(2), verdicts=(new, old)).loosened == ()
    assert "limits were not compared: no report.json of the same run lies beside base and head" in (
        compared(run(1), run(2)).notes
    )


@pytest.mark.parametrize("result", [compared(run(1), run(2, slower=1.6)), compared(run(1), run(1))], ids=str)
def test_every_format_says_the_same(result: Comparison) -> None:
    texts = {name: fmt.render(result) for name, fmt in COMPARISON_FORMATS.items()}
    assert read(texts["json"]) == result
    assert f'"exit_code": {int(result.exit_code)}' in texts["json"]
    assert texts["md"].splitlines()[0].endswith(f"{result.outcome} – comparison of two runs")
    rows = parsing.markdown_tables(texts["md"])[0][1:]
    assert len(rows) == len(result.differences)
    for row, one in zip(rows, result.differences, strict=True):
        assert row[0].lower().endswith(one.finding)
        assert row[2] == (one.scope or "whole service")
    assert f">{result.outcome}</span></h1>" in texts["html"]
    assert texts["html"].count("data-difference=") == len(result.differences)
    assert "<script" not in texts["html"]
    assert console.quiet_line(result).startswith(f"readiness: {result.outcome}: ")
    for ascii_only in (False, True):
        text = console.summary(result, ascii=ascii_only)
        assert result.outcome in text.splitlines()[0]
        assert max(len(line) for line in text.splitlines()) <= 80
    assert console.summary(result, ascii=True).isascii()


@pytest.mark.parametrize("text", builders.HOSTILE)
def test_hostile_names_stay_text(text: str) -> None:
    def named(source: Run) -> Run:
        assert source.load is not None
        renamed = tuple(replace(endpoint, name=text) for endpoint in source.load.endpoints[:1])
        return replace(source, load=replace(source.load, endpoints=renamed), service=text, doubts=(text,))

    result = compared(named(run(1, endpoints=1)), named(run(2, endpoints=1)))
    plain = compared(run(1, endpoints=1), replace(run(2, endpoints=1), doubts=("x",)))
    harmless = parsing.html(COMPARISON_FORMATS["html"].render(plain)).tags
    assert set(parsing.html(COMPARISON_FORMATS["html"].render(result)).tags) == set(harmless)
    markdown = COMPARISON_FORMATS["md"].render(result)
    assert len(parsing.markdown_tables(markdown)) == 1
    assert "html_block" not in parsing.markdown_kinds(markdown)
    assert not any(line.startswith(("::", "##[")) for line in console.summary(result).splitlines())


def write(folder: Path, name: str, source: Run) -> str:
    (folder / name).mkdir()
    (folder / name / "run.json").write_text(dumps(source))
    return str(folder / name / "run.json")


def test_the_command_ends_with_its_codes_and_writes_its_files(tmp_path: Path) -> None:
    base = write(tmp_path, "base", run(1))
    slow = write(tmp_path, "slow", run(2, slower=1.6))
    same = write(tmp_path, "same", run(3))
    cli = CliRunner()
    worse = cli.invoke(app, ["compare", base, slow, "--out", str(tmp_path / "out")])
    assert worse.exit_code == 1, worse.output
    assert worse.output.splitlines()[-1] == "readiness: compared=REGRESSION exit=1"
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "comparison.md",
        "comparison.html",
        "comparison.json",
    }
    assert cli.invoke(app, ["compare", base, same]).exit_code == 0
    assert cli.invoke(app, ["compare", base, slow, "--worse-by", "> 500 %"]).exit_code == 0
    assert cli.invoke(app, ["compare", base, base]).exit_code == 3
    printed = cli.invoke(app, ["compare", base, slow, "--format", "json"])
    assert read(printed.stdout).outcome is ComparisonOutcome.REGRESSION
    for wrong in (
        [base, str(tmp_path / "none.json")],
        [base, slow, "--worse-by", "5"],
        [base, slow, "--format", "pdf"],
        [base, slow, "--format", "md,html"],
        [base],
    ):
        assert cli.invoke(app, ["compare", *wrong]).exit_code == 2, wrong


def test_the_limits_of_a_report_beside_the_run_are_compared(tmp_path: Path) -> None:
    files = []
    for name, limit in (("base", "< 100 ms"), ("head", "< 300 ms")):
        source = run(1 if name == "base" else 2)
        files.append(write(tmp_path, name, source))
        verdict = judge(source, judging.config(judging.check("latency.p95", limit)))
        (tmp_path / name / "report.json").write_text(report_json.render(verdict))
    done = CliRunner().invoke(app, ["compare", *files])
    assert "latency.p95: pass was < 100 ms, it is < 300 ms" in done.output
    assert done.exit_code == 0


def test_a_run_without_any_success_is_no_crash() -> None:
    base = run(1, endpoints=1)
    assert base.load is not None
    dead = replace(base.load.endpoints[0], judged=Recording(ok=EMPTY, failed={"timeout": 50}))
    result = compared(base, replace(base, id="x", load=replace(base.load, endpoints=(dead,))), anyway=True)
    assert find(result, "http.error_rate").finding is ComparisonFinding.REGRESSION


def test_an_endpoint_that_an_older_client_named_without_its_method_is_the_same_endpoint() -> None:
    head = run(2)
    assert head.load is not None
    bare = tuple(replace(one, name=one.name.removeprefix("GET ")) for one in run(1).load.endpoints)  # type: ignore[union-attr]
    old = replace(run(1), load=replace(run(1).load, endpoints=bare))  # type: ignore[type-var]
    for base, now in ((old, head), (head, old)):
        result = compared(base, now)
        names = {one.name for one in now.load.endpoints}  # type: ignore[union-attr]
        assert {one.scope for one in result.differences if one.scope} == names
        assert all(one.base is not None and one.head is not None for one in result.differences if one.scope)


def test_the_words_of_a_comparison_count_and_name_what_they_say() -> None:
    def counted(name: str) -> Run:
        dead = Measurement("database.deadlocks", None, 0.0, "database")
        return replace(run(1, seconds=3, per_s=5), id=name, measurements=(dead,))

    result = compared(counted("one"), counted("two"))
    page = sheet(result)
    assert re.fullmatch(r"\d+ with too little data, \d+ without evidence of a change", page.tally), page.tally
    (row,) = [row for row in page.rows if row.key == "database.deadlocks"]
    assert (row.status.word, row.message) == ("Unchanged", "Unchanged.")
    assert any("by itself at 95 % only more than" in one.message for one in result.differences)
    worse = compared(run(1), run(2, slower=3)).found(ComparisonFinding.REGRESSION)[:2]
    assert sheet(replace(result, differences=worse)).tally == "2 regressions"
