"""The course of a load: windows, arrivals on a schedule, users that come and go."""

import math
import random
from collections import Counter
from itertools import pairwise, repeat, takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.load.engine_plan import EnginePlan, dumps, loads
from readiness.load.phases import HOLD, RAMP, WARM_UP, Phase, arrivals, phase_at, step, windows
from tests.load.isolated import changes_of

UP_AND_DOWN = (*step(0, 10, 2, 1, 5), *step(1, 50, 4, 0, 5), *step(2, 20, 2, 1, 5))
COURSES = st.lists(
    st.builds(Phase, st.sampled_from([RAMP, WARM_UP, HOLD]), st.floats(0, 200), st.floats(0, 5), st.just(0)), max_size=6
)


def test_the_holds_are_the_windows() -> None:
    assert [(w.step, w.height, w.start_s, w.end_s) for w in windows(UP_AND_DOWN)] == [
        (0, 10, 3.0, 8.0),
        (1, 50, 12.0, 17.0),
        (2, 20, 20.0, 25.0),
    ]
    kinds = [phase.kind if (phase := phase_at(UP_AND_DOWN, at)) else None for at in (0.0, 2.5, 3.0, 10.0, 12.0, 25.0)]
    assert kinds == [RAMP, WARM_UP, HOLD, RAMP, HOLD, None]


def test_a_plan_without_phases_is_one_step_and_survives_the_pipe() -> None:
    plain = EnginePlan("run", "http://127.0.0.1:1", ("127.0.0.1",), (), (), 5, None, 1, 2, 10, 5)
    assert (plain.judged_start_s, plain.judged_end_s, plain.total_s) == (3, 13, 13)
    steps = EnginePlan("r", "http://x", (), (), (), 50, None, 4, 0, 5, 5, phases=UP_AND_DOWN, judged_step=1)
    assert loads(dumps(steps)) == steps
    assert (steps.judged_start_s, steps.judged_end_s, steps.total_s) == (12, 17, 25)


def test_a_grid_has_as_many_arrivals_as_the_rate_says_in_every_phase() -> None:
    times = list(arrivals(UP_AND_DOWN, repeat(1.0)))
    assert len(times) == math.ceil(10 + 10 + 50 + 120 + 250 + 70 + 20 + 100) - 1  # the area under the rate
    for window in windows(UP_AND_DOWN):
        inside = [at for at in times if window.start_s <= at < window.end_s]
        assert abs(len(inside) - window.height * (window.end_s - window.start_s)) <= 1
        assert all(abs(b - a - 1 / window.height) < 1e-9 for a, b in pairwise(inside))


@given(COURSES)
def test_arrivals_never_go_backwards_and_stay_within_the_course(course: list[Phase]) -> None:
    times = list(arrivals(course, repeat(1.0)))
    assert all(a <= b + 1e-9 for a, b in pairwise(times))
    assert all(0 <= at <= sum(phase.duration_s for phase in course) + 1e-9 for at in times)


def test_poisson_arrivals_have_the_spread_of_a_poisson_process_and_follow_their_seed() -> None:
    def seconds(seed: str) -> list[int]:
        generator = random.Random(seed)
        times = arrivals(step(0, 50, 0, 0, 400), iter(lambda: generator.expovariate(1.0), None))
        counts = Counter(int(at) for at in takewhile(lambda at: at < 400, times))
        return [counts[second] for second in range(400)]

    found = seconds("1")
    assert found == seconds("1") != seconds("2")
    mean = sum(found) / 400
    variance = sum((count - mean) ** 2 for count in found) / 399
    assert 48 < mean < 52
    assert 0.75 < variance / mean < 1.3  # 1 for a Poisson process, 0 for a grid


@pytest.mark.parametrize("weights", [{"A": 1.0}, {"A": 1.0, "B": 6.0, "C": 3.0}])
def test_users_reach_each_height_in_their_shares_and_spread_over_the_ramp(weights: dict[str, float]) -> None:
    found = changes_of(UP_AND_DOWN, weights)
    for window in windows(UP_AND_DOWN):
        running: Counter[str] = Counter()
        for at_s, name, sign in found:
            if at_s < window.start_s:
                running[name] += sign
        assert running.total() == window.height
        assert all(abs(running[name] - window.height * w / sum(weights.values())) < 1 for name, w in weights.items())
    up = [at_s for at_s, _, sign in found if 8 <= at_s < 12]
    assert len(up) == 40
    assert max(b - a for a, b in pairwise(up)) < 0.11
