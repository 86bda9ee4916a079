"""Run faultd: `python -m tests.faultd --mode status --set code=503 --share 0.04`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import math
import os
import signal
import sys
from threading import Thread
from typing import Any

import tests.faultd
from tests.faultd.control import start_control
from tests.faultd.server import Server, build_layers


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="faultd", description=tests.faultd.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--mode", default="ok")
    parser.add_argument("--only")
    parser.add_argument("--after", type=int, default=0)
    parser.add_argument("--at", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--for", type=float, default=math.inf, metavar="SECONDS", dest="span")
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE", help="value as JSON, else text")
    parser.add_argument("--layers", help="JSON list of layers, instead of the options above")
    parser.add_argument("--with-parent", action="store_true", help="stop when standard input ends")
    return parser.parse_args()


def _layers(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    if arguments.layers is not None:
        layers: list[dict[str, Any]] = json.loads(arguments.layers)
        return layers
    options: dict[str, Any] = {}
    for pair in arguments.set:
        name, _, value = pair.partition("=")
        try:
            options[name] = json.loads(value)
        except ValueError:
            options[name] = value
    return [
        {
            "mode": arguments.mode,
            "options": options,
            "only": arguments.only,
            "after": arguments.after,
            "at_s": arguments.at,
            "for_s": arguments.span,
            "share": arguments.share,
        }
    ]


async def _main(arguments: argparse.Namespace) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    server = Server(build_layers(_layers(arguments)))
    await server.listen(arguments.host, arguments.port)
    control = start_control(server, loop, stop)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if arguments.with_parent:
        Thread(target=_until_parent_ends, args=(loop, stop), daemon=True).start()
    sys.stdout.write(json.dumps({"url": server.url, "control": control, "pid": os.getpid()}) + "\n")
    sys.stdout.flush()
    await stop.wait()
    server.die()


def _until_parent_ends(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    # The raw descriptor: a daemon thread inside sys.stdin's lock would break the interpreter's shutdown.
    while os.read(0, 1024):
        pass
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(stop.set)


if __name__ == "__main__":
    asyncio.run(_main(_arguments()))
