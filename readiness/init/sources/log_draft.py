"""What was counted in a log becomes a draft: weights, sample addresses, rate, think times, and what was left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from urllib.parse import parse_qsl, unquote

from readiness.init.draft import Call, Column, DataFile, Draft, Part, Scenario, Task, Text, joined
from readiness.init.sources.endpoints import STATIC, Asked, LoggedEndpoint
from readiness.init.sources.folding import kind_of, value_name
from readiness.init.sources.log_tally import LogTally
from readiness.init.sources.secrets_found import is_personal, is_secret
from readiness.init.sources.traffic import ending
from readiness.init.sources.values import Names, snake, words
from readiness.text import clean
from readiness.text.numbers import count

MOST_TASKS = 200
ENOUGH_SHARE = 0.999
"""Of all requests: endpoints beyond it are too rare for tasks of their own."""
LEAST_KEYS_SHARE = 0.05
"""Of an endpoint's requests, for a set of query keys to be a task of its own."""
_MOST_TOLD = 6
NO_LOG_IN = (
    "a log shows no log-in: where pages want one, add it to on_start (form_log_in or log_in, "
    "docs/how-to/html-log-in-with-csrf.md), or they fail in a run"
)
_VALUE = re.compile(r"\{[a-z]+\}")
_SECRET_PLACES = frozenset(
    ["reset", "password", "invite", "invitation", "confirm", "verify", "verification", "activate", "activation",
     "magic", "token", "tokens", "auth", "oauth", "session", "sign", "sessions", "unsubscribe", "callback", "sso",
     "secret", "key"]
)  # fmt: skip
"""What stands behind one of these in a path opens something."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """One endpoint with one set of query keys."""

    method: str
    template: str
    count: int
    moved: bool
    rows: tuple[tuple[str, str], ...]
    """Path and query."""


def draft_of(tally: LogTally, source: str) -> Draft:
    """The draft of a log that was read to its end."""
    tally.endpoints.fold_slugs()
    notes = [*tally.notes]
    total = sum(endpoint.count for endpoint in tally.endpoints.found.values()) + tally.endpoints.dropped
    kept, unfit = _kept(tally.endpoints.found)
    wanted, rare = _frequent(kept)
    weights = _weights([one.count for one in wanted])
    names, files = Names(), Names()
    data: list[DataFile] = []
    tasks = []
    for one, weight in zip(wanted, weights, strict=True):
        call, file = _call(one, files)
        data += [file] if file is not None else []
        tasks.append(Task(names.unique(_spoken(one)), (call,), weight))
    minute, most = tally.visits.busiest()
    rate_per_s = round(most / 60, 2) if most else None
    think_s = tally.visits.think_s()
    notes += _told(tally, unfit, rare, total)
    if most:
        when = datetime.fromtimestamp(minute * 60, UTC).strftime("%Y-%m-%d %H:%M")
        asked = f"{most:,} requests that a task repeats ({rate_per_s}/s)"
        notes.append(f"busiest minute: {when} by the log's clock, {asked}")
    visits = tally.visits
    if visits.sessions:
        waits = f"; between two requests {think_s[0]:g} to {think_s[1]:g} s (middle half)" if think_s else ""
        notes.append(f"{_visits(visits.sessions, visits.requests)}{waits}")
    if tasks:
        notes.append(NO_LOG_IN)
    hours = visits.over_the_day()
    if hours:
        notes.append("requests per second over the day: " + ", ".join(f"{hour} {rate:g}" for hour, rate in hours))
    scenario = Scenario(name="visitors", tasks=tuple(tasks), think_s=think_s or (0.5, 1.5))
    return Draft(
        scenarios=(scenario,) if tasks else (),
        source=clean(source),
        rate_per_s=max(rate_per_s, 0.01) if rate_per_s is not None else None,
        arrivals_per_s=hours,
        data=tuple(data),
        health_paths=tuple(path for path, _ in tally.health.most_common()),
        notes=tuple(clean(note, 1_000) for note in notes),
    )


def _visits(sessions: int, requests: int) -> str:
    many = count(requests, "request")
    if sessions == 1:
        return f"1 visit with {many}"
    return f"{sessions:,} visits with {many}, {requests / sessions:.1f} for each on average"


def _kept(found: dict[tuple[str, str], LoggedEndpoint]) -> tuple[list[_Kept], list[tuple[str, int, str]]]:
    """What can be repeated, and what cannot: its name, its requests and why."""
    kept: list[_Kept] = []
    unfit: list[tuple[str, int, str]] = []
    for (method, template), endpoint in found.items():
        name = f"{method} {template}"
        if endpoint.missing * 2 >= endpoint.count:
            unfit.append((name, endpoint.count, "the service had no such page"))
        elif endpoint.denied * 2 >= endpoint.count:
            unfit.append((name, endpoint.count, "it was refused without a log-in"))
        elif ends := ending(template):
            unfit.append((name, endpoint.count, ends))
        elif "{email}" in template or _holds_secret(template):
            unfit.append((name, endpoint.count, "its path holds a secret or a person's address"))
        else:
            chosen = _by_keys(method, template, endpoint)
            kept += chosen
            if not chosen:
                unfit.append((name, endpoint.count, "no address without a secret was answered"))
    return kept, unfit


def _holds_secret(template: str) -> bool:
    pairs = pairwise(template.split("/"))
    return any(_VALUE.match(here) and not _SECRET_PLACES.isdisjoint(words(before)) for before, here in pairs)


def _is_open(path: str) -> bool:
    """Whether a sampled path can be sent again, and no piece of it looks like a secret or a person's address."""
    if "%2f" in path.lower() or not unquote(path).isprintable():
        return False
    return not any(is_secret("", piece) or is_personal(piece) for piece in map(unquote, path.split("/")))


def _by_keys(method: str, template: str, endpoint: LoggedEndpoint) -> list[_Kept]:
    """One for each frequent set of query keys; the others are counted with the most frequent one."""
    moved = endpoint.moved * 2 > endpoint.count

    def rows(asked: Asked) -> tuple[tuple[str, str], ...]:
        return tuple((path, query) for path, query, was_moved in asked.rows if was_moved == moved and _is_open(path))

    sets = sorted(endpoint.by_keys.values(), key=lambda asked: -asked.count)
    found = [
        _Kept(method, template, asked.count, moved, rows(asked))
        for asked in sets
        if asked.count >= LEAST_KEYS_SHARE * endpoint.count and rows(asked)
    ]
    if not found:
        best = max(sets, key=lambda asked: len(rows(asked)))
        return [_Kept(method, template, endpoint.count, moved, rows(best))] if rows(best) else []
    rest = endpoint.count - sum(one.count for one in found)
    first = found[0]
    return [_Kept(method, template, first.count + rest, moved, first.rows), *found[1:]]


def _frequent(kept: Sequence[_Kept]) -> tuple[list[_Kept], list[_Kept]]:
    """The most frequent ones, until they are ENOUGH_SHARE of all, and the others."""
    ordered = sorted(kept, key=lambda one: (-one.count, one.method, one.template))
    total = sum(one.count for one in ordered)
    sofar = 0
    for index, one in enumerate(ordered):
        if index >= MOST_TASKS or sofar >= ENOUGH_SHARE * total:
            return ordered[:index], ordered[index:]
        sofar += one.count
    return ordered, []


def _weights(counts: Sequence[int]) -> list[int]:
    """Whole numbers in the proportions of `counts`, each within 1 % of its share, and no larger than they must be."""
    total = sum(counts)
    for scale in (100, 1_000, 10_000, 100_000):
        if scale >= total:
            break
        weights = [max(1, round(count * scale / total)) for count in counts]
        scaled = sum(weights)
        if all(abs(w / scaled - c / total) <= 0.01 * c / total for w, c in zip(weights, counts, strict=True)):
            return weights
    return list(counts)


def _call(one: _Kept, files: Names) -> tuple[Call, DataFile | None]:
    """A request for one of the sampled addresses, and the file that they stand in."""
    pieces = _VALUE.split(one.template) if one.template != STATIC else ["", ""]
    kinds = [value.strip("{}") for value in _VALUE.findall(one.template)] if one.template != STATIC else ["path"]
    table = [(_values(one.template, path), parse_qsl(query, keep_blank_values=True)) for path, query in one.rows]
    keys = [key for key, _ in table[0][1]]
    good = [(path, pairs) for path, pairs in table if [key for key, _ in pairs] == keys]
    columns = Names()
    path_names = [
        columns.unique(value_name(tuple(pieces[: at + 1]), at, kind) if one.template != STATIC else "path")
        for at, kind in enumerate(kinds)
    ]
    file = f"{snake(_spoken(one), 'values')}"
    stem = ""
    used: list[tuple[str, list[str]]] = []

    def part(name: str, values: list[str]) -> Part:
        nonlocal stem
        if all(value == values[0] for value in values):
            return values[0]
        stem = stem or files.unique(file)
        used.append((name, values))
        return Column(f"{stem}.csv", name)

    path: list[Part] = [pieces[0]]
    for at, piece in enumerate(pieces[1:]):
        path += [part(path_names[at], [values[at] for values, _ in good]), piece]
    query: list[tuple[str, Text]] = []
    for at, key in enumerate(keys):
        sent = [pairs[at][1] for _, pairs in good]
        if any(not value.isprintable() or is_secret(key, value) or is_personal(value) for value in sent):
            continue
        if any(kind_of(value) == "token" for value in sent):
            continue
        query.append((key, (part(columns.unique(snake(key, "value")), sent),)))
    call = Call(
        method=one.method,
        path=joined(path),
        name=clean(unquote(one.template) if one.template != STATIC else f"/{STATIC}", 200),
        query=tuple(query),
        expected=(301, 302, 303, 307, 308) if one.moved else (),
    )
    if not used:
        return call, None
    rows = tuple(zip(*(values for _, values in used), strict=True))
    return call, DataFile(f"{stem}.csv", tuple(name for name, _ in used), rows)


def _values(template: str, path: str) -> list[str]:
    """What stands in `path` where the template has a value, percent-decoded; all of it for a static file."""
    if template == STATIC:
        return [unquote(path)]
    found = []
    for pattern, segment in zip(template.split("/"), path.split("/"), strict=False):
        if match := _VALUE.search(pattern):
            found.append(unquote(segment[match.start() : len(segment) - (len(pattern) - match.end())]))
    return found


def _spoken(one: _Kept) -> str:
    """A template in words: `bags id scan`; the first page is `home`."""
    said = " ".join(words(one.template)) or "home"
    return said if one.method == "GET" else f"{one.method.lower()} {said}"


def _told(tally: LogTally, unfit: list[tuple[str, int, str]], rare: list[_Kept], total: int) -> Iterable[str]:
    if tally.broken:
        many = "1 line is" if tally.broken == 1 else f"{tally.broken:,} lines are"
        yield f"line {tally.first_broken}: {many} no line of an access log (of {tally.lines:,}), and left out"
    if tally.left_out:
        yield "left out: " + "; ".join(f"{count:,} {why}" for why, count in tally.left_out.most_common())
    reasons = dict.fromkeys(why for _, _, why in sorted(unfit, key=lambda one: -one[1]))
    for reason in reasons:
        those = sorted(((name, count) for name, count, why in unfit if why == reason), key=lambda one: -one[1])
        shown = ", ".join(f"{clean(name, 80)} ({count:,})" for name, count in those[:_MOST_TOLD])
        more = f" and {len(those) - _MOST_TOLD:,} more" if len(those) > _MOST_TOLD else ""
        yield f"left out because {reason}: {shown}{more}"
    few = sum(one.count for one in rare) + tally.endpoints.dropped
    if few:
        yield f"left out because they are rare: {len(rare):,} endpoints with {100 * few / total:.2g} % of the requests"
    if tally.secret_keys:
        yield "left out of the queries because they hold secrets: " + ", ".join(sorted(tally.secret_keys))
