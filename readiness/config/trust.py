"""What the user of the command line lets thresholds.yaml do, which a stranger's pull request may have changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from readiness.errors import ConfigError
from readiness.text import clean

VARIABLE_PREFIX = "READINESS_VAR_"
"""Variables whose names begin so are meant for the file and the scenarios."""
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Trust:
    """Without anything the file may use `READINESS_VAR_…` alone."""

    variables: frozenset[str] = frozenset()
    """Names of `--allow-env`."""

    def may_use(self, name: str) -> bool:
        """Whether the file may have the value of the variable `name`."""
        return name.startswith(VARIABLE_PREFIX) or name in self.variables

    def values(self, environ: Mapping[str, str]) -> list[str]:
        """What the named variables hold; scenarios see it, so it may come back in what they say."""
        return [environ[name] for name in sorted(self.variables) if environ.get(name)]


def trust_of(allow_env: Iterable[str] | None) -> Trust:
    """The trust that the flags give. Raises ConfigError for a name that is none."""
    names = frozenset(allow_env or ())
    wrong = [
        f"--allow-env: {clean(name, 60)!r} is not the name of a variable" for name in names if not NAME.fullmatch(name)
    ]
    if wrong:
        raise ConfigError(*sorted(wrong))
    return Trust(names)
