"""From the recipes of a file to what each says in the end: every mistake in them, and every value checked.

A recipe that extends another takes over its settings, and what it states itself replaces them by name. Where
a setting is one function and the recipe states the same function, arguments are replaced by name as well:
`optimizer sgd(lr = 0.045)` keeps the momentum. A setting of several values is replaced whole. Expressions are
the language's own, in the scope of the file: literals, arithmetic, `let`s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from ogive.diagnostics import ArchError, Diagnostic, Label, did_you_mean
from ogive.elaborate.context import Context, Stop
from ogive.elaborate.modules import FileScope, Parsed
from ogive.elaborate.program import deep_recursion, new_context
from ogive.graph import Graph, Region
from ogive.layers.library import Library
from ogive.recipes.base import Value
from ogive.recipes.combinations import mistakes
from ogive.recipes.lines import Line, Stated, complete, read_line
from ogive.recipes.settings import BY_NAME, SETTINGS
from ogive.source import SourceFile, Span
from ogive.syntax import ast
from ogive.syntax.parser import parse


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe with all that it takes over from others.

    Attributes:
        name: its name.
        extends: the recipe that it is made from, if there is one.
        stated: its settings, in the order of `SETTINGS`; one that no recipe states is missing.
        span: its header.
    """

    name: str
    extends: str | None
    stated: tuple[Stated, ...]
    span: Span

    def values(self, name: str) -> tuple[Value, ...]:
        """The values of a setting; its defaults, if it is not stated.

        Raises:
            KeyError: there is no such setting.
        """
        setting = BY_NAME[name]
        return next((s.values for s in self.stated if s.setting is setting), setting.default)

    def value(self, name: str) -> Value:
        """The value of a setting that takes one; None if it is not stated and has no default."""
        return next(iter(self.values(name)), None)


def resolve_all(
    file: Parsed, library: Library | None = None
) -> tuple[tuple[Recipe, ...], tuple[Diagnostic, ...]]:
    """Every recipe of a file that is right, in the order of the text, and all that is wrong with the others.

    Args:
        file: the syntax tree, and those of the files that it uses.
        library: the layers there are; they only matter for what `let`s of the file name.
    """
    if not file.tree.recipes:
        return (), ()
    ctx = context_of_recipes(library)
    found: list[Recipe] = []
    with deep_recursion():
        try:
            scope = ctx.globals = FileScope(ctx, file)
            scope.prepare()
            before = len(ctx.diagnostics)
            found = _Resolving(ctx, scope).all()
            return tuple(found), tuple(ctx.diagnostics[before:])
        except Stop:
            return (), tuple(ctx.diagnostics)


def context_of_recipes(library: Library | None = None, file: Span | None = None) -> Context:
    """A context to evaluate the values of recipes in: that of a net in which nothing stands.

    Args:
        library: the layers there are.
        file: where the recipes stand, where values come from outside of it.
    """
    graph = Graph("recipes")
    graph.regions[0] = Region(0, "net", "", "", None, file)
    return new_context(library or Library.standard(), graph)


def read_back(text: str, name: str = "recipe.arch") -> Recipe:
    """The recipe that `printing.to_text` wrote.

    Args:
        text: a file that holds one recipe and uses no other file.
        name: what diagnostics call it.

    Raises:
        ArchError: it cannot be parsed, something is wrong with the recipe, or (E321) there is not one.
    """
    source = SourceFile(name, text)
    tree, found = parse(source)
    if tree is None:
        raise ArchError(found)
    recipes, found = resolve_all(Standalone(tree))
    if found:
        raise ArchError(found)
    if len(recipes) != 1:
        raise ArchError([Diagnostic("E321", f"{name} holds {len(recipes)} recipes, and one is expected")])
    return recipes[0]


@dataclass(frozen=True, slots=True)
class Standalone:
    """A file that uses no other."""

    tree: ast.File
    imports: Mapping[str, Parsed] = field(default_factory=dict[str, Parsed])


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines of a recipe, with those that it takes over.

    Attributes:
        by_name: those that could be read.
        right: whether nothing was wrong with them.
        whole: whether every recipe behind it is known.
    """

    by_name: Mapping[str, Line]
    right: bool = True
    whole: bool = True


@dataclass(frozen=True, slots=True)
class _Written:
    """A recipe where it stands."""

    file: Parsed
    node: ast.Recipe


class _Resolving:
    def __init__(self, ctx: Context, scope: FileScope) -> None:
        self.ctx = ctx
        self.scope = scope
        self.own: dict[int, _Lines] = {}
        self.done: dict[int, _Lines] = {}
        self.known: dict[int, dict[str, tuple[Parsed, ast.Recipe]]] = {}

    def all(self) -> list[Recipe]:
        """The recipes of the file."""
        first: dict[str, ast.Recipe] = {}
        found: list[Recipe] = []
        for node in self.scope.file.tree.recipes:
            twin = first.setdefault(node.name.id, node)
            if twin is not node:
                self.ctx.error(
                    "E109",
                    f"two recipes are called `{node.name.id}`",
                    node.name.span,
                    "again here",
                    labels=(Label(twin.name.span, "first here"),),
                    help="choose another name",
                )
            lines = self.resolved(_Written(self.scope.file, node))
            written = [lines.by_name[s.name] for s in SETTINGS if s.name in lines.by_name]
            stated = finished(self.ctx, written) if lines.whole else None
            if lines.right and stated is not None and twin is node:
                base = node.base.id if node.base else None
                found.append(Recipe(node.name.id, base, stated, node.header))
        return found

    # ------------------------------------------------------------------ what extends what

    def resolved(self, written: _Written) -> _Lines:
        """The lines of a recipe over those of the recipes behind it."""
        chain: list[_Written] = []
        at: _Written | None = written
        lines = _Lines({})
        while at is not None:
            if id(at.node) in self.done:
                lines = self.done[id(at.node)]
                break
            if any(at.node is other.node for other in chain):
                self.cycle(chain[[c.node for c in chain].index(at.node) :], at)
                lines = _Lines({}, whole=False)
                break
            chain.append(at)
            base = self.base(at)
            if base is None and at.node.base is not None:
                lines = _Lines({}, whole=False)
            at = base
        for each in reversed(chain):
            own = self.lines(each)
            lines = _Lines(over(lines.by_name, own.by_name), lines.right and own.right, lines.whole)
            self.done[id(each.node)] = lines
        return lines

    def base(self, written: _Written) -> _Written | None:
        """The recipe that one extends, in its own file or in those that it uses."""
        base = written.node.base
        if base is None:
            return None
        known = self.visible(written.file)
        if base.id in known:
            return _Written(*known[base.id])
        guess = did_you_mean(base.id, known.keys() - {written.node.name.id})
        others = sorted(known.keys() - {written.node.name.id})
        notes = (("note", f"the recipes here are {', '.join(others[:12])}"),) if others else ()
        self.ctx.error(
            "E321",
            f"no recipe is called `{base.id}`",
            base.span,
            "not known here",
            notes=notes,
            help=f"did you mean `{guess}`?" if guess else None,
        )
        return None

    def visible(self, file: Parsed) -> dict[str, tuple[Parsed, ast.Recipe]]:
        """The recipes that can be extended in a file."""
        if id(file) not in self.known:
            self.known[id(file)] = visible_recipes(file)
        return self.known[id(file)]

    def cycle(self, chain: list[_Written], again: _Written) -> None:
        names = " -> ".join(c.node.name.id for c in (*chain, again))
        last = chain[-1].node
        self.ctx.error(
            "E322",
            f"`{again.node.name.id}` extends itself: {names}",
            last.base.span if last.base else last.header,
            "back again here",
            labels=tuple(Label(c.node.header, "extends") for c in chain[:-1]),
            help="one of them begins: leave its `extends` out",
        )

    # ------------------------------------------------------------------ settings and their values

    def lines(self, written: _Written) -> _Lines:
        """What a recipe states itself."""
        known = self.own.get(id(written.node))
        if known is not None:
            return known
        frame = self.scope.of(written.file).frame()
        found: dict[str, Line] = {}
        first: dict[str, ast.Setting] = {}
        right = True
        for node in written.node.settings:
            setting = BY_NAME.get(node.name.id)
            if setting is None:
                _unknown_setting(self.ctx, node)
                right = False
                continue
            twin = first.setdefault(setting.group, node)
            if twin is not node:
                _twice(self.ctx, twin, node)
                right = False
                continue
            name = written.node.name.id
            line = read_line(self.ctx, frame, f"recipe {name}", name, setting, node.values, node.span)
            right = right and line is not None
            if line is not None:
                found[setting.name] = line
        self.own[id(written.node)] = _Lines(found, right)
        return self.own[id(written.node)]


def finished(ctx: Context, lines: Iterable[Line]) -> tuple[Stated, ...] | None:
    """Lines with their functions made, and held against one another; None if anything is wrong."""
    stated = [complete(ctx, line) for line in lines]
    right = [each for each in stated if each is not None]
    together = list(mistakes({each.setting.name: each for each in right}))
    for each in together:
        first = each.labels[0]
        ctx.error(each.code, each.message, first.span, first.text, labels=each.labels[1:], help=each.help)
    return tuple(right) if len(right) == len(stated) and not together else None


F = TypeVar("F", bound=Parsed)


def visible_recipes(file: F) -> dict[str, tuple[F, ast.Recipe]]:
    """The recipes that are known in a file, by what they are called there, with the files that they stand in:
    its own, then those of the files that it uses.
    """
    found: dict[str, tuple[F, ast.Recipe]] = {}
    for node in file.tree.recipes:
        found.setdefault(node.name.id, (file, node))
    for use in file.tree.uses:
        other = file.imports.get(use.file)
        for node in other.tree.recipes if other else ():
            names = [i.name.id for i in use.names if i.original.id == node.name.id]
            for name in names if use.names else [node.name.id]:
                found.setdefault(name, (other, node))  # pyright: ignore[reportArgumentType]  # a file uses its like
    return found


def over(base: Mapping[str, Line], own: Mapping[str, Line]) -> dict[str, Line]:
    """The lines of a recipe, or of flags, over those that it takes over."""
    said = {line.setting.group for line in own.values()}
    kept = {name: line for name, line in base.items() if line.setting.group not in said}
    return {**kept, **{name: line.over(base.get(name)) for name, line in own.items()}}


# --------------------------------------------------------------------------- saying what is wrong


def _unknown_setting(ctx: Context, node: ast.Setting) -> None:
    name = node.name.id
    guess = did_you_mean(name, BY_NAME)
    help_ = f"did you mean `{guess}`?" if guess else None
    owner = next((s for s in SETTINGS if name in s.by_name), None)
    functions = (function for setting in SETTINGS for function in setting.functions)
    argument = next((f for f in functions if any(a.name == name for a in f.arguments())), None)
    if owner is not None:
        help_ = f"`{name}` is a value of `{owner.name}`: `{owner.name} {name}`"
    elif guess is None and argument is not None:
        help_ = f"`{name}` is an argument: `{argument.kind}({name} = …)`"
    ctx.error(
        "E323",
        f"a recipe has no setting `{name}`",
        node.name.span,
        "not known",
        notes=(("settings", ", ".join(BY_NAME)),),
        help=help_,
    )


def _twice(ctx: Context, first: ast.Setting, again: ast.Setting) -> None:
    a, b = first.name.id, again.name.id
    many = a == b and BY_NAME[a].most > 1
    message = f"`{b}` is set twice in one recipe" if a == b else f"`{a}` and `{b}` say the same in two ways"
    ctx.error(
        "E324",
        message,
        again.name.span,
        "again here",
        labels=(Label(first.name.span, "first here"),),
        help="values of one setting stand on one line: `augment hflip, normalize`" if many else None,
    )
