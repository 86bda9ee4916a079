"""One writer for a folder of reports at a time: two runs that share it would mix their files."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from readiness.errors import ConfigError
from readiness.text import clean


@contextmanager
def sole_writer(out_dir: Path) -> Iterator[None]:
    """Hold the folder itself locked; the kernel lets go when the process ends, however it ends, and no file is left.

    Raises ConfigError when somebody else holds it. A file system without locks is taken as it is.
    """
    handle = os.open(out_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(
                f"--out {clean(out_dir)}: another readiness is writing there; wait for it, or name another folder"
            ) from None
        except OSError:
            pass  # such as NFS without a lock daemon
        yield
    finally:
        os.close(handle)
