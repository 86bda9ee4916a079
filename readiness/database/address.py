"""READINESS_DATABASE_URL: what is a connection URL, and which part of it is secret.

libpq and psycopg repeat the whole URL, password included, when they cannot read it, so nothing here passes their
text on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote

from psycopg import Error
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Conninfo

from readiness.database.variable_names import DATABASE_VARIABLE
from readiness.errors import ConfigError

_EXAMPLE = "postgresql://user:password@host:5432/database"
MAX_PORT = 65535
_OTHER_DATABASES = (
    "mysql", "mariadb", "sqlite", "oracle", "mssql", "mongodb", "cockroachdb", "duckdb", "redis", "clickhouse", "db2",
    "jdbc", "file",
)  # fmt: skip
_USER_INFO = re.compile(r"^[^:]*:/*[^:@/?]*:(.*)@", re.DOTALL)
_SECRET_PARAMETERS = frozenset({"password", "sslpassword", "oauth_client_secret"})


def parameters(url: str, variable: str = DATABASE_VARIABLE) -> dict[str, str]:
    """The connection parameters of `url`; raises ConfigError, which repeats no part of it."""
    if not url.startswith(("postgresql://", "postgres://")):
        name = url.partition(":")[0].partition("+")[0].lower()
        if name.rstrip("0123456789") in _OTHER_DATABASES or url.endswith((".db", ".sqlite", ".sqlite3")):
            raise _wrong(variable, f"names a database of another kind; only PostgreSQL is supported, as {_EXAMPLE}")
        raise _wrong(
            variable,
            f"must be the URL of a PostgreSQL database such as {_EXAMPLE} (no driver name in the scheme, two slashes)",
        )
    if "\0" in url:
        raise _wrong(variable, "holds a zero byte")
    try:
        found = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    except (Error, ValueError):
        found = None
    if found is None:  # raised here, not above: the cause would carry the URL along
        raise _wrong(variable, f"cannot be read as a URL such as {_EXAMPLE}; {_ENCODE}")
    hosts, ports = found.get("host", ""), str(found.get("port", ""))
    if "@" in hosts or "@" in found.get("dbname", ""):
        raise _wrong(variable, f"has more than one @; {_ENCODE}")
    if any(port and not (_is_number(port) and 0 < int(port) <= MAX_PORT) for port in ports.split(",")):
        raise _wrong(variable, f"has a port that is not a number from 1 to {MAX_PORT}; {_ENCODE}")
    return found


def place(url: str, variable: str) -> tuple[str, str, str]:
    """Host, port and database as far as the URL says them; this machine is always the same host. Raises ConfigError."""
    given = parameters(url, variable)
    host = given.get("hostaddr") or given.get("host", "")
    host = "" if host in _LOOPBACK or host.startswith(("/", "127.")) else host.lower()
    return host, given.get("port", "") or "5432", given.get("dbname") or given.get("user", "")


def local_port(url: str) -> int | None:
    """The port of a server on this machine; None for one elsewhere, or one of several. Raises ConfigError."""
    given = parameters(url)
    host, port = given.get("hostaddr") or given.get("host", ""), given.get("port", "") or "5432"
    here = host in _LOOPBACK or host.startswith(("/", "127."))
    return int(port) if here and _is_number(port) else None


_LOOPBACK = frozenset({"", "localhost", "::1"})
_ENCODE = "percent-encode special characters in the password (@ as %40, / as %2F, : as %3A)"


def required_authentication(given: Mapping[str, str]) -> dict[str, str]:
    """What libpq must not do: give the password in clear to whoever asks for it.

    Only a server that TLS has proven to be the one of the URL may; or one for which the user says `require_auth`.
    """
    defaults = {option.keyword.decode(): option.val for option in Conninfo.get_defaults() if option.val}
    if "require_auth" in given or "require_auth" in defaults:
        return {}
    proven = given.get("sslmode", defaults.get("sslmode", b"").decode()) == "verify-full"
    return {} if proven else {"require_auth": "!password"}


def passwords(url: str) -> tuple[str, ...]:
    """Everything in `url` that could be a password, as written and percent-decoded."""
    found: list[str] = []
    match = _USER_INFO.match(url)
    if match:
        found += [match[1], match[1].partition("@")[0]]
    query = url.partition("?")[2]
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if unquote(name) in _SECRET_PARAMETERS:
            found.append(value)
    if "service=" in query:  # libpq reads the file of the service that PGSERVICE names
        found += [
            option.val.decode(errors="replace")
            for option in Conninfo.get_defaults()
            if option.keyword.decode() in _SECRET_PARAMETERS and option.val
        ]
    found += [value for name, value in parse_qsl(query) if name in _SECRET_PARAMETERS]
    found += [unquote(value) for value in found]
    return tuple(dict.fromkeys(value for value in found if value))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(MAX_PORT))


def _wrong(variable: str, problem: str) -> ConfigError:
    return ConfigError(f"{variable}: {problem}")
