"""The exchanges of one user become a scenario: a start, and tasks of requests in the order of the recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from readiness.init.draft import (
    Call,
    Draft,
    Extract,
    Extracted,
    Generated,
    Part,
    Scenario,
    Task,
    Text,
    Variable,
    joined,
)
from readiness.init.sources.calls import Site, Unusable, rewritten
from readiness.init.sources.correlation import PlaceKind, Source
from readiness.init.sources.exchange import Exchange
from readiness.init.sources.explained import Explained, explain, has_password
from readiness.init.sources.grouping import grouped, pages_of
from readiness.init.sources.per_request import NEW, is_per_request
from readiness.init.sources.secrets_found import Secrets, is_secret_name
from readiness.init.sources.token_log_in import lives_s, renewed
from readiness.init.sources.values import Names, words
from readiness.text.log_in_pages import leads_to_log_in

_MOST_THINK_S = 30.0
LEAST_THINK_S = 1.0
"""A shorter pause between two requests of a page is the browser's work, not the user's."""
MOST_REDIRECTS = 5
LOOK_AHEAD = 20
"""A redirect's target stands so near behind it in a recording."""
_Key = tuple[int, PlaceKind, str]
"""Exchange, kind and place of a value in the answer."""


def journey(exchanges: list[Exchange], *, origin: str, source: str, notes: Sequence[str], paged: bool) -> Draft:
    """One scenario of what one user did. `paged`: the recording says which page each exchange belongs to."""
    timed = all(one.start_s > 0 for one in exchanges)
    ordered = sorted(exchanges, key=lambda one: one.start_s) if timed else exchanges
    chains = _chains(ordered, set())
    found = explain(chains)
    if alone := _not_followed(chains, found):
        chains = _chains(ordered, alone)
        found = explain(chains)
    needs = {index: found.needs(index) for index in range(len(chains))}
    pages = pages_of(chains, paged=paged)
    log_ins = [index for index, one in enumerate(chains) if has_password(one)]
    landings = [index + 1 for index in log_ins if _leads_to_next(chains, index)]
    start, groups = grouped(chains, pages, needs, [*log_ins, *landings])
    told = list(notes)
    names = _names(found)
    calls = [_call(index, one, found, names, told) for index, one in enumerate(chains)]
    headers = _common([calls[index] for index in {*start, *(one for group in groups for one in group)}])
    tasks = [_task(group, calls, chains, found.secrets) for group in groups]
    cookie, cookie_notes = _cookie(found, log_ins)
    scenario = Scenario(
        name="journey",
        tasks=_merged([replace(task, calls=_without(task.calls, headers)) for task in tasks]),
        on_start=_without([replace(calls[index], think_s=0.0) for index in start], headers),
        headers=(*headers, *cookie),
        think_s=_pauses(pages, chains) if timed else (0.5, 1.5),
    )
    told += cookie_notes
    scenario, note = renewed(scenario, lives_s(calls, [one.answers[-1].text for one in chains]))
    told += [note] if note else []
    return Draft(
        scenarios=(scenario,),
        source=found.secrets.shown(source),
        target=origin,
        notes=tuple(found.secrets.shown(note, 1_000) for note in told),
    )


def _chains(exchanges: Sequence[Exchange], alone: set[int]) -> list[Exchange]:
    """Redirects with what they led to as one exchange, as a client that follows them sees it; not those of `alone`."""
    taken: set[int] = set()
    found = []
    for index, exchange in enumerate(exchanges):
        if index in taken:
            continue
        whole, at = exchange, index
        while whole.location and len(whole.answers) <= MOST_REDIRECTS and exchange.number not in alone:
            ahead = [i for i in range(at + 1, min(at + LOOK_AHEAD, len(exchanges))) if i not in taken]
            at = next((i for i in ahead if exchanges[i].url.partition("#")[0] == whole.location), -1)
            if at < 0:
                break
            taken.add(at)
            last = exchanges[at]
            whole = replace(
                whole,
                answers=(*whole.answers, *last.answers),
                end_s=last.end_s,
                location=last.location,
                page=last.page if last.document else whole.page,
                title=last.title if last.document else whole.title,
            )
        found.append(whole)
    return found


def _not_followed(chains: Sequence[Exchange], found: Explained) -> set[int]:
    """Exchanges whose redirect must not be followed, because it says itself what counts.

    A later request needs a value of it; or it is the answer to a log-in, which shows the form again, with 200, to
    whoever has a wrong password.
    """
    wanted = {call for call, _ in found.moved.values()} | {i for i, one in enumerate(chains) if has_password(one)}
    for uses in found.uses.values():
        for _, source in uses.values():
            if source.where != "cookie" and source.hop < len(chains[source.call].answers) - 1:
                wanted.add(source.call)
    return {chains[call].number for call in wanted if len(chains[call].answers) > 1}


def _leads_to_next(chains: Sequence[Exchange], index: int) -> bool:
    """Whether the exchange redirects to the one behind it."""
    following = chains[index + 1].url.partition("#")[0] if index + 1 < len(chains) else None
    return chains[index].location == following


def _names(found: Explained) -> dict[_Key, str]:
    """A name for each value that is kept. A token of the same kind replaces the last one, as in the browser."""
    names = Names()
    tokens: dict[tuple[str, str], str] = {}
    kept: dict[_Key, str] = {}
    sources = [source for uses in found.uses.values() for _, source in uses.values()]
    for source in sorted(sources, key=lambda one: (one.call, one.label)):
        key = (source.call, source.where, source.at)
        if key in kept:
            continue
        if source.where != "json" and is_secret_name(source.key):
            kept[key] = tokens.get((source.where, source.at)) or names.unique(source.label)
            tokens[source.where, source.at] = kept[key]
        else:
            kept[key] = names.unique(source.label)
    for call, _ in found.moved.values():
        kept.setdefault((call, "header", "Location"), names.unique("location"))
    return kept


def _call(index: int, exchange: Exchange, found: Explained, names: Mapping[_Key, str], told: list[str]) -> Call:
    uses, own = found.uses[index], found.own[index]

    def text(site: Site) -> Text:
        if site in uses:
            before, source = uses[site]
            return joined([before, Extracted(names[_key(source)])])
        if site in own:
            scheme, blank, _ = site.raw.rpartition(" ") if site.name.lower() == "authorization" else ("", "", "")
            return joined([scheme + blank, own[site]])
        return NEW if is_per_request(site.where, site.name) else found.secrets.text(site.raw)

    try:
        call = rewritten(exchange.call, text)
    except Unusable as problem:
        told.append(f"entry {exchange.number}: {problem}: the request is sent without its body")
        call = replace(rewritten(replace(exchange.call, body=None), text), comment=f"{problem}: sent without it")
    if index in found.moved:
        place, rest = found.moved[index]
        call = replace(call, path=joined([Extracted(names[place, "header", "Location"]), rest]))
    follows = len(exchange.answers) > 1
    comment = found.secrets.shown(call.comment)
    if exchange.location and not follows and not has_password(exchange) and not _kept_location(index, found):
        comment = comment or "redirects to what is not part of the journey"
    return replace(
        call,
        name=found.secrets.shown(call.name, 200),
        expected=_expected(exchange.answers[-1].status),
        extracts=tuple(Extract(name, where, at) for (one, where, at), name in names.items() if one == index),
        follows=follows,
        shows_log_in=leads_to_log_in("", "", exchange.answers[-1].text.encode()),
        comment=comment,
    )


def _key(source: Source) -> _Key:
    return (source.call, source.where, source.at)


def _kept_location(index: int, found: Explained) -> bool:
    return any(call == index for call, _ in found.moved.values())


def _expected(status: int) -> tuple[int, ...]:
    """Status codes that are right where the recording had `status`: a second write of one thing may make nothing."""
    if status in (200, 304):
        return (200,)
    return (200, 201) if status == 201 else (status,)


def _task(group: Sequence[int], calls: Sequence[Call], chains: Sequence[Exchange], secrets: Secrets) -> Task:
    made = []
    before: int | None = None
    for index in group:
        pause_s = chains[index].start_s - chains[before].end_s if before is not None else 0.0
        made.append(replace(calls[index], think_s=_think_s(pause_s) if pause_s >= LEAST_THINK_S else 0.0))
        before = index
    first = chains[group[0]]
    title = first.title if first.title and "://" not in first.title and words(first.title) else ""
    return Task(name=secrets.shown(title or _spoken(calls[group[0]]), 60), calls=tuple(made))


def _spoken(call: Call) -> str:
    """A path in words: `orders id pay`; the first page is `home`."""
    said = " ".join(words(call.name)) or "home"
    return said if call.method == "GET" else f"{call.method.lower()} {said}"


def _think_s(pause_s: float) -> float:
    return round(min(max(pause_s, 0.1), _MOST_THINK_S), 1)


def _pauses(pages: Sequence[Sequence[int]], chains: Sequence[Exchange]) -> tuple[float, float]:
    """The shortest and the longest pause before a page."""
    pauses = (chains[page[0]].start_s - chains[page[0] - 1].end_s for page in pages if page[0] > 0)
    pauses_s = sorted(_think_s(pause_s) for pause_s in pauses if pause_s >= LEAST_THINK_S)
    if not pauses_s:
        return (0.5, 1.5)
    low, high = pauses_s[0], pauses_s[-1]
    return (low, high) if high > low else (round(low * 0.8, 1), round(high * 1.2, 1))


def _common(calls: Sequence[Call]) -> tuple[tuple[str, Text], ...]:
    """Headers that every call has with one value, and that need no earlier answer: they are the user's."""
    if len(calls) < 2:
        return ()
    first, *others = calls
    return tuple(
        header
        for header in first.headers
        if all(header in call.headers for call in others)
        and header[0].lower() != "content-type"
        and not any(isinstance(part, Extracted | Generated) for part in header[1])
    )


def _without(calls: Sequence[Call], headers: tuple[tuple[str, Text], ...]) -> tuple[Call, ...]:
    return tuple(replace(call, headers=tuple(one for one in call.headers if one not in headers)) for call in calls)


def _merged(tasks: Sequence[Task]) -> tuple[Task, ...]:
    """A page that was shown twice is one task of twice the weight."""
    found: list[Task] = []
    for task in tasks:
        same = next((i for i, one in enumerate(found) if one.calls == task.calls), None)
        if same is None:
            found.append(task)
        else:
            found[same] = replace(found[same], weight=found[same].weight + 1)
    return tuple(found)


def _cookie(found: Explained, log_ins: Sequence[int]) -> tuple[tuple[tuple[str, Text], ...], list[str]]:
    """The session of a user who had logged in before the recording began."""
    if not found.unset_cookies or log_ins:
        return (), []
    shown = ", ".join(found.secrets.shown(name, 40) for name in found.unset_cookies[:5])
    cookie: Part = Variable("READINESS_SECRET_COOKIE", "cookies of a user who is logged in, as a browser sends them")
    note = (
        f"no answer in the recording sets the cookies {shown}: the user had logged in before. "
        "READINESS_SECRET_COOKIE takes them (name=value; name=value), or record anew from the log-in on"
    )
    return (("Cookie", (cookie,)),), [note]
