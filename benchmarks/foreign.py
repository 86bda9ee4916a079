# ruff: noqa: E501 (samples)
"""Every parser of bytes that others wrote: how it is called, how it may refuse, and what it is fed.

`THROUGH` names the modules that a parser goes through; tests/test_fuzz.py compares them with the package, so that a new
parser is listed here, or in NOT_FOREIGN with the reason why it is none.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

EXAMPLE = Path("reports/example/conditional")
CAP_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Parser:
    """One way for foreign bytes to come in."""

    name: str
    through: tuple[str, ...]
    """Modules of readiness, without the package's name."""
    call: Callable[[bytes], object]
    refuses: tuple[type[BaseException], ...]
    """Its declared failures; nothing else may be raised."""
    seeds: tuple[bytes, ...]
    share: int = 8
    """How often it is fed, beside the others; less for slow ones."""
    facts: bool = False
    """The seeds are JSON, of which single values are to be broken."""


@cache
def parsers() -> tuple[Parser, ...]:
    """All of them; imports what they need."""
    return (*_answers(), *_headers(), *_documents(), *_files(), *_database(), *_workers(), *_texts(), *_sources())


def _answers() -> tuple[Parser, ...]:
    from readiness.load.http.answer import ReceivedAnswer
    from readiness.load.http.body import decoded, json_of
    from readiness.load.http.failures import Failure
    from readiness.load.http.headers import parse_head, reason_of
    from readiness.load.http.response import Response
    from readiness.load.token_life import life_s

    def answer(data: bytes, *, head_only: bool = False) -> object:
        one = ReceivedAnswer(CAP_BYTES)
        one.reset(head_only)
        step = data[0] % 97 + 1 if data else 1
        for at in range(0, len(data), step if len(data) < 4096 else 1024):
            one.feed(data[at : at + (step if len(data) < 4096 else 1024)])
            if one.complete:
                return one.take_body()
        one.end_of_stream(proper=True)
        return one.take_body()

    client: Any = SimpleNamespace(max_body_bytes=CAP_BYTES)

    def response(data: bytes) -> object:
        one = Response(client, "GET", 0.0)
        one.raw_head, _, one.body = data.partition(b"\r\n\r\n")
        one.raw_head += b"\r\n\r\n"
        one.status_code, one.notable = 302, True
        return one.headers, one.text, one.cookies, one.is_redirect, one.encoding

    def gzipped(data: bytes) -> object:
        coding, _, body = data.partition(b"\n")
        return decoded(body, coding.decode("latin-1"), CAP_BYTES)

    heads = (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n2;a=b\r\nok\r\n0\r\nX: y\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 204 No\r\nSet-Cookie: a=b\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nA: b\r\n c\r\n\r\nbody to the end",
        b"HTTP/1.1 301 Moved\r\nLocation: //x/\r\nContent-Type: text/html; charset=utf-8\r\nSet-Cookie: a=b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, deflate\r\nContent-Type: a; charset=idna\r\n\r\n\x1f\x8b",
    )
    packed = gzip.compress(b"x" * 300)
    return (
        Parser("answer", ("load.http.answer",), answer, (Failure,), heads, 20),
        Parser("answer to HEAD", ("load.http.answer",), lambda data: answer(data, head_only=True), (Failure,), heads),
        Parser(
            "response", ("load.http.response", "load.http.charset", "load.http.headers"), response, (Failure,), heads
        ),
        Parser("head", ("load.http.headers",), parse_head, (), heads),
        Parser("reason", ("load.http.headers",), reason_of, (), heads),
        Parser(
            "content coding",
            ("load.http.body",),
            gzipped,
            (Failure,),
            (
                b"gzip\n" + packed,
                b"gzip\n" + packed * 3,
                b"deflate\n" + zlib.compress(b"y" * 99),
                b"gzip, gzip\n" + gzip.compress(packed),
                b"deflate\n" + zlib.compress(b"z")[2:-4],
                b"br,,gzip\n" + gzip.compress(b""),
            ),
        ),
        Parser("token", ("load.token_life",), lambda data: life_s(None, data.decode("latin-1")), (), _TOKENS),
        Parser("JSON body", ("load.http.body",), json_of, (ValueError, RecursionError), _JSON),
    )


_TOKENS = (b"e30.eyJpYXQiOiAxMDAwLCAiZXhwIjogMTEwMH0.c2ln", b"e30.eyJleHAiOiAiMWU5OTkifQ.", b"opaque")
_JSON = (
    b'{"cache": {"hits": 5, "misses": 1e3}, "pool": [1, -2.5, null, true], "instance": "a\\u0041\\ud83d\\ude00"}',
    b'[[[{"a": {"b": 12345678901234567890}}]]]',
    b'"\\ud800"',
    b"NaN",
)
_FIELDS = (
    b"Set-Cookie: sid=abc; Path=/; Max-Age=60; Expires=Wed, 21 Oct 2026 07:28:00 GMT; HttpOnly; SameSite=Lax",
    b"Content-Security-Policy: default-src 'self'; script-src 'nonce-abc' https: ; frame-ancestors 'none'",
    b"Permissions-Policy: camera=(), geolocation=(self \"https://x\"), fullscreen=*;report-to=a",
    b"Strict-Transport-Security: max-age=31536000; includeSubDomains",
    b"RateLimit-Policy: \"burst\";q=100;w=60, 10;w=1\r\nRateLimit: \"burst\";r=50;t=30\r\nX-RateLimit-Limit: 100",
    b"Retry-After: 120\r\nX-RateLimit-Reset: 1700000000\r\nRateLimit-Limit: 10, 10;w=1",
    b"Server-Timing: db;dur=53.2;desc=\"a, b\", cache;dur=1, total;desc=x;dur=60",
    b"Cache-Status: edge; hit, origin; fwd=miss\r\nAge: 60\r\nX-Cache: HIT",
    b"Referrer-Policy: no-referrer, strict-origin\r\nX-Frame-Options: DENY\r\nAccess-Control-Allow-Origin: *",
    b"Location: https://other:99/a?token=b\r\nRefresh: 0;url=/x\r\nVary: *\r\nContent-Type: text/html; charset=x",
)  # fmt: skip


def _headers() -> tuple[Parser, ...]:
    from readiness.load.http.cookies import Cookies
    from readiness.load.http.failures import Failure
    from readiness.load.http.request import Origin
    from readiness.load.response_watch import Watch
    from readiness.load.watch_plan import WatchPlan
    from readiness.probes import header_rules, observatory, rate_limit
    from readiness.probes.http import ProbeAnswer
    from readiness.probes.overhead import service_ms

    def probed(data: bytes) -> ProbeAnswer:
        lines = data.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return ProbeAnswer(200, tuple((key, value.strip()) for key, _, value in pairs), b"<html>", 1.0, "http://x/")

    def rules(data: bytes) -> object:
        answer = probed(data)
        return (
            header_rules.findings(answer, "html", https=True, sessions=("sid",)),
            observatory.score(answer, "html", https=True),
        )

    def watch(data: bytes) -> object:
        for kind in ("age", "cache-status", "x-cache"):
            one = Watch(WatchPlan(kind, ("HIT",), server_timing=True, heads=True))
            ticket: Any = SimpleNamespace(
                identity=("s", "n"), start_s=0.0, status_code=200, raw_head=b"HTTP/1.1 200 OK\r\n" + data + b"\r\n\r\n"
            )
            one.see(ticket, 0.1)
            one.take()
        return None

    def cookies(data: bytes) -> object:
        jar = Cookies("shop.example")
        for line in data.decode("latin-1").split("\r\n"):
            jar.store(line.partition(":")[2] or line, "/a/b")
        return jar.header("/a/b/c", secure=False)

    def redirect(data: bytes) -> object:
        return Origin("http://shop.example:8000").redirect_target("/a/b?c", data.decode("latin-1"))

    places = (b"/next?x=1", b"../up#f", b"//other/x", b"http://shop.example:8000/a", b"http://[::1]/", b"?q", b"a:b")
    through = ("probes.header_rules", "probes.observatory", "probes.content_security_policy", "probes.response_headers")
    return (
        Parser("rules about headers", through, rules, (), _FIELDS, 12),
        Parser("watched answers", ("load.response_watch",), watch, (), _FIELDS, 12),
        Parser(
            "server timing",
            ("text.server_timing", "probes.overhead"),
            lambda data: service_ms(data.decode("latin-1")),
            (),
            (b'db;dur=53.2;desc="a, b", cache;dur="1", x;desc=y;dur=1e9, total;dur=.5',),
        ),
        Parser("cookies and dates", ("load.http.cookies",), cookies, (), _FIELDS[:1] + _FIELDS[-1:]),
        Parser(
            "rate limits",
            ("probes.rate_limit",),
            lambda data: tuple(rate_limit.declarations(probed(data))),
            (),
            _FIELDS[4:6],
        ),
        Parser("redirects", ("load.http.request",), redirect, (Failure,), places),
    )


_OVER_TIME = (
    b'{"status": "success", "data": {"resultType": "matrix", "result": [{"metric": {"__name__": "a", "pod": "b"},'
    b' "values": [[1, "1.5"], [2.0, "NaN"], [3, "-Inf"]]}]}, "warnings": ["PromQL info: x", "store is away"]}',
    b'{"status": "success", "data": {"resultType": "matrix", "result": []}}',
    b'{"status": "error", "errorType": "bad_data", "error": "parse error"}',
)
_POD = (
    b'{"metadata": {"uid": "u", "name": "api-1", "labels": {"app": "api"}}, "spec": {"securityContext": {"runAsUser": 5},'
    b' "containers": [{"name": "api", "resources": {"limits": {"cpu": "1", "memory": "1Gi"}}, "livenessProbe": {"a": 1}}]},'
    b' "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}], "containerStatuses": [{"name":'
    b' "api", "restartCount": 3, "lastState": {"terminated": {"reason": "OOMKilled"}}, "state": {"running": {}}}]}}',
)
_PROMQL = (
    b"sum by (le) (rate(a_total{b=\"c[5m]\", d=~'e\\'f'}[1h30m])) / `x` # [c\n + max_over_time(a[5m:10s] offset 5m) @ end()",
    b"increase(a[$window])",
)


def _documents() -> tuple[Parser, ...]:
    from readiness.config import promql
    from readiness.errors import NotMeasured
    from readiness.load.log_in_page import log_in_form
    from readiness.probes import json_pointer, kubernetes_api, prometheus, prometheus_server, redis_info
    from readiness.probes.forms import hidden_fields

    prom = (
        b'# HELP a b\n# TYPE a counter\na{b="c",d="e\\"f\\n"} 1.5 1700000000\na 2\na_total{x="y"} +Inf\nb NaN\n',
        b"process_start_time_seconds 1.7e9\n",
    )

    def metrics(data: bytes) -> object:
        text = data.decode("utf-8", "replace")
        return prometheus.select(text, 'a{b="c"}')

    def selector(data: bytes) -> object:
        return prometheus.parse(data.decode("utf-8", "replace"))

    times = prometheus_server.SeriesTimes(1000, 3000, 1000)

    def over_time(data: bytes) -> object:
        return prometheus_server.series_in(*prometheus_server.envelope(200, data), times)

    def pointed(data: bytes) -> object:
        pointer, _, document = data.partition(b"\n")
        return json_pointer.resolve(json.loads(document), pointer.decode("latin-1"))

    return (
        Parser("Prometheus text", ("probes.prometheus",), metrics, (LookupError, ValueError), prom, 12),
        Parser("Prometheus selector", ("probes.prometheus",), selector, (ValueError,), (b'a{b="c",d="e"}',)),
        Parser(
            "answer of Prometheus", ("probes.prometheus_server",), over_time, (NotMeasured,), _OVER_TIME, facts=True
        ),
        Parser(
            "answer of Kubernetes",
            ("probes.kubernetes_api",),
            lambda data: kubernetes_api.pod_of(kubernetes_api.document_of(data, "pods")),
            (NotMeasured,),
            _POD,
            facts=True,
        ),
        Parser(
            "PromQL", ("config.promql",), lambda data: promql.problem_of(data.decode("utf-8", "replace")), (), _PROMQL
        ),
        Parser("INFO of Redis", ("probes.redis_info",), redis_info._fields, (), (b"# A\r\nkeys:1\r\nhits:5\r\n",)),
        Parser(
            "log-in page",
            ("load.log_in_page",),
            lambda data: log_in_form(data.decode("utf-8", "replace")),
            (),
            (
                b"<form action=/in><input type=hidden name=a value='b&amp;c'><input name=user><input name=p type=password>",
            ),
        ),
        Parser(
            "forms",
            ("probes.forms",),
            hidden_fields,
            (),
            (
                b'<form><input type=hidden name="t" value="&amp;x"><script>if(a<b)</script><!-- -->',
                b"<![CDATA[x]]><?x?><!DOCTYPE html><a b='c' d>",
            ),
        ),
        Parser(
            "JSON pointer",
            ("probes.json_pointer", "probes.sampler"),
            pointed,
            (LookupError, ValueError, RecursionError),
            (*(b"/cache/hits\n" + one for one in _JSON), b"/0/0/0\n[[[1]]]"),
        ),
    )


def _files() -> tuple[Parser, ...]:
    from readiness.cli.attempts import _attempts
    from readiness.config.load import parse
    from readiness.config.trust import Trust
    from readiness.errors import ConfigError
    from readiness.history.past_run import of_line
    from readiness.measurements import json as runs
    from readiness.measurements import strict
    from readiness.report import json as reports

    thresholds = Path("thresholds.yaml").read_bytes()
    small = (
        b'version: 1\nservice: a\nload: { users: 5, duration: 30s }\nchecks:\n  latency.p95: { pass: "< 100 ms" }\n'
        b'  http.success_rate: { pass: "> 99 %", on_fail: block }\n',
        b'version: 1\nservice: ${READINESS_VAR_A}\ndatabase: { counts: { a: { table: t } }, invariants: { i: "a == 2 * a"'
        b' , j: "a - 1 == a.change" }, max_scan: 1 GB }\nchecks: { data.a: { pass: ">= 1" } }\n',
        b"version: 1\nservice: &a x\nprobes: { custom: { q: { metrics: /m, metric: 'a{b=\"c\"}' } }, rate_limit: { limit:"
        b" 5 /s } }\nchecks: { custom.q: { pass: '< 1' } }\nbaseline: { run: b.json, worse_by: '> 10 %' }\n",
        b"version: 1\nservice: a\nproxies: { d: { listen: '127.0.0.1:6432', to: '127.0.0.1:5432' } }\ndrills: { x: { proxy: d,"
        b" fault: { latency: 300ms, jitter: 1ms }, for: 10s, share: 50 % } }\nchecks: { drill.recovery@x: { pass: '< 5 s' } }\n",
    )
    environ: Mapping[str, str] = {"READINESS_VAR_A": "x"}
    run = (EXAMPLE / "run.json").read_text("utf-8")
    report = (EXAMPLE / "report.json").read_text("utf-8")
    run_seeds = (Path("tests/golden/seed-run.json").read_bytes(), _shrunk(run))
    report_seeds = (report.encode(), _shrunk(report))

    def config(data: bytes) -> object:
        return parse(data, "thresholds.yaml", environ, trust=Trust())

    def text(data: bytes) -> str:
        return data.decode("utf-8", "replace")

    yaml = (
        "config.load", "config.tree", "config.limits", "config.sections", "config.waivers", "config.probes_form",
        "config.variables", "config.baseline", "config.durations", "config.database", "config.scalars",
        "config.invariants", "config.drills", "config.monitoring", "config.proxies",
    )  # fmt: skip
    facts = ("measurements.json", "measurements.packed", "measurements.strict", "measurements.hdr")
    return (
        Parser("thresholds.yaml", yaml, config, (ConfigError,), small, 3),
        Parser("thresholds.yaml, large", yaml, config, (ConfigError,), (thresholds,), 0),
        Parser("run.json", facts, lambda data: runs.loads(text(data), "run.json"), (ConfigError,), run_seeds, 2, True),
        Parser(
            "report.json",
            ("report.json",),
            lambda data: reports.loads(text(data), "r"),
            (ConfigError,),
            report_seeds,
            2,
            True,
        ),
        Parser(
            "strict JSON", ("measurements.strict",), lambda data: strict.parse(text(data)), (strict.Malformed,), _JSON
        ),
        Parser(
            "history",
            ("cli.attempts",),
            lambda data: [of_line(one) for one in _attempts(data.split(b"\n"))],
            (),
            (b'{"run_id": "a", "at": "b", "decision": "READY", "score": 1e3, "requests": 5}\n[1]\nx',),
        ),
    )


def _shrunk(text: str) -> bytes:
    """A file of ours with its long lists and texts cut: mutations then hit its facts."""

    def cut(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: cut(part) for key, part in list(value.items())}
        return [cut(part) for part in value[:2]] if isinstance(value, list) else value

    return json.dumps(cut(json.loads(text))).encode()


def _database() -> tuple[Parser, ...]:
    from readiness.database.schema import drift, lines
    from readiness.database.statement_text import shown

    lock = lines.text(
        (
            "table public.bags",
            "table public.bags: column \"a\"\"b\" integer not null default 'x''y'::text",
            'table public.bags: column n numeric(10,2) collate "C"',
            "table public.bags: constraint p primary key (id)",
            "function public.f(integer, text): body x",
        )
    ).encode()

    def schema(data: bytes) -> object:
        found, _ = lines.parse(data.decode("utf-8", "replace"))
        return drift.compare(found, [line.replace("integer", "bigint") for line in found[1:]])

    sql = (
        b"select a, 'it''s' from \"t\" where b = $1 and c = E'x\\'y' -- note\n and d = $tag$x$tag$",
        b"/* a /* b */ c */ alter role x password 'y'",
        b"insert into t values (1.5e3, U&'\\0041', B'01')",
    )
    return (
        Parser("schema lock", ("database.schema.lines", "database.schema.drift"), schema, (ValueError,), (lock,), 4),
        Parser(
            "statements",
            ("database.statement_text",),
            lambda data: shown(data.decode("utf-8", "replace"), 300),
            (),
            sql,
        ),
    )


def _workers() -> tuple[Parser, ...]:
    from readiness.load import engine_events, engine_plan
    from readiness.load.request_rows import RequestRows
    from readiness.load.workers import envelope
    from readiness.run.live import http_request

    here = http_request.PageAddress(4000, "t0ken")

    def frame(data: bytes) -> object:
        return envelope.read(data).payload

    def event(data: bytes) -> object:
        return engine_events.loads(data)

    shard = engine_plan.dumps(
        engine_plan.EnginePlan(
            "r",
            "http://x",
            ("127.0.0.1",),
            (),
            (engine_plan.ScenarioFile("a", "a.py", 1.0),),
            4,
            None,
            0.0,
            1.0,
            3.0,
            30.0,
        )
    ).encode()
    events = (
        engine_events.dumps(engine_events.Note("text")),
        engine_events.dumps(RequestRows([("s", "n")], ["timeout"], [(1, 0, -1, 200, 0, 1)])),
        engine_events.dumps(engine_events.Fatal("text", True)),
        b'["Batch", {"seq": 1, "cells": [], "stalls": []}]',
        b'["Done", {"batches": 1}]',
        b'["Hello", {"pid": 1}]',
    )
    frames = (envelope.write(envelope.Envelope("run", 3, b"payload")), b"\0\0\0\x02[]", b"\xff\xff\xff\xff[1,2]")
    return (
        Parser("frames of workers", ("load.workers.envelope",), frame, (envelope.Rejected,), frames),
        Parser(
            "requests to the live page",
            ("run.live.http_request",),
            lambda data: http_request.answer_to(data, here),
            (),
            (
                b"GET /t0ken/ HTTP/1.1\r\nHost: 127.0.0.1:4000\r\n\r\n",
                b"GET /t0ken/events HTTP/1.0\r\nhost : x\r\n\r\n",
            ),
        ),
        Parser("events", ("load.engine_events",), event, (ValueError, RecursionError), events),
        Parser(
            "plans",
            ("load.engine_plan",),
            lambda data: engine_plan.loads(data.decode("utf-8", "replace")),
            (ValueError, TypeError),
            (shard,),
            facts=True,
        ),
    )


def _texts() -> tuple[Parser, ...]:
    from readiness.cli import exchange
    from readiness.measurements import strict
    from readiness.report import markdown_text, workflow_commands
    from readiness.text import clean
    from readiness.text.redaction import redact

    words = (
        "plain \u202e text \U000e0041 ##vso[x] ::error::y".encode(),
        b"`code` **x** [a](b) <i> | # @name :warning: www.x ``` (`a b`)",
        b"fe80::1 ::add-mask::x a::b :::: 10:20",
        b"czNjcjN0LXZhbHVl %73%33 &#115; \\x73 \\u0073 73 65 63 [115, 51, 99] s3cr3t-v\xe2\x80\xa6",
    )
    answers = (
        b'http://x/a?token=b&c=d\nsid=abc; Path=/, t.k=1\n{"access_token": "eyJhbGciOiJI.eyJzdWIi.abc", "a": "b"}',
        b"/login\n/next?code=1\n<input type=hidden name=csrf value='abc'> <meta name=token content=x> password=b;",
        b'http://[::1]:80/\nBearer realm="a"\n{"secret\\"": "a\\"b", "session": "',
    )
    secrets = ("s3cr3t-value-9Xz", "p\u00e4ss w\u00f6rd&1")

    def text(data: bytes) -> str:
        return data.decode("utf-8", "surrogateescape")

    def exchange_lines(data: bytes) -> object:
        """The shape is our own child's; address, fields, told values and the body (cut by load.trial) are not."""
        url, _, rest = text(data).partition("\n")
        header, _, body = rest.partition("\n")
        told = exchange.Told()
        shown = {
            "method": "GET", "name": "GET /", "url": url, "status": 200, "ms": 1.0, "failure": header,
            "headers": [[name, header] for name in exchange._SHOWN], "body": body[:2000],
            "size": len(body), "binary": False, "extracted": [["token", header[:100]], ["id", body]],
        }  # fmt: skip
        return list(exchange.lines({"exchange": shown, "hidden": False}, told)), exchange.summary(told)

    return (
        Parser("clean", ("text.outside",), lambda data: clean(text(data)), (), words),
        Parser(
            "redaction",
            ("text.redaction", "text.disguise", "text.decoding", "text.byte_lists", "text.finder", "text.gaps"),
            lambda data: redact(text(data), secrets),
            (),
            words,
        ),
        Parser("exchanges of try", ("cli.exchange",), exchange_lines, (), answers, 2),
        Parser("JSON of ours", ("measurements.strict",), lambda data: json.loads(strict.line(text(data))), (), words),
        Parser(
            "Markdown",
            ("report.markdown_text",),
            lambda data: (markdown_text.prose(text(data)), markdown_text.cell_code(text(data))),
            (),
            words,
        ),
        Parser(
            "workflow commands",
            ("report.workflow_commands",),
            lambda data: workflow_commands.harmless(text(data)),
            (),
            words,
        ),
    )


def _sources() -> tuple[Parser, ...]:
    from readiness.errors import ConfigError
    from readiness.init.detect import read_bytes

    har = (
        b'{"log": {"creator": {}, "pages": [{"id": "p", "title": "t"}], "entries": [{"startedDateTime": "2026-01-01T00:'
        b'00:00Z", "time": 5, "pageref": "p", "request": {"method": "POST", "url": "http://x/a/17?b=c", "headers": [{'
        b'"name": "A", "value": "b"}], "postData": {"mimeType": "application/json", "text": "{\\"a\\": 1}"}}, "response": '
        b'{"status": 200, "content": {"mimeType": "application/json", "text": "{\\"id\\": 17}"}}}]}}'
    )
    log = (
        b'10.0.0.1 - bob [10/Oct/2026:13:55:36 +0000] "GET /a/17?b=c HTTP/1.1" 200 23 "http://r/" "agent"\n'
        b'10.0.0.2 - - [10/Oct/2026:13:55:37 +0000] "POST /b HTTP/1.1" 500 -\n'
    ) * 3
    tokens = (
        b"openapi: 3.0.0\nservers: [{ url: 'http://x/v1' }]\nsecurity: [{ a: [read] }, { b: [] }]\n"
        b"components: { securitySchemes: { a: { type: oauth2, flows: { password: { tokenUrl: http://x/v1/token } } }, "
        b"b: { type: http, scheme: bearer } } }\npaths:\n  /x: { get: { responses: { '200': {} } } }\n  /login:\n"
        b"    post: { requestBody: { content: { application/json: { schema: { properties: { email: {}, password: {} } } "
        b"} } }, responses: { '200': { content: { a/b: { schema: { properties: { token: {} } } } } } } }\n"
    )
    openapi = (
        b"openapi: 3.0.0\ninfo: { title: t, version: '1' }\nservers: [{ url: 'http://x' }]\npaths:\n  /a/{id}:\n"
        b"    get:\n      parameters: [{ name: id, in: path, required: true, schema: { type: integer, example: 5 } }]\n"
        b"      responses: { '200': { description: ok } }\n"
    )
    postman = (
        b'{"info": {"name": "n", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"}, "item":'
        b' [{"name": "a", "request": {"method": "POST", "header": [{"key": "A", "value": "{{t}}"}], "url": {"raw": "http://x'
        b'/a/:id?b={{c}}", "path": ["a", ":id"]}, "body": {"mode": "raw", "raw": "{\\"a\\": \\"{{v}}\\"}"}}, "event": ['
        b'{"listen": "test", "script": {"exec": ["pm.environment.set(\\"t\\", pm.response.json().t);"]}}]}], "variable": []}'
    )
    http = b'@host = http://x\n### one\n# @name a\nPOST {{host}}/a/17?b={{c}} HTTP/1.1\nA: b\n\n{"a": 1}\n\n###\nGET http://x/b\n'
    curl = b"curl -X POST 'http://x/a?b=c' -H \"A: b\" -d '{\"a\": \"it'\\''s\"}' --compressed -u a:b \\\n  -F x=@y $'\\x41'"
    through = (
        "init.sources.har", "init.sources.access_log", "init.sources.log_lines", "init.sources.log_draft",
        "init.sources.log_tally", "init.sources.traffic", "init.sources.secrets_found", "init.sources.values",
        "init.sources.folding", "init.sources.correlation", "init.sources.calls", "init.sources.openapi.document",
        "init.sources.openapi.schemas", "init.sources.openapi.lists", "init.sources.openapi.operations",
        "init.sources.openapi.read", "init.sources.openapi.tokens", "init.sources.openapi.examples", "init.sources.curl", "init.sources.http_file", "init.sources.marks",
        "init.sources.postman", "init.sources.scripts", "init.sources.shell", "init.sources.halves",
    )  # fmt: skip
    return (
        Parser(
            "sources of init",
            through,
            lambda data: read_bytes(data, "source"),
            (ConfigError,),
            (har, log, openapi, tokens, postman, http, curl),
            2,
        ),
    )


NOT_FOREIGN: Mapping[str, str] = {
    "text.plain_ascii": "our own text, made ASCII for a terminal",
    "foreign_files": "opens files; what is in them goes to a parser",
    "config.scenario_notes": "scenarios, which are trusted",
    "load.locust_clients.http_wire": "the scenario's own requests",
    "config.trust": "names given on the command line",
    "database.activity": "numbers by SQL; one substitution of digits",
    "database.reads": "our SQL", "database.queries": "our SQL", "database.writes": "keys of our own load",
    "database.reasons": "one anchored prefix of libpq's messages", "database.called_functions": "needs a server: tests/database",
    "database.address": "the operator's own address",
    "load.controller": "lines of load.engine_events", "load.calibration": "our own answers",
    "load.engine": "the parent's plan, by load.engine_plan", "load.surroundings": "scenarios, which are trusted",
    "load.extraction": "told values of an answer: load.http.body reads it", "load.reading": "scenarios, trusted",
    "load.parent": "our own child", "load.connections": "files of the kernel", "load.first_read": "a flag of sockets",
    "load.workers.master": "events by load.engine_events", "load.workers.settings": "our own parent",
    "load.workers.curve_sockets": "frames by load.workers.envelope", "load.workers.local": "our own children",
    "load.workers.token": "the operator's own token",
    "report.run_folders": "JSON by measurements.strict", "report.retention": "names of a folder",
    "report.github": "our own text", "report.html_pages": "our own template",
    "run.live.web_page": "our own page", "drills.proxies": "our own child", "drills.proxy": "our own parent",
    "drills.commands": "our own child", "drills.commander": "our own parent; output is cut and cleaned",
    "report.charts.connections": "our own words",
    "probes.kubeconfig": "the operator's own file; YAML by config.tree",
    "probes.http": "httpx and h11 parse",
    "probes.consistency": "JSON by probes.json_pointer, pages by probes.forms", "probes.provoked_breaker": "JSON by probes.json_pointer",
    "init.literals": "writes", "init.limits": "writes", "init.names": "writes", "init.files": "writes",
    "init.uses": "writes", "cli.starter": "our own file", "report.comment": "our own text",
    "report.view.anchors": "our own words", "text.error_pages": "words of error pages, cut before",
    "load.trying": "our own child", "load.traceparent": "our own lines",
    "load.trial": "our own text",
    "cli.report": "report.json",
    "cli.output": "our own text", "capacity.sizing": "flags", "cli.init": "flags", "cli.workers": "flags",
    "cli.inputs": "measurements.json and report.json",
    "judge.diagnoses": "names of parts, read by load.response_watch",
    "judge.steps": "our own words", "judge.failed_requests": "our own words",
    "measurements.measured_invariants": "facts that measurements.json read",
    "measurements.scopes": "names that measurements.json read", "measurements.writes": "keys of our own load",
}  # fmt: skip
"""Modules that search or decode text, and why none of it is foreign there, or who parses it."""
