"""Initialisers of weights, as arguments of layers: `init = normal(std = 0.01)`."""

from __future__ import annotations

from collections.abc import Callable as Function

from ogive.diagnostics import did_you_mean, in_place_of
from ogive.elaborate.context import Context, Frame
from ogive.elaborate.values import POISON, Value, describe, is_number, show
from ogive.layers.base import Initializer
from ogive.syntax import ast

Evaluate = Function[[Context, Frame, ast.Expr], Value]


def initializer(ctx: Context, frame: Frame, expr: ast.Expr, word: ast.Name, evaluate: Evaluate) -> Value:
    """`kaiming_normal`, `normal(std = 0.01)`, `constant(1)`; `none` keeps PyTorch's default."""
    known_ones = Initializer.CHOICES
    if word.id not in known_ones:
        guess = did_you_mean(word.id, known_ones)
        ctx.error(
            "E107",
            f"no initialiser is called `{word.id}`",
            word.span,
            "not known",
            notes=(("note", ", ".join(known_ones)),),
            help=f"did you mean `{guess}`?" if guess else None,
            fix=in_place_of(word.span, word.id, guess),
        )
        return POISON
    takes = known_ones[word.id]
    # one number by position is what people mean by it: the deviation of a normal
    first = "std" if "std" in takes else next(iter(takes), None)
    values: dict[str, float] = {}
    for argument in expr.arguments if isinstance(expr, ast.Call) else ():
        key = argument.name or (first if not values else None)
        if key is None or key in values:
            more = (
                f"`{word.id}` takes one argument by position"
                if key is None
                else f"`{word.id}` gets `{key}` twice"
            )
            ctx.error(
                "E105" if key is None else "E110",
                more,
                argument.span,
                "one more",
                help=f"name them: `{word.id}({', '.join(f'{name} = …' for name in takes)})`",
            )
            return POISON
        if key not in takes:
            guess = did_you_mean(key, takes)
            ctx.error(
                "E103",
                f"`{word.id}` has no argument `{key}`",
                argument.span,
                "not known",
                notes=(("note", f"it takes {', '.join(takes) or 'none'}"),),
                help=f"did you mean `{guess}`?" if guess else None,
                fix=in_place_of(argument.span, key, guess),
            )
            return POISON
        value = evaluate(ctx, frame, argument.value)
        if value is POISON:
            return POISON
        if not is_number(value):
            ctx.error(
                "E106",
                f"`{key}` is a number, and this is {describe(value)}",
                argument.value.span,
                describe(value),
            )
            return POISON
        if key == "std" and (value < 0 or (value == 0 and word.id == "trunc_normal")):
            least = "at least 0" if word.id == "normal" else "more than 0"
            ctx.error(
                "E108",
                f"`std` of `{word.id}` is {least}, and this is {show(value)}",
                argument.value.span,
                show(value),
            )
            return POISON
        values[key] = value
    if values.get("a", 0.0) > values.get("b", 1.0):
        ctx.error(
            "E108",
            "`a` of `uniform` is at most `b`, and these are "
            f"{show(values.get('a', 0.0))} and {show(values.get('b', 1.0))}",
            expr.span,
            "an empty range",
        )
        return POISON
    for key, default in takes.items():
        if default is None and key not in values:
            ctx.error("E104", f"`{word.id}` needs `{key}`", expr.span, "not given", help=f"`{word.id}(1)`")
            return POISON
    return Initializer(word.id, tuple(values.items()))
