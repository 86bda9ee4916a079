"""One walk over the tree before it is read: duplicate keys are found, `${NAME}` is replaced.

The file is a stranger's where a pull request may change it, so a variable is replaced only when the user allows it, and
never where its value could come out again: in SQL and PromQL, which can spell any text into a result, and in names of
files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from readiness.config.form import Problem, join
from readiness.config.tree import MAX_BYTES, Items, Node, Scalar, Table
from readiness.config.trust import NAME, VARIABLE_PREFIX, Trust
from readiness.text import clean

_VARIABLE = re.compile(r"\$(\$?)\{([^}]{0,200})(\}?)")
"""At most 200 characters: a search for the end of each of many `${` would be quadratic."""
_FILE = ("baseline.run",)
_SHORT = 3
"""Values so short are hidden as whole words only, or a message could not be read."""
_COMPARED = re.compile(r"database\.counts\.[^.]*\.where\.")
"""Values that the database gets beside the statement, never as part of it."""


class Variables:
    """Replaces the variables of one file; `problems` says what is wrong with them."""

    def __init__(self, environ: Mapping[str, str], trust: Trust) -> None:
        self.problems: list[Problem] = []
        self.values: dict[str, str] = {}
        """Each value that was put in, to its name; it must not be shown."""
        self._environ = environ
        self._trust = trust
        self._size = 0

    def node(self, node: Node, path: str) -> Node:
        """`node` with the values in place of their names."""
        match node:
            case Scalar():
                return self._scalar(node, path)
            case Items():
                return Items(node.line, tuple(self.node(item, f"{path}[{i}]") for i, item in enumerate(node.items)))
            case Table():
                return self._table(node, path)

    def hide(self, text: str) -> str:
        """`text` with the names in place of the values again, for a message that quotes the file."""
        names = {
            form: name for value, name in self.values.items() for form in (value, repr(value)[1:-1], clean(value, 1000))
        }
        forms = sorted(filter(None, names), key=len, reverse=True)
        if not forms:
            return text
        found = "|".join(
            re.escape(form) if len(form) > _SHORT else rf"(?<!\w){re.escape(form)}(?!\w)" for form in forms
        )
        return re.sub(found, lambda match: f"${{{names[match[0]]}}}", text)

    def _table(self, node: Table, path: str) -> Table:
        first: dict[str, int] = {}
        pairs: list[tuple[Scalar, Node]] = []
        for key, value in node.pairs:
            where = join(path, clean(key.text, 120))
            if key.text in first:
                self._wrong(key.line, where, f"duplicate key (first on line {first[key.text]})")
                continue
            first[key.text] = key.line
            pairs.append((key, self.node(value, where)))
        return Table(node.line, tuple(pairs))

    def _scalar(self, node: Scalar, path: str) -> Scalar:
        names: list[str] = []

        def value(match: re.Match[str]) -> str:
            if match[1]:
                return match[0][1:]
            name = match[2]
            if problem := self._refusal(name, path, closed=bool(match[3])):
                self._wrong(node.line, path, problem)
                return ""
            found = self._environ.get(name, "")
            self._size += len(found)
            if self._size > MAX_BYTES:
                self._wrong(node.line, path, f"the variables make the file longer than {MAX_BYTES:,} characters")
                return ""
            names.append(name)
            self.values[found] = name
            return found

        text = _VARIABLE.sub(value, node.text) if "${" in node.text else node.text
        return replace(node, text=text, variables=tuple(dict.fromkeys(names)))

    def _refusal(self, name: str, path: str, *, closed: bool) -> str | None:
        shown = f"${{{clean(name, 40)}{'}' if closed else ''}"
        if not closed or not NAME.fullmatch(name):
            return f"{shown} is not the name of a variable; write $${{ for the characters ${{"
        if path.startswith("database.") and not _COMPARED.match(path):
            return f"{shown} stands in what becomes SQL or the name of a file: write the text itself"
        if path.startswith("probes.prometheus."):
            return f"{shown} stands in a query, which can spell its value: write the text itself"
        if path in _FILE:
            return f"{shown} stands in the name of a file: write the name itself"
        if not self._trust.may_use(name):
            return (
                f"the variable {name} is not given to this file: name it {VARIABLE_PREFIX}…, "
                f"or add --allow-env {name} to the command"
            )
        if not self._environ.get(name):
            return f"the environment variable {name} {'is empty' if name in self._environ else 'is not set'}"
        return None

    def _wrong(self, line: int, path: str, text: str) -> None:
        self.problems.append(Problem(line, path, text))
