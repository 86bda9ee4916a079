"""The address that a document names for its service; only told, never asked."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from readiness.init.sources.openapi.nodes import DocumentNode
from readiness.init.sources.openapi.schemas import given
from readiness.load.workers.hosts import is_loopback
from readiness.text import clean

_SCHEME = re.compile(r"(?:(https?):|:)?//", re.IGNORECASE)
"""Before a host; without the word it is the one of whoever reads the document."""
_HOST = re.compile(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}|localhost|[0-9]+(?:\.[0-9]+){3}")


def server_of(root: DocumentNode) -> str:
    """Origin and path of a server on this machine, else of the first one, or the path alone; "" when none is named.

    Raises Unresolved, and ValueError with the address that is none.
    """
    if root.get("swagger").is_there:
        host, base = root.get("host").text, root.get("basePath").text
        schemes = [part.text for part in root.get("schemes").parts()]
        start = "https" if "https" in schemes or not schemes else schemes[0]
        base = base if base.startswith("/") or not base else f"/{base}"
        urls = [f"{start}://{host}{base}" if host else base]
    else:
        urls = [_url(server) for server in root.get("servers").parts()]
    addresses = [_address(url.strip()) for url in urls]
    local = (one for one in addresses if is_loopback(urlsplit(one).hostname or ""))
    return clean(next(local, next(iter(addresses), "")), 200)


def _address(url: str) -> str:
    """`url` as http(s)://host/path, or as /path; a host may stand without a scheme. Raises ValueError."""
    if "{" in urlsplit(url).path:  # a variable without a value
        raise ValueError(url)
    if not url or (url.startswith("/") and not url.startswith("//")):
        return urlsplit(url).path.rstrip("/")
    if match := _SCHEME.match(url):
        scheme, rest = (match[1] or "").lower(), url[match.end() :]
    elif _HOST.fullmatch(re.split(r"[:/?#]", url, maxsplit=1)[0]):
        scheme, rest = "", url
    else:
        raise ValueError(url)
    parts = urlsplit(f"//{rest}")
    host = parts.hostname
    if not host:
        raise ValueError(url)
    scheme = scheme or ("http" if is_loopback(host) else "https")
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}{f':{parts.port}' if parts.port else ''}{parts.path.rstrip('/')}"


def _url(server: DocumentNode) -> str:
    """With what the document gives its variables."""
    url = server.get("url").text
    for name, variable in server.get("variables").entries():
        url = url.replace(f"{{{name}}}", str(given(variable) or ""))
    return url
