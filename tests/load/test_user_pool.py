"""Which user of an open load takes the next arrival."""

from __future__ import annotations

from typing import Any, ClassVar

from readiness.load.user_pool import UserPool


class Walker:
    fixed_count: ClassVar[int] = 10


def taken(pool: UserPool, arrivals: int) -> set[Any]:
    """Who takes so many arrivals, one after the other."""
    users = set()
    for _ in range(arrivals):
        user = pool.take()
        users.add(user)
        pool.give(user)
    return users


def test_users_take_turns_but_those_in_reserve_only_while_all_others_wait() -> None:
    everybody, reserved = UserPool(Walker), UserPool(Walker, reserve=0.7)
    for pool in (everybody, reserved):
        for number in range(10):
            pool.add(number, later=False)
    assert taken(everybody, 20) == set(range(10))
    assert taken(reserved, 20) == {0, 1, 2}
    waiting = [reserved.take() for _ in range(5)]
    assert len(set(waiting)) == 5
    for user in waiting:
        reserved.give(user)
    assert taken(reserved, 20) == {0, 1, 2}
