"""A secret in every form that something between a server and a report may give it."""

import base64
import html
import json
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

from readiness.text import clean


def disguises(secret: str) -> set[str]:
    """Whole forms, of which none may be seen; each contains the secret and nothing else."""
    raw = secret.encode()
    found = {secret, clean(secret), raw.hex(), raw.hex().upper()}
    for _ in range(2):
        for one in tuple(found):
            found |= set(_escaped(one))
    return {one for one in found if len(one) >= 8 or one == secret}


def in_base64(secret: str) -> list[str]:
    """With one, two and three bytes before it, as in `Basic name:secret`, and some behind."""
    alphabets = (base64.b64encode, base64.urlsafe_b64encode)
    return [
        encode(b"u" * before + b":" + secret.encode() + b"}" * after).decode()
        for encode in alphabets
        for before in range(3)
        for after in range(3)
    ]


def _escaped(text: str) -> Iterator[str]:
    raw = text.encode()
    yield quote(text, safe="")
    yield quote(text)
    yield quote_plus(text)
    yield quote(text, safe="").lower()
    yield "".join(f"%{byte:02x}" for byte in raw)
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield "".join(f"\\u{ord(character):04X}" for character in text)
    yield "".join(f"\\x{byte:02x}" for byte in raw)
    yield html.escape(text)
    yield html.escape(text).replace("'", "&apos;")
    yield "".join(f"&#{ord(character)};" for character in text)
    yield "".join(f"&#x{ord(character):X};" for character in text)
