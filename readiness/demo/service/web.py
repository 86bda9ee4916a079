"""Handlers of the pages: front page, log-in, dashboard."""

from __future__ import annotations

import json
from typing import NamedTuple
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from readiness.demo.service import csrf, pages
from readiness.demo.service.bags import dashboard_statistics
from readiness.demo.service.cache import USER_TTL_S
from readiness.demo.service.database import ServiceDatabase
from readiness.demo.service.parts import is_tls, parts_of
from readiness.demo.service.passwords import TooManyLogins
from readiness.demo.service.query_cache import cached
from readiness.demo.service.sessions import UserSession, read_session, start_session

_FORM_MAX_BYTES = 8192
_NO_STORE = {"Cache-Control": "no-store"}


class FormTooLarge(Exception):
    """The form is longer than any form of ours."""


async def front(request: Request) -> Response:
    """GET /."""
    return HTMLResponse(pages.front_page())


async def style(request: Request) -> Response:
    """GET /style.css."""
    return Response(pages.STYLE, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


async def login_form(request: Request) -> Response:
    """GET /login."""
    return _login_form(request, 200, None)


async def login(request: Request) -> Response:
    """POST /login: 303 to the dashboard with a session, 401 for a wrong name or password, 403 for a foreign form."""
    parts = parts_of(request)
    try:
        form = await _read_form(request)
    except FormTooLarge:
        return _login_form(request, 413, "That form is too long.")
    if not csrf.is_ours(request, form.get(csrf.FIELD, ""), parts.settings.secret):
        return _login_form(request, 403, "This form has expired. Please try again.")
    name = form.get("username", "")
    credentials = None if "\0" in name else await find_credentials(parts.database, name)  # PostgreSQL has no NUL
    stored_hash = None if credentials is None else credentials.password_hash
    try:
        right = await parts.passwords.matches(stored_hash, form.get("password", ""))
    except TooManyLogins:
        response = _login_form(request, 503, "Too many people are logging in. Please try again in a moment.")
        response.headers["Retry-After"] = "2"
        return response
    if credentials is None or not right:
        return _login_form(request, 401, "Wrong name or password.")
    welcome = RedirectResponse("/dashboard", 303, headers=_NO_STORE)
    start_session(welcome, UserSession(credentials.user_id, name), parts.settings.secret, tls=is_tls(request))
    return welcome


async def dashboard(request: Request) -> Response:
    """GET /dashboard: 303 to the log-in when nobody is logged in."""
    parts = parts_of(request)
    session = read_session(request, parts.settings.secret)
    if session is None:
        return RedirectResponse("/login", 303, headers=_NO_STORE)
    user = await find_display_name(parts.cache, parts.database, session.user_id)
    numbers = await dashboard_statistics(parts.cache, parts.database)
    display_name = json.loads(user.value) or session.user_name
    page = pages.dashboard_page(session.user_name, display_name, json.loads(numbers.value))
    return HTMLResponse(page, headers=_NO_STORE)


def _login_form(request: Request, status: int, message: str | None) -> HTMLResponse:
    secret = parts_of(request).settings.secret
    nonce = csrf.new_nonce()
    page = pages.login_page(csrf.token_for(nonce, secret), message=message)
    response = HTMLResponse(page, status, headers=_NO_STORE)
    csrf.set_nonce(response, nonce, tls=is_tls(request))
    return response


async def _read_form(request: Request) -> dict[str, str]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _FORM_MAX_BYTES:
            raise FormTooLarge
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[0] for name, values in fields.items()}


class Credentials(NamedTuple):
    """What a log-in is checked against; never cached."""

    user_id: int
    password_hash: str


async def find_credentials(database: ServiceDatabase, name: str) -> Credentials | None:
    """The credentials of the user called `name`."""
    row = await database.fetch_one(b"select id, password_hash from users where name = %(name)s", {"name": name})
    return None if row is None else Credentials(int(str(row[0])), str(row[1]))


@cached(lambda database, user_id: f"user:{user_id}", ttl_s=USER_TTL_S)
async def find_display_name(database: ServiceDatabase, user_id: int) -> bytes:
    """The user's display name as JSON, `null` for nobody."""
    row = await database.fetch_one(b"select display_name from users where id = %(id)s", {"id": user_id})
    return json.dumps(None if row is None else row[0]).encode()
