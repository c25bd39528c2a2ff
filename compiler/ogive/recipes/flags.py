"""Recipes overridden by flags: `--batch 64`, `--optimizer 'sgd(lr = 0.1)'`, `--lr 0.2`; or by what stands for
flags elsewhere (`forms`).

The text behind a flag is what may stand behind the name of the setting in a recipe, and means the same over
the recipe as it would in one that extends it: the same function keeps its other arguments. The arguments of
optimizers are flags as well, and are put into the optimizer that the recipe, or another flag, names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ogive.diagnostics import ArchError, Diagnostic, Label, did_you_mean
from ogive.elaborate.context import Context, Frame, Stop
from ogive.elaborate.expressions import evaluate
from ogive.elaborate.modules import FileScope
from ogive.elaborate.program import deep_recursion
from ogive.elaborate.values import POISON
from ogive.layers.base import Argument
from ogive.recipes.default import default
from ogive.recipes.forms import Form, Given, Override, given
from ogive.recipes.lines import Call, Line, Stated, one_too_many, read_argument, read_line
from ogive.recipes.optimizer import OPTIMIZERS
from ogive.recipes.printing import written
from ogive.recipes.resolve import Recipe, Standalone, context_of_recipes, finished, over
from ogive.recipes.settings import BY_NAME, SETTINGS
from ogive.source import SourceFile, Span
from ogive.syntax import ast
from ogive.syntax.parser import parse_values

ARGUMENTS = tuple(dict.fromkeys(argument.name for each in OPTIMIZERS for argument in each.arguments()))
"""The arguments of optimizers, each of which may be a flag."""
_OPTIMIZER = BY_NAME["optimizer"]


def with_flags(recipe: Recipe | None, flags: Sequence[Override]) -> Recipe:
    """A recipe with what flags say over what it says.

    Args:
        recipe: the recipe; the default one unless given.
        flags: names, as settings and arguments are called (`channels_last`, `lr`), and the texts behind them;
            as `Given`, with the form that diagnostics use.

    Raises:
        ArchError: with all that is wrong with all flags, at their own places (`--optimizer:1:5`), and with
            what they make of the recipe.
    """
    recipe = recipe or default()
    if not flags:
        return recipe
    nowhere = Span(SourceFile("flags", ""), 0, 0)
    ctx = context_of_recipes(file=nowhere)
    stated = None
    with deep_recursion():
        try:
            scope = ctx.globals = FileScope(ctx, Standalone(ast.File((), (), nowhere)))
            scope.prepare()
            stated = _Flags(ctx, scope.frame(), recipe).over([given(flag) for flag in flags])
        except Stop:
            pass
    if stated is None:
        raise ArchError(ctx.diagnostics)
    return replace(recipe, stated=stated)


@dataclass(frozen=True, slots=True)
class _Flag:
    """A flag, as it was given.

    Attributes:
        name: of the setting, or of the argument.
        form: how it was given.
        exprs: its values.
        span: all of its text.
    """

    name: str
    form: Form
    exprs: Sequence[ast.Expr]
    span: Span

    @property
    def shown(self) -> str:
        """As it is typed: `--channels-last`."""
        return self.form.named(self.name)


class _Flags:
    """Flags while they are read."""

    def __init__(self, ctx: Context, frame: Frame, recipe: Recipe) -> None:
        self.ctx = ctx
        self.frame = frame
        self.recipe = recipe
        self.wrong: set[str] = set()  # settings of which something was reported, so that no more is said

    def over(self, flags: Sequence[Given]) -> tuple[Stated, ...] | None:
        """What the recipe says then, or None when something was reported."""
        own: dict[str, Line] = {}
        arguments: list[_Flag] = []
        for flag in self.parsed(flags):
            if flag.name not in BY_NAME:
                arguments.append(flag)
            elif (line := self.line(flag)) is not None:
                own[flag.name] = line
            else:
                self.wrong.add(BY_NAME[flag.name].group)
        lines = over({each.setting.name: each.line for each in self.recipe.stated}, own)
        for flag in arguments:
            lines = self.with_argument(lines, own, flag)
        kept = [lines[s.name] for s in SETTINGS if s.name in lines and s.group not in self.wrong]
        before = len(self.ctx.diagnostics)
        stated = finished(self.ctx, kept)
        for flag in arguments:
            self.as_flag(flag, before)
        return None if self.ctx.diagnostics else stated

    def parsed(self, flags: Sequence[Given]) -> Iterator[_Flag]:
        """The flags that can be read, and that say what no other said before."""
        first: dict[str, _Flag] = {}
        for name, text, form in flags:
            source = SourceFile(form.named(name), text)
            setting = BY_NAME.get(name)
            if setting is None and name not in ARGUMENTS:
                self.unknown(name, form)
                continue
            exprs, found = parse_values(source)
            flag = _Flag(name, form, exprs or (), Span(source, 0, len(text)))
            twin = first.setdefault(setting.group if setting else name, flag)
            if twin is not flag:
                self.twice(twin, flag)
            elif exprs is not None:
                yield flag
            for each in found:
                self.ctx.report(each)
            if found:
                self.wrong.add(setting.group if setting else _OPTIMIZER.group)

    def line(self, flag: _Flag) -> Line | None:
        """A flag that is a setting."""
        title, setting = f"recipe {self.recipe.name}", BY_NAME[flag.name]
        before = len(self.ctx.diagnostics)
        line = read_line(self.ctx, self.frame, title, flag.shown, setting, flag.exprs, flag.span)
        if line is None and setting.plain is not None and not setting.functions:
            self.advise(flag, setting.plain, before)
        return line

    def with_argument(self, lines: dict[str, Line], own: dict[str, Line], flag: _Flag) -> dict[str, Line]:
        """The lines with one more argument of the optimizer, which `own` flags may have named."""
        if _OPTIMIZER.group in self.wrong:
            return lines
        line = lines.get(_OPTIMIZER.name)
        call = line.values[0] if line is not None else None
        if line is None or not isinstance(call, Call):
            self.no_optimizer(flag)
            return lines
        spec = next((each for each in call.function.arguments() if each.name == flag.name), None)
        value: object = POISON
        if spec is None:
            self.no_argument(call, flag)
        elif len(flag.exprs) > 1:
            one_too_many(self.ctx, flag.shown, flag.exprs, 1)
        elif _OPTIMIZER.name in own and call.arguments.get(flag.name, (0, 0, ""))[2] == line.recipe:
            self.both(call.arguments[flag.name][1], flag)
        else:
            before = len(self.ctx.diagnostics)
            value = read_argument(self.ctx, self.frame, call.function.kind, spec, flag.exprs[0])
            self.advise(flag, spec, before)
        if value is POISON:
            self.wrong.add(_OPTIMIZER.group)
            return lines
        given = {**call.arguments, flag.name: (value, flag.exprs[0].span, flag.shown)}
        return {**lines, _OPTIMIZER.name: replace(line, values=(replace(call, arguments=given),))}

    # ------------------------------------------------------------------ saying what is wrong

    def advise(self, flag: _Flag, spec: Argument, before: int) -> None:
        """Helps that are for programs become helps for a flag, where nothing can be named or divided."""
        for place, each in enumerate(self.ctx.diagnostics[before:], before):
            if each.code == "E101" or (each.code == "E106" and {int, float} & {*spec.types}):
                help_ = _advice(flag, spec, self.number(flag) if each.code == "E106" else None)
                self.ctx.diagnostics[place] = replace(each, help=help_, fix=None)

    def as_flag(self, flag: _Flag, before: int) -> None:
        """`lr = 0.1`, the help of an argument, as the flag says it."""
        for place, each in enumerate(self.ctx.diagnostics[before:], before):
            text = (each.help or "").strip("`").removeprefix(f"{flag.name} = ")
            if (
                each.span is not None
                and each.span.source is flag.span.source
                and f"`{flag.name} = {text}`" == each.help
            ):
                help_ = f"`{flag.form.given(flag.name, text)}`"
                self.ctx.diagnostics[place] = replace(each, help=help_)

    def number(self, flag: _Flag) -> int | None:
        """The whole number next to the one behind a flag, where that is one."""
        value = evaluate(self.ctx, self.frame, flag.exprs[0])
        return round(value) if isinstance(value, float) and abs(value) < 2**53 else None

    def unknown(self, name: str, form: Form) -> None:
        guess = did_you_mean(name, (*BY_NAME, *ARGUMENTS))
        help_ = f"did you mean `{form.named(guess)}`?" if guess else None
        notes = (("settings", ", ".join(BY_NAME)), ("of optimizers", ", ".join(ARGUMENTS)))
        message = f"a recipe has no setting for `{form.named(name)}`"
        self.ctx.report(Diagnostic("E323", message, (), notes, help_))

    def twice(self, first: _Flag, again: _Flag) -> None:
        message = f"`{again.shown}` is given twice"
        if first.name != again.name:
            message = f"`{first.shown}` and `{again.shown}` say the same in two ways"
        labels = (Label(again.span, "again here"), Label(first.span, "first here"))
        self.ctx.report(Diagnostic("E324", message, labels))

    def both(self, first: Span, flag: _Flag) -> None:
        message = f"`{first.source.name}` and `{flag.shown}` both say `{flag.name}`"
        labels = (Label(flag.span, "again here"), Label(first, "first here"))
        self.ctx.report(Diagnostic("E324", message, labels))

    def no_optimizer(self, flag: _Flag) -> None:
        message = f"recipe `{self.recipe.name}` does not say `optimizer`, whose argument `{flag.name}` is"
        labels = (Label(flag.span, "of which optimizer?"),)
        help_ = f"name one as well: `{flag.form.given(_OPTIMIZER.name, _OPTIMIZER.example)}`"
        self.ctx.report(Diagnostic("E329", message, labels, help=help_))

    def no_argument(self, call: Call, flag: _Flag) -> None:
        known = ", ".join(argument.name for argument in call.function.arguments())
        message = f"`{call.function.kind}` has no argument `{flag.name}`"
        labels = (Label(flag.span, "not known"), Label(call.span, "the optimizer"))
        notes = (("note", f"it takes {known}"),)
        self.ctx.report(Diagnostic("E103", message, labels, notes))


_EXAMPLES = {
    "lr": "0.1",
    "momentum": "0.9",
    "weight_decay": "0.0001",
    "nesterov": "true",
    "clip": "1",
    "ema": "0.999",
}
"""What may stand behind a flag that has no example and no default of its own."""


def _advice(flag: _Flag, spec: Argument, near: int | None) -> str:
    """What may stand behind a flag."""
    setting = BY_NAME.get(flag.name)
    default = setting.default[0] if setting is not None and setting.default else spec.default
    example = _EXAMPLES.get(flag.name) or (setting.example if setting else "") or written(default, spec)
    if near is not None and near >= (spec.minimum or 0):
        example = str(near)
    what = "a number" if float in spec.types else "a whole number" if int in spec.types else "a value"
    what = "`true` or `false`" if bool in spec.types else what
    return f"{what}, such as `{flag.form.given(flag.name, example)}`"
