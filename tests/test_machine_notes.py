"""Circumstances that a reader must know."""

import pytest

from readiness.measurements.provenance import Target
from readiness.run.machine_notes import Clocks, one_machine


def test_g10_a_clock_that_was_set_during_the_run_is_told() -> None:
    clocks = Clocks(1000.0, 50.0)
    assert clocks.step(1060.3, 110.0) == ()
    assert clocks.step(4660.0, 110.0)[0].startswith("The machine's clock was set forward by 3,600 s")
    assert clocks.step(-2540.0, 110.0)[0].startswith("The machine's clock was set back by 3,600 s")


@pytest.mark.parametrize(
    ("addresses", "told"),
    [
        (("127.0.0.1",), True),
        (("::1", "127.0.0.1"), True),
        (("10.0.0.5",), False),
        (("fe80::1%eth0",), False),
        ((), False),
    ],
)
def test_g17_a_target_on_the_machine_that_loads_it_is_told(addresses: tuple[str, ...], told: bool) -> None:
    assert bool(one_machine(Target("x", "http://x", addresses))) is told
