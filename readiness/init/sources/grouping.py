"""Which exchanges happen once for each user, and which of the others are one task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from readiness.init.sources.exchange import Exchange

GAP_S = 3.0
"""A pause that begins a new page, where the recording names no pages."""


def pages_of(exchanges: Sequence[Exchange], *, paged: bool) -> list[list[int]]:
    """The numbers of the exchanges of each page, in order: as the recording says, else by documents and pauses."""
    pages: list[list[int]] = []
    by_id: dict[str, list[int]] = {}
    before: Exchange | None = None
    for index, exchange in enumerate(exchanges):
        if paged and exchange.page:
            if exchange.page not in by_id:
                by_id[exchange.page] = []
                pages.append(by_id[exchange.page])
            by_id[exchange.page].append(index)
        elif before is None or exchange.document or exchange.start_s - before.end_s > GAP_S:
            pages.append([index])
        else:
            pages[-1].append(index)
        before = exchange
    return pages


def grouped(
    exchanges: Sequence[Exchange], pages: list[list[int]], needs: Mapping[int, set[int]], log_ins: Sequence[int]
) -> tuple[list[int], list[list[int]]]:
    """What a user does once at its start, and what its tasks do.

    At the start stand log-ins with what they need, and reads whose answers several pages need. Pages that need each
    other's answers are one task; so are those from the first write to the last, because a later one may need what an
    earlier one wrote, and no value shows that.
    """
    page_of = {index: number for number, page in enumerate(pages) for index in page}
    users: defaultdict[int, set[int]] = defaultdict(set)
    for index, sources in needs.items():
        for source in sources:
            users[source].add(page_of[index])
    shared = [
        source
        for source, its_users in users.items()
        if len(its_users - {page_of[source]}) > 1 and not exchanges[source].is_write
    ]
    moved = _with_needs(log_ins, needs)
    copied = {one for one in _with_needs(shared, needs) if one not in moved}
    if any(exchanges[one].is_write for one in copied):
        copied = set()
    start = moved | copied
    root = list(range(len(pages)))

    def find(page: int) -> int:
        while root[page] != page:
            page = root[page]
        return page

    def join(one: int, other: int) -> None:
        low, high = sorted((find(one), find(other)))
        root[high] = low

    for index, sources in needs.items():
        for source in sources - start:
            if index not in start:
                join(page_of[index], page_of[source])
    writes = [page_of[index] for index, one in enumerate(exchanges) if one.is_write and index not in start]
    for page in range(min(writes), max(writes) + 1) if writes else ():
        join(writes[0], page)
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for index in range(len(exchanges)):
        if index not in moved:
            groups[find(page_of[index])].append(index)
    return sorted(start), [groups[page] for page in sorted(groups)]


def _with_needs(some: Sequence[int], needs: Mapping[int, set[int]]) -> set[int]:
    """`some` exchanges with everything that they need, directly or not."""
    found: set[int] = set()
    todo = list(some)
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo += needs[one]
    return found
