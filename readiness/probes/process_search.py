"""Which processes of this machine are meant by `probes.process`: by port, pid or name, the topmost of each tree.

Whatever is not surely the process that answers is a reason: none, too many, of another user, our own, one that only
passes requests on.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from readiness.config.probes import ProcessSettings
from readiness.errors import NotMeasured
from readiness.measurements.provenance import Target
from readiness.text import clean

PORT_SETTING = "probes.process.port"
_FORWARDERS = frozenset({"docker-proxy", "rootlessport", "slirp4netns", "kubectl", "ssh", "socat"})
"""They hold a port of this machine for a service that runs elsewhere."""


def shown(settings: ProcessSettings) -> str:
    """The setting as the user wrote it."""
    if settings.pid is not None:
        return f"probes.process.pid {settings.pid}"
    if settings.name is not None:
        return f"probes.process.name {clean(settings.name, 60)}"
    return f"{PORT_SETTING} {settings.port}" if settings.port else "probes.process (the target's port)"


def roots_of(psutil: Any, settings: ProcessSettings, target: Target) -> list[Any]:
    """The topmost processes meant, each with its start time inside. Raises NotMeasured where none or too many are."""
    if not _is_here(psutil, target):
        raise NotMeasured("the target does not run on this machine, so its process cannot be read")
    if settings.pid is not None:
        found = {settings.pid}
    elif settings.name is not None:
        found = {one.pid for one in psutil.process_iter() if _is_called(psutil, one, settings.name)} - _ours(psutil)
    else:
        if settings.port is None:
            address = urlsplit(target.url)
            settings = replace(settings, port=address.port or (443 if address.scheme == "https" else 80))
        found = _listeners(psutil, settings)
    if not found:
        raise NotMeasured(f"{shown(settings)}: there is no such process")
    if found & _ours(psutil):
        raise NotMeasured(f"{shown(settings)} is readiness itself, not the service")
    try:
        processes = [psutil.Process(pid) for pid in sorted(found)]
    except psutil.NoSuchProcess:
        raise NotMeasured(f"{shown(settings)}: there is no such process") from None
    roots = [one for one in processes if not any(parent.pid in found for parent in one.parents())]
    if settings.pid is None and (passed_on := [one.name() for one in roots if one.name() in _FORWARDERS]):
        raise NotMeasured(f"{shown(settings)}: {passed_on[0]} only passes the requests on; name the service's process")
    if settings.name is not None and len(roots) > 1:
        raise NotMeasured(f"{shown(settings)}: {len(roots)} processes are called so; use port or pid")
    for root in roots:
        if os.geteuid() not in (0, root.uids().real):
            raise NotMeasured(f"{shown(settings)}: it belongs to the user {clean(root.username(), 40)}; run as that")
    return roots


def _listeners(psutil: Any, settings: ProcessSettings) -> set[int]:
    sockets = [
        one
        for one in psutil.net_connections("tcp")
        if one.status == psutil.CONN_LISTEN and one.laddr.port == settings.port
    ]
    found = {one.pid for one in sockets if one.pid is not None}
    if sockets and not found:
        raise NotMeasured(f"{shown(settings)}: it is of another user or container; run readiness as its user")
    return {_first_holder(psutil, pid, settings.port) for pid in found}


def _first_holder(psutil: Any, pid: int, port: int | None) -> int:
    """The topmost process that holds the same socket: workers inherit it, and only one of them is listed."""
    with suppress(psutil.Error):
        for parent in psutil.Process(pid).parents():
            if not any(
                one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in parent.net_connections("tcp")
            ):
                break
            pid = parent.pid
    return pid


def _is_here(psutil: Any, target: Target) -> bool:
    if any(address.startswith(("127.", "::1")) for address in target.addresses):
        return True
    own = {one.address for interface in psutil.net_if_addrs().values() for one in interface}
    return any(address in own for address in target.addresses)


def _is_called(psutil: Any, process: Any, name: str) -> bool:
    with suppress(psutil.Error):
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return process.name() == name or any(Path(word).name == name for word in process.cmdline()[:2])
    return False


def _ours(psutil: Any) -> set[int]:
    """This command, what started it, and the load generator; the demo's service is a child of ours and is not."""
    own = psutil.Process()
    helpers = set()
    for child in own.children(recursive=True):
        with suppress(psutil.Error):
            if any("readiness.load" in word for word in child.cmdline()):
                helpers.add(child.pid)
    return {own.pid, *helpers}


def named(roots: Iterable[Any]) -> str:
    """`python (pid 4711)`."""
    return ", ".join(f"{clean(root.name(), 40)} (pid {root.pid})" for root in roots)
