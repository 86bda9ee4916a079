"""One request to the target, bounded in time and size, whatever the target does.

It goes to the addresses that the plan pinned, whatever the name means by now. No proxies, no redirects, no
decompression; TLS is verified. The deadline is for the whole answer, so neither dripping headers nor a dripping body
can hold a probe.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from types import TracebackType

from readiness import __version__
from readiness.config.tls import target_context
from readiness.errors import NotMeasured
from readiness.measurements.provenance import Target
from readiness.probes.lean_httpx import httpx
from readiness.probes.overhead import Sent, service_ms
from readiness.text import clean

USER_AGENT = f"readiness/{__version__}"
"""The load's, too."""
TIMEOUT_S = 5.0
MAX_PROBE_BODY_BYTES = 1 << 20
_MAX_PIECES = 1 << 14
"""Of a body: a mebibyte in chunks of one byte keeps a core busy for seconds, beside the load."""
_MAX_CONNECTIONS = 100
STOP_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """A whole response; header names are as the server wrote them."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    elapsed_ms: float
    url: str

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of the header `name`, in order, cleaned of hostile characters."""
        return tuple(clean(value, 4000) for key, value in self.headers if key.lower() == name.lower())


@dataclass(frozen=True, slots=True)
class Message:
    """What to send; by default a plain GET."""

    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class FetchFailed(NotMeasured):
    """No whole answer came; `failure` is a class of FAILURE_CLASSES, or `stopped` when the caller gave up."""

    def __init__(self, reason: str, failure: str) -> None:
        super().__init__(reason)
        self.failure = failure


class _NoCookies(CookieJar):
    """Keeps none: what a server sets is read as text where a probe wants it, and never parsed for the next request."""

    def extract_cookies(self, response: object, request: object) -> None:
        """Nothing."""


def new_client(context: ssl.SSLContext | None = None, *, kept: bool = True) -> httpx.AsyncClient:
    """A client whose connections are `kept` alive; deadlines are those of `fetch`. Without a context, the target's."""
    return httpx.AsyncClient(
        trust_env=False,
        follow_redirects=False,
        verify=context or target_context(),
        timeout=None,  # fetch bounds the whole exchange
        limits=httpx.Limits(max_connections=_MAX_CONNECTIONS, max_keepalive_connections=None if kept else 0),
        headers={"Accept-Encoding": "identity", "User-Agent": USER_AGENT},
        cookies=_NoCookies(),
    )


def url_of(base_url: str, path: str) -> httpx.URL:
    """`path` below the target; raises NotMeasured when it would leave the target's host."""
    shown = clean(path, 100)
    try:
        base, url = httpx.URL(base_url), httpx.URL(base_url.rstrip("/") + path)
    except httpx.InvalidURL as error:
        raise NotMeasured(f"{shown}: not a path ({clean(error)})") from error
    if not path.startswith("/") or (url.scheme, url.host, url.port) != (base.scheme, base.host, base.port):
        raise NotMeasured(f"{shown}: not a path of the target; it must begin with /")
    return url


async def fetch(
    client: httpx.AsyncClient,
    target: Target,
    path: str,
    *,
    timeout_s: float = TIMEOUT_S,
    stop: Callable[[], bool] = lambda: False,
    message: Message | None = None,
    sent: Sent | None = None,
) -> ProbeAnswer:
    """GET `path`, or send `message` to it; raises FetchFailed with a plain reason.

    `timeout_s` is for everything from connecting to the last byte; `stop` is asked now and then and ends the wait.
    `sent` is told what the request cost; beside a load it is a turn of the Allowance.
    """
    url = url_of(target.url, path)
    started_s = time.perf_counter()
    task = asyncio.ensure_future(_exchange(client, url, target.addresses, message or Message(), sent or Sent(0.0)))
    try:
        while not task.done():
            left_s = started_s + timeout_s - time.perf_counter()
            if left_s <= 0:
                raise FetchFailed(f"{clean(path, 100)}: timed out after {timeout_s:g} s", "timeout")
            if stop():
                raise FetchFailed(f"{clean(path, 100)}: no answer when the load stopped", "stopped")
            await asyncio.wait({task}, timeout=min(left_s, STOP_POLL_S))
        status, headers, body = task.result()
    except (httpx.HTTPError, OSError, UnicodeError) as error:
        failure, words = _failure(error)
        raise FetchFailed(f"{clean(path, 100)}: {words}", failure) from error
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=STOP_POLL_S)
    if body is None:
        raise FetchFailed(
            f"{clean(path, 100)}: the body is larger than 1 MiB, or comes in more than {_MAX_PIECES:,} pieces",
            "too_large",
        )
    return ProbeAnswer(status, headers, body, (time.perf_counter() - started_s) * 1000, str(url))


Raw = tuple[int, tuple[tuple[str, str], ...], bytes | None]
"""Status, headers and body, which is None when it is too large."""


async def _exchange(
    client: httpx.AsyncClient, url: httpx.URL, addresses: tuple[str, ...], message: Message, sent: Sent
) -> Raw:
    """The answer of the first address that takes the connection."""
    for address in addresses[:-1]:
        try:
            return await _send(client, url, address, message, sent)
        except httpx.ConnectError:
            continue
    return await _send(client, url, addresses[-1] if addresses else url.host, message, sent)


async def _send(client: httpx.AsyncClient, url: httpx.URL, address: str, message: Message, sent: Sent) -> Raw:
    """One exchange with one address.

    A kept connection that the server closed meanwhile is no failure (RFC 9110 §9.3.1): a GET is then sent again once.
    """
    times_s: dict[str, float] = {}
    request = client.build_request(
        message.method,
        url.copy_with(host=address),
        headers={**message.headers, "Host": url.netloc.decode("ascii")},
        content=message.body,
    )
    reused = True

    async def trace(event: str, _: object) -> None:
        nonlocal reused
        times_s[event] = time.monotonic()
        if event == "connection.connect_tcp.started":
            reused = False
        elif event == "http11.receive_response_headers.complete":
            # From the wire to the wire: what this program does before and after is no work of the service.
            sent.waited_ms += 1000 * (
                times_s[event] - times_s.get("http11.send_request_headers.started", times_s[event])
            )

    request.extensions |= {"trace": trace, "sni_hostname": url.host}
    try:
        return await _read(client, request, sent)
    except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError) as error:
        cut_off = isinstance(error, httpx.RemoteProtocolError) and "without sending a response" not in str(error)
        if not reused or cut_off or message.method != "GET":
            raise
        sent.requests += 1
        return await _read(client, request, sent)


async def _read(client: httpx.AsyncClient, request: httpx.Request, sent: Sent) -> Raw:
    response = await client.send(request, stream=True)
    try:
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw)
        sent.service_ms = service_ms(response.headers.get("Server-Timing", "")[:2000])
        sent.received_bytes = sum(len(name) + len(value) + 4 for name, value in headers)
        body, pieces = bytearray(), 0
        async for chunk in response.aiter_raw():
            body += chunk
            pieces += 1
            sent.received_bytes += len(chunk)
            if len(body) > MAX_PROBE_BODY_BYTES or pieces > _MAX_PIECES:
                return response.status_code, headers, None
        return response.status_code, headers, bytes(body)
    finally:
        await response.aclose()


def _failure(error: BaseException) -> tuple[str, str]:
    """Class of FAILURE_CLASSES and plain words for what went wrong."""
    text = str(error)
    if isinstance(error, httpx.ConnectError):
        if "ssl" in text.lower() or "certificate" in text.lower():
            return "tls", f"TLS failed: {clean(text, 200)}"
        if any(words in text for words in ("Name or service", "getaddrinfo", "nodename", "name resolution")):
            return "dns", "the host has no address"
        return "connect_refused", "connection refused"
    if isinstance(error, httpx.RemoteProtocolError):
        if "without sending complete message body" in text:
            return "truncated", "the body ended early"
        if "without sending a response" in text:
            return "reset", "the connection was closed without an answer"
        return "protocol", f"not a valid HTTP answer: {clean(text, 200)}"
    if isinstance(error, httpx.NetworkError | OSError):
        return "reset", "the connection was reset"
    return "protocol", f"not a valid HTTP answer: {clean(text, 200)}"


class Getter:
    """`fetch` for plain threads: one client and one event loop while the context is open."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._runner = asyncio.Runner()
        self._client: httpx.AsyncClient | None = None

    def __enter__(self) -> Getter:
        self._client = new_client()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            self._runner.run(self._client.aclose())
        self._runner.close()

    def get(
        self,
        path: str,
        *,
        timeout_s: float = TIMEOUT_S,
        stop: Callable[[], bool] = lambda: False,
        message: Message | None = None,
    ) -> ProbeAnswer:
        """The answer to one GET, or to `message`; raises FetchFailed (a NotMeasured)."""
        if self._client is None:
            raise RuntimeError("Getter is a context manager")
        return self._runner.run(
            fetch(self._client, self._target, path, timeout_s=timeout_s, stop=stop, message=message)
        )
