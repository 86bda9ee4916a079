"""Locust's options as files find them in `environment.parsed_options`, with options of their own.

They come, as under Locust, from the words after `--`, from LOCUST_… variables, and from locust.conf or `[tool.locust]`
of a pyproject.toml in the working directory. What says the load is the plan's.
"""

from __future__ import annotations

import io
import os
from argparse import Namespace
from contextlib import redirect_stderr, redirect_stdout

import locust
from locust.argument_parser import get_parser

from readiness.load.code_places import is_own
from readiness.load.engine_plan import EnginePlan
from readiness.load.locustfiles import ScenarioError
from readiness.text import clean


def parsed(plan: EnginePlan) -> Namespace:
    """Raises ScenarioError when an option is missing, unknown or unusable, with the file that declares options."""
    words = io.StringIO()
    try:
        with redirect_stderr(words), redirect_stdout(words):
            options: Namespace = get_parser().parse_args(list(plan.options))
    except SystemExit:
        raise ScenarioError(_problem(plan, words.getvalue())) from None
    options.host, options.headless = plan.base_url, True
    options.num_users, options.run_time = plan.users, round(plan.total_s)
    options.spawn_rate = plan.users / plan.ramp_up_s if plan.ramp_up_s else float(plan.users)
    return options


def _problem(plan: EnginePlan, said: str) -> str:
    last = said.strip().rpartition("\n")[2]
    error = clean(last.partition("error: ")[2] or last) or "an option or a LOCUST_… variable has an unusable value"
    missing = [
        f"{'/'.join(action.option_strings)}{f' (or set {action.env_var})' if getattr(action, 'env_var', None) else ''}"
        for action in get_parser(default_config_files=[])._actions
        if action.required and not os.environ.get(str(getattr(action, "env_var", "") or ""))
    ]
    hint = f"; give {', '.join(missing)} after --, such as `readiness run … -- --name value`" if missing else ""
    return f"{_declared(plan)}: {error}{hint}"


def _declared(plan: EnginePlan) -> str:
    """Where a file declares options, else the files."""
    codes = [getattr(one, "__code__", None) for one in locust.events.init_command_line_parser._handlers]
    places = [f"{code.co_filename}:{code.co_firstlineno}" for code in codes if code is not None and is_own(code)]
    return ", ".join(places or [file.path for file in plan.scenarios])
