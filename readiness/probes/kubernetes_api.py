"""The API server of Kubernetes: GETs alone, and of what it says only what is asked for.

Sources: https://kubernetes.io/docs/reference/kubernetes-api/ (Pod, Deployment, HorizontalPodAutoscaler,
PodDisruptionBudget), https://kubernetes.io/docs/reference/using-api/api-concepts/ (limit and continue).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from readiness.config import tls
from readiness.errors import NotMeasured
from readiness.measurements import strict
from readiness.measurements.provenance import Target
from readiness.probes.http import FetchFailed, Message, fetch, new_client
from readiness.probes.kubeconfig import KUBECONFIG_VARIABLE, ClusterAccess
from readiness.text import clean

_TIMEOUT_S = 5.0
_PAGE, _MOST_PAGES = 25, 40
Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ContainerSeen:
    """One container of a pod at one reading."""

    name: str
    restarts: int
    killed_for_memory: bool
    """How it was last ended."""
    missing: frozenset[str]
    """Of `readiness_probes`, `liveness_probes`, `requests`, `memory_limits`, `non_root`: what it does not have."""


@dataclass(frozen=True, slots=True)
class PodSeen:
    """One pod at one reading."""

    uid: str
    name: str
    labels: Mapping[str, str]
    is_ready: bool
    is_ending: bool
    """Being deleted, or ended."""
    containers: tuple[ContainerSeen, ...]


class KubernetesApi:
    """While the context is open. Every method raises NotMeasured with the reason."""

    def __init__(self, cluster: ClusterAccess, namespace: str) -> None:
        self._cluster = cluster
        self._namespace = quote(namespace, safe="")
        self._target = Target("Kubernetes", cluster.server, ())
        self._client = new_client(tls.context(cluster.tls))

    async def __aenter__(self) -> KubernetesApi:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def workload(self, kind: str, name: str) -> Json:
        """The deployment, stateful set or daemon set."""
        return await self._get(f"/apis/apps/v1/namespaces/{self._namespace}/{kind}s/{quote(name, safe='')}", kind)

    async def pods(self, selector: str) -> tuple[PodSeen, ...]:
        """Every pod that `selector` means."""
        return tuple(
            pod_of(one) for one in await self._list(f"/api/v1/namespaces/{self._namespace}/pods", "pods", selector)
        )

    async def autoscalers(self) -> tuple[Json, ...]:
        """Every HorizontalPodAutoscaler of the namespace."""
        path = f"/apis/autoscaling/v2/namespaces/{self._namespace}/horizontalpodautoscalers"
        return await self._list(path, "horizontalpodautoscalers")

    async def budgets(self) -> tuple[Json, ...]:
        """Every PodDisruptionBudget of the namespace."""
        path = f"/apis/policy/v1/namespaces/{self._namespace}/poddisruptionbudgets"
        return await self._list(path, "poddisruptionbudgets")

    async def _list(self, path: str, what: str, selector: str = "") -> tuple[Json, ...]:
        found: list[Json] = []
        fields = {"limit": str(_PAGE), **({"labelSelector": selector} if selector else {})}
        for _ in range(_MOST_PAGES):
            document = await self._get(f"{path}?{urlencode(fields)}", what)
            items = document.get("items")
            if not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
                raise NotMeasured(f"Kubernetes: {what}: the answer is no list")
            found += items
            after = part(document, "metadata").get("continue")
            if not after:
                return tuple(found)
            fields["continue"] = str(after)
        raise NotMeasured(f"Kubernetes: {what}: more than {_PAGE * _MOST_PAGES:,} are there; name fewer")

    async def _get(self, path: str, what: str) -> Json:
        headers = {"Accept": "application/json"}
        if self._cluster.token:
            headers["Authorization"] = f"Bearer {self._cluster.token}"
        try:
            answer = await fetch(
                self._client, self._target, path, timeout_s=_TIMEOUT_S, message=Message("GET", headers)
            )
        except FetchFailed as error:
            why = str(error).removeprefix(f"{clean(path, 100)}: ")
            raise NotMeasured(f"Kubernetes: {what}: {why}") from None
        if answer.status in (401, 403):
            raise NotMeasured(
                f"Kubernetes: {what}: the user of {KUBECONFIG_VARIABLE} may not read them (answered {answer.status})"
            )
        if answer.status != 200:
            raise NotMeasured(f"Kubernetes: {what}: answered {answer.status}, not 200")
        return document_of(answer.body, what)


def document_of(body: bytes, what: str) -> Json:
    """The JSON object in `body`. Raises NotMeasured."""
    try:
        document = strict.parse(body.decode("utf-8"))
    except (UnicodeDecodeError, strict.Malformed):
        document = None
    if not isinstance(document, dict):
        raise NotMeasured(f"Kubernetes: {what}: the answer is not JSON of its API")
    return document


def part(document: object, *keys: str) -> Json:
    """The object below `keys`; empty where there is none."""
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}


def listed(document: object, *keys: str) -> tuple[Json, ...]:
    """The objects of the list below `keys`; empty where there is none."""
    found = part(document, *keys[:-1]).get(keys[-1])
    return tuple(one for one in found if isinstance(one, dict)) if isinstance(found, list) else ()


def whole(document: Json, key: str) -> int | None:
    """A whole number; None where there is none."""
    value = document.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53 else None


def selector_of(selector: Json) -> str:
    """A LabelSelector as the query parameter has it. Raises NotMeasured for one that is none, and for the empty one."""
    terms = [f"{key}={value}" for key, value in part(selector, "matchLabels").items()]
    for one in listed(selector, "matchExpressions"):
        key, operator, values = one.get("key"), str(one.get("operator")), one.get("values")
        among = ",".join(map(str, values)) if isinstance(values, list) else ""
        words = {"In": f"{key} in ({among})", "NotIn": f"{key} notin ({among})", "Exists": str(key)}
        words["DoesNotExist"] = f"!{key}"
        if operator not in words:
            raise NotMeasured("Kubernetes: the selector of the workload cannot be read")
        terms.append(words[operator])
    if not terms:
        raise NotMeasured("Kubernetes: the workload selects no pods")
    return ",".join(terms)


def selects(selector: Json, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector means a pod with `labels`; an empty one means all."""
    for key, value in part(selector, "matchLabels").items():
        if labels.get(key) != value:
            return False
    for one in listed(selector, "matchExpressions"):
        key, values = str(one.get("key")), one.get("values")
        among = values if isinstance(values, list) else []
        holds = {
            "In": labels.get(key) in among,
            "NotIn": labels.get(key) not in among,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }
        if not holds.get(str(one.get("operator")), False):
            return False
    return True


def pod_of(document: Json) -> PodSeen:
    """What is to be known of a pod. Raises NotMeasured where its containers cannot be told."""
    meta, spec, status = part(document, "metadata"), part(document, "spec"), part(document, "status")
    uid, name = meta.get("uid"), clean(meta.get("name", ""), 60)
    if not isinstance(uid, str) or not uid:
        raise NotMeasured("Kubernetes: pods: one has no uid")
    by_name = {str(one.get("name")): one for one in listed(status, "containerStatuses")}
    containers = []
    for one in listed(spec, "containers"):
        told = by_name.get(str(one.get("name")), {})
        restarts = whole(told, "restartCount") if told else 0
        if restarts is None:
            raise NotMeasured(f"Kubernetes: pods: {name} does not tell how often it restarted")
        endings = (part(told, "lastState", "terminated"), part(told, "state", "terminated"))
        killed = any(ending.get("reason") == "OOMKilled" for ending in endings)
        containers.append(
            ContainerSeen(
                clean(one.get("name", ""), 60), restarts, killed, _missing(one, part(spec, "securityContext"))
            )
        )
    if not containers:
        raise NotMeasured(f"Kubernetes: pods: {name} has no containers")
    is_ready = any(one.get("type") == "Ready" and one.get("status") == "True" for one in listed(status, "conditions"))
    is_ending = meta.get("deletionTimestamp") is not None or status.get("phase") in ("Failed", "Succeeded")
    labels = {key: str(value) for key, value in part(meta, "labels").items()}
    return PodSeen(uid, name, labels, is_ready and not is_ending, is_ending, tuple(containers))


def _missing(container: Json, of_pod: Json) -> frozenset[str]:
    requests, limits = part(container, "resources", "requests"), part(container, "resources", "limits")
    asked = {**limits, **requests}  # without a request the limit is one
    own = part(container, "securityContext")
    user, non_root = own.get("runAsUser", of_pod.get("runAsUser")), own.get("runAsNonRoot", of_pod.get("runAsNonRoot"))
    has = {
        "readiness_probes": bool(part(container, "readinessProbe")),
        "liveness_probes": bool(part(container, "livenessProbe")),
        "requests": "cpu" in asked and "memory" in asked,
        "memory_limits": "memory" in limits,
        "non_root": non_root is True or (isinstance(user, int) and not isinstance(user, bool) and user != 0),
    }
    return frozenset(name for name, there in has.items() if not there)
