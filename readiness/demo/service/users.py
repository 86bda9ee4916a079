"""The users' queries."""

from __future__ import annotations

import json
from typing import NamedTuple

from readiness.demo.service.cache import USER_TTL_S
from readiness.demo.service.database import ServiceDatabase
from readiness.demo.service.query_cache import cached


class Credentials(NamedTuple):
    """What a log-in is checked against; never cached."""

    user_id: int
    password_hash: str


async def find_credentials(database: ServiceDatabase, name: str) -> Credentials | None:
    """The credentials of the user called `name`."""
    row = await database.fetch_one(b"select id, password_hash from users where name = %(name)s", {"name": name})
    return None if row is None else Credentials(int(str(row[0])), str(row[1]))


@cached(lambda database, user_id: f"user:{user_id}", ttl_s=USER_TTL_S)
async def find_display_name(database: ServiceDatabase, user_id: int) -> bytes:
    """The user's display name as JSON, `null` for nobody."""
    row = await database.fetch_one(b"select display_name from users where id = %(id)s", {"id": user_id})
    return json.dumps(None if row is None else row[0]).encode()
