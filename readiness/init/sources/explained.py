"""What each text of a recording is: a value of an earlier answer, a secret, or simply what stands there."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from readiness.init.draft import Variable
from readiness.init.sources.calls import Site, Unusable, sites
from readiness.init.sources.correlation import AnswerValues, Source
from readiness.init.sources.exchange import Exchange, cookie_pairs
from readiness.init.sources.folding import fold, is_random, kind_of
from readiness.init.sources.per_request import is_per_request
from readiness.init.sources.secrets_found import (
    PLAIN,
    Secrets,
    is_password_name,
    is_personal,
    is_secret,
    is_secret_name,
    is_user_name,
)  # fmt: skip
from readiness.init.sources.values import singular, snake, words

_TRACKERS = ("_ga", "_gid", "_gat", "_fbp", "_gcl", "_hj", "ajs_", "amp_", "mp_", "optimizely", "__utm", "_pk_", "_dd_")


@dataclass(slots=True)
class Explained:
    """Grows while the exchanges are gone through, one after the other."""

    secrets: Secrets = field(default_factory=Secrets)
    uses: dict[int, dict[Site, tuple[str, Source]]] = field(default_factory=dict)
    """By the exchange that sends a value: what stands before it, and where it came from."""
    own: dict[int, dict[Site, Variable]] = field(default_factory=dict)
    """By the exchange that sends a secret: its variable."""
    moved: dict[int, tuple[int, str]] = field(default_factory=dict)
    """By the exchange whose address an earlier answer told in its Location: that one, and what follows in the path."""
    unset_cookies: list[str] = field(default_factory=list)
    """Names of session cookies that no answer of the recording set."""

    def needs(self, index: int) -> set[int]:
        """The exchanges whose answers the exchange `index` needs."""
        found = {source.call for _, source in self.uses[index].values()}
        return found | ({self.moved[index][0]} if index in self.moved else set())


def has_password(exchange: Exchange) -> bool:
    """Whether a user logs in with it (or signs up)."""
    body = exchange.call.body
    if body is None or exchange.call.method == "GET":
        return False
    names = [name for name, _ in body.fields]
    if isinstance(body.json, dict):
        names += list(body.json)
        names += [key for inner in body.json.values() if isinstance(inner, dict) for key in inner]
    return any(map(is_password_name, names))


def explain(exchanges: list[Exchange]) -> Explained:
    """Go through the exchanges in order."""
    found = Explained()
    seen = AnswerValues()
    places: dict[str, int] = {}
    set_cookies: set[str] = set()
    for index, exchange in enumerate(exchanges):
        _read_texts(index, exchange, found, seen)
        _read_place(index, exchange, found, places)
        _read_cookies(exchange, found, set_cookies)
        at = exchange.url
        for hop, answer in enumerate(exchange.answers):
            seen.add(index, hop, answer, _noun(exchange))
            location = answer.header("location")
            if not location:
                continue
            at = urljoin(at, location)
            if exchange.is_write and location.startswith(("/", "http")):
                place = urlsplit(at).path.rstrip("/")
                if fold(place).values:
                    places.setdefault(place, index)
    return found


def _read_texts(index: int, exchange: Exchange, found: Explained, seen: AnswerValues) -> None:
    secrets = found.secrets
    uses = found.uses.setdefault(index, {})
    own = found.own.setdefault(index, {})
    log_in = has_password(exchange)
    try:
        texts = list(sites(exchange.call))
    except Unusable:  # told where the call is built
        texts = []
    for site in texts:
        name, raw, is_field = site.name, site.raw, site.where in ("field", "json")
        if explained := seen.explain(site):
            uses[site] = explained
            if is_secret_name(name) or is_random(raw):
                secrets.hide(name, raw.removeprefix(explained[0]))
        elif is_per_request(site.where, name):
            continue  # the journey makes a new one
        elif site.where == "header" and name.lower() in ("authorization", "proxy-authorization"):
            own[site] = secrets.keep(name, raw.rpartition(" ")[2], f"what stands behind the scheme in {name}")
        elif is_field and is_password_name(name):
            own[site] = secrets.keep(name, raw, "password of the user who logs in")
        elif is_field and log_in and raw and is_user_name(name):
            own[site] = secrets.keep(name, raw, "name of the user who logs in", kind=f"{PLAIN}USERNAME")
        elif site.where != "number" and _is_secret(site):
            purpose = f"{name or 'token'}, which no earlier answer brought"
            own[site] = secrets.keep("token" if site.where == "path" else name, raw, purpose)
        elif site.where in ("field", "json", "query") and is_personal(raw):
            own[site] = secrets.keep(name, raw, "address of a person", kind=f"{PLAIN}EMAIL")


def _is_secret(site: Site) -> bool:
    if site.where == "path":
        return kind_of(site.raw) in ("token", "email") or is_secret("", site.raw)
    if site.where == "text":
        return is_secret("", site.raw) and " " not in site.raw
    return is_secret(site.name, site.raw) or kind_of(site.raw) == "token"


def _read_place(index: int, exchange: Exchange, found: Explained, places: dict[str, int]) -> None:
    """An address that a Location told, where nothing else explains the id in it."""
    path = _path(exchange)
    for place, call in places.items():
        if path != place and not path.startswith(f"{place}/"):
            continue
        explained = {site.raw for site in found.uses[index] if site.where == "path"}
        if not explained.issuperset(fold(place).values):
            found.uses[index] = {site: use for site, use in found.uses[index].items() if site.where != "path"}
            found.moved[index] = (call, path[len(place) :])
            return


def _read_cookies(exchange: Exchange, found: Explained, known: set[str]) -> None:
    for name, value in exchange.cookies:
        found.secrets.hide(f"cookie {name}", value)
        is_session = is_secret_name(name) or any(word.startswith(("sess", "auth", "remember")) for word in words(name))
        if name not in known and not name.startswith(_TRACKERS) and (is_session or is_random(value)):
            known.add(name)
            found.unset_cookies.append(name)
    for answer in exchange.answers:
        for header, line in answer.headers:
            if header.lower() == "set-cookie":
                for name, value in cookie_pairs(line.partition(";")[0]):
                    known.add(name)
                    found.secrets.hide(f"cookie {name}", value)


def _path(exchange: Exchange) -> str:
    return "".join(part for part in exchange.call.path if isinstance(part, str))


def _noun(exchange: Exchange) -> str:
    """What the request is for: `order` of `/api/orders/17`."""
    pieces = [piece for piece in "".join(fold(_path(exchange)).pieces).split("/") if words(piece)]
    return singular(snake(pieces[-1], "value")) if pieces else "value"
