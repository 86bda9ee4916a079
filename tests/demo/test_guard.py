from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from readiness.demo import folder as folders
from readiness.demo.folder import create_folder, reap_stale
from readiness.demo.guarded import GuardedServer, ServerEnded, start_guarded
from tests.faultd.client import until

# A parent that starts a guarded server, says where it is, and waits to be killed.
PARENT = """
import signal, sys, time
from readiness.demo.folder import create_folder
from readiness.demo.guarded import start_guarded
server = start_guarded("sleeper", [sys.executable, "-c", sys.argv[1]], create_folder("test", None),
                       stop_signal=signal.SIGTERM, environment={})
print(server.folder.path, server.process.pid, flush=True)
time.sleep(3600)
"""
SLEEPER = "import time; time.sleep(3600)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, lambda *_: None)\nwhile True: time.sleep(1)"


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def server_pid(folder: Path) -> int:
    assert until(lambda: (folder / "server.pid").exists() and (folder / "server.pid").stat().st_size > 0)
    return int((folder / "server.pid").read_text().split()[0])


@pytest.fixture
def own_temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of the test's own, so that the reaper meets no other test's servers."""
    monkeypatch.setattr(folders, "_bases", lambda: [tmp_path])
    return tmp_path


@pytest.fixture
def parent() -> Iterator[Callable[[str], tuple[subprocess.Popen[str], Path, int]]]:
    started: list[subprocess.Popen[str]] = []

    def start(program: str) -> tuple[subprocess.Popen[str], Path, int]:
        process = subprocess.Popen([sys.executable, "-c", PARENT, program], stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout
        folder, guard_pid = process.stdout.readline().split()
        return process, Path(folder), int(guard_pid)

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()


Parent = Callable[[str], tuple[subprocess.Popen[str], Path, int]]


def start_sleeper(program: str = SLEEPER) -> GuardedServer:
    return start_guarded(
        "sleeper",
        [sys.executable, "-c", program],
        create_folder("test", None),
        stop_signal=signal.SIGTERM,
        environment={},
    )


@pytest.mark.parametrize("program", [SLEEPER, STUBBORN], ids=["polite", "deaf to SIGTERM"])
def test_a_parent_killed_without_a_word_leaves_no_server_and_no_folder(parent: Parent, program: str) -> None:
    process, folder, _ = parent(program)
    pid = server_pid(folder)
    assert is_running(pid)
    process.kill()
    assert until(lambda: not is_running(pid))
    assert until(lambda: not folder.exists())


def test_a_terminals_ctrl_c_does_not_reach_guard_or_server(parent: Parent) -> None:
    process, folder, guard_pid = parent(SLEEPER)
    pid = server_pid(folder)
    own = os.getsid(0)
    assert own not in (os.getsid(pid), os.getsid(guard_pid))
    assert os.getpgid(process.pid) not in (os.getpgid(pid), os.getpgid(guard_pid))


def test_a_killed_guards_server_and_folder_are_reaped_at_the_next_start(own_temp: Path) -> None:
    server = start_sleeper()
    pid = server_pid(server.folder.path)
    server.process.kill()
    server.process.wait()
    assert is_running(pid)
    assert reap_stale() == [server.folder.path]
    assert until(lambda: not is_running(pid))
    assert not server.folder.path.exists()
    server.stop()


def test_a_killed_guards_server_ends_with_the_run_that_started_it(own_temp: Path) -> None:
    server = start_sleeper()
    pid = server_pid(server.folder.path)
    server.process.kill()
    server.process.wait()
    server.stop()
    assert until(lambda: not is_running(pid))
    assert not server.folder.path.exists()


def test_a_reused_process_number_is_not_killed(own_temp: Path) -> None:
    bystander = subprocess.Popen([sys.executable, "-c", SLEEPER])
    try:
        folder = create_folder("test", None)
        os.close(folder.lock_fd)
        (folder.path / "server.pid").write_text(f"{bystander.pid} started-at-another-time")
        assert reap_stale() == [folder.path]
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_running_servers_folder_is_not_reaped(own_temp: Path) -> None:
    server = start_sleeper()
    try:
        pid = server_pid(server.folder.path)
        assert reap_stale() == []
        assert is_running(pid)
        assert server.folder.path.exists()
    finally:
        server.stop()
    assert not is_running(pid)


def test_the_reaper_leaves_links_files_and_folders_in_their_first_moments_alone(own_temp: Path) -> None:
    precious = own_temp / "precious"
    precious.mkdir()
    (precious / "lock").touch()
    link = own_temp / f"{folders._PREFIX}link"
    link.symlink_to(precious)
    file = own_temp / f"{folders._PREFIX}file"
    file.touch()
    fresh = own_temp / f"{folders._PREFIX}fresh"
    fresh.mkdir()
    assert reap_stale() == []
    assert precious.exists()
    assert link.is_symlink()
    assert file.exists()
    assert fresh.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's folder")
def test_the_reaper_leaves_other_users_folders_alone(own_temp: Path) -> None:
    theirs = own_temp / f"{folders._PREFIX}theirs"
    theirs.mkdir()
    (theirs / "lock").touch()
    os.chown(theirs, 65534, 65534)
    assert reap_stale() == []
    assert theirs.exists()


def test_a_server_that_ends_while_starting_is_an_error_with_the_end_of_its_log(own_temp: Path) -> None:
    server = start_sleeper("import sys; sys.exit('no such option: --wings')")
    with pytest.raises(ServerEnded, match="no such option: --wings"):
        server.wait_ready(lambda: False, 20)
    assert not server.folder.path.exists()


def test_a_program_that_does_not_exist_is_an_error_with_its_name(own_temp: Path) -> None:
    folder = create_folder("test", None)
    server = start_guarded("ghost", ["/no/such/server"], folder, stop_signal=signal.SIGTERM, environment={})
    with pytest.raises(ServerEnded, match="/no/such/server: No such file"):
        server.wait_ready(lambda: False, 20)
    assert not folder.path.exists()
