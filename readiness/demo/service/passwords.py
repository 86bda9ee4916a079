"""Check passwords with argon2id, off the event loop, never more at once than the machine can carry.

A password that was right is remembered for a short time, so that somebody who logs in again and again costs one hash
a minute and not one per login. What is remembered is a keyed digest over the stored hash and the password, with a key
of this process: it dies with the process, and a changed password is not recognised. The price: for that minute, a
copy of the process's memory can be searched for the password much faster than argon2 would allow.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from readiness.demo.accounts import ITERATIONS, LANES, MEMORY_KIB
from readiness.demo.service.timing import spent

REMEMBER_S = 60.0
MAX_REMEMBERED = 1000
QUEUE_PER_WORKER = 50
"""Checks that may wait for each worker; the next one is refused at once instead of waiting for seconds."""


class TooManyLogins(Exception):
    """The queue of password checks is full."""


class PasswordChecker:
    """Compares passwords with stored hashes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        workers = os.cpu_count() or 1
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="argon2")
        self._places = workers * (QUEUE_PER_WORKER + 1)
        self._hasher = PasswordHasher(ITERATIONS, MEMORY_KIB, LANES, type=Type.ID)
        self._nobody = self._hasher.hash(secrets.token_urlsafe(16))
        self._key = secrets.token_bytes(32)
        self._remembered: dict[bytes, float] = {}
        self._clock = clock
        self.hashed = 0
        self.recognised = 0
        self.refused = 0

    async def matches(self, stored_hash: str | None, password: str) -> bool:
        """Whether `password` is right; None, for an unknown user, takes as long as a wrong password."""
        digest = self._digest(stored_hash or "", password)
        if stored_hash is not None and self._remembered.get(digest, 0.0) > self._clock():
            self.recognised += 1
            return True
        if self._places <= 0:
            self.refused += 1
            raise TooManyLogins
        self._places -= 1
        try:
            loop = asyncio.get_running_loop()
            with spent("password"):
                right = await loop.run_in_executor(self._threads, self._verify, stored_hash or self._nobody, password)
        finally:
            self._places += 1
        self.hashed += 1
        if right and stored_hash is not None:
            self._remember(digest)
            return True
        return False

    def statistics(self) -> dict[str, int]:
        """How many checks were hashed, recognised and refused."""
        return {"hashed": self.hashed, "recognised": self.recognised, "refused": self.refused}

    def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _verify(self, stored_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    def _digest(self, stored_hash: str, password: str) -> bytes:
        return hmac.digest(self._key, f"{stored_hash}\0{password}".encode(), hashlib.sha256)

    def _remember(self, digest: bytes) -> None:
        if len(self._remembered) >= MAX_REMEMBERED:
            now = self._clock()
            self._remembered = {key: until for key, until in self._remembered.items() if until > now}
        if len(self._remembered) < MAX_REMEMBERED:
            self._remembered[digest] = self._clock() + REMEMBER_S
