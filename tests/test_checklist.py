"""docs/checklist.md: each item of the public checklists stands there once, and names only metrics that exist."""

import re
from pathlib import Path

from readiness.metrics.catalogue import find

PAGE = Path(__file__).parent.parent / "docs/checklist.md"
ITEMS = {
    "Load test, and capacity at a maximum latency": "G M F",
    "Growth, and the bottleneck": "G F",
    "Restart without affecting clients": "G M",
    "Graceful shutdown, deploy without downtime": "M",
    "A dependency dies: detected, degraded": "G M F",
    "A timeout for each dependency": "G A M",
    "Retry with back-off and jitter": "G A M",
    "Rate limiting": "G",
    "Liveness and readiness endpoints": "M",
    "Readiness turns 503 while it drains": "M",
    "Stateless server: the session survives a restart": "M",
    "Fall-backs, caching": "F",
    "CPU below a share at peak": "M",
    "Autoscaling": "M",
    "Metrics exist, and move with the load": "G M",
    "Tracing, request id": "M",
    "Alerts fire": "G M",
    "A service level objective is defined": "M",
    "TLS in transit: certificate, protocol, redirect": "G M",
    "DNS load balancing, IPv6": "G",
    "Backup restored": "G M",
    "Replication lag": "M",
    "Database failover": "M",
    "Least privilege of the service's own role": "M",
    "Schema safe to roll back": "M",
    "Rollback tested": "M",
    "Probes, disruption budget, limits, not root": "M",
    "Runbooks, on-call, owners": "M",
}
"""Each item, and the checklists that ask it: Google (G), AWS (A), mercari (M), Fowler (F)."""


ROW = re.compile(r"- \*\*(?P<item>[^*]+)\*\* \((?P<asked>[GAMF ]+)\): (?P<answer>.*?)\.(?: \*Open:\* (?P<rest>.*))?")


def rows() -> list[re.Match[str]]:
    text = re.sub(r"\n {2,}", " ", PAGE.read_text())
    return [found for line in text.splitlines() if (found := ROW.fullmatch(line))]


def test_every_item_of_the_checklists_stands_there_once() -> None:
    assert sorted(row["item"] for row in rows()) == sorted(ITEMS)
    assert {row["item"]: row["asked"] for row in rows()} == ITEMS


def test_every_item_is_answered_by_metrics_that_exist_or_says_that_nothing_does() -> None:
    for row in rows():
        item, answer = row["item"], row["answer"]
        names = re.findall(r"`([^`]+)`", answer)
        assert [name for name in names if find(name.replace("<", "").replace(">", "")) is None] == [], item
        assert names or answer in ("attested", "nothing"), item
        assert answer != "nothing" or row["rest"], f"{item}: says what is left to do"
