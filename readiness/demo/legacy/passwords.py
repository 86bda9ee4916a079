"""PBKDF2, as slow on this machine as it was on the one that the seed report describes.

Hashing the passwords of 200 accounts at 0.7 s each would take minutes at every start. All accounts share one password
(accounts.py), and here also one salt, as careless services do: the database is filled with one hash.
"""

from __future__ import annotations

import hashlib
import hmac
import time

from readiness.demo.accounts import PASSWORD, Account, read_accounts

TARGET_S = 0.7
"""CPU time of one check."""
TRIAL_ITERATIONS = 50_000
TRIALS = 3
SCHEME = "pbkdf2_sha256"
SALT = "bag-tracker"


def calibrated_iterations() -> int:
    """How many iterations cost TARGET_S of CPU here; CPU time, because other processes take wall time away."""
    return round(TARGET_S / min(_iteration_s() for _ in range(TRIALS)))


def legacy_accounts() -> list[Account]:
    """The accounts with the hashes of this machine, which differ from those in accounts.csv."""
    stored = hash_password(PASSWORD, SALT, calibrated_iterations())
    return [Account(account.name, account.display_name, stored) for account in read_accounts()]


def hash_password(password: str, salt: str, iterations: int) -> str:
    """The stored form: scheme, iterations, salt and digest between dollars."""
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), iterations)
    return f"{SCHEME}${iterations}${salt}${digest.hex()}"


def matches(stored: str, password: str) -> bool:
    """Whether `password` is right. OpenSSL computes it without the interpreter's lock."""
    _, iterations, salt, _ = stored.split("$")
    return hmac.compare_digest(hash_password(password, salt, int(iterations)).encode(), stored.encode())


def _iteration_s() -> float:
    started_s = time.thread_time()
    hashlib.pbkdf2_hmac("sha256", b"trial", b"salt", TRIAL_ITERATIONS)
    return (time.thread_time() - started_s) / TRIAL_ITERATIONS
