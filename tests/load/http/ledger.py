"""A recorder that writes down what the client said, for looking at."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Entry:
    """One call."""

    scenario: str
    name: str
    start_s: float
    end_s: float | None = None
    failure: str | None = None
    detail: str = ""
    size_bytes: int = 0
    ends: int = 0
    seen: list[tuple[int, bool]] = field(default_factory=list)

    @property
    def took_s(self) -> float:
        """From start to end."""
        assert self.end_s is not None
        return self.end_s - self.start_s


class Ledger:
    """Fulfils CallRecorder."""

    def __init__(self, *, watching: bool = False) -> None:
        self.watch = self if watching else None
        self.calls: list[Entry] = []

    def begin(self, scenario: str, name: str, start_s: float) -> Any:
        entry = Entry(scenario, name, start_s)
        self.calls.append(entry)
        return entry

    def end(self, call: Any, end_s: float, failure: str | None, detail: str = "", size_bytes: int = 0) -> None:
        call.end_s, call.failure, call.detail, call.size_bytes = end_s, failure, detail, size_bytes
        call.ends += 1

    def see(self, call: Any, status: int, end_s: float, raw_head: bytes) -> None:
        call.seen.append((status, b"\nx-cache: hit\r" in raw_head.lower()))

    @property
    def outcomes(self) -> list[str]:
        """`ok`, the failure class, or `open` for each call; a call ended twice is an error of the client."""
        assert all(call.ends <= 1 for call in self.calls)
        return ["open" if not call.ends else call.failure or "ok" for call in self.calls]
