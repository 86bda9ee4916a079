"""Artefacts are whole or absent, and never point elsewhere."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from readiness.config.model import Check, Config, Limit, OnFail, Operator
from readiness.errors import ConfigError, ExitCode
from readiness.judge.verdict import Decision, Outcome
from readiness.report import FORMATS, writing
from readiness.report.placeholder import placeholder
from tests.report import builders


def test_texts_are_written_and_nothing_else_is_left(tmp_path: Path) -> None:
    assert writing.write_all({"report.md": "a\n", "junit.xml": "<x/>"}, tmp_path) == ()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"report.md": "a\n", "junit.xml": "<x/>"}


def test_lone_surrogates_do_not_stop_a_report(tmp_path: Path) -> None:
    assert writing.write_all({"report.md": "a\ud800b"}, tmp_path) == ()
    assert (tmp_path / "report.md").read_text() == "a?b"


def test_a_symbolic_link_is_refused_and_its_target_untouched(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.html").symlink_to(precious)
    problems = writing.write_all({"report.html": "new", "report.md": "kept"}, out)
    assert len(problems) == 1
    assert "report.html is a symbolic link" in problems[0]
    assert precious.read_text() == "mine"
    assert (out / "report.md").read_text() == "kept"


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_only_a_regular_file_is_replaced(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "junit.xml"
    if kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    (problem,) = writing.write_all({"junit.xml": "x"}, tmp_path)
    assert problem.startswith("junit.xml is ")
    with pytest.raises(ConfigError, match=r"--out .*junit\.xml is"):
        writing.prepare(tmp_path)


def test_a_file_that_does_not_fit_leaves_the_old_one_and_the_others_whole(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("yesterday")
    code = (
        "import resource, signal, sys; from pathlib import Path; from readiness.report import writing\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "print(writing.write_all({'report.html': 'x' * 5000, 'report.md': 'small'}, Path(sys.argv[1])))"
    )
    assert resource.RLIMIT_FSIZE is not None
    assert signal.SIGXFSZ
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "report.html could not be written: file too large" in done.stdout
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "report.html": "yesterday",
        "report.md": "small",
    }


def test_a_killed_writer_leaves_the_old_file_or_the_new_one_never_half(tmp_path: Path) -> None:
    code = (
        "import itertools, sys; from pathlib import Path; from readiness.report import writing\n"
        "for letter in itertools.cycle('ab'):\n"
        "    writing.write(Path(sys.argv[1]) / 'report.html', letter * 300_000); print(flush=True)"
    )
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            for _ in range(4):
                writer.stdout.readline()
            writer.kill()
        text = (tmp_path / "report.html").read_text()
        assert len(text) == 300_000
        assert len(set(text)) == 1


def test_a_missing_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    writing.prepare(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_file_in_the_folders_place_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    for path in (tmp_path / "f", tmp_path / "f" / "below"):
        with pytest.raises(ConfigError, match=r"^--out ") as caught:
            writing.prepare(path)
        assert caught.value.exit_code is ExitCode.USAGE


def test_a_folder_without_permission_is_a_configuration_error(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        with pytest.raises(ConfigError, match=r"^--out /proc/readiness: cannot be made"):
            writing.prepare(Path("/proc/readiness"))
        return
    tmp_path.chmod(0o500)
    with pytest.raises(ConfigError, match="cannot be written"):
        writing.prepare(tmp_path)


def test_artefacts_of_formats_not_asked_for_are_removed_and_strangers_stay(tmp_path: Path) -> None:
    for name in ("report.md", "report.html", "junit.xml", "run.json", "notes.txt"):
        (tmp_path / name).write_text("old")
    assert writing.remove_stale(tmp_path, frozenset({"report.md", "run.json"})) == ()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt", "report.md", "run.json"]


def test_a_stale_link_is_named_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "report.html").symlink_to(tmp_path / "elsewhere")
    (problem,) = writing.remove_stale(tmp_path, frozenset())
    assert "report.html is a symbolic link" in problem


def test_the_placeholder_is_inconclusive_in_every_format() -> None:
    limit = Limit(Operator.LESS, 100.0, "< 100 ms")
    config = Config("bag-tracker", (Check("latency.p95", None, "P95", limit, on_fail=OnFail.BLOCK, line=12),))
    verdict = placeholder(
        "run-7", "bag-tracker", target=builders.TARGET, provenance=builders.MADE, started_at="2026-11-23T23:14:05Z",
        config=config,
    )  # fmt: skip
    assert (verdict.decision, verdict.exit_code) == (Decision.INCONCLUSIVE, 3)
    assert [check.outcome for check in verdict.checks] == [Outcome.ERROR]
    for name, fmt in FORMATS.items():
        text = fmt.render(verdict, None)
        said = {"badge": ["INCONCLUSIVE"], "openmetrics": ["readiness_exit_code 3.0"], "gitlab": ["has not ended"]}
        for words in said.get(name, ["INCONCLUSIVE", "run-7", "has not ended"]):
            assert words in text, f"{name}: a placeholder says {words}; a format without room for it is in `said`"
