"""The demo's 200 accounts: one public password, a salt and an argon2id hash of its own for each.

The hashes lie ready in accounts.csv: hashing 200 passwords takes seconds of CPU at every start and would prove
nothing. `python -m readiness.demo.accounts` writes the file again; salts follow from the names, so it never changes.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

ACCOUNTS = 200
PASSWORD = "bags-on-the-belt"
"""Of every account. Public on purpose: the service listens on loopback and its data is made up."""
_FILE = Path(__file__).with_name("accounts.csv")

# OWASP Password Storage Cheat Sheet: Argon2id with 19 MiB, 2 iterations, 1 lane.
MEMORY_KIB = 19 * 1024
ITERATIONS = 2
LANES = 1


@dataclass(frozen=True, slots=True)
class Account:
    """A user who can log in."""

    name: str
    display_name: str
    password_hash: str


def account_name(number: int) -> str:
    """The name of account `number`, counted from 0; numbers past the last one start again."""
    return f"user-{number % ACCOUNTS:03d}"


def read_accounts() -> tuple[Account, ...]:
    """Every account of accounts.csv."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return tuple(Account(*row) for row in csv.reader(file))


def hash_password(name: str) -> str:
    """The encoded argon2id hash of PASSWORD with the salt that belongs to `name`."""
    from argon2.low_level import Type, hash_secret

    salt = hashlib.sha256(f"readiness demo {name}".encode()).digest()[:16]
    encoded: bytes = hash_secret(PASSWORD.encode(), salt, ITERATIONS, MEMORY_KIB, LANES, 32, Type.ID)
    return encoded.decode()


def write_accounts() -> None:
    """Hash every account's password and write accounts.csv."""
    with _FILE.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        for number in range(ACCOUNTS):
            name = account_name(number)
            rows.writerow((name, f"Handler {number + 1}", hash_password(name)))


if __name__ == "__main__":
    write_accounts()
