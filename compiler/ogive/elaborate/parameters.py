"""What a layer, a block or a word takes, described alike; and how given arguments meet it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ogive.diagnostics import Fix, Label, did_you_mean, in_place_of
from ogive.elaborate.call_mistakes import missing_arguments, settled, surplus_argument, unknown_argument
from ogive.elaborate.context import Context, Defaults, Frame
from ogive.elaborate.undecided import depends, names, needs_number
from ogive.elaborate.values import POISON, Block, BodyValue, Callable, Tensor, Value, describe, show
from ogive.layers.base import Argument, Initializer
from ogive.layers.unknown import SizeExpr, Undecided
from ogive.source import Span
from ogive.syntax import ast

TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "string": (str,),
    "list": (list,),
    "kernel": (int, tuple),
    "layer": (Callable,),
}
"""The types that a parameter may declare."""
_WORDS: dict[type, str] = {
    int: "an int",
    float: "a number",
    bool: "true or false",
    str: "a string",
    tuple: "a kernel such as 3x3",
    list: "a list",
    Callable: "a layer or a block",
    BodyValue: "a body `{ … }`",
    Initializer: "an initialiser",
    Tensor: "a tensor",
}
_LISTS = {False: "a list of ints", True: "a list of strings"}


def expected(spec: Argument) -> str:
    """What a parameter takes, in words."""
    kinds = [t for t in spec.types if t in _WORDS and not (t is int and float in spec.types)]
    words = [_LISTS[spec.texts] if t is tuple and (spec.many or spec.texts) else _WORDS[t] for t in kinds]
    parts = [part for word in words for part in (word.split(" or ") if word == _WORDS[bool] else [word])]
    parts += [f'"{choice}"' for choice in spec.choices]
    parts += ["none"] if spec.optional else []
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " or " + parts[-1]


def parameters_of(ctx: Context, callee: Callable) -> tuple[Argument, ...]:
    """The parameters of what is called."""
    match callee.target:
        case Block():
            return tuple(_of_parameter(p) for p in callee.target.definition.parameters)
        case type():
            return callee.target.arguments()
        case word:
            extra = ctx.library.get(word.extra) if word.extra else None
            return word.arguments + (extra.arguments() if extra else ())


def _of_parameter(parameter: ast.Parameter) -> Argument:
    types = TYPES.get(parameter.type.id, ()) if parameter.type else ()
    return Argument(
        name=parameter.name.id,
        types=types,
        choices=tuple("".join(p for p in c.parts if isinstance(p, str)) for c in parameter.choices),
        optional=isinstance(parameter.default, ast.Literal) and parameter.default.value is None,
        required=parameter.default is None,
        default=None,
        keyword_only=False,
        many=False,
        minimum=None,
        maximum=None,
        doc="",
        size=True,
    )


@dataclass(frozen=True, slots=True)
class Bound:
    """Arguments that met their parameters.

    Attributes:
        values: for each parameter that got one; those left to their defaults are missing.
        spans: where each was given, by `default` statements too.
        tensors: tensors among the positional arguments: operands.
    """

    values: Mapping[str, Value]
    spans: Mapping[str, Span]
    tensors: tuple[Tensor, ...]


def bind(
    ctx: Context,
    frame: Frame,
    callee: Callable,
    specs: Sequence[Argument],
    span: Span,
    *,
    operands: bool = False,
    defaults: Defaults | None = None,
    check_missing: bool = True,
) -> Bound | None:
    """Brings arguments and parameters together: names, number, types, choices, ranges.

    Args:
        operands: whether tensors among the positional arguments are operands.
        defaults: what `default` statements said; explicit arguments beat them.
        check_missing: whether a required parameter without a value is a mistake.

    Returns:
        The bound arguments, or None when a mistake was reported or something given was wrong already.
    """
    before = len(ctx.diagnostics)
    by_name = {spec.name: spec for spec in specs}
    places = [spec for spec in specs if not spec.keyword_only]
    values: dict[str, Value] = {}
    spans: dict[str, Span] = {}
    tensors: list[Tensor] = []
    poisoned = False
    many: list[Value] = []
    at = 0
    for g in callee.positional:
        if operands and isinstance(g.value, Tensor):
            tensors.append(g.value)
            continue
        if operands and isinstance(g.value, list) and g.value and all(isinstance(v, Tensor) for v in g.value):
            tensors += g.value
            continue
        if g.value is POISON:
            poisoned = True
            if operands or (
                at < len(places) and places[at].many
            ):  # it may have been a tensor, or any number of values
                continue
        if at < len(places) and places[at].many:
            many += g.value if isinstance(g.value, list) else [g.value]
            values[places[at].name] = many
            spans[places[at].name] = spans[places[at].name].to(g.span) if places[at].name in spans else g.span
            continue
        if at >= len(places):
            every = [spec.name for spec in parameters_of(ctx, callee)]
            surplus_argument(ctx, frame, callee, every, places, g, span, operands=operands)
            return None
        values[places[at].name] = g.value
        spans[places[at].name] = g.span
        at += 1
    for name, g in callee.named:
        if g.value is POISON:
            poisoned = True
        if name not in by_name:
            unknown_argument(ctx, frame, callee, by_name, name, g.span, span)
            poisoned = True
            continue
        if name in values:
            ctx.error(
                "E110",
                f"`{callee.name}` gets `{name}` twice",
                g.span,
                "again here",
                labels=(Label(spans[name], "first here"),),
                help=settled(callee, name, spans[name], span),
            )
            poisoned = True
            continue
        values[name] = g.value
        spans[name] = g.span
    for name, g in (defaults or {}).get(callee.name, {}).items():
        if name not in values:
            values[name] = g.value
            spans[name] = g.span
    for name, value in list(values.items()):
        if value is POISON:
            continue
        checked = check(ctx, frame, callee.name, by_name[name], value, spans[name])
        if checked is POISON:
            poisoned = True
        values[name] = checked
    missing = [spec.name for spec in specs if spec.required and spec.name not in values]
    if missing and check_missing and not poisoned:
        missing_arguments(ctx, frame, callee, specs, missing, span)
    if (
        poisoned
        or (missing and check_missing)
        or any(d.severity == "error" for d in ctx.diagnostics[before:])
    ):
        return None
    return Bound(values, spans, tuple(tensors))


def check(ctx: Context, frame: Frame, callee: str, spec: Argument, value: Value, span: Span) -> Value:
    """The value in the form that the parameter has it, or POISON when it does not fit."""
    if spec.many and isinstance(value, list):
        items = [item if _is_item(spec, item) else POISON for item in value]
        if any(item is POISON for item in items):
            _wrong_type(
                ctx,
                frame,
                callee,
                spec,
                next(v for v, i in zip(value, items, strict=True) if i is POISON),
                span,
            )
            return POISON
        fitted: Value = tuple(items)
    else:
        fitted = fits(spec, value)
        if fitted is POISON:
            _wrong_type(ctx, frame, callee, spec, value, span)
            return POISON
    numbers = fitted if isinstance(fitted, tuple) else (fitted,)
    for number in numbers:
        if isinstance(number, SizeExpr) and not _is_least(ctx, callee, spec, number, span):
            return POISON
        if isinstance(number, bool) or not isinstance(number, int | float):
            continue
        low, high = spec.minimum, spec.maximum
        if (low is not None and number < low) or (high is not None and number > high) or number != number:
            bounds = (
                f"at least {low:g}"
                if high is None
                else f"at most {high:g}"
                if low is None
                else f"from {low:g} to {high:g}"
            )
            ctx.error(
                "E108",
                f"`{spec.name}` of `{callee}` is {bounds}, and this is {show(value)}",
                span,
                show(value),
                help=_as_share(spec, number),
                frame=frame,
            )
            return POISON
        if isinstance(number, int) and abs(number) >= 2**31 and low is not None:
            ctx.error(
                "E403",
                f"`{spec.name}` of `{callee}` is less than 2**31, and this is {show(value)}",
                span,
                show(value),
                frame=frame,
            )
            return POISON
    return fitted


def _as_share(spec: Argument, number: float) -> str | None:
    """The help for `dropout(50)`, which counts in hundredths."""
    per_cent = (spec.minimum, spec.maximum) == (0, 1) and 2 < number <= 100 and number == int(number)
    return f"{number:g} per cent is `{number / 100:g}`" if per_cent else None


def _is_int(spec: Argument, value: Value) -> bool:
    """Whether a value may stand where an int is expected: one, or an unknown size where the int is a size."""
    if isinstance(value, SizeExpr):
        return spec.size and value.integral
    return isinstance(value, int) and not isinstance(value, bool)


def _is_item(spec: Argument, value: Value) -> bool:
    """Whether a value may stand in the list that is expected."""
    return isinstance(value, str) if spec.texts else _is_int(spec, value)


def _is_least(ctx: Context, callee: str, spec: Argument, value: SizeExpr, span: Span) -> bool:
    """Whether a size is at least the minimum where its unknowns are large."""
    if spec.minimum is None:
        return True
    least = int(spec.minimum)
    try:
        if value >= least:
            return True
    except Undecided as problem:
        depends(ctx, problem.what, problem.symbols, span)
        return False
    large = f"{names(value.symbols)} {'is' if len(value.symbols) == 1 else 'are'} large"
    message = f"`{spec.name}` of `{callee}` is at least {least}, and `{value}` is less where {large}"
    ctx.error("E108", message, span, str(value))
    return False


def fits(spec: Argument, value: Value) -> Value:
    """The value in the form that the parameter has it, bounds aside; POISON when it is of another type."""
    if not spec.types and not spec.choices:
        return value
    if value is None:
        return None if spec.optional else "none" if "none" in spec.choices else POISON
    if isinstance(value, str):
        return value if value in spec.choices or str in spec.types else POISON
    if isinstance(value, bool):
        return value if bool in spec.types else POISON
    if isinstance(value, SizeExpr):
        return value if _is_int(spec, value) and int in spec.types else POISON
    if isinstance(value, int):
        if int in spec.types:
            return value
        return float(value) if float in spec.types else POISON
    if isinstance(value, float):
        return value if float in spec.types else POISON
    if isinstance(value, tuple):
        return value if tuple in spec.types and not spec.many and not spec.texts else POISON
    if isinstance(value, list) and tuple in spec.types and list not in spec.types:
        whole = value and all(_is_item(spec, v) for v in value)
        return tuple(value) if whole else POISON
    return value if type(value) in spec.types else POISON


def _wrong_type(ctx: Context, frame: Frame, callee: str, spec: Argument, value: Value, span: Span) -> None:
    if isinstance(value, str) and spec.choices:
        guess = _meant_choice(ctx, value, spec.choices)
        ctx.error(
            "E107",
            f'`{spec.name}` of `{callee}` is {expected(spec)}, not "{value}"',
            span,
            "not one of them",
            help=f'did you mean "{guess}"?' if guess else None,
            fix=in_place_of(span, f'"{value}"', f'"{guess}"' if guess else None),
            frame=frame,
        )
        return
    unknown = [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, SizeExpr)]
    if unknown and (int in spec.types or float in spec.types) and (unknown[0].integral or not spec.size):
        needs_number(ctx, f"`{spec.name}` of `{callee}`", unknown[0], span, frame=frame)
        return
    ctx.error(
        "E106",
        f"`{spec.name}` of `{callee}` is {expected(spec)}, and this is {describe(value)}",
        span,
        describe(value),
        help=_instead(ctx, spec, value),
        fix=_unquoted(ctx, spec, value, span),
        frame=frame,
    )


def _meant_choice(ctx: Context, value: str, choices: Sequence[str]) -> str | None:
    """The choice that was meant. Where choices name groups, a layer stands for its own: `conv bn relu`."""
    known = {word for choice in choices for word in choice.split()}
    words: list[str] = []
    for word in value.split():
        layer = None if word in known else ctx.library.get(ctx.library.alias(word) or word)
        words.append(layer.group if layer is not None and layer.group in known else word)
    groups = " ".join(words)
    return groups if groups in choices else did_you_mean(value, choices)


def _instead(ctx: Context, spec: Argument, value: Value) -> str | None:
    """What was probably meant by a value of the wrong type."""
    match value:
        case SizeExpr() if not value.integral:
            return "divide with `//`, or use `floor` or `ceil`"
        case float() if int in spec.types and math.isfinite(value):
            return (
                f"round it: `{round(value)}`"
                if value.is_integer()
                else "divide with `//`, or use `floor`, `ceil` or `round`"
            )
        case Tensor() if int in spec.types:
            return "one of its sizes: `.channels`, `.height`, `.width`"
        case str() if value in ctx.library and Callable in spec.types:
            return f"without quotes it is the layer: `{value}`"
        case str() if value.replace("x", "").isdecimal() and {int, tuple} & {*spec.types}:
            return f"without quotes: `{value}`"
        case str() if value in Initializer.CHOICES and Initializer in spec.types:
            return f"without quotes: `{value}`"
        case str() if spec.texts:
            return f"in brackets: `[{show(value)}]`"
        case int() | float() if list in spec.types and not {int, float} & {*spec.types}:
            return f"in brackets: `[{show(value)}]`"
        case None if Callable in spec.types:
            return "`identity` is a layer that does nothing"
        case _:
            return None


def _unquoted(ctx: Context, spec: Argument, value: Value, span: Span) -> Fix | None:
    """`"relu"` where the layer was meant."""
    if not isinstance(value, str) or span.text != f'"{value}"':
        return None
    advice = _instead(ctx, spec, value)
    return Fix(span, value) if advice is not None and advice.startswith("without quotes") else None


def is_layer(callee: Callable) -> bool:
    """Whether it is a layer of the library."""
    return isinstance(callee.target, type)
