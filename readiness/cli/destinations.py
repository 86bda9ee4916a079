"""Where the files of a run go, from its flags: the folder of the reports, how many runs stay, the file of samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from readiness.cli.output import read_flag
from readiness.config import scalars
from readiness.errors import ConfigError
from readiness.report import run_folders
from readiness.report.run_folders import RUNS_FOLDER
from readiness.report.writing import link_on_the_way, prepare
from readiness.run.sample_file import SampleFile, check_place
from readiness.text import clean

_MOST_KEPT = 100_000


def folder_of(given: Path | None, run_id: str, environ: Mapping[str, str]) -> Path:
    """The folder of --out, else one for this run alone; it can be written. Raises ConfigError."""
    if given is None:
        return run_folders.make(RUNS_FOLDER, run_id, links=run_folders.follows_links(environ))
    prepare(given)
    return given


def keep_of(text: str | None, out: Path | None) -> int | None:
    """How many runs stay; None for all of them. Raises ConfigError."""
    if text is None:
        return None
    if out is not None:
        raise ConfigError(
            "--keep: counts the folders that a run gets below reports without --out; leave one of both away"
        )
    return read_flag("--keep", lambda: scalars.whole(text.strip(), least=1, most=_MOST_KEPT))


def check_samples(path: Path | None, repeat: int) -> None:
    """Raises ConfigError when the file of --samples cannot be written as it is asked for."""
    if path is None:
        return
    if repeat > 1:
        raise ConfigError("--samples: holds the requests of one run; leave --repeat away")
    if linked := link_on_the_way(path.parent):
        raise ConfigError(f"--samples {clean(path)}: {linked}")
    check_place(path)


def samples_of(path: Path | None, secrets: Sequence[str]) -> SampleFile | None:
    """The file, empty; None where none was asked for. Raises ConfigError."""
    return SampleFile(path, secrets) if path is not None else None
