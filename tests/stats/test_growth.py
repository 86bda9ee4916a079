"""Growth per second from readings: a leak is told, and what only wanders, fills once or goes to and fro is not."""

from __future__ import annotations

import random

from readiness.stats.growth import growth


def test_a_leak_is_proven_and_noise_is_not_in_more_than_one_of_twenty() -> None:
    draw = random.Random(7)
    leaks, wanders, plateaus = 0, 0, 0
    for _ in range(300):
        at = [2.4 * i for i in range(51)]
        leak = growth([(t, 100 + t * 10 / 60 + draw.gauss(0, 0.5)) for t in at], 0.99)
        level, walk = 100.0, []
        for t in at:
            level += draw.gauss(0, 0.4)
            walk.append((t, level))
        wander = growth(walk, 0.99)
        filled = growth([(t, 100 + min(t, 5) * 5 + draw.gauss(0, 0.2)) for t in at], 0.99)
        assert leak is not None
        assert wander is not None
        assert filled is not None
        leaks += 60 * leak.low > 5
        wanders += wander.low > 0
        plateaus += filled.low > 0
    assert leaks >= 285
    assert wanders <= 15
    assert plateaus <= 15
