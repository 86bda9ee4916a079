"""How often health is looked at, chosen from the plan; and what the looks cost, beside the load."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from readiness.config.load import parse
from readiness.config.model import Config
from readiness.config.pace import Pace
from readiness.config.probes import LOOKS
from readiness.measurements.probing import Cost, Probing
from readiness.measurements.seen import Parts, Seen
from readiness.probes.cost import Meter, Sent, of_load, of_looks, service_ms, words
from readiness.probes.http import Getter
from readiness.probes.pace import FEWEST, MOST, choose, needs, paced
from readiness.stats.share import proves_below, samples_for
from tests.judge.builders import load, recording
from tests.probes.conftest import Site, reply

P95 = '  health.latency.p95: { pass: "< 50 ms" }\n'
SUCCESS = '  health.success_rate: { pass: "> 98 %" }\n'
OTHER = '  http.success_rate: { pass: "> 99 %" }\n'


def config(checks: str = P95, *, users: int = 50, health: str = "{ ready: /ready }", more: str = "") -> Config:
    times = f"load: {{ scenarios: {{ shop: 1 }}, users: {users}, duration: 40s }}\n"
    text = f"version: 1\nservice: shop\n{times}probes: {{ health: {health} }}\nchecks:\n{checks}{more}"
    return parse(text.encode(), "t.yaml", {}, date(2026, 1, 15))


def looks(settings: Config, think_s: float | None = 1.0, others: int = 0) -> float:
    paces = {} if think_s is None else {"shop": Pace(think_s, 1)}
    chosen = choose(settings, paces, others)
    assert paced(settings, chosen).probes.health.pace_ms(40.0) == chosen.every_ms
    return round(40_000 / chosen.every_ms, 1)


@pytest.mark.parametrize(("hits", "share", "needed"), [(0, 0.05, 59), (1, 0.05, 93), (2, 0.05, 124), (1, 0.02, 236)])
def test_so_many_looks_prove_a_limit_though_some_were_bad(hits: int, share: float, needed: int) -> None:
    assert samples_for(hits, share, 0.95) == needed
    assert not proves_below(hits, needed - 1, share, 0.95)


def test_the_declared_checks_say_how_many_looks_are_enough() -> None:
    assert needs(config(OTHER)) == FEWEST
    assert needs(config(P95)) == 124
    assert needs(config(SUCCESS)) == 118, "both endpoints count together"
    assert needs(config(SUCCESS, health="{}")) == 236
    assert needs(config(P95 + SUCCESS)) == 124
    assert needs(config(P95, more="evidence: { confidence: none }\n")) == FEWEST
    assert needs(config('  health.success_rate: { pass: "> 99.99 %" }\n')) == MOST, "bounded, whatever is asked"


def test_a_small_load_gets_what_the_checks_need_and_a_large_one_a_hundredth_of_itself() -> None:
    assert looks(config(users=50)) == 124  # 2,000 requests
    assert looks(config(users=1000)) == 200  # 40,000: 400 looks at two endpoints
    assert looks(config(users=1000), others=40) == 180
    assert looks(config(users=1000, health="{}")) == MOST
    assert looks(config(OTHER, users=50)) == FEWEST
    assert looks(config(OTHER, users=200)) == 40
    assert looks(config(), think_s=None) == 124
    assert looks(config(OTHER), think_s=None) == LOOKS, "unknown how large the load is"
    assert looks(config(health="{ every: 80ms }")) == 500, "the file decides"


def probing(requests: int, **more: object) -> Probing:
    known = Probing(
        Cost(270, 540.0, 130.0), Cost(requests, 3.1 * requests, requests * 1.0), 40.0, 81_920, every_ms=322.6
    )
    return replace(known, planned_requests=2400, needed_looks=124, **more)  # type: ignore[arg-type]


def test_the_cost_is_told_by_count_and_by_the_services_own_time_with_the_reason() -> None:
    assert words(probing(2500)) == (
        "Probes sent 270 requests in the judged window, 11 % of the load's 2,500; by Server-Timing they took 130 ms of "
        "the service's time beside 2,500 ms, 5 %, in a window of 40 s; 80 KiB came back. The declared health checks "
        "need 124 looks at each endpoint (every 323 ms): they stay under 1 % from 27,000 requests on, and this plan "
        "yields about 2,400."
    )
    assert words(probing(30_000)).endswith(" 0.43 %, in a window of 40 s; 80 KiB came back.")
    silent = replace(probing(2500), looks=Cost(270, 540.0), needed_looks=None)
    assert "their answers took 540 ms beside 7,750 ms, 7 %" in words(silent)
    assert words(probing(2500, declared=True)).endswith("The file sets the pace of the health looks (every 323 ms).")
    assert words(replace(probing(0), load=Cost(0, 0.0))) == "Probes sent 270 requests in the judged window."


@pytest.mark.parametrize(
    ("timing", "spent_ms"),
    [
        ("app;dur=0.5, db;dur=2.25, cache;dur=0", 2.75),
        ("db;dur=2, total;dur=3", 3.0),
        ('total;desc="all";dur="4"', 4.0),
        ("miss, db;desc=x", None),
        ("", None),
        ("db;dur=99999999999", None),
        ("db;dur=nan", None),
    ],
)
def test_the_services_time_is_its_total_or_the_sum_of_its_parts(timing: str, spent_ms: float | None) -> None:
    assert service_ms(timing) == spent_ms


def test_every_request_of_a_probe_is_counted_and_only_those_in_the_window_are_held_against_the_load(site: Site) -> None:
    site.paths["/"] = reply(200, "x" * 1000, ("Server-Timing", "app;dur=1.5"))
    site.paths["/silent"] = reply(204)
    meter = Meter()
    with Getter(site.target, meter) as getter:
        for path in ("/", "/silent", "/"):
            getter.get(path)
    sent = meter.taken()
    assert [one.service_ms for one in sent] == [1.5, None, 1.5]
    cost, received = of_looks(sent, sent[1].at_s, sent[2].at_s)
    assert (cost.requests, cost.service_ms) == (2, 1.5)
    assert cost.waited_ms == sent[1].waited_ms + sent[2].waited_ms > 0
    assert 1000 < received < 2000
    assert of_looks(sent, None, None) == (Cost(0, 0.0), 0)
    assert of_looks((Sent(5.0),), 1.0, 4.0)[0].requests == 0


def test_what_some_answers_of_an_endpoint_said_stands_for_all_of_them() -> None:
    run = load(("staff", "GET /bags", recording([5.0] * 900, failed={"http_5xx": 100})))
    seen = (Seen("staff", "GET /bags", timing=Parts(500, 2500.0, {"app": 400.0, "db": 100.0})),)
    cost = of_load(replace(run, seen=seen))
    assert (cost.requests, cost.service_ms) == (1000, 1000.0)
    assert cost.waited_ms >= 4500
    assert of_load(run).service_ms is None
