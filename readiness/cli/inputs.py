"""Files of earlier runs, read with errors that name the file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from readiness.errors import ConfigError

if TYPE_CHECKING:
    from readiness.measurements.run import Run

MAX_BYTES = 512 * 1024 * 1024


def read_text(path: Path) -> str:
    """The file's text; ConfigError when it cannot be read, is not UTF-8, or is larger than any run of ours."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(f"{path}: is larger than {MAX_BYTES >> 20} MiB; not a file of readiness")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8 text") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None


def read_run(path: Path) -> Run:
    """The run in a run.json."""
    from readiness.measurements.json import loads

    return loads(read_text(path), str(path))
