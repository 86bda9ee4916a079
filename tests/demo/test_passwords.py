"""The queue in front of argon2 and what is remembered of it."""

from __future__ import annotations

import asyncio

import pytest

from readiness.demo.accounts import PASSWORD, read_accounts
from readiness.demo.service.passwords import REMEMBER_S, PasswordChecker, TooManyLogins

STORED = next(iter(read_accounts())).password_hash


def test_a_full_queue_refuses_at_once_and_takes_again_when_there_is_room() -> None:
    async def story() -> None:
        checker = PasswordChecker()
        places = checker._places
        waiting = [asyncio.create_task(checker.matches(STORED, f"guess {n}")) for n in range(places)]
        await asyncio.sleep(0)
        for n in range(3):
            with pytest.raises(TooManyLogins):
                await checker.matches(STORED, f"one more {n}")
        assert not any(task.done() for task in waiting), "the refusal waited for nobody"
        assert not any(await asyncio.gather(*waiting))
        assert not await checker.matches(STORED, "there is room again")
        assert checker.statistics() == {"hashed": places + 1, "recognised": 0, "refused": 3}
        checker.close()

    asyncio.run(story())


def test_a_right_password_is_recognised_for_a_minute_and_a_changed_hash_or_a_wrong_one_never() -> None:
    now_s = [0.0]

    async def story() -> None:
        checker = PasswordChecker(lambda: now_s[0])
        assert await checker.matches(STORED, PASSWORD)
        assert await checker.matches(STORED, PASSWORD)
        assert (checker.hashed, checker.recognised) == (1, 1)
        assert not await checker.matches(STORED, "wrong")
        assert not await checker.matches(STORED, "wrong")
        assert not await checker.matches(None, PASSWORD)
        assert not await checker.matches("not a hash", PASSWORD)
        assert checker.recognised == 1
        now_s[0] = REMEMBER_S
        assert await checker.matches(STORED, PASSWORD)
        assert (checker.hashed, checker.recognised) == (6, 1)
        checker.close()

    asyncio.run(story())
