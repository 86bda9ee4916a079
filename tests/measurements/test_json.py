"""run.json: strict, complete, and readable when written by hand."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.errors import ConfigError
from readiness.measurements.json import decode, dumps, loads
from readiness.measurements.provenance import Provenance
from readiness.measurements.run import Run
from tests import published
from tests.measurements.values import RUNS, large_run

SEED = Path("tests/golden/seed-run.json")
EXAMPLE = Path("reports/example/ready/run.json")


def facts(**changes: object) -> dict[str, Any]:
    """The smallest run, as written by hand."""
    smallest = {
        "schema": "readiness.run/1",
        "id": "r1",
        "service": "shop",
        "started_at": "2026-01-01T00:00:00Z",
        "ended_at": "2026-01-01T00:01:00Z",
        "target": {"name": "demo"},
        "measurements": [{"metric": "latency.p95", "value": 5}],
    }
    return {key: value for key, value in {**smallest, **changes}.items() if value != "absent"}


def measured(**given: object) -> dict[str, Any]:
    """The smallest run with one measurement."""
    return facts(measurements=[{"metric": "latency.p95", **given}])


def load_facts(**changes: object) -> dict[str, Any]:
    """The same with a small load."""
    load = {
        "model": "closed",
        "users": 1,
        "rate_per_s": None,
        "judged_start_s": 0,
        "judged_end_s": 1,
        "planned_s": 1,
        "series": [],
    }
    recorded = json.loads(dumps(large_run(1, 2)))["endpoints"][0]["judged"] | {"failed": {"timeout": 2}}
    endpoint = {"scenario": "s", "name": "GET /", "judged": {**recorded, "in_flight": 1}, "warm_up": {}}
    ledger = {"planned": 43, "ok": 40, "failed": {"timeout": 2}, "in_flight": 1, "dropped": 0}
    return facts(load=load, ledger=ledger, endpoints=[endpoint], **changes)


def refused(document: object) -> str:
    text = document if isinstance(document, str) else json.dumps(document)
    with pytest.raises(ConfigError) as caught:
        loads(text, "some/run.json")
    assert caught.value.exit_code == 2
    return str(caught.value)


@settings(max_examples=60)
@given(RUNS)
def test_what_is_written_reads_back_the_same(run: Run) -> None:
    text = dumps(run)
    back = decode(text, "run.json")
    assert dumps(back) == text
    assert (back.id, back.plan, back.target, back.doubts) == (run.id, run.plan, run.target, run.doubts)
    assert text.endswith("}\n")
    published.validate("run", json.loads(text, parse_constant=pytest.fail))


def test_the_contract_keys_stand_at_the_top() -> None:
    document = json.loads(dumps(large_run(2, 2)))
    assert document["schema"] == "readiness.run/1"
    ledger = document["ledger"]
    assert ledger["planned"] == ledger["ok"] + sum(ledger["failed"].values()) + ledger["in_flight"] + ledger["dropped"]
    assert [endpoint["name"] for endpoint in document["endpoints"]] == ["GET /api/0", "GET /api/1"]
    assert set(document["endpoints"][0]["judged"]["ok"]) == {"hdr", "total", "sum_us", "min_us", "max_us"}


def test_a_hand_written_run_needs_only_seven_keys() -> None:
    run = loads(json.dumps(facts()), "run.json")
    assert (run.load, run.plan, run.plan_hash, run.doubts) == (None, {}, "", ())
    assert run.provenance == Provenance("unknown", "unknown", "unknown", 0)
    assert (run.measurements[0].value, run.measurements[0].source) == (5.0, "run.json")
    assert loads(json.dumps(load_facts(measurements=[])), "run.json").load is not None


def test_the_seed_run_is_small_and_has_its_ten_numbers() -> None:
    text = SEED.read_text("utf-8")
    assert len(text.splitlines()) <= 40
    values = {found.metric: found.value for found in loads(text, str(SEED)).measurements}
    assert (len(values), values["latency.p95"], values["cache.hit_rate"], values["data.bags"]) == (
        10,
        1378.7,
        80,
        25746,
    )


@pytest.mark.parametrize("key", ["schema", "id", "service", "started_at", "ended_at", "target", "measurements"])
def test_a_missing_key_is_named(key: str) -> None:
    assert f'"{key}"' in refused(facts(**{key: "absent"}))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("", "some/run.json: $: is not JSON"),
        ("{", "is not JSON"),
        ("[]", "must be an object"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a": 1, "a": 2}', 'contains the key "a" twice'),
        ('{"a": NaN}', "contains NaN"),
        ('{"a": -Infinity}', "contains -Infinity"),
        ('{"a": ' + "9" * 5000 + "}", "is not JSON that can be read"),
        (facts(schema="readiness.run/2"), '"schema" must be "readiness.run/1", but is "readiness.run/2"'),
        (facts(schema="readiness.report/1"), "but is"),
        (facts(servise="x"), 'unknown key "servise"; did you mean "service"?'),
        (facts(id=3), "$.id: must be text, not 3"),
        (facts(target=None), "$.target: must be an object, not null"),
        (facts(target={}), '$.target: the key "name" is missing'),
        (facts(measurements={}), "$.measurements: must be a list"),
        (measured(value="5"), '$.measurements[0].value: must be a finite number, not "5"'),
        (measured(value=True), "$.measurements[0].value: must be a finite number, not true"),
        (measured(), "$.measurements[0]: has neither a value nor a reason"),
        (measured(value=1, reason="b"), "has both a value and a reason"),
        (measured(value=1, samples=-1), "$.measurements[0].samples: must not be negative"),
        (measured(value=1, samples=1.5), "must be a whole number"),
        (measured(value=1, evidence={"hits": 3, "total": 2}), "hits (3) are more than total (2)"),
        (measured(value=1, evidence={"hits": 1, "total": 2, "blocks": [[2, 1]]}), "evidence: "),
        (facts(ledger={"planned": 1}), '"ledger" stands without "load"'),
        (facts(plan={"users": [1]}), "$.plan.users: must be a single value"),
        (load_facts() | {"ledger": {"planned": 9, "ok": 30, "failed": {}, "in_flight": 0, "dropped": 0}},
         "$.ledger: planned is 9, but ok + failed + in_flight + dropped is 30"),
        (load_facts() | {"ledger": {"planned": 41, "ok": 41, "failed": {}, "in_flight": 0, "dropped": 0}},
         "$.load: the endpoints count 40 requests as ok, the ledger 41"),
        (load_facts() | {"ledger": {"planned": 1, "ok": 0, "failed": {"time_out": 1}, "in_flight": 0, "dropped": 0}},
         '"time_out" is not a class of failure; did you mean "timeout"?'),
    ],
)  # fmt: skip
def test_a_wrong_run_is_refused_with_its_path(document: object, message: str) -> None:
    assert message in refused(document)


def test_a_number_too_large_for_a_float_is_refused() -> None:
    assert "$.measurements[0].value: must be a finite number" in refused(json.dumps(facts()).replace("5}", "1e999}"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"total": 29}, "total is 29, but the buckets count 40"),
        ({"min_us": 0}, "min_us or max_us does not lie"),
        ({"max_us": 10**9}, "max_us does not lie"),
        ({"sum_us": 1}, "sum_us does not fit"),
        ({"hdr": "AAAA"}, "HdrHistogram"),
        ({"hdr": "not base64!"}, "HdrHistogram"),
        ({"hdr": 5}, "must be text"),
        ({"extra": 5}, "exactly the keys"),
    ],
)
def test_a_histogram_that_does_not_add_up_is_refused(change: dict[str, object], message: str) -> None:
    document = load_facts()
    document["endpoints"][0]["judged"]["ok"] |= change
    found = refused(document)
    assert found.startswith("some/run.json: $.endpoints[0].judged.ok: ")
    assert message in found


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("total", 21, "[1]: total is 21, but the buckets count 20"),
        ("sum_us", 1, "sum_us does not fit"),
        ("failed", -1, "must not be negative"),
        ("failed", 7, "its slices count"),
        ("sizes", 30_000, "sizes has a block"),
        ("sizes", 3, "as many numbers as sizes"),
        ("start_s", "0", "finite number"),
    ],
)
def test_time_blocks_that_do_not_add_up_are_refused(column: str, value: object, message: str) -> None:
    document = json.loads(dumps(large_run(1, 3)))
    document["endpoints"][0]["judged"]["slices"][column][1] = value
    found = refused(document)
    assert "$.endpoints[0].judged" in found
    assert message in found


def test_time_blocks_with_columns_of_unequal_length_are_refused() -> None:
    document = json.loads(dumps(large_run(1, 3)))
    document["endpoints"][0]["judged"]["slices"]["total"].pop()
    assert "equally long" in refused(document)


@given(
    st.text(max_size=200)
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*facts()]), inner, max_size=8),
    ).map(json.dumps)
)
def test_any_text_is_a_run_or_a_configuration_error(text: str) -> None:
    with pytest.raises(ConfigError):
        loads(text, "run.json")


def test_text_that_could_deceive_is_made_harmless_on_reading() -> None:
    run = loads(json.dumps(facts(service="a\x1b[31mb\u202ec\nd\ud800")), "run.json")
    assert run.service == "a[31mbc d"


def test_a_run_of_a_thousand_endpoints_is_written_and_read_in_seconds() -> None:
    run = large_run(1000, 12)
    start = time.process_time()
    text = dumps(run)
    loads(text, "run.json")
    assert time.process_time() - start < 6
    assert len(text) < 5_000_000


def test_the_example_run_reads() -> None:
    assert loads(EXAMPLE.read_text("utf-8"), "run.json").load is not None


def example() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(EXAMPLE.read_text("utf-8"))
    return document


def set_at(document: Any, path: tuple[str | int, ...], value: object) -> Any:
    found = document
    for step in path[:-1]:
        found = found[step]
    if value == "gone":
        del found[path[-1]]
    else:
        found[path[-1]] = value
    return document


def more_in_ledger(**entries: object) -> dict[str, Any]:
    """The example, with one planned request more than its endpoints know."""
    document = example()
    document["ledger"] |= {"planned": document["ledger"]["planned"] + 1, **entries}
    return document


def again(document: dict[str, Any], key: str) -> dict[str, Any]:
    document[key].append(document[key][0])
    return document


def named(document: dict[str, Any], metric: str) -> int:
    return next(index for index, one in enumerate(document["measurements"]) if one["metric"] == metric)


JUDGED = ("endpoints", 0, "judged")
CONTRADICTIONS: dict[str, tuple[Callable[[], object], str]] = {
    "an endpoint removed": (lambda: set_at(example(), ("endpoints", 0), "gone"), "the endpoints count"),
    "failures emptied": (
        lambda: set_at(load_facts(), (*JUDGED, "failed"), {}), "its slices count"),
    "failures only in the ledger": (
        lambda: more_in_ledger(failed={"http_5xx": 1}), "as http_5xx"),
    "in flight only in the ledger": (
        lambda: more_in_ledger(in_flight=1), "in flight"),
    "an endpoint twice": (
        lambda: set_at(set_at(example(), ("endpoints", 1, "name"), example()["endpoints"][0]["name"]),
                       ("endpoints", 1, "scenario"), example()["endpoints"][0]["scenario"]), "stands twice"),
    "a measurement twice": (lambda: again(example(), "measurements"), "stands twice"),
    "slices missing": (lambda: set_at(example(), (*JUDGED, "slices"), "gone"), "slices are missing"),
    "slices of other latencies": (
        lambda: set_at(example(), (*JUDGED, "slices"), example()["endpoints"][-1]["judged"]["slices"]), "its slices"),
    "a quantile that is not its evidence's": (
        lambda: set_at(example(), ("measurements", named(example(), "health.latency.p95"), "value"), 1.0), "evidence"),
    "a share over 100 %": (lambda: measured(value=5) | {"measurements": [{"metric": "cache.hit_rate", "value": 101}]},
                           "between 0 and 100 %"),
    "a share that is not its evidence's": (
        lambda: measured(value=5) | {"measurements": [
            {"metric": "cache.hit_rate", "value": 99, "evidence": {"hits": 1, "total": 2}}]}, "gives 50 %"),
    "a share of nothing": (
        lambda: measured(value=5) | {"measurements": [
            {"metric": "cache.hit_rate", "value": 99, "evidence": {"hits": 0, "total": 0}}]}, "gives nothing"),
    "no planned time": (lambda: set_at(example(), ("load", "planned_s"), 0), "planned_s"),
    "a window that ends before it starts": (
        lambda: set_at(example(), ("load", "judged_end_s"), 1),
        "measurement window",
    ),
    "a negative time": (lambda: set_at(example(), ("load", "series", 0, "at_s"), -1), "negative"),
    "a stall that ends before it starts": (
        lambda: set_at(example(), ("load", "stalls"), [
            {"start_s": 20, "end_s": 11, "in_flight": 1, "users": 1, "scopes": []}]), "stalls[0]"),
    "an empty signal": (lambda: set_at(example(), ("interrupted",), ""), "interrupted"),
}  # fmt: skip


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_a_run_that_contradicts_itself_is_refused(case: str) -> None:
    make, message = CONTRADICTIONS[case]
    assert message in refused(make())


def test_a_lost_engine_may_leave_requests_in_flight_that_no_endpoint_knows() -> None:
    document = more_in_ledger(in_flight=1) | {"doubts": ["the load generator was lost"]}
    assert loads(json.dumps(document), "run.json").load is not None
