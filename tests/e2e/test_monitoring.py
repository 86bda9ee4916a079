"""Prometheus and Kubernetes beside a whole run: their numbers are checks, their secrets are in no file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from tests.e2e.conftest import LOOSE, Cli
from tests.e2e.invariants import assert_invariants
from tests.faultd.client import layer
from tests.faultd.fixture import StartFaultd
from tests.probes.conftest import Site
from tests.probes.test_kubernetes import TOKEN, ApiServer, config_file, healthy
from tests.probes.test_prometheus_queries import api, matrix, one

MONITORING = """
probes:
  prometheus:
    queries:
      depth: { query: max(queue), take: max }
      gone: { query: nothing, take: max }
  kubernetes: { workload: deployment/api }
"""
CHECKS = (
    LOOSE
    + "  custom.depth: { pass: '<= 5' }\n  custom.gone: { pass: '<= 5' }\n"
    + "  kubernetes.restarts: { pass: '== 0', on_fail: block }\n  kubernetes.root_containers: { pass: '== 0' }\n"
)


@pytest.fixture
def prometheus() -> Iterator[Site]:
    server = Site()
    yield server
    server.close()


@pytest.fixture
def cluster() -> Iterator[ApiServer]:
    server = ApiServer()
    yield server
    server.close()


def test_numbers_of_others_are_checks_each_with_its_reason_and_no_secret_in_a_file(
    cli: Cli, faultd: StartFaultd, prometheus: Site, cluster: ApiServer
) -> None:
    def answer(form: Mapping[str, str]) -> object:
        return matrix(one(form, "4")) if "queue" in form["query"] else matrix()

    for path in ("/api/v1/query", "/api/v1/query_range"):
        prometheus.paths[path] = api(answer)
    cluster.state = healthy()
    cluster.state["pods"][0]["spec"]["containers"][0].pop("securityContext")
    password = "hunter22-for-metrics"
    environment = {
        "READINESS_PROMETHEUS_URL": prometheus.url.replace("//", f"//reader:{password}@"),
        "READINESS_KUBECONFIG": str(config_file(cli.folder, cluster.url)),
    }
    server = faultd(layer("ok"))
    result = cli.run(server.url, checks=CHECKS, more=MONITORING, env=environment, secrets=(password, TOKEN))
    assert_invariants(result, server, planned_s=8)
    outcomes = {name: result.check(name)["outcome"] for name in ("custom.depth", "custom.gone", "kubernetes.restarts")}
    assert outcomes == {"custom.depth": "pass", "custom.gone": "error", "kubernetes.restarts": "pass"}
    assert "gives no series in the measurement window" in result.check("custom.gone")["message"]
    assert result.check("kubernetes.root_containers")["value"] == 1

    without = cli.run(server.url, checks=CHECKS, more=MONITORING)
    assert without.exit_code == 2
    assert (
        "checks.kubernetes.restarts: blocks and could not be measured: READINESS_KUBECONFIG is not set" in without.said
    )
