"""READINESS_KUBECONFIG: one context of a kubeconfig, as far as it can be used without running a program.

The file is named by the environment and never by thresholds.yaml, because a kubeconfig names files whose content goes
to the server that it names. Exec plugins and the older auth providers run programs and are refused, and so is
everything that would change whom we ask or as whom (proxy, impersonation, no verification).

Source: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from readiness.config.tls import Tls
from readiness.config.tree import MAX_BYTES, Items, Node, Scalar, Table, Unreadable, compose
from readiness.errors import ConfigError
from readiness.text import clean, foreign_files

KUBECONFIG_VARIABLE = "READINESS_KUBECONFIG"
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_REFUSED = {
    "exec": "gets its token from a program (exec), which is not run: use a kubeconfig with a token",
    "auth-provider": "gets its token from a program (auth-provider), which is not run: use a kubeconfig with a token",
    "username": "has a user name and a password, which Kubernetes no longer takes: use a token",
    "as": "acts as another user (as): use a kubeconfig of that user",
    "insecure-skip-tls-verify": "does not verify the server (insecure-skip-tls-verify): name its certificate-authority",
    "proxy-url": "goes through a proxy (proxy-url), which is not supported",
    "tls-server-name": "names another server in its certificate (tls-server-name), which is not supported",
}


@dataclass(frozen=True, slots=True)
class ClusterAccess:
    """Where the API server is, and as whom it is asked."""

    server: str
    token: str = field(default="", repr=False)
    tls: Tls = field(default_factory=Tls, repr=False)
    namespace: str = "default"


def access(path: str, context: str | None) -> ClusterAccess:
    """The access of `context`, else of the current one. Raises ConfigError, which shows none of the file's secrets."""
    file = Path(path)
    root = _mapping(_document(file))
    name = context if context is not None else _text(root.get("current-context"))
    if not name:
        raise ConfigError(_wrong("has no current-context; set probes.kubernetes.context"))
    found = _named(root, "contexts", "context", name)
    cluster = _named(root, "clusters", "cluster", _text(found.get("cluster")))
    user = _named(root, "users", "user", _text(found.get("user")))
    for part in (cluster, user):
        for key, why in _REFUSED.items():
            if key in part and _text(part[key]) != "false":
                raise ConfigError(_wrong(f"context {clean(name, 60)}: {why}"))
    server = _text(cluster.get("server"))
    _check_server(server)
    return ClusterAccess(
        server.rstrip("/"),
        _text(user.get("token")) or _file(file, user, "tokenFile").strip(),
        Tls(
            _pem(file, cluster, "certificate-authority"),
            _pem(file, user, "client-certificate"),
            _pem(file, user, "client-key"),
        ),
        _text(found.get("namespace")) or "default",
    )


def tokens(path: str) -> tuple[str, ...]:
    """Every token in the file, of any context; none where it cannot be read."""
    file, found = Path(path), []
    with suppress(ConfigError):
        users = _mapping(_document(file)).get("users")
        for one in users.items if isinstance(users, Items) else ():
            user = _mapping(_mapping(one).get("user"))
            found.append(_text(user.get("token")))
            with suppress(ConfigError):
                found.append(_file(file, user, "tokenFile").strip())
    return tuple(dict.fromkeys(filter(None, found)))


def _check_server(server: str) -> None:
    wrong = _wrong("has a cluster whose server is not an address")
    try:
        parts = urlsplit(server)
        if not parts.hostname or "@" in parts.netloc or parts.port == 0 or set("?# \t\n") & set(server):
            raise ConfigError(wrong)
    except ValueError:
        raise ConfigError(wrong) from None
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ConfigError(_wrong("has a server without TLS; http is taken for this machine alone (kubectl proxy)"))


def _document(file: Path) -> Node | None:
    try:
        return compose(foreign_files.read_bytes(file, MAX_BYTES))
    except foreign_files.NotReadable as error:
        raise ConfigError(_wrong(str(error))) from None
    except Unreadable as error:
        raise ConfigError(_wrong(f"line {error.line}: is not YAML that can be read")) from None


def _mapping(node: Node | None) -> Mapping[str, Node]:
    return {key.text: value for key, value in node.pairs} if isinstance(node, Table) else {}


def _text(node: Node | None) -> str:
    return node.text if isinstance(node, Scalar) else ""


def _named(root: Mapping[str, Node], kind: str, part: str, name: str) -> Mapping[str, Node]:
    listed = root.get(kind)
    for one in listed.items if isinstance(listed, Items) else ():
        entry = _mapping(one)
        if _text(entry.get("name")) == name:
            return _mapping(entry.get(part))
    raise ConfigError(_wrong(f"has no {part} {clean(name, 60)!r}"))


def _pem(file: Path, part: Mapping[str, Node], key: str) -> str:
    if data := _text(part.get(f"{key}-data")):
        try:
            return base64.b64decode(data, validate=True).decode("ascii")
        except (binascii.Error, UnicodeDecodeError):
            raise ConfigError(_wrong(f"{key}-data is not PEM in base64")) from None
    return _file(file, part, key)


def _file(file: Path, part: Mapping[str, Node], key: str) -> str:
    name = _text(part.get(key))
    if not name:
        return ""
    try:
        return foreign_files.read_text(file.parent / name, MAX_BYTES)
    except foreign_files.NotReadable as error:
        raise ConfigError(_wrong(f"{key}: {error}")) from None


def _wrong(why: str) -> str:
    return f"{KUBECONFIG_VARIABLE}: the file {why}"
