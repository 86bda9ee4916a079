"""The server of known delays (delays.c), built with the machine's C compiler and kept on a core of its own."""

import contextlib
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import machine

SOURCE = Path(__file__).with_suffix(".c")
STALL_S, STALL_EVERY_S = 2.0, 10.0
SERVICE_S = 0.005
"""Of the kind `stall`, while it does not stand still."""
MEAN_S = {"lognormal": 0.0275, "steps": 0.0184}


@dataclass(frozen=True)
class Delays:
    """A running server."""

    port: int
    pid: int

    def record(self) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
        """Of each answer to the load since the last call: when its request came since the first, what it took (s)."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/record", timeout=60) as answer:
            return np.array(answer.read().split(), np.float64).reshape(-1, 2) / 1e6


def build(folder: Path) -> Path:
    """The program. Raises FileNotFoundError where there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise FileNotFoundError("the server of known delays needs a C compiler (apt-get install gcc)")
    program = folder / "delays"
    subprocess.run([compiler, "-O2", "-o", str(program), str(SOURCE), "-lm"], check=True)
    return program


@contextlib.contextmanager
def serve(program: Path, kind: str, seed: int = 7) -> Iterator[Delays]:
    """Serve `kind` (delays.c names them) on a free port of the server's core."""
    process = subprocess.Popen(
        [str(program), kind, str(seed)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: machine.pin(machine.SERVER_CORE),
    )
    try:
        assert process.stdout is not None
        yield Delays(int(process.stdout.readline()), process.pid)
    finally:
        process.kill()
        process.communicate()
