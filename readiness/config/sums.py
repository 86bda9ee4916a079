"""`parents + 2 * pairs == bags - 1` -> terms; a grammar of sums, nothing is ever evaluated.

invariant = sum "==" sum; sum = ["-"] term {("+" | "-") term}; term = whole number | [whole number "*"] name.
"""

import re
from collections.abc import Collection

from readiness.config.model import Invariant
from readiness.text.spelling import nearest

_TOKEN = re.compile(r"\s*(?:([0-9]{1,15})|([A-Za-z_][A-Za-z0-9_]*(?:\.[a-z]+)?)|(==|[-+*]))", re.ASCII)
MAX_TERMS = 50
_EXAMPLE = 'such as "parents + children == bags"'


def parse(text: str, declared: Collection[str], line: int = 0) -> Invariant:
    """The invariant in `text` over `declared` names. Raises ValueError with what is wrong."""
    tokens = _tokens(text)
    if tokens.count("==") != 1:
        raise ValueError(f'needs exactly one "==", {_EXAMPLE}')
    middle = tokens.index("==")
    left, left_constant = _sum(tokens[:middle], "left of")
    right, right_constant = _sum(tokens[middle + 1 :], "right of")
    terms = (*left, *((-factor, name) for factor, name in right))
    if not terms:
        raise ValueError(f"names no count and no query, {_EXAMPLE}")
    if len(terms) > MAX_TERMS:
        raise ValueError(f"has more than {MAX_TERMS} terms")
    for _, name in terms:
        if name not in declared:
            raise ValueError(f'"{name}" is not under database.counts or database.queries{nearest(name, declared)}')
    return Invariant(text.strip(), terms, left_constant - right_constant, line)


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    place, end = 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if not match:
            raise ValueError(f"cannot read {text[place:].strip()[:20]!r}: only names, whole numbers, + - * and ==")
        tokens.append(match[0].strip())
        place = match.end()
    return tokens


def _sum(tokens: list[str], side: str) -> tuple[tuple[tuple[int, str], ...], int]:
    terms: list[tuple[int, str]] = []
    constant = 0
    rest = list(tokens)
    sign = -1 if rest[:1] == ["-"] else 1
    if sign < 0:
        rest.pop(0)
    while True:
        match rest:
            case [number, "*", name, *rest] if number.isdigit() and _is_name(name):
                terms.append((sign * int(number), name))
            case [number, *rest] if number.isdigit():
                constant += sign * int(number)
            case [name, *rest] if _is_name(name):
                terms.append((sign, name))
            case [wrong, *_]:
                raise ValueError(f'"{wrong}" stands where a name or a number is needed')
            case _:
                raise ValueError(f'a name or a number is missing {side} "=="')
        match rest:
            case []:
                return tuple(terms), constant
            case ["+" | "-" as operator, *rest]:
                sign = 1 if operator == "+" else -1
            case [wrong, *_]:
                raise ValueError(f'"{wrong}" stands where + or - is needed (a factor comes first: "2 * bags")')


def _is_name(token: str) -> bool:
    return token[0].isalpha() or token[0] == "_"
