"""target.database.*: the processes of the PostgreSQL server, where it runs on this machine; read as the service's are.

The server is who listens on the port of READINESS_DATABASE_URL. A pooler that does is not the server, and a server on
another machine is not read: each is a reason.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import replace

from readiness.config.probes import ProcessSettings
from readiness.errors import NotMeasured
from readiness.measurements.provenance import Target
from readiness.measurements.run import Measurement
from readiness.metrics.resources import DATABASE_PREFIX, DATABASE_PROCESS_METRICS
from readiness.probes import process
from readiness.probes.process_search import PORT_SETTING
from readiness.probes.window import Window
from readiness.text import clean

NAMES = tuple(metric.name for metric in DATABASE_PROCESS_METRICS)
_SERVERS = ("postgres", "postmaster")


def watch(port: int | None, window: Window, duration_s: float) -> process.WatchedProcess:
    """Until the window ended; `port` is None where the server is not on this machine."""
    if port is None:
        return process.WatchedProcess(reason="the database server does not run on this machine")
    seen = process.watch(ProcessSettings(port=port), Target("database", "", ("127.0.0.1",)), window, duration_s)
    if seen.reason is not None:
        return replace(seen, reason=seen.reason.replace(PORT_SETTING, "the database's port"))
    if not seen.name.startswith(_SERVERS):
        return process.WatchedProcess(reason=f"the database's port {port} belongs to {seen.name}, not to a PostgreSQL")
    return seen


def conclude(seen: process.WatchedProcess, wanted: AbstractSet[str]) -> tuple[Measurement, ...]:
    """Those that a check asks for, each with its value or its reason. Pure."""
    found = []
    for name in NAMES:
        if name not in wanted:
            continue
        try:
            measured = process.measure(seen, name.replace(DATABASE_PREFIX, "target.", 1))
            found.append(replace(measured, metric=name))
        except NotMeasured as error:
            found.append(Measurement(name, None, None, "probe process", reason=clean(error)))
    return tuple(found)
