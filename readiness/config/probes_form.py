"""The form of the `probes:` section: one key per probe."""

from __future__ import annotations

import re
from typing import Any

from readiness.config.form import Complaint, Form, described, items, mapping, scalar, section
from readiness.config.monitoring import PrometheusSettings, kubernetes_form, query_form
from readiness.config.probes import (
    CacheSettings,
    CircuitBreakerSettings,
    Consistency,
    Custom,
    Health,
    Instance,
    PoolSettings,
    Probes,
    ProcessSettings,
    Provocation,
    Quota,
    RateLimit,
    RequestSettings,
    SecuritySettings,
    TlsSettings,
    TracingSettings,
    UserAgent,
)
from readiness.config.scalars import (
    block_form,
    duration_form,
    flag_form,
    milliseconds_form,
    share_form,
    text_form,
    whole_form,
    word_form,
)
from readiness.config.tree import Scalar
from readiness.text import clean

_NAME = r"^[A-Za-z_][A-Za-z0-9_]{0,62}$"
TAKES = ("last", "max", "min", "mean", "delta")
QUOTA = re.compile(r"([1-9][0-9]{0,11}) ?/(s|min|h|d)", re.ASCII)
WINDOWS_S = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def probes_form() -> Form[Probes]:
    """The whole section."""
    timing = described(word_form(("read", "ignore")), "Whether the load reads Server-Timing, for root causes.")
    queries = mapping(query_form(), key=_name, pattern=_NAME, least=1)
    return section(
        _make_probes,
        {
            "health": ("health", _health()),
            "cache": ("cache", _cache()),
            "pool": ("pool", _pool()),
            "circuit_breaker": ("circuit_breaker", _circuit_breaker()),
            "security": ("security", _security()),
            "rate_limit": ("rate_limit", _rate_limit()),
            "instance": ("instance", _instance()),
            "user_agent": ("user_agent", section(UserAgent, {"paths": ("paths", items(_path(), least=0))})),
            "custom": ("custom", mapping(_custom(), key=_name, pattern=_NAME)),
            "prometheus": (
                "prometheus",
                section(PrometheusSettings, {"queries": ("queries", queries)}, required=("queries",)),
            ),
            "kubernetes": ("kubernetes", kubernetes_form()),
            "process": ("process", _process()),
            "tracing": ("tracing", section(TracingSettings, {"path": ("path", _path())})),
            "tls": ("tls", section(TlsSettings, {"http_port": ("http_port", whole_form(least=1, most=65_535))})),
            "server_timing": ("server_timing", timing),
        },
    )


def _make_probes(**given: object) -> Probes:
    probes = Probes(**given)  # type: ignore[arg-type]
    if twice := probes.custom.keys() & probes.prometheus.queries.keys():
        raise Complaint(f"{min(twice)} stands under custom too; each is a metric custom.<name>", "prometheus")
    return probes


def _health() -> Form[Health]:
    every = milliseconds_form(least_s=0.01, most_s=3600)
    return section(
        Health,
        {
            "path": ("path", _path()),
            "ready": ("ready", _path()),
            "every": ("every_ms", every),
            "timeout": ("timeout_ms", every),
        },
    )


def _cache() -> Form[CacheSettings]:
    return section(
        CacheSettings,
        {
            "statistics": ("statistics", _path()),
            "hits": ("hits", _pointer()),
            "misses": ("misses", _pointer()),
            "header": ("header", _header()),
            "hit": ("hit", items(text_form(most=100), least=1)),
            "metrics": ("metrics", _path()),
            "hits_metric": ("hits_metric", _selector()),
            "misses_metric": ("misses_metric", _selector()),
            "backend": ("backend", _pointer()),
            "expect": ("expect", items(text_form(most=100), least=1)),
            "tolerance": ("tolerance", share_form(least=0, most=100)),
            "consistency": ("consistency", _consistency()),
        },
    )


def _consistency() -> Form[Consistency]:
    fields: dict[str, tuple[str, Form[Any]]] = {
        "path": ("path", _path()),
        "method": ("method", word_form(_METHODS)),
        "headers": ("headers", mapping(text_form(most=4000), key=_header_name)),
        "body": ("body", block_form()),
        "pointer": ("pointer", _pointer()),
    }
    request = section(RequestSettings, fields, required=("path",))
    sign_in = section(RequestSettings, {**fields, "form": ("form", _path())}, required=("path",))
    return section(
        Consistency,
        {
            "write": ("write", request),
            "read": ("read", request),
            "within": ("within_s", duration_form(least_s=0, most_s=600)),
            "times": ("times", whole_form(least=1, most=100)),
            "sign_in": ("sign_in", sign_in),
        },
        required=("write", "read", "within"),
    )


def _pool() -> Form[PoolSettings]:
    pointers = ("requests", "errors", "waited_ms", "size", "available", "max")
    return section(
        PoolSettings,
        {"statistics": ("statistics", _path()), **{pointer: (pointer, _pointer()) for pointer in pointers}},
    )


def _circuit_breaker() -> Form[CircuitBreakerSettings]:
    return section(
        _make_circuit_breaker,
        {
            "statistics": ("statistics", _path()),
            "states": ("states", items(_pointer(), least=1)),
            "closed": ("closed", items(text_form(most=100), least=1)),
            "provoke": ("provoke", _provocation()),
        },
    )


def _provocation() -> Form[Provocation]:
    return section(
        Provocation,
        {
            "fails": ("fails", _path()),
            "works": ("works", _path()),
            "requests": ("requests", whole_form(least=1, most=100)),
            "wait": ("wait_s", duration_form(least_s=0, most_s=600)),
            "state": ("state", _pointer()),
        },
        required=("fails", "works"),
    )


def _make_circuit_breaker(**given: object) -> CircuitBreakerSettings:
    provoke = given.get("provoke")
    if isinstance(provoke, Provocation) and provoke.state is not None and "statistics" not in given:
        raise Complaint("provoke.state is a pointer into statistics, which is not given", "provoke")
    return CircuitBreakerSettings(**given)  # type: ignore[arg-type]


def _security() -> Form[SecuritySettings]:
    return section(
        SecuritySettings,
        {
            "paths": ("paths", items(_path(), least=1)),
            "profile": ("profile", word_form(("html", "api", "plain_http"))),
            "session_cookies": ("session_cookies", items(text_form(most=100), least=1)),
        },
    )


def _rate_limit() -> Form[RateLimit]:
    return section(
        RateLimit,
        {
            "path": ("path", _path()),
            "limit": ("limit", _quota()),
            "provoke": ("provoke", described(flag_form(), "Ask for a refusal after the load; never by default.")),
            "most": ("most", whole_form(least=1, most=10_000)),
        },
    )


def _quota() -> Form[Quota]:
    """`50000 /h`."""

    def read(node: Scalar) -> Quota:
        match = QUOTA.fullmatch(node.text)
        if match is None:
            raise ValueError(f"must be requests per s, min, h or d, such as 50000 /h, not {clean(node.text, 40)!r}")
        return Quota(int(match[1]), WINDOWS_S[match[2]], node.text, node.line)

    return scalar(read, {"type": "string", "pattern": f"^{QUOTA.pattern}$"})


def _instance() -> Form[Instance]:
    return section(
        Instance,
        {
            "json": ("json", _path()),
            "pointer": ("pointer", _pointer()),
            "metrics": ("metrics", _path()),
            "metric": ("metric", _selector()),
            "header": ("header", _header()),
            "path": ("path", _path()),
            "instances": ("instances", whole_form(least=1, most=10_000)),
        },
    )


def _custom() -> Form[Custom]:
    return section(
        _make_custom,
        {
            "json": ("json", _path()),
            "pointer": ("pointer", _pointer()),
            "metrics": ("metrics", _path()),
            "metric": ("metric", _selector()),
            "info": ("info", text_form(most=100, check=_info_field)),
            "header": ("header", _header()),
            "path": ("path", _path()),
            "take": ("take", word_form(TAKES)),
        },
        line="line",
    )


def _make_custom(**given: object) -> Custom:
    sources = [name for name in ("json", "metrics", "info", "header") if name in given]
    if len(sources) != 1:
        raise Complaint("needs exactly one of json, metrics, info and header: where the number is")
    needs = {"json": "pointer", "metrics": "metric", "header": "path"}.get(sources[0])
    if needs is not None and needs not in given:
        raise Complaint(f"{sources[0]} needs {needs} beside it", sources[0])
    for name, owner in (("pointer", "json"), ("metric", "metrics"), ("path", "header")):
        if name in given and owner != sources[0]:
            raise Complaint(f"belongs to {owner}, which is not given", name)
    return Custom(**given)  # type: ignore[arg-type]


def _process() -> Form[ProcessSettings]:
    return section(
        _make_process,
        {
            "port": ("port", whole_form(least=1, most=65_535)),
            "pid": ("pid", whole_form(least=1, most=2**22)),
            "name": ("name", text_form(most=100)),
        },
    )


def _make_process(**given: object) -> ProcessSettings:
    if len(given) > 1:
        raise Complaint(f"needs one of port, pid and name, not {' and '.join(given)}", list(given)[1])
    return ProcessSettings(**given)  # type: ignore[arg-type]


def _path() -> Form[str]:
    return text_form(check=_wrong_path, pattern="^/([^/]|$)", most=2000)


def _pointer() -> Form[str]:
    return text_form(check=_wrong_pointer, pattern="^/", most=500)


def _header() -> Form[str]:
    return text_form(check=_wrong_header, pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", most=100)


def _selector() -> Form[str]:
    return text_form(check=_wrong_selector, pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]*(\{.*\})?$", most=500)


def _wrong_path(text: str) -> str | None:
    if not text.startswith("/") or text.startswith("//") or "\\" in text or " " in text:
        return f'must be a path on the target, starting with one "/", not {text!r}'
    return None


def _wrong_pointer(text: str) -> str | None:
    return None if text.startswith("/") else f'must be a JSON pointer such as "/cache/hits", not {text!r}'


def _wrong_header(text: str) -> str | None:
    good = re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", text, re.ASCII)
    return None if good else f"must be the name of a response header, such as X-Cache, not {text!r}"


def _wrong_selector(text: str) -> str | None:
    label = r'\s*[a-zA-Z_][a-zA-Z0-9_]*\s*=\s*"(?:[^"\\\n]|\\.)*"\s*'
    good = re.fullmatch(rf"[a-zA-Z_:][a-zA-Z0-9_:]*(\{{({label},?)*\}})?", text, re.ASCII)
    return None if good else f'must be a metric such as hits_total or requests_total{{status="5xx"}}, not {text!r}'


def _info_field(text: str) -> str | None:
    return None if re.fullmatch(r"[A-Za-z0-9_:.-]+", text, re.ASCII) else f"must be a field of INFO, not {text!r}"


def _header_name(text: str) -> None:
    if problem := _wrong_header(text):
        raise ValueError(problem)


def _name(text: str) -> None:
    if not re.fullmatch(_NAME, text, re.ASCII):
        raise ValueError("is not a name: letters, digits and _, not starting with a digit, at most 63")
