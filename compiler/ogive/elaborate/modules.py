"""Files that use one another: what a name means at the top of each, settled when somebody asks.

A file knows its own definitions, then what it takes by name (`use B from "b.arch"`), then whatever else the
files that it uses whole define (`use "c.arch"`): their own definitions, not what they use themselves. Values
are evaluated once, when they are first needed, those that they name before them; so files may use one another
in a circle, and only a value that needs itself is a mistake.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from ogive.diagnostics import Label, did_you_mean
from ogive.elaborate import expressions
from ogive.elaborate.context import Binding, Context, Frame, Namespace, Outputs, Scope
from ogive.elaborate.edits.active import take_up
from ogive.elaborate.functions import FUNCTIONS
from ogive.elaborate.names import check_definitions
from ogive.elaborate.unknown_names import unknown_net
from ogive.elaborate.values import POISON, Block, Callable, Value, describe
from ogive.source import Span
from ogive.syntax import ast

_LONGEST_CHAIN = 1_000

Named = ast.Definition | ast.Variant | ast.Let


class Parsed(Protocol):
    """A file that was read, with the files that it uses."""

    @property
    def tree(self) -> ast.File:
        """What stands in it."""
        ...

    @property
    def imports(self) -> Mapping[str, Parsed]:
        """The files that it uses, by the path as it is written there."""
        ...


def visible_items(file: Parsed) -> dict[str, tuple[Parsed, Named]]:
    """Every name at the top of a file: what it stands for, and the file that defines it. Of two of a name the
    first is given.
    """
    found: dict[str, tuple[Parsed, Named]] = {item.name.id: (file, item) for item in file.tree.named}
    for use in file.tree.uses:
        other = file.imports.get(use.file)
        if other is None:
            continue
        theirs = {item.name.id: item for item in other.tree.named}
        pairs = [(i.name.id, i.original.id) for i in use.names] or [(name, name) for name in theirs]
        for name, original in pairs:
            if original in theirs:
                found.setdefault(name, (other, theirs[original]))
    return found


class FileScope(Scope):
    """The names at the top of a file.

    Attributes:
        file: the file.
        used_from: the `use` that first led to it; None for the file that is compiled.
    """

    __slots__ = ("_ctx", "_explicit", "_files", "_head", "_items", "_ready", "_whole", "file", "used_from")

    def __init__(
        self,
        ctx: Context,
        file: Parsed,
        files: dict[int, FileScope] | None = None,
        used_from: Span | None = None,
    ) -> None:
        super().__init__()
        self.file = file
        self.used_from = used_from
        self._ctx = ctx
        self._files = {} if files is None else files
        self._files[id(file)] = self
        self._items: dict[str, Named] = {}
        self._explicit: dict[str, tuple[ast.Imported, ast.Use, FileScope]] = {}
        self._whole: list[FileScope] = []
        self._head = ""  # the net that the variant which is evaluated is made from
        self._ready = False
        for item in file.tree.named:
            known = item.name.id in self._items
            self._items.setdefault(item.name.id, item)
            binding = Binding(POISON, item.name.span, "twice" if known else "pending")
            if isinstance(item, ast.Definition) and not known:
                binding = Binding(Callable(Block(item, self)), item.name.span, "definition")
            self.names[item.name.id] = binding

    # ------------------------------------------------------------------ what a name means

    def own(self, name: str) -> Binding | None:
        """The binding of a name, with its value."""
        self.prepare()
        binding = None if self._is_a_layer(name) else self.defined(name)
        if binding is not None:
            return binding
        if name in self._explicit:
            return self._taken(name)
        found = [scope for scope in self._whole if scope.has(name) and not scope._is_a_layer(name)]
        if len(found) > 1:
            return Binding(POISON, None, "ambiguous")
        return found[0].defined(name) if found else None

    def _is_a_layer(self, name: str) -> bool:
        """Whether a name that belongs to a variant means a layer: `variant relu = Net(act = relu)`.

        Variants are there to be compiled; only the net behind another variant's `=` is looked for among them.
        """
        return (
            isinstance(self._items.get(name), ast.Variant)
            and name in self._ctx.library
            and name != self._head
        )

    def defined(self, name: str) -> Binding | None:
        """What this file itself says about a name."""
        self.prepare()
        binding = self.names.get(name)
        if binding is not None and binding.what in ("pending", "open"):
            self._settle(self._items[name], binding)
        return binding

    def has(self, name: str) -> bool:
        """Whether this file itself defines a name."""
        return name in self.names

    def own_names(self) -> set[str]:
        """Every name that can be used at the top of this file."""
        self.prepare()
        return {*self.names, *self._explicit, *(name for scope in self._whole for name in scope.names)}

    def sources(self, name: str) -> list[FileScope]:
        """The files, used whole, that define a name."""
        return [scope for scope in self._whole if scope.has(name)]

    def _taken(self, name: str) -> Binding:
        imported, use, scope = self._explicit[name]
        binding = scope.defined(imported.original.id)
        if binding is None:
            self._missing(imported, use, scope)
            binding = Binding(POISON, imported.name.span, "missing")
        self.names[name] = binding  # from now on
        return binding

    # ------------------------------------------------------------------ what it uses

    def of(self, file: Parsed) -> FileScope:
        """The scope of a file that is used, directly or by one that is."""
        return self._files[id(file)]

    def prepare(self) -> None:
        """Finds the files that it uses, and says what is wrong with its definitions before anything in them
        is looked at; once.
        """
        if self._ready:
            return
        self._ready = True
        tree = self.file.tree
        for found in check_definitions(tree):
            self._ctx.report(found)
        for use in tree.uses:
            scope = self._scope_of(use)
            if not use.names and scope not in self._whole and scope is not self:
                self._whole.append(scope)
            for imported in use.names:
                self._explicit.setdefault(imported.name.id, (imported, use, scope))

    def _scope_of(self, use: ast.Use) -> FileScope:
        other = self.file.imports.get(use.file)
        if other is None:
            raise ValueError(f"{use.path.span.place}: this program was parsed without the files that it uses")
        known = self._files.get(id(other))
        if known is None:
            self._ctx.used_from[other.tree.span.source] = use.path.span
            known = FileScope(self._ctx, other, self._files, use.path.span)
        return known

    def settle_all(self) -> None:
        """Evaluates everything, so that every mistake is found."""
        self.prepare()
        for name in list(self._items):
            self.defined(name)
        for name, (imported, _, _) in list(self._explicit.items()):
            if imported.original.id not in self._recipes(name):
                self._taken(name)

    def _recipes(self, name: str) -> set[str]:
        """The names of recipes in the file that a name is taken from, which are names of their own."""
        _, _, scope = self._explicit[name]
        return {recipe.name.id for recipe in scope.file.tree.recipes} - scope.names.keys()

    def _missing(self, imported: ast.Imported, use: ast.Use, scope: FileScope) -> None:
        """Reports that a used file does not define a name."""
        wrong = imported.original
        notes: tuple[tuple[str, str], ...] = ()
        guess = did_you_mean(wrong.id, scope.names)
        help_ = f"did you mean `{guess}`?" if guess else None
        elsewhere = next((u for u in scope.file.tree.uses for i in u.names if i.name.id == wrong.id), None)
        if elsewhere is not None:
            notes = (("note", f'it takes `{wrong.id}` itself from "{elsewhere.file}"'),)
            help_ = f'use it from there: `use {wrong.id} from "{elsewhere.file}"`'
        elif not guess:
            notes = (("note", f"it defines {', '.join(sorted(scope.names)[:12]) or 'nothing'}"),)
        self._ctx.error(
            "E320",
            f"{scope.file.tree.span.source.name} defines no `{wrong.id}`",
            wrong.span,
            "not defined there",
            notes=notes,
            help=help_,
        )

    # ------------------------------------------------------------------ values

    def _missing_net(self, variant: ast.Variant) -> bool:
        """Whether what a variant is made from is nothing at all, which is then reported."""
        head = variant.value
        while isinstance(head, ast.Call):
            head = head.function
        if not isinstance(head, ast.Name) or head.id in FUNCTIONS or self.find(head.id) is not None:
            return False
        if head.id in self._ctx.library or head.id in self._ctx.words:
            return False
        items = [(name, item) for name, (_, item) in visible_items(self.file).items() if item is not variant]
        nets = [name for name, item in items if isinstance(item, ast.Definition) and item.is_net]
        variants = [name for name, item in items if isinstance(item, ast.Variant)]
        unknown_net(self._ctx, head, nets, variants)
        return True

    def _settle(self, item: Named, binding: Binding) -> None:
        """Evaluates a `let` or a variant."""
        assert not isinstance(item, ast.Definition)
        ctx, path = self._ctx, self._ctx.settling
        here = (self, item.name.id)
        if binding.what == "open":
            binding.what = "value"
            cycle = " -> ".join(name for _, name in (*path[path.index(here) :], here))
            ctx.error(
                "E401",
                f"`{item.name.id}` is defined by itself: {cycle}",
                item.name.span,
                "needs its own value",
            )
            return
        if len(path) > _LONGEST_CHAIN:
            ctx.stop(
                "E401",
                f"values are defined by one another, more than {_LONGEST_CHAIN} deep",
                item.name.span,
                "one more here",
            )
        binding.what = "open"
        path.append(here)
        self._head = head_of(item.value) if isinstance(item, ast.Variant) else ""
        try:
            missing = self._missing_net(item) if isinstance(item, ast.Variant) else False
            value = POISON if missing else expressions.evaluate(ctx, self.frame(), item.value)
            self._head = ""
            if isinstance(item, ast.Variant) and isinstance(value, Callable):
                edits = [
                    take_up(ctx, self.frame(), change, variant=item)
                    for change in item.changes
                    if not isinstance(change, ast.Assert)
                ]
                value = replace(value, edits=(*value.edits, *(edit for edit in edits if edit is not None)))
        finally:
            path.pop()
            self._head = ""
        if isinstance(item, ast.Variant) and value is not POISON and not _is_net(value):
            ctx.error(
                "E117",
                f"a variant is a net with arguments, and this is {describe(value)}",
                item.value.span,
                describe(value),
                help=f"`variant {item.name.id} = Net(width = 16)`, with a `net Net(width) {{ … }}`",
            )
            value = POISON
        # a value that needed itself is none
        binding.value, binding.what = value if binding.what == "open" else POISON, "value"

    def frame(self) -> Frame:
        """The frame in which values at the top of the file are evaluated."""
        span = self.file.tree.span
        nowhere = ast.Definition(ast.Name("", span), False, (), (), ast.Body((), span), span, span)
        return Frame(self, None, None, {}, Namespace(""), 0, Outputs(), nowhere)


def head_of(value: ast.Expr) -> str:
    """The net that a variant is made from: `ResNet` of `ResNet(Basic, [2, 2])`."""
    while isinstance(value, ast.Call):
        value = value.function
    return value.id if isinstance(value, ast.Name) else ""


def _is_net(value: Value) -> bool:
    return isinstance(value, Callable) and isinstance(value.target, Block) and value.target.definition.is_net


def report_ambiguous(ctx: Context, scope: Scope | None, expr: ast.Name) -> None:
    """Reports a name that several files define which are used whole."""
    while scope is not None and not isinstance(scope, FileScope):
        scope = scope.parent
    if scope is None:
        return
    sources = scope.sources(expr.id)
    spans = [span for source in sources if (span := source.names[expr.id].span) is not None]
    names = " and by ".join(source.file.tree.span.source.name for source in sources)
    path = next((u.file for u in scope.file.tree.uses if scope.file.imports[u.file] is sources[-1].file), "")
    ctx.error(
        "E508",
        f"`{expr.id}` is defined by {names}",
        expr.span,
        "which one?",
        labels=tuple(Label(span, "one definition" if n == 0 else "another") for n, span in enumerate(spans)),
        help=f'take one by its name: `use {expr.id} from "{path}"`, '
        f'or `use {expr.id} as Other from "{path}"`',
    )
