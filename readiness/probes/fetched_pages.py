"""Asks once for each page whose headers are read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from readiness.errors import NotMeasured
from readiness.measurements.provenance import Target
from readiness.probes.allowance import Allowance
from readiness.probes.http import ProbeAnswer, fetch, new_client
from readiness.probes.window import Window
from readiness.text import clean

_GRACE_S = 2.0
"""A short run may be over before this probe began."""


def fetch_all(
    target: Target, paths: Iterable[str], window: Window, allowance: Allowance
) -> Mapping[str, ProbeAnswer | str]:
    """Path -> its answer, or the reason why there is none."""
    return asyncio.run(_fetch_all(target, tuple(dict.fromkeys(paths)), window, allowance))


async def _fetch_all(
    target: Target, paths: tuple[str, ...], window: Window, allowance: Allowance
) -> Mapping[str, ProbeAnswer | str]:
    def stop() -> bool:
        return window.ended_before(_GRACE_S)

    found: dict[str, ProbeAnswer | str] = {}
    async with new_client() as client:
        for path in paths:
            try:
                async with allowance.turn("pages", path, stop) as sent:
                    if sent is None:
                        found[path] = f"{clean(path, 100)}: another probe waited for it until the load had ended"
                    else:
                        found[path] = await fetch(client, target, path, stop=stop, sent=sent)
            except NotMeasured as error:
                found[path] = str(error)
    return found


def answer(pages: Mapping[str, ProbeAnswer | str], path: str) -> ProbeAnswer:
    """The answer of `path`; raises NotMeasured when there is none."""
    found = pages.get(path, f"{path}: it was not asked for")
    if isinstance(found, str):
        raise NotMeasured(found)
    return found
