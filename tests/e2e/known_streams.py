"""A server that sends at known times: `python -m tests.e2e.known_streams` prints its port, and ends with its input.

`/parts/50/200` answers with the head and the first byte after 50 ms, and with the last one 200 ms after that;
`/fails/5` answers each 5th request with 500, the others at once. `/events/100/300` is a stream: head and comment at
once, the first event after 100 ms, three more at once, one after 300 ms, and the end. `/dies/5` is such a stream, but
each 5th one is cut after its first event. Everything else is answered at once.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from itertools import count

_ASKED = count(1)


async def parts(writer: asyncio.StreamWriter, before_ms: str, pause_ms: str) -> None:
    """A body in two pieces."""
    await asyncio.sleep(int(before_ms) / 1000)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nno")
    await asyncio.sleep(int(pause_ms) / 1000)
    writer.write(b"w!")


async def fails(writer: asyncio.StreamWriter, every: str) -> None:
    """A failure now and then."""
    status = b"200 OK" if next(_ASKED) % int(every) else b"500 No"
    writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n\r\nok")


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(text: str) -> bytes:
    """Of a body."""
    return f"{len(text):x}\r\n{text}\r\n".encode()


async def events(writer: asyncio.StreamWriter, before_ms: str, pause_ms: str, *, cut: bool = False) -> None:
    """A stream with one gap."""
    writer.write(HEAD + chunk(": here\n\n"))
    await asyncio.sleep(int(before_ms) / 1000)
    writer.write(chunk("data: one\n\n"))
    if cut:
        await writer.drain()
        raise ConnectionError
    writer.write(chunk("data: two\n\n") * 3)
    await asyncio.sleep(int(pause_ms) / 1000)
    writer.write(chunk("data: [DONE]\n\n") + b"0\r\n\r\n")


async def dies(writer: asyncio.StreamWriter, every: str) -> None:
    """A stream that is cut now and then."""
    await events(writer, "20", "20", cut=next(_ASKED) % int(every) == 0)


ANSWERS: dict[str, Callable[..., Awaitable[None]]] = {"parts": parts, "fails": fails, "events": events, "dies": dies}


async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            kind, *words = head.split(b" ", 2)[1].decode().strip("/").split("/")
            if kind in ANSWERS:
                await ANSWERS[kind](writer, *words)
            else:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def serve() -> None:
    """Until standard input ends."""
    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve())
