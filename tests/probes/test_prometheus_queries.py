"""custom.<name> by PromQL: from a real Prometheus, and from servers that lie, hang or say something else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from readiness.config import promql
from readiness.config.load import load
from readiness.config.monitoring import PrometheusQuery, PrometheusSettings
from readiness.config.probes import Probes
from readiness.errors import ConfigError
from readiness.measurements.run import Measurement
from readiness.probes import monitoring, prometheus_server
from readiness.probes.window import Window
from tests.faultd.client import free_port, until
from tests.probes.conftest import Script, Site, raw, reply

SCRAPED = """
global: {{ scrape_interval: 1s, scrape_timeout: 1s }}
scrape_configs:
  - job_name: service
    static_configs: [{{ targets: ["127.0.0.1:{port}"] }}]
"""


def ask(url: str | None, window: Window, **queries: tuple[str, str]) -> dict[str, Measurement]:
    """By name of the query: (PromQL, take)."""
    settings = Probes(
        prometheus=PrometheusSettings({name: PrometheusQuery(text, take) for name, (text, take) in queries.items()})
    )
    environment = {prometheus_server.PROMETHEUS_VARIABLE: url} if url else {}
    found = monitoring.conclude(monitoring.watch(settings, environment, window, 10), settings, set())
    return {one.metric.removeprefix("custom."): one for one in found}


def past_window(length_s: float) -> Window:
    """One that ended now."""
    window = Window()
    window.begin()
    window.end()
    assert window.end_s is not None
    window.begin_s = window.end_s - length_s
    return window


@pytest.fixture
def prometheus(site: Site, tmp_path: Path) -> Iterator[str]:
    """The address of a real server that scrapes `site` every second."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("prometheus is not installed")
    port = free_port()
    (tmp_path / "prometheus.yml").write_text(SCRAPED.format(port=site.url.rpartition(":")[2]))
    server = subprocess.Popen(
        [
            program,
            f"--config.file={tmp_path}/prometheus.yml",
            f"--storage.tsdb.path={tmp_path}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=error",
        ]
    )
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.wait()


def scraped(site: Site) -> Window:
    """A window in which the site was scraped ten times, of as many seconds; the server scraped it before, too."""
    assert until(lambda: site.answered.count("/metrics") >= 3)
    window = Window()
    window.begin()
    seen = site.answered.count("/metrics")
    assert until(lambda: site.answered.count("/metrics") >= seen + 10)
    window.end()
    return window


def test_a_real_prometheus_says_what_was_in_the_window_and_why_the_rest_is_not_measured(
    site: Site, prometheus: str
) -> None:
    def metrics(handler: BaseHTTPRequestHandler) -> None:
        scrapes = site.seen.count("/metrics")
        reply(
            200,
            f"requests_total {50 * scrapes}\nwait_seconds {0.25 if scrapes % 2 else 0.75}\n"
            f'memory{{pod="a"}} 100\nmemory{{pod="b"}} 200\nzero 0\nfalls_total {1000 - scrapes}\n'
            + ("" if scrapes > 8 else "vanishes 1\n"),
        )(handler)

    site.paths["/metrics"] = metrics
    window = scraped(site)
    found = ask(
        prometheus,
        window,
        handled=("requests_total", "increase"),
        handled_per_s=("rate(requests_total[5s])", "mean"),
        all_handled=("increase(requests_total[$window])", "last"),
        wait_ms=("1000 * wait_seconds", "max"),
        wait_least_ms=("1000 * wait_seconds", "min"),
        wait_p95_ms=("1000 * wait_seconds", "p95"),
        memory=("sum(memory)", "last"),
        nothing=("zero", "max"),
        pods=("memory", "max"),
        absent=("no_such_metric", "max"),
        divided=("zero / zero", "mean"),
        too_long=("rate(requests_total[5m])", "max"),
        falls=("falls_total", "increase"),
        gone=("vanishes", "last"),
        gone_for_most=("vanishes", "max"),
        wrong=("sum(", "max"),
        a_word=('"text"', "max"),
    )
    values = {name: one.value for name, one in found.items() if one.value is not None}
    reasons = {name: one.reason for name, one in found.items() if one.value is None}
    assert {"handled", "handled_per_s", "all_handled"} <= values.keys(), reasons
    handled = values.pop("handled")
    assert 400 <= handled <= 600
    assert handled % 50 == 0, "a difference of two samples, extrapolated by nobody"
    assert 20 < values.pop("handled_per_s") < 80
    assert 300 < values.pop("all_handled") < 800
    assert values == {"wait_ms": 750, "wait_least_ms": 250, "wait_p95_ms": 750, "memory": 300, "nothing": 0}
    told = {
        "pods": "gives 2 series (memory{instance=127.0.0.1:",
        "absent": "gives no series in the measurement window",
        "divided": "nan is not a number that can be judged",
        "too_long": "reaches back 300 s, which is longer than the measurement window",
        "falls": "went down in the measurement window",
        "gone": "vanishes{",
        "gone_for_most": "moments of the measurement window only",
        "wrong": "refused the query: 1:5: parse error: unclosed left parenthesis",
        "a_word": "refused the query: invalid expression type",
    }
    assert reasons.keys() == told.keys()
    for name, words in told.items():
        assert words in str(reasons[name]), name
    assert "pod=a" in str(reasons["pods"])
    assert "pod=b" in str(reasons["pods"])
    assert found["wait_ms"].samples == found["nothing"].samples
    assert found["nothing"].details[0].observed == "first 0, last 0, from 0 to 0"

    # What was before the window is seen by nobody, although Prometheus has it.
    later = past_window(0.5)
    assert "not there" in str(ask(prometheus, later, gone=("vanishes", "last"))["gone"].reason) or "no series" in str(
        ask(prometheus, later, gone=("vanishes", "last"))["gone"].reason
    )


def api(answer: Callable[[Mapping[str, str]], object], *, ahead_s: float = 0.0, status: int = 200) -> Script:
    """Answers as Prometheus does: the time for `time()`, and `answer` of the form for anything else."""

    def run(handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        now_s = time.time() + ahead_s
        clock: object = {"status": "success", "data": {"resultType": "scalar", "result": [now_s, str(now_s)]}}
        told = clock if form["query"] == "time()" else answer(form)
        if callable(told):
            told(handler)
        else:
            reply(200 if told is clock else status, json.dumps(told))(handler)

    return run


def ended(form: Mapping[str, str]) -> float:
    return datetime.fromisoformat(form["end"]).timestamp()


def points(form: Mapping[str, str], value: object = "5", by_s: float = 0.0) -> list[list[object]]:
    start, end, step = datetime.fromisoformat(form["start"]).timestamp(), ended(form), float(form["step"][:-2]) / 1000
    return [[round(start + by_s + at * step, 3), value] for at in range(round((end - start) / step) + 1)]


def matrix(*series: object, **more: object) -> dict[str, object]:
    return {"status": "success", "data": {"resultType": "matrix", "result": list(series)}, **more}


def one(form: Mapping[str, str], value: object = "5", by_s: float = 0.0) -> dict[str, object]:
    return {"metric": {"pod": "a\x1b[31m"}, "values": points(form, value, by_s)}


ANSWERS: dict[str, tuple[Callable[[Mapping[str, str]], object], str]] = {
    "text": (lambda _: reply(200, "up 1\n"), "answered 200 with something else than JSON"),
    "page": (lambda _: reply(200, "<html>log in</html>"), "something else than JSON"),
    "large": (lambda _: reply(200, b"[" + b"1," * (5 << 20) + b"1]"), "larger than 1 MiB"),
    "deep": (lambda _: reply(200, "[" * 100_000), "something else than JSON"),
    "half": (lambda _: raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"), "the body ended early"),
    "elsewhere": (lambda _: reply(302, "", ("Location", "http://127.0.0.1:1/")), "answered 302"),
    "not allowed": (lambda _: reply(401, "who are you"), "answered 401 with something else than JSON"),
    "error": (
        lambda _: {"status": "error", "errorType": "internal", "error": "boom \x1b[1m"},
        "refused the query: boom",
    ),
    "success of nothing": (lambda _: {"status": "success"}, "not as its API does"),
    "null": (lambda _: {"status": "success", "data": None}, "not as its API does"),
    "vector": (lambda _: {"status": "success", "data": {"resultType": "vector", "result": []}}, "gives a vector"),
    "no kind": (lambda _: {"status": "success", "data": {"result": []}}, "not of its API"),
    "no series": (lambda _: matrix(), "no series"),
    "odd series": (lambda _: matrix(7), "something else than series"),
    "native histogram": (lambda _: matrix({"metric": {"le": "x"}, "histograms": []}), "is a histogram"),
    "empty": (lambda _: matrix({"metric": {}, "values": []}), "is there at 0 of"),
    "number": (lambda form: matrix(one(form, 5)), "is no point of a series"),
    "NaN": (lambda form: matrix(one(form, "NaN")), "nan is not a number"),
    "infinite": (lambda form: matrix(one(form, "+Inf")), "inf is not a number"),
    "words": (lambda form: matrix(one(form, "1_000")), "'1_000' is not a number"),
    "Arabic": (lambda form: matrix(one(form, "\u0661")), "is not a number"),
    "blanks": (lambda form: matrix(one(form, " 1\n")), "is not a number"),
    "a word of Python's": (lambda form: matrix(one(form, "infinity")), "'infinity' is not a number"),
    "hexadecimal": (lambda form: matrix(one(form, "0x1p3")), "is not a number"),
    "histograms too": (lambda form: matrix({**one(form), "histograms": [[1, {}]]}), "is a histogram"),
    "isPartial": (lambda form: matrix(one(form), isPartial=True), "may be partial: isPartial"),
    "a warning": (lambda form: matrix(one(form), warnings="store a is down"), "may be partial: store a is down"),
    "warnings by store": (lambda form: matrix(one(form), warnings={"a": "is down"}), "may be partial"),
    "an error beside it": (lambda form: matrix(one(form), error="half of it timed out"), "may be partial: half of it"),
    "yesterday": (lambda form: matrix(one(form, by_s=-86400.0)), "other moments than it was asked for"),
    "twice": (lambda form: matrix({"metric": {}, "values": 2 * points(form)}), "other moments"),
    "partial": (lambda form: matrix(one(form), warnings=["store a is down"]), "may be partial: store a is down"),
}


def test_an_answer_that_is_not_the_series_asked_for_is_a_reason_and_no_number(site: Site) -> None:
    for path in ("/api/v1/query", "/api/v1/query_range"):
        site.paths[path] = api(lambda form: ANSWERS[form["query"]][0](form))
    found = ask(site.url, past_window(10), **{kind: (kind, "max") for kind in ANSWERS})
    assert [name for name, one in found.items() if one.value is not None] == []
    for kind, (_, words) in ANSWERS.items():
        assert words in str(found[kind].reason), kind
        assert "\x1b" not in str(found[kind].reason)


def test_a_good_answer_is_a_number_also_with_hints_and_with_another_clock(site: Site) -> None:
    asked: list[Mapping[str, str]] = []

    def answer(form: Mapping[str, str]) -> object:
        asked.append(form)
        hints = ["PromQL info: metric might not be a counter"]
        return matrix({**one(form), "histograms": []}, warnings=hints, isPartial=False)

    for path in ("/p/api/v1/query", "/p/api/v1/query_range"):
        site.paths[path] = api(answer, ahead_s=30)
    before_s = time.time()
    found = ask(f"{site.url}/p/", past_window(10), it=("rate(up[4s])", "mean"))["it"]
    assert (found.value, found.reason, found.samples) == (5, None, 7)
    start_s, end_s = points(asked[0])[0][0], ended(asked[0])
    assert isinstance(start_s, float)
    assert round(end_s - start_s) == 6, "what is evaluated later than 4 s after the begin sees the window alone"
    assert abs(end_s - before_s - 30) < 5, "told in the server's clock"


def test_a_server_that_is_down_slow_or_has_another_time_leaves_a_reason_for_each_query(
    site: Site, other_site: Site
) -> None:
    both = {"a": ("up", "max"), "b": ("up", "min")}
    down = ask(f"http://127.0.0.1:{free_port()}", past_window(5), **both)
    assert {str(one.reason) for one in down.values()} == {"Prometheus: /api/v1/query: connection refused"}

    for path in ("/api/v1/query", "/api/v1/query_range"):
        site.paths[path] = api(lambda form: raw(b"HTTP/1.1 200 OK\r\n", pause_s=60))
        other_site.paths[path] = api(lambda form: matrix(one(form)), ahead_s=-7200)
    slow = ask(site.url, past_window(5), **both)
    assert {str(one.reason) for one in slow.values()} == {"Prometheus: /api/v1/query_range: timed out after 5 s"}
    off = ask(other_site.url, past_window(5), **both)
    assert all("its clock is 7,200 s behind this machine's" in str(one.reason) for one in off.values())


def test_without_a_window_or_an_address_nothing_is_asked(site: Site) -> None:
    window = Window()
    window.end()
    assert "never began" in str(ask(site.url, window, it=("up", "max"))["it"].reason)
    assert ask(None, past_window(5), it=("up", "max"))["it"].reason == "READINESS_PROMETHEUS_URL is not set"
    assert site.seen == []


def test_user_and_password_of_the_address_go_to_the_server_and_into_no_reason(site: Site) -> None:
    heads: list[str | None] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        heads.append(handler.headers["Authorization"])
        reply(403, "no")(handler)

    site.paths["/api/v1/query"] = answer
    url = site.url.replace("http://", "http://reader:s3cr%40t-word@")
    found = ask(url, past_window(5), it=("up", "max"))["it"]
    assert heads == ["Basic cmVhZGVyOnMzY3JAdC13b3Jk"]
    assert "s3cr" not in f"{found}"
    assert prometheus_server.secrets(url) == ("s3cr%40t-word", "s3cr@t-word")
    assert prometheus_server.secrets("https://t0ken@host/prefix") == ("t0ken",)


@pytest.mark.parametrize(
    "url", ["127.0.0.1:9090", "ftp://s3cret/", "http://", "http://u:s3cret@h:0", "http://h/?t=s3cret"]
)
def test_an_address_that_is_none_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigError, match="READINESS_PROMETHEUS_URL: must be an address") as error:
        prometheus_server.parse(url)
    assert "s3cret" not in str(error.value)


HEAD = "version: 1\nservice: shop\nchecks: { latency.p95: { pass: '< 1 s' } }\n"
PAGE = Path(__file__).parents[2] / "docs/how-to/prometheus.md"


def test_every_recipe_of_the_page_is_a_file_of_ours_and_promql_of_theirs(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    queries: dict[str, PrometheusQuery] = {}
    for block in re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL):
        (tmp_path / "thresholds.yaml").write_text(block if "checks:" in block else HEAD + block)
        queries |= load(tmp_path / "thresholds.yaml", {}).probes.prometheus.queries
    assert len(queries) > 15
    rules = [{"record": f"custom:{name}", "expr": promql.asked(one.query, 60_000)} for name, one in queries.items()]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "page", "rules": rules}]}))
    done = subprocess.run([promtool, "check", "rules", tmp_path / "rules.yml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"{len(rules)} rules found" in done.stdout


def test_a_check_that_nothing_could_measure_is_told_before_the_load_and_refused_where_it_blocks(tmp_path: Path) -> None:
    def told(on_fail: str, **environment: str) -> str | None:
        (tmp_path / "thresholds.yaml").write_text(
            "version: 1\nservice: shop\nprobes: { prometheus: { queries: { it: { query: up, take: min } } } }\n"
            f"checks: {{ custom.it: {{ pass: '== 1', on_fail: {on_fail} }} }}\n"
        )
        return monitoring.unmonitored(load(tmp_path / "thresholds.yaml", {}), environment)

    assert told("condition") == "these checks will not be measured: custom.it (READINESS_PROMETHEUS_URL is not set)"
    assert told("block", READINESS_PROMETHEUS_URL="http://127.0.0.1:9090") is None
    with pytest.raises(ConfigError, match=r"thresholds\.yaml:4: checks\.custom\.it: blocks and could not be measured"):
        told("block")
    with pytest.raises(ConfigError, match="READINESS_PROMETHEUS_URL: must be an address"):
        told("condition", READINESS_PROMETHEUS_URL="nonsense")
