"""One line of a recipe: read as it was written, then completed with what it takes over from another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from ogive.diagnostics import did_you_mean
from ogive.elaborate import expressions
from ogive.elaborate.context import Context, Frame, Word
from ogive.elaborate.names import walk
from ogive.elaborate.parameters import bind, check
from ogive.elaborate.values import POISON, Callable, describe, show
from ogive.recipes.base import Choice, Setting, Value
from ogive.recipes.settings import SETTINGS
from ogive.source import Span
from ogive.syntax import ast

_ONLY_IN_NETS = frozenset({"here", "in"})


@dataclass(frozen=True, slots=True)
class Stated:
    """A setting as a recipe states it.

    Attributes:
        setting: which.
        values: its values, checked.
        given: for each value that is a function, the arguments that were written, in the function's order.
        recipe: the recipe that states it.
        span: where.
        kept: arguments that come from another recipe, with its name.
    """

    setting: Setting
    values: tuple[Value, ...]
    given: tuple[Mapping[str, object], ...]
    recipe: str
    span: Span
    kept: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Call:
    """A function of a recipe with the arguments that were written, where each was, and in which recipe."""

    function: type[Choice]
    arguments: Mapping[str, tuple[object, Span, str]]
    span: Span

    def over(self, base: Call) -> Call:
        """These arguments over those of another recipe, where its function is the same."""
        if self.function is not base.function:
            return self
        return replace(self, arguments={**base.arguments, **self.arguments})


@dataclass(frozen=True, slots=True)
class Line:
    """A setting as it was written, before what it takes over is known."""

    setting: Setting
    values: tuple[Call | Value, ...]
    recipe: str
    node: ast.Setting

    def over(self, base: Line | None) -> Line:
        """The line over that of another recipe."""
        mine, theirs = self.values[0], base.values[0] if base else None
        if self.setting.most == 1 and isinstance(mine, Call) and isinstance(theirs, Call):
            return replace(self, values=(mine.over(theirs),))
        return self


def read_line(
    ctx: Context, frame: Frame, recipe: str, setting: Setting, node: ast.Setting
) -> tuple[Call | Value, ...] | None:
    """The values of one setting, or None when something in it is wrong, which was reported."""
    if len(node.values) > setting.most:
        takes = "one value" if setting.most == 1 else f"at most {setting.most} values"
        extra = node.values[setting.most]
        ctx.error("E326", f"`{setting.name}` takes {takes}, and this is one more", extra.span, "one too many")
        return None
    values = [_value(ctx, frame, recipe, setting, expr) for expr in node.values]
    if any(value is POISON for value in values):
        return None
    if None in values and len(values) > 1:
        at = values.index(None)
        message = f"`none` stands alone, and this `{setting.name}` has {len(values)} values"
        ctx.error("E328", message, node.values[at].span, "nothing, and others beside it")
        return None
    return tuple(values)


def _value(ctx: Context, frame: Frame, recipe: str, setting: Setting, expr: ast.Expr) -> Any:
    """One value of a setting, a function as a `Call`; POISON when something was reported."""
    ctx.spend(1, expr.span)
    for node in walk(expr):
        if isinstance(node, ast.BodyExpr | ast.Unknown) or (
            isinstance(node, ast.Name) and node.id in _ONLY_IN_NETS
        ):
            message = f"a recipe takes constants, and `{_short(node.span)}` is known only in a net"
            ctx.error("E327", message, node.span, "not a constant")
            return POISON
    head = expr.function if isinstance(expr, ast.Call) else expr
    function = setting.by_name.get(head.id) if isinstance(head, ast.Name) else None
    if function is not None:
        return _function(ctx, frame, recipe, setting, function, expr)
    if setting.plain is None or (setting.functions and not isinstance(expr, ast.Literal)):
        _no_function(ctx, frame, setting, expr, head)
        return POISON
    title = f"recipe {recipe}"
    value = expressions.argument_value(ctx, frame, expr, setting.plain, title)
    return POISON if value is POISON else check(ctx, frame, title, setting.plain, value, expr.span)


def _function(
    ctx: Context, frame: Frame, recipe: str, setting: Setting, function: type[Choice], expr: ast.Expr
) -> Any:
    """A function with the arguments that are written here; those that are missing another recipe may have."""
    specs = function.arguments()
    callee = Callable(Word(function.kind, specs, False, _never, what=f"function of `{setting.name}`"))
    if isinstance(expr, ast.Call):
        callee = expressions.given(ctx, frame, callee, expr.arguments)
    bound = bind(ctx, frame, callee, specs, expr.span, check_missing=False)
    if bound is None:
        return POISON
    given = {name: (value, bound.spans[name], recipe) for name, value in bound.values.items()}
    return Call(function, given, expr.span)


def _never(*_: object) -> NoReturn:
    raise AssertionError("a function of a recipe is no element of a chain")


# --------------------------------------------------------------------------- values, complete


def complete(ctx: Context, line: Line) -> Stated | None:
    """A line with its functions made, once it is known what it takes over; None if something is wrong."""
    values: list[Value] = []
    given: list[Mapping[str, object]] = []
    kept: dict[str, str] = {}
    wrong = False
    for value in line.values:
        if not isinstance(value, Call):
            values.append(value)
            given.append({})
            continue
        made = _made(ctx, value)
        wrong = wrong or made is None
        values.append(made)
        names = [a.name for a in value.function.arguments() if a.name in value.arguments]
        given.append({name: value.arguments[name][0] for name in names})
        kept |= {name: value.arguments[name][2] for name in names if value.arguments[name][2] != line.recipe}
    problem = None if wrong else line.setting.problem(tuple(values))
    if problem is not None:
        at, message, help_ = problem
        ctx.error("E328", message, line.node.values[at].span, "this one", help=help_)
        return None
    if wrong:
        return None
    return Stated(line.setting, tuple(values), tuple(given), line.recipe, line.node.span, kept)


def _made(ctx: Context, call: Call) -> Choice | None:
    """The function with its arguments, if none is missing and they make sense together."""
    function = call.function
    missing = [a for a in function.arguments() if a.required and a.name not in call.arguments]
    if missing:
        names = " and ".join(f"`{argument.name}`" for argument in missing)
        written = [f"{name} = {show(value)}" for name, (value, _, _) in call.arguments.items()]
        usage = ", ".join([*written, *(f"{argument.name} = …" for argument in missing)])
        ctx.error(
            "E104",
            f"`{function.kind}` needs {names}",
            call.span,
            "not given",
            notes=tuple((argument.name, argument.doc) for argument in missing),
            help=f"`{function.kind}({usage})`",
        )
        return None
    choice = function(**{name: value for name, (value, _, _) in call.arguments.items()})
    problem = choice.problem()
    if problem is None:
        return choice
    _, span, _ = call.arguments.get(problem.argument, (None, call.span, ""))
    ctx.error("E328", problem.message, span, "given here", help=problem.help)
    return None


# --------------------------------------------------------------------------- saying what is wrong


def _no_function(ctx: Context, frame: Frame, setting: Setting, expr: ast.Expr, head: ast.Expr) -> None:
    """Reports what is none of a setting's functions."""
    names = [*setting.by_name, *(["none"] if setting.plain else [])]
    help_: str | None = None
    if isinstance(head, ast.Name):
        what = f"`{head.id}`"
        owner = next((s for s in SETTINGS if head.id in s.by_name), None)
        guess = did_you_mean(head.id, setting.by_name)
        if owner is not None:
            help_ = f"`{head.id}` is a value of `{owner.name}`"
        elif guess:
            help_ = f"did you mean `{guess}`?"
    elif isinstance(expr, ast.Literal | ast.String | ast.Kernel):
        value = expressions.evaluate(ctx, frame, expr)
        what = describe(value)
        if value in setting.by_name:
            help_ = f"without quotes: `{value}`"
    else:
        what = f"`{_short(expr.span)}`"
    ctx.error(
        "E325",
        f"`{setting.name}` cannot be {what}",
        head.span,
        "not one of them",
        notes=(("note", f"it takes {', '.join(names)}"),),
        help=help_,
    )


def _short(span: Span) -> str:
    text = " ".join(span.text.split())
    return text if len(text) <= 40 else text[:39] + "…"
