"""What scenario code finds of our environment: an allow-list, in which no token of CI or of a cloud is.

Scenarios are trusted code (SECURITY.md); what they import may not deserve as much. Files that steer a CI system
(GITHUB_OUTPUT, GITHUB_ENV, GITHUB_STEP_SUMMARY …) are known by such variables only, so they are out of sight as well.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping

NAMES = frozenset(
    {
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TERM", "COLUMNS", "NO_COLOR",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSLKEYLOGFILE",
        "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV", "MALLOC_ARENA_MAX", "OMP_NUM_THREADS",
        "READINESS_INTERPRETED", "READINESS_COMMIT", "READINESS_ENVIRONMENT",
    }
)  # fmt: skip
"""What programs need to run as the user's others do."""
PREFIXES = ("LC_", "LOCUST_", "PYTHON", "READINESS_VAR_", "READINESS_PASSWORD", "READINESS_TOKEN", "READINESS_SECRET")
"""The last three are the secrets that docs/reference/scenarios.md gives to scenarios."""
NEVER = frozenset({"PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONBREAKPOINT"})
"""They start other code, and have no place in a process without a terminal."""

_NAMED = re.compile(r"""["']([A-Z][A-Z0-9_]{2,})["']""")


def for_scenarios(environ: Mapping[str, str], allowed: Collection[str] = ()) -> dict[str, str]:
    """The part of `environ` that scenarios see; `allowed` are the names of `--allow-env`."""
    found = {
        name: value
        for name, value in environ.items()
        if name in allowed or name in NAMES or (name.startswith(PREFIXES) and name not in NEVER)
    }
    if path := found.pop("PYTHONPATH", ""):
        # Relative ones, and an empty one between two colons, mean the working directory, which nothing comes from.
        folders = [folder for folder in path.split(os.pathsep) if os.path.isabs(folder)]  # noqa: PTH117 - not a file yet
        found |= {"PYTHONPATH": os.pathsep.join(folders)} if folders else {}
    return found


def withheld(text: str, environ: Mapping[str, str], allowed: Collection[str] = ()) -> tuple[str, ...]:
    """Variables that are set here and named in a scenario's `text`, though scenarios do not see them, in order.

    A scenario that finds no variable may go on with a default of its own, and test something else than was meant.
    """
    named = set(_NAMED.findall(text))
    return tuple(sorted((named & environ.keys()) - for_scenarios(environ, allowed).keys() - NEVER))
