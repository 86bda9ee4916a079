"""A Prometheus server, or what answers as one (Thanos, Mimir, VictoriaMetrics): its HTTP API, as far as it is asked.

The address is READINESS_PROMETHEUS_URL, a secret; no message repeats any of it. What the server says is foreign: it is
bounded in size and time, and another form than was asked for is a reason.

Source: https://prometheus.io/docs/prometheus/latest/querying/api/
"""

from __future__ import annotations

import math
import re
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote, urlencode, urlsplit

from readiness.errors import ConfigError, NotMeasured
from readiness.measurements import strict
from readiness.measurements.provenance import Target
from readiness.probes.http import FetchFailed, Message, fetch, new_client
from readiness.probes.lean_httpx import httpx
from readiness.text import clean

PROMETHEUS_VARIABLE = "READINESS_PROMETHEUS_URL"
_QUERY, _RANGE = "/api/v1/query", "/api/v1/query_range"
_SHOWN_LABELS = 120
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?(?:[eE][+-]?[0-9]{1,4})?|Inf)|NaN")


@dataclass(frozen=True, slots=True)
class SeriesTimes:
    """The moments at which a query is evaluated, by the server's own clock."""

    start_ms: int
    end_ms: int
    step_ms: int

    @property
    def count(self) -> int:
        """How many they are."""
        return (self.end_ms - self.start_ms) // self.step_ms + 1


@dataclass(frozen=True, slots=True)
class PrometheusSeries:
    """One series of an answer."""

    labels: str
    """As PromQL writes them; `{}` for none."""
    points: tuple[tuple[int, float], ...]
    """(server's time in ms, value), by time; a value may be infinite or not a number."""


@dataclass(frozen=True, slots=True)
class PrometheusAnswer:
    """What a query gave."""

    series: tuple[PrometheusSeries, ...]
    warnings: tuple[str, ...] = ()
    """Of the server: the answer may be partial."""


def parse(url: str) -> None:
    """Raises ConfigError, without repeating any of it, where `url` is not the address of a server."""
    wrong = f"{PROMETHEUS_VARIABLE}: must be an address such as http://127.0.0.1:9090, without ? and #"
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0 or set("?# \t\n") & set(url):
            raise ConfigError(wrong)
        httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        raise ConfigError(wrong) from None


def secrets(url: str) -> tuple[str, ...]:
    """The password in `url`, or the user where a token stands in its place; as written and decoded."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ()
    written = parts.password or parts.username
    return tuple(dict.fromkeys((written, unquote(written)))) if written else ()


class PrometheusServer:
    """Asks; while the context is open. Every method raises NotMeasured with the reason, whatever goes wrong."""

    def __init__(self, url: str) -> None:
        self._target = Target("Prometheus", url, ())
        # The client certificate of target.tls is for the target alone.
        self._client = new_client(ssl.create_default_context())

    async def __aenter__(self) -> PrometheusServer:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def ahead_ms(self, timeout_s: float) -> tuple[int, int]:
        """How far its clock is ahead of this machine's, and how exactly that is known, both in ms."""
        before_s = time.time()
        data, _ = await self._ask(_QUERY, {"query": "time()"}, timeout_s)
        after_s = time.time()
        match data:
            case {"resultType": "scalar", "result": [_, str(text)]}:
                now_s = _number(text)
            case _:
                raise NotMeasured("Prometheus: does not tell the time when it is asked for it")
        if not math.isfinite(now_s) or abs(now_s) > 1e12:
            raise NotMeasured(f"Prometheus: {clean(text, 40)} is no time")
        return round(1000 * (now_s - (before_s + after_s) / 2)), math.ceil(500 * (after_s - before_s))

    async def over(self, query: str, times: SeriesTimes, lookback_ms: int, timeout_s: float) -> PrometheusAnswer:
        """What `query` is at each of `times`; no sample counts longer than `lookback_ms` after its time."""
        data, warnings = await self._ask(
            _RANGE,
            {
                "query": query,
                # Written so, because it cuts a decimal number of seconds to the millisecond below.
                "start": _moment(times.start_ms),
                "end": _moment(times.end_ms),
                "step": f"{times.step_ms}ms",
                "lookback_delta": f"{lookback_ms}ms",
                "timeout": f"{1000 * timeout_s:.0f}ms",
            },
            timeout_s,
        )
        return series_in(data, warnings, times)

    async def _ask(
        self, path: str, fields: Mapping[str, str], timeout_s: float
    ) -> tuple[Mapping[str, object], tuple[str, ...]]:
        message = Message(
            "POST", {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(fields).encode("ascii")
        )
        try:
            answer = await fetch(self._client, self._target, path, timeout_s=timeout_s, message=message)
        except FetchFailed as error:
            raise NotMeasured(f"Prometheus: {error}") from None
        return envelope(answer.status, answer.body)


def envelope(status: int, body: bytes) -> tuple[Mapping[str, object], tuple[str, ...]]:
    """`data` and `warnings` of an answer. Raises NotMeasured for an error, and for what is not of the API."""
    try:
        document = strict.parse(body.decode("utf-8"))
    except (UnicodeDecodeError, strict.Malformed):
        raise NotMeasured(f"Prometheus: answered {status} with something else than JSON") from None
    match document:
        case {"status": "error", "error": str(said)}:
            raise NotMeasured(f"Prometheus: refused the query: {clean(said, 200)}")
        case {"status": "success", "data": dict(data)} if status == 200:
            return data, tuple(_doubts(document))
    raise NotMeasured(f"Prometheus: answered {status}, and not as its API does")


def series_in(data: Mapping[str, object], warnings: tuple[str, ...], times: SeriesTimes) -> PrometheusAnswer:
    """The series in `data`, each at some of `times`. Raises NotMeasured for anything else."""
    match data:
        case {"resultType": "matrix", "result": list(series)}:
            return PrometheusAnswer(tuple(_series(one, times) for one in series), warnings)
        case {"resultType": str(kind)}:
            raise NotMeasured(f"Prometheus: the query gives a {clean(kind, 40)}, and no series over time")
    raise NotMeasured("Prometheus: the answer is not of its API: no resultType and result")


def _doubts(document: Mapping[str, object]) -> Iterator[str]:
    """Everything in a successful answer that says that it may not be whole."""
    told = document.get("warnings") or []
    for one in told if isinstance(told, list) else [told]:
        if not _is_info(one):
            yield clean(one, 200)
    if document.get("isPartial") not in (None, False):  # of VictoriaMetrics, and of what stands before several servers
        yield "isPartial"
    if error := document.get("error") or document.get("errorType"):
        yield clean(error, 200)


def _is_info(warning: object) -> bool:
    """Hints about the query's style, which some versions give as warnings."""
    return isinstance(warning, str) and warning.startswith("PromQL info")


def _series(one: object, times: SeriesTimes) -> PrometheusSeries:
    match one:
        case {"metric": dict(labels), "values": list(values), **more} if not more.get("histograms"):
            shown = _labels(labels)
        case {"metric": dict(labels), "histograms": _}:
            raise NotMeasured(
                f"Prometheus: {_labels(labels)} is a histogram; use histogram_quantile or histogram_count"
            )
        case _:
            raise NotMeasured("Prometheus: the answer holds something else than series")
    points: list[tuple[int, float]] = []
    for value in values:
        match value:
            case [int() | float() as at_s, str(text)] if not isinstance(at_s, bool) and abs(at_s) < 1e12:
                points.append((round(1000 * at_s), _number(text)))
            case _:
                raise NotMeasured(f"Prometheus: {shown}: {clean(value, 40)} is no point of a series")
    allowed = {times.start_ms + at * times.step_ms for at in range(times.count)}
    if len(points) != len(allowed & {at_ms for at_ms, _ in points}):
        raise NotMeasured(f"Prometheus: {shown}: answers for other moments than it was asked for")
    return PrometheusSeries(shown, tuple(sorted(points)))


def _labels(labels: Mapping[str, object]) -> str:
    name = clean(labels.get("__name__", ""), 60)
    pairs = ", ".join(f"{clean(key, 40)}={clean(value, 40)}" for key, value in labels.items() if key != "__name__")
    return clean(f"{name}{{{pairs}}}", _SHOWN_LABELS)


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text):  # Python reads more: 1_000, other digits than ours, blanks around them
        raise NotMeasured(f"Prometheus: {clean(text, 40)!r} is not a number")
    return float(text)


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
