"""Hold one server and never let it outlive its user: `python -I -S guard.py OPTIONS -- COMMAND …`.

The guard's standard input is a pipe whose other end its parent holds. When the pipe closes (the parent ended, even by
SIGKILL), or on SIGTERM, the server is stopped: the polite signal, then SIGQUIT, then SIGKILL. When the server is
gone, for whatever reason, its folder is removed. A server that ends unasked has the end of its log on the guard's
standard error. Whoever may write to the pipe `orders` in the folder has it killed, started again, or replaced
(part.py). Standard library only: this file is run by itself, without the package around it.

The lock on the folder (see folder.py) is an inherited descriptor: the kernel frees it when the guard ends, in
whatever way it ends.
"""

import argparse
import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

WAIT_S = 3.0
"""How long each signal may take before the next, harsher one."""
LOG_TAIL_BYTES = 4000
REPLACED_S = 6.0
"""How long a server that is replaced may take to finish what it does."""
SETTLED_S = 5.0
"""A server that ends so soon after an order is started once more: what the one before left behind is in its way."""
ASKED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def process_start(pid: int) -> str | None:
    """When `pid` was started, in whatever form the system tells; None when there is no such process.

    Together with the number it identifies a process: numbers are used again.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return stat.rpartition(")")[2].split()[19]
    except OSError:
        if Path("/proc/self/stat").exists():
            return None
    listing = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return listing.stdout.strip() or None


def stop(server: "subprocess.Popen[bytes]", polite: int) -> None:
    """End `server` and what is left of its session."""
    for number in (polite, signal.SIGQUIT, signal.SIGKILL):
        if server.poll() is None:
            server.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(WAIT_S)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(server.pid, signal.SIGKILL)


def remove(folder: Path) -> None:
    """Remove `folder`, again if a dying process still writes into it."""
    for _ in range(20):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.05)


class Held:
    """The server, and how it is started again."""

    def __init__(self, folder: Path, start: "Callable[[], subprocess.Popen[bytes]]") -> None:
        self.folder = folder
        self.start = start
        self.server = start()
        self.killed = False
        self.settled_s = 0.0
        self.orders = self._listen()

    def _listen(self) -> int:
        path = self.folder / "orders"
        os.mkfifo(path, 0o600)
        return os.open(path, os.O_RDWR | os.O_NONBLOCK)  # a writer of our own, so that it never ends

    def obey(self) -> None:
        """Do what the pipe says: lines of a token and a word; the token goes into the file `done`."""
        with contextlib.suppress(OSError, ValueError):
            for line in os.read(self.orders, 4096).decode().splitlines():
                token, word = line.split()
                if word == "kill":
                    self.killed = True
                    stop(self.server, signal.SIGKILL)
                elif word == "start" and self.server.poll() is not None:
                    self._start()
                elif word == "restart":
                    before = self.server
                    self._start()
                    before.terminate()
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        before.wait(REPLACED_S)
                    stop(before, signal.SIGKILL)
                done = self.folder / "done.new"
                done.write_text(token, encoding="utf-8")
                done.rename(self.folder / "done")

    def _start(self) -> None:
        self.server = self.start()
        self.killed = False
        self.settled_s = time.monotonic() + SETTLED_S

    def ended(self) -> bool:
        """Whether the server ended by itself."""
        while not self.killed and self.server.poll() is not None:
            if time.monotonic() > self.settled_s:
                return True
            time.sleep(0.1)
            self.server = self.start()
        return False


def hold(held: Held, wake: int) -> bool:
    """Wait for the server's or the parent's end; whether the server ended by itself."""
    while True:
        readable, _, _ = select.select([0, wake, held.orders], [], [])
        if held.ended():
            return True
        if wake in readable and set(os.read(wake, 512)) & set(ASKED):
            return False
        if 0 in readable and not os.read(0, 4096):
            return False
        if held.orders in readable:
            held.obey()


def main() -> int:
    """Start the server, hold it, clean up."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--stop-signal", type=int, default=signal.SIGTERM)
    parser.add_argument("--uid", type=int)
    parser.add_argument("--gid", type=int)
    parser.add_argument("--pass-fd", type=int, action="append", default=[])
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()

    wake, wake_writer = os.pipe()
    os.set_blocking(wake_writer, False)
    signal.set_wakeup_fd(wake_writer)
    for number in (*ASKED, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)  # a handler, not SIG_IGN: the server would inherit that

    log = options.folder / "log"
    identity = {} if options.uid is None else {"user": options.uid, "group": options.gid, "extra_groups": []}

    def start() -> "subprocess.Popen[bytes]":
        with log.open("ab") as output:
            server = subprocess.Popen(
                options.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                start_new_session=True,  # the terminal's Ctrl-C is for the parent alone
                pass_fds=options.pass_fd,
                **identity,
            )
        (options.folder / "server.pid").write_text(f"{server.pid} {process_start(server.pid)}", encoding="utf-8")
        return server

    try:
        held = Held(options.folder, start)
    except OSError as error:
        sys.stderr.write(f"{options.command[0]}: {error.strerror}\n")
        remove(options.folder)
        return 1

    ended_by_itself = hold(held, wake)
    stop(held.server, options.stop_signal)
    if ended_by_itself:
        with contextlib.suppress(OSError):
            sys.stderr.write(log.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace"))
    remove(options.folder)
    return 1 if ended_by_itself else 0


if __name__ == "__main__":
    sys.exit(main())
