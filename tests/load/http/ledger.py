"""A recorder that writes down what the client said, for reading."""

from dataclasses import dataclass, field

from readiness.load.ticket import Ticket


@dataclass
class Entry:
    """One call."""

    scenario: str
    name: str
    start_s: float
    end_s: float | None = None
    failure: str | None = None
    detail: str = ""
    ends: int = 0
    seen: list[tuple[int, bool]] = field(default_factory=list)

    @property
    def took_s(self) -> float:
        """From start to end."""
        assert self.end_s is not None
        return self.end_s - self.start_s


class Ledger:
    """Fulfils CallRecorder."""

    def __init__(self) -> None:
        self.calls: list[Entry] = []
        self.forgotten: list[Ticket] = []
        self._entries: dict[int, tuple[Ticket, Entry]] = {}

    def enter(self, call: Ticket) -> None:
        entry = Entry(*call.identity, call.start_s)
        self._entries[id(call)] = (call, entry)  # the ticket is kept: its id must not be used again
        self.calls.append(entry)

    def end(self, call: Ticket, end_s: float, failure: str | None = None, detail: str = "") -> None:
        _, entry = self._entries[id(call)]
        entry.end_s, entry.failure, entry.detail = end_s, failure, detail
        entry.ends += 1
        if call.status_code:
            entry.seen.append((call.status_code, b"\nx-cache: hit\r" in call.raw_head.lower()))

    def answer(self, call: Ticket, end_s: float, failure: str | None = None, detail: str = "") -> None:
        """The scenario judges it later."""
        assert id(call) in self._entries

    def heard(self, call: Ticket, at_s: float) -> None:
        """A part of a stream."""
        assert id(call) in self._entries

    def withdraw(self, call: Ticket) -> None:
        """Nothing was sent."""
        _, entry = self._entries.pop(id(call))
        self.calls.remove(entry)

    @property
    def outcomes(self) -> list[str]:
        """`ok`, the failure class, or `open` for each call; a call ended twice is an error of the client."""
        assert all(call.ends <= 1 for call in self.calls)
        return ["open" if not call.ends else call.failure or "ok" for call in self.calls]
