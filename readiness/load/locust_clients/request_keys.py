"""What a request's bytes depend on, as keys of a dictionary: parameters and cookies."""

from __future__ import annotations

import math
from typing import Any

_VALUES = (str, int, float, bool, type(None))


def params_key(params: Any) -> Any:
    """Parameters as they will be written; raises TypeError for those that may be written otherwise next time."""
    if params is None or type(params) is str:
        return params
    if type(params) is not dict:
        raise TypeError
    if any(type(name) is not str or type(value) not in _VALUES for name, value in params.items()):
        raise TypeError
    return tuple((name, None if value is None else str(value)) for name, value in params.items())


def first_expiry_s(jar: Any) -> float:
    """When the first cookie of a jar expires (Unix time)."""
    return min((one.expires for one in jar if one.expires is not None), default=math.inf)


def cookies_key(jar: Any) -> tuple[Any, ...]:
    """What the header of a jar's cookies depends on."""
    return tuple(
        (one.domain, one.path, one.name, one.value, one.secure, one.port, one.version, one.expires)
        for paths in jar._cookies.values()
        for names in paths.values()
        for one in names.values()
    )
