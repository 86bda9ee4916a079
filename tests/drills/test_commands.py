"""Who runs the commands of drills may be killed, stopped or talked to by them: the undo runs all the same, once."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from readiness.config.drills import Drill
from readiness.drills.commands import commander
from readiness.errors import NotMeasured
from readiness.load import kernel
from tests.faultd.client import until

OVER = threading.Event()
ENVIRONMENT = {"PATH": os.environ["PATH"]}
UNDO = ("sh", "-c", "echo undone >> undone")
STAYS = "setsid sleep 299 & sleep 298"
"""What it leaves in another session, and in its own."""
LOSSES = {
    "kill -9 $PPID": "was killed by SIGKILL",
    "kill -STOP $PPID": "was stopped",
    "for fd in /proc/$PPID/fd/*; do echo garbage > $fd; done": "said what is no answer",
    "echo '{\"number\": 1}' | tee /proc/$PPID/fd/*": "said what is no answer",
}


def drill(command: str) -> Drill:
    return Drill(for_s=3, command=("sh", "-c", command), undo=UNDO, deadline_s=30)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_undo_runs_once_and_nothing_is_left_when_a_command_turns_on_its_parent(tmp_path: Path, loss: str) -> None:
    before = kernel.children_of(os.getpid())
    drills = {"turns": drill(f"{loss}; {STAYS}"), "next": drill("echo done >> done")}
    with commander(drills, ENVIRONMENT, str(tmp_path)) as commands:
        assert commands is not None
        with pytest.raises(NotMeasured, match=LOSSES[loss]):
            commands.run("turns", OVER)
        undone = commands.undo("turns")
        assert undone.problem is None
        assert "run by a second process of readiness" in undone.words(UNDO)
        assert commands.run("next", OVER).problem is None
        assert "second process" not in commands.undo("next").words(UNDO)
    assert (tmp_path / "undone").read_text() == "undone\n" * 2
    assert (tmp_path / "done").read_text() == "done\n"
    assert until(lambda: kernel.children_of(os.getpid()) <= before)


def test_the_undo_runs_when_two_commands_turn_on_their_parents_and_what_came_after_was_not_begun(
    tmp_path: Path,
) -> None:
    before = kernel.children_of(os.getpid())
    drills = {name: drill(f"kill -9 $PPID; {STAYS}") for name in ("one", "two", "three")}
    with commander(drills, ENVIRONMENT, str(tmp_path)) as commands:
        assert commands is not None
        for name in ("one", "two"):
            with pytest.raises(NotMeasured, match="was killed by SIGKILL"):
                commands.run(name, OVER)
            assert commands.undo(name).problem is None
        with pytest.raises(NotMeasured, match="no process of readiness is left"):
            commands.run("three", OVER)
        with pytest.raises(NotMeasured, match="nothing to undo"):
            commands.undo("three")
    assert (tmp_path / "undone").read_text() == "undone\n" * 2
    assert until(lambda: kernel.children_of(os.getpid()) <= before)


def test_a_process_that_was_told_to_end_undoes_what_it_owes_and_nobody_undoes_it_again(tmp_path: Path) -> None:
    with commander({"ends": drill("kill -TERM $PPID; sleep 297")}, ENVIRONMENT, str(tmp_path)) as commands:
        assert commands is not None
        assert "was ended with the run" in str(commands.run("ends", OVER).problem)
        assert commands.undo("ends").problem is None
    assert (tmp_path / "undone").read_text() == "undone\n"
