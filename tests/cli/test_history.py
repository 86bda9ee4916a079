"""`readiness history`: every run is a row, also a broken one; nothing of others is followed or written over."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from readiness.cli import app, attempts
from readiness.report.run_folders import run_of
from tests.report import builders, parsing

EXAMPLES = (Path(__file__).parents[2] / "reports" / "example").resolve()


def history(folder: Path, *more: str) -> Result:
    return CliRunner().invoke(app, ["history", str(folder), *more])


def kept(folder: Path, *names: str) -> list[str]:
    """Examples as runs leave them; their ids."""
    ids = []
    for name in names:
        run_id = run_of(EXAMPLES / name)
        assert run_id
        ids.append(run_id)
        shutil.copytree(EXAMPLES / name, folder / run_id)
    return ids


def line(n: int, **more: object) -> str:
    facts: dict[str, object] = {
        "run_id": f"old-{n:03}",
        "at": f"2026-01-01T00:00:{n:02}+00:00",
        "target": "http://shop",
        "commit": "c" * 40,
    }
    facts |= {"plan_hash": "p", "decision": "READY", "score": 99.0, "requests": 9000, "failed": 1}
    return json.dumps(facts | {"p95_ms": 100 + n} | more) + "\n"


def test_every_run_is_a_row_with_its_report_and_the_newest_decision_is_the_answer(tmp_path: Path) -> None:
    ids = sorted(kept(tmp_path, "ready", "conditional", "not-ready", "inconclusive"))
    (tmp_path / attempts._NAME).write_text("".join(line(n) for n in range(12)) + "half a li")
    (tmp_path / "latest").symlink_to(ids[-1])
    (tmp_path / "capacity").mkdir()
    done = history(tmp_path)
    assert done.exit_code == 0, done.output
    page = (tmp_path / "index.html").read_text()
    newest = json.loads((tmp_path / ids[-1] / "report.json").read_text())["decision"]
    assert f"<span data-decision>{newest}</span>" in page
    assert page.count("<tr data-run=") == 16
    assert all(f'href="{run_id}/report.html"' in page for run_id in ids)
    assert "1 of the lines of history.jsonl cannot be read." in done.output
    last = done.output.splitlines()[-1]
    assert last == f"readiness: history=16 latest={newest.replace(' ', '_')} drift=unknown"
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert history(tmp_path, "--quiet").stdout.strip() == last
    assert "CONDITIONAL" in done.stdout


def test_no_drift_is_said_only_where_one_could_be_told(tmp_path: Path) -> None:
    for runs, said in ((20, "none"), (3, "unknown")):
        (tmp_path / attempts._NAME).write_text("".join(line(n, p95_ms=100 + n % 2) for n in range(runs)))
        assert history(tmp_path).stdout.splitlines()[-1].endswith(f"drift={said}")


def test_a_drift_is_told_on_the_terminal_and_on_the_page(tmp_path: Path) -> None:
    (tmp_path / attempts._NAME).write_text("".join(line(n) for n in range(20)))
    done = history(tmp_path)
    assert done.stdout.splitlines()[-1].endswith("drift=P95")
    assert "P95 rises from run to run: from about 104.5 ms to 114.5 ms over 20 runs" in " ".join(done.output.split())
    assert "P95 rises from run to run" in (tmp_path / "index.html").read_text()


def test_a_broken_or_foreign_report_is_a_row_that_says_so_and_never_the_answer(tmp_path: Path) -> None:
    kept(tmp_path, "ready")
    names = ("20990101T000000Z-00000001", "b-of-others", "c-edited", "d-pipe", "e-large", "f-link")
    for name in names:
        (tmp_path / name).mkdir()
    (tmp_path / names[0] / "report.json").write_bytes(b"\xff\xfe not text")
    (tmp_path / "b-of-others" / "report.json").write_text('{"version": "2.1.0", "runs": []}')
    edited = (EXAMPLES / "not-ready" / "report.json").read_text().replace('"NOT READY"', '"READY"')
    (tmp_path / "c-edited" / "report.json").write_text(edited)
    os.mkfifo(tmp_path / "d-pipe" / "report.json")
    with (tmp_path / "e-large" / "report.json").open("wb") as file:
        file.truncate(17 << 20)
    (tmp_path / "f-link" / "report.json").symlink_to(EXAMPLES / "ready" / "report.json")
    (tmp_path / "g-elsewhere").symlink_to(EXAMPLES / "ready")
    done = history(tmp_path)
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1].startswith("readiness: history=7 latest=UNKNOWN ")
    page = (tmp_path / "index.html").read_text()
    for name, why in zip(
        names, ("UTF-8", "schema", "cannot be true", "FIFO", "larger than 16 MiB", "outside"), strict=True
    ):
        row = page.partition(f'data-run="{name}"')[2].partition("</tr>")[0]
        assert why in row, (name, row)
        assert "Not believed" in row
        assert "href" not in row
    assert "Links are not followed: g-elsewhere." in page
    assert 'data-run="g-elsewhere"' not in page


def test_hostile_text_in_a_history_stays_text(tmp_path: Path) -> None:
    hostile = " ".join(builders.HOSTILE)
    evil = {"run_id": hostile, "target": hostile, "commit": hostile, "at": hostile, "plan_hash": hostile}
    (tmp_path / attempts._NAME).write_text("".join(line(n, **evil | {"run_id": f"{n} {hostile}"}) for n in range(9)))
    folder = tmp_path / "<img src=x>\x1b[31m"
    folder.mkdir()
    (folder / "report.json").write_text(json.dumps({"schema": hostile}))
    done = history(tmp_path)
    assert done.exit_code == 0, done.output
    assert "\x1b" not in done.output
    assert not any(text.startswith("::") for text in done.output.splitlines())
    found = parsing.html((tmp_path / "index.html").read_text())
    assert not {"script", "img"} & set(found.tags)


@pytest.mark.parametrize("kind", ["link", "page", "folder"])
def test_a_page_of_somebody_else_is_not_written_over(tmp_path: Path, kind: str) -> None:
    runs = tmp_path / "reports"
    kept(runs, "ready")
    mine = tmp_path / "mine.html"
    mine.write_text("mine")
    if kind == "link":
        (runs / "index.html").symlink_to(mine)
    elif kind == "page":
        shutil.copy(mine, runs / "index.html")
    else:
        (runs / "index.html").mkdir()
    done = history(runs)
    assert done.exit_code == 2, done.output
    assert "index.html" in done.output
    assert "move it away" in done.output
    assert mine.read_text() == "mine"
    assert kind != "page" or (runs / "index.html").read_text() == "mine"


def test_a_folder_without_runs_or_none_at_all_is_a_mistake(tmp_path: Path) -> None:
    for folder, why in ((tmp_path, "keeps no run of readiness"), (tmp_path / "none", "no such file")):
        done = history(folder)
        assert (done.exit_code, why in done.output) == (2, True), done.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("corrupt", [False, True])
def test_the_trend_is_of_the_newest_runs_target_and_none_of_another_one(tmp_path: Path, corrupt: bool) -> None:
    """Twenty runs of one target that get slower, then one of another that sent nothing, or one that nobody can read."""
    lines = [line(n) for n in range(20)]
    if corrupt:
        (tmp_path / "20990101T000000Z-00000001").mkdir()
        (tmp_path / "20990101T000000Z-00000001" / "report.json").write_text("{")
    else:
        lines.append(line(30, target="http://till:8080", plan_hash="q", decision="INCONCLUSIVE", requests=0, failed=0))
    (tmp_path / attempts._NAME).write_text("".join(lines))
    done = history(tmp_path)
    assert done.stdout.splitlines()[-1].endswith("drift=unknown")
    assert "rises from run to run" not in done.output + (tmp_path / "index.html").read_text()
    assert ("no trend of older runs belongs to it" in " ".join(done.output.split())) is corrupt
    table = done.stdout.splitlines()[1:20]
    assert all(row.endswith("c" * 12 if corrupt else "  shop") for row in table), table


def test_with_several_targets_the_terminal_says_which_run_and_which_trend_is_whose(tmp_path: Path) -> None:
    other = [line(n, target="http://a.rather.long.name.example.org:8080") for n in range(30, 33)]
    (tmp_path / attempts._NAME).write_text("".join([*other, *(line(40 + n) for n in range(10))]))
    done = history(tmp_path)
    assert "P95 of http://shop rises from run to run" in " ".join(done.output.split())
    assert "  ~.example.org:8080" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
