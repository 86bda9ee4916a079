"""The file of `--samples`: a full disk is a sentence, names are inert, and nothing of others is written to."""

from __future__ import annotations

import csv
import gzip
import json
import os
import resource
from pathlib import Path

import pytest

from readiness.errors import ConfigError
from readiness.load.request_rows import RequestRows, read_rows
from readiness.run.sample_file import SampleFile
from tests.report import builders

ROW = (1_700_000_000_123_456, 0, 1_234, 200, -1, 1)
SECRET = "s3cret-value-91"


def rows(count: int, scenario: str = "shop", name: str = "GET /") -> RequestRows:
    return RequestRows([(scenario, name)], ["timeout"], [ROW] * count)


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl.gz"])
def test_rows_are_written_whole_with_times_names_and_classes(tmp_path: Path, name: str) -> None:
    file = SampleFile(tmp_path / name, (SECRET,))
    file.add(rows(1))
    file.add(RequestRows([("shop", f"GET /{SECRET}")], ["timeout"], [(0, 0, -1, 0, 0, 0)]))
    assert file.close(2) == f"--samples {name}: 2 rows, one for each request of the run."
    data = (tmp_path / name).read_bytes()
    text = gzip.decompress(data).decode() if name.endswith(".gz") else data.decode()
    assert SECRET not in text
    if name.endswith("csv"):
        first, second = csv.DictReader(text.splitlines())
        assert first == {
            "time": "2023-11-14T22:13:20.123456Z", "scenario": "shop", "endpoint": "GET /", "latency_ms": "1.234",
            "status": "200", "failure": "", "judged": "1", "trace_id": "",
        }  # fmt: skip
        assert (second["latency_ms"], second["status"], second["failure"]) == ("", "", "timeout")
    else:
        one, other = (json.loads(line) for line in text.splitlines())
        assert (one["latency_ms"], one["status"], one["failure"], one["judged"]) == (1.234, 200, None, True)
        assert (other["latency_ms"], other["failure"]) == (None, "timeout")


def test_hostile_names_are_neither_a_formula_nor_a_row_of_their_own(tmp_path: Path) -> None:
    hostile = (*builders.HOSTILE, "=HYPERLINK(1)", "@x", "a\nb,c\r\n", '"')
    file = SampleFile(tmp_path / "a.csv", ())
    for text in hostile:
        file.add(rows(1, name=text))
    file.close(len(hostile))
    text = (tmp_path / "a.csv").read_text(encoding="utf-8")
    assert "\x1b" not in text
    found = list(csv.DictReader(text.splitlines()))
    assert len(found) == len(hostile)
    assert not [row for row in found if row["endpoint"][:1] in "=+-@"]


def test_a_full_disk_and_the_largest_size_are_sentences_with_the_count_that_was_written(tmp_path: Path) -> None:
    file = SampleFile(tmp_path / "a.csv", (), most_bytes=5_000)
    for _ in range(5):
        file.add(rows(20))
    said = file.close(100)
    assert f"{file.written} of 100 requests have a row: the file holds at most 5,000 bytes" in said
    assert 0 < file.written < 100
    assert (tmp_path / "a.csv").stat().st_size <= 5_000
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    file = SampleFile(tmp_path / "b.csv", ())
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, limits[1]))
    try:
        for _ in range(5):
            file.add(rows(500))
        said = file.close(2_500)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "of 2,500 requests have a row: it could not be written: file too large." in said


def test_a_link_a_pipe_a_folder_and_a_name_without_a_format_are_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "link.csv").symlink_to(tmp_path / "mine")
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.csv").mkdir()
    for name, why in (("link.csv", "symbolic link"), ("pipe.csv", "cannot be|FIFO"), ("folder.csv", "directory|folder"),
                      ("a.txt", "tells the format"), ("mine/x.csv", "cannot be written")):  # fmt: skip
        with pytest.raises(ConfigError, match=why):
            SampleFile(tmp_path / name, ())
    assert (tmp_path / "mine").read_text() == "mine"


@pytest.mark.parametrize(
    "row",
    [[1, 1, 1, 200, -1, 1], [1, 0, 1, 200, 2, 1], [1, 0, 1.5, 200, -1, 1], [1, 0, 1, 200], [10**20] * 6, "abcdef"],
)
def test_a_row_that_no_engine_sends_is_refused(row: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        read_rows({"names": [["s", "n"]], "failures": ["timeout"], "rows": [row]})
