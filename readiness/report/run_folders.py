"""A folder for each run, below one that keeps them all, and in it `latest`: a relative link to the newest run.

Where links cannot be made, or where what collects the files does not follow them, `latest` is the newest run's folder
itself, and the next run gives it the name of its run.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from readiness.errors import ConfigError
from readiness.measurements import strict
from readiness.report.locking import sole_writer
from readiness.report.writing import RUN_FILE, prepare
from readiness.text import clean
from readiness.text.foreign_files import NotReadable, kind_of, read_text, why

RUNS_FOLDER = Path("reports")
LATEST = "latest"
RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")
"""What new_run_id makes: its order is that of time."""
_MAX_BYTES = 64 << 20
_NOT_FOLLOWED = ("GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL")
"""Set by the systems whose upload of artefacts does not follow a link, or says that it may not."""


def follows_links(environ: Mapping[str, str]) -> bool:
    """Whether what collects files here finds those behind a link."""
    return not any(environ.get(name) for name in _NOT_FOLLOWED)


def make(runs: Path, run_id: str, *, links: bool) -> Path:
    """The new folder of a run, made below `runs`; without `links` it is `latest` itself. Raises ConfigError.

    The run before is never written over: a `latest` that is a folder gets the name of its run.
    """
    prepare(runs)
    latest = runs / LATEST
    links = links and _can_link(runs)
    if latest.is_symlink():
        _refuse_foreign(latest)
    elif latest.is_dir():
        _keep(latest, empty_may_stay=not links)
    elif os.path.lexists(latest):
        raise ConfigError(f"{clean(latest)}: is {kind_of(latest.lstat().st_mode)} that readiness did not make; move it")
    if not links and latest.is_symlink():
        latest.unlink()
    folder = runs / run_id if links else latest
    try:
        folder.mkdir(exist_ok=not links)
    except OSError as error:
        raise ConfigError(f"{clean(folder)}: cannot be made: {why(error)}") from None
    prepare(folder)
    return folder


def point(folder: Path) -> None:
    """Let `latest` lead to `folder`, in one step: a reader finds the run before or this one. Raises ConfigError."""
    if folder.name == LATEST:
        return
    latest = folder.parent / LATEST
    temporary = _temporary(folder.parent)
    try:
        temporary.symlink_to(folder.name)
        temporary.replace(latest)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise ConfigError(f"{clean(latest)}: cannot lead to this run: {why(error)}") from None


def told_run(folder: Path, name: str) -> str | None:
    """The run id that a report.json or run.json in `folder` tells; None for what is none of ours. Follows no link."""
    try:
        facts = strict.parse(read_text(folder / name, _MAX_BYTES, below=folder.parent))
    except (NotReadable, strict.Malformed):
        return None
    told = facts.get("id" if name == RUN_FILE else "run_id") if isinstance(facts, dict) else None
    return told if isinstance(told, str) else None


def run_of(folder: Path) -> str | None:
    """The id of the run whose files are in `folder`: the name that its folder has or should have."""
    for name in ("report.json", RUN_FILE):
        told = told_run(folder, name)
        if told is not None and (found := RUN_ID.match(told)) and re.fullmatch(r"(-\d+)?", told[found.end() :]):
            return found[0]  # `-2` is the second of --repeat
    return None


def _can_link(runs: Path) -> bool:
    temporary = _temporary(runs)
    try:
        temporary.symlink_to(LATEST)
        temporary.unlink()
    except OSError:
        return False
    return True


def _refuse_foreign(latest: Path) -> None:
    """Raises ConfigError for a link that somebody else made."""
    leads_to = str(latest.readlink())
    if not RUN_ID.fullmatch(leads_to):
        raise ConfigError(
            f"{clean(latest)}: is a symbolic link to {clean(leads_to)}, which readiness did not make; remove it, or "
            "give --out"
        )


def _keep(latest: Path, *, empty_may_stay: bool) -> None:
    """Give a folder `latest` the name of its run. Raises ConfigError when it is no run's, or is being written."""
    if not any(latest.iterdir()):
        if not empty_may_stay:
            with suppress(OSError):
                latest.rmdir()
        return
    with sole_writer(latest):
        run_id = run_of(latest)
        if run_id is None:
            raise ConfigError(f"{clean(latest)}: is a folder without a run of readiness; move it away, or give --out")
        kept = latest.parent / run_id
        if os.path.lexists(kept):
            raise ConfigError(f"{clean(latest)}: its run has the folder {clean(kept)} already; move one of them away")
        try:
            latest.rename(kept)
        except OSError as error:
            raise ConfigError(f"{clean(latest)}: cannot be renamed to {run_id}: {why(error)}") from None


def _temporary(runs: Path) -> Path:
    return runs / f".{LATEST}.{secrets.token_hex(6)}.tmp"
