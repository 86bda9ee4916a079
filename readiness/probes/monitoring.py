"""What systems that watch the service anyway saw while the load ran: not the service is asked, but they.

So they take no turn of the Allowance, and their addresses come from the environment and never from thresholds.yaml.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from readiness.config.model import Check, Config, OnFail
from readiness.config.probes import Probes
from readiness.errors import ConfigError, NotMeasured
from readiness.measurements.run import Measurement
from readiness.probes import kubeconfig, kubernetes, prometheus_queries, prometheus_server
from readiness.probes.kubernetes import ClusterSeen
from readiness.probes.prometheus_queries import PrometheusSeen
from readiness.probes.window import Window
from readiness.text import clean

_NO_PODS = "probes.kubernetes is not set: which pods serve"


@dataclass(frozen=True, slots=True)
class Monitored:
    """What was seen in the measurement window."""

    prometheus: PrometheusSeen = field(default_factory=PrometheusSeen)
    kubernetes: ClusterSeen = field(default_factory=lambda: ClusterSeen(reason=_NO_PODS))


def secrets(environment: Mapping[str, str]) -> tuple[str, ...]:
    """User, password and token of what the environment names; a kubeconfig that cannot be read has none."""
    found = prometheus_server.secrets(environment.get(prometheus_server.PROMETHEUS_VARIABLE, ""))
    path = environment.get(kubeconfig.KUBECONFIG_VARIABLE)
    return (*found, *(kubeconfig.tokens(path) if path else ()))


def unmonitored(config: Config, environment: Mapping[str, str]) -> str | None:
    """What will not be measured, as one line; None for nothing.

    Raises ConfigError for an address or a kubeconfig that cannot be used, and when a check blocks that nothing could
    measure.
    """
    missing: list[tuple[Check, str]] = []
    if url := environment.get(prometheus_server.PROMETHEUS_VARIABLE):
        prometheus_server.parse(url)
    else:
        queries = {f"custom.{name}" for name in config.probes.prometheus.queries}
        missing += _asking(config, queries, f"{prometheus_server.PROMETHEUS_VARIABLE} is not set")
    settings, path = config.probes.kubernetes, environment.get(kubeconfig.KUBECONFIG_VARIABLE)
    if settings is None or not path:
        why = _NO_PODS if settings is None else f"{kubeconfig.KUBECONFIG_VARIABLE} is not set"
        missing += _asking(config, set(kubernetes.KUBERNETES_NAMES), why)
    else:
        kubeconfig.access(path, settings.context)
    if blocking := [pair for pair in missing if pair[0].on_fail is OnFail.BLOCK]:
        raise ConfigError(
            *(
                f"{config.file}:{check.line}: checks.{check.key}: blocks and could not be measured: {why}; set it, or "
                "declare the check not_applicable"
                for check, why in blocking
            )
        )
    reasons = dict.fromkeys(why for _, why in missing)
    told = [f"{', '.join(check.key for check, other in missing if other == why)} ({why})" for why in reasons]
    return f"these checks will not be measured: {'; '.join(told)}" if told else None


def _asking(config: Config, metrics: AbstractSet[str], why: str) -> list[tuple[Check, str]]:
    return [(one, why) for one in config.checks if one.metric in metrics and one.not_applicable is None]


def watch(settings: Probes, environment: Mapping[str, str], window: Window, duration_s: float) -> Monitored:
    """Returns some seconds after the end of the window. Never raises: a probe that fails leaves a reason."""
    queries, cluster = settings.prometheus.queries, settings.kubernetes
    path = environment.get(kubeconfig.KUBECONFIG_VARIABLE)

    def asked() -> PrometheusSeen:
        if not queries:
            return PrometheusSeen()
        return prometheus_queries.ask(environment.get(prometheus_server.PROMETHEUS_VARIABLE), queries, window)

    def watched() -> ClusterSeen:
        if cluster is None:
            return ClusterSeen(reason=_NO_PODS)
        if not path:
            return ClusterSeen(reason=f"{kubeconfig.KUBECONFIG_VARIABLE} is not set")
        return kubernetes.watch(cluster, kubeconfig.access(path, cluster.context), window, duration_s)

    with ThreadPoolExecutor(2, thread_name_prefix="monitoring") as pool:
        by_prometheus, by_kubernetes = pool.submit(asked), pool.submit(watched)
    seen = Monitored()
    # A defect in one probe must not cost the run.
    if error := by_prometheus.exception():
        seen = Monitored(PrometheusSeen(dict.fromkeys(queries, _broke(error))), seen.kubernetes)
    else:
        seen = Monitored(by_prometheus.result(), seen.kubernetes)
    if error := by_kubernetes.exception():
        return Monitored(seen.prometheus, ClusterSeen(reason=_broke(error)))
    return Monitored(seen.prometheus, by_kubernetes.result())


def conclude(seen: Monitored, settings: Probes, wanted: AbstractSet[str]) -> tuple[Measurement, ...]:
    """The measurements, each with its value or its reason. Pure."""
    found = []
    for name, query in settings.prometheus.queries.items():
        found.append(
            _guarded(f"custom.{name}", lambda n=name, q=query: prometheus_queries.measure(n, q, seen.prometheus))  # type: ignore[misc]
        )
    asked = [name for name in kubernetes.KUBERNETES_NAMES if settings.kubernetes is not None or name in wanted]
    found += [_guarded(name, lambda n=name: kubernetes.measure(n, seen.kubernetes)) for name in asked]  # type: ignore[misc]
    return tuple(found)


def _guarded(metric: str, measure: Callable[[], Measurement]) -> Measurement:
    source = "Kubernetes" if metric in kubernetes.KUBERNETES_NAMES else "Prometheus"
    try:
        return measure()
    except NotMeasured as error:
        return Measurement(metric, None, None, source, reason=clean(error))
    except Exception as error:  # a defect in one probe must not cost the run
        return Measurement(metric, None, None, source, reason=_broke(error))


def _broke(error: BaseException) -> str:
    if isinstance(error, ConfigError):
        return str(error)
    return f"the probe broke: {type(error).__name__}: {clean(error)}"
