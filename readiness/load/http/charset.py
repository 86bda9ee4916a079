"""Character sets that an answer may name: those that browsers know, all of them read in linear time."""

from __future__ import annotations

import codecs

_KNOWN = frozenset(
    (
        *("ascii", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"),
        *(f"iso8859-{part}" for part in range(1, 17) if part != 12),
        *(f"cp{page}" for page in (866, 874, 932, 949, *range(1250, 1259))),
        *("koi8-r", "koi8-u", "mac-roman", "mac-cyrillic", "tis-620"),
        *("gb2312", "gbk", "gb18030", "big5", "big5hkscs", "euc_jp", "iso2022_jp", "shift_jis", "euc_kr"),
    )
)
"""Of what Python knows beside these, `undefined` raises, and `idna` and `punycode` are quadratic."""


def known(charset: str) -> str:
    """The name of a codec for what an answer calls `charset`; UTF-8 where there is none."""
    try:
        name = codecs.lookup(charset.strip().strip("'\"")).name
    except (LookupError, ValueError):
        return "utf-8"
    return name if name in _KNOWN else "utf-8"
