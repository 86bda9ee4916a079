"""rate_limit.active: whether the service declares a rate limit in its answers."""

from __future__ import annotations

import re

from readiness.config.probes import RateLimit
from readiness.measurements.run import Detail, Measurement
from readiness.probes.http import Getter
from readiness.probes.window import Window
from readiness.text import clean

METRIC = "rate_limit.active"
GRACE_S = 2.0
"""A short run may be over before this look began."""
SOURCE = "probe rate_limit"

_COUNT = r"0*[1-9][0-9]{0,14}"
_LIST = re.compile(rf"\s*{_COUNT}\s*(?:[;,].*)?")
FORMS: dict[str, tuple[re.Pattern[str], ...]] = {
    # draft-ietf-httpapi-ratelimit-headers: `"default";q=100;w=60`; older drafts: `limit=100, remaining=…`, `100;w=60`.
    "RateLimit-Policy": (re.compile(rf".*;\s*q={_COUNT}\s*(?:[;,].*)?"), _LIST),
    "RateLimit": (re.compile(r".*;\s*r=[0-9]{1,15}\s*(?:[;,].*)?"), re.compile(rf".*\blimit={_COUNT}\s*(?:[;,].*)?")),
    "RateLimit-Limit": (_LIST,),
    "X-RateLimit-Limit": (_LIST,),
    "X-Rate-Limit-Limit": (_LIST,),
}
"""Header name -> forms of a value that states a limit above zero."""


def measure(base_url: str, settings: RateLimit, window: Window) -> tuple[Measurement, ...]:
    """1 when a limit is declared on the path, else 0. Raises NotMeasured when the path does not answer."""
    with Getter(base_url) as getter:
        answer = getter.get(settings.path, stop=lambda: window.ended_before(GRACE_S))
    details = [
        Detail(
            f"{settings.path}: {name}",
            clean(value),
            any(form.fullmatch(value) for form in forms),
            "" if any(form.fullmatch(value) for form in forms) else "states no limit above zero",
        )
        for name, forms in FORMS.items()
        for value in answer.values(name)
    ]
    if answer.status == 429:
        details.append(Detail(f"{settings.path}: status", "429", True, "the limit was already reached"))
    if not details:
        note = "declare the limit with RateLimit-Policy and RateLimit, or X-RateLimit-Limit"
        details.append(Detail(f"{settings.path}: RateLimit-Policy", "absent", False, note))
    value = 1.0 if any(detail.ok for detail in details) else 0.0
    return (Measurement(METRIC, None, value, SOURCE, samples=1, details=tuple(details)),)
