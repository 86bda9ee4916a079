"""A server that answers at once: what is measured against it is the load generator and nothing else.

Run as a script, with the standard library alone, so that it starts in milliseconds. Prints its port, serves on
loopback until its standard input closes, and answers 200 to everything: JSON, or a page where the path is no API's.
"""

from __future__ import annotations

import selectors
import socket
import sys

_JSON = b'{"ok": true, "id": 1, "status": "ok", "items": [], "results": []}'
_PAGE = b'<!doctype html><title>null</title><form><input type="hidden" name="csrf_token" value="null"></form>'
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
_ANSWERS = (
    (_HEAD % (b"application/json", len(_JSON)), _JSON),
    (_HEAD % (b"text/html; charset=utf-8", len(_PAGE)), _PAGE),
)


def answers(buffer: bytearray) -> bytes:
    """The answers to every whole request in `buffer`, which are taken out of it."""
    out = []
    while (end := buffer.find(b"\r\n\r\n")) >= 0:
        head = bytes(buffer[:end])
        length = 0
        if b"ontent-" in head:
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    length = int(line[15:])
        if len(buffer) < end + 4 + length:
            break
        del buffer[: end + 4 + length]
        path = head.partition(b"\r\n")[0]
        start, body = _ANSWERS[0 if b"api" in path or b"pplication/json" in head else 1]
        out.append(start if head.startswith(b"HEAD ") else start + body)
    return b"".join(out)


def main() -> None:
    """Serve until standard input closes."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    listener.setblocking(False)
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        selector.register(0, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fd == 0:
                    return
                if key.fileobj is listener:
                    connection, _ = listener.accept()
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    selector.register(connection, selectors.EVENT_READ, bytearray())
                    continue
                connection = key.fileobj  # type: ignore[assignment]
                try:
                    data = connection.recv(65536)
                    if not data:
                        raise ConnectionResetError
                    key.data.extend(data)
                    connection.sendall(answers(key.data))
                except (OSError, ValueError):
                    selector.unregister(connection)
                    connection.close()


if __name__ == "__main__":
    main()
