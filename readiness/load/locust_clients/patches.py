"""What the insides of stock clients do for nothing, left out; and liveness tests that know descriptors from 1024 on."""

from __future__ import annotations

import select
from functools import partial
from typing import Any

import gevent
import geventhttpclient.client
import requests.adapters
import requests.models
import requests.utils
import urllib3.response
from gevent.monkey import get_original
from geventhttpclient.connectionpool import ConnectionPool
from locust import User, clients
from locust.contrib import fasthttp
from urllib3 import connection

from readiness.config.tls import add_to, in_use, target_context
from readiness.load.http.poll import EpollPoll, poll_of_this_hub
from readiness.load.http.resends import Resends
from readiness.load.locust_clients.checked import encoding_of, guessed, surplus, unasked
from readiness.load.locust_clients.clients import leaving
from readiness.load.locust_clients.fast_answer import FastAnswer, read_body, resending
from readiness.load.locust_clients.fast_parts import lend_fast_parts
from readiness.load.locust_clients.http_answer import Decoder, HttpAnswer
from readiness.load.locust_clients.http_raw import lend_parts
from readiness.load.locust_clients.jar import Jar
from readiness.load.locust_clients.send_batch import SendBatch
from readiness.load.locust_clients.sockets import PolledSocket
from readiness.load.stopping import stop_user


def improve(resends: Resends | None = None) -> None:
    """For all clients that stock users make in this process from now on; `resends` is the engine's account."""
    resends = resends or Resends()
    changed: Any
    gevent.config.track_greenlet_tree = False  # who started which greenlet, with its stack: 1 kB for each user
    vars(fasthttp)["CookieJar"] = Jar
    # HttpUser knows certifi's authorities alone; with these it trusts what the other clients trust (SSL_CERT_FILE).
    if (context := vars(clients).get("_preloaded_ssl_context")) is not None:
        context.load_default_certs()
        add_to(context, in_use())
    for module, name, ours in (
        (geventhttpclient.client, "HTTPSocketPoolResponse", FastAnswer),
        (
            geventhttpclient.client,
            "_may_retry_after_send_error",
            resending(geventhttpclient.client._may_retry_after_send_error, resends),
        ),
        (urllib3.response, "_get_decoder", partial(Decoder, original=urllib3.response._get_decoder)),
        (fasthttp, "get_encoding_from_headers", _encoding),
        (requests.adapters, "get_encoding_from_headers", _encoding),
        (fasthttp, "detect", guessed),
        (requests.models, "chardet", _Guess),
    ):
        vars(module)[name] = ours
    changed = fasthttp.LocustUserAgent
    changed._may_retry = _retrying(changed._may_retry, resends)
    changed._conversation_str = staticmethod(_read_refusal)
    for changed in (clients.ResponseContextManager, fasthttp.ResponseContextManager):
        changed.__exit__ = leaving(changed.__exit__)
    lend_parts()
    lend_fast_parts()
    changed = connection.HTTPConnection
    changed.response_class = HttpAnswer
    if isinstance(poll_of_this_hub(), EpollPoll):  # where that is, poll(2) is too
        row, poll = SendBatch(), get_original("select", "poll")
        changed = ConnectionPool
        changed._create_tcp_socket = _polled_socket
        changed._is_socket_alive = lambda pool, sock: _is_alive(pool, sock, row, poll)
        waiting = vars(connection)["wait_for_read"]

        def wait_for_read(sock: Any, timeout: float | None = None) -> bool:
            if timeout != 0:
                return bool(waiting(sock, timeout))
            if _is_quiet(sock, row, poll):
                return False
            if surplus(sock):
                raise unasked()
            return True

        vars(connection)["wait_for_read"] = wait_for_read


def adapt(cls: type[Any]) -> None:
    """A scenario's user class stops as ours do, and accepts no certificate unseen; what it sets itself stays."""
    if cls.stop is User.stop:
        cls.stop = stop_user
    if issubclass(cls, fasthttp.FastHttpUser) and "insecure" not in vars(cls):
        cls.insecure = False  # Locust's default accepts any certificate
        cls.ssl_context_factory = cls.ssl_context_factory or staticmethod(target_context)


def _is_alive(pool: Any, sock: Any, row: SendBatch, poll: Any) -> bool:
    if _is_quiet(sock, row, poll):
        return True
    if surplus(sock):
        sock.close()
        pool._semaphore.release()
        raise unasked()
    return False


def _encoding(headers: Any) -> str | None:
    return encoding_of(requests.utils.get_encoding_from_headers(headers))


def _retrying(original: Any, resends: Resends) -> Any:
    """`max_retries` of a locustfile: each retry hides a request that was not answered."""
    return lambda agent, request: original(agent, request) and resends.take(unread=False)


class _Guess:
    """In the place of charset_normalizer."""

    detect = staticmethod(guessed)


def _read_refusal(url: str, response: Any, **_: Any) -> str:
    """A text for debugging is made of every 4xx and 5xx, and fails where the body is no UTF-8; nobody reads it.

    It is what reads those bodies, before their connection is given back.
    """
    read_body(response)
    return ""


def _polled_socket(_: ConnectionPool, family: int, kind: int, protocol: int) -> PolledSocket:
    return PolledSocket(family, kind, protocol)


def _is_quiet(sock: Any, row: SendBatch, poll: Any) -> bool:
    """Whether nothing happened to an idle connection.

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
