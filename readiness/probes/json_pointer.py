"""JSON pointers (RFC 6901): `/cache/hits`, with `~1` for a slash and `~0` for a tilde."""

from __future__ import annotations

import re

_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


def resolve(document: object, pointer: str) -> object:
    """What `pointer` points at; raises LookupError when there is nothing, ValueError when it is no pointer."""
    if not pointer:
        return document
    if not pointer.startswith("/") or re.search(r"~(?![01])", pointer):
        raise ValueError("not a JSON pointer (RFC 6901)")
    here = document
    for token in pointer[1:].split("/"):
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(here, dict) and name in here:
            here = here[name]
        elif isinstance(here, list) and _INDEX.fullmatch(name) and int(name) < len(here):
            here = here[int(name)]
        else:
            raise LookupError(name)
    return here
