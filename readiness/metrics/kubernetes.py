"""Metrics of the pods that serve, as the API server of Kubernetes tells them."""

from __future__ import annotations

from functools import partial

from readiness.metrics.metric import Metric

KUBERNETES_PREFIX = "kubernetes."
_resources = partial(Metric, area="resources")

KUBERNETES_METRICS: tuple[Metric, ...] = (
    _resources(
        "kubernetes.restarts",
        "Container Restarts",
        "Restarts of the pods' containers in the measurement window.",
        "A container that restarts under load loses its requests, and what is measured is a cold start.",
        "Read the log of the ended container (kubectl logs --previous) and its exit code.",
    ),
    _resources(
        "kubernetes.oom_kills",
        "Containers Killed for Memory",
        "Restarts in the measurement window whose container was ended with OOMKilled.",
        "A container over its memory limit is killed without a word to its clients.",
        "Bound what is kept in memory, or raise the memory limit.",
    ),
    _resources(
        "kubernetes.pods_lost",
        "Pods Lost",
        "Pods that were there at one reading in the measurement window, and gone, ending or failed at a later one.",
        "An evicted or replaced pod is not seen as a restart, and takes its requests along.",
        "Read the events of the namespace: eviction, preemption, a rollout or a scale-down during the load.",
    ),
    _resources(
        "kubernetes.replicas",
        "Ready Replicas",
        "The fewest ready pods at a reading in the measurement window.",
        "A service with one ready pod is down while that one restarts.",
        "Run two replicas or more, on different nodes.",
        better="higher",
    ),
    _resources(
        "kubernetes.replicas.change",
        "Change of Replicas",
        "The most pods that were asked for at a reading in the measurement window, less the fewest.",
        "A service that is scaled while it is measured has no one answer.",
        "Load longer, judge a window after the scaling, or fix the number of replicas for the test.",
    ),
    _resources(
        "kubernetes.autoscaler.at_most",
        "Autoscaler at Its Most",
        "1 when the HorizontalPodAutoscaler wanted its maxReplicas at a reading in the measurement window, else 0.",
        "An autoscaler at its most has no reserve: more load makes the service slower.",
        "Raise maxReplicas, if the nodes and the database can take it, or make a request cheaper.",
        better="equal",
        yes_no=True,
    ),
    _resources(
        "kubernetes.disruption_budget",
        "Disruption Budget",
        "1 when a PodDisruptionBudget covers every pod, else 0.",
        "Without one the drain of nodes may end all pods at once.",
        "Add a PodDisruptionBudget with maxUnavailable: 1.",
        better="equal",
        yes_no=True,
    ),
    _resources(
        "kubernetes.readiness_probes.missing",
        "Containers without Readiness Probe",
        "Containers of the pods that have no readinessProbe, each name counted once.",
        "Such a container gets requests before it can answer them.",
        "Add a readinessProbe that says whether it can serve.",
    ),
    _resources(
        "kubernetes.liveness_probes.missing",
        "Containers without Liveness Probe",
        "Containers of the pods that have no livenessProbe, each name counted once.",
        "A container that hangs is never restarted.",
        "Add a livenessProbe that is shallow: it must not ask the database.",
    ),
    _resources(
        "kubernetes.requests.missing",
        "Containers without Requests",
        "Containers of the pods without a CPU request or without a memory request, each name counted once.",
        "The scheduler puts such a pod on a full node, and it is the first to be evicted.",
        "Set resources.requests from what target.cpu_cores and target.memory.max were under this load.",
    ),
    _resources(
        "kubernetes.memory_limits.missing",
        "Containers without Memory Limit",
        "Containers of the pods without a memory limit, each name counted once.",
        "A leak in such a container takes the whole node along.",
        "Set resources.limits.memory.",
    ),
    _resources(
        "kubernetes.root_containers",
        "Containers That May Run as Root",
        "Containers of the pods with neither runAsNonRoot: true nor a runAsUser other than 0, each name counted once.",
        "What breaks out of a container that runs as root is root on the node.",
        "Set securityContext.runAsNonRoot: true, and a user in the image.",
    ),
)
