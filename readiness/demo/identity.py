"""Which account a server runs under: PostgreSQL refuses root, and nothing else needs it."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from readiness.demo.errors import DemoError


class PopenIdentity(TypedDict, total=False):
    """The arguments with which subprocess changes the account."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Identity:
    """An ordinary account of the system."""

    uid: int
    gid: int

    def give(self, path: Path) -> None:
        """Make the account the owner of `path`."""
        os.chown(path, self.uid, self.gid)


def server_identity() -> Identity | None:
    """The account to drop to when we are root, else None: servers run as we do."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Identity(entry.pw_uid, entry.pw_gid)
    raise DemoError("demo: running as root, and there is no account `postgres` or `nobody` for the database server")


def popen_identity(identity: Identity | None) -> PopenIdentity:
    """What subprocess needs to run something as `identity`."""
    return {} if identity is None else {"user": identity.uid, "group": identity.gid, "extra_groups": []}
