"""`python -m benchmarks corpus FOLDER [--broken] [NUMBER ...]`: public locustfiles under Locust and `readiness run`.

FOLDER holds a folder for each line of `benchmarks/corpus.txt` (number, repository, commit, path): the repository at
that commit. The files are other people's, so they are not here. They run as they stand, so both tools run in namespaces
of their own (Linux, root): no network but loopback, no other process in sight, nothing to write to but a scratch
folder; with an environment of four variables, and for SECONDS with USERS users. `benchmarks/alikeness.py` says what
alike means, `benchmarks/corpus_server.py` what answers.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Timer

from benchmarks.alikeness import Outcome, difference
from benchmarks.corpus_server import CorpusServer, serving

LIST = Path(__file__).with_name("corpus.txt")
SECONDS, USERS, PATIENCE_S, AT_ONCE = 6, 8, 60, 4
_SHAPE = "Shape test starting"
_INSIDE = "CORPUS_INSIDE"
_EACH_TIME = re.compile(r"0x[0-9a-f]+|\d+")
"""What is another in each run."""
_PLACE = re.compile(r"^(.*?\.py:\d+ in \w+: |[^:]+: \w+: (?=\w+: ))| \(\d+×\)$")
"""File, line and class of an exception, and how often it came."""
_ALONE = 'ip link set lo up && mount --bind "$0" "$0" && mount -o remount,bind,ro / && cd "$0" && exec "$@"'
_LIMITS = """\
version: 1
service: corpus
{load}
checks:
  http.success_rate: {{ pass: "> 0 %", on_fail: block }}
"""
_STEADY = "load: { ramp_up: 0s, warm_up: 0s, calibration: 0s }"
_OWN = "load: { calibration: 0s }"

Row = tuple[str, str, str, str]


def main() -> int:
    """Compare them, print a line for each and the share that is alike."""
    if _INSIDE not in os.environ:
        return _alone()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it, and so would Locust
    folder, words = Path(sys.argv[1]), sys.argv[2:]
    kind = "broken" if "--broken" in words else "ok"
    rows = [_row(line) for line in LIST.read_text().splitlines()]
    wanted = {word for word in words if word.isdigit()}
    there = [row for row in rows if (folder / row[0] / row[3]).exists() and (not wanted or row[0] in wanted)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(lambda row: _compare(folder, row, kind), there))
    ran = [alike for alike in found if alike is not None]
    print(f"{kind}: {sum(ran)} of {len(ran)} files that Locust runs are alike, {len(found)} files in all")
    return 0


def _row(line: str) -> Row:
    number, repository, commit, path = line.split("\t")
    return number, repository, commit, path


def _alone() -> int:
    """This again, in namespaces of its own."""
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="corpus-") as scratch:
        words = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", _ALONE, scratch]
        words += [sys.executable, "-m", "benchmarks.corpus", str(Path(sys.argv[1]).resolve()), *sys.argv[2:]]
        environment = {name: os.environ.get(name, "") for name in ("PATH", "LANG")}
        environment |= {"HOME": scratch, "TMPDIR": scratch, _INSIDE: "1", "PYTHONPATH": str(LIST.parents[1])}
        return subprocess.run(words, env=environment, check=False).returncode


def _compare(folder: Path, row: Row, kind: str) -> bool | None:
    """Whether the file is alike; None where Locust does not run it."""
    number, repository, _, path = row
    plain = _try(folder / number, lambda copy, server: _locust(copy, path, server), kind)
    if not plain.ran:
        print(f"{number} {repository} {path}: refused by Locust: {' '.join(plain.said.split())[-200:]}", flush=True)
        return None
    ours = _try(folder / number, lambda copy, server: _readiness(copy, path, server), kind)
    why = difference(plain, ours)
    said = why or "alike"
    total = sum(requests for requests, _ in plain.counts.values())
    print(f"{number} {repository} {path}: {said} [{total} requests, exits {plain.exit_code} {ours.exit_code}]")
    if "--verbose" in sys.argv:
        print(plain, ours, sep="\n")
    sys.stdout.flush()
    return not why


def _try(original: Path, tool: Callable[[Path, CorpusServer], Outcome], kind: str) -> Outcome:
    """Each time with a fresh copy: a file may write beside itself."""
    with tempfile.TemporaryDirectory() as temporary, serving(kind) as server:
        copy = Path(temporary, "files")
        shutil.copytree(original, copy)
        return tool(copy, server)


def _run(words: list[str], folder: Path) -> tuple[int, str]:
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR")} | {"LANG": "C.UTF-8"}
    with subprocess.Popen(
        words, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment,
        text=True, errors="replace", start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        late = Timer(PATIENCE_S, os.killpg, (process.pid, signal.SIGKILL))
        late.start()
        lines = []
        for line in process.stdout:
            lines.append(line)
            if _SHAPE in line:  # Locust takes no -t then
                Timer(SECONDS, process.send_signal, (signal.SIGINT,)).start()
        code = process.wait()
        late.cancel()
        return code, "".join(lines)


def _locust(copy: Path, path: str, server: CorpusServer) -> Outcome:
    table = copy.parent / "table"
    words = [
        str(Path(sys.executable).with_name("locust")),
        "-f",
        path,
        "-H",
        _url(server),
        "--headless",
        "-s",
        "5",
        "--only-summary",
    ]
    words += ["--json-file", str(table), "--csv", str(table), "-u", str(USERS), "-r", str(USERS), "-t", f"{SECONDS}s"]
    code, said = _run(words, copy)
    written = table.with_suffix(".json")
    if not written.exists():
        return Outcome(False, code, said)
    rows = json.loads(written.read_text())
    counts = {_name(row["method"], row["name"]): (row["num_requests"], row["num_failures"]) for row in rows}
    raised: Counter[str] = Counter()
    if (exceptions := Path(f"{table}_exceptions.csv")).exists():
        for line in csv.DictReader(io.StringIO(exceptions.read_text(), newline="")):
            raised[_bare(line["Message"])] += int(line["Count"])
    return Outcome(True, code, said, counts, raised, dict(server.seen))


def _readiness(copy: Path, path: str, server: CorpusServer) -> Outcome:
    out = copy.parent / "out"
    (limits := copy.parent / "limits.yaml").write_text(_LIMITS.format(load=_STEADY))
    words = [
        str(Path(sys.executable).with_name("readiness")),
        "run",
        _url(server),
        "--scenarios",
        path,
        "--thresholds",
        str(limits),
    ]
    words += ["--out", str(out), "--format", "json", "--samples", str(out.with_suffix(".jsonl")), "--quiet"]
    code, said = _run([*words, "--duration", f"{SECONDS}s", "--users", str(USERS)], copy)
    if code == 2 and "says the load as well" in said:
        limits.write_text(_LIMITS.format(load=_OWN))
        code, said = _run([*words, "--duration", f"{SECONDS}s"], copy)
    if code not in (0, 1, 3, 4):
        return Outcome(False, code, said)
    run, report = (json.loads((out / name).read_text()) for name in ("run.json", "report.json"))
    requests, failures = Counter[str](), Counter[str]()
    for line in out.with_suffix(".jsonl").read_text().splitlines():
        one = json.loads(line)
        if one["failure"] not in ("in_flight", "dropped"):
            requests[one["endpoint"]] += 1
            failures[one["endpoint"]] += bool(one["failure"])
    counts = {name: (count, failures[name]) for name, count in requests.items()}
    raised: Counter[str] = Counter()
    for text in (run["load"] or {}).get("script_errors", ()):
        raised[_bare(_PLACE.sub("", text))] += int(re.findall(r"\((\d+)×\)$", text)[0])
    doubts = json.dumps([report.get("doubts"), (run["load"] or {}).get("failure_details"), report.get("reason")])
    doubts = _EACH_TIME.sub("#", doubts)
    return Outcome(True, code, said, counts, raised, dict(server.seen), doubts)


def _name(method: str, name: str) -> str:
    """As ours: `POST /pay`, also where the file's own name is `POST /pay`."""
    return name if name.startswith(f"{method} ") else f"{method} {name}".strip()


def _bare(text: str) -> str:
    """The words of an exception, without its type or what is another each time."""
    words = text.partition(": ")[2] if re.match(r"\w+: ", text) else text
    return _EACH_TIME.sub("#", " ".join(words.split()))[:80]


def _url(server: CorpusServer) -> str:
    return f"http://127.0.0.1:{server.server_port}"


if __name__ == "__main__":
    sys.exit(main())
