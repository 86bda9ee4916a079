"""A scenario of a draft as Python, in the manner of `scenarios/` and formatted as `ruff format` leaves it.

Names are folded (names.py), texts are string literals (expressions.py), and what else a source says stands in comments
and docstrings of one harmless line (literals.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from readiness.init import expressions
from readiness.init.draft import (
    ACCESS_TOKEN,
    BEARER,
    GENERATED,
    Call,
    Column,
    Extract,
    Extracted,
    FormLogIn,
    Generated,
    LogIn,
    Scenario,
    Task,
    Text,
    Variable,
    graphql,
    joined,
)
from readiness.init.head import head_lines, import_lines
from readiness.init.layout import INDENT, Expression, Group, assigned, keyed, lines, one_line
from readiness.init.literals import LINE, comment, literal, sentence
from readiness.init.names import class_name, column, identifier, variable
from readiness.init.shared import one_account
from readiness.init.uses import Unfixed, circular, fixed, providers, sendable, starts_once, unfixed, unfixed_of_scenario

BODY = INDENT * 2
_SHORT = 24
"""Characters of a variable, so that a line with two of them fits."""
_METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options"})
"""What the client has a method of its own for."""
_WITH_FILES = frozenset({"post", "put", "patch"})
"""Those that take `files=`."""


@dataclass(frozen=True, slots=True)
class _Written:
    """What the functions of one file need to know of each other."""

    methods: Mapping[int, str]
    """The name of each task, by its place."""
    kept: Mapping[str, str]
    """Attributes of what is extracted, by the draft's name."""
    files: Mapping[str, str]
    """Constants of the CSV files, by name."""
    providers: Mapping[str, int | None]
    """The task that brings what is extracted; None: `on_start`."""
    runs: bool
    """Whether a task of the file is switched on."""
    starts_once: bool
    """Whether a value that `on_start` did not get stays missing (uses.py)."""
    circular: frozenset[int]
    """Tasks that may not call others first."""


def python(scenario: Scenario, module: str, source: str) -> str:
    """The text of the file `module`.py. Pure; what it holds of `source` and the scenario is text, never code."""
    written = _names(scenario)
    class_ = class_name(module)
    body = [
        f"class {class_}(User):",
        f'{INDENT}"""{_about(scenario, module)}"""',
        "",
        f"{INDENT}wait_time = between({scenario.think_s[0]:g}, {scenario.think_s[1]:g})",
        *(f'{INDENT}{attribute} = ""' for attribute in written.kept.values()),
    ]
    start = _on_start(scenario, written)
    if start:
        body += ["", *start]
    for place, task in enumerate(scenario.tasks):
        body += ["", *_task(task, place, written)]
    constants = [f'{name} = rows({literal(file)}, order="random")' for file, name in written.files.items()]
    head = head_lines(module, source, shared=one_account(scenario), runs=written.runs, ends=scenario.ends)
    imports = import_lines("\n".join([*constants, *body]), runs=written.runs)
    return "\n".join([*head, "", *imports, *(["", *constants] if constants else []), "", "", *body, ""])


def method_names(scenario: Scenario) -> tuple[str, ...]:
    """What the methods of the tasks are called, in their order."""
    return tuple(_names(scenario).methods.values())


def _names(scenario: Scenario) -> _Written:
    taken: set[str] = set()
    methods = {}
    for place, task in enumerate(scenario.tasks):
        methods[place] = identifier(task.name, taken, otherwise="task")
        taken.add(methods[place])
    kept = {}
    found = providers(scenario)
    for name in found:
        kept[name] = identifier(name, taken, otherwise="value")
        taken.add(kept[name])
    files: dict[str, str] = {}
    columns = sorted({part.file for part in unfixed_of_scenario(scenario) if isinstance(part, Column)})
    for file in columns:
        name = identifier(file.removesuffix(".csv"), {one.lower() for one in files.values()}, otherwise="rows").upper()
        files[file] = name
    runs = any(task.enabled for task in scenario.tasks)
    return _Written(methods, kept, files, found, runs, starts_once(scenario), circular(scenario, found))


def _about(scenario: Scenario, module: str) -> str:
    return sentence(scenario.summary, LINE - 12) or f"What a client does with {module.replace('_', ' ')}."


def _on_start(scenario: Scenario, written: _Written) -> list[str]:
    if not (scenario.headers or scenario.cookies or scenario.basic or scenario.log_in or scenario.on_start):
        return []
    says = "What comes before the first task, for each user." if scenario.on_start else "Credentials for every request."
    if scenario.log_in:
        says = "A token for every request, and a new one before it ends."
    if isinstance(scenario.log_in, FormLogIn):
        says = "Log in with the form of the page."
    names, fetched = _values(list(unfixed_of_scenario(scenario, tasks=False)), written)
    body = [f"{BODY}{line}" for line in fetched]
    body += _anew(unfixed_of_scenario(replace(scenario, on_start=()), tasks=False), names)
    for name, value in sendable(scenario.headers):
        body += assigned(f"self.client.headers[{literal(name)}]", expressions.text(value, names), BODY)
    for name, value in sendable(scenario.cookies):
        body += assigned(f"self.client.cookies[{literal(name)}]", expressions.text(value, names), BODY)
    if scenario.basic:
        user, password = (expressions.text(part, names) for part in scenario.basic)
        body += lines(Group("self.client.auth = (", (user, password), ")"), BODY)
    if scenario.log_in:
        body += _log_in(scenario.log_in, names)
    for place, call in enumerate(scenario.on_start):
        body += _call(call, names, written, last=place == len(scenario.on_start) - 1)
    return [f"{INDENT}def on_start(self) -> None:", f'{BODY}"""{says}"""', *body]


def _log_in(wanted: LogIn | FormLogIn, names: expressions.Expressions) -> list[str]:
    if isinstance(wanted, FormLogIn):
        who = (expressions.text(wanted.username, names), expressions.text(wanted.password, names))
        return lines(Group("form_log_in(", ("self.client", literal(wanted.path), *who), ")"), BODY)
    sent = expressions.body(wanted.body, names)
    parts: list[Expression] = ["self.client", literal(wanted.path)]
    parts += [sent] if sent is not None else []
    parts += [_auth(wanted.basic, names)] if wanted.basic else []
    parts += [f"token={literal(wanted.token)}"] if wanted.token != ACCESS_TOKEN else []
    parts += [f"scheme={literal(wanted.scheme)}"] if wanted.scheme != BEARER else []
    return lines(Group("log_in(", tuple(parts), ")"), BODY)


def _auth(basic: tuple[Text, Text], names: expressions.Expressions) -> Group:
    return Group("auth=(", tuple(expressions.text(part, names) for part in basic), ")")


def _task(task: Task, place: int, written: _Written) -> list[str]:
    name = written.methods[place]
    if task.enabled:
        head = "@task" if task.weight == 1 else f"@task({max(1, int(task.weight))})"
    else:
        because = comment(task.off_because or "it writes", 52)
        on = ". To switch it on, put @task above it." if written.runs else "; see the top of this file."
        head = f"# Switched off, because {because}{on}"
    says = sentence(task.summary, LINE - 16) or sentence(name.replace("_", " "), LINE - 16)
    names, fetched = _values([part for call in task.calls for part in unfixed(call)], written)
    body = [*_needed(task, place, written), *(f"{BODY}{line}" for line in fetched)]
    for number, call in enumerate(task.calls):
        body += _call(call, names, written, last=number == len(task.calls) - 1)
    return [f"{INDENT}{head}", f"{INDENT}def {name}(self) -> None:", f'{BODY}"""{says}"""', *body]


def _needed(task: Task, place: int, written: _Written) -> Iterator[str]:
    """Lines that bring what other tasks extract, where it is not there yet."""
    had: set[str] = set()
    asked: set[str] = set()
    for call in task.calls:
        for part in unfixed(call):
            if isinstance(part, Extracted) and part.name not in had | asked:
                asked.add(part.name)
                provider = written.providers[part.name]
                if provider == place or place in written.circular:
                    continue  # its own, of the round before
                attribute = f"self.{written.kept[part.name]}"
                bring = "on_start" if provider is None else written.methods[provider]
                yield f"{BODY}if not {attribute}:"
                if provider is None and written.starts_once:
                    yield f"{BODY}{INDENT}return  # on_start did not get it, and is not sent again: it writes"
                    continue
                yield f"{BODY}{INDENT}self.{bring}()"
                yield f"{BODY}{INDENT}if not {attribute}:"
                yield f"{BODY}{INDENT * 2}return"
        had |= {extract.name for extract in call.extracts}


def _values(parts: Sequence[Unfixed], written: _Written) -> tuple[expressions.Expressions, list[str]]:
    """The expression of each part, and the lines that come first; `_anew` writes those of one request."""
    names: dict[Unfixed, str] = {}
    first: list[str] = []
    taken = {"self", *written.methods.values()}
    rows: dict[str, str] = {}
    for part in dict.fromkeys(parts):
        if isinstance(part, Extracted):
            names[part] = f"self.{written.kept[part.name]}"
            continue
        if isinstance(part, Variable):
            called = variable(part.name)
            local = identifier(
                called.removeprefix("READINESS_").removeprefix("VAR_"), taken, otherwise="value", most=_SHORT
            )
            says = comment(part.purpose, 50)
            line = f"{local} = os.environ[{literal(called)}]"
            first.append(f"{line}  # {says}" if says and len(line) + len(says) < LINE - 20 else line)
        elif isinstance(part, Generated):
            local = identifier(part.name, taken, otherwise="value", most=_SHORT)
        else:
            if part.file not in rows:
                rows[part.file] = identifier(f"{written.files[part.file][:_SHORT]}_row", taken, otherwise="row")
                taken.add(rows[part.file])
                first.append(f"{rows[part.file]} = {written.files[part.file]}.take()")
            local = identifier(part.name, taken, otherwise="value", most=_SHORT)
            first.append(f"{local} = {rows[part.file]}[{literal(column(part.name))}]")
        names[part] = local
        taken.add(local)
    return names, first


def _anew(parts: Iterable[Unfixed], names: expressions.Expressions) -> list[str]:
    """Lines that make the new values of one request."""
    made = dict.fromkeys(part for part in parts if isinstance(part, Generated))
    return [f"{BODY}{names[part]} = {GENERATED[part.name]}" for part in made]


def _call(call: Call, names: expressions.Expressions, written: _Written, *, last: bool) -> list[str]:
    found = [f"{BODY}# {comment(call.comment, 100)}"] if comment(call.comment, 100) else []
    if call.think_s > 0:
        found.append(f"{BODY}time.sleep({call.think_s:.3g})")
    found += _anew(unfixed(call), names)
    asked = graphql(call.body)
    at_log_in = call.follows and not call.shows_log_in
    judged = bool(call.expected or call.extracts or call.same or asked or at_log_in)
    request = _request(call, names, judged=judged)
    if not judged:
        return [*found, *lines(request, BODY)]
    found += lines(Group(f"with {request.open}", request.parts, request.close), BODY, " as response:")
    deep = BODY + INDENT
    goes_on = bool(call.extracts or call.same)
    if call.expected:
        right = ", ".join(str(int(status)) for status in call.expected)
        test = f"!= {right}" if len(call.expected) == 1 else f"not in ({right})"
        found += [
            f"{deep}if response.status_code {test}:",
            f'{deep}{INDENT}response.failure(f"HTTP {{response.status_code}}, expected {right}")',
        ]
        found += [f"{deep}{INDENT}return"] if goes_on else []
        if any(status >= 300 for status in call.expected):
            found += [f"{deep}response.success()"] if goes_on else [f"{deep}else:", f"{deep}{INDENT}response.success()"]
    elif goes_on:
        found += [f"{deep}if not response.ok:", f"{deep}{INDENT}return"]
    if at_log_in:
        found += [f"{deep}if response.at_log_in:", f'{deep}{INDENT}response.failure("led to a log-in page")']
        found += [f"{deep}{INDENT}return"] if goes_on else []
    if asked:
        found += [
            f'{deep}if response.ok and response.json().get("errors"):',
            f'{deep}{INDENT}response.failure("the answer has errors")',
        ]
        found += [f"{deep}{INDENT}return"] if goes_on else []
    for extract in call.extracts:
        if extract.name in written.kept:
            found += assigned(f"self.{written.kept[extract.name]}", _read(extract), deep)
    for at, value in call.same:
        wanted = expressions.text(value, names)
        line = f"{deep}if {one_line(_read(Extract('', 'json', at)))} != {one_line(wanted)}:"
        if len(line) <= LINE:
            found += [line, f'{deep}{INDENT}response.failure("another one than was asked for")']
    return found


def _read(extract: Extract) -> Expression:
    if extract.where == "cookie":
        return Group("unquote(", (Group("self.client.cookies.get(", (literal(extract.at), '""'), ")"),), ")")
    if extract.where == "header" and extract.at.lower() == "location":  # often a whole address, of a host of its own
        return Group("urlsplit(", (Group("header_value(", ("response", literal(extract.at)), ")"),), ").path")
    return Group(f"{extract.where}_value(", ("response", literal(extract.at)), ")")


def _request(call: Call, names: expressions.Expressions, *, judged: bool) -> Group:
    method = call.method.lower()
    path: Text = call.path
    parts = []
    plain = [(name, value) for name, value in call.query if fixed(value)]
    if call.query and len(plain) == len(call.query):
        path = (
            *path,
            "?" if "?" not in "".join(part for part in path if isinstance(part, str)) else "&",
            _query(plain),
        )
    parts.append(expressions.text(path, names, in_url=True))
    if call.query and len(plain) < len(call.query):
        parts.append(keyed("params=", expressions.pairs(call.query, names)))
    if call.headers:
        parts.append(keyed("headers=", expressions.headers(call.headers, names)))
    if call.basic:
        parts.append(_auth(call.basic, names))
    if cookies := sendable(call.cookies):
        parts.append(keyed("cookies=", expressions.pairs(cookies, names)))
    sent = expressions.body(call.body, names) if call.body is not None else None
    parts += [sent] if sent is not None else []
    if joined(path) != (call.name,):
        parts.append(f"name={literal(call.name)}")
    parts += ["allow_redirects=True"] if call.follows else []
    parts += ["catch_response=True"] if judged else []
    own = _WITH_FILES if call.body is not None and call.body.kind == "multipart" else _METHODS
    if method in own:
        return Group(f"self.client.{method}(", tuple(parts), ")")
    return Group("self.client.request(", (literal(call.method), *parts), ")")


def _query(plain: Sequence[tuple[str, Text]]) -> str:
    pairs = [(name, "".join(part for part in value if isinstance(part, str))) for name, value in plain]
    return urlencode(pairs, errors="replace", safe=",")  # the elements of a list
