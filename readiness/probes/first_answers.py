"""Before a load that nobody described: does each path answer as a page should, and where is the health check?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import urljoin, urlsplit

from readiness.measurements.provenance import Target
from readiness.probes.http import FetchFailed, Getter, ProbeAnswer
from readiness.text import clean
from readiness.text.error_pages import shown_error
from readiness.text.log_in_pages import is_log_in_address

HEALTH_PATHS = (
    "/health", "/healthz", "/health/live", "/livez", "/ready", "/readyz", "/api/health", "/actuator/health", "/up",
    "/ping", "/-/healthy",
)  # fmt: skip
"""Where frameworks and people put a health check; the first that answers is taken."""
DESCRIPTIONS = ("/openapi.json", "/v3/api-docs", "/swagger.json", "/swagger/v1/swagger.json", "/api/openapi.json")
"""Where frameworks put the OpenAPI document of a service; an API often has no page to load."""
NOWHERE = "/readiness-no-such-page"
"""What answers here with 200 answers so to everything."""
LOGGED_OUT = "it wants a log-in: write a scenario that logs in (`readiness init`, docs/reference/scenarios.md)"


def unloadable(target: Target, paths: Sequence[str], stop: Callable[[], bool]) -> str | None:
    """Why a load of `paths` would measure something else than pages of the service; None when nothing says so.

    A server error and a connection that fails are no reason: the run itself shows them.
    """
    with Getter(target) as getter:
        for path in paths:
            try:
                answer = getter.get(path, stop=stop)
            except FetchFailed as failed:
                if failed.failure == "protocol":
                    return f"GET {clean(failed)}: is TARGET right, its port, and http:// or https://?"
                continue
            if why := _problem(target.url, path, answer):
                return f"GET {clean(path, 100)} answers {why}.{_described(getter, target, stop)}".rstrip(".")
    return None


def _described(getter: Getter, target: Target, stop: Callable[[], bool]) -> str:
    """What `init` can make of the service's own description; "" where it has none."""
    for path in DESCRIPTIONS:
        found = _answer(getter, path, stop)
        if found and found.status == 200 and (b'"openapi"' in found.body or b'"swagger"' in found.body):
            place = f"{target.url.rstrip('/')}{path}"
            return f" The service describes itself: readiness init {place} writes scenarios from it."
    return ""


def health_path(target: Target, stop: Callable[[], bool]) -> str | None:
    """The first usual path of a health check that answers well, and otherwise than a path that does not exist."""
    with Getter(target) as getter:
        nowhere = _answer(getter, NOWHERE, stop)
        for path in HEALTH_PATHS:
            found = _answer(getter, path, stop)
            if found is None or not 200 <= found.status < 300 or _error(found):
                continue
            if nowhere is None or nowhere.status != found.status or nowhere.body != found.body:
                return path
    return None


def _answer(getter: Getter, path: str, stop: Callable[[], bool]) -> ProbeAnswer | None:
    try:
        return getter.get(path, timeout_s=2.0, stop=stop)
    except FetchFailed:
        return None


def _error(answer: ProbeAnswer) -> str | None:
    return shown_error(next(iter(answer.values("content-type")), ""), answer.body)


def _problem(base_url: str, path: str, answer: ProbeAnswer) -> str | None:
    status = answer.status
    if 200 <= status < 300:
        error = _error(answer)
        return (
            f"{status} with {error}, which looks like an error: name a page that works with --path /PATH"
            if error
            else None
        )
    if 300 <= status < 400:
        return f"{status}, {_redirect(base_url, path, answer)}"
    if status in (401, 403):
        return f"{status}: {LOGGED_OUT}"
    if status in (404, 410):
        return f"{status}. Give a page that exists: --path /PATH"
    if status == 405:
        return (
            "405, it does not take GET: name a page that does with --path /PATH, or write a scenario (`readiness init`)"
        )
    if 400 <= status < 500 and status != 429:
        return f"{status}: name a page that answers a plain GET with --path /PATH"
    return None


def _redirect(base_url: str, path: str, answer: ProbeAnswer) -> str:
    """What to do about it; never shows a query, where tokens stand."""
    location = next(iter(answer.values("location")), "")
    try:
        place = urlsplit(urljoin(base_url + path, location))
        same = (place.scheme, place.netloc) == urlsplit(base_url)[:2]
    except ValueError:
        return "a redirect to no URL"
    shown = clean(f"{place.scheme}://{place.hostname or ''}{place.path}" if not same else place.path, 200)
    if is_log_in_address(f"{place.hostname}{place.path}"):
        if same and place.path == shown and " " not in shown:
            made = f"readiness init --target {base_url.rstrip('/')} --path {clean(path, 200)} --login {shown}"
            return f"a redirect to {shown}: it wants a log-in: {made} writes a scenario that logs in with its form"
        return f"a redirect to {shown}: {LOGGED_OUT}"
    if same:
        return f"a redirect to {shown}: redirects are not followed; name that page with --path {shown}"
    return (
        f"a redirect to {shown}, which is not the target: give that address as TARGET, or name a page with --path /PATH"
    )
