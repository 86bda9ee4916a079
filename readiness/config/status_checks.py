"""What a scenario that checks the status by hand makes of a 200: as far as its text shows, nothing of it runs."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

_COMPARED: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda one, many: one in many,
    ast.NotIn: lambda one, many: one not in many,
}
_KNOWN: Mapping[str, object] = {"status_code": 200, "ok": True}


def refuses_200(name: str, body: Sequence[ast.stmt]) -> bool:
    """Whether an answer `name` with status 200 surely fails in `body`."""
    for statement in body:
        match statement:
            case ast.Raise():
                return True
            case ast.Return() | ast.Continue() | ast.Break():
                return False
            case ast.Assert(test=test) if _value(name, test) is False:
                return True
            case ast.Expr(said) if _fails(name, said):
                return True
            case ast.If(test=test, body=then, orelse=other):
                value = _value(name, test)
                if value is not None and refuses_200(name, then if value else other):
                    return True
            case ast.With(body=inner) | ast.Try(body=inner) if refuses_200(name, inner):
                return True
    return False


def _fails(name: str, value: ast.expr) -> bool:
    """Whether it is `name.failure(…)`, also behind a condition that a 200 meets."""
    match value:
        case ast.Call(ast.Attribute(ast.Name(id), "failure")):
            return id == name
        case ast.IfExp(test=test, body=then, orelse=other):
            met = _value(name, test)
            return met is not None and _fails(name, then if met else other)
    return False


def _value(name: str, test: ast.expr) -> bool | None:
    """What a condition on `name` comes to for a 200; None where the text does not say."""
    match test:
        case ast.UnaryOp(ast.Not(), operand):
            value = _value(name, operand)
            return None if value is None else not value
        case ast.BoolOp(op, values):
            found, decides = [_value(name, one) for one in values], isinstance(op, ast.Or)
            return decides if decides in found else None if None in found else not decides
        case ast.Compare(left, ops, others):
            try:
                sides = [_constant(name, one) for one in (left, *others)]
                return all(
                    _COMPARED[type(op)](one, other) for op, one, other in zip(ops, sides, sides[1:], strict=False)
                )
            except (KeyError, TypeError, ValueError):
                return None
        case ast.Attribute(ast.Name(id), "ok") if id == name:
            return True
    return None


def _constant(name: str, node: ast.expr) -> object:
    """A literal, `HTTPStatus.CREATED`, or what is known of the answer. Raises KeyError, TypeError, ValueError."""
    match node:
        case ast.Attribute(ast.Name(id), attribute) if id == name:
            return _KNOWN[attribute]
        case ast.Attribute(ast.Name("HTTPStatus"), attribute):
            return HTTPStatus[attribute]
        case ast.BinOp(ast.Attribute() as status, ast.FloorDiv(), ast.Constant(int(by))) if by:
            return int(str(_constant(name, status))) // by
        case ast.Tuple(elts) | ast.List(elts) | ast.Set(elts):
            return [_constant(name, one) for one in elts]
    return ast.literal_eval(node)
