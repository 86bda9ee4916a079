"""--scenarios and load.scenarios -> the files to run. Looks at names only; the engine child imports them."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from readiness import packaged
from readiness.errors import ConfigError
from readiness.load.plan import ScenarioFile


def find(given: Path | None, weights: Mapping[str, float], thresholds_file: str) -> tuple[ScenarioFile, ...]:
    """The scenario files with their weights.

    `given` is a folder or one file; without it `scenarios/` here, else the packaged ones. Raises ConfigError when
    something named is not there.
    """
    place = given or (Path("scenarios") if Path("scenarios").is_dir() else packaged.path("scenarios"))
    if given is not None and not place.exists():
        raise ConfigError(f"--scenarios: {given}: there is no such file or folder")
    files = [place] if place.is_file() else sorted(place.glob("*.py"))
    by_name = {file.stem: file for file in files if not file.stem.startswith("_")}
    if not by_name:
        raise ConfigError(f"--scenarios: {place}: no scenario file (a Locust file ending in .py) in it")
    if place.is_file() and weights and place.stem in weights:
        weights = {place.stem: weights[place.stem]}
    problems = []
    for name in weights:
        if name not in by_name:
            near = get_close_matches(name, by_name, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; found: {', '.join(by_name)}"
            problems.append(f"{thresholds_file}: load.scenarios.{name}: no {name}.py in {place}{hint}")
    if problems:
        raise ConfigError(*problems)
    chosen: Mapping[str, float | None] = weights or dict.fromkeys(by_name)
    return tuple(ScenarioFile(name, str(by_name[name].resolve()), weight) for name, weight in chosen.items())
