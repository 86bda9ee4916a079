"""One plan driven, for a run and for a trial of a capacity search: the window and the progress are told meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from readiness.load import controller, engine_events
from readiness.load.assembly import Assembly
from readiness.load.surroundings import for_scenarios
from readiness.probes.window import Window
from readiness.run.plan import Plan
from readiness.run.progress import Progress


def drive_plan(
    plan: Plan,
    window: Window,
    progress: Progress,
    interrupted: Callable[[], str | None],
    environment: Mapping[str, str],
    *,
    heard: Callable[[engine_events.Event, Assembly], None] = lambda event, assembly: None,
    enough: Callable[[Assembly], str | None] = lambda assembly: None,
) -> controller.LoadOutcome:
    """The load of `plan` to its end; `heard` is told of every event, before the progress shows it."""

    def on_event(event: engine_events.Event, assembly: Assembly) -> None:
        heard(event, assembly)
        match event:
            case engine_events.WindowBegan():
                window.begin()
            case engine_events.WindowEnded():
                window.end()
            case engine_events.Batch():
                progress.load(plan, assembly)
            case _:
                pass

    try:
        return controller.drive(
            plan.engine,
            workers=plan.workers,
            on_event=on_event,
            stop_requested=lambda: interrupted() is not None,
            enough=enough,
            environment=for_scenarios(environment, plan.allow_env),
        )
    finally:
        window.end()
