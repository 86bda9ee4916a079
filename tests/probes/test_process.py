"""target.*: a leak, a burner and a sleeper as real processes; what is not surely the service is a reason."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread, Timer

import pytest

from readiness.config.probes import ProcessSettings
from readiness.errors import NotMeasured
from readiness.measurements.bounds import Bounds
from readiness.measurements.provenance import Target
from readiness.probes import database_process
from readiness.probes.process import PROCESS_NAMES, WatchedProcess, activity, measure, watch
from readiness.probes.thread_states import ProcessStates
from readiness.probes.window import Window
from tests.faultd.client import until
from tests.probes.conftest import target

SERVICE = """
import os, socket, sys, threading, time
listening = socket.create_server(("127.0.0.1", int(sys.argv[2])))
parent = os.getpid()
child = sys.argv[1] == "burn" and os.fork() == 0
if not child:
    print(listening.getsockname()[1], flush=True)
kept = []
if sys.argv[1] == "leak":
    while True:
        kept.append(b"x" * 100_000)      # 2 MB/s: the CPU that it takes is small
        kept.append(open(os.devnull))
        time.sleep(0.05)
elif sys.argv[1] == "burn":
    def burn():
        while os.getppid() == parent: pass
    if child: burn()
    time.sleep(60)
elif sys.argv[1] == "idle":
    time.sleep(60)
else:
    while True:
        sum(range(20_000)); time.sleep(0.01)
"""


@pytest.fixture
def services() -> Iterator[list[subprocess.Popen[str]]]:
    found: list[subprocess.Popen[str]] = []
    yield found
    for one in found:
        one.kill()
        one.wait()
        assert one.stdout is not None
        one.stdout.close()


def start(services: list[subprocess.Popen[str]], kind: str, port: int = 0, called: str | None = None) -> int:
    line = [called or sys.executable, "-c", SERVICE, kind, str(port)]
    service = subprocess.Popen(line, executable=sys.executable, stdout=subprocess.PIPE, text=True)
    services.append(service)
    assert service.stdout is not None
    return int(service.stdout.readline())


def seen(settings: ProcessSettings, port: int, lasts_s: float) -> WatchedProcess:
    window = Window()
    window.begin()
    Timer(lasts_s, window.end).start()
    return watch(settings, target(f"http://127.0.0.1:{port}"), window, lasts_s)


class Told(Window):
    """Says when the first reading is over: only after it does the probe wait for the end."""

    def __init__(self) -> None:
        super().__init__()
        self.first_reading = Event()

    def wait_end(self, timeout_s: float | None = None) -> bool:
        self.first_reading.set()
        return super().wait_end(timeout_s)


def seen_while(happens: Callable[[], object], settings: ProcessSettings, port: int) -> WatchedProcess:
    """`happens` lies between the first reading and the last."""
    window, found = Told(), list[WatchedProcess]()
    window.begin()
    where = target(f"http://127.0.0.1:{port}")
    watching = Thread(target=lambda: found.append(watch(settings, where, window, 2)))
    watching.start()
    window.first_reading.wait()
    happens()
    window.end()
    watching.join()
    return found[0]


def test_a_leak_of_memory_and_descriptors_is_proven_and_a_steady_service_is_not_called_one(
    services: list[subprocess.Popen[str]],
) -> None:
    leaking, steady = start(services, "leak"), start(services, "steady")
    leak, calm = seen(ProcessSettings(), leaking, 11), seen(ProcessSettings(port=steady), steady, 11)
    for metric, least in (("target.memory.growth", 10.0), ("target.descriptors.growth", 100.0)):
        found, other = measure(leak, metric), measure(calm, metric)
        assert isinstance(found.evidence, Bounds)
        assert isinstance(other.evidence, Bounds)
        assert (found.evidence.low or 0) > least, found
        assert (other.evidence.low or 0) < 5, other
    assert (measure(leak, "target.memory.max").value or 0) > 20


def test_cpu_counts_children_and_the_time_that_they_used(services: list[subprocess.Popen[str]]) -> None:
    port = start(services, "burn")
    found = seen(ProcessSettings(), port, 2)
    cores, share = measure(found, "target.cpu_cores").value or 0, measure(found, "target.cpu").value or 0
    assert found.readings[0].processes == 2
    assert 0.01 < cores < 1.5  # of two cores that others want too
    assert share == pytest.approx(100 * cores / found.cores, rel=0.01)
    with pytest.raises(NotMeasured, match="10 s or longer"):
        measure(found, "target.memory.growth")


def test_a_process_that_ends_sleeps_is_ours_or_is_not_there_is_a_reason_and_no_number(
    services: list[subprocess.Popen[str]],
) -> None:
    port = start(services, "steady")
    pid = services[0].pid

    def end_it() -> None:
        services[0].kill()
        services[0].wait()

    assert "ended" in (seen_while(end_it, ProcessSettings(pid=pid), port).reason or "")
    idle = start(services, "idle")
    state = Path(f"/proc/{services[1].pid}/stat")
    assert until(lambda: state.read_text().rpartition(")")[2].split()[0] == "S")
    slept = seen(ProcessSettings(), idle, 0.5)
    with pytest.raises(NotMeasured, match="not what answered the load"):
        measure(slept, "target.cpu")
    assert "no such process" in (seen(ProcessSettings(port=port), port, 0.2).reason or "")
    assert "no such process" in (seen(ProcessSettings(name="no-such-service"), idle, 0.2).reason or "")
    assert "readiness itself" in (seen(ProcessSettings(pid=os.getpid()), idle, 0.2).reason or "")
    window = Window()
    window.begin()
    window.end()
    away = watch(ProcessSettings(), Target("t", "http://192.0.2.1", ("192.0.2.1",)), window, 1)
    assert "this machine" in (away.reason or "")
    for name in PROCESS_NAMES:
        with pytest.raises(NotMeasured):
            measure(away, name)


def test_a_process_that_is_replaced_in_the_window_is_a_reason(services: list[subprocess.Popen[str]]) -> None:
    port = start(services, "steady")

    def replace_it() -> None:
        services[0].kill()
        services[0].wait()
        start(services, "steady", port)

    reason = seen_while(replace_it, ProcessSettings(), port).reason or ""
    assert "ended during the measurement window" in reason
    assert str(services[0].pid) in reason


def test_a_process_that_is_replaced_before_the_window_is_searched_for_again(
    services: list[subprocess.Popen[str]],
) -> None:
    port = start(services, "steady")
    window, found = Window(), list[WatchedProcess]()
    watching = Thread(
        target=lambda: found.append(watch(ProcessSettings(), target(f"http://127.0.0.1:{port}"), window, 1))
    )
    watching.start()
    time.sleep(0.5)  # it is found meanwhile, in most runs
    services[0].kill()
    services[0].wait()
    start(services, "steady", port)
    window.begin()
    Timer(1, window.end).start()
    watching.join()
    assert found[0].reason is None
    assert f"pid {services[1].pid}" in found[0].name


def test_a_name_that_several_have_is_a_reason_and_names_the_way_out(services: list[subprocess.Popen[str]]) -> None:
    ports = [start(services, "steady", called="/opt/bags-of-two/serve-bags") for _ in range(2)]
    reason = seen(ProcessSettings(name="serve-bags"), ports[0], 0.3).reason or ""
    assert reason == "probes.process.name serve-bags: 2 processes are called so; use port or pid"
    assert seen(ProcessSettings(pid=services[1].pid), ports[0], 0.3).reason is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_process_of_another_user_is_a_reason_whether_by_pid_or_by_port(services: list[subprocess.Popen[str]]) -> None:
    port = start(services, "steady")
    for settings, said in ((ProcessSettings(pid=services[0].pid), "belongs to the user root"), (ProcessSettings(), "")):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
                os.write(writing, pickle.dumps(seen(settings, port, 0.3).reason))
            finally:
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as told:
            reason = pickle.loads(told.read())
        os.waitpid(child, 0)
        assert reason is not None
        assert said in reason
        assert "user" in reason


def test_what_listens_on_the_port_of_the_database_and_is_no_server_is_a_reason(
    services: list[subprocess.Popen[str]],
) -> None:
    port = start(services, "steady")
    window = Window()
    window.begin()
    Timer(0.3, window.end).start()
    found = database_process.watch(port, window, 0.3)
    (measured,) = database_process.conclude(found, {"target.database.cpu"})
    assert measured.value is None
    assert f"the database's port {port} belongs to python" in (measured.reason or "")
    assert "this machine" in (activity(database_process.watch(None, window, 1)).reason or "")


def test_the_stretches_in_which_a_process_ran_are_those_of_sample_after_sample() -> None:
    seen = ProcessStates()
    for at, letter in enumerate("-RRRR--R-RRRRRR"):
        seen.note(at / 10, running=letter == "R")
    assert seen.stretches() == [(0.1, 0.4), (0.9, 1.4)], "one sample is no stretch"
