"""`assert`: what a program promises about itself.

A condition about values is decided where it stands. One that names `params`, `macs` or `out` is kept as a
`Budget`, with the values that its other names had there, until the whole net is known: which biases there
are, and what reaches no output, only the passes say. `judge` decides either.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ogive.diagnostics import did_you_mean
from ogive.elaborate import expressions
from ogive.elaborate.context import Binding, Context, Frame, Scope
from ogive.elaborate.functions import FUNCTIONS
from ogive.elaborate.history import describe_path
from ogive.elaborate.names import COUNTS, walk
from ogive.elaborate.values import POISON, Results, Tensor, Value, is_number, show
from ogive.syntax import ast

_PARTS = ("net", "block", "stage")
_MOST_VALUES = 6


@dataclass(frozen=True, slots=True)
class Budget:
    """A condition that waits for the counts.

    Attributes:
        statement: the `assert`.
        region: the net, block use or stage that it is about.
        frame: the body where it stands, as it was there; its scope holds the names of the condition.
        counts: which of `COUNTS` it asks for.
    """

    statement: ast.Assert
    region: int
    frame: Frame
    counts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The comparison in a condition that does not hold, with the values of its sides."""

    op: str
    sides: tuple[ast.Expr, ast.Expr]
    values: tuple[Value, Value]


def run_assert(ctx: Context, statement: ast.Assert, frame: Frame) -> bool:
    """Decides a condition, or keeps it for later if it asks for counts; False where it does not hold."""
    counts = frozenset(name.id for name in _names(statement) if _is_count(frame, name))
    scope = Scope()
    for name in _names(statement):
        if name.id in counts or (name.id in FUNCTIONS and frame.scope.find(name.id) is None):
            continue
        ctx.spend(1, name.span)
        scope.names[name.id] = Binding(_value(ctx, frame, name), None)
    if any(binding.value is POISON for binding in scope.names.values()):
        return True
    if counts:
        part = next(r.id for r in ctx.graph.ancestors(frame.region) if r.kind in _PARTS)
        ctx.budgets.append(Budget(statement, part, replace(frame, scope=scope, pin=None), counts))
    elif judge(ctx, statement, frame) is False:
        refuse(ctx, statement, frame)
        return False
    return True


def _value(ctx: Context, frame: Frame, name: ast.Name) -> Value:
    """What a name means here; one that means nothing may be a count that was mistyped."""
    guess = None if expressions.known(ctx, frame, name.id) else did_you_mean(name.id, COUNTS)
    if guess is None:
        return expressions.name(ctx, frame, name)
    ctx.error(
        "E101", f"no name is called `{name.id}`", name.span, "not known here", help=f"did you mean `{guess}`?"
    )
    return POISON


def _names(statement: ast.Assert) -> Iterator[ast.Name]:
    for root in (statement.condition, statement.message):
        for node in walk(root) if root is not None else ():
            if isinstance(node, ast.Name):
                yield node


def _is_count(frame: Frame, name: ast.Name) -> bool:
    return name.id in COUNTS and frame.scope.find(name.id) is None


def judge(ctx: Context, statement: ast.Assert, frame: Frame) -> bool | None:
    """Whether a condition holds; None when it is neither true nor false, which was reported."""
    value = expressions.truth(ctx, frame, statement.condition)
    return None if value is POISON else value


def refuse(
    ctx: Context, statement: ast.Assert, frame: Frame, *, notes: tuple[tuple[str, str], ...] = ()
) -> None:
    """Reports a condition that does not hold, with the values of what stands in it."""
    failed = failing(ctx, frame, statement.condition)
    text = one_line(statement.condition)
    ctx.error(
        "E405",
        said(ctx, statement, frame) or f"`{text}` does not hold",
        statement.condition.span,
        sides_in_words(failed) if failed else "false",
        notes=(*values_of(ctx, frame, statement.condition, failed), *notes),
        frame=frame,
    )


def said(ctx: Context, statement: ast.Assert, frame: Frame) -> str | None:
    """The program's own message, filled in."""
    if statement.message is None:
        return None
    text = expressions.string(ctx, frame, statement.message)
    return None if text is POISON or not text.strip() else text


def failing(ctx: Context, frame: Frame, condition: ast.Expr) -> Comparison | None:
    """The first comparison that makes a condition false, if it is a comparison or several joined by `and`."""
    parts = [condition]
    while isinstance(parts[-1], ast.Logical) and parts[-1].op == "and":
        parts[-1:] = [parts[-1].right, parts[-1].left]  # a long condition leans to the left
    false = (part for part in reversed(parts) if expressions.truth(ctx, frame, part) is False)
    part = next(false, condition)
    if isinstance(part, ast.Logical) and part.op == "and":
        return failing(ctx, frame, part)
    if not isinstance(part, ast.Compare):
        return None
    values = [expressions.evaluate(ctx, frame, operand) for operand in part.operands]
    for at, op in enumerate(part.ops):
        sides = part.operands[at], part.operands[at + 1]
        if expressions.truth(ctx, frame, ast.Compare((op,), sides, part.span)) is False:
            return Comparison(op, sides, (values[at], values[at + 1]))
    return None


def sides_in_words(failed: Comparison) -> str:
    """`` `k % 2` is 1``: what is not written there as a number."""
    sides = zip(failed.sides, failed.values, strict=True)
    told = [f"`{one_line(side)}` is {_exactly(value)}" for side, value in sides if not _is_plain(side)]
    return " and ".join(told) or "false"


def values_of(
    ctx: Context, frame: Frame, condition: ast.Expr, failed: Comparison | None
) -> tuple[tuple[str, str], ...]:
    """The values of the names in a condition, and where its tensors come from."""
    told = {one_line(side) for side in failed.sides} if failed else set[str]()
    notes: dict[str, str] = {}
    for expr in _paths(condition):
        value = expressions.evaluate(ctx, frame, expr)
        name = one_line(expr)
        if name not in told and not isinstance(value, Tensor | Results) and value is not POISON:
            notes.setdefault(name, _exactly(value))
        tensor = value if isinstance(value, Tensor) else _tensor_behind(ctx, frame, expr)
        if tensor is not None:
            of = name.rpartition(".")[0] or name
            notes[of] = f"{describe_path(ctx.graph, tensor.ref)} {tensor.type}"
    return tuple(notes.items())[:_MOST_VALUES]


def _paths(condition: ast.Expr) -> Iterator[ast.Expr]:
    """`k`, `here.channels`, `sizes[0]`: names with what follows them, whole."""
    inside: set[int] = set()
    for node in walk(condition):
        if id(node) in inside or not isinstance(node, ast.Name | ast.Attribute | ast.Index):
            if isinstance(node, ast.Call) and isinstance(node.function, ast.Name):
                inside.add(id(node.function))
            continue
        at: ast.Expr = node
        while isinstance(at, ast.Attribute | ast.Index):
            at = at.value
            inside.add(id(at))
        if isinstance(at, ast.Name):
            yield node


def _tensor_behind(ctx: Context, frame: Frame, expr: ast.Expr) -> Tensor | None:
    if not isinstance(expr, ast.Attribute):
        return None
    value = expressions.evaluate(ctx, frame, expr.value)
    return value if isinstance(value, Tensor) else None


def _is_plain(expr: ast.Expr) -> bool:
    """Whether its value can be read off the text."""
    match expr:
        case ast.Literal() | ast.Kernel():
            return True
        case ast.ListExpr():
            return all(_is_plain(item) for item in expr.items)
        case ast.String():
            return all(isinstance(part, str) for part in expr.parts)
        case ast.Unary():
            return _is_plain(expr.operand)
        case _:
            return False


def _exactly(value: Value) -> str:
    """A value for a message about numbers: whole ones in full, with their thousands set apart."""
    large = isinstance(value, int) and is_number(value) and abs(value) >= 1_000
    return f"{value:,}" if large else show(value)


def one_line(expr: ast.Expr) -> str:
    """An expression as it was written, on one line and not too long for a message."""
    text = " ".join(expr.span.text.split())
    return text if len(text) <= 60 else text[:59] + "…"
