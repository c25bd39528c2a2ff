"""Names that mean nothing: what was probably meant."""

from __future__ import annotations

from collections.abc import Collection
from difflib import SequenceMatcher

from ogive.diagnostics import Fix, Label, did_you_mean, in_place_of
from ogive.elaborate.context import Context, Frame
from ogive.elaborate.functions import FUNCTIONS
from ogive.source import Span
from ogive.syntax import ast
from ogive.syntax.lexeme import OTHER_CONSTANTS
from ogive.syntax.mistake import form_of

_MOST_NAMES = 12
"""How many names of a file a help lists."""


def unknown(ctx: Context, frame: Frame, expr: ast.Name, what: str, call: ast.Call | None = None) -> None:
    """Reports a name that means nothing, with what was probably meant.

    Args:
        what: what it should be called: `name` where any value may stand.
        call: what gives it arguments, if something does.
    """
    if ctx.said("E101", expr.id, frame.definition):
        return  # a name that was forgotten is missing everywhere: once is enough
    ours = OTHER_CONSTANTS.get(expr.id) or ctx.library.alias(expr.id)
    library = {*ctx.library.names(), *ctx.words}
    visible = frame.scope.visible() - {frame.definition.name.id}  # nothing is made of itself
    if what == "name":
        guess = ours or did_you_mean(expr.id, visible) or _much_alike(expr.id, library | FUNCTIONS.keys())
    else:
        guess = ours or did_you_mean(expr.id, visible | library)
    form = form_of(expr.id) if what == "layer, block or tensor" else None
    if form is not None:
        guess = None
    if guess is None and form is None and what != "name":
        alike = _much_alike(expr.id, {*ctx.library.aliases()})
        guess = ctx.library.alias(alike) if alike is not None else None
    gone = ctx.named.get(expr.id)
    if gone is not None and gone.source is expr.span.source and gone.start < expr.span.start:
        note = f"`{expr.id}` of line {gone.line} was given in a body that has ended"
        list_ = f"{expr.id}s"
        help_ = f"begin a list before that body, `{list_} = []`, and collect in it: `{list_} += {expr.id}`"
        ctx.error(
            "E101",
            f"no {what} is called `{expr.id}` here",
            expr.span,
            "not known here",
            labels=(Label(gone, "given here, and known to the end of its body"),),
            notes=(("note", note),),
            help=help_,
        )
        return
    later, between = _given_later(frame, expr), _as_range(expr, call)
    fix = in_place_of(expr.span, expr.id, guess) if later is None else None
    if later is not None:
        hint = f"`{expr.id}` gets its meaning in line {later.line}: move that before this"
    elif form is not None:
        hint = f"the statement is written `{form}`"
    elif between is not None and call is not None:
        hint, fix = f"write `{between}`", Fix(call.span, between)
    elif guess:
        hint = f"did you mean `{guess}`?"
    elif _from_outside(ctx, expr):
        names = ", ".join(f"`{name}`" for name in sorted(ctx.globals.own_names())[:_MOST_NAMES])
        hint = f"from here only what is named at the top of the file is seen: {names}"
        hint = hint if names else "write the value itself: nothing is named here"
    elif ctx.declaring:
        hint = f"a size that only the data says is `?{expr.id}`; or give it a value: `let {expr.id} = …`"
    elif call is not None and what == "name":
        hint = f"the functions are {', '.join(sorted(FUNCTIONS))}; `ogive layers` lists the layers there are"
    elif what == "name":
        hint = f"give it a value: `let {expr.id} = …`"
    else:
        hint = "`ogive layers` lists the layers there are"
    ctx.error(
        "E101",
        f"no {what} is called `{expr.id}`",
        expr.span,
        "not known here",
        labels=(Label(later, "given only here"),) if later is not None else (),
        help=hint,
        fix=fix,
    )


def unknown_net(ctx: Context, expr: ast.Name, nets: Collection[str], variants: Collection[str]) -> None:
    """Reports that there is no net, nor a variant, of which a variant could be made."""
    guess = did_you_mean(expr.id, {*nets, *variants})
    names = ", ".join(f"`{name}`" for name in sorted(nets)[:_MOST_NAMES])
    hint = f"the nets are {names}" if nets else "a file that has some is named by `use`"
    ctx.error(
        "E101",
        f"no net is called `{expr.id}`",
        expr.span,
        "not known here",
        help=f"did you mean `{guess}`?" if guess else hint,
        fix=in_place_of(expr.span, expr.id, guess),
    )


def _from_outside(ctx: Context, expr: ast.Name) -> bool:
    """Whether it stands in no file, but on a command line or in an argument of a function."""
    source, compiled = expr.span.source, ctx.graph.regions[0].span
    return compiled is not None and source is not compiled.source and source not in ctx.used_from


def _as_range(expr: ast.Name, call: ast.Call | None) -> str | None:
    """`range(3)` as it is written here: `0..3`."""
    if expr.id != "range" or call is None or len(call.arguments) not in (1, 2):
        return None
    texts = [argument.value.span.text for argument in call.arguments]
    return "..".join(["0", *texts][-2:])


def _given_later(frame: Frame, expr: ast.Name) -> Span | None:
    """Where the body around a name gives it a meaning, further down."""
    given = (
        s.target if isinstance(s, ast.Flow) else s.name
        for s in frame.definition.body.statements
        if isinstance(s, ast.Flow | ast.Assign | ast.Let | ast.Share | ast.Input)
    )
    names = [name for name in given if isinstance(name, ast.Name) and name.span.source is expr.span.source]
    return next((n.span for n in names if n.id == expr.id and n.span.start > expr.span.end), None)


def _much_alike(wrong: str, names: set[str]) -> str | None:
    """The name of the library that a value was meant to be: a stricter guess, since most values are the
    program's own.
    """
    guess = did_you_mean(wrong, names)
    return guess if guess and SequenceMatcher(None, wrong.lower(), guess.lower()).ratio() >= 0.8 else None
