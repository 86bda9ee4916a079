"""What Linux and its C library do when asked: who may read a process, who inherits orphans, who ends with whom.

Each call does nothing where the system does not have it. The numbers are of the kernel's interface (prctl(2),
landlock(7), include/uapi/linux) and are the same on every architecture.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path

_SET_PDEATHSIG, _SET_DUMPABLE, _CAPBSET_DROP, _SET_CHILD_SUBREAPER, _SET_NO_NEW_PRIVS = 1, 4, 24, 36, 38
_CAPABILITY_VERSION_3 = 0x20080522
_SYS_PTRACE, _SYS_ADMIN, _PERFMON = 19, 21, 38
"""With any of these root may read every process, whatever Landlock says."""
_LANDLOCK_CREATE, _LANDLOCK_RESTRICT = 444, 446
_MAKE_BLOCK_DEVICE = 1 << 11
"""A right that no scenario misses: a domain must take away something."""


def hide() -> None:
    """Neither other processes of this user nor a core dump can read this process's memory and environment."""
    _prctl(_SET_DUMPABLE, 0)


def adopt_orphans() -> None:
    """A descendant whose parent ends becomes our child, also when it left its session and its group."""
    _prctl(_SET_CHILD_SUBREAPER, 1)


def end_with_parent(signal_number: int) -> None:
    """This process gets the signal when the thread that started it ends."""
    _prctl(_SET_PDEATHSIG, signal_number)


def confine() -> None:
    """From here on neither this process nor a descendant can read a process that was not started by it.

    That is Landlock's rule about ptrace, which /proc/PID/environ and /proc/PID/mem obey too; root, whom it binds as
    well, gives up what would lift it.
    """
    if sys.platform != "linux":
        return
    with suppress(AttributeError, OSError):
        libc = ctypes.CDLL(None, use_errno=True)
        _prctl(_SET_NO_NEW_PRIVS, 1)
        _give_up(libc, (_SYS_PTRACE, _SYS_ADMIN, _PERFMON))
        taken = ctypes.c_uint64(_MAKE_BLOCK_DEVICE)
        handle = libc.syscall(_LANDLOCK_CREATE, ctypes.byref(taken), ctypes.c_size_t(ctypes.sizeof(taken)), 0)
        if handle < 0:
            return
        try:
            libc.syscall(_LANDLOCK_RESTRICT, handle, 0)
        finally:
            os.close(handle)


def give_back_memory() -> None:
    """What was freed since the process began leaves it: the C library keeps it otherwise (malloc_trim(3), glibc)."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def _give_up(libc: ctypes.CDLL, capabilities: tuple[int, ...]) -> None:
    """Capabilities of this process and its descendants; see capget(2). Without any it changes nothing."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable: the low 32 of them, then the high 32
    if libc.capget(header, sets):
        return
    for capability in capabilities:
        _prctl(_CAPBSET_DROP, capability)
        for index in range(3):
            sets[3 * (capability // 32) + index] &= ~(1 << capability % 32)
    libc.capset(header, sets)


def children_of(pid: int) -> frozenset[int]:
    """Living processes whose parent is `pid`; none where /proc is not Linux's."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError):
            state, parent, *_ = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            if int(parent) == pid and state != "Z":
                found.add(int(folder.name))
    return frozenset(found)


def is_stopped(pid: int) -> bool:
    """Whether a process is stopped (SIGSTOP, or a debugger), so that it does nothing; False where /proc is not ours."""
    with suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] in "Tt"
    return False


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).prctl(option, ctypes.c_ulong(value), 0, 0, 0)
