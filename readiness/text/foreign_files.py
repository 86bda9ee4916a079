"""Files that somebody else may have put there: opened once, only when regular, never without a limit of size.

A FIFO would block for ever, a device has no end, and a link in a checkout leads to files that its author cannot read.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

_NEVER_WAIT = os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_KINDS = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a FIFO"), (stat.S_ISLNK, "a symbolic link"))


class NotReadable(ValueError):
    """Why a file was not read or written; the text fits behind its name and a colon."""


class Missing(NotReadable):
    """There is no such file."""


def read_text(path: Path, most_bytes: int, *, below: Path | None = None) -> str:
    """The text of the regular file `path` of at most `most_bytes`, which must be UTF-8.

    With `below`, the file must lie in that folder after every link is resolved, and no link is followed while it is
    opened. Without it, links are followed: then the user named the file. Raises NotReadable, Missing when absent.
    """
    try:
        return read_bytes(path, most_bytes, below=below).decode("utf-8")
    except UnicodeDecodeError:
        raise NotReadable("is not UTF-8 text") from None


def read_bytes(path: Path, most_bytes: int, *, below: Path | None = None) -> bytes:
    """As read_text, without decoding."""
    try:
        handle = os.open(path, os.O_RDONLY | _NEVER_WAIT) if below is None else _open_below(path, below)
        with os.fdopen(_regular(handle), "rb") as file:
            data = file.read(most_bytes + 1)
    except FileNotFoundError:
        raise Missing("there is no such file") from None
    except OSError as error:
        raise NotReadable(f"cannot be read: {why(error)}") from None
    except NotReadable:
        raise
    except ValueError:  # a NUL, or half a surrogate pair
        raise NotReadable("is not the name of a file") from None
    if len(data) > most_bytes:
        raise NotReadable(f"is larger than {_size(most_bytes)}, which is the most that is read")
    return data


def open_to_append(path: Path) -> int:
    """A descriptor that adds to the regular file `path`, made when absent; a link is not followed.

    Raises OSError, and NotReadable when it is no regular file.
    """
    return _regular(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | _NEVER_WAIT, 0o644))


def kind_of(mode: int) -> str:
    """What a file of that `st_mode` is, for a message that refuses it."""
    return next((name for fits, name in _KINDS if fits(mode)), "a device or a socket")


def why(error: OSError) -> str:
    """The reason of the operating system, in small letters."""
    return (error.strerror or str(error)).lower()


def _open_below(path: Path, folder: Path) -> int:
    """Walks from `folder` down, one name at a time: a link put there after `resolve` is refused, not followed."""
    try:
        root, found = folder.resolve(), path.resolve()
    except RuntimeError:  # older Pythons say so of links that lead to each other
        raise NotReadable("is a symbolic link without an end") from None
    if root not in found.parents:
        raise NotReadable("lies outside the folder that it must be in, or is a link to outside")
    *folders, name = found.relative_to(root).parts
    at = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in folders:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
            os.close(at)
            at = inner
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | _NEVER_WAIT, dir_fd=at)
    finally:
        os.close(at)


def _regular(handle: int) -> int:
    """`handle` itself, when it is of a regular file; otherwise it is closed."""
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode):
        return handle
    os.close(handle)
    raise NotReadable(f"is {kind_of(mode)}; only a regular file is read or written")


def _size(size_bytes: int) -> str:
    for unit, name in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if size_bytes >= unit:
            return f"{size_bytes // unit:,} {name}"
    return f"{size_bytes:,} bytes"
