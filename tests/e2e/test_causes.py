"""Services that are ill in one way, as real processes: the report names the cause, on its first screen; or no cause."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Cli
from tests.e2e.harness import Result
from tests.e2e.postgres import READER_PASSWORD, Postgres

SHOP = """from readiness.scenario import User, constant, task


class Shop(User):
    wait_time = constant(0.02)

    @task
    def slow(self):
        self.client.get("/slow")

    @task(2)
    def quick(self):
        self.client.get("/quick")
"""
TIGHT = '\n  latency.p95: { pass: "< 15 ms" }\n'
WIDE = '\n  latency.p95: { pass: "< 5 s" }\n'
HEALTH = "probes:\n  health: { path: /quick, every: 1s }\n"
POOL = "  pool: { statistics: /stats, waited_ms: /pool/waited_ms }\n"
Start = Callable[..., tuple[str, int]]


@pytest.fixture
def sick() -> Iterator[Start]:
    """`sick("cpu")`: its URL and its pid."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str) -> tuple[str, int]:
        line = [sys.executable, str(Path(__file__).with_name("sick_service.py")), *words]
        service = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(service)
        assert service.stdout is not None
        return f"http://127.0.0.1:{int(service.stdout.readline())}", service.pid

    yield start
    for service in started:
        service.kill()
        service.communicate()


def told(cli: Cli, url: str, checks: str = TIGHT, *, probes: str = HEALTH, duration: str = "4s", **more: Any) -> Result:
    (cli.folder / "shop.py").write_text(SHOP)
    load = "  calibration: 0s\n"
    return cli.run(
        url, scenario=str(cli.folder / "shop.py"), checks=checks, more=probes, load=load, duration=duration, **more
    )


def first(result: Result, kind: str) -> dict[str, Any]:
    """The cause that explains most, which stands on every first screen."""
    causes = result.report["diagnoses"]
    assert causes, str(result)
    found: dict[str, Any] = causes[0]
    assert found["kind"] == kind, (causes, result.run.get("process"), result.run.get("database"))
    page = result.text("report.md")
    assert page.index(f"**Cause**\n\n- {found['title']}") < page.index("## Executive summary")
    assert found["title"] in result.said
    assert found["title"] in result.text("report.html").partition('<nav aria-label="Sections"')[0]
    return found


@contextmanager
def throttled(pid: int, folder: Path) -> Iterator[bool]:
    """The process may write 20 MB/s to the disk of `folder`, where we may ask the kernel for it."""
    group = Path(f"/sys/fs/cgroup/blkio/readiness-test-{pid}")
    device = Path(f"/sys/dev/block/{os.major(folder.stat().st_dev)}:{os.minor(folder.stat().st_dev)}").resolve()
    if (device / "partition").exists():
        device = device.parent
    try:
        group.mkdir()
    except OSError:
        yield False
        return
    try:
        (group / "blkio.throttle.write_bps_device").write_text(f"{(device / 'dev').read_text().strip()} 20971520")
        (group / "cgroup.procs").write_text(str(pid))
        yield True
    finally:
        with suppress(OSError):
            (group.parent / "cgroup.procs").write_text(str(pid))
        with suppress(OSError):
            group.rmdir()


def test_one_endpoint_that_burns_cpu_is_named_and_so_is_the_cpu(cli: Cli, sick: Start) -> None:
    url, pid = sick("cpu")
    causes = {one["kind"]: one for one in told(cli, url).report["diagnoses"]}
    assert causes.keys() <= {"cpu", "contention", "generator"}  # a busy machine takes its part
    found = causes["cpu"]
    assert found["title"] == "CPU saturated"
    assert sum(one["explained"] for kind, one in causes.items() if kind != "generator") > 0.8
    assert f"pid {pid}" in found["text"]
    assert "GET /slow" in found["text"]


def test_a_service_that_stands_still_as_a_whole_is_named_and_so_is_what_it_did(cli: Cli, sick: Start) -> None:
    url, pid = sick("stops")
    result = told(cli, url, duration="8s")
    causes = [one["kind"] for one in result.report["diagnoses"]]
    found = result.report["diagnoses"][causes.index("standstill")]
    assert causes[0] == "standstill" or set(causes[: causes.index("standstill")]) == {"contention"}, "a busy machine"
    assert f"pid {pid}" in found["text"]
    assert "s of that: synchronous work, a timer or garbage collection" in found["text"], result.run["process"]
    if causes[0] == "standstill":
        assert found["explained"] > 0.5
        assert result.report["release"]["steps"][0]["headline"].startswith("Find what stops the whole service")


def test_a_pool_that_is_too_small_is_named(cli: Cli, sick: Start) -> None:
    result = told(cli, sick("pool")[0], probes=HEALTH + POOL)
    found = first(result, "pool")
    assert "waited" in found["text"]
    assert result.report["release"]["issues"][0]["causes"][0].startswith("Waiting for a pool connection, about")


def test_a_slow_disk_is_named(cli: Cli, sick: Start, tmp_path: Path) -> None:
    file = tmp_path / "written"
    try:
        os.close(os.open(file, os.O_CREAT | os.O_RDWR | os.O_DIRECT))
    except OSError:
        pytest.skip("this file system writes nothing past its cache")
    url, pid = sick("disk", str(file), str(1 << 20))
    with throttled(pid, tmp_path) as slow:
        if not slow:
            url, pid = sick("disk", str(file), str(1 << 26))  # as slow as this disk is by itself
        found = first(told(cli, url), "disk")
    assert found["explained"] > 0.3
    assert "waited for the disk" in found["text"]


def test_waits_for_a_lock_in_the_database_are_named(cli: Cli, sick: Start, postgres: Postgres) -> None:
    pytest.importorskip("psycopg")
    reader = postgres.database("create table stock (id int primary key, sold int)", "insert into stock values (1, 0)")
    postgres.execute("postgres", "grant pg_monitor to reader")
    name = reader.rpartition("/")[2].partition("?")[0]
    url, _ = sick("database", postgres.owner_url(name))
    env = {"READINESS_DATABASE_URL": reader}
    checks = f'{TIGHT}  target.database.cpu: {{ pass: "< 100 %", on_fail: note }}\n'
    result = told(cli, url, checks, duration="10s", env=env, secrets=(READER_PASSWORD,))
    found = first(result, "database")
    assert found["title"] == "Database waits"
    assert "Lock: " in found["text"]
    assert "its processes used" in found["text"]
    assert result.check("target.database.cpu")["value"] is not None
    assert result.run["database_process"]["name"].startswith("postgres")


def test_a_leak_is_named_where_its_check_fails_and_noted_where_nobody_checks(cli: Cli, sick: Start) -> None:
    url, _ = sick("leak")
    found = first(told(cli, url, '\n  target.memory.growth: { pass: "< 10 MB/min" }\n', duration="11s"), "memory")
    assert found["title"] == "Memory growing"
    assert found["explained"] is None


@contextmanager
def held_back(pid: int) -> Iterator[bool]:
    """The process may use a tenth of a core, where we may ask the kernel for it."""
    for top, limits in (
        (Path("/sys/fs/cgroup/cpu"), {"cpu.cfs_period_us": "50000", "cpu.cfs_quota_us": "5000"}),
        (Path("/sys/fs/cgroup"), {"cpu.max": "5000 50000"}),
    ):
        group = top / f"readiness-test-{pid}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            for name, value in limits.items():
                (group / name).write_text(value)
            (group / "cgroup.procs").write_text(str(pid))
        except OSError:
            group.rmdir()
            continue
        try:
            yield True
        finally:
            with suppress(OSError):
                (top / "cgroup.procs").write_text(str(pid))
            with suppress(OSError):
                group.rmdir()
        return
    yield False


def test_a_cpu_quota_that_holds_the_service_back_is_named(cli: Cli, sick: Start) -> None:
    url, pid = sick("costs")
    with held_back(pid) as held:
        if not held:
            pytest.skip("no control group for the CPU may be made here")
        found = first(told(cli, url), "cpu")
    assert "quota" in found["text"]
    assert "held it back in" in found["text"]
    assert "other processes" not in found["text"], "the kernel counts the time held back as waiting for a core"


TIMING = HEALTH + "  server_timing: read\n"


def test_garbage_collection_is_named_where_the_service_says_so(cli: Cli, sick: Start) -> None:
    found = first(told(cli, sick("gc")[0], probes=TIMING), "garbage_collection")
    assert found["title"] == "Garbage collection"
    assert found["explained"] > 0.3


def test_a_part_that_is_longer_than_the_answer_is_no_cause(cli: Cli, sick: Start) -> None:
    causes = {one["kind"] for one in told(cli, sick("gc-lie")[0], probes=TIMING).report["diagnoses"]}
    assert "garbage_collection" not in causes
    assert "unknown" in causes


CACHE = HEALTH + "  cache: { header: X-Cache }\n"
RATE = '\n  latency.p95: { pass: "< 15 ms" }\n  cache.hit_rate: { pass: "> 1 %", on_fail: note }\n'


def test_cache_misses_are_named_where_a_miss_is_slower_than_a_hit(cli: Cli, sick: Start) -> None:
    found = first(told(cli, sick("cache")[0], RATE, probes=CACHE), "cache")
    assert found["title"] == "Cache misses"
    assert "longer than a hit (GET /slow)" in found["text"]


def test_misses_that_are_as_quick_as_hits_are_no_cause(cli: Cli, sick: Start) -> None:
    causes = {one["kind"]: one for one in told(cli, sick("cache-quick")[0], RATE, probes=CACHE).report["diagnoses"]}
    assert "cache" not in causes
    assert "unknown" in causes


def test_a_healthy_service_is_not_blamed_and_what_nobody_sees_is_not_guessed(cli: Cli, sick: Start) -> None:
    url, _ = sick("well")
    result = told(cli, url, WIDE)
    assert result.report["diagnoses"] == [], str(result)
    assert "**Cause**" not in result.text("report.md")
    assert result.run["process"]["samples"] > 10
    causes = {one["kind"]: one for one in told(cli, sick("sleep")[0]).report["diagnoses"]}
    assert causes.keys() <= {"unknown", "generator", "contention"}  # a busy machine makes our own engine late
    assert "unknown" in causes or causes["contention"]["explained"] > 0.5
    for one in (causes[kind] for kind in causes if kind == "unknown"):
        assert one["title"] == "Not identified"
        assert "not measured" in one["text"]
