"""--ceilings: what a file that may be a stranger's must not exceed."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.config.ceilings import Ceilings, check, read
from readiness.config.load import parse
from readiness.config.model import Config
from readiness.errors import ConfigError

MINIMAL = 'version: 1\nservice: shop\nchecks:\n  http.success_rate: { pass: "> 99 %", on_fail: block }\n'
EXAMPLE = Path(__file__).parents[2] / "docs" / "ci" / "ceilings.yaml"
CUSTOMARY = Ceilings()


def config(more: str) -> Config:
    return parse((MINIMAL + more).encode(), "t.yaml", {})


def refused(more: str, ceilings: Ceilings = CUSTOMARY) -> str:
    with pytest.raises(ConfigError) as caught:
        check(config(more), ceilings, Path("c.yaml"))
    return str(caught.value)


ABOVE = {
    "load: { users: 11 }\n": "t.yaml: load.users: 11 users is more than c.yaml allows (10 users)",
    "load: { rate: 1 /s }\n": "t.yaml: load.rate: 1 /s is more than c.yaml allows (no rate: a closed load only)",
    "load: { steps: [5, 50], decide_at: 5, duration: 10s }\n": "load.steps: 50 users is more",
    "load: { duration: 31s }\n": "t.yaml: load: 31s with ramps, warm-ups and steps is more than c.yaml allows (30s)",
    "load: { duration: 20s, ramp_up: 6s, warm_up: 5s }\n": "load: 31s",
    "load: { steps: [1, 2, 3], decide_at: 1, duration: 2s, step_duration: 10s, ramp_up: 3s }\n": "load: 31s",
    "load: { duration: until_decided }\n": "load: 5m",
    "load: { processes: 2 }\n": "load.processes: 2 is more",
    "database: { statement_timeout: 16s }\n": "database.statement_timeout: 16s is more than c.yaml allows (15s)",
    "database: { max_scan: 11 GB }\n": "database.max_scan: 11 GB is more than c.yaml allows (10 GB)",
    "database: { queries: { q: { sql: select 1 } } }\n": "database.queries: SQL of its own (q) is more",
    "probes: { rate_limit: { path: /, provoke: true } }\n": "probes.rate_limit.provoke: a probe that writes",
    "probes: { cache: { consistency: { write: { path: /w }, read: { path: /r, pointer: /v }, within: 1s } } }\n": (
        "probes.cache.consistency: a probe that writes"
    ),
    "load: { timeout: 31s }\n": "load.timeout: 31s is more than c.yaml allows (30s)",
    "load: { duration: 29s, calibration: 3s }\n": "load: 31s",
    "database: { deep: true }\n": "database.deep: the verification of every index is more",
    f"probes: {{ security: {{ paths: [{', '.join(f'/{n}' for n in range(51))}] }} }}\n": (
        "probes.security.paths: 51 entries is more than c.yaml allows (lookups: 50)"
    ),
    f"probes: {{ custom: {{ {', '.join(f'q{n}: {{ header: X, path: / }}' for n in range(51))} }} }}\n": "custom: 51",
    f"database: {{ counts: {{ {', '.join(f'q{n}: {{ table: t }}' for n in range(51))} }} }}\n": "database.counts: 51",
    "target: { allowed_hosts: [staging.example.org] }\n": "target.allowed_hosts: staging.example.org is more",
}


@pytest.mark.parametrize(("more", "said"), ABOVE.items(), ids=range(len(ABOVE)))
def test_what_is_above_a_ceiling_is_refused_and_the_message_says_both(more: str, said: str) -> None:
    assert said in refused(more)


def test_everything_that_is_too_much_is_told_at_once() -> None:
    assert len(refused("".join(list(ABOVE)[0:1]) + "target: { allowed_hosts: [a, b] }\n").splitlines()) == 3


def test_a_host_that_came_from_a_variable_is_not_shown() -> None:
    more = MINIMAL + "target: { allowed_hosts: ['${READINESS_VAR_HOST}'] }\n"
    made = parse(more.encode(), "t.yaml", {"READINESS_VAR_HOST": "inner.example.org"})
    with pytest.raises(ConfigError, match="a host from a variable is more") as caught:
        check(made, CUSTOMARY, Path("c.yaml"))
    assert "inner" not in str(caught.value)


def test_a_file_without_anything_but_its_checks_is_below_every_ceiling() -> None:
    check(config(""), CUSTOMARY, Path("c.yaml"))


def test_the_documented_ceilings_are_read_and_let_a_file_up_to_them_pass() -> None:
    most = read(EXAMPLE)
    assert (most.users, most.rate_per_s, most.time_s, most.processes) == (50, 100.0, 180.0, 2)
    assert (most.statement_timeout_s, most.max_scan_bytes) == (10.0, 1 << 30)
    assert (most.sql, most.disturb, most.allowed_hosts) == (False, False, ())
    below = "load: { users: 50, duration: 3m, processes: 2 }\ndatabase: { statement_timeout: 10s, max_scan: 1 GB }\n"
    check(config(below), most, EXAMPLE)
    assert "max_scan: 10 GB is more than" in refused("database: { statement_timeout: 10s }\n", most)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("user: 5\n", 'c.yaml:1: user: unknown key; did you mean "users"?'),
        ("users: 5\nusers: 500\n", "c.yaml:2: users: duplicate key (first on line 1)"),
        ("users: ${READINESS_VAR_U}\n", "c.yaml:1: users: the environment variable READINESS_VAR_U is not set"),
        ("time: 60\n", 'needs a unit, such as "60s"'),
        ("[", "is not YAML"),
        ("users: [1]\nsql: maybe\n", "c.yaml:2: sql: must be true or false"),
    ],
)
def test_a_mistake_in_the_ceilings_is_no_ceiling_less(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read(path)
    assert said in str(caught.value)


def test_ceilings_that_are_not_there_are_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--ceilings: .*: there is no such file"):
        read(tmp_path / "none.yaml")
