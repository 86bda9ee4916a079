"""A request as bytes, from requests' vocabulary (params, json, data, headers, auth)."""

from __future__ import annotations

import base64
import json as json_module
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypedDict
from urllib.parse import quote, unquote, urlencode, urljoin, urlsplit

from readiness.load.http.failures import Failure
from readiness.load.http.headers import Headers, field_line
from readiness.load.http.multipart import Uploads

_METHOD = re.compile(r"[A-Z][A-Z0-9_\-]{0,31}")
_ABSOLUTE = re.compile(r"https?://", re.IGNORECASE)
_SAFE = "!#$%&'()*+,/:;=?@[]~"  # requests' set: a path that is already encoded stays as it is
_PLAIN_PATH = re.compile(r"/[!$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]*")
BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""Statuses that name another place to ask."""

RequestPairs = Mapping[str, Any] | Iterable[tuple[str, Any]]


class _Options(TypedDict, total=False):
    """What every request may have."""

    params: RequestPairs | str | None
    headers: Mapping[str, Any] | None
    cookies: Mapping[str, str] | None
    auth: tuple[str, str] | None
    allow_redirects: bool
    timeout: float | None
    stream: bool
    context: Mapping[str, Any] | None


class GetOptions(_Options, total=False):
    """Keywords of `get` beside `name` and `catch_response`."""

    data: RequestPairs | str | bytes | None
    json: Any


class WithBody(GetOptions, total=False):
    """Keywords of head, options, delete."""

    catch_response: bool


class WithName(_Options, total=False):
    """Keywords of post, put, patch."""

    name: str | None
    files: Uploads | None
    catch_response: bool


class Origin:
    """Scheme, host and port that a client may talk to, from its base URL. Raises ValueError."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{base_url}: not an http or https URL")
        self.secure = parts.scheme == "https"
        self.host = parts.hostname
        self.port = parts.port or (443 if self.secure else 80)
        bracketed = f"[{self.host}]" if ":" in self.host else self.host
        self.authority = bracketed if parts.port is None else f"{bracketed}:{parts.port}"
        self.url = f"{parts.scheme}://{self.authority}"
        self.base_path = parts.path.rstrip("/")
        self.base_url = self.url + self.base_path
        self.auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None

    def target_of(self, path: str) -> str:
        """Path and query to ask for. Raises Failure `not_allowed` for a URL of another host, scheme or port."""
        if _ABSOLUTE.match(path):
            parts = urlsplit(path)
            port = parts.port or (443 if parts.scheme == "https" else 80)
            if (parts.scheme == "https") != self.secure or parts.hostname != self.host or port != self.port:
                raise Failure("not_allowed", f"{parts.scheme}://{parts.hostname}:{port} is not the target {self.url}")
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        elif self.base_path or not path.startswith("/"):
            path = f"{self.base_path}/{path.removeprefix('/')}"
        if _PLAIN_PATH.fullmatch(path):
            return path
        return quote(path.partition("#")[0], safe=_SAFE)

    def redirect_target(self, target: str, location: str) -> str:
        """Where a redirect from `target` leads. Raises Failure, `not_allowed` when it leaves the target.

        The failure tells no query: codes, tokens and sessions stand there.
        """
        try:
            place = urljoin(self.url + target, location)
            if not _ABSOLUTE.match(place):
                raise Failure("not_allowed", f"redirect to {place.partition('?')[0]} was not followed")
            return self.target_of(place)
        except ValueError:
            raise Failure("protocol", f"redirect to {location.partition('?')[0]}: not a URL") from None


@lru_cache
def origin_of(base_url: str) -> Origin:
    """One for all users: nothing about it is a user's own. Raises ValueError."""
    return Origin(base_url)


def default_name(method: str, target: str) -> str:
    """What a request is called in the report when the scenario gives no name: "GET /api/x"."""
    return f"{method} {target.partition('?')[0]}"


def endpoint_name(method: object, name: object) -> str:
    """What a request is called to which the scenario gave a name: "POST create", as for a path.

    One rule for all clients (docs/reference/scenarios.md). A name that begins with the method already has it, and one
    that is no string is taken as its text.
    """
    text = str(name)
    return text if text.startswith(f"{method} ") else f"{method} {text}"


@lru_cache(maxsize=4096)
def identity_of(scenario: str, method: str, name: object) -> tuple[str, str]:
    """Scenario and endpoint; the same few are asked for with every request."""
    return scenario, endpoint_name(method, name)


def with_query(target: str, params: RequestPairs | str | None) -> str:
    """`target` with `params` added; pairs whose value is None are left out."""
    if not params:
        return target
    if isinstance(params, str):
        query = quote(params, safe=_SAFE)
    else:
        pairs = params.items() if isinstance(params, Mapping) else params
        query = urlencode([(key, value) for key, value in pairs if value is not None], doseq=True)
    return f"{target}{'&' if '?' in target else '?'}{query}" if query else target


def body_of(data: RequestPairs | str | bytes | None, json: Any) -> tuple[bytes, str | None]:
    """The body and its media type; `data` wins over `json`, as in requests."""
    if data:
        if isinstance(data, bytes | bytearray):
            return bytes(data), None
        if isinstance(data, str):
            return data.encode(), None
        pairs = data.items() if isinstance(data, Mapping) else data
        return urlencode(list(pairs), doseq=True).encode(), "application/x-www-form-urlencoded"
    if json is not None:
        return json_module.dumps(json, allow_nan=False).encode(), "application/json"
    return b"", None


def basic(auth: tuple[str, str]) -> str:
    """The Authorization value for user and password."""
    return "Basic " + base64.b64encode(":".join(auth).encode()).decode()


@dataclass(frozen=True, slots=True)
class RequestDraft:
    """What one request adds to the client's standing headers and cookies."""

    body: bytes = b""
    media_type: str | None = None
    headers: Mapping[str, Any] | None = None
    """They replace standing headers of the same name; a value of None removes one."""
    cookies: Mapping[str, str] | None = None
    auth: tuple[str, str] | None = None

    def without_body(self) -> RequestDraft:
        """The same for a redirect that turns into GET."""
        return replace(self, body=b"", media_type=None)


PLAIN_DRAFT = RequestDraft()
"""Adds nothing; one for all users."""


def serialise(method: str, target: str, authority: str, standing: Headers, draft: RequestDraft, cookie: str) -> bytes:
    """The request's bytes. Raises ValueError for a method or header that cannot be sent."""
    if not _METHOD.fullmatch(method):
        raise ValueError(f"method {method!r}: not an HTTP method (upper case)")
    fields: dict[str, tuple[str, Any]] = {"host": ("Host", authority)}
    fields.update((name.lower(), (name, value)) for name, value in standing.items())
    if draft.media_type is not None:
        fields.setdefault("content-type", ("Content-Type", draft.media_type))
    if draft.auth is not None:
        fields["authorization"] = ("Authorization", basic(draft.auth))
    cookie = "; ".join([cookie] * bool(cookie) + [f"{name}={value}" for name, value in (draft.cookies or {}).items()])
    if cookie:
        fields["cookie"] = ("Cookie", cookie)
    for name, value in (draft.headers or {}).items():
        fields[name.lower()] = (name, value)
    for name in ("content-length", "transfer-encoding"):
        if name in fields:
            raise ValueError(f"header {fields[name][0]}: is set by the client")
    if draft.body or method in BODY_METHODS:
        fields["content-length"] = ("Content-Length", len(draft.body))
    lines = [field_line(name, value) for name, value in fields.values() if value is not None]
    return f"{method} {target} HTTP/1.1\r\n".encode("ascii") + b"".join(lines) + b"\r\n" + draft.body
