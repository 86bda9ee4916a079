"""The secret that master and workers share: whether it is strong enough, and the key that it stands for.

One recorded handshake is enough to try tokens without asking anybody, so a token must be beyond guessing by itself:
128 bits of chance, as a machine writes them. A person's words are refused, however long.
"""

from __future__ import annotations

import hashlib
import re
from itertools import pairwise

LEAST_HEX, LEAST_MIXED = 32, 22
"""Characters of 128 bits: 4 bits each in hexadecimal, 6 bits each in base64."""
_MOST_CHARS = 1024
HOW = "python3 -c 'import secrets; print(secrets.token_hex(16))'"
"""Makes one, on any machine that has Python."""
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_MIXED = re.compile(r"[0-9A-Za-z+/_=-]+")


def problem(token: str) -> str | None:
    """Why `token` could be guessed, or None. The text repeats none of it."""
    if len(token) > _MOST_CHARS:
        return f"is longer than {_MOST_CHARS} characters; make one with {HOW}"
    if _HEX.fullmatch(token):
        strong = len(token) >= LEAST_HEX
    else:
        every_kind = all(re.search(kind, token) for kind in ("[0-9]", "[a-z]", "[A-Z]"))
        strong = bool(_MIXED.fullmatch(token)) and every_kind and len(token) >= LEAST_MIXED
    by_byte = [int(pair, 16) for pair in re.findall("[0-9a-fA-F]{2}", token)] if _HEX.fullmatch(token) else []
    steps = {(after - before) % 256 for before, after in pairwise(by_byte)}
    words = [part for part in re.split("[-_+/=]", token) if part.isalpha() and (part.islower() or part.isupper())]
    counted = bool(by_byte) and len(steps) * 2 < len(by_byte)
    if strong and _surprises(token) * 2 >= len(token) and not counted and sum(len(word) >= 4 for word in words) < 3:
        return None
    return (
        f"must be 128 bits of chance: {LEAST_HEX} or more hexadecimal digits, or {LEAST_MIXED} or more letters (small "
        f"and capital) and digits, without a pattern; make one with {HOW}"
    )


def curve_secret(token: str) -> bytes:
    """The master's long-term CURVE key (32 bytes). Workers derive it too, and from it the key that they greet.

    The public half never crosses the wire, so that only who has the token can say the first word of the handshake.
    """
    return hashlib.sha256(b"readiness worker: key of the master\0" + token.encode()).digest()


def _surprises(token: str) -> int:
    """Characters that neither go on in the steps of those before them nor repeat what stood there already."""
    seen: set[str] = set()
    found = 0
    for at in range(len(token)):
        three = token[max(at - 2, 0) : at + 1]
        steady = len(three) == 3 and ord(three[2]) - ord(three[1]) == ord(three[1]) - ord(three[0])
        found += not steady and three not in seen
        seen.add(three)
    return found
