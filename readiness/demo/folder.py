"""One temporary folder per server: locked while somebody answers for it, reaped when nobody does.

A lock, not a process number, says that a folder is in use: it cannot be taken over by a stranger with the same number,
and it also holds between containers that share a temporary folder.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import stat
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from readiness.demo.errors import DemoError
from readiness.demo.guard import process_start
from readiness.demo.identity import Identity

_PREFIX = "readiness-demo-"
UNLOCKED_GRACE_S = 600.0
"""A folder without a lock file is somebody's start in its first milliseconds, or long dead."""
LEFTOVER_WAIT_S = 5.0


@dataclass(frozen=True, slots=True)
class ServerFolder:
    """A server's folder and the descriptor that holds its lock."""

    path: Path
    lock_fd: int

    def remove(self) -> None:
        """Remove what is left of the folder."""
        shutil.rmtree(self.path, ignore_errors=True)


def create_folder(kind: str, identity: Identity | None) -> ServerFolder:
    """A new, locked folder that `identity` can pass through but not write to."""
    for base in _bases():
        if identity is not None and not _everyone_passes(base):
            continue
        try:
            path = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{kind}-", dir=base))
        except OSError:
            continue
        if identity is not None:
            path.chmod(0o711)
        lock_fd = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock_fd, fcntl.LOCK_EX)
        return ServerFolder(path, lock_fd)
    raise DemoError(f"demo: no temporary folder to write to among {', '.join(map(str, _bases()))}")


def reap_stale() -> list[Path]:
    """End servers and remove folders that dead runs of this user left behind; the folders removed."""
    return [path for base in _bases() for path in sorted(base.glob(_PREFIX + "*")) if _reap(path)]


def _reap(path: Path) -> bool:
    try:
        info = path.lstat()
        if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.geteuid():
            return False
        lock_fd = os.open(path / "lock", os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        if not path.is_dir() or time.time() - path.stat().st_mtime < UNLOCKED_GRACE_S:
            return False
        shutil.rmtree(path, ignore_errors=True)
        return True
    except OSError:
        return False
    try:
        fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        end_leftover(path / "server.pid")
        shutil.rmtree(path, ignore_errors=True)
        return True
    finally:
        os.close(lock_fd)


def end_leftover(pid_file: Path) -> None:
    """Stop the server whose guard was killed, if the process of that number is still the same one."""
    try:
        pid_text, _, started = pid_file.read_text(encoding="utf-8").partition(" ")
        pid = int(pid_text)
    except (OSError, ValueError):
        return
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if process_start(pid) != started:
            return
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            return
        deadline = time.monotonic() + LEFTOVER_WAIT_S
        while process_start(pid) == started and not _is_zombie(pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        if _is_zombie(pid):
            return


def _is_zombie(pid: int) -> bool:
    try:
        stat_line = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return stat_line.rpartition(")")[2].split()[:1] == ["Z"]


def _bases() -> list[Path]:
    """Where folders may be; the second and third are for a root whose temporary folder is private."""
    return list(dict.fromkeys(Path(base).resolve() for base in (tempfile.gettempdir(), "/tmp", "/var/tmp")))


def _everyone_passes(path: Path) -> bool:
    try:
        return all(part.stat().st_mode & stat.S_IXOTH for part in (path, *path.parents))
    except OSError:
        return False
