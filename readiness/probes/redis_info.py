"""`INFO` of a Redis or Valkey server: the one command that a probe sends there, over its own short connection.

The URL is READINESS_CACHE_URL, a secret; no message repeats any of it.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from readiness.errors import ConfigError, NotMeasured
from readiness.text import clean

MAX_REPLY_BYTES = 1 << 20
DEFAULT_PORT = 6379


@dataclass(frozen=True, slots=True)
class CacheServer:
    """Where and as whom."""

    host: str
    port: int
    tls: bool
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


def parse(url: str) -> CacheServer:
    """READINESS_CACHE_URL as parts; raises ConfigError without repeating any of it."""
    wrong = "READINESS_CACHE_URL: must be a URL such as redis://127.0.0.1:6379 (or rediss:// for TLS)"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ConfigError(wrong) from None
    if parts.scheme not in ("redis", "rediss", "valkey", "valkeys") or not host:
        raise ConfigError(wrong)
    return CacheServer(
        host,
        port or DEFAULT_PORT,
        parts.scheme in ("rediss", "valkeys"),
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
    )


def secrets(url: str) -> tuple[str, ...]:
    """The password in `url`, as written and decoded; empty when there is none."""
    try:
        written = urlsplit(url).password
    except ValueError:
        return ()
    return tuple(dict.fromkeys((written, unquote(written)))) if written else ()


async def info(url: str, *, timeout_s: float) -> dict[str, str]:
    """Every field of INFO. Raises NotMeasured when there is no answer in time, or another than INFO's."""
    server = parse(url)
    try:
        async with asyncio.timeout(timeout_s):
            return _fields(await _ask(server))
    except TimeoutError:
        raise NotMeasured(f"INFO: no answer within {timeout_s:g} s") from None
    except ConnectionRefusedError:
        raise NotMeasured("INFO: connection refused") from None
    except (OSError, ssl.SSLError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
        raise NotMeasured(f"INFO: {type(error).__name__}") from None


async def _ask(server: CacheServer) -> bytes:
    context = ssl.create_default_context() if server.tls else None
    reader, writer = await asyncio.open_connection(server.host, server.port, ssl=context, limit=MAX_REPLY_BYTES)
    try:
        if server.password is not None:
            who = () if server.user is None else (server.user,)
            writer.write(_command("AUTH", *who, server.password))
            if not (await reader.readuntil(b"\r\n")).startswith(b"+"):
                raise NotMeasured("INFO: the server refused the password")
        writer.write(_command("INFO"))
        head = await reader.readuntil(b"\r\n")
        if not head.startswith(b"$"):
            raise NotMeasured(f"INFO: the server answered {clean(head.decode('latin-1'), 60)}")
        length = int(head[1:])
        if not 0 <= length <= MAX_REPLY_BYTES:
            raise NotMeasured("INFO: the answer is larger than 1 MiB")
        return await reader.readexactly(length)
    finally:
        writer.close()


def _command(*words: str) -> bytes:
    parts = [word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


def _fields(reply: bytes) -> dict[str, str]:
    lines = reply.decode("utf-8", "replace").splitlines()
    pairs = (line.partition(":") for line in lines if not line.startswith("#"))
    return {name: clean(value) for name, colon, value in pairs if colon}
