"""Expressions: pure, bounded, Python's operators. A mistake is reported and the value is POISON."""

from __future__ import annotations

from ogive.diagnostics import Label, did_you_mean, in_place_of
from ogive.elaborate.context import MAX_LIST, Context, Frame
from ogive.elaborate.edits.traces import traces_of
from ogive.elaborate.functions import FUNCTIONS, call_function
from ogive.elaborate.initializers import initializer
from ogive.elaborate.limits import bounded, too_large
from ogive.elaborate.operators import arithmetic, compare
from ogive.elaborate.parameters import expected, parameters_of
from ogive.elaborate.undecided import depends, needs_number
from ogive.elaborate.unknown_names import unknown
from ogive.elaborate.values import (
    POISON,
    BodyValue,
    Callable,
    Given,
    Results,
    Tensor,
    Value,
    describe,
    is_number,
    show,
)
from ogive.layers.base import Argument, Initializer
from ogive.layers.unknown import SizeExpr, Undecided
from ogive.layers.unknown import unknown as unknown_size
from ogive.syntax import ast
from ogive.syntax.lexeme import OTHER_CONSTANTS


def evaluate(ctx: Context, frame: Frame, expr: ast.Expr) -> Value:
    """The value of an expression. A layer or block with arguments stays a `Callable`; nothing is emitted."""
    ctx.work += 1
    match expr:
        case ast.Literal():
            return bounded(ctx, expr.value, expr.span)
        case ast.Kernel():
            return tuple(expr.sizes)
        case ast.String():
            return string(ctx, frame, expr)
        case ast.Name():
            return name(ctx, frame, expr)
        case ast.ListExpr():
            items = [evaluate(ctx, frame, item) for item in expr.items]
            ctx.spend(len(items), expr.span)
            return POISON if any(item is POISON for item in items) else bounded(ctx, items, expr.span)
        case ast.Attribute():
            return _attribute(ctx, frame, expr)
        case ast.Index():
            return _index(ctx, frame, expr)
        case ast.Slice():
            return _slice(ctx, frame, expr)
        case ast.Call():
            return _call(ctx, frame, expr)
        case ast.Unary():
            return _unary(ctx, frame, expr)
        case ast.Binary():
            return _binary(ctx, frame, expr)
        case ast.Compare():
            return compare(ctx, expr, [evaluate(ctx, frame, operand) for operand in expr.operands])
        case ast.Logical():
            return _logical(ctx, frame, expr)
        case ast.Conditional():
            condition = truth(ctx, frame, expr.condition)
            if condition is POISON:
                return POISON
            return evaluate(ctx, frame, expr.then if condition else expr.otherwise)
        case ast.Range():
            return _range(ctx, frame, expr)
        case ast.BodyExpr():
            return BodyValue(expr.body, frame)
        case ast.Unknown():
            return _unknown_size(ctx, expr)


def _unknown_size(ctx: Context, expr: ast.Unknown) -> Value:
    """What stands for `?h`: an unknown size, or the number that it got from outside."""
    if not ctx.declaring:
        ctx.error(
            "E212",
            f"`?{expr.name}` stands in the shape of an input, and nowhere else",
            expr.span,
            "not in an input",
            help="a size is read off a tensor: `here.height`, `here.width`, `here.length`",
        )
        return POISON
    ctx.unknowns.setdefault(expr.name, expr)
    return ctx.sizes.get(expr.name, unknown_size(expr.name))


def truth(ctx: Context, frame: Frame, expr: ast.Expr) -> Value:
    """The value of a condition: true or false, nothing else."""
    value = evaluate(ctx, frame, expr)
    if value is POISON or isinstance(value, bool):
        return value
    hint = f"compare it: `{expr.span.text} > 0`" if is_number(value) else None
    if value is None or isinstance(value, Callable):
        hint = f"compare it: `{expr.span.text} != none`" if expr.span.text != "none" else None
    ctx.error(
        "E113",
        f"a condition is true or false, and this is {describe(value)}",
        expr.span,
        describe(value),
        help=hint,
    )
    return POISON


def integer(ctx: Context, frame: Frame, expr: ast.Expr, what: str, *, least: int = 0) -> int | None:
    """The value of an expression that must be an int, or None when it was reported."""
    value = evaluate(ctx, frame, expr)
    if value is POISON:
        return None
    if isinstance(value, SizeExpr):
        needs_number(ctx, what, value, expr.span)
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        ctx.error("E106", f"{what} is an int, and this is {describe(value)}", expr.span, describe(value))
        return None
    if value < least:
        ctx.error("E108", f"{what} is at least {least}, and this is {value}", expr.span, f"{value}")
        return None
    return value


def string(ctx: Context, frame: Frame, expr: ast.String) -> Value:
    """A string with its `{…}` filled in."""
    texts: list[str] = []
    for part in expr.parts:
        if isinstance(part, str):
            texts.append(part)
            continue
        value = evaluate(ctx, frame, part)
        if value is POISON:
            return POISON
        texts.append(value if isinstance(value, str) else show(value))
    return bounded(ctx, "".join(texts), expr.span)


def name(
    ctx: Context, frame: Frame, expr: ast.Name, *, chain: bool = False, call: ast.Call | None = None
) -> Value:
    """What a name means here: locally, then in the file, then in the library; `call` is what calls it."""
    if expr.id in ("here", "in"):
        return _flow_name(ctx, frame, expr)
    binding = frame.scope.find(expr.id)
    if binding is not None:
        binding.used = True
        if binding.what == "ambiguous":
            from ogive.elaborate.modules import report_ambiguous  # it evaluates what stands in files

            report_ambiguous(ctx, frame.scope, expr)
        if binding.what == "outside":
            ctx.error(
                "E301",
                f"`{expr.id}` comes from outside of this clique, whose layers read only its input and one "
                "another",
                expr.span,
                "no source of the clique",
                labels=(Label(binding.span, "made here"),) if binding.span else (),
                frame=frame,
            )
        return binding.value
    if expr.id in ctx.words:
        return Callable(ctx.words[expr.id])
    if (layer := ctx.library.get(expr.id)) is not None:
        return Callable(layer)
    unknown(ctx, frame, expr, "layer, block or tensor" if chain else "name", call)
    return POISON


def _flow_name(ctx: Context, frame: Frame, expr: ast.Name) -> Value:
    value = frame.flow if expr.id == "here" else frame.entered
    if value is not None:
        return value
    inputs = [n for n, b in frame.scope.names.items() if isinstance(b.value, Tensor)]
    if expr.id == "here":
        why, label = "`here` is the tensor that arrives, and none does", "nothing flows here yet"
    elif len(inputs) > 1:
        why, label = (
            f"`in` is the tensor that entered, and `{frame.definition.name.id}` has several inputs",
            "which one?",
        )
    else:
        why, label = "`in` is the tensor that entered, and there is none yet", "nothing entered yet"
    hint = "declare an input first: `input image: 3x224x224`"
    if inputs:
        hint = f"name it: `{inputs[0]}`" if expr.id == "in" else f"start from a tensor: `{inputs[0]} -> …`"
    ctx.error("E303", why, expr.span, label, help=hint, frame=frame)
    return POISON


def _attribute(ctx: Context, frame: Frame, expr: ast.Attribute) -> Value:
    value = evaluate(ctx, frame, expr.value)
    if value is POISON:
        return POISON
    if isinstance(value, Tensor):
        try:
            return value.attribute(expr.name)
        except KeyError:
            pass
    if isinstance(value, Results) and expr.name in value.named:
        return value.named[expr.name]
    names = value.attributes if isinstance(value, Tensor) else []
    if isinstance(value, Results):
        names = list(value.named)
    guess = did_you_mean(expr.name, names)
    has = f"it has {', '.join('.' + n for n in names)}" if names else "only tensors have values behind a dot"
    if isinstance(value, list):
        has = "a bundle has none of its own: index it, or take it apart with `as [a, b]`"
    if isinstance(value, Results):
        has = f"the outputs are {', '.join('.' + n for n in names)}"
    ctx.error(
        "E112",
        f"{describe(value)} has no `.{expr.name}`",
        expr.name_span,
        "not known",
        labels=traces_of(ctx, value),
        notes=(("note", has),),
        help=f"did you mean `.{guess}`?" if guess else None,
        fix=in_place_of(expr.name_span, expr.name, guess),
    )
    return POISON


def _index(ctx: Context, frame: Frame, expr: ast.Index) -> Value:
    value = evaluate(ctx, frame, expr.value)
    index = evaluate(ctx, frame, expr.index)
    if value is POISON or index is POISON:
        return POISON
    if not isinstance(value, list | tuple):
        ctx.error(
            "E113",
            f"only a list can be indexed, and this is {describe(value)}",
            expr.value.span,
            describe(value),
        )
        return POISON
    if isinstance(index, SizeExpr):
        return needs_number(ctx, "an index", index, expr.index.span)
    if isinstance(index, bool) or not isinstance(index, int):
        ctx.error(
            "E106", f"an index is an int, and this is {describe(index)}", expr.index.span, describe(index)
        )
        return POISON
    if not -len(value) <= index < len(value):
        ctx.error(
            "E114",
            f"index {index} is outside a list of {len(value)}",
            expr.index.span,
            f"{index}",
            labels=(Label(expr.value.span, f"{len(value)} items"),),
            help=f"indices go from 0 to {len(value) - 1}" if value else "it is empty",
        )
        return POISON
    return value[index]


def _slice(ctx: Context, frame: Frame, expr: ast.Slice) -> Value:
    value = evaluate(ctx, frame, expr.value)
    ends: list[int | None] = []
    for end in (expr.start, expr.stop):
        at = None if end is None else evaluate(ctx, frame, end)
        if at is POISON or value is POISON:
            return POISON
        if end is not None and isinstance(at, SizeExpr):
            return needs_number(ctx, "the end of a slice", at, end.span)
        if end is not None and (isinstance(at, bool) or not isinstance(at, int)):
            ctx.error(
                "E106", f"the end of a slice is an int, and this is {describe(at)}", end.span, describe(at)
            )
            return POISON
        ends.append(at)
    if not isinstance(value, list | tuple | str):
        ctx.error(
            "E113",
            f"only a list can be sliced, and this is {describe(value)}",
            expr.value.span,
            describe(value),
        )
        return POISON
    ctx.spend(len(value), expr.span)
    return value[ends[0] : ends[1]]


def _about(function: str, problem: str) -> str:
    sentence = problem.startswith(("needs ", "is written "))
    return f"`{function}` {problem}" if sentence else f"`{function}`: {problem}"


def _call(ctx: Context, frame: Frame, expr: ast.Call) -> Value:
    function = expr.function
    if isinstance(function, ast.Name) and frame.scope.find(function.id) is None and function.id in FUNCTIONS:
        positional: list[Value] = []
        for argument in expr.arguments:
            if argument.name is not None and not (function.id == "divisible" and argument.name == "by"):
                ctx.error(
                    "E103",
                    f"`{function.id}` has no argument `{argument.name}`",
                    argument.span,
                    "not known",
                    help=f"without a name: `{FUNCTIONS[function.id].usage.partition(' or ')[0]}`",
                )
                return POISON
            positional.append(evaluate(ctx, frame, argument.value))
        if any(value is POISON for value in positional):
            return POISON
        try:
            return bounded(ctx, call_function(function.id, positional), expr.span)
        except Undecided as problem:
            return depends(ctx, f"`{function.id}`: {problem.what}", problem.symbols, expr.span)
        except (TypeError, ValueError, ArithmeticError) as problem:
            ctx.error("E113", _about(function.id, str(problem)), expr.span, FUNCTIONS[function.id].usage)
            return POISON
    value = (
        name(ctx, frame, function, call=expr)
        if isinstance(function, ast.Name)
        else evaluate(ctx, frame, function)
    )
    if value is POISON:
        return POISON
    if not isinstance(value, Callable):
        ctx.error(
            "E111",
            f"{describe(value)} takes no arguments",
            expr.span,
            "called here",
            labels=hidden(ctx, frame, function),
            help=f"leave the parentheses out: `{function.span.text}`" if not expr.arguments else None,
            frame=frame,
        )
        return POISON
    return given(ctx, frame, value, expr.arguments)


def hidden(ctx: Context, frame: Frame, expr: ast.Expr) -> tuple[Label, ...]:
    """Where a name was given that hides a layer of the library, if the expression is such a name."""
    if not isinstance(expr, ast.Name) or expr.id not in ctx.library:
        return ()
    binding = frame.scope.find(expr.id)
    return (Label(binding.span, f"this `{expr.id}` hides the layer"),) if binding and binding.span else ()


def given(ctx: Context, frame: Frame, callee: Callable, arguments: tuple[ast.Argument, ...]) -> Value:
    """The callee with these arguments behind those it has. Its parameters say what may be a bare word."""
    specs = parameters_of(ctx, callee)
    places = [spec for spec in specs if not spec.keyword_only]
    at = sum(not isinstance(g.value, Tensor) for g in callee.positional)
    positional: list[Given] = []
    named: list[tuple[str, Given]] = []
    for argument in arguments:
        if argument.name is None:
            spec = (
                places[min(at, len(places) - 1)] if places and (at < len(places) or places[-1].many) else None
            )
            value = POISON  # of an argument too many: `bind` reports it
            if spec is not None or _takes_tensors(callee):
                value = argument_value(ctx, frame, argument.value, spec, callee.name)
            at += not isinstance(value, Tensor)
            positional.append(Given(value, argument.value.span))
        else:
            spec = next((spec for spec in specs if spec.name == argument.name), None)
            value = POISON  # of an argument that there is not: `bind` reports it, its value says no more
            if spec is not None:
                value = argument_value(ctx, frame, argument.value, spec, callee.name)
            named.append((argument.name, Given(value, argument.span)))
    return callee.more(tuple(positional), tuple(named))


def _takes_tensors(callee: Callable) -> bool:
    return isinstance(callee.target, type) and callee.target.arity[1] != 1


def argument_value(ctx: Context, frame: Frame, expr: ast.Expr, spec: Argument | None, callee: str) -> Value:
    """The value of an argument. A bare word stands for a string, or an initialiser, only where one is
    declared.
    """
    if isinstance(expr, ast.Conditional):
        condition = truth(ctx, frame, expr.condition)
        chosen = expr.then if condition else expr.otherwise
        return POISON if condition is POISON else argument_value(ctx, frame, chosen, spec, callee)
    if spec is not None and isinstance(expr, ast.Name) and expr.id in spec.choices:
        return expr.id
    if spec is not None and Initializer in spec.types:
        word = expr.function if isinstance(expr, ast.Call) else expr
        if isinstance(word, ast.Name) and frame.scope.find(word.id) is None:
            return initializer(ctx, frame, expr, word, evaluate)
    if (
        spec is not None
        and isinstance(expr, ast.Name)
        and not known(ctx, frame, expr.id)
        and (spec.choices or expr.id in _choices_of_others(ctx, spec.name))
    ):
        guess = OTHER_CONSTANTS.get(expr.id) or did_you_mean(expr.id, spec.choices)
        ctx.error(
            "E107",
            f"`{spec.name}` of `{callee}` is {expected(spec)}, not `{expr.id}`",
            expr.span,
            "not one of them",
            help=f"did you mean `{guess}`?" if guess else None,
            fix=in_place_of(expr.span, expr.id, guess),
        )
        return POISON
    return evaluate(ctx, frame, expr)


def _choices_of_others(ctx: Context, argument: str) -> set[str]:
    """The words that some layer takes for an argument of that name: `same` for `padding`."""
    return {
        word
        for layer in ctx.library.layers()
        for spec in layer.arguments()
        if spec.name == argument
        for word in spec.choices
    }


def known(ctx: Context, frame: Frame, word: str) -> bool:
    """Whether a name means anything here."""
    return (
        word in ("here", "in")
        or frame.scope.find(word) is not None
        or word in ctx.words
        or ctx.library.get(word) is not None
    )


def _unary(ctx: Context, frame: Frame, expr: ast.Unary) -> Value:
    if expr.op == "not":
        value = truth(ctx, frame, expr.operand)
        return POISON if value is POISON else not value
    value = evaluate(ctx, frame, expr.operand)
    if value is POISON:
        return POISON
    if not is_number(value):
        ctx.error(
            "E113",
            f"only a number can be negated, and this is {describe(value)}",
            expr.operand.span,
            describe(value),
        )
        return POISON
    return -value


def _binary(ctx: Context, frame: Frame, expr: ast.Binary) -> Value:
    spine = [expr]  # a long sum leans to the left: walk it instead of recursing
    while isinstance(spine[-1].left, ast.Binary):
        spine.append(spine[-1].left)
    value = evaluate(ctx, frame, spine[-1].left)
    for node in reversed(spine):
        ctx.work += 1
        right = evaluate(ctx, frame, node.right)
        value = POISON if value is POISON or right is POISON else arithmetic(ctx, node, value, right)
    return value


def _logical(ctx: Context, frame: Frame, expr: ast.Logical) -> Value:
    spine = [expr]
    while isinstance(spine[-1].left, ast.Logical) and spine[-1].left.op == expr.op:
        spine.append(spine[-1].left)
    value = truth(ctx, frame, spine[-1].left)
    for node in reversed(spine):
        if value is POISON or value is (node.op == "or"):
            return value
        value = truth(ctx, frame, node.right)
    return value


def _range(ctx: Context, frame: Frame, expr: ast.Range) -> Value:
    ends: list[int] = []
    for end in (expr.start, expr.stop):
        value = evaluate(ctx, frame, end)
        if value is POISON:
            return POISON
        if isinstance(value, SizeExpr):
            return needs_number(ctx, "the end of a range", value, end.span)
        if isinstance(value, bool) or not isinstance(value, int):
            ctx.error(
                "E106",
                f"the ends of a range are ints, and this is {describe(value)}",
                end.span,
                describe(value),
            )
            return POISON
        ends.append(value)
    if ends[1] - ends[0] > MAX_LIST:
        return too_large(
            ctx,
            f"this range has {ends[1] - ends[0]} items",
            f"lists have at most {MAX_LIST} items",
            expr.span,
        )
    ctx.spend(max(ends[1] - ends[0], 0), expr.span)
    return list(range(*ends))
