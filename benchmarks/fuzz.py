# ruff: noqa: E501 (samples)
"""Feeds broken bytes to every parser of foreign bytes (benchmarks/foreign/), bounded by cases, seed and time.

`python -m benchmarks fuzz [--cases N] [--seed S] [--seconds T] [--processes N]`. Each of these is a failure: an
exception that the parser does not declare; time that grows faster than the input; memory beyond MOST_MIB. The seed and
the case's number give the same bytes again.
"""

from __future__ import annotations

import argparse
import copy
import json
import multiprocessing
import os
import random
import resource
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.foreign import parsers
from benchmarks.foreign.parser import Parser

MOST_MIB = 256
"""By which a process may grow, whatever it is fed."""
LONGEST = 16_384
GROWTH_EVERY = 500
"""Every so many cases one piece is repeated more and more often, and the time compared."""
TIMES = 4
STEEP = 2.5
"""Time may grow by so much more than the input; quadratic growth is TIMES times more."""
LONGEST_WORKS = 60
"""Times of a fixed piece of work on this machine (`_work_s`) that one case may take."""
NOTABLE_S = 0.02
"""Shorter times say nothing about growth."""
_NUMBERS = (b"-1", b"0", b"9" * 30, b"9" * 5000, b"1e999", b"NaN", b"1_0", b"0x10", b"\xc2\xb2", b"+5", b"1.5", b"")
_VALUES: tuple[object, ...] = (
    None, True, 0, -1, 1, 2**63, 10**400, 0.5, -0.0, 1e308, 5e-324, float("nan"), float("inf"), "", "x", "\ud800",
    "\u202e",    "9" * 400, "a" * 5000, [], {}, [[]], {"": {}}, [None], [1, 2], ["a", "b"], {"a": 1}, "2026-01-01T00:00:00Z",
    "latency.p95",
)  # fmt: skip
_PIECES = (
    b"\r\n", b"\n", b"\0", b" ", b"\t", b";", b",", b"=", b":", b"::", b"##[", b'"', b"\\", b"'", b"`", b"(", b")", b"[",
    b"]", b"{", b"}", b"<", b">", b"<!--", b"/*", b"--", b"$$", b"&", b"&#", b"%", b"\xff", b"\xc3", b"\xe2\x80\xae",
    b"\xed\xa0\x80",    b"\xf3\xa0\x81\x81", b"..", b"a" * 300, b"\\u", b"\\ud800", b"dur=", b"max-age=", b"charset=", b"0\r\n\r\n", b"null",
    b"- ",
    b"*a", b"&a ", b"!!x ", b"? ", b"E'", b"U&'",
)  # fmt: skip


@dataclass(slots=True)
class Found:
    """What one share of the cases showed."""

    cases: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest_s: dict[str, float] = field(default_factory=dict)
    grown_mib: float = 0.0


def fuzz(cases: int, seed: int, seconds: float, only: Sequence[str] = ()) -> Found:
    """At most `cases` inputs in `seconds` of CPU time at most, over all parsers or those of the names `only`."""
    chosen = [one for one in parsers() if not only or one.name in only]
    weighted = [one for one in chosen for _ in range(one.share)] or chosen
    found = Found()
    until_s = time.process_time() + seconds
    before_mib = _peak_mib()
    work_s = max(_work_s() for _ in range(3))
    for case in range(cases):
        if time.process_time() > until_s:
            break
        draw = random.Random(f"{seed}/{case}")
        parser = draw.choice(weighted)
        if case % GROWTH_EVERY == GROWTH_EVERY - 1:
            _grow(parser, draw, found, f"seed {seed}, case {case}")
        else:
            where = f"seed {seed}, case {case}"
            data = _broken(parser, draw)
            took_s = _feed(parser, data, found, where)
            if took_s > LONGEST_WORKS * work_s:
                found.faults.append(f"{parser.name} ({where}): {took_s:.1f} s for {len(data):,} bytes; {data[:200]!r}")
        found.cases += 1
    found.grown_mib = _peak_mib() - before_mib
    if found.grown_mib > MOST_MIB:
        found.faults.append(f"memory grew by {found.grown_mib:.0f} MiB")
    return found


def _feed(parser: Parser, data: bytes, found: Found, where: str) -> float:
    begun_s = time.process_time()
    try:
        parser.call(data)
        found.taken[parser.name] += 1
    except parser.refuses:
        found.refused[parser.name] += 1
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        at = f"{Path(place.filename).name}:{place.lineno}"
        found.faults.append(f"{parser.name} ({where}): {type(error).__name__} at {at}: {error!s:.100}; {data[:200]!r}")
    took_s = time.process_time() - begun_s
    found.slowest_s[parser.name] = max(found.slowest_s.get(parser.name, 0.0), took_s)
    return took_s


def _grow(parser: Parser, draw: random.Random, found: Found, where: str) -> None:
    """One piece, repeated TIMES as often: the time must grow about as the input does."""
    seed = draw.choice(parser.seeds)
    at = draw.randrange(len(seed) + 1)
    if draw.random() < 0.5:
        piece = b"".join(draw.choice(_PIECES[:-12]) for _ in range(draw.randint(1, 3)))
    else:
        begin = draw.randrange(len(seed))
        piece = seed[begin : begin + draw.randint(1, 30)]
    after = seed[at:] if draw.random() < 0.5 else b""
    if fault := grown(parser, seed[:at], piece[:60] or b" ", after, found, where):
        found.faults.append(fault)


def grown(parser: Parser, before: bytes, piece: bytes, after: bytes, found: Found, where: str) -> str | None:
    """What is wrong when `piece` stands between `before` and `after` TIMES as often; None when time grows as the input."""
    times = LONGEST // len(piece)
    sizes = [len(before) + len(piece) * count + len(after) for count in (times, times * TIMES)]
    short_s = long_s = 0.0
    for _ in range(3):  # what only a busy machine made slow is not slow again and again
        short_s, long_s = (
            min(_feed(parser, before + piece * count + after, found, where) for _ in range(2))
            for count in (times, times * TIMES)
        )
        if long_s < NOTABLE_S or long_s < STEEP * sizes[1] / sizes[0] * max(short_s, NOTABLE_S / TIMES**2):
            return None
    return (
        f"{parser.name} ({where}): {short_s * 1000:.0f} ms became {long_s * 1000:.0f} ms when {piece!r} stood there "
        f"{TIMES} times as often; before it {before[-60:]!r}"
    )


def _broken(parser: Parser, draw: random.Random) -> bytes:
    seed = draw.choice(parser.seeds)
    if parser.facts and draw.random() < 0.8:
        return _broken_facts(seed, draw)
    most = len(seed) + LONGEST
    data = bytearray(seed)
    for _ in range(draw.choice((1, 1, 1, 2, 3, 6))):
        at = draw.randrange(len(data) + 1)
        end = min(len(data), at + draw.randint(1, 24))
        match draw.randrange(8):
            case 0:
                data[at:at] = draw.choice(_PIECES)
            case 1:
                del data[at:end]
            case 2:
                data[at:at] = data[at:end] * draw.choice((1, 2, 20, 200))
            case 3 if data:
                data[at % len(data)] = draw.randrange(256)
            case 4:
                data[at:end] = draw.choice(_NUMBERS)
            case 5:
                other = draw.choice(parser.seeds)
                data[at:] = other[draw.randrange(len(other)) :]
            case 6:
                data[at:] = b""
            case _:
                data[at:at] = draw.choice(_PIECES) * draw.randint(1, 60)
        del data[most:]
    return bytes(data)


def _broken_facts(seed: bytes, draw: random.Random) -> bytes:
    """JSON with some of its values replaced or left out."""
    facts: Any = json.loads(seed)
    for _ in range(draw.choice((1, 1, 2, 4))):
        holder = facts
        while True:
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not keys:
                break
            key = draw.choice(keys)
            inner = holder[key]
            if isinstance(inner, dict | list) and inner and draw.random() < 0.85:
                holder = inner
            elif draw.random() < 0.2:
                del holder[key]
                break
            else:
                holder[key] = copy.deepcopy(draw.choice(_VALUES))
                break
    return json.dumps(facts, ensure_ascii=draw.random() < 0.5).encode("utf-8", "surrogatepass")


def _work_s() -> float:
    """CPU time of a fixed piece of work, some hundredths of a second."""
    begun_s = time.process_time()
    json.loads(json.dumps([[number, str(number)] for number in range(30_000)]))
    return time.process_time() - begun_s


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _share(given: tuple[int, int, float, Sequence[str]]) -> Found:
    return fuzz(*given)


def _shares(cases: int, seed: int, seconds: float, processes: int, only: Sequence[str]) -> Iterator[Found]:
    tasks = [(cases // processes, seed * 1000 + index, seconds, only) for index in range(processes)]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap_unordered(_share, tasks)


def _columns(shares: Sequence[Found]) -> tuple[list[Counter[str]], list[Counter[str]]]:
    return [share.taken for share in shares], [share.refused for share in shares]


def main() -> int:
    """Prints what every parser did; 1 when one of them failed."""
    options = argparse.ArgumentParser(prog="python -m benchmarks fuzz")
    options.add_argument("--cases", type=int, default=200_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--seconds", type=float, default=900)
    options.add_argument("--processes", type=int, default=min(os.cpu_count() or 1, 8))
    options.add_argument("--parser", action="append", default=[])
    given = options.parse_args()
    begun_s = time.monotonic()
    shares = list(_shares(given.cases, given.seed, given.seconds, given.processes, given.parser))
    print(f"{'parser':26} {'taken':>8} {'refused':>8} {'slowest':>9}")
    for one in parsers():
        taken, refused = (sum(counts[one.name] for counts in column) for column in _columns(shares))
        slowest_s = max(share.slowest_s.get(one.name, 0.0) for share in shares)
        print(f"{one.name:26} {taken:8,} {refused:8,} {slowest_s * 1000:6.0f} ms")
    faults = [fault for share in shares for fault in share.faults]
    print(
        f"{sum(share.cases for share in shares):,} cases in {time.monotonic() - begun_s:.0f} s, "
        f"memory grew by {max(share.grown_mib for share in shares):.0f} MiB at most, {len(faults)} faults"
    )
    for fault in faults[:40]:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
