"""A server that answers each path after its own delay and keeps count: `python -m tests.e2e.known_delays HOST FILE`.

Paths are `/<milliseconds>`. It prints its port, and on end of standard input writes {path: answers} to FILE and ends.
"""

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path


async def serve(host: str, file: Path) -> None:
    """Until standard input ends."""
    answered: Counter[str] = Counter()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                path = head.split(b" ", 2)[1].decode()
                if path.strip("/").isdigit():
                    await asyncio.sleep(int(path.strip("/")) / 1000)
                    answered[path] += 1
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, host, 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    file.write_text(json.dumps(answered))


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Path(sys.argv[2])))
