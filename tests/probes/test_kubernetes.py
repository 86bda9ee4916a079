"""kubernetes.*: from an API server of ours on a TLS socket, whose documents have the shape of the real one's.

No cluster is on the machines that run this: the documents are written after the API's reference, not recorded.
"""

from __future__ import annotations

import base64
import copy
import json
import re
import ssl
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import trustme

from readiness.config.load import load
from readiness.config.monitoring import KubernetesSettings
from readiness.config.probes import Probes
from readiness.errors import ConfigError
from readiness.measurements.run import Measurement
from readiness.metrics.kubernetes import KUBERNETES_METRICS
from readiness.probes import kubeconfig, monitoring
from readiness.probes.window import Window
from tests.faultd.client import free_port

AUTHORITY = trustme.CA()
TOKEN = "eyJhbGciOi-t0ken-of-a-reader"
Cluster = dict[str, Any]


def pod(name: str, *, restarts: int = 0, ready: bool = True, **container: Any) -> dict[str, Any]:
    return {
        "metadata": {"uid": f"uid-{name}", "name": name, "labels": {"app": "api", "tier": "web"}},
        "spec": {"containers": [{"name": "api", "image": "api:1", **container}]},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
            "containerStatuses": [
                {"name": "api", "restartCount": restarts, "state": {"running": {}}, "lastState": {}, "ready": ready}
            ],
        },
    }


GOOD: dict[str, Any] = {
    "readinessProbe": {"httpGet": {"path": "/ready"}},
    "livenessProbe": {"httpGet": {"path": "/live"}},
    "resources": {"limits": {"memory": "512Mi", "cpu": "1"}, "requests": {"cpu": "500m"}},
    "securityContext": {"runAsNonRoot": True},
}


def healthy() -> Cluster:
    return {
        "workload": {
            "kind": "Deployment",
            "spec": {
                "replicas": 2,
                "selector": {
                    "matchLabels": {"app": "api"},
                    "matchExpressions": [{"key": "tier", "operator": "In", "values": ["web"]}],
                },
            },
        },
        "pods": [pod("api-1", **GOOD), pod("api-2", **GOOD)],
        "horizontalpodautoscalers": [
            {
                "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "api"}, "maxReplicas": 5},
                "status": {"currentReplicas": 2, "desiredReplicas": 2},
            }
        ],
        "poddisruptionbudgets": [{"spec": {"selector": {"matchLabels": {"app": "api"}}, "maxUnavailable": 1}}],
    }


def untold(one: dict[str, Any]) -> dict[str, Any]:
    """It is ready, and does not say what its containers do."""
    one["status"].pop("containerStatuses")
    return one


def sidecar(one: dict[str, Any], *, restarts: int = 0) -> dict[str, Any]:
    """With a container that runs beside the others, and one that ran before them."""
    ended = {"terminated": {"reason": "OOMKilled"}}
    one["spec"]["initContainers"] = [{"name": "proxy", "restartPolicy": "Always", **GOOD}, {"name": "migrate"}]
    one["status"]["initContainerStatuses"] = [
        {"name": "proxy", "restartCount": restarts, "lastState": ended if restarts else {}},
        {"name": "migrate", "restartCount": 0, "state": {"terminated": {"reason": "Completed"}}},
    ]
    return one


class ApiServer:
    """`state` is what is told; `seen` each request, with its Authorization."""

    def __init__(self, *, client_certificate: bool = False) -> None:
        self.state = healthy()
        self.seen: list[tuple[str, str, str | None]] = []
        self.refuses: dict[str, int] = {}
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                server.seen.append((self.command, self.path, self.headers["Authorization"]))
                address = urlsplit(self.path)
                kind = address.path.rpartition("/")[2]
                kind = kind if kind in server.state else "workload"
                status = server.refuses.get(kind, 200)
                told = server.state[kind]
                told = told() if callable(told) else told
                if isinstance(told, list):
                    fields = {key: values[0] for key, values in parse_qs(address.query).items()}
                    start, limit = int(fields.get("continue", "0")), int(fields["limit"])
                    after = str(start + limit) if start + limit < len(told) else ""
                    told = {"items": told[start : start + limit], "metadata": {"continue": after}}
                body = told if isinstance(told, bytes) else json.dumps(told).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)
        if client_certificate:
            context.verify_mode = ssl.CERT_REQUIRED
            AUTHORITY.configure_trust(context)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[ApiServer]:
    one = ApiServer()
    yield one
    one.close()


def encoded(pem: bytes) -> str:
    return base64.b64encode(pem).decode()


def config_file(folder: Path, url: str, user: str = f"token: {TOKEN}", cluster: str = "", context: str = "") -> Path:
    authority = encoded(AUTHORITY.cert_pem.bytes())
    path = folder / "kubeconfig"
    path.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: test\n"
        f"clusters: [{{ name: c, cluster: {{ server: '{url}', certificate-authority-data: {authority}{cluster} }} }}]\n"
        f"users: [{{ name: u, user: {{ {user} }} }}]\n"
        f"contexts: [{{ name: test, context: {{ cluster: c, user: u, namespace: shop {context} }} }}]\n"
    )
    return path


def measured(
    path: Path,
    during: Callable[[Callable[[int], None]], None] = lambda _: None,
    *,
    server: ApiServer | None = None,
    settings: KubernetesSettings = KubernetesSettings(workload="deployment/api"),  # noqa: B008 - frozen
) -> dict[str, Measurement]:
    """By metric without its prefix. `during` may change the state, between readings that it waits for."""
    window = Window()
    probes = Probes(kubernetes=settings)
    window.begin()

    before = asked(server, settings) if server else 0

    def play() -> None:
        def readings(number: int) -> None:
            ends_s = time.monotonic() + 600
            while server is not None and asked(server, settings) < before + number and time.monotonic() < ends_s:
                time.sleep(0.01)

        readings(1)
        during(readings)
        window.end()

    playing = Thread(target=play)
    playing.start()
    seen = monitoring.watch(probes, {kubeconfig.KUBECONFIG_VARIABLE: str(path)}, window, 1.0)
    playing.join()
    found = monitoring.conclude(seen, probes, set())
    return {one.metric.removeprefix("kubernetes."): one for one in found}


def asked(server: ApiServer, settings: KubernetesSettings) -> int:
    """Readings that came to their last request."""
    last = "autoscalers" if settings.workload else "/pods"
    return sum(last in path for _, path, _ in server.seen)


def test_a_good_workload_is_read_with_gets_alone_and_its_token_goes_to_the_server_alone(
    server: ApiServer, tmp_path: Path
) -> None:
    server.state["pods"] += [pod(f"api-{number}", **GOOD) for number in range(3, 31)]
    found = measured(config_file(tmp_path, server.url), server=server)
    assert {name: one.value for name, one in found.items()} == {
        "restarts": 0,
        "oom_kills": 0,
        "pods_lost": 0,
        "replicas": 30,
        "replicas.change": 0,
        "autoscaler.at_most": 0,
        "disruption_budget": 1,
        "readiness_probes.missing": 0,
        "liveness_probes.missing": 0,
        "requests.missing": 0,
        "memory_limits.missing": 0,
        "root_containers": 0,
    }
    assert set(found) == {metric.name.removeprefix("kubernetes.") for metric in KUBERNETES_METRICS}
    assert {method for method, _, _ in server.seen} == {"GET"}
    assert {head for _, _, head in server.seen} == {f"Bearer {TOKEN}"}
    pods = [path for _, path, _ in server.seen if "/pods" in path]
    assert pods[0] == "/api/v1/namespaces/shop/pods?limit=25&labelSelector=app%3Dapi%2Ctier+in+%28web%29"
    assert "continue=25" in pods[1]
    assert monitoring.secrets({kubeconfig.KUBECONFIG_VARIABLE: str(tmp_path / "kubeconfig")}) == (TOKEN,)
    assert TOKEN not in str(found)


def test_what_happens_to_the_pods_in_the_window_is_seen_and_what_was_before_is_not(
    server: ApiServer, tmp_path: Path
) -> None:
    server.state["pods"] = [pod("api-1", restarts=7, **GOOD), pod("api-2"), pod("api-3", restarts=4)]
    server.state["pods"][0]["status"]["containerStatuses"][0]["lastState"] = {"terminated": {"reason": "OOMKilled"}}
    server.state["pods"][1]["spec"]["securityContext"] = {"runAsUser": 0}
    server.state["poddisruptionbudgets"] = [{"spec": {"minAvailable": 1}}]

    def happens(readings: Callable[[int], None]) -> None:
        state = copy.deepcopy(server.state)
        state["pods"][1]["status"]["containerStatuses"][0] |= {
            "restartCount": 2,
            "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}},
        }
        state["pods"][1]["status"]["conditions"][0]["status"] = "False"
        state["pods"][2] = pod("api-4", restarts=1)
        state["horizontalpodautoscalers"][0]["status"]["desiredReplicas"] = 5
        state["workload"]["spec"]["replicas"] = 5
        server.state = state
        readings(3)  # one of these may have begun before

    found = measured(config_file(tmp_path, server.url), happens, server=server)
    assert {name: one.value for name, one in found.items()} == {
        "restarts": 3,
        "oom_kills": 1,
        "pods_lost": 1,
        "replicas": 2,
        "replicas.change": 3,
        "autoscaler.at_most": 1,
        "disruption_budget": 0,
        "readiness_probes.missing": 1,
        "liveness_probes.missing": 1,
        "requests.missing": 1,
        "memory_limits.missing": 1,
        "root_containers": 1,
    }
    assert [(one.subject, one.observed) for one in found["restarts"].details] == [
        ("api-2/api", "2"),
        ("api-4/api", "1"),
    ]
    assert [one.subject for one in found["pods_lost"].details] == ["api-3"]


def test_a_native_sidecar_is_a_container_as_any_other_and_an_init_container_is_none(
    server: ApiServer, tmp_path: Path
) -> None:
    pending = untold(pod("api-2", ready=False, **GOOD))
    pending["status"]["phase"] = "Pending"
    server.state["pods"] = [sidecar(pod("api-1", **GOOD)), pending]

    def happens(readings: Callable[[int], None]) -> None:
        state = copy.deepcopy(server.state)
        state["pods"][0] = sidecar(pod("api-1", **GOOD), restarts=2)
        state["pods"][0]["spec"]["initContainers"][0].pop("resources")
        server.state = state
        readings(2)

    found = measured(config_file(tmp_path, server.url), happens, server=server)
    told = {name: found[name].value for name in ("restarts", "oom_kills", "memory_limits.missing", "root_containers")}
    assert told == {"restarts": 2, "oom_kills": 1, "memory_limits.missing": 1, "root_containers": 0}
    assert [one.subject for one in found["restarts"].details] == ["api-1/proxy"]


@pytest.mark.parametrize(
    ("selector", "covered"),
    [
        (None, 0),
        ({}, 1),
        ({"matchLabels": None}, 1),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["api"]}]}, 0),
        ({"matchLabels": ["app"]}, None),
        ({"matchExpressions": "app"}, None),
        ({"matchExpressions": [{"key": "app", "operator": "Gt", "values": ["1"]}]}, None),
        ("app=api", None),
    ],
)
def test_a_budget_covers_the_pods_that_its_selector_means(
    server: ApiServer, tmp_path: Path, selector: object, covered: float | None
) -> None:
    server.state["poddisruptionbudgets"] = [{"spec": {"selector": selector}}]
    found = measured(config_file(tmp_path, server.url), server=server)["disruption_budget"]
    assert found.value == covered
    assert covered is not None or found.reason == "Kubernetes: the selector of a budget cannot be read"


def test_readings_that_failed_leave_nothing_measured_and_say_why(server: ApiServer, tmp_path: Path) -> None:
    good, told = server.state["pods"], 0

    def pods() -> object:
        nonlocal told
        told += 1
        return b"<html>" if told == 2 else {"items": good, "metadata": {}}

    server.state["pods"] = pods
    found = measured(config_file(tmp_path, server.url), lambda readings: readings(2), server=server)
    assert {one.value for one in found.values()} == {None}
    assert "readings failed: Kubernetes: pods: the answer is not JSON" in str(found["restarts"].reason)


def test_what_may_not_be_read_or_is_not_there_is_a_reason_of_its_own(server: ApiServer, tmp_path: Path) -> None:
    path = config_file(tmp_path, server.url)
    server.refuses = {"poddisruptionbudgets": 403}
    server.state["horizontalpodautoscalers"] = []
    found = measured(path, server=server)
    reasons = {name: str(one.reason) for name, one in found.items() if one.value is None}
    assert reasons == {
        "autoscaler.at_most": "Kubernetes: no HorizontalPodAutoscaler scales deployment/api",
        "disruption_budget": "Kubernetes: poddisruptionbudgets: the user of READINESS_KUBECONFIG may not read them "
        "(answered 403)",
    }
    by_labels = measured(
        path, server=server, settings=KubernetesSettings(selector="app=api", namespace="other", context="test")
    )
    assert {name for name, one in by_labels.items() if one.value is None} == {
        "autoscaler.at_most", "disruption_budget", "replicas.change"
    }  # fmt: skip
    assert "/api/v1/namespaces/other/pods?limit=25&labelSelector=app%3Dapi" in [path for _, path, _ in server.seen]

    for state, words in (
        ({"pods": []}, "there are no such pods"),
        ({"pods": [{"metadata": {}}]}, "one has no uid"),
        ({"pods": [{"metadata": {"uid": "u"}}]}, "has no containers"),
        ({"pods": b"<html>"}, "not JSON of its API"),
        ({"pods": b"[" * 99_999}, "not JSON of its API"),
        ({"pods": b" " * (2 << 20)}, "larger than 1 MiB"),
        ({"pods": {"items": 5}}, "the answer is no list"),
        ({"pods": {"items": [], "metadata": {"continue": "for ever"}}}, "more than 1,000 are there; name fewer"),
        ({"pods": {"items": [], "metadata": {"remainingItemCount": 7}}}, "the list is cut short"),
        ({"pods": {"items": [], "metadata": {"continue": 7}}}, "the list is cut short"),
        ({"pods": [untold(pod("api-1", **GOOD))]}, "api-1 does not tell how often it restarted"),
        ({"pods": [sidecar(untold(pod("api-1", **GOOD)))]}, "api-1 does not tell how often it restarted"),
        ({"workload": {"spec": {"selector": {}}}}, "selects no pods"),
        ({"workload": {"spec": {"selector": None}}}, "selects no pods"),
        ({"workload": {"spec": {"selector": {"matchLabels": ["app"]}}}}, "the selector of the workload cannot be read"),
    ):
        server.state = {**healthy(), **state}
        found = measured(path)
        assert {one.value for one in found.values()} == {None}
        assert all(words in str(one.reason) for one in found.values()), words
    server.refuses = {"workload": 404}
    assert "deployment: answered 404" in str(measured(path)["restarts"].reason)
    nobody = config_file(tmp_path, f"https://127.0.0.1:{free_port()}")
    assert str(measured(nobody)["restarts"].reason) == "Kubernetes: deployment: connection refused"


def test_a_client_certificate_is_shown_and_a_server_of_another_authority_is_not_asked(
    server: ApiServer, tmp_path: Path
) -> None:
    strict = ApiServer(client_certificate=True)
    try:
        mine = AUTHORITY.issue_cert("reader@example.org")
        (tmp_path / "key.pem").write_bytes(mine.private_key_pem.bytes())
        chain = encoded(b"".join(blob.bytes() for blob in mine.cert_chain_pems))
        user = f"client-certificate-data: {chain}, client-key: key.pem"
        found = measured(config_file(tmp_path, strict.url, user), server=strict)
        assert found["restarts"].value == 0
        assert strict.seen[0][2] is None
    finally:
        strict.close()
    path = config_file(tmp_path, server.url)
    path.write_text(
        path.read_text().replace(encoded(AUTHORITY.cert_pem.bytes()), encoded(trustme.CA().cert_pem.bytes()))
    )
    assert "TLS failed" in str(measured(path)["restarts"].reason)
    assert server.seen == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"user": "exec: { command: aws }"}, "gets its token from a program (exec), which is not run"),
        ({"user": "auth-provider: { name: gcp }"}, "from a program (auth-provider)"),
        ({"user": "username: a, password: s3cret-word"}, "a user name and a password"),
        ({"user": "token: s3cret-word, as: admin"}, "acts as another user"),
        ({"user": "tokenFile: none.txt"}, "tokenFile: there is no such file"),
        ({"user": "client-key-data: s3cret-word"}, "client-key-data is not PEM in base64"),
        ({"cluster": ", insecure-skip-tls-verify: true"}, "does not verify the server"),
        ({"cluster": ", proxy-url: 'http://p'"}, "goes through a proxy"),
        ({"url": "http://10.0.0.1:6443"}, "a server without TLS"),
        ({"url": "https://u:s3cret-word@h"}, "server is not an address"),
        ({"url": "nonsense"}, "server is not an address"),
    ],
)
def test_a_kubeconfig_that_cannot_be_used_as_it_is_ends_the_command_before_anything_is_sent(
    tmp_path: Path, given: dict[str, str], words: str
) -> None:
    (tmp_path / "thresholds.yaml").write_text(
        "version: 1\nservice: shop\nprobes: { kubernetes: { workload: deployment/api } }\n"
        "checks: { kubernetes.restarts: { pass: '== 0', on_fail: block } }\n"
    )
    config = load(tmp_path / "thresholds.yaml", {})
    path = config_file(tmp_path, **{"url": "https://127.0.0.1:1", **given})
    with pytest.raises(ConfigError) as error:
        monitoring.unmonitored(config, {kubeconfig.KUBECONFIG_VARIABLE: str(path)})
    assert words in str(error.value)
    assert "s3cret" not in str(error.value)
    assert str(error.value).startswith("READINESS_KUBECONFIG: the file ")
    with pytest.raises(ConfigError, match="blocks and could not be measured: READINESS_KUBECONFIG is not set"):
        monitoring.unmonitored(config, {})


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("{}", "needs one of workload and selector"),
        ("{ workload: deployment/api, selector: app=api }", "needs one of workload and selector"),
        ("{ workload: pod/api }", "must be a kind and a name, such as deployment/api"),
        ("{ workload: 'deployment/../../secrets' }", "must be a kind and a name"),
        ("{ selector: 'app=api', namespace: 'a/b' }", "must be the name of a namespace"),
        ("{ selector: 'app=api&watch=1' }", "must be labels, such as app=api"),
        ("{ selector: app=api, kubeconfig: /etc/passwd }", "unknown key"),
    ],
)
def test_a_section_that_names_no_pods_is_refused(tmp_path: Path, section: str, words: str) -> None:
    path = tmp_path / "thresholds.yaml"
    path.write_text(
        f"version: 1\nservice: shop\nprobes: {{ kubernetes: {section} }}\n"
        "checks: { throughput: { pass: '> 1 /s' } }\n"
    )
    with pytest.raises(ConfigError) as error:
        load(path, {})
    assert words in str(error.value)


def test_the_example_of_the_page_is_a_file_of_ours(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/how-to/kubernetes.md").read_text()
    example = next(block for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "checks:" in block)
    (tmp_path / "thresholds.yaml").write_text(example)
    config = load(tmp_path / "thresholds.yaml", {})
    assert {check.metric for check in config.checks} <= {metric.name for metric in KUBERNETES_METRICS}
    assert config.probes.kubernetes == KubernetesSettings(workload="deployment/api", namespace="shop")
