"""The shards of a plan are the plan: every user, arrival and account once."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PROGRAM = """
import locust, json, sys
from dataclasses import replace
from readiness.load.addresses import Addresses
from readiness.load.arrivals import schedule
from readiness.load.context import EngineContext
from readiness.load.http.resends import Resends
from readiness.load.locustfiles import part_of
from readiness.load.engine_plan import EnginePlan
from readiness.load.recorder import Recorder
from readiness.load.writes import WriteLog

plan = EnginePlan("id", "http://x", (), (), (), 10, 97.0, 2.0, 0.0, 8.0, 30.0)
def shards(plan, n): return [replace(plan, shard=i, shards=n) for i in range(n)]
out = {"grid": list(schedule(plan)), "sharded": sorted(t for s in shards(plan, 3) for t in schedule(s))}
poisson = replace(plan, poisson=True)
out["poisson"] = [len(list(schedule(s))) for s in shards(poisson, 3)]
out["same_twice"] = list(schedule(shards(poisson, 3)[1])) == list(schedule(shards(poisson, 3)[1]))
out["apart"] = len({t for s in shards(poisson, 3) for t in schedule(s)})
contexts = [EngineContext(s, Recorder(), WriteLog("id"), Addresses("http://x", ()), Resends()) for s in shards(plan, 3)]
out["accounts"] = sorted(next(context.accounts) for context in contexts for _ in "ab")
out["parts"] = [[part_of(counts, i, n) for i in range(n)] for counts, n in json.loads(sys.argv[1])]
print(json.dumps(out))
"""
CASES = [([5, 30, 15], 3), ([1, 1, 1], 2), ([0, 7], 4), ([100_000], 7), ([3, 0, 2, 9], 5)]


@pytest.fixture(scope="module")
def out() -> dict[str, object]:
    """From a process where Locust may patch everything."""
    argv = [sys.executable, "-c", PROGRAM, json.dumps(CASES)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_arrivals_on_a_grid_are_the_same_in_shards(out: dict[str, object]) -> None:
    assert out["sharded"] == pytest.approx(out["grid"])
    assert isinstance(out["grid"], list)
    assert len(out["grid"]) == pytest.approx(97 * 9, abs=2)


def test_random_arrivals_of_shards_are_independent_and_seeded(out: dict[str, object]) -> None:
    counts = out["poisson"]
    assert isinstance(counts, list)
    assert all(abs(count - 97 * 9 / 3) < 5 * (97 * 3) ** 0.5 for count in counts)
    assert out["same_twice"] is True
    assert out["apart"] == sum(counts)


def test_accounts_are_unique_over_all_shards(out: dict[str, object]) -> None:
    assert out["accounts"] == list(range(6))


@pytest.mark.parametrize("index", range(len(CASES)))
def test_users_of_shards_add_up(out: dict[str, object], index: int) -> None:
    parts = out["parts"]
    assert isinstance(parts, list)
    counts, shards = CASES[index]
    assert len(parts[index]) == shards
    assert [sum(column) for column in zip(*parts[index], strict=True)] == counts
    sizes = [sum(part) for part in parts[index]]
    assert max(sizes) - min(sizes) <= 1
