"""What the authorization of a Postman request adds to it."""

from __future__ import annotations

from readiness.init.draft import Json
from readiness.init.sources.listed import Listed
from readiness.init.sources.marks import MARK, from_braces, mark
from readiness.text import clean


def auth_of(auth: dict[str, Json] | None, place: str, listed: Listed) -> list[tuple[str, str, str]]:
    """What an authorization adds: `basic`, a `header` or a `query` pair, with its two texts."""
    kind = str(auth.get("type") or "noauth") if auth else "noauth"
    given = _settings(auth.get(kind)) if auth else {}
    if kind == "bearer":
        return [("header", "Authorization", f"Bearer {given.get('token') or mark('token')}")]
    if kind == "basic":
        return [("basic", given.get("username") or mark("username"), given.get("password") or mark("password"))]
    if kind == "apikey":
        where = "query" if given.get("in") == "query" else "header"
        name = given.get("key") or "X-Api-Key"
        _keep(listed, name, given.get("value", ""), place)
        return [(where, name, given.get("value") or mark("api_key"))]
    if kind == "oauth2":
        return [("header", "Authorization", f"Bearer {given.get('accessToken') or mark('access_token')}")]
    if kind not in ("noauth", "inherit"):
        listed.notes.append(f"{place}: authorization {clean(kind, 40)} is not known: the request is sent without it")
    return []


def _keep(listed: Listed, name: str, value: str, place: str) -> None:
    """A key is a secret whatever its header is called."""
    if value and not MARK.search(value):
        listed.secrets.keep(name, value, f"{name} of {place}")


def _settings(given: Json) -> dict[str, str]:
    """A list of pairs (2.1) or an object (2.0) as texts with marks."""
    if isinstance(given, dict):
        return {key: from_braces(text_of(value)) for key, value in given.items()}
    pairs = [pair for pair in given if isinstance(pair, dict)] if isinstance(given, list) else []
    return {str(pair.get("key")): from_braces(text_of(pair.get("value"))) for pair in pairs}


def text_of(value: Json) -> str:
    """A value as Postman sends it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return text_of(value.get("value"))
    return "" if value is None or isinstance(value, list) else str(value)
