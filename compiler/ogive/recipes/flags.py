"""Recipes overridden by flags: `--batch 64`, `--optimizer 'sgd(lr = 0.1)'`, `--lr 0.2`.

The text behind a flag is what may stand behind the name of the setting in a recipe, and means the same over
the recipe as it would in one that extends it: the same function keeps its other arguments. The arguments of
optimizers are flags as well, and are put into the optimizer that the recipe, or another flag, names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ogive.diagnostics import ArchError, Diagnostic, Label, did_you_mean
from ogive.elaborate.context import Context, Frame, Stop
from ogive.elaborate.modules import FileScope
from ogive.elaborate.program import deep_recursion
from ogive.elaborate.values import POISON
from ogive.recipes.default import default
from ogive.recipes.lines import Call, Line, Stated, one_too_many, read_argument, read_line
from ogive.recipes.optimizer import OPTIMIZERS
from ogive.recipes.resolve import Recipe, Standalone, context_of_recipes, finished, over
from ogive.recipes.settings import BY_NAME, SETTINGS
from ogive.source import SourceFile, Span
from ogive.syntax import ast
from ogive.syntax.parser import parse_values

ARGUMENTS = tuple(dict.fromkeys(argument.name for each in OPTIMIZERS for argument in each.arguments()))
"""The arguments of optimizers, each of which may be a flag."""
_OPTIMIZER = BY_NAME["optimizer"]


def with_flags(recipe: Recipe | None, flags: Sequence[tuple[str, str]]) -> Recipe:
    """A recipe with what flags say over what it says.

    Args:
        recipe: the recipe; the default one unless given.
        flags: names, as settings and arguments are called (`channels_last`, `lr`), and the texts behind them.

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
            stated = _Flags(ctx, scope.frame(), recipe).over(flags)
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
        shown: as it is typed: `--channels-last`.
        exprs: its values.
        span: all of its text.
    """

    name: str
    shown: str
    exprs: Sequence[ast.Expr]
    span: Span


class _Flags:
    """Flags while they are read."""

    def __init__(self, ctx: Context, frame: Frame, recipe: Recipe) -> None:
        self.ctx = ctx
        self.frame = frame
        self.recipe = recipe
        self.wrong: set[str] = set()  # settings of which something was reported, so that no more is said

    def over(self, flags: Sequence[tuple[str, str]]) -> tuple[Stated, ...] | None:
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
        stated = finished(self.ctx, kept)
        return None if self.ctx.diagnostics else stated

    def parsed(self, flags: Sequence[tuple[str, str]]) -> Iterator[_Flag]:
        """The flags that can be read, and that say what no other said before."""
        first: dict[str, _Flag] = {}
        for name, text in flags:
            shown = f"--{name.replace('_', '-')}"
            source = SourceFile(shown, text)
            setting = BY_NAME.get(name)
            if setting is None and name not in ARGUMENTS:
                self.unknown(name, shown)
                continue
            exprs, found = parse_values(source)
            flag = _Flag(name, shown, exprs or (), Span(source, 0, len(text)))
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
        return read_line(self.ctx, self.frame, title, flag.shown, setting, flag.exprs, flag.span)

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
            value = read_argument(self.ctx, self.frame, call.function.kind, spec, flag.exprs[0])
        if value is POISON:
            self.wrong.add(_OPTIMIZER.group)
            return lines
        given = {**call.arguments, flag.name: (value, flag.exprs[0].span, flag.shown)}
        return {**lines, _OPTIMIZER.name: replace(line, values=(replace(call, arguments=given),))}

    # ------------------------------------------------------------------ saying what is wrong

    def unknown(self, name: str, shown: str) -> None:
        guess = did_you_mean(name, (*BY_NAME, *ARGUMENTS))
        help_ = f"did you mean `--{guess.replace('_', '-')}`?" if guess else None
        settings = ", ".join(BY_NAME)
        message = f"a recipe has no setting for `{shown}`"
        self.ctx.report(Diagnostic("E323", message, (), (("settings", settings),), help_))

    def twice(self, first: _Flag, again: _Flag) -> None:
        message = f"`{again.shown}` is given twice"
        if first.name != again.name:
            message = f"`{first.shown}` and `{again.shown}` say the same in two ways"
        labels = (Label(again.span, "again here"), Label(first.span, "first here"))
        self.ctx.report(Diagnostic("E324", message, labels))

    def both(self, first: Span, flag: _Flag) -> None:
        message = f"`--optimizer` and `{flag.shown}` both say `{flag.name}`"
        labels = (Label(flag.span, "again here"), Label(first, "first here"))
        self.ctx.report(Diagnostic("E324", message, labels))

    def no_optimizer(self, flag: _Flag) -> None:
        message = f"recipe `{self.recipe.name}` does not say `optimizer`, whose argument `{flag.name}` is"
        labels = (Label(flag.span, "of which optimizer?"),)
        help_ = f"name one as well: `--optimizer '{_OPTIMIZER.example}'`"
        self.ctx.report(Diagnostic("E329", message, labels, help=help_))

    def no_argument(self, call: Call, flag: _Flag) -> None:
        known = ", ".join(argument.name for argument in call.function.arguments())
        message = f"`{call.function.kind}` has no argument `{flag.name}`"
        labels = (Label(flag.span, "not known"), Label(call.span, "the optimizer"))
        notes = (("note", f"it takes {known}"),)
        self.ctx.report(Diagnostic("E103", message, labels, notes))
