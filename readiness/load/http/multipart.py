"""`files=` of a request, as a form with files (RFC 7578), in requests' vocabulary."""

from __future__ import annotations

import mimetypes
import secrets
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any

Uploads = Mapping[str, Any] | Iterable[tuple[str, Any]]
"""Field to bytes, text, an open file, or (file name, one of these) and (file name, one of these, media type).

With None for the file name, bytes and text are a field of the form and no file, as with requests.
"""
_ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})


def multipart(data: Any, files: Uploads) -> tuple[bytes, str]:
    """The body and its media type; `data` are the form's other fields. Raises TypeError for a file that is none."""
    boundary = secrets.token_hex(16)
    parts = []
    for name, value in _pairs(data or {}):
        each = value if isinstance(value, list | tuple) else (value,)
        parts += [_part(boundary, name, None, str(one).encode(), None) for one in each]
    for name, given in _pairs(files):
        file_name, content, media_type = _file(name, given)
        parts.append(_part(boundary, name, file_name, content, media_type))
    return b"".join([*parts, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"


def _pairs(given: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(given, str | bytes):
        raise TypeError("data must be fields where files are sent with it, not a text")
    return given.items() if isinstance(given, Mapping) else given


def _file(field: str, given: Any) -> tuple[str | None, bytes, str | None]:
    is_field = isinstance(given, tuple) and given[0] is None
    file_name, content, *more = given if isinstance(given, tuple) else (None, given)
    if hasattr(content, "read"):
        is_field = False
        file_name = file_name or PurePath(str(getattr(content, "name", field))).name
        content = content.read()
    if isinstance(content, str):
        content = content.encode()
    if not isinstance(content, bytes | bytearray):
        raise TypeError(f"files[{field!r}] is a {type(content).__name__}: give bytes, text or an open file")
    if is_field:
        return None, bytes(content), str(more[0]) if more and more[0] else None
    name = str(file_name or field)
    return name, bytes(content), str(more[0] if more else mimetypes.guess_type(name)[0] or "application/octet-stream")


def _part(boundary: str, name: str, file_name: str | None, content: bytes, media_type: str | None) -> bytes:
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name.translate(_ESCAPES)}"'
    if file_name is not None:
        head += f'; filename="{file_name.translate(_ESCAPES)}"'
    if media_type is not None:
        if "\r" in media_type or "\n" in media_type:
            raise ValueError(f"media type {media_type!r}: has a line break")
        head += f"\r\nContent-Type: {media_type}"
    return head.encode() + b"\r\n\r\n" + content + b"\r\n"
