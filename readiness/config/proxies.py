"""`proxies:`: what stands between a service and what it depends on, and the form that reads it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from readiness.config.form import Form, Problem, Wrong, described, mapping, section_of
from readiness.config.scalars import text_form
from readiness.config.tree import Node, Scalar, Table
from readiness.config.trust import NAME

_DEMO_PARTS = ("database", "cache")
"""What the service of the built-in demo depends on, and may have a proxy before it."""
_DEMO = "demo"
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]{1,253}):([0-9]{1,5})", re.ASCII)
NAME_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]{0,199}$"


@dataclass(frozen=True, slots=True)
class HostPort:
    """A host and a port, as `127.0.0.1:5432` says them."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _address_form(*, listen: bool) -> Form[HostPort]:
    inner = text_form(most=270)

    def read(node: Node, path: str) -> HostPort:
        text = inner.read(node, path)
        match = _ADDRESS.fullmatch(text)
        if not match or not 1 <= int(match[2]) <= 65535:
            raise Wrong(
                Problem(node.line, path, f'must be an address with its port, such as "127.0.0.1:6432", not {text!r}')
            )
        host = match[1].strip("[]")
        if listen and not _is_loopback(host):
            raise Wrong(
                Problem(node.line, path, f"must be an address of loopback, such as 127.0.0.1:{match[2]}: an open port")
            )
        return HostPort(host, int(match[2]))

    return Form(read, {"type": "string", "pattern": r"^\S+:[0-9]{1,5}$"})


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Proxy:
    """A TCP proxy of ours between the service and something that it depends on."""

    listen: Annotated[HostPort, described(_address_form(listen=True), "Where the service connects to, on loopback.")]
    to: Annotated[HostPort, described(_address_form(listen=False), "What it depends on.")]
    line: int = 0

    @property
    def is_demos(self) -> bool:
        """Whether it stands before a part of the built-in demo, whose ports are known when that runs."""
        return not self.to.port


def proxies_form() -> Form[dict[str, Proxy]]:
    """The `proxies:` section."""
    inner = mapping(_proxy_form(section_of(Proxy)), key=plain_name, pattern=NAME_PATTERN)

    def read(node: Node, path: str) -> dict[str, Proxy]:
        found = inner.read(node, path)
        strangers = [name for name, one in found.items() if one.is_demos and name not in _DEMO_PARTS]
        if strangers:
            known = " and ".join(_DEMO_PARTS)
            raise Wrong(
                *(
                    Problem(found[name].line, f"{path}.{name}", f"the demo has no {name}; it has {known}")
                    for name in strangers
                )
            )
        if problems := [*_twice(found, path), *_circles(found, path)]:
            raise Wrong(*problems)
        return found

    return Form(read, inner.schema)


def plain_name(text: str) -> None:
    """Raises ValueError for what cannot be the name of a proxy or a drill."""
    if not NAME.fullmatch(text):
        raise ValueError("must be a plain name of letters, digits and _, such as database_hangs")


def _proxy_form(proxy: Form[Proxy]) -> Form[Proxy]:
    """The two addresses, or the word for those of the built-in demo."""
    nowhere = HostPort("127.0.0.1", 0)

    def read(node: Node, path: str) -> Proxy:
        if isinstance(node, Table):
            return proxy.read(node, path)
        if not isinstance(node, Scalar) or node.text != _DEMO:
            example = "{ listen: 127.0.0.1:6432, to: 127.0.0.1:5432 }"
            raise Wrong(Problem(node.line, path, f"must be two addresses such as {example}, or {_DEMO}"))
        return Proxy(nowhere, nowhere, node.line)

    return Form(read, {"anyOf": [{"const": _DEMO}, proxy.schema]})


def _twice(proxies: Mapping[str, Proxy], path: str) -> list[Problem]:
    """Proxies that want the same port."""
    owner: dict[HostPort, str] = {}
    problems = []
    for name, proxy in proxies.items():
        if proxy.is_demos:
            continue
        first = owner.setdefault(proxy.listen, name)
        if first != name:
            problems.append(Problem(proxy.line, f"{path}.{name}.listen", f"{proxy.listen} is that of {first} already"))
    return problems


def _circles(proxies: Mapping[str, Proxy], path: str) -> list[Problem]:
    """Proxies that lead back to themselves."""
    by_port = {proxy.listen.port: name for name, proxy in proxies.items() if not proxy.is_demos}
    problems = []
    for name, proxy in proxies.items():
        way = [name]
        at = proxy
        while _goes_to_proxy(at, by_port) and len(way) <= len(proxies):
            way.append(by_port[at.to.port])
            at = proxies[way[-1]]
            if way[-1] == name:
                problems.append(Problem(proxy.line, f"{path}.{name}.to", f"leads in a circle: {' → '.join(way)}"))
                break
    return problems


def _goes_to_proxy(proxy: Proxy, by_port: Mapping[int, str]) -> bool:
    return proxy.to.port in by_port and (proxy.to.host == "localhost" or _is_loopback(proxy.to.host))
