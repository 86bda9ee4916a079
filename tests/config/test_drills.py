"""`proxies:` and `drills:`: what is refused, each with its line."""

from __future__ import annotations

import pytest

from readiness.config.drills import LATENCY, Fault
from readiness.config.lint import lint
from readiness.config.load import parse
from readiness.config.model import Config
from readiness.errors import ConfigError

HEAD = "version: 1\nservice: shop\nproxies:\n  db: { listen: 127.0.0.1:6432, to: db.internal:5432 }\n"
CHECKS = 'checks:\n  http.success_rate: { pass: "> 99 %", on_fail: block }\n'


def read(drills: str, checks: str = "", head: str = HEAD) -> Config:
    return parse(f"{head}drills:\n  one: {drills}\n{CHECKS}{checks}".encode(), "t.yaml", {})


WRONG = {
    "{ proxy: db, fault: hang }": "t.yaml:6: drills.one.for: is required",
    "{ for: 5s }": "drills.one: needs a proxy and a fault",
    "{ proxy: bd, fault: hang, for: 5s }": 'drills.one.proxy: "bd" is not under proxies; did you mean "db"?',
    "{ proxy: db, fault: hangs, for: 5s }": "drills.one.fault: must be refuse, reset, hang or cut, not 'hangs'",
    "{ proxy: db, fault: {}, for: 5s }": "drills.one.fault: needs latency or bandwidth",
    "{ proxy: db, fault: { latency: 10ms, bandwidth: 1 KB/s }, for: 5s }": "needs latency or bandwidth, one of them",
    "{ proxy: db, fault: { latency: 10ms, jitter: 20ms }, for: 5s }": "jitter: is more than the latency",
    "{ proxy: db, fault: { bandwidth: 10 }, for: 5s }": "bandwidth: ",
    "{ proxy: db, fault: refuse, share: 50%, for: 5s }": "drills.one.share: refuse closes the port",
    "{ proxy: db, fault: hang, for: 11m }": "drills.one.for: must be between 1s and 10m",
    "{ command: docker restart db }": "drills.one.command: must be a list, such as [a, b]",
    "{ command: [] }": "drills.one.command: must have at least 1 entry",
    "{ command: [a], proxy: db, fault: hang }": "drills.one.proxy: belongs to a fault of a proxy",
    "{ command: [a], deadline: 30s, for: 10s }": "drills.one.deadline: is longer than the drill's 10 s",
    "{ load: { times: 3 } }": "drills.one.for: is required",
    "{ load: { times: 1 }, for: 5s }": "drills.one.load.times: must be between 1.1 and 20",
    "{ load: { times: 20 }, rate: 200 /s, for: 5s }": "one: would send 4,000 /s, and a drill sends at most 2,000 /s",
    "{ load: { times: 3 }, command: [a] }": "drills.one.load: one drill breaks one thing",
    "{ command: [a], during: lunch }": "drills.one.during: must be load, not 'lunch'",
    "{ proxy: db, fault: hang, for: 5s, undo: [a] }": "drills.one.undo: belongs to a command",
    "{ proxy: db, fault: hang, for: 5s, rate: 5000 /s }": "drills.one.rate: must be more than 0 /s",
}


@pytest.mark.parametrize(("drill", "said"), WRONG.items(), ids=range(len(WRONG)))
def test_a_drill_that_cannot_be_done_is_refused(drill: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(drill)
    assert said in str(caught.value)


PROXIES = {
    "db: { listen: 0.0.0.0:6432, to: db:5432 }": "proxies.db.listen: must be an address of loopback",
    "queue: demo": "proxies.queue: the demo has no queue; it has database and cache",
    "db: dmeo": "proxies.db: must be two addresses such as { listen: 127.0.0.1:6432, to: 127.0.0.1:5432 }, or demo",
    "db: { listen: 127.0.0.1, to: db:5432 }": "proxies.db.listen: must be an address with its port",
    "db: { listen: 127.0.0.1:6432, to: 127.0.0.1:6432 }": "proxies.db.to: leads in a circle: db → db",
    "db: { listen: 127.0.0.1:1, to: localhost:2 }\n  b: { listen: 127.0.0.1:2, to: 127.0.0.1:1 }": "db → b → db",
    "db: { listen: 127.0.0.1:1, to: a:2 }\n  b: { listen: 127.0.0.1:1, to: a:3 }": "127.0.0.1:1 is that of db already",
}


@pytest.mark.parametrize(("proxy", "said"), PROXIES.items(), ids=range(len(PROXIES)))
def test_proxies_in_a_circle_or_open_to_others_are_refused(proxy: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read("{ proxy: db, fault: hang, for: 5s }", head=f"version: 1\nservice: shop\nproxies:\n  {proxy}\n")
    assert said in str(caught.value)


def test_a_check_names_its_drill_and_leaves_time_to_recover() -> None:
    drill = "{ proxy: db, fault: { latency: 300ms, jitter: 100ms }, for: 5s, after: 4s }"
    for check, said in (
        ('  drill.error_rate: { pass: "< 5 %" }\n', "needs its drill, such as drill.error_rate@NAME"),
        ('  drill.error_rate@two: { pass: "< 5 %" }\n', '"two" is not under drills'),
        ('  drill.recovery@one: { pass: "< 5 s" }\n', "asks for 5 s: give it a longer `after`"),
    ):
        with pytest.raises(ConfigError) as caught:
            read(drill, check)
        assert said in str(caught.value)
    config = read(drill, '  drill.recovery@one: { pass: "< 2 s" }\n  drill.error_rate@one: { pass: "< 1 %" }\n')
    assert config.drills["one"].fault == Fault(LATENCY, 300, 100)
    restart = read("{ command: [docker, restart, db], during: load }").drills["one"]
    assert (restart.command, restart.undo, restart.for_s, restart.deadline_s) == (
        ("docker", "restart", "db"),
        (),
        10,
        10,
    )
    recovery, note = lint(config)
    assert "drill.recovery@one.pass: needs at least 299 requests after the fault to be proven" in recovery
    assert "this drill sends 80: raise its rate to 75 /s, or its `after` to 15s" in recovery
    assert "needs at least 299 requests to be proven" in note
    assert "this drill sends 100: raise its rate to 60 /s" in note


FAST = '  drill.fails_fast@one: { pass: "< 1 s" }\n'
BACK = '  drill.recovery@one: { pass: "< 2 s" }\n'


@pytest.mark.parametrize(
    ("drill", "checks", "said"),
    [
        ("for: 2s", FAST, "needs at least 59 refusals to be proven at 95 % confidence, and this drill sends 40: "),
        ("for: 3s", FAST, None),
        (
            "for: 5s",
            FAST + '  drill.error_rate@one: { pass: "< 50 %" }\n',
            "59 refusals to be proven at 95 % confidence, and this drill sends 100, of which 50 % may fail: raise its "
            "rate to 24 /s",
        ),
        ("for: 5s, rate: 24 /s", FAST + '  drill.error_rate@one: { pass: "< 50 %" }\n', None),
        ("for: 5s, rate: 299 /s, after: 3s", BACK, None),
        ("for: 5s, rate: 99 /s, after: 3s", BACK, "needs at least 299 requests after the fault"),
    ],
)
def test_a_drill_that_is_too_short_for_a_proof_is_told(drill: str, checks: str, said: str | None) -> None:
    notes = lint(read(f"{{ proxy: db, fault: hang, {drill} }}", checks))
    assert len(notes) == (said is not None), notes
    assert said is None or said in notes[0], notes
