"""The address that a document names for its service; only told, never asked."""

from __future__ import annotations

from urllib.parse import urlsplit

from readiness.init.sources.openapi.nodes import DocumentNode
from readiness.init.sources.openapi.schemas import given
from readiness.load.workers.hosts import is_loopback
from readiness.text import clean


def server_of(root: DocumentNode) -> str:
    """Origin and path of a server on this machine, else of the first one, or the path alone; "" when none is named.

    Raises Unresolved, ValueError.
    """
    if root.get("swagger").is_there:
        host, base = root.get("host").text, root.get("basePath").text
        schemes = [part.text for part in root.get("schemes").parts()]
        url = f"{'https' if 'https' in schemes or not schemes else schemes[0]}://{host}{base}" if host else base
    else:
        urls = [_url(server) for server in root.get("servers").parts()]
        url = next((url for url in urls if is_loopback(urlsplit(url).hostname or "")), next(iter(urls), ""))
    parts = urlsplit(url)
    host = parts.hostname or ""
    origin = f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}" if host else ""
    path = parts.path.rstrip("/")
    return clean(f"{origin}{path}", 200)


def _url(server: DocumentNode) -> str:
    """With what the document gives its variables."""
    url = server.get("url").text
    for name, variable in server.get("variables").entries():
        url = url.replace(f"{{{name}}}", str(given(variable) or ""))
    return url
