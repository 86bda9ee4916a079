"""Row O18: `--samples` has one row for each request, whatever became of it and however many processes sent it."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter

from tests.e2e.conftest import LOOSE, Cli
from tests.e2e.harness import Result
from tests.faultd.client import layer
from tests.faultd.fixture import StartFaultd


def classes_of(result: Result) -> Counter[str]:
    """Requests of the ledger by what became of them; "" is success."""
    ledger = result.ledger
    rest = {"": ledger["ok"], "in_flight": ledger["in_flight"], "dropped": ledger["dropped"]}
    return Counter({name: n for name, n in {**ledger["failed"], **rest}.items() if n})


def test_the_rows_of_two_processes_are_the_ledger(cli: Cli, faultd: StartFaultd) -> None:
    """Some answers are 500, and the last ones never come: every class has as many rows as the ledger says."""
    server = faultd(layer("status", code=500, share=0.3), layer("hang", at_s=2.0))
    file = cli.folder / "deeper" / "requests.csv.gz"
    load = "  timeout: 20s\n"
    result = cli.run(server.url, "--processes", "2", "--samples", str(file), checks=LOOSE, load=load, duration="3s")
    with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    assert Counter(row["failure"] for row in rows) == classes_of(result), str(result)
    assert len(rows) == result.ledger["planned"]
    assert {"", "http_5xx"} < {row["failure"] for row in rows}
    note = f"--samples requests.csv.gz: {len(rows):,} rows, one for each request of the run."
    assert note in result.report["notes"]
    assert list(rows[0]) == [
        "time", "scenario", "endpoint", "latency_ms", "status", "failure", "judged", "trace_id",
    ]  # fmt: skip
    assert {row["trace_id"] for row in rows} == {""}
    assert all(row["latency_ms"] == "" for row in rows if row["failure"] == "in_flight")
    assert {row["status"] for row in rows if row["failure"] == "http_5xx"} <= {"500"}
    judged = result.report["judged"]
    assert sum(row["judged"] == "1" for row in rows) == judged["planned"]
    named = Counter((row["scenario"], row["endpoint"]) for row in rows if not row["failure"] and row["judged"] == "1")
    told = {(one["scenario"], one["name"]): one["requests"] - one["failures"] for one in result.report["endpoints"]}
    assert {key: n for key, n in told.items() if n} == dict(named)


def test_the_rows_of_an_open_load_are_its_ledger_and_what_cannot_be_written_is_refused_before_it(
    cli: Cli, faultd: StartFaultd
) -> None:
    server = faultd(layer("delay", delay_ms=300), layer("hang", at_s=1.0))
    file = cli.folder / "requests.jsonl"
    file.write_text("of yesterday\n")
    load = "  rate: 60 /s\n"
    result = cli.run(server.url, "--samples", str(file), checks=LOOSE, load=load, duration="2s")
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert Counter(row["failure"] or "" for row in rows) == classes_of(result), str(result)
    refused = cli.run(server.url, "--samples", "requests.txt")
    assert (refused.exit_code, "the name tells the format" in refused.stderr) == (2, True)
    (cli.folder / "link.csv").symlink_to(file)
    refused = cli.run(server.url, "--samples", "link.csv")
    assert (refused.exit_code, "symbolic link" in refused.stderr) == (2, True)
    refused = cli.run(server.url, "--samples", "x.csv", "--repeat", "2")
    assert (refused.exit_code, "leave --repeat away" in refused.stderr) == (2, True)
