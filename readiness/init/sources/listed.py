"""Requests of a list (a collection, a file, a command) become scenarios: one task each, what others need at the start.

Reads are switched on. A list is no journey: of its writes nobody knows the order, so they stand in the file switched
off, except those that bring a value which others need, and those that a person asked for by name (a cURL command).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from readiness.init.draft import (
    GENERATED,
    Call,
    Draft,
    Extract,
    Extracted,
    Generated,
    LogIn,
    Part,
    Scenario,
    Task,
    Text,
    Variable,
    joined,
)
from readiness.init.sources.calls import Site, Unusable, extracted_in, rewritten, why_off
from readiness.init.sources.marks import MARK, filled
from readiness.init.sources.per_request import anew, is_per_request
from readiness.init.sources.secrets_found import (
    PLAIN,
    Secrets,
    is_password_name,
    is_secret,
    is_secret_name,
    plain_variable,
    variable_name,
)  # fmt: skip
from readiness.init.sources.token_log_in import renewed
from readiness.init.sources.values import Names, snake

_MOST_SCENARIOS = 8
MOST_REQUESTS = 500
MOST_NAMED = 10
_CREDENTIALS = ("authorization", "proxy-authorization")


@dataclass(frozen=True, slots=True)
class Request:
    """One request of the list, with marks in its texts."""

    place: str
    """`item "Log in"`, `line 12`."""
    name: str
    call: Call
    folder: str = ""
    origin: str | None = None
    basic: tuple[str, str] | None = None
    brings: tuple[tuple[str, Extract], ...] = ()
    """Variables that its answer gives a value, and where that stands."""


@dataclass(slots=True)
class Listed:
    """What is known of the whole list."""

    values: Mapping[str, str] = field(default_factory=dict)
    """Of variables that the source tells."""
    secrets: Secrets = field(default_factory=Secrets)
    notes: list[str] = field(default_factory=list)


def draft_of(requests: Sequence[Request], listed: Listed, source: str, *, writes_on: bool, name: str) -> Draft:
    """The draft of a list; `name` is for the scenario of requests without a folder."""
    own, target = _own(requests[:MOST_REQUESTS], listed.notes)
    if len(requests) > MOST_REQUESTS:
        listed.notes.append(f"only the first {MOST_REQUESTS} of {len(requests):,} requests were taken")
    brought = {variable for request in own for variable, _ in request.brings}
    extracted = _extracted_names(sorted(brought))
    for request in own:
        _keep_secrets(request, listed, brought)
    calls = [_call(request, listed, extracted) for request in own]
    makers = {extracted[variable]: index for index, one in enumerate(own) for variable, _ in one.brings}
    folders = list(dict.fromkeys(request.folder for request in own))
    if len(folders) > _MOST_SCENARIOS:
        listed.notes.append(f"{len(folders)} folders are one scenario: each scenario file needs users of its own")
        folders = [""]
    scenarios = []
    for folder in folders:
        inside = [index for index, one in enumerate(own) if one.folder == folder or len(folders) == 1]
        scenarios.append(_scenario(folder or name, inside, own, calls, makers, listed, writes_on=writes_on))
    made = [renewed(scenario, {}) for scenario in _with_tasks(scenarios)]
    if not writes_on:
        sent = {id(call) for scenario in _with_tasks(scenarios) for call in scenario.on_start}
        log_ins = {(one.log_in.path,) for one, _ in made if isinstance(one.log_in, LogIn)}
        why = [
            "" if call.path in log_ins else why_off(one.call, one.name) for one, call in zip(own, calls, strict=True)
        ]
        _tell_off([(call, because, id(call) in sent) for call, because in zip(calls, why, strict=True)], listed)
    listed.notes += [note for _, note in made if note]
    return Draft(
        scenarios=tuple(_with_one_basic(scenario) for scenario, _ in made),
        source=listed.secrets.shown(source),
        target=target,
        notes=tuple(listed.secrets.shown(note, 1_000) for note in dict.fromkeys(listed.notes)),
    )


def _tell_off(found: Sequence[tuple[Call, str, bool]], listed: Listed) -> None:
    """What is sent although there is a reason against it, with what it brings, and what is switched off for it."""
    told: dict[str, list[str]] = {}
    for call, because, is_sent in found:
        name = f"{call.method} {call.name}"
        if because and is_sent:
            says = f"sent once by every user although {because}, because others need what it brings"
            told.setdefault(says, []).append(f"{name} (brings {', '.join(part.name for part in call.extracts)})")
        elif because:
            told.setdefault(f"switched off, because {because}", []).append(name)
    for says, names in sorted(told.items()):
        listed.notes.append(f"{says}: {', '.join(names[:MOST_NAMED])}{' …' if len(names) > MOST_NAMED else ''}")


def _own(requests: Sequence[Request], notes: list[str]) -> tuple[list[Request], str | None]:
    """Requests to the origin that most go to; a variable that nobody tells stands for it."""
    origins = Counter(request.origin for request in requests if request.origin)
    target = origins.most_common(1)[0][0] if origins else None
    others = {origin: count for origin, count in origins.items() if origin != target}
    if others:
        told = ", ".join(f"{origin} ({count})" for origin, count in sorted(others.items())[:MOST_NAMED])
        notes.append(f"left out, because only {target} is loaded: {told}")
    return [request for request in requests if request.origin in (None, target)], target


def _extracted_names(brought: Sequence[str]) -> dict[str, str]:
    names = Names()
    return {variable: names.unique(snake(variable.rpartition(".")[2], "value")) for variable in brought}


def _keep_secrets(request: Request, listed: Listed, brought: set[str]) -> None:
    """Tell the secrets of one request, before any text is made."""
    plain = {name: value for name, value in listed.values.items() if name not in brought and not is_secret(name, value)}

    def keep(site: Site) -> Text:
        if is_per_request(site.where, site.name):
            return (site.raw,)
        site = replace(site, raw=filled(site.raw, plain))
        literal = MARK.sub("", site.raw)
        if site.where == "header" and site.name.lower() in _CREDENTIALS:
            scheme, _, credentials = literal.rpartition(" ")
            if credentials.strip() and credentials.lower() not in ("bearer", "basic", "token"):
                listed.secrets.keep(site.name, credentials, f"what stands behind {scheme or 'nothing'} in {site.name}")
        elif literal == site.raw and _is_secret(site):
            listed.secrets.keep(site.name or "token", literal, f"{site.name or 'token'} of {request.place}")
        return (site.raw,)

    user, password = (filled(part, plain) for part in request.basic or ("", ""))
    if user and not MARK.search(user):
        listed.secrets.keep("username", user, "user of HTTP Basic", kind=f"{PLAIN}USERNAME")
    if password and not MARK.search(password):
        listed.secrets.keep("password", password, "password of HTTP Basic")
    with suppress(Unusable):  # told where the call is built
        rewritten(request.call, keep)
    for variable, value in listed.values.items():
        if variable not in brought and is_secret(variable, value) and not MARK.search(value):
            listed.secrets.keep(variable, value, f"variable {variable}")


def _is_secret(site: Site) -> bool:
    return site.where != "number" and is_secret("" if site.where == "path" else site.name, site.raw)


def _filler(listed: Listed, extracted: Mapping[str, str]) -> Callable[[str], str]:
    """How a text gets the values that are known and no secrets."""
    open_values = {
        name: value
        for name, value in listed.values.items()
        if name not in extracted and listed.secrets.own(value) is None
    }
    return lambda raw: filled(raw, open_values)


def _text_of(listed: Listed, extracted: Mapping[str, str]) -> Callable[[str], Text]:
    """How a text without what `_filler` fills becomes one with parts."""

    def text(raw: str) -> Text:
        parts: list[Part] = []
        done = 0
        for match in MARK.finditer(raw):
            parts += listed.secrets.text(raw[done : match.start()]) if match.start() > done else ()
            parts.append(_variable(match[1], listed, extracted))
            done = match.end()
        parts += listed.secrets.text(raw[done:]) if done < len(raw) else ()
        return joined(parts)

    return text


def _variable(name: str, listed: Listed, extracted: Mapping[str, str]) -> Part:
    if name in extracted:
        return Extracted(extracted[name])
    if name[:1] == "$" and name[1:] in GENERATED and name not in listed.values:
        return Generated(name[1:])
    if known := listed.secrets.own(listed.values.get(name, "")):
        return known
    if is_password_name(name) or is_secret_name(name):
        return Variable(variable_name(name), f"variable {name} of the source")
    return plain_variable(name, f"variable {name} of the source")


def _call(request: Request, listed: Listed, extracted: Mapping[str, str]) -> Call:
    text, fill = _text_of(listed, extracted), _filler(listed, extracted)

    def part(site: Site) -> Text:
        site = replace(site, raw=fill(site.raw))
        if site.where == "header" and site.name.lower() in _CREDENTIALS:
            scheme, blank, credentials = site.raw.rpartition(" ")
            known = listed.secrets.own(credentials)
            return joined([scheme + blank, known]) if known is not None else text(site.raw)
        if is_per_request(site.where, site.name):
            return anew(text(site.raw))
        own = listed.secrets.own(site.raw) if _is_secret(site) or site.where in ("header", "query") else None
        return (own,) if own is not None else text(site.raw)

    try:
        call = rewritten(request.call, part)
    except Unusable as problem:
        listed.notes.append(f"{request.place}: {problem}: the request is sent without it")
        call = rewritten(replace(request.call, body=None, comment=f"{problem}: sent without it"), part)

    def credential(raw: str) -> Text:
        known = listed.secrets.own(fill(raw))
        return (known,) if known is not None else text(fill(raw))

    basic = request.basic if not any(name.lower() == "authorization" for name, _ in call.headers) else None
    return replace(
        call,
        basic=(credential(basic[0]), credential(basic[1])) if basic else None,
        name=listed.secrets.shown(call.name, 200),
        comment=listed.secrets.shown(call.comment),
        extracts=tuple(replace(extract, name=extracted[variable]) for variable, extract in request.brings),
    )


def _scenario(
    name: str, inside: Sequence[int], own: Sequence[Request], calls: Sequence[Call], makers: Mapping[str, int],
    listed: Listed, *, writes_on: bool,
) -> Scenario:  # fmt: skip
    start: list[int] = []

    def need(index: int, depth: int = 0) -> None:
        for wanted in sorted(extracted_in(calls[index])):
            maker = makers.get(wanted, index)
            if maker != index and maker not in start and depth < _MOST_SCENARIOS:
                need(maker, depth + 1)
                if maker not in start:
                    start.append(maker)

    for index in inside:
        need(index)
    used = {makers[name] for call in calls for name in extracted_in(call) if name in makers}
    names = Names()
    tasks = []
    for index in inside:
        because = why_off(own[index].call, own[index].name)
        if index in used and because:
            continue
        call = replace(calls[index], extracts=()) if index in start else calls[index]
        title = listed.secrets.shown(own[index].name, 60) or f"{call.method} {call.name}"
        off = "" if writes_on else because
        tasks.append(Task(names.unique(title), (call,), enabled=not off, off_because=off))
    return Scenario(
        name=listed.secrets.shown(name, 60),
        tasks=tuple(tasks),
        on_start=tuple(calls[index] for index in start),
    )


def _with_tasks(scenarios: Sequence[Scenario]) -> tuple[Scenario, ...]:
    """Those with a task that runs; tasks of the others, all switched off, stand in the first one."""
    running = [scenario for scenario in scenarios if any(task.enabled for task in scenario.tasks)]
    if not running:
        return tuple(scenario for scenario in scenarios if scenario.tasks)
    off = tuple(task for scenario in scenarios if scenario not in running for task in scenario.tasks)
    return (replace(running[0], tasks=(*running[0].tasks, *off)), *running[1:])


def _with_one_basic(scenario: Scenario) -> Scenario:
    """Where every request has the same user and password of HTTP Basic, those are the user's."""
    calls = [*scenario.on_start, *(call for task in scenario.tasks for call in task.calls)]
    found = {call.basic for call in calls}
    if len(found) != 1 or None in found:
        return scenario
    return replace(
        scenario,
        basic=calls[0].basic,
        on_start=tuple(replace(call, basic=None) for call in scenario.on_start),
        tasks=tuple(
            replace(task, calls=tuple(replace(call, basic=None) for call in task.calls)) for task in scenario.tasks
        ),
    )
