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
_IS = "is"
_OPERATORS = (_IS, "In", "NotIn", "Exists", "DoesNotExist")
KubernetesObject = Mapping[str, object]


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

    async def workload(self, kind: str, name: str) -> KubernetesObject:
        """The deployment, stateful set or daemon set."""
        return await self._get(f"/apis/apps/v1/namespaces/{self._namespace}/{kind}s/{quote(name, safe='')}", kind)

    async def pods(self, selector: str) -> tuple[PodSeen, ...]:
        """Every pod that `selector` means."""
        return tuple(
            pod_of(one) for one in await self._list(f"/api/v1/namespaces/{self._namespace}/pods", "pods", selector)
        )

    async def autoscalers(self) -> tuple[KubernetesObject, ...]:
        """Every HorizontalPodAutoscaler of the namespace."""
        path = f"/apis/autoscaling/v2/namespaces/{self._namespace}/horizontalpodautoscalers"
        return await self._list(path, "horizontalpodautoscalers")

    async def budgets(self) -> tuple[KubernetesObject, ...]:
        """Every PodDisruptionBudget of the namespace."""
        path = f"/apis/policy/v1/namespaces/{self._namespace}/poddisruptionbudgets"
        return await self._list(path, "poddisruptionbudgets")

    async def _list(self, path: str, what: str, selector: str = "") -> tuple[KubernetesObject, ...]:
        found: list[KubernetesObject] = []
        fields = {"limit": str(_PAGE), **({"labelSelector": selector} if selector else {})}
        for _ in range(_MOST_PAGES):
            document = await self._get(f"{path}?{urlencode(fields)}", what)
            items = document.get("items")
            if not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
                raise NotMeasured(f"Kubernetes: {what}: the answer is no list")
            found += items
            about = part(document, "metadata")
            after, left = about.get("continue"), about.get("remainingItemCount")
            if after and isinstance(after, str):
                fields["continue"] = after
            elif after or left:
                raise NotMeasured(f"Kubernetes: {what}: the list is cut short, and nothing says how it goes on")
            else:
                return tuple(found)
        raise NotMeasured(f"Kubernetes: {what}: more than {_PAGE * _MOST_PAGES:,} are there; name fewer")

    async def _get(self, path: str, what: str) -> KubernetesObject:
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


def document_of(body: bytes, what: str) -> KubernetesObject:
    """The JSON object in `body`. Raises NotMeasured."""
    try:
        document = strict.parse(body.decode("utf-8"))
    except (UnicodeDecodeError, strict.Malformed):
        document = None
    if not isinstance(document, dict):
        raise NotMeasured(f"Kubernetes: {what}: the answer is not JSON of its API")
    return document


def part(document: object, *keys: str) -> KubernetesObject:
    """The object below `keys`; empty where there is none."""
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}


def listed(document: object, *keys: str) -> tuple[KubernetesObject, ...]:
    """The objects of the list below `keys`; empty where there is none."""
    found = part(document, *keys[:-1]).get(keys[-1])
    return tuple(one for one in found if isinstance(one, dict)) if isinstance(found, list) else ()


def whole(document: KubernetesObject, key: str) -> int | None:
    """A whole number; None where there is none."""
    value = document.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53 else None


def selector_of(selector: object) -> str:
    """A LabelSelector as the query parameter has it. Raises NotMeasured for one that is none, and for the empty one."""
    terms = []
    for key, operator, values in _terms(selector, "the workload"):
        among = ",".join(values)
        words = {"In": f"{key} in ({among})", "NotIn": f"{key} notin ({among})", "Exists": key}
        terms.append(f"{key}={among}" if operator == _IS else words.get(operator, f"!{key}"))
    if not terms:
        raise NotMeasured("Kubernetes: the workload selects no pods")
    return ",".join(terms)


def selects(selector: object, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector of a budget means a pod with `labels`; an empty one means all, and none means none.

    Raises NotMeasured for what is no LabelSelector.
    """
    if selector is None:
        return False
    for key, operator, values in _terms(selector, "a budget"):
        holds = {
            _IS: labels.get(key) in values,
            "In": labels.get(key) in values,
            "NotIn": labels.get(key) not in values,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }
        if not holds[operator]:
            return False
    return True


def _terms(selector: object, whose: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """(label, operator, values) of a LabelSelector. Raises NotMeasured for anything that is none."""
    found: list[tuple[str, str, tuple[str, ...]]] = []
    match selector:
        case None:
            return []
        case dict() if selector.keys() <= {"matchLabels", "matchExpressions"}:
            pairs, rules = selector.get("matchLabels") or {}, selector.get("matchExpressions") or []
        case _:
            pairs, rules = None, None
    for key, value in pairs.items() if isinstance(pairs, dict) else [(None, None)]:
        found.append((str(key), _IS if isinstance(value, str) else "", (str(value),)))
    for rule in rules if isinstance(rules, list) else [None]:
        match rule:
            case {"key": str(key), "operator": str(operator), **more}:
                values = more.get("values") or []
                among = tuple(map(str, values)) if isinstance(values, list) else ()
                good = isinstance(values, list) and bool(values) == (operator in ("In", "NotIn"))
                found.append((key, operator if good else "", among))
            case _:
                found.append(("", "", ()))
    if any(operator not in _OPERATORS for _, operator, _ in found):
        raise NotMeasured(f"Kubernetes: the selector of {whose} cannot be read")
    return found


def pod_of(document: KubernetesObject) -> PodSeen:
    """What is to be known of a pod. Raises NotMeasured where its containers cannot be told."""
    meta, spec, status = part(document, "metadata"), part(document, "spec"), part(document, "status")
    uid, name = meta.get("uid"), clean(meta.get("name", ""), 60)
    if not isinstance(uid, str) or not uid:
        raise NotMeasured("Kubernetes: pods: one has no uid")
    is_ready = any(one.get("type") == "Ready" and one.get("status") == "True" for one in listed(status, "conditions"))
    runs = is_ready or status.get("phase") == "Running"
    by_name = {
        str(one.get("name")): one
        for one in (*listed(status, "containerStatuses"), *listed(status, "initContainerStatuses"))
    }
    # An init container that is always restarted runs beside the others, as long as the pod does.
    sidecars = [one for one in listed(spec, "initContainers") if one.get("restartPolicy") == "Always"]
    containers = []
    for one in (*listed(spec, "containers"), *sidecars):
        told = by_name.get(str(one.get("name")), {})
        restarts = whole(told, "restartCount") if told or runs else 0  # of one that waits for its node nothing is told
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
    is_ending = meta.get("deletionTimestamp") is not None or status.get("phase") in ("Failed", "Succeeded")
    labels = {key: str(value) for key, value in part(meta, "labels").items()}
    return PodSeen(uid, name, labels, is_ready and not is_ending, is_ending, tuple(containers))


def _missing(container: KubernetesObject, of_pod: KubernetesObject) -> frozenset[str]:
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
