"""`form_log_in` of scenario files: a page with a form, its hidden fields, a session cookie."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from readiness.load.extraction import fail
from readiness.load.http.request import REDIRECTS
from readiness.load.log_in_page import log_in_form

_CAME_BACK = "the form of the log-in came back: are user name and password right?"


def form_log_in(
    client: Any, path: str, username: str, password: str, *, fields: Mapping[str, str] | None = None
) -> None:
    """GET the page `path`, fill in its form as a person would, and send it; the client keeps the session's cookie.

    Hidden fields (a CSRF token) go as the page has them, and `fields` beside or instead of them. The first form with
    one password field counts. Where the page has none, or the form comes back, the request fails and the task ends:
    with tasks that go on without a session, the run is red. Works with Locust's own clients, too.
    """
    base = urlsplit(client.base_url)
    page_path = base.path.rstrip("/") + path
    with client.get(path, catch_response=True, allow_redirects=False) as page:
        form = log_in_form(str(page.text or "")) if page.status_code == 200 else None
        if form is None or form.user is None:
            fail(page, "the page has no form with a user name and a password")
        place = _place(page_path, form.action)
        if place is None:
            fail(page, "its form is sent to what is no URL")
        if place.netloc not in ("", base.netloc):
            fail(page, f"its form is sent to another host, {place.hostname or 'which has no name'}")
    with client.post(
        _below(base.path, place.path, place.query),
        data={**form.hidden, form.user: username, form.passwords[0]: password, **(fields or {})},
        headers={"Referer": f"{base.scheme}://{base.netloc}{page_path}"},  # Django wants it over https
        catch_response=True,
        allow_redirects=False,
    ) as answer:
        moved = answer.status_code in REDIRECTS
        if not moved and not 200 <= answer.status_code < 300:
            fail(answer, "the log-in was refused")
        if not moved and log_in_form(str(answer.text or "")):
            fail(answer, _CAME_BACK)
        location = _place(page_path, str((answer.headers or {}).get("location", "")) if moved else "")
        answer.success()
    if moved and location and location.path in (page_path, place.path):  # some show their pages where the form was
        with client.get(
            _below(base.path, location.path, location.query), catch_response=True, allow_redirects=False
        ) as again:
            if log_in_form(str(again.text or "")):
                fail(again, _CAME_BACK)
            if 300 <= again.status_code < 400:  # to the pages of who is logged in
                again.success()


def _place(page_path: str, address: str) -> SplitResult | None:
    """Where a page's address leads; None for what is no URL."""
    try:
        return urlsplit(urljoin(page_path, address))
    except ValueError:
        return None


def _below(base: str, path: str, query: str) -> str:
    """As the client takes it, which puts the path of its base before it."""
    return (path.removeprefix(base.rstrip("/")) or "/") + (f"?{query}" if query else "")
