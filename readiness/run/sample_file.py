"""`--samples FILE`: a row for each request, written by a thread of its own while the load runs.

Nothing here changes the verdict: a full disk, a disk that is too slow and the size's limit are sentences for the notes.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import queue
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, BinaryIO, cast

from readiness.errors import ConfigError
from readiness.load.request_rows import RequestRows
from readiness.text import clean
from readiness.text.foreign_files import NotReadable, open_to_append, why
from readiness.text.redaction import redact

_COLUMNS = ("time", "scenario", "endpoint", "latency_ms", "status", "failure", "judged", "trace_id")
_SUFFIXES = (".csv", ".jsonl", ".ndjson")
_MOST_BYTES = 4 << 30
"""Of text, before it is compressed: some forty million requests."""
_MOST_WAITING = 4_000
"""Pieces of at most 500 rows that wait for the disk."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""With which a spreadsheet would take a text for a formula."""

Row = tuple[str, str, str, str, str, str, str, str]


class SampleFile:
    """One file, from its start to `close`."""

    def __init__(self, path: Path, secrets: Sequence[str], most_bytes: int = _MOST_BYTES) -> None:
        """Make or empty the file. Raises ConfigError that names it."""
        self._path = path
        self._secrets = secrets
        self._most_bytes = most_bytes
        self._plain = path.name.removesuffix(".gz").endswith(".csv")
        self._raw = _opened(path)
        self._file: IO[bytes] = self._raw
        if path.suffix == ".gz":
            self._file = cast(IO[bytes], gzip.GzipFile(path.name, "wb", 5, self._raw))
        self._names: dict[str, str] = {}
        self._waiting: queue.Queue[RequestRows | None] = queue.Queue(_MOST_WAITING)
        self._problem = ""
        self._bytes = 0
        self.written = 0
        """Rows that are in the file."""
        if self._plain:
            self._put(_csv([_COLUMNS]))
        self._thread = threading.Thread(target=self._work, name="samples", daemon=True)
        self._thread.start()

    def add(self, rows: RequestRows) -> None:
        """Have rows written soon; never waits."""
        if self._problem:
            return
        try:
            self._waiting.put_nowait(rows)
        except queue.Full:
            self._problem = "the disk takes them too slowly"

    def close(self, planned: int) -> str:
        """Wait until all is written; what became of the file as a sentence. `planned` requests are in the ledger."""
        with suppress(queue.Full):
            self._waiting.put(None, timeout=30.0)
        self._thread.join(60.0)
        for file in (self._file, self._raw):
            try:
                file.close()
            except OSError as error:
                self._problem = self._problem or f"it could not be written: {why(error)}"
        name = clean(self._path.name, 100)
        if self._problem:
            return f"--samples {name}: {self.written:,} of {planned:,} requests have a row: {self._problem}."
        if self.written != planned:
            return f"--samples {name}: {self.written:,} of {planned:,} requests have a row; the others got lost."
        return f"--samples {name}: {self.written:,} rows, one for each request of the run."

    def _work(self) -> None:
        while (rows := self._waiting.get()) is not None:
            if self._problem:
                continue
            try:
                data = self._text(rows)
                if self._bytes + len(data) > self._most_bytes:
                    self._problem = f"the file holds at most {self._most_bytes:,} bytes"
                    continue
                self._put(data)
            except OSError as error:
                self._problem = f"it could not be written: {why(error)}"
            else:
                self.written += len(rows.rows)

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._bytes += len(data)

    def _text(self, rows: RequestRows) -> bytes:
        names = [(self._shown(scenario), self._shown(endpoint)) for scenario, endpoint in rows.names]
        failures = [self._shown(failure) for failure in rows.failures]
        found = (
            (
                _time(at_us),
                *names[name],
                "" if latency_us < 0 else f"{latency_us / 1000:.3f}",
                str(status) if status else "",
                "" if failure < 0 else failures[failure],
                str(judged),
                "",
            )
            for at_us, name, latency_us, status, failure, judged in rows.rows
        )
        return _csv(found) if self._plain else _json_lines(cast(Iterable[Row], found))

    def _shown(self, text: str) -> str:
        """A name without secrets and without what a terminal or a spreadsheet obeys."""
        shown = self._names.get(text)
        if shown is None:
            shown = redact(clean(text), self._secrets)
            shown = f"'{shown}" if self._plain and shown.startswith(_FORMULA) else shown
            if len(self._names) < 10_000:
                self._names[text] = shown
        return shown


def check_place(path: Path) -> None:
    """Raises ConfigError for a name that does not tell the format, and for a file that cannot be written."""
    os.close(_handle(path))


def _check_name(path: Path) -> None:
    if not path.name.removesuffix(".gz").endswith(_SUFFIXES):
        raise ConfigError(
            f"--samples {clean(path)}: the name tells the format: .csv, .jsonl or .ndjson, each also with .gz"
        )


def _opened(path: Path) -> BinaryIO:
    """The empty file. Raises ConfigError."""
    handle = _handle(path)
    os.ftruncate(handle, 0)
    return os.fdopen(handle, "wb")


def _handle(path: Path) -> int:
    """Raises ConfigError."""
    _check_name(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return open_to_append(path)
    except NotReadable as error:
        raise ConfigError(f"--samples {clean(path)}: {error}") from None
    except OSError as error:
        reason = (
            "is a symbolic link, which is not followed" if path.is_symlink() else f"cannot be written: {why(error)}"
        )
        raise ConfigError(f"--samples {clean(path)}: {reason}") from None


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def _json_lines(rows: Iterable[Row]) -> bytes:
    lines = []
    for time, scenario, endpoint, latency_ms, status, failure, judged, _ in rows:
        facts = {
            "time": time,
            "scenario": scenario or None,
            "endpoint": endpoint or None,
            "latency_ms": float(latency_ms) if latency_ms else None,
            "status": int(status) if status else None,
            "failure": failure or None,
            "judged": judged == "1",
            "trace_id": None,
        }
        lines.append(json.dumps(facts) + "\n")
    return "".join(lines).encode()


def _time(at_us: int) -> str:
    return datetime.fromtimestamp(at_us / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
