"""The folders of runs: nothing is written over, nothing of somebody else's is moved, followed or removed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from readiness.cli.preparation import new_run_id
from readiness.errors import ConfigError
from readiness.report import run_folders
from readiness.report.locking import sole_writer
from readiness.report.retention import remove_oldest

EXAMPLE = Path(__file__).parents[2] / "reports" / "example" / "ready"
FILES = ("report.json", "run.json", "report.html", "junit.xml")


def ids(count: int) -> list[str]:
    return [f"20260101T00{n:02}00Z-0000000{n}" for n in range(count)]


def folder_of(runs: Path, run_id: str, name: str | None = None) -> Path:
    """As a run leaves it."""
    folder = runs / (name or run_id)
    folder.mkdir(parents=True)
    told = run_folders.run_of(EXAMPLE)
    assert told
    for file in FILES:
        (folder / file).write_text((EXAMPLE / file).read_text().replace(told, run_id))
    return folder


def test_ids_of_runs_sort_by_time_and_are_never_the_same() -> None:
    made = [new_run_id() for _ in range(300)]
    assert len(set(made)) == len(made)
    assert [one[:20] for one in made] == sorted(one[:20] for one in made)  # all but what is chance
    assert all(run_folders.RUN_ID.fullmatch(one) for one in made)


def test_latest_is_a_relative_link_to_the_newest_run(tmp_path: Path) -> None:
    for run_id in ids(2):
        folder = run_folders.make(tmp_path / "reports", run_id, links=True)
        run_folders.point(folder)
        assert (tmp_path / "reports" / "latest").readlink() == Path(run_id)
    assert sorted(one.name for one in (tmp_path / "reports").iterdir()) == [*ids(2), "latest"]
    with pytest.raises(ConfigError, match="cannot be made"):
        run_folders.make(tmp_path / "reports", ids(2)[0], links=True)


def test_without_links_latest_is_the_folder_and_the_run_before_keeps_its_own(tmp_path: Path) -> None:
    first, second, third = ids(3)
    assert run_folders.make(tmp_path, first, links=False) == tmp_path / "latest"
    (tmp_path / "latest").rmdir()
    folder_of(tmp_path, first, "latest")
    assert run_folders.make(tmp_path, second, links=False) == tmp_path / "latest"
    assert run_folders.run_of(tmp_path / first) == first
    assert list((tmp_path / "latest").iterdir()) == []
    run_folders.point(run_folders.make(tmp_path, third, links=True))
    assert (tmp_path / "latest").readlink() == Path(third)


def test_a_latest_that_is_none_of_ours_is_refused_and_left(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    runs = tmp_path / "reports"
    runs.mkdir()
    latest = runs / "latest"
    latest.symlink_to("../precious")
    for links in (True, False):
        with pytest.raises(ConfigError, match=r"symbolic link to .*, which readiness did not make"):
            run_folders.make(runs, ids(1)[0], links=links)
    latest.unlink()
    latest.write_text("mine")
    with pytest.raises(ConfigError, match="readiness did not make"):
        run_folders.make(runs, ids(1)[0], links=True)
    latest.unlink()
    latest.mkdir()
    (latest / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match="without a run of readiness"):
        run_folders.make(runs, ids(1)[0], links=True)
    assert (latest / "notes.txt").read_text() == "mine"
    shutil.rmtree(latest)
    folder_of(runs, ids(1)[0], "latest")
    with sole_writer(latest), pytest.raises(ConfigError, match="another readiness is writing there"):
        run_folders.make(runs, ids(2)[1], links=True)


def test_keep_removes_the_oldest_and_nothing_that_is_not_provably_ours(tmp_path: Path) -> None:
    runs = tmp_path / "reports"
    foreign, renamed, link, busy, plain, newest = ids(6)
    precious = folder_of(tmp_path, link, "precious")
    folder_of(runs, foreign).joinpath("notes.txt").write_text("mine")
    folder_of(runs, newest, renamed)  # a copy under another name
    (runs / link).symlink_to("../precious")
    folder_of(runs, busy)
    folder_of(runs / plain, plain, "run-1")  # of --repeat
    for file in FILES:
        shutil.copy(runs / plain / "run-1" / file, runs / plain / file)
    (runs / plain / ".run.json.0123456789ab.tmp").write_text("half")
    (runs / "20260101").mkdir()
    current = folder_of(runs, newest)
    run_folders.point(current)
    with sole_writer(runs / busy):
        said = "\n".join(remove_oldest(runs, 1, current))
    assert {one.name for one in runs.iterdir()} == {foreign, renamed, link, busy, newest, "20260101", "latest"}
    for name, why in (
        (foreign, "it holds notes.txt"), (renamed, "no report in it"), (link, "no folder"), (busy, "is writing")
    ):  # fmt: skip
        assert any(name in line and why in line for line in said.splitlines()), said
    assert sorted(one.name for one in precious.iterdir()) == sorted(FILES)
    assert remove_oldest(runs, 9, current) == ()


def test_a_link_inside_a_run_is_not_followed(tmp_path: Path) -> None:
    old, newest = ids(2)
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "report.md").write_text("mine")
    folder = folder_of(tmp_path / "reports", old)
    (folder / "run-1").symlink_to("../../precious")
    os.link(tmp_path / "precious" / "report.md", folder / "report.md")
    said = remove_oldest(tmp_path / "reports", 1, folder_of(tmp_path / "reports", newest))
    assert "it holds run-1" in said[0]
    (folder / "run-1").unlink()
    assert remove_oldest(tmp_path / "reports", 1, tmp_path / "reports" / newest) == ()
    assert (tmp_path / "precious" / "report.md").read_text() == "mine"
