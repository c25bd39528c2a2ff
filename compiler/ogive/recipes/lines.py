"""One line of a recipe: read as it was written, then completed with what it takes over from another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from ogive.diagnostics import did_you_mean
from ogive.elaborate import expressions
from ogive.elaborate.context import Context, Frame, Word
from ogive.elaborate.names import walk
from ogive.elaborate.parameters import bind, check
from ogive.elaborate.values import POISON, Callable, describe, show
from ogive.layers.base import Argument
from ogive.recipes.base import Choice, Setting, Value
from ogive.recipes.settings import SETTINGS
from ogive.source import Span
from ogive.syntax import ast

_ONLY_IN_NETS = frozenset({"here", "in"})


BY_DEFAULT = ""
"""What stands in the place of a recipe's name where no recipe said something."""


@dataclass(frozen=True, slots=True)
class Call:
    """A function of a recipe with the arguments given to it: the value, where, and by what recipe or flag."""

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
    """A setting with its values as they were given, by one recipe or flag, before functions are made.

    Attributes:
        setting: which.
        values: a function as a `Call`.
        recipe: the recipe, or the flag, that states it; `BY_DEFAULT` where none does.
        span: where.
        places: where each value is.
    """

    setting: Setting
    values: tuple[Call | Value, ...]
    recipe: str
    span: Span
    places: tuple[Span, ...]

    def over(self, base: Line | None) -> Line:
        """The line over that of another recipe."""
        mine, theirs = self.values[0], base.values[0] if base else None
        if self.setting.most == 1 and isinstance(mine, Call) and isinstance(theirs, Call):
            return replace(self, values=(mine.over(theirs),))
        return self


@dataclass(frozen=True, slots=True)
class Stated:
    """A setting as a recipe states it, with its values checked.

    Attributes:
        line: as it was given.
        values: its values, the functions made.
    """

    line: Line
    values: tuple[Value, ...]

    @property
    def setting(self) -> Setting:
        """Which setting."""
        return self.line.setting

    @property
    def recipe(self) -> str:
        """The recipe, or the flag (`--batch`), that states it; `BY_DEFAULT` where none does."""
        return self.line.recipe

    @property
    def span(self) -> Span:
        """Where."""
        return self.line.span

    @property
    def given(self) -> tuple[Mapping[str, object], ...]:
        """For each value that is a function, the arguments that were given, in the function's order."""
        return tuple(
            {name: value for name, (value, _, _) in _ordered(call).items()} if isinstance(call, Call) else {}
            for call in self.line.values
        )

    @property
    def kept(self) -> Mapping[str, str]:
        """Arguments that come from another recipe or flag, with its name."""
        calls = [call for call in self.line.values if isinstance(call, Call)]
        others = {name: source for call in calls for name, (_, _, source) in _ordered(call).items()}
        return {name: source for name, source in others.items() if source not in (self.recipe, BY_DEFAULT)}

    @property
    def by_flag(self) -> bool:
        """Whether a flag states it, or what stands for one (`forms`), and no recipe."""
        return self.recipe != BY_DEFAULT and not self.recipe.isidentifier()

    def place(self, value: int, argument: str = "") -> Span:
        """Where a value is, or one of its arguments."""
        call = self.line.values[value]
        if isinstance(call, Call) and argument in call.arguments:
            return call.arguments[argument][1]
        return self.line.places[value]


def _ordered(call: Call) -> dict[str, tuple[object, Span, str]]:
    """The arguments that were given, in the function's order."""
    names = [argument.name for argument in call.function.arguments()]
    return {name: call.arguments[name] for name in names if name in call.arguments}


def read_line(
    ctx: Context,
    frame: Frame,
    title: str,
    origin: str,
    setting: Setting,
    exprs: Sequence[ast.Expr],
    span: Span,
) -> Line | None:
    """One setting as it was given, or None when something in it is wrong, which was reported.

    Args:
        ctx, frame: where its values are evaluated.
        title: what diagnostics call what states it.
        origin: the recipe, or the flag, that states it.
        setting: which.
        exprs: its values.
        span: where it is.
    """
    if len(exprs) > setting.most:
        one_too_many(ctx, setting.name, exprs, setting.most)
        return None
    values = [_value(ctx, frame, title, origin, setting, expr) for expr in exprs]
    if any(value is POISON for value in values):
        return None
    if None in values and len(values) > 1:
        at = values.index(None)
        message = f"`none` stands alone, and this `{setting.name}` has {len(values)} values"
        ctx.error("E328", message, exprs[at].span, "nothing, and others beside it")
        return None
    return Line(setting, tuple(values), origin, span, tuple(expr.span for expr in exprs))


def one_too_many(ctx: Context, name: str, exprs: Sequence[ast.Expr], most: int) -> None:
    """Reports a value behind the last that a setting takes."""
    takes = "one value" if most == 1 else f"at most {most} values"
    ctx.error("E326", f"`{name}` takes {takes}, and this is one more", exprs[most].span, "one too many")


def _value(ctx: Context, frame: Frame, title: str, origin: str, setting: Setting, expr: ast.Expr) -> Any:
    """One value of a setting, a function as a `Call`; POISON when something was reported."""
    if not _is_constant(ctx, expr):
        return POISON
    head = expr.function if isinstance(expr, ast.Call) else expr
    function = setting.by_name.get(head.id) if isinstance(head, ast.Name) else None
    if function is not None:
        return _function(ctx, frame, origin, setting, function, expr)
    if setting.plain is None or (setting.functions and not isinstance(expr, ast.Literal)):
        _no_function(ctx, frame, setting, expr, head)
        return POISON
    return read_argument(ctx, frame, title, setting.plain, expr)


def read_argument(ctx: Context, frame: Frame, title: str, spec: Argument, expr: ast.Expr) -> Any:
    """A plain value, or that of an argument; POISON when something was reported."""
    if not _is_constant(ctx, expr):
        return POISON
    value = expressions.argument_value(ctx, frame, expr, spec, title)
    return POISON if value is POISON else check(ctx, frame, title, spec, value, expr.span)


def _is_constant(ctx: Context, expr: ast.Expr) -> bool:
    """Whether nothing in an expression is known only in a net; if something is, that is reported."""
    ctx.spend(1, expr.span)
    for node in walk(expr):
        if isinstance(node, ast.BodyExpr | ast.Unknown) or (
            isinstance(node, ast.Name) and node.id in _ONLY_IN_NETS
        ):
            message = f"a recipe takes constants, and `{_short(node.span)}` is known only in a net"
            ctx.error("E327", message, node.span, "not a constant")
            return False
    return True


def _function(
    ctx: Context, frame: Frame, origin: str, setting: Setting, function: type[Choice], expr: ast.Expr
) -> Any:
    """A function with the arguments that are written here; those that are missing another recipe may have."""
    specs = function.arguments()
    callee = Callable(Word(function.kind, specs, False, _never, what=f"function of `{setting.name}`"))
    if isinstance(expr, ast.Call):
        callee = expressions.given(ctx, frame, callee, expr.arguments)
    bound = bind(ctx, frame, callee, specs, expr.span, check_missing=False)
    if bound is None:
        return POISON
    given = {name: (value, bound.spans[name], origin) for name, value in bound.values.items()}
    return Call(function, given, expr.span)


def _never(*_: object) -> NoReturn:
    raise AssertionError("a function of a recipe is no element of a chain")


# --------------------------------------------------------------------------- values, complete


def complete(ctx: Context, line: Line) -> Stated | None:
    """A line with its functions made, once it is known what it takes over; None if something is wrong."""
    values = [_made(ctx, value) if isinstance(value, Call) else value for value in line.values]
    if any(made is None and given is not None for made, given in zip(values, line.values, strict=True)):
        return None
    problem = line.setting.problem(tuple(values))
    if problem is not None:
        at, message, help_ = problem
        ctx.error("E328", message, line.places[at], "this one", help=help_)
        return None
    return Stated(line, tuple(values))


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
    if problem is None or problem.unless in call.arguments:
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
