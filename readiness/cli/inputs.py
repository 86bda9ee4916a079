"""Files of earlier runs, read with errors that name the file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from readiness.errors import ConfigError
from readiness.text.foreign_files import NotReadable, read_text

if TYPE_CHECKING:
    from readiness.config.model import Config
    from readiness.judge.verdict import Verdict
    from readiness.measurements.run import Run

_MAX_BYTES = 64 << 20
"""Twenty times a run of a thousand endpoints; what reading costs grows with the size of the file alone."""


def in_folder(path: Path, name: str) -> Path:
    """`path`, or the file `name` in it where the user named the folder of a run."""
    return path / name if path.is_dir() else path


def text_of(path: Path, *, beside: Path | None = None) -> str:
    """The file's text; ConfigError when it cannot be read, is not UTF-8, or is larger than any run of ours.

    `beside` is the file that the user named, when this is another one that we search for in the same folder: a link
    from there is not followed out of it.
    """
    try:
        return read_text(path, _MAX_BYTES, below=beside.parent if beside else None)
    except NotReadable as error:
        raise ConfigError(f"{path}: {error}") from None


def read_run(path: Path) -> Run:
    """The run in a run.json."""
    from readiness.measurements.json import loads

    return loads(text_of(path), str(path))


def refuse_other_counts(path: Path, run: Run, config: Config) -> None:
    """Raises Contradicted when the counts of the run in `path` are not what `config` says that they count."""
    from readiness.judge.data_invariants import DATA_LAWS, Counted
    from readiness.judge.defined import as_defined
    from readiness.measurements.law import refuse_contradictions

    refuse_contradictions(str(path), Counted(as_defined(run, config.database), config.database), DATA_LAWS)


def verdict_beside(run_file: Path, run_id: str) -> Verdict | None:
    """The verdict in the report.json beside a run.json, when it is there and of the same run."""
    from readiness.report.json import loads
    from readiness.report.writing import REPORT_FILE

    path = run_file.parent / REPORT_FILE
    if not path.is_file():
        return None
    verdict = loads(text_of(path, beside=run_file), str(path))
    return verdict if verdict.run_id == run_id else None
