"""What the users of a draft share when they write: the system, and one account."""

from __future__ import annotations

from readiness.init.draft import Draft, Scenario, Variable
from readiness.init.limits import SEEN
from readiness.init.sources.calls import is_write, why_off
from readiness.init.uses import unfixed_of_scenario

_MOST = 8


def one_account(scenario: Scenario) -> bool:
    """Whether all its users come with the same name or token."""
    return any(isinstance(part, Variable) and part.name.startswith(SEEN) for part in unfixed_of_scenario(scenario))


def notes(draft: Draft) -> tuple[str, ...]:
    """For the terminal: which tasks write or end something, and that one user sees what another one does."""
    found = {
        f"{call.method} {call.name}": (one_account(scenario), is_write(call))
        for scenario in draft.scenarios
        for task in scenario.tasks
        if task.enabled
        for call in task.calls
        if why_off(call)
    }
    if not found:
        return ()
    shown = ", ".join(list(found)[:_MOST]) + (" …" if len(found) > _MOST else "")
    ends = "" if all(writes for _, writes in found.values()) else " or end something"
    many = f"1 request writes{ends.replace('end', 'ends')}" if len(found) == 1 else f"{len(found)} requests write{ends}"
    told = f"{many} ({shown}): load only a system where that does no harm"
    if not any(shared for shared, _ in found.values()):
        return (told,)
    return told, (
        "all users have one account, so what one of them does (to its cart, its list) the others find: give each its "
        'own with rows("users.csv"), docs/reference/scenarios.md'
    )
