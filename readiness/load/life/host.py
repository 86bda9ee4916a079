"""`environment.host` as a file sets it: its users take it, as under Locust, while it leads to TARGET."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from readiness.load.addresses import Addresses
from readiness.load.locustfiles import ScenarioError
from readiness.text import clean


def give_host(classes: Sequence[type[Any]], environment: Any, base_url: str, target: Addresses) -> None:
    """Every user gets its `host`. Raises ScenarioError, with the file's line, where that is another place than TARGET.

    Done when listeners of `init` and `test_start` are through: what is set later changes nothing, as under Locust.
    """
    asked = environment.host or base_url
    found = base_url if asked == base_url else _at_target(str(asked), base_url, target)
    if found is None:
        raise ScenarioError(
            f"environment.host = {clean(asked, 200)!r}{environment.host_set_at} is not TARGET, which is {base_url}: "
            "name it as TARGET, or take that line out; TARGET is the host of all users"
        )
    for cls in classes:
        cls.host = found


def _at_target(asked: str, base_url: str, target: Addresses) -> str | None:
    """`asked`, with TARGET's own spelling of this machine; None where it is another place."""
    place = urlsplit(base_url)
    try:
        parts = urlsplit(asked)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return None
    name = parts.hostname or ""
    if (parts.scheme, port) != (place.scheme, target.port):
        return None
    if name == target.host:
        return asked
    if _is_loopback(target.host) and (name == "localhost" or (_is_loopback(name) and name in target.all)):
        return urlunsplit((place.scheme, place.netloc, parts.path, parts.query, ""))
    return None


def _is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
