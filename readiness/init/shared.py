"""What the users of a draft share when they write: the system, and one account."""

from __future__ import annotations

from readiness.init.draft import Draft, Scenario, Variable
from readiness.init.limits import SEEN
from readiness.init.sources.calls import is_write
from readiness.init.uses import unfixed_of_scenario

_MOST = 8


def one_account(scenario: Scenario) -> bool:
    """Whether all its users come with the same name or token."""
    return any(isinstance(part, Variable) and part.name.startswith(SEEN) for part in unfixed_of_scenario(scenario))


def notes(draft: Draft) -> tuple[str, ...]:
    """For the terminal: which tasks write, and that one user sees what another one does."""
    writes = {
        f"{call.method} {call.name}": one_account(scenario)
        for scenario in draft.scenarios
        for task in scenario.tasks
        if task.enabled
        for call in task.calls
        if is_write(call)
    }
    if not writes:
        return ()
    shown = ", ".join(list(writes)[:_MOST]) + (" …" if len(writes) > _MOST else "")
    many = "1 request writes" if len(writes) == 1 else f"{len(writes)} requests write"
    told = f"{many} ({shown}): load only a system where that does no harm"
    if not any(writes.values()):
        return (told,)
    return told, (
        "all users have one account, so what one of them does (to its cart, its list) the others find: give each its "
        'own with rows("users.csv"), docs/reference/scenarios.md'
    )
