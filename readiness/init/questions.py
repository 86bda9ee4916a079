"""With no source: the smallest useful set, from three answers."""

from __future__ import annotations

from collections.abc import Sequence

from readiness.errors import ConfigError
from readiness.init.draft import Call, Draft, FormLogIn, Scenario, Task, Variable
from readiness.init.sources.folding import template_of
from readiness.text import clean

_MOST_PATHS = 100
_MOST_CHARS = 2_000


def draft(paths: Sequence[str], login: str | None = None) -> Draft:
    """One user who asks for each path in turn, behind the form of the page `login`. Raises ConfigError for no path."""
    problems = [
        f"{flag}: {clean(path, 100)!r}: must begin with / and have no blanks; such as /api/items?page=1"
        for flag, path in (*(("--path", one) for one in paths), *([("--login", login)] if login is not None else []))
        if not path.startswith("/") or clean(path, _MOST_CHARS) != path or " " in path
    ]
    if len(paths) > _MOST_PATHS:
        problems.append(f"--path: {len(paths)} of them; at most {_MOST_PATHS}")
    if problems:
        raise ConfigError(*problems)
    tasks = tuple(
        Task(
            name=path.partition("?")[0].strip("/") or "front page",
            calls=(Call("GET", (path,), template_of(path.partition("?")[0]), expected=(200,)),),
            summary=f"What a visitor sees at {path.partition('?')[0]}.",
        )
        for path in dict.fromkeys(paths)
    )
    log_in = None
    if login is not None:
        user, password = Variable("READINESS_VAR_USERNAME", "name of the user who logs in"), "password of that user"
        log_in = FormLogIn(login, (user,), (Variable("READINESS_PASSWORD", password),))
    scenario = Scenario("visitor", tasks, log_in=log_in, summary="Somebody who reads the pages that were named.")
    return Draft(scenarios=(scenario,), source="three questions")
