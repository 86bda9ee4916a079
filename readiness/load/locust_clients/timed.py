"""Sending under a total deadline, which neither stock client has; past it, Locust's own error response is returned."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import requests
from greenlet import getcurrent
from locust.clients import ResponseContextManager
from locust.contrib.fasthttp import FAILURE_EXCEPTIONS, ErrorResponse, FastHttpSession

from readiness.load.http.failures import Failure
from readiness.load.locust_clients.checked import Unacceptable, unacceptable
from readiness.load.locust_clients.deadlines import Deadline, Deadlines, Passed
from readiness.load.locust_clients.fast_answer import read_body
from readiness.load.locust_clients.http_answer import check_whole
from readiness.load.locust_clients.made_up import is_made_up, maker_of

E = TypeVar("E", bound=Exception)


class Timed:
    """The requests of all sessions."""

    def __init__(self, deadlines: Deadlines) -> None:
        self.deadlines = deadlines
        self.streaming: set[int] = set()
        """Greenlets whose request leaves the body to the scenario."""
        self.made_up: Counter[str] = Counter()
        """Answers without a request, by what made them."""

    def sending(self, client: Any, original: Callable[..., Any]) -> Callable[..., Any]:
        """In the place of `_send_request_safe_mode` of `client`."""
        fast = isinstance(client, FastHttpSession)

        def send(method: str, url: str, **kwargs: Any) -> Any:
            deadline = self.deadlines.begin()
            if not fast:
                response = self.http(deadline, lambda: original(method, url, **kwargs))
                if is_made_up(response):
                    self.made_up[maker_of(client, str(url))] += 1
                return response
            request_of = partial(client.client._make_request, url, method=method)
            return self.fast(deadline, lambda: original(method, url, **kwargs), request_of)

        return send

    def http(self, deadline: Deadline, ask: Callable[[], Any]) -> Any:
        """What `ask` gives for a session of requests', or Locust's error response, under a deadline that has begun."""
        found = self._safely(deadline, ask, check_whole, Failure)
        return _http_response(found) if isinstance(found, Exception) else found

    def fast(self, deadline: Deadline, ask: Callable[[], Any], request_of: Callable[[], Any]) -> Any:
        """As `http`, for a session of FastHttpUser's."""
        found = self._safely(deadline, ask, read_body, (*FAILURE_EXCEPTIONS, Failure))
        if not isinstance(found, Exception):
            return found
        error = found if isinstance(found, FAILURE_EXCEPTIONS) else _as(Unacceptable, found)
        return ErrorResponse(request_of(), error)

    def too_late(self) -> requests.exceptions.Timeout:
        """What a request comes to whose time is over."""
        return requests.exceptions.Timeout(f"no complete answer within {self.deadlines.timeout_s:g} s")

    def _safely(self, deadline: Deadline, ask: Callable[[], Any], read: Callable[[Any], None], failures: Any) -> Any:
        """The answer, or the exception for which Locust makes an error response."""
        try:
            response = ask()
            if not (self.streaming and id(getcurrent()) in self.streaming):
                read(response)
            if deadline.passed:
                raise Passed  # somebody caught it and went on
            return response
        except Passed:
            return self.too_late()
        except failures as problem:
            return problem
        except Exception as problem:
            if not _of_a_redirect(problem):
                raise
            return unacceptable("protocol", f"the redirect leads to no URL ({problem})")
        finally:
            self.deadlines.end(deadline)


def _http_response(error: Exception) -> ResponseContextManager:
    """Locust's, for a request of requests' without an answer."""
    if not isinstance(error, requests.exceptions.RequestException):
        error = _as(requests.exceptions.RequestException, error)
    return ResponseContextManager(error)


def _as(kind: type[E], problem: Exception) -> E:
    """What a client takes for an error of its own."""
    error = kind(str(problem))
    error.__cause__ = problem
    return error


def _of_a_redirect(problem: Exception) -> bool:
    """Whether a client stumbled over a place that the target named, and not the scenario."""
    frames = traceback.walk_tb(problem.__traceback__)
    return any(frame.f_code.co_name in ("resolve_redirects", "redirect") for frame, _ in frames)
