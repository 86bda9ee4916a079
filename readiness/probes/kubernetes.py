"""kubernetes.*: restarts, replicas and the settings of the pods that serve, from the API server, which is only read.

The pods are read when the measurement window begins, some twenty times in it, and at its end. What was restarted
between two readings is seen in the counters of the containers; a pod that was replaced is told as lost, because its
counters went with it.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from readiness.config.monitoring import KubernetesSettings
from readiness.errors import NotMeasured
from readiness.measurements.run import Detail, Measurement
from readiness.metrics.kubernetes import KUBERNETES_METRICS
from readiness.probes.kubeconfig import ClusterAccess
from readiness.probes.kubernetes_api import (
    ContainerSeen,
    KubernetesApi,
    KubernetesObject,
    PodSeen,
    part,
    selector_of,
    selects,
    whole,
)
from readiness.probes.window import Window
from readiness.text import clean, name_service
from readiness.text.numbers import count

KUBERNETES_NAMES = tuple(metric.name for metric in KUBERNETES_METRICS)
_SOURCE = "Kubernetes"
_READINGS, _SHORTEST_S, _LONGEST_S = 20.0, 2.0, 15.0
_READING_S, _LAST_S, _BUDGETS_S = 5.0, 8.0, 4.0
"""At most; a reading that began before the end of the window may be followed by the last one and the budgets."""
_MISSED = 0.1
"""Share of the readings that may fail."""
_SHOWN = 20
_SETTINGS = {
    "kubernetes.readiness_probes.missing": "readiness_probes",
    "kubernetes.liveness_probes.missing": "liveness_probes",
    "kubernetes.requests.missing": "requests",
    "kubernetes.memory_limits.missing": "memory_limits",
    "kubernetes.root_containers": "non_root",
}


@dataclass(frozen=True, slots=True)
class ClusterReading:
    """The pods at one moment."""

    pods: tuple[PodSeen, ...]
    wanted: int | None
    """Replicas that the workload asks for; None where only a selector is given."""
    autoscaler: tuple[int, int] | str
    """(wanted, most) of the autoscaler, or why there is none."""


@dataclass(frozen=True, slots=True)
class ClusterSeen:
    """What was read in the measurement window, or why it was not."""

    readings: tuple[ClusterReading, ...] = ()
    budgets: tuple[KubernetesObject, ...] | str = ()
    reason: str | None = None
    missed: tuple[str, ...] = field(default=())
    """Why a reading between the first and the last failed."""


def watch(settings: KubernetesSettings, cluster: ClusterAccess, window: Window, duration_s: float) -> ClusterSeen:
    """Read until the window ended; whatever goes wrong is a reason."""
    while not window.ended and not window.wait_begin(0.2):
        pass
    if window.begin_s is None:
        return ClusterSeen(reason="the measurement window never began")
    try:
        return name_service.run(_watch(settings, cluster, window, duration_s))
    except NotMeasured as error:
        return ClusterSeen(reason=str(error))


async def _watch(
    settings: KubernetesSettings, cluster: ClusterAccess, window: Window, duration_s: float
) -> ClusterSeen:
    every_s = min(max(duration_s / _READINGS, _SHORTEST_S), _LONGEST_S)
    readings: list[ClusterReading] = []
    missed: list[str] = []
    async with KubernetesApi(cluster, settings.namespace or cluster.namespace) as api:
        while True:
            due_s, last = time.monotonic() + every_s, window.ended
            try:
                async with asyncio.timeout(_LAST_S if last else _READING_S):
                    readings.append(await _read(api, settings))
            except (NotMeasured, TimeoutError) as error:
                why = str(error) or "Kubernetes: a reading of the pods took too long"
                if last or not readings:
                    raise NotMeasured(why) from None
                missed.append(why)
            if last:
                break
            while time.monotonic() < due_s and not window.ended:
                await asyncio.sleep(0.05)
        try:
            async with asyncio.timeout(_BUDGETS_S):
                budgets: tuple[KubernetesObject, ...] | str = await api.budgets()
        except (NotMeasured, TimeoutError) as error:
            budgets = str(error) or f"Kubernetes: poddisruptionbudgets: no answer within {_BUDGETS_S:g} s"
    return ClusterSeen(tuple(readings), budgets, missed=tuple(missed))


async def _read(api: KubernetesApi, settings: KubernetesSettings) -> ClusterReading:
    if settings.workload is None:
        pods = await api.pods(settings.selector or "")
        return ClusterReading(pods, None, "probes.kubernetes.workload is not set: only a selector is")
    kind, _, name = settings.workload.partition("/")
    workload = await api.workload(kind, name)
    pods = await api.pods(selector_of(part(workload, "spec").get("selector")))
    wanted = whole(part(workload, "spec"), "replicas")
    try:
        scaled = _autoscaler(await api.autoscalers(), kind, name)
    except NotMeasured as error:
        scaled = str(error)
    return ClusterReading(pods, wanted, scaled)


def _autoscaler(all_of_them: tuple[KubernetesObject, ...], kind: str, name: str) -> tuple[int, int] | str:
    for one in all_of_them:
        of = part(one, "spec", "scaleTargetRef")
        if str(of.get("kind")).lower() == kind and of.get("name") == name:
            wanted, most = whole(part(one, "status"), "desiredReplicas"), whole(part(one, "spec"), "maxReplicas")
            if wanted is None or most is None:
                return "Kubernetes: the autoscaler does not tell what it wants"
            return wanted, most
    return f"Kubernetes: no HorizontalPodAutoscaler scales {kind}/{clean(name, 60)}"


def measure(metric: str, seen: ClusterSeen) -> Measurement:
    """One number. Raises NotMeasured with the reason."""
    if seen.reason is not None:
        raise NotMeasured(seen.reason)
    readings = seen.readings
    if not any(reading.pods for reading in readings):
        raise NotMeasured("Kubernetes: there are no such pods")
    if len(readings) < 2:
        raise NotMeasured("Kubernetes: the pods were read once; the measurement window is too short")
    tried = len(readings) + len(seen.missed)
    if len(seen.missed) > _MISSED * tried:  # what happened meanwhile was seen by nobody
        raise NotMeasured(f"Kubernetes: {len(seen.missed):,} of {tried:,} readings failed: {clean(seen.missed[0])}")
    ways: dict[str, Callable[[], tuple[float, tuple[Detail, ...]]]] = {
        "kubernetes.restarts": lambda: _counted(_restarts(readings, for_memory=False)),
        "kubernetes.oom_kills": lambda: _counted(_restarts(readings, for_memory=True)),
        "kubernetes.pods_lost": lambda: _counted(_lost(readings)),
        "kubernetes.replicas": lambda: (min(_ready(one) for one in readings), _replicas(readings)),
        "kubernetes.replicas.change": lambda: _change(readings),
        "kubernetes.autoscaler.at_most": lambda: _at_most(readings),
        "kubernetes.disruption_budget": lambda: _budget(readings[-1].pods, seen.budgets),
    }
    if metric in _SETTINGS:
        value, details = _counted(_without(readings, _SETTINGS[metric]))
    else:
        value, details = ways[metric]()
    if seen.missed:
        details = (*details, Detail("readings", f"{len(seen.missed):,} failed", None, seen.missed[0]))
    return Measurement(metric, None, float(value), _SOURCE, len(readings), details=details)


def _counted(found: dict[str, int]) -> tuple[float, tuple[Detail, ...]]:
    """A sum, and what it is made of."""
    worst = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
    return sum(found.values()), tuple(Detail(name, f"{number:,}", False) for name, number in worst[:_SHOWN])


def _restarts(readings: tuple[ClusterReading, ...], *, for_memory: bool) -> dict[str, int]:
    """By pod and container: by how much its counter grew; of a pod that came meanwhile, from 0 on."""
    before = dict(_containers(readings[0]))
    grown: dict[str, int] = {}
    for reading in readings[1:]:
        for key, one in _containers(reading):
            earlier = before.get(key)
            more = one.restarts - (earlier.restarts if earlier else 0)
            if more < 0:
                raise NotMeasured(f"Kubernetes: the restarts of {key[1]} went down")
            if more and (one.killed_for_memory or not for_memory):
                grown[key[1]] = grown.get(key[1], 0) + (1 if for_memory else more)
            before[key] = one
    return grown


def _containers(reading: ClusterReading) -> list[tuple[tuple[str, str], ContainerSeen]]:
    return [((pod.uid, f"{pod.name}/{one.name}"), one) for pod in reading.pods for one in pod.containers]


def _lost(readings: tuple[ClusterReading, ...]) -> dict[str, int]:
    lost: dict[str, int] = {}
    for earlier, later in itertools.pairwise(readings):
        still = {pod.uid for pod in later.pods if not pod.is_ending}
        lost |= {pod.name: 1 for pod in earlier.pods if not pod.is_ending and pod.uid not in still}
    return lost


def _ready(reading: ClusterReading) -> int:
    return sum(pod.is_ready for pod in reading.pods)


def _replicas(readings: tuple[ClusterReading, ...]) -> tuple[Detail, ...]:
    shown = f"{min(map(_ready, readings)):,} to {max(map(_ready, readings)):,} ready"
    return (Detail("pods", shown, None, count(len(readings), "reading")),)


def _change(readings: tuple[ClusterReading, ...]) -> tuple[float, tuple[Detail, ...]]:
    wanted = [one.wanted for one in readings if one.wanted is not None]
    if len(wanted) < len(readings):
        raise NotMeasured("Kubernetes: how many pods are asked for is told by a deployment or a stateful set alone")
    said = f"from {wanted[0]:,} to {wanted[-1]:,}, at most {max(wanted):,}"
    return max(wanted) - min(wanted), (Detail("replicas asked for", said, None, count(len(readings), "reading")),)


def _at_most(readings: tuple[ClusterReading, ...]) -> tuple[float, tuple[Detail, ...]]:
    told = []
    for reading in readings:
        if isinstance(reading.autoscaler, str):
            raise NotMeasured(reading.autoscaler)
        told.append(reading.autoscaler)
    at_most = any(wanted >= most for wanted, most in told)
    said = f"wanted {min(wanted for wanted, _ in told):,} to {max(wanted for wanted, _ in told):,} of {told[-1][1]:,}"
    return float(at_most), (Detail("autoscaler", said, None, count(len(readings), "reading")),)


def _budget(pods: tuple[PodSeen, ...], budgets: tuple[KubernetesObject, ...] | str) -> tuple[float, tuple[Detail, ...]]:
    if isinstance(budgets, str):
        raise NotMeasured(budgets)
    if not pods:
        raise NotMeasured("Kubernetes: there were no pods at the end of the measurement window")
    selectors = [part(one, "spec").get("selector") for one in budgets]
    uncovered = {pod.name: 1 for pod in pods if not any(selects(one, pod.labels) for one in selectors)}
    return float(not uncovered), tuple(Detail(name, "no budget", False) for name in list(uncovered)[:_SHOWN])


def _without(readings: tuple[ClusterReading, ...], what: str) -> dict[str, int]:
    """By name of the container: those of any reading's pods that do not have it."""
    return {
        one.name: 1 for reading in readings for pod in reading.pods for one in pod.containers if what in one.missing
    }
