"""The request whose answer has the token of the others becomes a log-in, which is sent again before the token ends."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec

from readiness.init.draft import Call, Extracted, LogIn, Scenario, Text, joined
from readiness.init.sources.calls import extracted_in
from readiness.init.sources.per_request import is_per_request
from readiness.init.sources.values import leaves, written
from readiness.load.token_life import life_s

_HOW_TO = "docs/how-to/api-with-a-token.md"
_SCHEME = re.compile(r"([A-Za-z][\w-]{0,30}) ", re.ASCII)
_MAKES_ACCOUNT = re.compile(r"regist|sign[-_]?up|\bjoin\b|(?:users?|accounts?)/?$", re.IGNORECASE)
"""What would make an account each time."""
_AUTHORIZATION = "authorization"


def renewed(scenario: Scenario, lives_s: Mapping[str, float]) -> tuple[Scenario, str]:
    """The scenario with a log-in where one can be written, and what to tell; `lives_s`: of tokens, by their names."""
    calls = _calls(scenario)
    values = {value for call in calls if (value := _authorization(call)) is not None}
    tokens = {part.name for value in values for part in value if isinstance(part, Extracted)}
    makers = [call for call in calls if any(extract.name in tokens for extract in call.extracts)]
    if not makers:
        return scenario, ""
    life_s = next((lives_s[name] for name in sorted(tokens) if name in lives_s), None)
    maker = makers[0]
    name = f"{maker.method} {maker.name}"
    if len(tokens) == 1 and len(makers) == 1:
        (token,) = tokens
        log_in = _log_in(maker, token, values)
        others = [_plain(call, token) for call in calls if call is not maker]
        brought = {extract.name for extract in maker.extracts}
        if log_in is not None and maker in scenario.on_start and not any(brought & extracted_in(one) for one in others):
            lasts = f" ({life_s:g} s in the recording)" if life_s else ""
            return _with(scenario, maker, log_in, token), (
                f"each user logs in with {name}, and again before its token ends{lasts}"
            )
    lives = f"it lives {life_s:g} s" if life_s else "how long it lives is not known"
    told = (
        f"the token of {name} is fetched once and not renewed, and {lives}: after that every request gets 401. "
        f"log_in(self.client, ...) in on_start renews it ({_HOW_TO})"
    )
    return replace(scenario, ends=told), told


def lives_s(calls: Sequence[Call], answers: Sequence[str]) -> dict[str, float]:
    """How long each token that a call keeps lives, by its name, as the recorded answer or the token itself says."""
    found: dict[str, float] = {}
    for call, text in zip(calls, answers, strict=True):
        for extract in call.extracts:
            try:
                answer = msgspec.json.decode(text) if extract.where == "json" else None
            except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, UnicodeEncodeError):
                continue
            token = next((value for path, value in leaves(answer) if written(path) == extract.at), None)
            if isinstance(token, str) and (seconds := life_s(answer, token)) is not None and seconds > 0:
                found[extract.name] = seconds
    return found


def _calls(scenario: Scenario) -> list[Call]:
    return [*scenario.on_start, *(call for task in scenario.tasks for call in task.calls)]


def _authorization(call: Call) -> Text | None:
    return next((value for name, value in call.headers if name.lower() == _AUTHORIZATION), None)


def _plain(call: Call, token: str) -> Call:
    """The call without the header that has the token."""
    has_token = Extracted(token) in (_authorization(call) or ())
    kept = tuple(pair for pair in call.headers if pair[0].lower() != _AUTHORIZATION or not has_token)
    return replace(call, headers=kept)


def _log_in(call: Call, token: str, values: set[Text]) -> LogIn | None:
    """The call as `log_in` sends it; None where that would be another request, or the token goes another way."""
    schemes = {_SCHEME.fullmatch(value[0]) for value in values if len(value) == 2 and isinstance(value[0], str)}
    at = next((extract.at for extract in call.extracts if extract.name == token and extract.where == "json"), None)
    with_token = [value for value in values if Extracted(token) in value]
    scheme = schemes.pop() if len(with_token) == len(schemes) == 1 else None
    path = "".join(part for part in call.path if isinstance(part, str))
    makes = _MAKES_ACCOUNT.search(call.name) is not None
    is_fixed = joined(call.path) == (path,) and not (call.query or call.cookies or call.comment)
    own = [name for name, _ in call.headers if name.lower() != "accept" and not is_per_request("header", name)]
    if scheme is None or at is None or call.method != "POST" or not is_fixed or makes or own or extracted_in(call):
        return None
    if call.body is None or call.body.kind not in ("form", "json"):
        return None
    return LogIn(path, call.body, at, scheme[1], call.basic)


def _with(scenario: Scenario, maker: Call, log_in: LogIn, token: str) -> Scenario:
    """Its calls without the token, which the client sends by itself; those that went without one still do."""

    def call_of(call: Call) -> Call:
        if _authorization(call) is None and call.basic is None:
            return replace(call, headers=(*call.headers, ("Authorization", ())))
        return _plain(call, token)

    tasks = (replace(task, calls=tuple(map(call_of, task.calls))) for task in scenario.tasks)
    start = tuple(call_of(call) for call in scenario.on_start if call is not maker)
    return replace(scenario, log_in=log_in, on_start=start, tasks=tuple(tasks))
