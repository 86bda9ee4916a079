"""Connections that can only read, and that end: server-side timeouts, and a deadline of our own that cancels."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from readiness.errors import ConfigError, NotMeasured
from readiness.text import clean, redact

VARIABLE = "READINESS_DATABASE_URL"
CONNECT_TIMEOUT_S = 5
LOCK_TIMEOUT_MS = 1000
CANCEL_GRACE_S = 2.0
Statement = bytes | sql.SQL | sql.Composed
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Session:
    """An open connection in autocommit, and how long one statement may take."""

    connection: psycopg.Connection[Row]
    timeout_s: float
    secrets: tuple[str, ...]

    def rows(self, statement: Statement, values: Sequence[object] = ()) -> list[Row]:
        """All rows of one statement. Raises NotMeasured with the server's reason."""
        with self.guarded():
            return self.connection.execute(statement, values or None, prepare=True).fetchall()

    @contextlib.contextmanager
    def guarded(self) -> Iterator[None]:
        """A block that is cancelled at the deadline and whose errors become NotMeasured."""
        try:
            with _deadline(self.connection, self.timeout_s + 1):
                yield
        except psycopg.Error as error:
            raise NotMeasured(reason_of(error, self.secrets, self.timeout_s)) from None


def parse(url: str) -> str:
    """libpq's connection string for `postgresql://…` or `key=value …`. Raises ConfigError that repeats none of it."""
    problem = f"{VARIABLE}: is not a PostgreSQL URL such as postgresql://user:password@host:5432/database"
    if not re.match(r"postgres(ql)?://|\s*[a-z_]+\s*=", url):
        raise ConfigError(problem)
    try:
        return make_conninfo(**{name: value for name, value in conninfo_to_dict(url).items() if value is not None})
    except (psycopg.Error, ValueError, UnicodeError):
        pass
    raise ConfigError(problem)


def secrets(url: str) -> tuple[str, ...]:
    """The password, as written and decoded, and the URL itself."""
    found = [url]
    with contextlib.suppress(psycopg.Error, ValueError, UnicodeError):
        found.append(str(conninfo_to_dict(url).get("password") or ""))
    with contextlib.suppress(ValueError):
        written = urlsplit(url).password or ""
        found += [written, unquote(written)]
    found.append(os.environ.get("PGPASSWORD", ""))
    return tuple(dict.fromkeys(text for text in found if text))


@contextlib.contextmanager
def open_session(url: str, timeout_s: float) -> Iterator[Session]:
    """A session that can only read, closed after the block. Raises NotMeasured when it cannot be opened."""
    conninfo, hidden = parse(url), secrets(url)
    given = str(conninfo_to_dict(conninfo).get("options") or "")
    settings = {
        "default_transaction_read_only": "on",
        "statement_timeout": f"{int(timeout_s * 1000)}ms",
        "lock_timeout": f"{LOCK_TIMEOUT_MS}ms",
        "idle_in_transaction_session_timeout": "30s",
        "row_security": "off",
        "max_parallel_workers_per_gather": "0",
    }
    options = " ".join([given, *(f"-c {name}={value}" for name, value in settings.items())]).strip()
    try:
        connection = psycopg.connect(
            make_conninfo(conninfo, connect_timeout=CONNECT_TIMEOUT_S, client_encoding="utf8"),
            application_name="readiness",
            options=options,
            autocommit=True,
        )
    except psycopg.Error as error:
        raise NotMeasured(f"the database cannot be reached: {reason_of(error, hidden, CONNECT_TIMEOUT_S)}") from None
    with contextlib.closing(connection):
        yield Session(connection, timeout_s, hidden)


def reason_of(error: psycopg.Error, hidden: tuple[str, ...], timeout_s: float) -> str:
    """The server's words on one line, without secrets."""
    if isinstance(error, psycopg.errors.QueryCanceled):
        return f"cancelled: took longer than {timeout_s:g} s"
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return f"cancelled: waited longer than {LOCK_TIMEOUT_MS / 1000:g} s for a lock"
    text = error.diag.message_primary or str(error).split("\n\t", 1)[0] or type(error).__name__
    code = f" ({error.sqlstate})" if error.sqlstate else ""
    return clean(redact(text, hidden)) + code


@contextlib.contextmanager
def _deadline(connection: psycopg.Connection[Row], seconds: float) -> Iterator[None]:
    """Cancel what runs after `seconds`, and cut the connection when even that does not end it."""
    done = threading.Event()

    def watch() -> None:
        if done.wait(seconds):
            return
        with contextlib.suppress(psycopg.Error):
            connection.cancel_safe(timeout=CANCEL_GRACE_S)
        if not done.wait(CANCEL_GRACE_S):
            with contextlib.suppress(psycopg.Error, OSError):
                handle = socket.socket(fileno=os.dup(connection.fileno()))
                with handle:
                    handle.shutdown(socket.SHUT_RDWR)

    watcher = threading.Thread(target=watch, name="database deadline", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join(CANCEL_GRACE_S * 3)
