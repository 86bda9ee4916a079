"""Fixtures of the demo target's tests."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import httpx
import pytest

from readiness.demo.accounts import PASSWORD, account_name
from readiness.demo.stack import Stack
from tests.demo.stack_fixture import stack

__all__ = ["stack"]


@pytest.fixture
def client(stack: Stack) -> Iterator[httpx.Client]:
    """An anonymous visitor with a cookie jar; follows no redirects."""
    with httpx.Client(base_url=stack.url, trust_env=False, timeout=300.0) as visitor:
        yield visitor


@pytest.fixture
def log_in(client: httpx.Client) -> Callable[..., httpx.Response]:
    """Log `client` in through the form; changed fields replace the right ones."""

    def send_form(account: int = 0, **changed: str) -> httpx.Response:
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").text)
        assert token is not None
        form = {"csrf_token": token[1], "username": account_name(account), "password": PASSWORD}
        return client.post("/login", data=form | changed)

    return send_form
