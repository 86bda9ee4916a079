"""Break a part of a running demo, and start it again: `python -I -S part.py FOLDER kill|start|restart`.

Its guard (guard.py) does it, and answers when it is done. Standard library only: drills run this file by itself.
"""

import os
import secrets
import sys
import time
from pathlib import Path

WORDS = ("kill", "start", "restart")
_PATIENCE_S = 20.0
_POLL_S = 0.01


def main(folder: Path, word: str) -> str | None:
    """What is wrong; None when it was done."""
    token = secrets.token_hex(8)
    try:
        orders = os.open(folder / "orders", os.O_WRONLY | os.O_NONBLOCK)
        os.write(orders, f"{token} {word}\n".encode())
        os.close(orders)
    except OSError as error:
        return f"{folder}: nobody holds this part of the demo: {error.strerror}"
    ends_s = time.monotonic() + _PATIENCE_S
    done = folder / "done"
    while not done.exists() or done.read_text(encoding="utf-8") != token:
        if time.monotonic() > ends_s:
            return f"{folder}: {word} was not done within {_PATIENCE_S:g} s"
        time.sleep(_POLL_S)
    return None


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
