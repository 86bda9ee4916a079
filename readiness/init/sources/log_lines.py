"""A line of an access log: of nginx and Apache (common, combined), or JSON of nginx, Caddy, Traefik, ECS and others."""

from __future__ import annotations

import re
from calendar import timegm
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import msgspec

from readiness.init.draft import Json

LONGEST_LINE = 65_536
"""Bytes; a longer line is broken."""
_QUOTED = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
_COMMON = re.compile(rf"([^\[]{{1,400}})\[([^\]]{{1,60}})\] {_QUOTED} ([0-9]{{3}}) \S{{1,20}}(?: {_QUOTED} {_QUOTED})?")
_REQUEST = re.compile(r"([A-Z]{3,10}) (\S+)(?: HTTP/[0-9.]{1,4})?")
_MONTHS = {"JanFebMarAprMayJunJulAugSepOctNovDec"[3 * at : 3 * at + 3]: at + 1 for at in range(12)}
_CLF = re.compile(r"([0-9]{1,2})/([A-Z][a-z]{2})/([0-9]{4}):([0-9]{2}):([0-9]{2}):([0-9]{2})")
_LATEST_S = 1e11
"""The year 5138; larger numbers are milliseconds, microseconds or nanoseconds."""
_TIME = (
    "time_local", "time_iso8601", "@timestamp", "StartLocal", "StartUTC", "timestamp", "ts", "time", "msec",
    "start_time", "datetime", "date",
)  # fmt: skip
_METHOD = (
    "request_method", "method", "RequestMethod", "http.request.method", "request.method", "httpRequest.requestMethod",
    "verb",
)  # fmt: skip
_TARGET = (
    "request_uri", "RequestPath", "request.uri", "uri", "url.original", "url.path", "path", "request.url", "url",
    "httpRequest.requestUrl", "request_path",
)  # fmt: skip
_QUERY = ("args", "query_string", "url.query", "query")
_LINE = ("request", "request_line", "http_request")
_STATUS = (
    "status", "DownstreamStatus", "http.response.status_code", "status_code", "response.status", "response_code",
    "OriginStatus", "httpRequest.status", "response",
)  # fmt: skip
_CLIENT = (
    "ClientHost", "remote_addr", "client.ip", "source.ip", "client.address", "source.address", "request.client_ip",
    "request.remote_ip", "request.remote_addr", "remote_ip", "client_ip", "clientip", "ip", "ClientAddr",
    "downstream_remote_address", "httpRequest.remoteIp",
)  # fmt: skip
_AGENT = (
    "http_user_agent", "user_agent.original", "request_User-Agent", "request.headers.User-Agent", "user_agent", "agent",
    "userAgent", "httpRequest.userAgent", "UserAgent",
)  # fmt: skip


class Hit(NamedTuple):
    """One request that the log tells of."""

    client: str
    """Address and whatever else stands before the time: only compared, never shown."""
    at_s: float
    """Since 1970 by the clock of the log's own zone."""
    method: str
    target: str
    """Path and query; empty for a line that holds no HTTP request."""
    status: int
    agent: str


Reader = Callable[[str], Hit | None]


def readers() -> tuple[Reader, ...]:
    """One for each format; each remembers what it learned of its log."""
    return (CommonLines().read, JsonLines().read)


class CommonLines:
    """Common and combined format, also with a virtual host before or more fields behind."""

    def __init__(self) -> None:
        self._clock = Clock()

    def read(self, line: str) -> Hit | None:
        """The request, or nothing when the line has another form."""
        match = _COMMON.match(line)
        if match is None:
            return None
        client, moment, request, status, _, agent = match.groups()
        at_s = self._clock.read(moment)
        if at_s is None:
            return None
        method, target = _asked(request)
        return Hit(client, at_s, method, target, int(status), agent or "")


class JsonLines:
    """One object a line. Where its parts stand is found once, and again for a line of another shape."""

    def __init__(self) -> None:
        self._clock = Clock()
        self._at: dict[str, tuple[str, ...]] = {}

    def read(self, line: str) -> Hit | None:
        """The request, or nothing when the line is no such object."""
        if not line.startswith("{"):
            return None
        try:
            record = msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, UnicodeEncodeError):
            return None
        if not isinstance(record, dict):
            return None
        return self._hit(record) or (self._learn(record) and self._hit(record)) or None

    def _hit(self, record: dict[str, Json]) -> Hit | None:
        at = self._at
        if not at:
            return None
        at_s = self._clock.read(_value(record, at["time"]))
        status = _whole(_value(record, at["status"]))
        if at_s is None or status is None:
            return None
        if "line" in at:
            line = _value(record, at["line"])
            if not isinstance(line, str):
                return None
            method, target = _asked(line)
        else:
            method, target = _text(record, at.get("method")), _text(record, at.get("target"))
            if not method or not target:
                return None
            if "query" in at and "?" not in target and (query := _text(record, at["query"])) not in ("", "-"):
                target = f"{target}?{query.removeprefix('?')}"
            target = _from_path(target)
        return Hit(_text(record, at.get("client")), at_s, method, target, status, _text(record, at.get("agent")))

    def _learn(self, record: dict[str, Json]) -> bool:
        at: dict[str, tuple[str, ...]] = {}
        for role, names in (("method", _METHOD), ("target", _TARGET), ("client", _CLIENT), ("agent", _AGENT)):
            found = _first(record, names, lambda value: isinstance(_lone(value), str))
            if found is not None:
                at[role] = found
        times = _first(record, _TIME, lambda value: self._clock.read(value) is not None)
        statuses = _first(record, _STATUS, lambda value: _whole(value) is not None)
        if times is None or statuses is None:
            return False
        at |= {"time": times, "status": statuses}
        if not {"method", "target"}.issubset(at):
            line = _first(record, _LINE, lambda value: isinstance(value, str) and _REQUEST.match(value) is not None)
            if line is None:
                return False
            at["line"] = line
        if query := _first(record, _QUERY, lambda value: isinstance(value, str)):
            at["query"] = query
        self._at = at
        return True


class Clock:
    """Reads moments of any usual form; the same second is read once."""

    def __init__(self) -> None:
        self._last: Json = None
        self._last_s: float | None = None

    def read(self, moment: Json) -> float | None:
        """Seconds since 1970 by the log's own clock, or nothing when it is no moment."""
        if moment != self._last or self._last is None:
            self._last, self._last_s = moment, _moment(moment)
        return self._last_s


def _moment(moment: Json) -> float | None:
    if isinstance(moment, bool) or moment is None:
        return None
    if isinstance(moment, (int, float)):
        return _since_1970(float(moment))
    if not isinstance(moment, str) or len(moment) > 60:
        return None
    if match := _CLF.match(moment):
        day, hour, minute, second = (int(match[group]) for group in (1, 4, 5, 6))
        month = _MONTHS.get(match[2])
        if month is None or not (1 <= day <= 31 and hour < 24 and minute < 60 and second < 61 and match[3] > "1970"):
            return None
        return float(timegm((int(match[3]), month, day, hour, minute, second)))
    try:
        found = datetime.fromisoformat(moment)
        return timegm(found.timetuple()) + found.microsecond / 1e6
    except (ValueError, OverflowError):
        pass
    try:
        return _since_1970(float(moment))
    except ValueError:
        return None


def _since_1970(number: float) -> float | None:
    while number > _LATEST_S and number < 1e20:
        number /= 1000
    return number if 1e8 < number <= _LATEST_S else None


def _asked(line: str) -> tuple[str, str]:
    """Method and target of a request line; both empty when it is none (a TLS greeting on a plain port)."""
    match = _REQUEST.fullmatch(line)
    return (match[1], _from_path(match[2])) if match else ("", "")


def _from_path(target: str) -> str:
    """A target from its path on; a proxy logs whole addresses."""
    if target.startswith("/"):
        return target
    _, scheme, rest = target.partition("://")
    return f"/{rest.partition('/')[2]}" if scheme else ""


def _value(record: dict[str, Json], at: tuple[str, ...]) -> Json:
    here: Json = record
    for key in at:
        if not isinstance(here, dict):
            return None
        here = here.get(key)
    return _lone(here)


def _lone(value: Json) -> Json:
    """A header is a list in Caddy's log."""
    return value[0] if isinstance(value, list) and value else value


def _text(record: dict[str, Json], at: tuple[str, ...] | None) -> str:
    value = _value(record, at) if at is not None else None
    return value if isinstance(value, str) else ""


def _whole(value: Json) -> int | None:
    """A status, written as a number or as text."""
    if isinstance(value, str) and value.isdecimal() and len(value) == 3:
        value = int(value)
    return value if isinstance(value, int) and 100 <= value <= 599 else None


def _first(record: dict[str, Json], names: tuple[str, ...], fits: Callable[[Json], bool]) -> tuple[str, ...] | None:
    """Where the first of `names` stands whose value fits; a dot is part of a key or leads into an object."""
    for name in names:
        for at in ((name,), tuple(name.split("."))):
            if fits(_value(record, at)):
                return at
    return None
