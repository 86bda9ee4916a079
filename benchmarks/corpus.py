"""`python -m benchmarks corpus FOLDER [NUMBER ...]`: public locustfiles under plain Locust and under `readiness run`.

FOLDER holds a folder for each line of `benchmarks/corpus.txt` (number, repository, path), with the file at its own
name and what lies beside it. The files are other people's, so they are not here: fetch them, and read what you run.
Both tools send to a server on loopback that answers everything with 200 and a little JSON, and both run what they were
given for SECONDS with USERS users. Alike means: both refuse the file; or both run it, name the same endpoints, and for
each of those count the same share of requests and failures (within four standard deviations).
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

LIST = Path(__file__).with_name("corpus.txt")
SECONDS, USERS, PATIENCE_S = 6, 6, 60
_FEW = 12
"""Endpoints with fewer requests than this under both tools may be missing in one: chance picks the tasks."""
_ANSWER = json.dumps({"id": 1, "token": "t", "access_token": "t", "data": [], "results": [], "items": []}).encode()
_LIMITS = """\
version: 1
service: corpus
checks:
  http.success_rate: { pass: "> 0 %", on_fail: block }
"""

_REST = "(other)"
"""Where a file puts ids into names, what is beyond 2,000 names is counted together here; Locust keeps them all."""

Counts = Mapping[str, tuple[int, int]]
"""Requests and failures by `METHOD name`."""


@dataclass(frozen=True)
class Outcome:
    """What one tool made of a file; `counts` is None where it refused it."""

    counts: Counts | None
    said: str


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __getattr__(self, name: str) -> Callable[[], None]:
        """One answer to every method; the base class asks for `do_GET` and its like."""
        if not name.startswith("do_"):
            raise AttributeError(name)
        return self._answer

    def _answer(self) -> None:
        length = self.headers.get("Content-Length", "0")
        self.rfile.read(int(length) if length.isdigit() else 0)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(_ANSWER)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(_ANSWER)

    def log_message(self, *_: object) -> None:
        """Nothing."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Connections that a tool resets when it ends are no news."""


def main() -> int:
    """Compare them, print a line for each that differs and the share that is alike."""
    folder, wanted = Path(sys.argv[1]), set(sys.argv[2:])
    server = _Server(("127.0.0.1", 0), _Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    ran = alike = 0
    for number, repository, path in (line.split("\t") for line in LIST.read_text().splitlines()):
        file = folder / number / Path(path).name
        if not file.exists() or (wanted and number not in wanted):
            continue
        plain, ours = _locust(file, url), _readiness(file, url)
        why = _difference(plain, ours)
        if plain.counts is not None:
            ran += 1
            alike += not why
        print(f"{number} {repository} {path}: {why or ('alike' if plain.counts is not None else 'refused by both')}")
        sys.stdout.flush()
    print(f"{alike} of {ran} files that Locust runs are alike")
    server.shutdown()
    return 0


def _run(words: list[str], folder: Path) -> tuple[int, str]:
    environment = {**os.environ, "PYTHONPATH": ""}
    try:
        done = subprocess.run(
            words, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S, env=environment, check=False
        )
    except subprocess.TimeoutExpired:
        return -1, f"did not end within {PATIENCE_S} s"
    return done.returncode, done.stdout + done.stderr


def _locust(file: Path, url: str) -> Outcome:
    with tempfile.TemporaryDirectory() as temporary:
        table = Path(temporary, "table")
        words = [str(Path(sys.executable).with_name("locust")), "-f", str(file), "-H", url, "--headless", "-s", "5"]
        words += ["--json-file", str(table), "--only-summary", "-u", str(USERS), "-r", str(USERS), "-t", f"{SECONDS}s"]
        _, said = _run(words, file.parent)
        written = table.with_suffix(".json")
        if not written.exists():
            return Outcome(None, said)
        rows = json.loads(written.read_text())
    found = {f"{row['method']} {row['name']}".strip(): (row["num_requests"], row["num_failures"]) for row in rows}
    return Outcome(found, said)


def _readiness(file: Path, url: str) -> Outcome:
    with tempfile.TemporaryDirectory() as temporary:
        (limits := Path(temporary, "thresholds.yaml")).write_text(_LIMITS)
        words = [str(Path(sys.executable).with_name("readiness")), "run", url, "--scenarios", str(file)]
        words += ["--thresholds", str(limits), "--out", temporary, "--format", "json"]
        code, said = _run([*words, "--users", str(USERS), "--duration", f"{SECONDS}s"], file.parent)
        if code == 2 and "LoadTestShape" in said:
            code, said = _run(words, file.parent)
        written = Path(temporary, "report.json")
        if not written.exists():
            return Outcome(None, said)
        endpoints = json.loads(written.read_text())["endpoints"]
    return Outcome({one["name"]: (one["requests"], one["failures"]) for one in endpoints}, said)


def _difference(plain: Outcome, ours: Outcome) -> str:
    """Why they are not alike; empty when they are."""
    if plain.counts is None:
        return ""
    if ours.counts is None:
        return f"refused: {' '.join(ours.said.split())[-300:]}"
    total, here_total = (sum(requests for requests, _ in one.values()) for one in (plain.counts, ours.counts))
    if here_total < 0.6 * total and total >= _FEW:
        return f"{total} requests under Locust, {here_total} here"
    scale = total / max(here_total, 1)  # a file that never waits sends more where the load generator is faster
    for name in sorted({*plain.counts, *ours.counts} - {_REST}):
        for what, theirs, here in zip(
            ("requests", "failures"), plain.counts.get(name, (0, 0)), ours.counts.get(name, (0, 0)), strict=True
        ):
            expected = here * scale
            if (
                max(theirs, here) >= _FEW
                and abs(theirs - expected) > 4 * math.sqrt(theirs + expected * max(scale, 1)) + 1
            ):
                return f"{name}: {theirs} {what} under Locust, {here} here (of {total} and {here_total} requests)"
    return ""


if __name__ == "__main__":
    sys.exit(main())
