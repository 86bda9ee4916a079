"""Server-sent events from the bytes of a stream, as they come (WHATWG HTML, 9.2.6), and lines of JSON as events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from readiness.load.http.body import json_of
from readiness.load.http.failures import Failure
from readiness.text.error_pages import error_key

EVENT_STREAM = "text/event-stream"
_JSON_LINES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-lines"})
_BOM = b"\xef\xbb\xbf"
_PIECE_BYTES = 40
"""What a short line, or a short part of one, takes in memory by itself."""


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event of a stream."""

    data: str
    event: str = "message"
    """Its type."""
    id: str = ""

    def json(self) -> Any:
        """`data` as JSON. Raises ValueError."""
        return json_of(self.data.encode())

    @property
    def may_say_error(self) -> bool:
        """Whether `says_error` is worth asking; costs next to nothing."""
        return self.event == "error" or '"error' in self.data

    @property
    def says_error(self) -> bool:
        """Whether its type is `error`, or its data is JSON whose `error` or `errors` is set, and without data."""
        return self.event == "error" or error_key(self.data.encode()) is not None


def is_event_stream(media_type: str) -> bool:
    """Whether a body of this type has events, by its header `Content-Type`."""
    return _bare(media_type) == EVENT_STREAM or _bare(media_type) in _JSON_LINES


class EventParser:
    """Of one stream; holds no more than one event."""

    def __init__(self, media_type: str, most_bytes: int) -> None:
        """`most_bytes` is the size of the largest event that is taken."""
        self._json_lines = _bare(media_type) in _JSON_LINES
        self._most_bytes = most_bytes
        self._pieces: list[bytes] = []
        """Of the line under way."""
        self._data: list[bytes] = []
        self._event = b""
        self._id = b""
        self._line_bytes = self._data_bytes = 0
        self._begun = False
        self._after_cr = False

    def feed(self, part: bytes) -> list[ServerEvent]:
        """The events that end in the next bytes. Raises Failure `too_large`."""
        if self._after_cr and part.startswith(b"\n"):
            part = part[1:]
            self._after_cr = False
        if not part:
            return []
        self._after_cr = part.endswith(b"\r")
        if b"\n" not in part and b"\r" not in part:
            self._keep(part)
            return []
        lines = b"".join([*self._pieces, part]).splitlines()
        self._pieces, self._line_bytes = [], 0
        if not part.endswith((b"\n", b"\r")):
            self._keep(lines.pop())
        if not self._begun:
            self._begun = True
            lines[0] = lines[0].removeprefix(_BOM)
        if self._json_lines:
            return _json_events(lines)
        return [event for line in lines if (event := self._line(line)) is not None]

    def end(self) -> list[ServerEvent]:
        """The stream is over. A last line of JSON needs no line end; an event that was not finished is none."""
        return _json_events([b"".join(self._pieces)]) if self._json_lines else []

    def _line(self, line: bytes) -> ServerEvent | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        if value.startswith(b" "):
            value = value[1:]
        if name == b"data":
            self._data.append(value)
            self._data_bytes += len(value) + _PIECE_BYTES
            self._bound(self._data_bytes)
        elif name == b"event":
            self._event = value
        elif name == b"id" and b"\0" not in value:
            self._id = value
        return None

    def _dispatch(self) -> ServerEvent | None:
        data, kind = self._data, self._event
        if not data:
            self._event = b""
            return None
        self._data, self._event, self._data_bytes = [], b"", 0
        text = b"\n".join(data).decode("utf-8", "replace")
        return ServerEvent(text, kind.decode("utf-8", "replace") or "message", self._id.decode("utf-8", "replace"))

    def _keep(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._line_bytes += len(piece) + _PIECE_BYTES
        self._bound(self._line_bytes)

    def _bound(self, held_bytes: int) -> None:
        if held_bytes > self._most_bytes:
            raise Failure("too_large", f"an event of more than {self._most_bytes} bytes")


def _json_events(lines: list[bytes]) -> list[ServerEvent]:
    return [ServerEvent(line.decode("utf-8", "replace")) for line in lines if line.strip()]


def _bare(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()
