"""Where each check stands in report.html: `#check-latency.p95-GET-bags`, stable from run to run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_OTHER = re.compile(r"[^A-Za-z0-9._-]+")


def anchors(keys: Iterable[str]) -> Mapping[str, str]:
    """Key of each check to its anchor; two keys that fold to the same one get a number."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for key in keys:
        folded = _OTHER.sub("-", key).strip("-")[:120]
        anchor, n = f"check-{folded}", 1
        while anchor in taken:
            n += 1
            anchor = f"check-{folded}-{n}"
        taken.add(anchor)
        found[key] = anchor
    return found
