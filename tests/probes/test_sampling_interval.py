"""How often health is sampled, chosen from the plan; and what the probes cost, beside the load."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date

import pytest

from readiness.config.load import parse
from readiness.config.model import Config
from readiness.config.probes import SAMPLES
from readiness.config.think_time import UserPace
from readiness.judge.probed import rival_doubts
from readiness.measurements.probing import Cost, Probing
from readiness.measurements.response_facts import ResponseFacts, TimeParts
from readiness.probes.http import fetch, new_client
from readiness.probes.overhead import Sent, of_load, of_probes, service_ms, words
from readiness.probes.sampling_interval import _FEWEST, _MOST, choose, needs, paced, unproven
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


def samples(settings: Config, think_s: float | None = 1.0, others: int = 0) -> float:
    paces = {} if think_s is None else {"shop": UserPace(think_s, 1)}
    chosen = choose(settings, paces, others)
    assert paced(settings, chosen).probes.health.pace_ms(40.0) == chosen.every_ms
    return round(40_000 / chosen.every_ms, 1)


def told(settings: Config, others: int = 0) -> list[str]:
    return list(unproven(settings, choose(settings, {"shop": UserPace(1.0, 1)}, others)))


@pytest.mark.parametrize(("hits", "share", "needed"), [(0, 0.05, 59), (1, 0.05, 93), (2, 0.05, 124), (1, 0.02, 236)])
def test_so_many_samples_prove_a_limit_though_some_were_bad(hits: int, share: float, needed: int) -> None:
    assert samples_for(hits, share, 0.95) == needed
    assert not proves_below(hits, needed - 1, share, 0.95)


def test_the_declared_checks_say_how_many_samples_are_enough() -> None:
    assert needs(config(OTHER)) == _FEWEST
    assert needs(config(P95)) == 124
    assert needs(config(SUCCESS)) == 118, "both endpoints count together"
    assert needs(config(SUCCESS, health="{}")) == 236
    assert needs(config(P95 + SUCCESS)) == 124
    assert needs(config(P95, more="evidence: { confidence: none }\n")) == _FEWEST
    assert needs(config('  health.success_rate: { pass: "> 99.99 %" }\n')) == _MOST, "bounded, whatever is asked"


def test_a_load_gets_a_hundredth_of_itself_and_more_where_the_checks_need_it_but_never_over_a_twentieth() -> None:
    assert samples(config(users=50)) == 50, "5 % of 2,000 requests, at two endpoints: too few for the 124"
    assert samples(config(users=100)) == 100
    assert samples(config(users=100), others=40) == 80, "all probes together"
    assert samples(config(users=130)) == 130
    assert samples(config(users=300)) == 248, "twice the 124, where the load pays for them"
    assert samples(config(OTHER, users=1000)) == 200  # 1 % of 40,000: 400 samples at two endpoints
    assert samples(config(OTHER, users=1000), others=40) == 180
    assert samples(config(users=1000, health="{}")) == _MOST
    assert samples(config(OTHER, users=50)) == _FEWEST
    assert samples(config(OTHER, users=200)) == 40
    assert samples(config(users=1)) == 4, "the pace is never over ten seconds"
    assert samples(config(), think_s=None) == 248
    assert samples(config(OTHER), think_s=None) == SAMPLES, "unknown how large the load is"
    assert samples(config(health="{ every: 80ms }")) == 500, "the file decides how often, and the load how many"


def test_a_check_that_the_load_cannot_pay_for_is_told_with_the_load_that_could() -> None:
    (line,) = told(config(users=50))
    assert line == (
        "t.yaml:6: checks.health.latency.p95: pass: needs at least 59 samples of each health endpoint to be proven at "
        "95 % confidence; this plan pays for 50, because all probes together send at most 5 % of the load's requests "
        "(about 2,000): send about 2,360 (more users, or load.duration of 48 s), or drop the check"
    )
    assert told(config(users=60)) == []
    assert len(told(config(P95 + SUCCESS, users=60))) == 1, "75 samples of each prove 98 % over both"
    assert (
        "one every 1000 ms gives 41: lengthen load.duration to 59 s"
        in told(config(health="{ every: 1s }", users=999))[0]
    )
    assert told(config(OTHER, users=1)) == []
    assert told(config(P95, users=1, more="evidence: { confidence: none }\n")) == []
    assert list(unproven(config(), choose(config(), {}, 0))) == [], "nobody knows how large the load is"


def test_states_that_are_read_again_and_again_need_a_load_that_pays_for_half_of_the_readings() -> None:
    saturation = config('  pool.saturation: { pass: "<= 80 %" }\n', users=5)
    (line,) = told(saturation, others=24)
    assert "this plan pays for 10, 5 % of the load's (about 200): send at least 240" in line
    assert told(config('  pool.saturation: { pass: "<= 80 %" }\n', users=6), others=24) == []


def probing(requests: int, **more: object) -> Probing:
    known = Probing(
        Cost(270, 540.0, 130.0), Cost(requests, 3.1 * requests, requests * 1.0), 40.0, 81_920, every_ms=322.6
    )
    return replace(known, planned_requests=2400, needed_looks=124, **more)  # type: ignore[arg-type]


def test_the_cost_is_told_by_count_and_by_the_services_own_time_with_what_is_missing() -> None:
    assert words(probing(2500)) == (
        "Probes sent 270 requests in the measurement window, 11 % of the load's 2,500; by Server-Timing they took "
        "130 ms of "
        "the service's time beside 2,500 ms, 5 %, in a window of 40 s; 80 KiB came back. The declared health checks "
        "need 124 samples of each endpoint, which is more than 5 % of the load's requests, and this plan yields about "
        "2,400."
    )
    silent = replace(probing(2500), looks=Cost(270, 540.0), needed_looks=None)
    assert words(silent).endswith("their answers took 540 ms beside 7,750 ms, 7 %; 80 KiB came back.")
    assert words(replace(probing(0), load=Cost(0, 0.0))) == "Probes sent 270 requests in the measurement window."


def test_probes_that_are_half_as_much_as_the_load_are_a_doubt() -> None:
    assert rival_doubts(None) == rival_doubts(probing(2500)) == rival_doubts(probing(541)) == ()
    (doubt,) = rival_doubts(probing(540))
    assert doubt.startswith("probes sent 270 requests beside 540 of the load: send more load")
    slow = replace(probing(2500), looks=Cost(3, 4000.0))
    assert rival_doubts(slow)[0].startswith("the answers to probes took 4,000 ms beside 7,750 ms of the load")
    assert rival_doubts(replace(slow, window_s=400.0)) == (), "both are next to nothing"


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


@pytest.mark.parametrize("hostile", ["a;" * 1000, "a;dur=" * 333, "a" * 2000, ";" * 2000, 'a;dur="' * 285, ",a;" * 666])
def test_any_text_as_server_timing_is_read_in_one_pass(hostile: str) -> None:
    assert service_ms(hostile) is None


def test_every_request_of_a_probe_is_counted_and_only_those_in_the_window_are_held_against_the_load(site: Site) -> None:
    site.paths["/"] = reply(200, "x" * 1000, ("Server-Timing", "app;dur=1.5"))
    site.paths["/silent"] = reply(204)
    sent = [Sent(at_s) for at_s in (1.0, 2.0, 3.0)]

    async def send() -> None:
        async with new_client() as client:
            for one, path in zip(sent, ("/", "/silent", "/"), strict=True):
                await fetch(client, site.target, path, sent=one)

    asyncio.run(send())
    assert [one.service_ms for one in sent] == [1.5, None, 1.5]
    cost, received = of_probes(sent, 2.0, 3.0)
    assert (cost.requests, cost.service_ms) == (2, 1.5)
    assert cost.waited_ms == sent[1].waited_ms + sent[2].waited_ms > 0
    assert 1000 < received < 2000
    assert of_probes(sent, None, None) == (Cost(0, 0.0), 0)
    assert of_probes((Sent(5.0),), 1.0, 4.0)[0].requests == 0


def test_what_some_answers_of_an_endpoint_said_stands_for_all_of_them() -> None:
    run = load(("staff", "GET /bags", recording([5.0] * 900, failed={"http_5xx": 100})))
    seen = (ResponseFacts("staff", "GET /bags", timing=TimeParts(500, 2500.0, {"app": 400.0, "db": 100.0})),)
    cost = of_load(replace(run, seen=seen))
    assert (cost.requests, cost.service_ms) == (1000, 1000.0)
    assert cost.waited_ms >= 4500
    assert of_load(run).service_ms is None
