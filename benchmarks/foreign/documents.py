# ruff: noqa: E501 (samples)
"""Documents that a service or a monitoring server gives: JSON, YAML, text."""

from __future__ import annotations

import json

from benchmarks.foreign.parser import JSON, Parser

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


def parsers() -> tuple[Parser, ...]:
    """Those of this room; imports what they need."""
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
            (*(b"/cache/hits\n" + one for one in JSON), b"/0/0/0\n[[[1]]]"),
        ),
    )
