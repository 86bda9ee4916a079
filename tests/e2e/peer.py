"""A server of one process that fails in ways which need a process: it can be stopped, or stop itself at any stage.

`python -m tests.e2e.peer HOST PORT MODE [after] [certificate key]`: prints its port. Requests after the first `after`
meet the mode; `/health` and so on count too.
"""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
import sys

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"ok": true}'
REFUSAL = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"


class Peer:
    """What the connections share."""

    def __init__(self, mode: str, after: int) -> None:
        self.mode = mode
        self.after = after
        self.seen = 0

    def stop(self) -> None:
        """As if the machine had frozen: nothing of this process goes on until somebody sends SIGCONT."""
        os.kill(os.getpid(), signal.SIGSTOP)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        asked = 0
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                asked += 1
                self.seen += 1
                if not await self.answer(writer, asked):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def answer(self, writer: asyncio.StreamWriter, asked: int) -> bool:
        """Of request number `asked` of its connection; False closes it."""
        mode = self.mode if self.seen > self.after else "ok"
        match mode:
            case "lost" if asked % 2 == 0:
                return False  # read, and gone
            case "fails":
                writer.write(REFUSAL)
                return True
            case "stop in request":
                self.stop()
            case "stop in head" | "stop in body":
                cut = 20 if mode == "stop in head" else len(ANSWER) - 5
                writer.write(ANSWER[:cut])
                await writer.drain()
                self.stop()
                writer.write(ANSWER[cut:])
                return True
            case "twice":
                await asyncio.sleep(0.02)
                writer.write(ANSWER)
                await asyncio.sleep(0.0005)
        writer.write(ANSWER)
        return True


async def main() -> None:
    """Serve until killed."""
    host, port, mode, after, *files = sys.argv[1:]
    context = None
    if files:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
    server = await asyncio.start_server(Peer(mode, int(after)).talk, host, int(port), ssl=context)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
