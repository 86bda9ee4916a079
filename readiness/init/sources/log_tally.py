"""What a log says, counted line by line: which requests are people's, and why the others are not."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import quote, unquote_plus

from readiness.init.sources.endpoints import MISSING, Endpoints
from readiness.init.sources.log_lines import Hit, Reader, readers
from readiness.init.sources.secrets_found import is_secret_name
from readiness.init.sources.traffic import is_health, is_log_out, robot
from readiness.init.sources.visits import Visits
from readiness.text import clean

MOST_QUERY_CHARS = 2_000
MOST_KEYS = 20
MOST_AGENTS = 20_000
_MOST_PATHS = 50_000
HEALTH = "of health checks"
MOST_HEALTH_PATHS = 5
_PATH = re.compile(r"/[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*")
_SESSION_IN_PATH = re.compile(r";(?:jsessionid|phpsessid|sid|cfid|cftoken)=[^/;]*", re.IGNORECASE)
_TRACKERS = re.compile(
    r"utm_\w{1,40}|fbclid|gclid|gbraid|wbraid|msclkid|mc_[ce]id|_ga|_gl|_|_hsenc|_hsmi|yclid|ref_src"
)
_NAME = re.compile(r"[A-Za-z0-9_.\-\[\]$]{1,60}")


@dataclass(slots=True)
class LogTally:
    """Grows line by line; its size does not."""

    lines: int = 0
    """With content."""
    read: int = 0
    broken: int = 0
    first_broken: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    """Why, and how many requests."""
    secret_keys: Counter[str] = field(default_factory=Counter)
    """Query keys whose values are secrets."""
    health: Counter[str] = field(default_factory=Counter)
    endpoints: Endpoints = field(default_factory=Endpoints)
    visits: Visits = field(default_factory=Visits)
    notes: list[str] = field(default_factory=list)
    _number: int = 0
    _readers: tuple[Reader, ...] = field(default_factory=readers)
    _robots: dict[str, str | None] = field(default_factory=dict)
    _keys: dict[str, bool] = field(default_factory=dict)
    _paths: dict[str, tuple[int, str, str, str]] = field(default_factory=dict)

    def add(self, line: bytes | None) -> None:
        """One line; none for one that was too long."""
        self._number += 1
        hit = None
        if line is not None:
            text = line.decode("utf-8", "replace").strip("\r \t\ufeff")
            if not text:
                return
            hit = self._readers[0](text) or self._otherwise(text)
        self.lines += 1
        if hit is None:
            self.broken += 1
            self.first_broken = self.first_broken or self._number
            return
        self.read += 1
        if why := self._take(hit):
            self.left_out[why] += 1

    def _otherwise(self, text: str) -> Hit | None:
        """The line in another format than the last one, which is then asked first."""
        for reader in self._readers[1:]:
            if hit := reader(text):
                self._readers = (reader, *(one for one in self._readers if one is not reader))
                return hit
        return None

    def _take(self, hit: Hit) -> str:
        """Count a request, or say why it is not one of a person that can be repeated."""
        client, at_s, method, target, status, agent = hit
        if not method:
            return "that are no HTTP requests"
        if agent not in self._robots:
            if len(self._robots) >= MOST_AGENTS:
                self._robots.clear()
            self._robots[agent] = robot(agent)
        if kind := self._robots[agent]:
            if kind != "ours" and is_health(path := target.partition("?")[0]):
                self._remember_health(path, status)  # balancers and clusters ask for it
            return "of readiness itself" if kind == "ours" else "of crawlers and monitors (by their user agent)"
        asked, _, query = target.partition("?")
        known = self._paths.get(asked)
        if known is None or known[0] != self.endpoints.generation:
            if len(self._paths) >= _MOST_PATHS:
                self._paths.clear()
            known = self._paths[asked] = self._sorted(asked)
        _, path, why, template = known
        if why == HEALTH:
            self._remember_health(path, status)
            return why
        is_read = method in ("GET", "HEAD")
        self.visits.add(hash((client, agent)), at_s, counts=is_read and not why and status not in MISSING)
        if not is_read:
            return f"with {method if len(method) <= 8 else 'other methods'}"
        if why:
            return why
        keys: tuple[str, ...] = ()
        if query:
            query, keys = self._safe(query)
        self.endpoints.add(method, template, path, query, keys, status)
        return ""

    def _sorted(self, path: str) -> tuple[int, str, str, str]:
        """A path: in which generation of the endpoints, as it is sent, why it is left out, and its endpoint."""
        generation = self.endpoints.generation
        path = path.partition("#")[0]
        if not path.isascii():
            path = quote(path, safe="/%~!$&'()*+,;=:@")
        if ";" in path:
            path = _SESSION_IN_PATH.sub("", path)
        if is_health(path):
            return generation, path, HEALTH, ""
        if _PATH.fullmatch(path) is None or "//" in path or "/../" in path:
            return generation, path, "with a path that no browser sends", ""
        if is_log_out(path):
            return generation, path, "of log-outs", ""
        return generation, path, "", self.endpoints.template(path)

    def _safe(self, query: str) -> tuple[str, tuple[str, ...]]:
        """A query without secrets and without what only follows visitors, and its keys."""
        if len(query) > MOST_QUERY_CHARS:
            return "", ()
        kept, keys = [], []
        for pair in query.split("&")[:MOST_KEYS]:
            key = pair.partition("=")[0]
            fits = self._keys.get(key)
            if fits is None:
                if len(self._keys) >= MOST_AGENTS:
                    self._keys.clear()
                name = unquote_plus(key)
                fits = bool(_NAME.fullmatch(name)) and not _TRACKERS.fullmatch(name) and not is_secret_name(name)
                self._keys[key] = fits
            if fits:
                kept.append(pair)
                keys.append(key)
            elif is_secret_name(key) and (key in self.secret_keys or len(self.secret_keys) < MOST_KEYS):
                self.secret_keys[clean(key, 40)] += 1
        return "&".join(kept), tuple(keys)

    def _remember_health(self, path: str, status: int) -> None:
        known = path in self.health or len(self.health) < MOST_HEALTH_PATHS
        if known and 200 <= status < 300 and _PATH.fullmatch(path):
            self.health[path] += 1
