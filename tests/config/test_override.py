"""Flags replace the file's load, with the same bounds."""

import pytest

from readiness.config.load import parse
from readiness.config.model import Config
from readiness.config.override import override
from readiness.errors import ConfigError


def config(load: str = "users: 5") -> Config:
    text = f'version: 1\nservice: s\nload: {{ {load} }}\nchecks: {{ throughput: {{ pass: "> 1 /s" }} }}\n'
    return parse(text.encode(), "t.yaml", {})


def test_flags_that_are_absent_change_nothing() -> None:
    assert override(config()) == config()


def test_users_and_rate_replace_each_other() -> None:
    opened = override(config(), rate="20")
    assert (opened.load.rate_per_s, opened.load.users) == (20.0, None)
    closed = override(opened, users=7, duration="2m", ramp_up="0s", warm_up="500ms", processes="2")
    assert (closed.load.rate_per_s, closed.load.users, closed.load.processes) == (None, 7, 2)
    assert (closed.load.duration_s, closed.load.ramp_up_s, closed.load.warm_up_s) == (120.0, 0.0, 0.5)


WRONG = ("0", "-1", "1e9", "nan", "x", "9" * 12, "0s")


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        *((name, value) for name in ("users", "rate", "duration", "processes") for value in WRONG),
        ("ramp_up", "-1s"),
        ("warm_up", "5"),
    ],
)
def test_a_flag_out_of_bounds_is_a_usage_error_that_names_the_flag(flag: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"^--{flag.replace('_', '-')}: "):
        override(config(), **{flag: value})


def test_users_beside_rate_is_refused() -> None:
    with pytest.raises(ConfigError, match="keep one"):
        override(config(), users=1, rate=1)


def test_one_height_on_the_command_line_replaces_the_steps_of_the_file() -> None:
    steps = config("steps: [10, 50], decide_at: 50, step_duration: 5s")
    changed = override(steps, users="20")
    assert (changed.load.users, changed.load.steps, changed.load.decide_at) == (20, (), None)
    assert override(steps, duration="5s").load.steps == (10.0, 50.0)
