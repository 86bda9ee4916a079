"""One document from one address that the user typed: a GET without anything of ours, bounded in size and time."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from readiness.config.tls import target_context
from readiness.errors import ConfigError
from readiness.probes.lean_httpx import httpx
from readiness.text import clean

_TIMEOUT_S = 20.0


def shown_address(url: str) -> str:
    """The address without what may be a secret: user and password, query, fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "the address"
    return clean(f"{parts.scheme}{'://' if parts.scheme else ''}{parts.netloc.rpartition('@')[2]}{parts.path}", 200)


def _why(error: Exception) -> str:
    """The words of the network's errors; those about the address repeat it."""
    if isinstance(error, httpx.InvalidURL | UnicodeError):
        return "it is not an address"
    said = clean(error, 200) or type(error).__name__
    unknown = "CERTIFICATE_VERIFY_FAILED" in said and ("issuer" in said or "self" in said)
    return f"{said}; to trust its authority, start readiness with SSL_CERT_FILE=FILE" if unknown else said


def document(url: str, most_bytes: int, *, timeout_s: float = _TIMEOUT_S) -> bytes:
    """The body of `url`. A redirect is not followed. Raises ConfigError with the reason when there is none."""
    shown = shown_address(url)
    ends_s = time.monotonic() + timeout_s
    try:
        with (
            httpx.Client(trust_env=False, follow_redirects=False, timeout=timeout_s, verify=target_context()) as client,
            client.stream("GET", url, headers={"Accept": "application/json, application/yaml, */*"}) as answer,
        ):
            if answer.is_redirect:
                where = shown_address(answer.headers.get("Location", "nowhere"))
                raise ConfigError(f"{shown}: leads to {where}; give that address, if you trust it")
            if answer.status_code != 200:
                raise ConfigError(f"{shown}: answered {answer.status_code}; nothing was read")
            body = bytearray()
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > most_bytes:
                    raise ConfigError(f"{shown}: is larger than {most_bytes >> 20} MiB, which is the most that is read")
                if time.monotonic() > ends_s:
                    raise ConfigError(f"{shown}: did not end within {timeout_s:g} s")
            return bytes(body)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        raise ConfigError(f"{shown}: cannot be read: {_why(error)}") from None
