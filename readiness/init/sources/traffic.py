"""What traffic is not a user's own request: static files, beacons, health checks, robots."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from readiness.init.sources.values import words

STATIC_KINDS = frozenset({"image", "font", "stylesheet", "script", "media", "manifest", "texttrack"})
"""As Chrome names them in `_resourceType`."""
_STATIC_ENDINGS = """
    css js mjs map png jpg jpeg gif svg ico webp avif bmp tiff woff woff2 ttf otf eot mp3 mp4 webm ogg wav m4a mov avi
    m4s wasm webmanifest
"""
STATIC_ENDINGS = frozenset(_STATIC_ENDINGS.split())
_STATIC_MEDIA = ("image/", "font/", "audio/", "video/", "text/css", "text/javascript", "application/javascript",
                 "application/x-javascript", "application/font", "application/x-font", "application/wasm",
                 "application/manifest+json", "application/vnd.ms-fontobject")  # fmt: skip
_BEACON = frozenset(["beacon", "collect", "telemetry", "analytics", "rum", "csp-report", "csp_report"])
_HEALTH = frozenset([
    "health", "healthz", "healthcheck", "health-check", "ready", "readyz", "readiness", "live", "livez",
                     "liveness", "ping", "heartbeat", "alive", "_health", "status.json"]
)  # fmt: skip
_LOG_OUT = frozenset(["logout", "signout", "logoff", "signoff"])
_SESSION_ENDS = ("logout", "logoff", "signout", "signoff")
_DESTROYS = """
    delete remove clear purge reset shutdown restart reboot poweroff unsubscribe deactivate destroy erase wipe truncate
    terminate revoke cancel disable uninstall unregister deregister flush kill drop
"""
_ENDS = frozenset(_DESTROYS.split())
"""What a request does that no load may repeat, whatever its method."""
_TWO_WORDS = frozenset(["log out", "log off", "sign out", "sign off", "shut down", "power off"])
_READINGS = "get list find search fetch read show count check view query retrieve describe download"
_READS = frozenset(_READINGS.split())
_MOST_WORDS = 4
"""Of one piece of a path: a longer one is the title of something."""
_ROBOT = re.compile(
    r"bot\b|bot[/_-]|crawl|spider|slurp|monitor|uptime|pingdom|statuscake|nagios|zabbix|kube-probe|healthcheck"
    r"|health check|googlehc|prometheus|blackbox|datadog|newrelic|site24x7|scanner|nikto|sqlmap|masscan|zgrab|nmap"
    r"|facebookexternalhit|mediapartners|preview|archiver|feedfetcher|headlesschrome|lighthouse",
    re.IGNORECASE,
)
_PLACE = re.compile(r"\{[^{}]{0,200}\}")
_OURS = "readiness/"


def is_static(path: str, media: str = "") -> bool:
    """Whether a path (without query) or the media type of its answer is that of a file that never changes by user."""
    name = path.rpartition("/")[2]
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    return ending in STATIC_ENDINGS or media.lower().startswith(_STATIC_MEDIA)


def is_beacon(path: str) -> bool:
    """Whether a page reports there about its visitor: no user waits for the answer."""
    return not _BEACON.isdisjoint(path.lower().split("/"))


def is_health(path: str) -> bool:
    """Whether a machine asks there whether the service lives."""
    return path.rstrip("/").rpartition("/")[2].lower() in _HEALTH


def is_log_out(path: str) -> bool:
    """Whether the session ends there."""
    if "out" not in path.lower() and "off" not in path.lower():
        return False
    return not _LOG_OUT.isdisjoint(path.lower().replace("-", "").replace("_", "").split("/"))


def ending(path: str, names: Iterable[str] = ()) -> str:
    """Why a read is switched off all the same; empty for most.

    A word of its path, or of its names, says that it deletes or ends something: `/cart/clear`, `deleteAllItems`.
    `/deleted-items` and `/clearance` do not, nor does a name that begins with a reading (`listCancelReasons`).
    """
    plain = _PLACE.sub("", path)
    pieces = [found for piece in plain.split("/") if len(found := words(piece)) <= _MOST_WORDS]
    pieces += [found for name in names if (found := words(name)) and found[0] not in _READS]
    for piece in pieces:
        together = [one + other for one, other in pairwise(piece) if f"{one} {other}" in _TWO_WORDS]
        for word in (*together, *piece):
            if any(end in word for end in _SESSION_ENDS):
                return "it ends the session"
            if (verb := word.removesuffix("all")) in _ENDS or verb in together:
                return f"its name says {verb}"
    return ""


def robot(agent: str) -> str | None:
    """`ours` for this tool, `robot` for crawlers and monitors, none for everybody else."""
    if agent.startswith(_OURS):
        return "ours"
    return "robot" if _ROBOT.search(agent[:500]) else None
