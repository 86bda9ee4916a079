"""Flags of the command line over the file's `load:` section, with the same bounds and the same words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from readiness.config import durations, scalars
from readiness.config.model import Config
from readiness.config.sections import DAY_S, MAX_PROCESSES, MAX_RATE_PER_S, MAX_USERS
from readiness.config.stop_rules import MAX_UNDECIDED_S, UNTIL_DECIDED
from readiness.errors import ConfigError


def override(
    config: Config,
    *,
    users: str | int | None = None,
    rate: str | float | None = None,
    duration: str | None = None,
    ramp_up: str | None = None,
    warm_up: str | None = None,
    processes: str | int | None = None,
) -> Config:
    """`config` with the flags that are not None; `--rate 20` and `--rate "20 /s"` are the same.

    Raises ConfigError with one line for each flag that is wrong, such as `--users: must be between 1 and 100,000`.
    """
    problems: list[str] = []
    changes: dict[str, float | int | None] = {}

    def take(flag: str, name: str, given: object, read: Callable[[str], float | int]) -> None:
        if given is None:
            return
        try:
            changes[name] = read(str(given).strip())
        except ValueError as error:
            problems.append(f"{flag}: {error}")

    def per_second(text: str) -> float:
        return scalars.rate(text if text.endswith("/s") else f"{text} /s", most=MAX_RATE_PER_S)

    def up_to_a_week(text: str) -> float:
        return durations.parse(text, most_s=7 * DAY_S)

    if users is not None and rate is not None:
        problems.append("--rate: stands beside --users; keep one: users for a closed load, rate for an open one")
    take("--users", "users", users, lambda text: scalars.whole(text, least=1, most=MAX_USERS))
    take("--rate", "rate_per_s", rate, per_second)
    until_decided = duration is not None and duration.strip() == UNTIL_DECIDED
    if until_decided:
        changes["duration_s"] = config.load.duration_s if config.load.until_decided else MAX_UNDECIDED_S
    else:
        take("--duration", "duration_s", duration, lambda text: durations.parse(text, least_s=0.001, most_s=7 * DAY_S))
    take("--ramp-up", "ramp_up_s", ramp_up, up_to_a_week)
    take("--warm-up", "warm_up_s", warm_up, up_to_a_week)
    take("--processes", "processes", processes, lambda text: scalars.whole(text, least=1, most=MAX_PROCESSES))
    if problems:
        raise ConfigError(*problems)
    if duration is not None:
        config = replace(config, load=replace(config.load, until_decided=until_decided))
    if "users" in changes:
        changes["rate_per_s"] = None
    elif "rate_per_s" in changes:
        changes["users"] = None
    if "users" in changes or "rate_per_s" in changes:  # one height instead of the file's steps
        config = replace(config, load=replace(config.load, steps=(), decide_at=None, step_duration_s=None))
    return replace(config, load=replace(config.load, **changes))  # type: ignore[arg-type]
