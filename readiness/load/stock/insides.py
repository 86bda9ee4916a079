"""What the insides of stock clients do for nothing, left out; and liveness tests that know descriptors from 1024 on."""

from __future__ import annotations

import select
from http.cookiejar import CookieJar
from typing import Any

from gevent.monkey import get_original
from geventhttpclient.connectionpool import ConnectionPool
from locust import clients
from locust.contrib import fasthttp
from urllib3 import connection

from readiness.load.http.poll import EpollPoll, poll_of_this_hub
from readiness.load.stock.row import Row
from readiness.load.stock.sockets import PolledSocket


class Jar(CookieJar):
    """The standard library's, which goes through all its rules also when there is no cookie: 11 % of a request."""

    def add_cookie_header(self, request: Any) -> None:
        """Nothing to add where none is kept."""
        if self._cookies:  # type: ignore[attr-defined]  # the standard library's own
            super().add_cookie_header(request)

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Nothing to keep where none is set."""
        headers = response.info()
        if "set-cookie" in headers or "set-cookie2" in headers:
            super().extract_cookies(response, request)


def improve() -> None:
    """For all clients that stock users make in this process from now on."""
    vars(fasthttp)["CookieJar"] = Jar
    # HttpUser knows certifi's authorities alone; with these it trusts what the other clients trust (SSL_CERT_FILE).
    if (context := vars(clients).get("_preloaded_ssl_context")) is not None:
        context.load_default_certs()
    if isinstance(poll_of_this_hub(), EpollPoll):  # where that is, poll(2) is too
        row, poll = Row(), get_original("select", "poll")
        changed: Any = ConnectionPool
        changed._create_tcp_socket = _polled_socket
        changed._is_socket_alive = lambda _, sock: _is_quiet(sock, row, poll)
        waiting = vars(connection)["wait_for_read"]

        def wait_for_read(sock: Any, timeout: float | None = None) -> bool:
            return bool(waiting(sock, timeout)) if timeout != 0 else not _is_quiet(sock, row, poll)

        vars(connection)["wait_for_read"] = wait_for_read


def _polled_socket(_: ConnectionPool, family: int, kind: int, protocol: int) -> PolledSocket:
    return PolledSocket(family, kind, protocol)


def _is_quiet(sock: Any, row: Row, poll: Any) -> bool:
    """Whether nothing happened to an idle connection: what came unasked is its end, or no answer to the next request.

    geventhttpclient 2.6.1 asks `select`, which refuses descriptors from 1024 on: with more than a thousand users every
    request opened a connection of its own. urllib3 asks gevent's `poll`, which makes watchers and a timer for it.
    """
    row.join()
    try:
        asked = poll()
        asked.register(sock.fileno(), select.POLLIN)
        return not asked.poll(0)
    except (OSError, ValueError, AttributeError):  # closed, or none
        return False
