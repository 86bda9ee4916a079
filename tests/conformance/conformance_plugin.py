"""A plugin of pytest that gives every session of a suite our transport (CONFORMANCE=ours), or only imports Locust."""

import locust  # isort: skip  # patches the process: first, as in the engine
import os
import socket
from typing import Any
from urllib.parse import urlsplit

import requests
from locust.clients import HttpSession
from locust.contrib.fasthttp import FastHttpSession

from readiness.load.addresses import Addresses
from readiness.load.http.request import origin_of
from readiness.load.http.resends import Resends
from readiness.load.locust_clients.clients import StockClients
from readiness.load.locust_clients.http_adapter import OwnAdapter
from readiness.load.locust_clients.own_target import OwnTarget
from readiness.load.locust_clients.patches import improve
from readiness.load.recorder import Recorder

_PATIENCE_S = 60.0


def _addresses(url: str) -> Addresses:
    try:
        parts = urlsplit(url)
        found = socket.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_STREAM)
    except (OSError, ValueError):
        found = []
    return Addresses(url, tuple(dict.fromkeys(str(one[4][0]) for one in found)))


class AnyTarget(OwnAdapter):
    """One of ours for each place that a suite asks."""

    def __init__(self, *arguments: Any, **words: Any) -> None:
        self._places: dict[str, OwnAdapter] = {}
        super().__init__(OwnTarget(origin_of("http://nowhere.invalid"), Addresses("", ()), Resends(), _PATIENCE_S))
        if arguments or words:
            self.reached = "settings of the file's own"

    def send(self, request: Any, *arguments: Any, **words: Any) -> requests.Response:
        """Through the adapter of the request's place."""
        try:
            parts = urlsplit(request.url)
            place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
            origin = origin_of(place)
        except ValueError:
            return super().send(request, *arguments, **words)
        if self.other_way():
            return super().send(request, *arguments, **words)
        adapter = self._places.get(place)
        if adapter is None:
            target = OwnTarget(origin, _addresses(place), Resends(), _PATIENCE_S)
            adapter = self._places[place] = OwnAdapter(target)
        response = adapter.send(request, *arguments, **words)
        response.connection = self
        return response


def _install(suite: str) -> None:
    improve()
    if suite == "requests":
        vars(requests.sessions)["HTTPAdapter"] = AnyTarget
        return

    def wrapped(original: Any) -> Any:
        def make(session: Any, base_url: Any, request_event: Any, *arguments: Any, **words: Any) -> None:
            original(session, base_url, request_event, *arguments, **words)
            url = str(session.base_url)
            try:
                origin_of(url)
            except ValueError:
                return
            clients = StockClients(Recorder(), _PATIENCE_S, url, _addresses(url), Resends())

            def own(**fields: Any) -> None:
                clients.end(fields)

            clients.own = own
            request_event.add_listener(own)
            clients.watch_session(session)

        return make

    kind: Any
    for kind in (HttpSession, FastHttpSession):
        kind.__init__ = wrapped(kind.__init__)


if os.environ.get("CONFORMANCE") == "ours":
    _install(os.environ.get("CONFORMANCE_SUITE", ""))
locust.__version__  # noqa: B018 - imported for what it does
