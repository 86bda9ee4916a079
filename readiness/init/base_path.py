"""The path of --target and the paths of a source: what both hold would be sent twice."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from readiness.init.draft import Draft


def without_base(url: str, draft: Draft) -> tuple[str, Draft]:
    """`url` without its path where paths of the source begin with that, as recorded ones do, and the draft with a note.

    A source that tells its base path itself (`servers` of OpenAPI) has its paths below that.
    """
    base = urlsplit(url).path.rstrip("/")
    if not base or urlsplit(draft.target or "").path.strip("/"):
        return url, draft
    calls = [call for one in draft.scenarios for call in one.on_start]
    calls += [call for one in draft.scenarios for task in one.tasks for call in task.calls]
    paths = (call.path[0].partition("?")[0] for call in calls if call.path and isinstance(call.path[0], str))
    if not any(f"{path}/".startswith(f"{base}/") for path in paths):
        return url, draft
    origin = url.rstrip("/").removesuffix(base)
    note = f"--target: the paths of the source begin with {base} already, so the address to load is {origin}"
    return origin, replace(draft, notes=(note, *draft.notes))
