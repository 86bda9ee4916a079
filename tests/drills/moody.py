"""`python -m tests.drills.moody PORT MOOD [WORD=PROXY_PORT…]`: a service whose file MOOD says how it behaves now.

PORT 0 takes any; the port is told on standard output. Every path is answered with `{"ok": 1}`. Moods:
`ok`; `silent`: no answer for an hour; `busy`: every other answer is a 503, and only the good ones say Retry-After;
`stranger`: /private is a page with 200 that asks for a log-in; `slow`: 0.3 s.
Words: `tied`: it keeps a connection through that proxy, and for 0.4 s after that has ended it resets every request.
`lazy`: it asks through that proxy again and again, by a new connection each time, until it has had 165 requests.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

_DOWN_S = 0.4
_LAZY_UNTIL = 165
_HOUR_S = 3600.0
_ANSWERS = {"ok": b'{"ok": 1}', "stranger": b"<p>please log in</p>"}


class Moody:
    """The service."""

    def __init__(self, mood: Path) -> None:
        self._mood = mood
        self.requests = 0
        self.down_until_s = 0.0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.requests += 1
                if time.monotonic() < self.down_until_s:
                    writer.transport.abort()
                    return
                writer.write(await self._answer(head.split(b" ", 2)[1].decode()))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, path: str) -> bytes:
        mood = self._mood.read_text().strip()
        status, more, body = "200 OK", "", _ANSWERS["ok"]
        if mood == "silent":
            await asyncio.sleep(_HOUR_S)
        elif mood == "slow":
            await asyncio.sleep(0.3)
        elif mood == "busy" and self.requests % 2:
            status = "503 Service Unavailable"
        elif mood == "busy":
            more = "Retry-After: 5\r\n"
        elif mood == "stranger" and path == "/private":
            body = _ANSWERS["stranger"]
        return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


async def _tied(moody: Moody, port: int) -> None:
    held = False
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            while True:
                writer.write(b"how many?\n")
                if not await reader.readline():
                    raise ConnectionResetError
                held = True
                await asyncio.sleep(0.05)
        except OSError:
            if held:
                moody.down_until_s = time.monotonic() + _DOWN_S
            held = False
            await asyncio.sleep(0.3)


async def _lazy(moody: Moody, port: int) -> None:
    while moody.requests < _LAZY_UNTIL:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"how many?\n")
            await reader.readline()
            writer.close()
        except OSError:
            pass
        await asyncio.sleep(0.1)


async def _main() -> None:
    moody = Moody(Path(sys.argv[2]))
    server = await asyncio.start_server(moody.serve, "127.0.0.1", int(sys.argv[1]))
    words = dict(word.split("=") for word in sys.argv[3:])
    beside = [
        asyncio.create_task(run(moody, int(words[word])))
        for word, run in (("tied", _tied), ("lazy", _lazy))
        if word in words
    ]
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    async with server:
        await asyncio.gather(server.serve_forever(), *beside)


if __name__ == "__main__":
    asyncio.run(_main())
