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


def in_lists(secret: str) -> list[str]:
    """Its bytes one by one, as a hex dump, a fingerprint, a Buffer of Node or a slice of Go shows them."""
    raw = secret.encode()
    return [
        raw.hex(" "), raw.hex(":").upper(), ", ".join(f"0x{byte:02x}" for byte in raw), str(list(raw)),
        json.dumps(list(raw), separators=(",", ":")), f"[{' '.join(map(str, raw))}]",
    ]  # fmt: skip


def broken_up(secret: str) -> list[str]:
    """With what layout puts between its characters: folded, wrapped, in groups, in parts, with invisible marks."""
    raw, half = secret.encode(), len(secret) // 2
    pairs = [raw[at : at + 2].hex() for at in range(0, len(raw), 2)]
    left, right = secret[:half], secret[half:]
    return [
        f"{left}\r\n {right}", f"{left}'\n  '{right}", f"{left}\u00ad{right}",
        "\u200b".join(secret), " ".join(secret), "\0".join(secret), "\u00a0".join(secret),
        " ".join(pairs), "\n".join(pairs), raw.hex(" ", 4),
        " ".join(f"{byte:03o}" for byte in raw), secret.encode("utf-16-le").hex(),
    ]  # fmt: skip


def encoded_twice(secret: str) -> list[str]:
    """base64 of base64 and base32, with something around."""
    inside = [base64.b64encode(b"u" * before + secret.encode() + b"}") for before in range(3)]
    outside = [base64.b64encode(b"x" * before + one).decode() for before in range(3) for one in inside]
    return outside + [base64.b32encode(b"u" * before + secret.encode()).decode() for before in range(5)]


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
    yield "".join(f"\\{byte:03o}" for byte in raw)
    yield "".join(f"\\u{{{ord(character):x}}}" for character in text)
    yield "".join(f"%u{ord(character):04x}" for character in text if ord(character) < 1 << 16)
    yield html.escape(text)
    yield html.escape(text).replace("'", "&apos;")
    yield "".join(f"&#{ord(character)};" for character in text)
    yield "".join(f"&#x{ord(character):X};" for character in text)
