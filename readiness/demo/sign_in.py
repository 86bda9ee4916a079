"""How a simulated user of the bag tracker logs in, shared by the demo's scenarios. Standard library only."""

from __future__ import annotations

import os
import re
import threading
from collections import defaultdict
from typing import TYPE_CHECKING

from readiness.demo.accounts import PASSWORD, account_name

if TYPE_CHECKING:
    from readiness.load.http.client import Client
    from readiness.load.http.cookies import Cookie

PASSWORD_VARIABLE = "READINESS_PASSWORD"
CREW = 5
"""Handlers who work under one account."""
_crews: defaultdict[int, threading.Lock] = defaultdict(threading.Lock)
_sessions: dict[int, tuple[Cookie, ...]] = {}
_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


def sign_in(client: Client, account_number: int) -> bool:
    """Log in as account `account_number` through the form; whether the service said so.

    Two requests, `GET /login` and `POST /login`. A 200 with the form again, a redirect to anywhere but the dashboard
    and an answer without a session cookie are failures.
    """
    with client.get("/login", name="GET /login", catch_response=True) as response:
        found = _CSRF.search(response.text) if response.ok else None
        if found is None:
            response.failure(f"no log-in form with a CSRF token (status {response.status_code})")
            return False
        csrf_token = found[1]
        response.success()
    form = {
        "csrf_token": csrf_token,
        "username": account_name(account_number),
        "password": os.environ.get(PASSWORD_VARIABLE, PASSWORD),
    }
    with client.request("POST", "/login", name="POST /login", data=form, catch_response=True) as response:
        if response.status_code != 303:
            response.failure(f"not logged in: status {response.status_code}, expected 303")
        elif response.headers.get("location") != "/dashboard":
            response.failure("not logged in: redirected elsewhere than to the dashboard")
        elif not (response.headers.get("set-cookie") or "").startswith("session="):
            response.failure("not logged in: no session cookie")
        else:
            response.success()
            return True
    return False


def join_crew(client: Client, account_number: int) -> int | None:
    """Work under the crew's account: its first handler logs in, the others take the session over.

    A shift does not log in all at once when a measurement begins. The account's number; None when the log-in failed.
    """
    crew = account_number // CREW
    with _crews[crew]:
        if crew not in _sessions:
            if not sign_in(client, crew):
                return None
            _sessions[crew] = client.cookies.all()
        client.cookies.add(_sessions[crew])
        return crew
