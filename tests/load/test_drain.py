"""How long requests in flight are waited for after the load."""

import numpy as np

from readiness.load.drain import Drain
from readiness.load.engine_events import Cell, CellCounts
from readiness.load.engine_plan import EnginePlan
from readiness.measurements.histogram import EMPTY, Histogram

PLAN = EnginePlan("id", "http://127.0.0.1:1", (), (), (), 4, None, 0.0, 1.0, 3.0, 30.0)
CELL = Cell("shop", "GET /", 0)


def answers(seconds: float) -> CellCounts:
    return CellCounts(Histogram.of_us(np.array([int(seconds * 1e6)])), {}, EMPTY)


def test_what_may_take_as_long_as_a_good_answer_took_is_waited_for_up_to_the_time_out() -> None:
    drain = Drain(PLAN)
    assert drain.seconds(hurried=False) == PLAN.drain_s
    drain.hear({CELL: answers(0.2)})
    assert drain.seconds(hurried=False) == PLAN.drain_s
    drain.hear({CELL: answers(8.0)})
    drain.hear({})
    assert 9.5 < drain.seconds(hurried=False) < 9.7
    assert drain.seconds(hurried=True) < 1
    drain.hear({CELL: answers(2 * PLAN.timeout_s)})
    assert drain.seconds(hurried=False) == PLAN.timeout_s
