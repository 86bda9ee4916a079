"""What people answer for, in one line each: waivers and attested items."""

from __future__ import annotations

from readiness.judge.verdict import Attested, Waived
from readiness.text import clean


def waiver_line(waiver: Waived) -> str:
    """`latency.p95, waived by Ana until 2026-02-15: the new index ships next week`."""
    return clean(f"{waiver.check}, waived by {waiver.owner} until {waiver.expires}: {waiver.reason}", 1000)


def attested_line(item: Attested) -> str:
    """`Backup restored, attested by Ops on 2026-01-10, counts until 2026-04-10`."""
    counts = f"EXPIRED on {item.expires}" if item.expired else f"counts until {item.expires}"
    return clean(f"{item.title}, attested by {item.who} on {item.when}, {counts}", 1000)
