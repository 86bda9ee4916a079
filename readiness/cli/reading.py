"""The scenario files of a plan, read before anything is sent, and what may be said of what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from readiness.cli.files import Files
from readiness.errors import ConfigError, ReadinessError
from readiness.load.reading import Unreachable, read_scenarios
from readiness.load.shape_course import Shape
from readiness.load.surroundings import for_scenarios, unset, withheld
from readiness.run.plan import Plan, refuse_too_few
from readiness.text.redaction import redact


def withheld_variables(plan: Plan, environ: Mapping[str, str]) -> list[str]:
    """A line for each scenario file that names variables which scenarios do not see."""
    found = []
    for scenario in plan.engine.scenarios:
        names = withheld(Path(scenario.path).read_text(errors="replace"), environ, plan.allow_env)
        if names:
            flags = " ".join(f"--allow-env {name}" for name in names)
            found.append(f"{Path(scenario.path).name} names {', '.join(names)}, which scenarios do not see: {flags}")
    return found


def refuse_unset(files: Iterable[Path], environ: Mapping[str, str], allowed: Collection[str]) -> None:
    """Raises ConfigError for variables without which every user of a scenario file would end."""
    problems = []
    for file in files:
        for name in unset(file.read_text(errors="replace"), for_scenarios(environ, allowed)):
            way = f"give --allow-env {name}" if name in environ else f"set it, such as: export {name}=…"
            problems.append(f"{file.name}: reads the variable {name}, which it does not find: {way}")
    if problems:
        raise ConfigError(*problems)


def read_files(
    plan: Plan,
    interrupted: Callable[[], str | None],
    environ: Mapping[str, str],
    files: Files,
    secrets: tuple[str, ...],
) -> Shape | None:
    """The scenario files run as the load generator will, before anything is sent; the load that a shape of theirs says.

    Raises ConfigError, left in the files too.
    """
    try:
        refuse_unset((Path(one.path) for one in plan.engine.scenarios), environ, plan.allow_env)
        read = read_scenarios(plan.engine, for_scenarios(environ, plan.allow_env), lambda: interrupted() is not None)
        if read.shape is None:
            refuse_too_few(plan, read.users)
        return read.shape
    except Unreachable:
        return None  # the target's name has no address: the run will say so
    except ConfigError as error:
        shown = without_secrets(error, secrets)
        files.replace_yesterday(f"Nothing was sent: {shown}")
        raise shown from None


def without_secrets(error: ReadinessError, secrets: Sequence[str]) -> ReadinessError:
    """The error as it may be shown."""
    if isinstance(error, ConfigError):
        return ConfigError(*(redact(problem, secrets) for problem in error.problems))
    return type(error)(redact(str(error), secrets))
