"""--format: names of report formats, separated by commas; without it, those that are the custom here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches

from readiness.errors import ConfigError
from readiness.report import FORMATS, Format

_NAMES = ",".join(FORMATS)


def parse(text: str | None, environ: Mapping[str, str] = os.environ) -> tuple[Format, ...]:
    """The formats named, each once; ConfigError names the nearest for an unknown one.

    Without `text`, the default ones and those of the CI system whose variable is in `environ`.
    """
    if text is None:
        return tuple(
            fmt for fmt in FORMATS.values() if fmt.default or (fmt.environment and environ.get(fmt.environment))
        )
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise ConfigError(f"--format: names no format; choose from {', '.join(FORMATS)}")
    problems = []
    for name in names:
        if name not in FORMATS:
            near = get_close_matches(name, FORMATS, 1)
            hint = f"did you mean {near[0]}?" if near else f"choose from {', '.join(FORMATS)}"
            problems.append(f"--format: there is no format {name!r}; {hint}")
    if problems:
        raise ConfigError(*problems)
    return tuple(FORMATS[name] for name in names)
