"""`readiness run --live` from outside: a real terminal, a real browser, and nothing where it was not asked for."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
from pathlib import Path

import pytest

from tests.e2e.harness import command
from tests.faultd.client import until
from tests.faultd.fixture import StartFaultd
from tests.report.test_browser import CHROMIUM, FLAGS

HOSTILE = "<img src=x onerror=alert(1)> </script><b>GET \x1b[31m /x"
SCENARIO = f"""
from readiness.scenario import User, constant, task


class Odd(User):
    wait_time = constant(0.01)

    @task
    def item(self) -> None:
        self.client.get("/api/item", name={HOSTILE!r})
"""
THRESHOLDS = """
version: 1
service: tested
load: { users: 5, calibration: 0s, ramp_up: 0s, warm_up: 0s, duration: 12s }
checks:
  http.success_rate: { pass: "> 50 %", on_fail: block }
  latency.p95: { pass: "< 5 s" }
"""
ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07")


def _start(folder: Path, url: str, *args: str, stderr: int) -> subprocess.Popen[bytes]:
    (folder / "odd.py").write_text(SCENARIO)
    (folder / "thresholds.yaml").write_text(THRESHOLDS)
    env = {
        name: value for name, value in os.environ.items() if not name.startswith(("READINESS_", "GITHUB_", "COLUMNS"))
    }
    return subprocess.Popen(
        [command(), "run", url, "--scenarios", "odd.py", "--out", "out", "--format", "json", *args],
        cwd=folder,
        env={**env, "TERM": "xterm-256color"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        start_new_session=True,
    )


def _listening(pid: int) -> set[str]:
    """Addresses of TCP sockets of the process that listen."""
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            inodes.add(str(entry.readlink()).removeprefix("socket:[").removesuffix("]"))
        except OSError:
            continue
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and words[9] in inodes:
                found.add(words[1])
    return found


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on PATH")
def test_the_same_numbers_are_on_a_terminal_and_on_a_page_where_hostile_names_are_text(
    tmp_path: Path, faultd: StartFaultd
) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    axe = pytest.importorskip("axe_playwright_python", reason="needs axe-playwright-python, which brings axe-core")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    run = _start(tmp_path, faultd().url, "--live", stderr=theirs)
    os.close(theirs)
    shown = bytearray()

    def plain() -> str:
        return ESCAPES.sub(b"", bytes(shown)).decode("utf-8", "replace")

    def read() -> None:
        try:
            while chunk := os.read(ours, 65536):
                shown.extend(chunk)
        except OSError:
            pass  # the other side is closed

    reader = threading.Thread(target=read)
    reader.start()
    try:
        assert until(lambda: re.search(r"live page: http://127\.0\.0\.1:\d+/[\w-]+/", plain())), plain()
        found = re.search(r"live page: (http://127\.0\.0\.1:(\d+)/[\w-]+/)", plain())
        assert found is not None
        assert _listening(run.pid) == {f"0100007F:{int(found[2]):04X}"}, "loopback, and one port"
        with sync_api.sync_playwright() as p:
            browser = p.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page(viewport={"width": 390, "height": 800})
            page.set_default_timeout(600_000)
            wrong: list[str] = []
            page.on("dialog", lambda dialog: wrong.append(dialog.message))
            page.on("console", lambda message: wrong.append(message.text))
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on("request", lambda request: None if request.url.startswith(found[1]) else wrong.append(request.url))
            page.goto(found[1])
            page.locator("#checks li").first.wait_for()
            assert "<img src=x onerror=alert(1)> </script><b>GET" in page.inner_text("#endpoints")
            assert page.locator("#endpoints img, #endpoints b").count() == 0
            assert page.locator("#latency path").count() == 3
            assert page.locator("#rate path").count() == 1
            assert "limit < 5 s" in page.inner_text("#tiles")
            wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
            session = page.context.new_cdp_session(page)  # the page's own policy forbids evaluation by playwright's way
            fits = session.send("Runtime.evaluate", {"expression": wide, "allowUnsafeEvalBlockedByCSP": True})
            assert fits["result"]["value"] is True, "no sideways scroll on a phone"
            fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
            page.get_by_text("The run has ended").wait_for()
            source = (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
            asked = (
                "axe.run(document, {resultTypes: ['violations']}).then(found => found.violations.map(one => one.id))"
            )
            barriers = session.send(
                "Runtime.evaluate",
                {
                    "expression": f"{source}; {asked}",
                    "allowUnsafeEvalBlockedByCSP": True,
                    "awaitPromise": True,
                    "returnByValue": True,
                },
            )
            assert barriers["result"].get("value") == [], barriers
            assert wrong == []
            browser.close()
        out, _ = run.communicate()
        reader.join(300)
        assert run.returncode in (0, 3, 4), out
        assert b"decision=" in out
        assert shown.count(b"\x1b[?1049h") == shown.count(b"\x1b[?1049l") == 1, "the screen is given back"
        assert b"\x1b[31m /x" not in shown, "a name draws nothing of its own"
        text = plain()
        for word in ("measuring", "s left of 12 s", "requests/s", "█", "P95", "limit < 5 s", "checks so far", "proven"):
            assert word in text, word
        rulers = {len(ruler) for ruler in re.findall("[━─]{20,}", text)}
        assert rulers == {80, 120}, "every picture has the size that the window then has"
    finally:
        if run.poll() is None:
            run.kill()
            run.communicate()
        reader.join(300)
        os.close(ours)


def test_without_live_nothing_listens_and_a_pipe_gets_lines(tmp_path: Path, faultd: StartFaultd) -> None:
    server = faultd()
    run = _start(tmp_path, server.url, stderr=subprocess.PIPE)
    server.wait(50, "/api/*")
    assert _listening(run.pid) == set()
    run.send_signal(2)
    _, said = run.communicate()
    assert run.returncode == 130
    assert b"\x1b" not in said
    assert b"readiness: starting the load generator" in said
