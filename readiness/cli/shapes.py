"""A LoadTestShape in the scenario files: it says the load, so nothing else may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from readiness.cli.run_request import RunRequest
from readiness.config import ceilings, durations
from readiness.config.tree import MAX_BYTES, Table, compose
from readiness.errors import ConfigError
from readiness.load.shape_course import Shape
from readiness.run.plan import Plan, with_shape
from readiness.text import foreign_files
from readiness.text.numbers import count

_SAYS_THE_LOAD = ("users", "rate", "steps", "decide_at", "step_duration", "ramp_up", "warm_up", "duration")
_COMMON = ("users", "ramp_up", "duration")
"""With `use_common_options` the shape builds on these."""


def with_load_of(
    plan: Plan, shape: Shape | None, file: Path | None, request: RunRequest
) -> tuple[Plan, tuple[str, ...]]:
    """See `adopt`; without a shape the plan stays, and nothing is said."""
    if shape is None:
        return plan, ()
    flags = {"--users": request.users, "--rate": request.rate, "--duration": request.duration}
    flags |= {"--ramp-up": request.ramp_up, "--warm-up": request.warm_up}
    made, sentence = adopt(plan, shape, file, flags, request.ceilings)
    return replace(made, remarks=(*made.remarks, f"{sentence[0].upper()}{sentence[1:]}.")), (sentence,)


def adopt(
    plan: Plan, shape: Shape, thresholds: Path | None, flags: Mapping[str, str | None], most: Path | None
) -> tuple[Plan, str]:
    """The plan with the shape's load, and a sentence about it.

    As under Locust a duration on the command line ends the shape early, and users there mean nothing. Raises
    ConfigError when the file says a load too, with both lines, or the shape asks for more than `--ceilings` allows.
    """
    if flags.get("--rate"):
        raise ConfigError(f"--rate: {shape.name} is a shape of users, and says the load: leave --rate out")
    common = _COMMON if shape.common else ()
    if thresholds is not None:
        taken = {key: line for key, line in _lines(thresholds).items() if key in _SAYS_THE_LOAD and key not in common}
        if taken:
            raise ConfigError(
                *(
                    f"{thresholds}:{line}: load.{key}: {shape.name} says the load as well: take load.{key} out here, "
                    "or set `abstract = True` there"
                    for key, line in taken.items()
                )
            )
    given = flags.get("--duration")
    whole = shape if shape.common else shape.until(durations.parse(given) if given else None)
    made = with_shape(plan, whole)
    if most is not None:
        load = replace(made.config.load, duration_s=whole.total_s)
        ceilings.check(replace(made.config, load=load), ceilings.read(most), most)
    left = [flag for flag in ("--users", "--ramp-up", "--warm-up") if flags.get(flag) and not shape.common]
    ignored = f"; {', '.join(left)} mean nothing beside it" if left else ""
    stages, judged = count(len(made.engine.windows), "stage"), count(round(made.engine.judged.height), "user")
    return made, (
        f"the load is that of {shape.name}: {durations.show(whole.total_s)}, up to {count(whole.users, 'user')}, "
        f"{stages}, judged at {judged}{ignored}"
    )


def _lines(thresholds: Path) -> dict[str, int]:
    """The keys of the file's `load`, with their lines."""
    root = compose(foreign_files.read_bytes(thresholds, MAX_BYTES))
    pairs = root.pairs if isinstance(root, Table) else ()
    load = next((value for key, value in pairs if key.text == "load"), None)
    return {key.text: key.line for key, _ in load.pairs} if isinstance(load, Table) else {}
