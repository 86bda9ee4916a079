"""How a client gets its token: an OAuth2 flow with a tokenUrl of this service, or a POST that takes a password."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import urlsplit

from readiness.init.draft import ACCESS_TOKEN, Body, Json, LogIn, Text, Variable
from readiness.init.sources.openapi.nodes import DocumentNode, Unresolved
from readiness.init.sources.openapi.schemas import properties, sample
from readiness.init.sources.openapi.servers import server_of
from readiness.init.sources.secrets_found import is_password_name, is_secret, is_user_name, variable_name
from readiness.text import clean

_TOKENS = (ACCESS_TOKEN, "accessToken", "token", "access", "jwt", "id_token", "idToken", "auth_token", "authToken")
"""What services call the token in the answer to a log-in."""
_LOG_IN = re.compile(r"log[-_]?in|sign[-_]?in|token|auth|session", re.IGNORECASE)
_OTHER = re.compile(r"regist|sign[-_]?up|reset|change|forgot|verif|refresh|revoke", re.IGNORECASE)
_MOST_FIELDS = 12
_GRANTS = {"clientCredentials": "client_credentials", "application": "client_credentials", "password": "password"}
"""Flows of OpenAPI 3 and Swagger 2 that need no person at a browser."""


def of_flows(scheme: DocumentNode, root: DocumentNode, end: str) -> tuple[LogIn | None, str]:
    """The request for a token of an `oauth2` scheme, or why there is none."""
    flows = dict(scheme.get("flows").entries())
    if said := scheme.get("flow").text:
        flows[said] = scheme
    for name, grant in _GRANTS.items():
        if name not in flows:
            continue
        url = flows[name].followed().get("tokenUrl").text
        path = path_of(url, root)
        if path is None:
            return None, f"its tokenUrl {clean(url, 100)} is not of this service, so get the token there"
        fields: list[tuple[str, Text]] = [("grant_type", (grant,))]
        if grant == "password":
            fields += [("username", (_user(end),)), ("password", (_password(end),))]
        else:
            fields += [
                ("client_id", (Variable(f"READINESS_VAR_CLIENT_ID{end}", "OAuth2 client_id"),)),
                ("client_secret", (Variable(f"READINESS_SECRET_CLIENT{end}", "OAuth2 client_secret"),)),
            ]
        return LogIn(path, Body("form", fields=tuple(fields))), ""
    return None, "its log-in needs a person at a browser, so get a token there"


def of_operations(root: DocumentNode, end: str) -> LogIn | None:
    """The first POST that takes a password and answers with a token; for schemes that do not say how to get one."""
    for path, item in root.get("paths").entries():
        try:
            operation = item.followed().get("post")
            if operation.is_there and (found := _of_operation(path, operation, end)) is not None:
                return found
        except Unresolved:
            continue
    return None


def with_scopes(log_in: LogIn, scopes: Iterable[str]) -> LogIn:
    """The same, asking for `scopes` where it is an OAuth2 request."""
    wanted = " ".join(dict.fromkeys(scopes))
    if not wanted or dict(log_in.body.fields).get("grant_type") is None:
        return log_in
    return replace(log_in, body=replace(log_in.body, fields=(*log_in.body.fields, ("scope", (wanted,)))))


def path_of(url: str, root: DocumentNode) -> str | None:
    """The path of `url` as the service's client asks for it, below the path of its server; None: another service's."""
    try:
        parts, server = urlsplit(url), urlsplit(_named(root))
        foreign = bool(parts.netloc) and (parts.hostname, parts.port) != (server.hostname, server.port)
    except ValueError:
        return None
    path = "/" + parts.path.lstrip("/")
    if path in dict(root.get("paths").entries()):
        return path
    base = server.path.rstrip("/")
    below = path.removeprefix(base) if base and path.startswith(f"{base}/") else path
    return None if foreign or not parts.path.strip("/") else below


def _named(root: DocumentNode) -> str:
    """The service's own address; "" where the document names none that can be read."""
    try:
        return server_of(root)
    except (Unresolved, ValueError):
        return ""


def _of_operation(path: str, operation: DocumentNode, end: str) -> LogIn | None:
    said = f"{path} {operation.get('operationId').text}"
    if "{" in path or not path.startswith("/") or _OTHER.search(said) or not _LOG_IN.search(said):
        return None
    token = _token_in(operation)
    if token is None:
        return None
    for name, part in operation.get("requestBody").get("content").entries():
        body = _body(part.followed().get("schema"), "json" if "json" in name.lower() else "form", end)
        if body is not None and ("json" in name.lower() or "urlencoded" in name.lower()):
            return LogIn(path, body, token)
    for node in (part.followed() for part in operation.get("parameters").parts()):
        if node.get("in").text == "body" and (body := _body(node.get("schema"), "json", end)) is not None:
            return LogIn(path, body, token)
    return None


def _token_in(operation: DocumentNode) -> str | None:
    for status in ("200", "201"):
        answer = operation.get("responses").get(status)
        schemas = [part.followed().get("schema") for _, part in answer.get("content").entries()]
        for schema in (*schemas, answer.get("schema")):
            known = properties(schema)
            for name in _TOKENS:
                if name in known:
                    return name
            inner = properties(known["data"].followed()) if "data" in known else {}
            for name in _TOKENS:
                if name in inner:
                    return f"data.{name}"
    return None


def _body(schema: DocumentNode, kind: str, end: str) -> Body | None:
    known = {name: part for name, part in properties(schema).items() if not part.followed().get("readOnly").value}
    if len(known) > _MOST_FIELDS or not any(is_password_name(name) for name in known):
        return None
    required = {part.text for part in schema.get("required").parts()}
    chosen = [name for name in known if name in required or is_password_name(name) or _says_who(name, known)]
    values: dict[str, Json] = {}
    texts: list[tuple[str, Text]] = []
    for name in chosen:
        made = sample(known[name].followed()).value
        values[name] = made
        text: Text = (str(made) if isinstance(made, str | int | float) else "",)
        if is_password_name(name):
            text = (_password(end),)
        elif _says_who(name, known):
            text = (_user(end),)
        elif is_secret(name, str(made)) or str(made) in schema.root.secrets:
            text = (Variable(variable_name(name), clean(name, 40)),)
        elif name == "grant_type":
            text = ("password",)
        texts.append((name, text))
    if kind == "form":
        return Body("form", fields=tuple(texts))
    replaced = tuple(((name,), text) for name, text in texts if any(isinstance(part, Variable) for part in text))
    return Body("json", json=values | {at[0]: "" for at, _ in replaced}, replaced=replaced)


def _says_who(name: str, known: Iterable[str]) -> bool:
    """Of several names for the user (user name or mail address) the first."""
    return next((one for one in known if is_user_name(one)), None) == name


def _user(end: str) -> Variable:
    return Variable(f"READINESS_VAR_USERNAME{end}", "name of the user who logs in")


def _password(end: str) -> Variable:
    return Variable(f"READINESS_PASSWORD{end}", "password of that user")
