"""--format: names of report formats, separated by commas; without it, those that are the custom here."""

from __future__ import annotations

import os
from collections.abc import Mapping

from readiness.errors import ConfigError
from readiness.report import FORMATS, Format
from readiness.text.spelling import nearest

_NAMES = ",".join(FORMATS)


def parse(
    text: str | None, formats: Mapping[str, Format] = FORMATS, environ: Mapping[str, str] = os.environ
) -> tuple[Format, ...]:
    """The formats named, each once; ConfigError names the nearest for an unknown one.

    Without `text`, the default ones and those of the CI system whose variable is in `environ`.
    """
    if text is None:
        return tuple(
            fmt for fmt in formats.values() if fmt.default or (fmt.environment and environ.get(fmt.environment))
        )
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise ConfigError(f"--format: names no format; choose from {', '.join(formats)}")
    problems = [
        f"--format: there is no format {name!r}{nearest(name, formats)}" for name in names if name not in formats
    ]
    if problems:
        raise ConfigError(*problems)
    return tuple(formats[name] for name in names)
