"""`readiness run URL` without thresholds.yaml and scenarios: loads the URL, and judges by starter limits."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from readiness.cli.preparation import DEFAULT_THRESHOLDS, demo_profile
from readiness.config import starter
from readiness.config.model import Config
from readiness.errors import ConfigError, NotMeasured, Refused
from readiness.load.engine_plan import ScenarioFile
from readiness.probes import first_answers
from readiness.run import target as targets
from readiness.run.scenario_files import usual_place
from readiness.text import clean

_MOST_PATHS = 50
_PATH = re.compile(r"/[!-~]{0,1999}")
SCENARIO = '''"""What `readiness run URL` sends where there are no scenarios: GET of each path in turn."""

from itertools import cycle

from readiness.text.error_pages import shown_error
from readiness.scenario import User, between, task

PATHS = {paths}


class Visitor(User):
    wait_time = between(0.1, 0.3)

    def on_start(self):
        first = self.account_number % len(PATHS)
        self.paths = cycle((*PATHS[first:], *PATHS[:first]))

    @task
    def visit(self):
        with self.client.get(next(self.paths), catch_response=True) as response:
            if response.ok and (error := shown_error(response.headers.get("content-type", ""), response.content)):
                response.failure(f"answers 200 with {{error}}")
'''


@dataclass(frozen=True, slots=True)
class Starter:
    """What is loaded."""

    url: str
    """Scheme, host and port."""
    paths: tuple[str, ...]

    @property
    def service(self) -> str:
        """Its name in the report."""
        return self.url.partition("://")[2]

    def sentence(self, unloadable: str | None) -> str:
        """What was used, for terminal and report, or why nothing was."""
        shown = ", ".join(self.paths[:5]) + (f" and {len(self.paths) - 5} more" if len(self.paths) > 5 else "")
        if unloadable:
            return f"No {DEFAULT_THRESHOLDS} and no scenarios here, and no page to load: {unloadable}"
        return (
            f"No {DEFAULT_THRESHOLDS} and no scenarios here: GET {clean(shown, 200)} is loaded and judged by starter "
            "limits, which nobody chose for this service; choose your own limits: readiness init"
        )


@dataclass(frozen=True, slots=True)
class FirstAnswers:
    """What a few requests before the load told."""

    health_path: str | None = first_answers.HEALTH_PATHS[0]
    """None: none answers."""
    unloadable: str | None = None


def wanted(
    target: str, thresholds: Path | None, scenarios: Path | None, paths: Sequence[str], *, allow_conditional: bool
) -> Starter | None:
    """What to load where neither limits nor scenarios are there; None where there are. Raises ConfigError."""
    own = thresholds is not None or os.path.lexists(DEFAULT_THRESHOLDS)  # a broken link is somebody's limits, too
    if demo_profile(target) or own or scenarios is not None or usual_place(None) is not None:
        if paths:
            raise ConfigError(
                "--path: is for a run of a URL without thresholds.yaml and scenarios; here a scenario says what is sent"
            )
        return None
    if allow_conditional:
        raise ConfigError(
            f"--allow-conditional: there is no {DEFAULT_THRESHOLDS} here, and starter limits allow no release: choose "
            "your own limits: readiness init"
        )
    parts = urlsplit(targets.parse(target))
    own_path = parts.path if len(target) == len(targets.parse(target)) else f"{parts.path}/"
    chosen = tuple(dict.fromkeys([*([own_path or "/"] if parts.path or not paths else []), *paths]))
    for path in chosen:
        if not _PATH.fullmatch(path) or "#" in path:
            raise ConfigError(f"--path: {clean(path, 100)!r}: must begin with / and be encoded as in a URL, without #")
    if len(chosen) > _MOST_PATHS:
        raise ConfigError(f"--path: {len(chosen)} paths; at most {_MOST_PATHS} are loaded without a scenario")
    return Starter(f"{parts.scheme}://{parts.netloc}", chosen)


def config(chosen: Starter, first: FirstAnswers) -> Config:
    """The starter limits for it."""
    return starter.config(chosen.service, chosen.paths, first.health_path)


def scenario(chosen: Starter, folder: Path) -> tuple[ScenarioFile, ...]:
    """The scenario, written into `folder`; what the user gave is in it as strings."""
    file = folder / "visitor.py"
    file.write_text(SCENARIO.format(paths=f"({', '.join(json.dumps(path) for path in chosen.paths)},)"))
    return (ScenarioFile("visitor", str(file), None),)


def first(
    chosen: Starter, name: str, allow_hosts: Sequence[str], declared: Sequence[str], stop: Callable[[], bool]
) -> FirstAnswers:
    """Ask once for each path, and for the usual paths of a health check; nothing where the target cannot be reached."""
    try:
        target = targets.resolve(name, chosen.url, allow_hosts, declared)
        targets.connect_once(target)
    except (NotMeasured, Refused):
        return FirstAnswers()  # the run says so itself
    if why := first_answers.unloadable(target, chosen.paths, stop):
        return FirstAnswers(unloadable=why)
    return FirstAnswers(health_path=first_answers.health_path(target, stop))
