"""`restore:`: how a backup is brought back into a scratch database, and the form that reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from readiness.config.drills import Drill, program_form
from readiness.config.form import Form, described, section_of
from readiness.config.scalars import duration_form

RESTORE = "restore"
"""The name of the section, and of what it does among the drills of a report."""
_DEADLINE = described(duration_form(least_s=1, most_s=86_400), "How long each of them may take.")


@dataclass(frozen=True, slots=True)
class Restore:
    """The programs that restore a backup into the database of READINESS_RESTORE_URL."""

    command: Annotated[tuple[str, ...], described(program_form(), "A program that restores the backup.")]
    """A program and its arguments; only with `--drills --allow-commands`."""
    undo: Annotated[tuple[str, ...], described(program_form(), "A program that removes what was restored.")] = ()
    """Another one, which takes the scratch database away again."""
    deadline_s: Annotated[float, ("deadline", _DEADLINE)] = 600.0
    """How long each of them may take."""
    line: int = 0

    @property
    def drill(self) -> Drill:
        """The same programs as those of a drill without a load."""
        return Drill(self.deadline_s, command=self.command, undo=self.undo, deadline_s=self.deadline_s, line=self.line)


def restore_form() -> Form[Restore]:
    """The `restore:` section."""
    return section_of(Restore)
