"""One module for each kind of source; each reads it into a Draft and sends nothing.

Each module has `recognises(head: bytes) -> bool`, which reads the first HEAD_BYTES of a source, and
`read(data: bytes, source: str) -> Draft`, where `source` is what the user wrote, for messages. A log may be longer than
memory: `access_log.read(stream: BinaryIO, source: str)` reads it piece by piece, and undoes gzip itself.
MOST_BYTES of a module is the largest source that it reads.

A source that cannot be read raises ConfigError: the source, the place (line, entry, JSON path) and the reason.
Asked in this order, because an access log in JSON lines begins like any JSON: har, postman, openapi, access_log, curl,
http_file.
"""

HEAD_BYTES = 65_536
