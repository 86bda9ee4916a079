"""The single values under `probes:`: paths, pointers, headers, metrics, quotas."""

from __future__ import annotations

import re
from dataclasses import dataclass

from readiness.config.form import Form, scalar
from readiness.config.scalars import text_form
from readiness.config.tree import Scalar
from readiness.text import clean

_QUOTA = re.compile(r"([1-9][0-9]{0,11}) ?/(s|min|h|d)", re.ASCII)
_WINDOWS_S = {"s": 1, "min": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class Quota:
    """So many requests of one client in a window of so many seconds; `text` is as the user wrote it."""

    requests: int
    window_s: int
    text: str
    line: int = 0


def quota_form() -> Form[Quota]:
    """`50000 /h`."""

    def read(node: Scalar) -> Quota:
        match = _QUOTA.fullmatch(node.text)
        if match is None:
            raise ValueError(f"must be requests per s, min, h or d, such as 50000 /h, not {clean(node.text, 40)!r}")
        return Quota(int(match[1]), _WINDOWS_S[match[2]], node.text, node.line)

    return scalar(read, {"type": "string", "pattern": f"^{_QUOTA.pattern}$"})


def _wrong_path(text: str) -> str | None:
    if not text.startswith("/") or text.startswith("//") or "\\" in text or " " in text:
        return f'must be a path on the target, starting with one "/", not {text!r}'
    return None


def _wrong_pointer(text: str) -> str | None:
    return None if text.startswith("/") else f'must be a JSON pointer such as "/cache/hits", not {text!r}'


def _wrong_header(text: str) -> str | None:
    good = re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", text, re.ASCII)
    return None if good else f"must be the name of a response header, such as X-Cache, not {text!r}"


def _wrong_selector(text: str) -> str | None:
    label = r'\s*[a-zA-Z_][a-zA-Z0-9_]*\s*=\s*"(?:[^"\\\n]|\\.)*"\s*'
    good = re.fullmatch(rf"[a-zA-Z_:][a-zA-Z0-9_:]*(\{{({label},?)*\}})?", text, re.ASCII)
    return None if good else f'must be a metric such as hits_total or requests_total{{status="5xx"}}, not {text!r}'


def _info_field(text: str) -> str | None:
    return None if re.fullmatch(r"[A-Za-z0-9_:.-]+", text, re.ASCII) else f"must be a field of INFO, not {text!r}"


def header_name(text: str) -> None:
    """Raises ValueError for what is not the name of a header."""
    if problem := _wrong_header(text):
        raise ValueError(problem)


PATH = text_form(check=_wrong_path, pattern="^/([^/]|$)", most=2000)
POINTER = text_form(check=_wrong_pointer, pattern="^/", most=500)
HEADER = text_form(check=_wrong_header, pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", most=100)
SERIES_NAME = text_form(check=_wrong_selector, pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]*(\{.*\})?$", most=500)
INFO_FIELD = text_form(check=_info_field, most=100)
WORD = text_form(most=100)
