"""An answer of a stock client, for whoever examines a few of them; what was not read yet is left alone."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from readiness.load.locust_clients.own_target import Received
from readiness.load.ticket import AnswerContent


def content_of(answer: Any, asked: str) -> AnswerContent | None:
    """Of a Received, or of a response of requests' or geventhttpclient's that `asked` (a URL) led to."""
    if isinstance(answer, Received):
        return "", "", answer.body
    held = (getattr(answer, "_cached_content", None), getattr(answer, "_content", None))
    body = next((one for one in held if isinstance(one, bytes)), None)
    if body is None:  # a stream that the scenario reads itself
        return None
    if not answer.history:
        return "", "", body
    return urlsplit(asked).path, urlsplit(str(answer.request.url)).path, body
