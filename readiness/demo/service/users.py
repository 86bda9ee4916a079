"""The users' queries."""

from __future__ import annotations

import json
from typing import NamedTuple

from readiness.demo.service.pool import Pool, fetch_one


class Credentials(NamedTuple):
    """What a log-in is checked against; never cached."""

    user_id: int
    password_hash: str


async def find_credentials(pool: Pool, name: str) -> Credentials | None:
    """The credentials of the user called `name`."""
    row = await fetch_one(pool, b"select id, password_hash from users where name = %(name)s", {"name": name})
    return None if row is None else Credentials(int(str(row[0])), str(row[1]))


async def find_display_name(pool: Pool, user_id: int) -> bytes:
    """The user's display name as JSON, `null` for nobody."""
    row = await fetch_one(pool, b"select display_name from users where id = %(id)s", {"id": user_id})
    return json.dumps(None if row is None else row[0]).encode()
