"""`readiness try`: every task once with one user, and each exchange on the screen. It gives no verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from readiness.cli.output import finish, refusals, say
from readiness.cli.trust import AllowEnv
from readiness.errors import ExitCode

_TARGET_HELP = "A URL, demo or demo:legacy; default: the `host` that the scenarios name."


def try_(
    target: Annotated[str | None, typer.Argument(metavar="[TARGET]", help=_TARGET_HELP, show_default=False)] = None,
    scenarios: Annotated[Path | None, typer.Option(help="A folder of Locust files, or one file.")] = None,
    thresholds: Annotated[Path | None, typer.Option(help="For the target; default thresholds.yaml here.")] = None,
    task: Annotated[str | None, typer.Option(metavar="NAME", help="Only this task (and on_start).")] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(metavar="HOST", help="A host other than this machine that may be asked.")
    ] = None,
    allow_env: AllowEnv = None,
) -> None:
    """Run every task once with one user, and show each request; ends with 1 when one failed."""
    import os
    from contextlib import ExitStack

    from readiness.cli import exchange, tryout_plan
    from readiness.cli.reading import refuse_unset
    from readiness.cli.signals import watched
    from readiness.config import tls
    from readiness.config.trust import trust_of
    from readiness.errors import ConfigError, NotMeasured
    from readiness.load.surroundings import for_scenarios
    from readiness.load.trying import exchanges
    from readiness.run.target import connect_once
    from readiness.text.redaction import redact

    environ = dict(os.environ)
    told = exchange.Told()
    with refusals(), ExitStack() as open_things:
        trust = trust_of(allow_env)
        config = tryout_plan.config_of(thresholds, environ, trust)
        interrupted = open_things.enter_context(watched())
        plan = tryout_plan.plan_of(target, config, scenarios, tuple(allow_host or ()), open_things, say_aside)
        told.secrets += tryout_plan.secrets(environ, config)
        with refusals(told.secrets):
            refuse_unset((Path(one.path) for one in plan.engine.scenarios), environ, trust.variables)
            tls.use(config.tls)
            try:
                connect_once(plan.target)
            except NotMeasured as error:
                say(redact(str(error), told.secrets), to_stderr=True)
                finish(ExitCode.NOT_READY)
            visible = for_scenarios(environ, trust.variables)
            for event in exchanges(plan.engine, task, visible, lambda: interrupted() is not None):
                if "fatal" in event:
                    raise ConfigError(str(event["fatal"]))
                if "done" in event and task is not None and not event["done"]:
                    raise ConfigError(tryout_plan.no_such_task(task, event["names"]))
                for line in exchange.lines(event, told):
                    show(line.text, line.style)
        if interrupted():
            finish(ExitCode.INTERRUPTED)
        last = exchange.summary(told)
        show(last.text, last.style)
        if not told.requests and not told.mistakes:
            say("the scenarios sent no request", to_stderr=True)
        wrong = told.mistakes or not told.requests
        finish(ExitCode.USAGE if wrong else ExitCode.NOT_READY if told.failed else ExitCode.READY)


def say_aside(text: str) -> None:
    """Beside the product."""
    say(text, to_stderr=True)


def show(text: str, style: str) -> None:
    """A line, in colour on a terminal."""
    import os
    import sys

    if not style or not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        say(text)
        return
    from io import StringIO

    from rich.console import Console
    from rich.text import Text

    drawn = StringIO()
    Console(file=drawn, force_terminal=True, width=10_000, highlight=False).print(Text(text, style), end="")
    say(drawn.getvalue())
