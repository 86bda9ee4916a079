"""The bag tracker's queries. Answers leave PostgreSQL as JSON text, so the event loop never builds them."""

from __future__ import annotations

from typing import NamedTuple

from readiness.demo.service.cache import BAG_TTL_S, DASHBOARD_TTL_S
from readiness.demo.service.database import ServiceDatabase
from readiness.demo.service.query_cache import cached

BAG = b"""
select b.kind, case b.kind
  when 'parent' then json_build_object(
    'qr', b.qr, 'kind', b.kind,
    'last_scanned_at', (select max(s.scanned_at) from scans s where s.bag_id = b.id),
    'children', coalesce((
      select json_agg(json_build_object('qr', c.qr, 'last_scanned_at', s.at) order by c.id)
      from links l join bags c on c.id = l.child_id
      left join lateral (select max(scanned_at) as at from scans where bag_id = c.id) s on true
      where l.parent_id = b.id), '[]'))
  else json_build_object(
    'qr', b.qr, 'kind', b.kind,
    'last_scanned_at', (select max(s.scanned_at) from scans s where s.bag_id = b.id),
    'parent', (select json_build_object('qr', p.qr) from links l join bags p on p.id = l.parent_id
               where l.child_id = b.id))
  end::text
from bags b where b.qr = %(qr)s
"""

SCAN = b"""
with bag as (
  select b.id, b.qr, p.qr as parent_qr
  from bags b left join links l on l.child_id = b.id left join bags p on p.id = l.parent_id
  where b.qr = %(qr)s
), written as (
  insert into scans (bag_id, user_id, idempotency_key, run_id)
  select id, %(user_id)s, %(key)s, %(run_id)s from bag
  on conflict (idempotency_key) do nothing
  returning id, scanned_at
)
select bag.qr, bag.parent_qr, written.id, written.scanned_at::text from bag left join written on true
"""

EARLIER_SCAN = b"""
select s.id, s.scanned_at::text from scans s join bags b on b.id = s.bag_id
where b.qr = %(qr)s and s.idempotency_key = %(key)s
"""

_DASHBOARD = b"""
select json_build_object(
  'bags', count(*),
  'parents', count(*) filter (where kind = 'parent'),
  'children', count(*) filter (where kind = 'child'),
  'links', (select count(*) from links),
  'scans', (select count(*) from scans),
  'users', (select count(*) from users))::text
from bags
"""


class NoSuchBag(Exception):
    """No bag has this code."""


class KeyUsedBefore(Exception):
    """The Idempotency-Key belongs to a scan of another bag."""


def bag_key(qr: str) -> str:
    """Where the cache keeps a bag's answer."""
    return f"bag:{qr}"


class Scan(NamedTuple):
    """A recorded scan; `new` is false when the same Idempotency-Key had recorded it before."""

    qr: str
    parent_qr: str | None
    scan_id: int
    scanned_at: str
    new: bool


@cached(lambda database, qr: bag_key(qr), ttl_s=BAG_TTL_S)
async def find_bag(database: ServiceDatabase, qr: str) -> bytes:
    """The bag as JSON: a parent with its children, a child with its parent; raises NoSuchBag."""
    row = await database.fetch_one(BAG, {"qr": qr})
    if row is None:
        raise NoSuchBag
    return str(row[1]).encode()


async def record_scan(
    database: ServiceDatabase, qr: str, user_id: int, idempotency_key: str | None, run_id: str | None
) -> Scan:
    """Record one scan, once per key; raises NoSuchBag and KeyUsedBefore."""
    parameters = {"qr": qr, "user_id": user_id, "key": idempotency_key, "run_id": run_id}
    row = await database.fetch_one(SCAN, parameters, repeatable=idempotency_key is not None)
    if row is None:
        raise NoSuchBag
    found_qr, parent_qr, scan_id, scanned_at = row
    new = scan_id is not None
    if not new:
        earlier = await database.fetch_one(EARLIER_SCAN, {"qr": qr, "key": idempotency_key})
        if earlier is None:
            raise KeyUsedBefore
        scan_id, scanned_at = earlier
    return Scan(str(found_qr), None if parent_qr is None else str(parent_qr), int(str(scan_id)), str(scanned_at), new)


async def count_dashboard(database: ServiceDatabase) -> bytes:
    """The dashboard's numbers as JSON."""
    row = await database.fetch_one(_DASHBOARD)
    assert row is not None
    return str(row[0]).encode()


dashboard_statistics = cached(lambda database: "dashboard:stats", ttl_s=DASHBOARD_TTL_S)(count_dashboard)
"""The same, at most 30 s old."""
