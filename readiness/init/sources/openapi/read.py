"""An OpenAPI document into a Draft: scenarios by tag, a task for each operation, ids from lists."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from readiness.errors import ConfigError
from readiness.init.draft import Draft, Scenario, Task, Text
from readiness.init.sources.openapi.calls import Calls, ParameterPlace
from readiness.init.sources.openapi.examples import secrets_in, without_secrets
from readiness.init.sources.openapi.nodes import DocumentNode, Unresolved, load
from readiness.init.sources.openapi.operations import Operation, group_of, name_of, operations
from readiness.init.sources.openapi.security import Scheme, Security, chosen, needed, scopes_of, security
from readiness.init.sources.openapi.servers import server_of
from readiness.init.sources.openapi.tokens import with_scopes
from readiness.init.sources.traffic import ending
from readiness.text import clean

_MOST_SCENARIOS = 10
"""Files; smaller groups go together into one, because each file needs a user of its own in every run."""
_REST = "others"
_HEALTH = re.compile(
    r"/(?:[\w.-]+/){0,2}_?(?:healthz?|livez|readyz|live|ready|liveness|readiness|health[_-]?check|ping)/?",
    re.IGNORECASE,
)


def read(data: bytes, source: str) -> Draft:
    """The draft of the document. Raises ConfigError with the place when it cannot be read or has no operation."""
    root = load(data, source)
    notes = list(root.root.told)
    root.root.secrets = secrets_in(root.root)
    try:
        known = security(root)
        found = list(operations(root, notes))
    except Unresolved as error:
        raise ConfigError(f"{source}: {error}") from None
    notes += known.notes
    health = [one for one in found if _is_health(one)]
    asked = [one for one in found if one not in health or len(health) == len(found)]
    asked = _without_log_ins(asked, root, known, notes)
    if not asked:
        raise ConfigError(f"{source}: paths: no operation could be read", *notes[:5])
    scenarios = [_scenario(name, group, root, known, notes) for name, group in _groups(asked)]
    draft = Draft(
        scenarios=tuple(scenarios),
        source=clean(source, 200),
        service=clean(root.find("info").find("title").text, 80),
        target=_server(root, notes),
        health_paths=tuple(one.path for one in health),
        notes=tuple(notes),
    )
    return without_secrets(draft, root.root.secrets)


def _without_log_ins(asked: list[Operation], root: DocumentNode, known: Security, notes: list[str]) -> list[Operation]:
    """Without the requests by which scenarios log in themselves; and what a user must do for the schemes in use."""
    used = dict.fromkeys(name for one in asked for name in needed(one.node, root, known))
    notes += [known.told[name] for name in used if name in known.told]
    log_ins = {scheme.log_in.path for name in used if (scheme := known.schemes[name]).log_in is not None}
    notes += [
        f"security: each user logs in with POST {clean(path, 100)}, and again before its token ends"
        for path in sorted(log_ins)
    ]
    kept = [one for one in asked if one.method != "post" or one.path not in log_ins]
    return kept or asked


def _groups(found: Sequence[Operation]) -> list[tuple[str, list[Operation]]]:
    by_name: dict[str, list[Operation]] = {}
    for one in found:
        by_name.setdefault(group_of(one), []).append(one)
    if len(by_name) <= _MOST_SCENARIOS:
        return list(by_name.items())
    largest = sorted(by_name, key=lambda name: -len(by_name[name]))[: _MOST_SCENARIOS - 1]
    groups = [(name, by_name[name]) for name in by_name if name in largest]
    return [*groups, (_REST, [one for name, group in by_name.items() if name not in largest for one in group])]


def _scenario(
    name: str,
    group: list[Operation],
    root: DocumentNode,
    known: Security,
    notes: list[str],
) -> Scenario:
    wanted: Counter[str] = Counter()
    for one in group:
        wanted.update(needed(one.node, root, known))
    schemes = [known.schemes[one] for one in chosen(wanted.elements(), known)]
    dropped = [one for one in wanted if known.schemes[one] not in schemes]
    notes += [
        f"security: {clean(one, 40)} is left out of {clean(name, 40)}: another scheme needs the same header"
        for one in dropped
    ]
    query = tuple(entry for scheme in schemes for entry in scheme.query)
    log_in = next((scheme.log_in for scheme in schemes if scheme.log_in), None)
    scopes = (scope for one in group for scope in scopes_of(one.node, root, known))
    return Scenario(
        name=name,
        tasks=_tasks(group, query, _standing(schemes), notes),
        headers=tuple(entry for scheme in schemes for entry in scheme.headers),
        cookies=tuple(entry for scheme in schemes for entry in scheme.cookies),
        log_in=with_scopes(log_in, scopes) if log_in else None,
        basic=next((scheme.basic for scheme in schemes if scheme.basic), None),
        summary="" if name == _REST else _tag_words(root, name),
    )


def _standing(schemes: Sequence[Scheme]) -> set[tuple[ParameterPlace, str]]:
    """What every request has anyway: headers and cookies by their names in small letters."""
    found: set[tuple[ParameterPlace, str]] = set()
    for one in schemes:
        found |= {("header", name.lower()) for name, _ in one.headers}
        found |= {("cookie", name.lower()) for name, _ in one.cookies}
        found |= {("header", "authorization")} if one.basic or one.log_in else set()
    return found


def _tasks(
    group: list[Operation],
    query: tuple[tuple[str, Text], ...],
    standing: set[tuple[ParameterPlace, str]],
    notes: list[str],
) -> tuple[Task, ...]:
    """A task for each operation that can be read; a list that cannot be read brings no ids either."""
    while True:
        calls, told = Calls(group, query, standing), list[str]()
        known, tasks = list[Operation](), list[Task]()
        for one in group:
            try:
                tasks.append(_task(one, calls, told))
                known.append(one)
            except Unresolved as error:
                notes.append(f"{error}; {one.method.upper()} {clean(one.path, 80)} is left out")
        if len(known) == len(group):
            notes += told
            return tuple(tasks)
        group = known


def _task(operation: Operation, calls: Calls, notes: list[str]) -> Task:
    """Raises Unresolved."""
    call, missing = calls.call(operation)
    words = operation.node.find("summary").text or operation.node.find("description").text.partition("\n")[0]
    because = ""
    if operation.method != "get":
        because = "it writes"
    elif ends := ending(operation.path, (name_of(operation),)):
        because = ends
    elif _streams(operation):
        because = "its answer has no end"
    elif missing:
        because = f"nothing gives a value for {', '.join(missing)}"
        notes.append(f"{clean(operation.node.at, 120)}: {because}; the task is switched off")
    return Task(
        name=name_of(operation),
        calls=(call,),
        enabled=not because,
        summary=clean(words, 200),
        off_because=clean(because, 100),
    )


def _is_health(operation: Operation) -> bool:
    return operation.method == "get" and not operation.parameters and _HEALTH.fullmatch(operation.path) is not None


def _streams(operation: Operation) -> bool:
    answer = operation.answer
    return answer is not None and any("event-stream" in name for name, _ in answer.find("content").entries())


def _tag_words(root: DocumentNode, name: str) -> str:
    for part in root.find("tags").parts():
        if part.find("name").text == name:
            return clean(part.find("description").text.partition("\n")[0], 120)
    return ""


def _server(root: DocumentNode, notes: list[str]) -> str | None:
    """The address that the document names, with its path; only told."""
    try:
        return server_of(root) or None
    except Unresolved as error:
        notes.append(f"{error}; the address of the service is not read")
    except ValueError as error:
        notes.append(f"servers: {clean(error, 100)!r} is no address of a host and no path: it is not used")
    return None
