"""What a client makes anew for each request: the value of a source, sent again, would make every write a replay."""

from __future__ import annotations

from readiness.init.draft import Extracted, Generated, Text
from readiness.init.sources.values import words

_KEY = ("idempotency", "key")
_IDS = (("request", "id"), ("correlation", "id"))
NEW: Text = (Generated("guid"),)


def is_per_request(where: str, name: str) -> bool:
    """Whether what goes by `name` is of one request: `Idempotency-Key`, and as a header `X-Request-ID` too."""
    ends = tuple(words(name)[-2:])
    return ends == _KEY or (where == "header" and ends in _IDS)


def anew(text: Text) -> Text:
    """`text` where it is another one for each request already, else a new value."""
    return text if any(isinstance(part, Extracted | Generated) for part in text) else NEW
