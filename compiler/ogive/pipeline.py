"""The whole way on one page: text, tree, graph, passes. Every step can be called, and printed, alone.

    parse -> elaborate -> prune -> resolve_bias -> [unroll_cliques] -> budgets -> back ends

Nothing here reads files or prints; nothing loads torch.
"""

from __future__ import annotations

import gc
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from ogive.diagnostics import ArchError, Diagnostic, did_you_mean
from ogive.elaborate.context import MAX_WORK
from ogive.elaborate.modules import head_of, visible_items
from ogive.elaborate.program import Elaborated, elaborate, needs_arguments, new_context, targets
from ogive.elaborate.values import Value
from ogive.graph import Graph
from ogive.layers.library import Library
from ogive.passes.bias import resolve_bias
from ogive.passes.prune import prune
from ogive.report.budgets import Verdict, decide
from ogive.report.dropped import dropped_outputs
from ogive.source import SourceFile
from ogive.syntax import ast
from ogive.syntax.parser import parse, parse_edits, parse_expression

MAX_FILE_WORK = 2 * MAX_WORK
"""Steps that checking all nets of a file may take together."""

__all__ = [
    "Compiled", "Program", "check_program", "compile_target", "parse_changes", "parse_value", "read_program",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Program:
    """A file that parses, with the files that it uses by their paths there (`ogive.reading` finds them).

    Attributes:
        source: its text.
        tree: its syntax tree.
        imports: the files that it uses.
        beside: its path from the folder of the file that is compiled, where it was found there; None for the
            file that is compiled itself, and for files of the library.
    """

    source: SourceFile
    tree: ast.File
    imports: dict[str, Program] = field(default_factory=dict, compare=False, repr=False)
    beside: str | None = field(default=None, compare=False, repr=False)

    @property
    def names(self) -> list[str]:
        """Its nets and variants, in the order of the text."""
        return list(targets(self.tree))

    @property
    def complete(self) -> list[str]:
        """Those that need no argument: the variants, or else the nets. A net that a variant names is not
        listed twice.
        """
        items = targets(self.tree)
        ready = [name for name, item in items.items() if not needs_arguments(item)]
        named = {head_of(item.value) for item in items.values() if isinstance(item, ast.Variant)}
        nets = {name for name in named if isinstance(items.get(name), ast.Definition)}
        return [name for name in ready if name not in nets] or ready


@dataclass(frozen=True, slots=True)
class Compiled:
    """A net or variant as a graph, ready for the back ends, the doubts about it, and the budgets it keeps."""

    program: Program
    name: str
    graph: Graph
    warnings: tuple[Diagnostic, ...]
    budgets: tuple[Verdict, ...] = ()
    edits: tuple[ast.Edit | ast.Assert, ...] = ()
    """Those that came from outside of the file."""
    arguments: Mapping[str, Value] = field(default_factory=dict)
    """Those that came from outside of the file: values, or expressions."""
    shape: tuple[int, ...] | None = None
    """The sizes of the input, where they came from outside of the file."""


@contextmanager
def _growing() -> Generator[None]:
    """Holds the garbage collector while a graph grows: it would walk the whole graph again and again, and
    find nothing.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def read_program(text: str, name: str = "<text>") -> Program:
    """Parses a file, and not those that it uses: `ogive.reading` does.

    Raises:
        ArchError: with every mistake of syntax.
    """
    source = SourceFile(name, text)
    tree, diagnostics = parse(source)
    if tree is None:
        raise ArchError(diagnostics)
    return Program(source, tree)


def parse_value(text: str, what: str = "--set") -> ast.Expr:
    """Parses the value of an argument: `10`, `[2, 2, 2, 2]`, `Basic`.

    Raises:
        ArchError: with the mistakes.
    """
    value, diagnostics = parse_expression(SourceFile(what, text))
    if value is None:
        raise ArchError(diagnostics)
    return value


def parse_changes(texts: Sequence[str], what: str = "--edit") -> tuple[ast.Edit | ast.Assert, ...]:
    """Parses edits (and budgets) from outside of a file: `remove lrn; insert bn before relu`.

    Args:
        texts: each holds one edit, or several, separated by `;`.
        what: what diagnostics call them.

    Raises:
        ArchError: with the mistakes of all of them.
    """
    changes: list[ast.Edit | ast.Assert] = []
    mistakes: list[Diagnostic] = []
    for text in texts:
        parsed, diagnostics = parse_edits(SourceFile(what, text))
        changes += parsed or ()
        mistakes += diagnostics
    if mistakes:
        raise ArchError(mistakes)
    return tuple(changes)


def compile_target(
    program: Program,
    name: str,
    *,
    arguments: Mapping[str, Value] | None = None,
    shape: tuple[int, ...] | None = None,
    library: Library | None = None,
    edits: Sequence[ast.Edit | ast.Assert] = (),
) -> Compiled:
    """Elaborates a net or variant and prepares its graph: nothing unused, every bias decided.

    Args:
        program: the file.
        name: which of its nets or variants.
        arguments: for the net, over those of the variant: values, or expressions that `parse_value` gave.
        shape: sizes of its only input without the batch.
        library: the layers there are; the standard ones unless given.
        edits: edits and budgets, over those of the file: what `parse_changes` gave.

    Raises:
        ArchError: with every mistake.
    """
    items = targets(program.tree)
    if name not in items:
        guess = did_you_mean(name, items)
        raise ArchError(
            [
                Diagnostic(
                    "E117",
                    f"{program.source.name} has no net or variant called `{name}`",
                    (),
                    (("note", f"it has {', '.join(items) or 'none'}"),),
                    f"did you mean `{guess}`?" if guess else None,
                )
            ]
        )
    library = library or Library.standard()
    with _growing():
        done = elaborate(program, items[name], library, arguments=arguments, shape=shape, edits=edits)
        compiled, diagnostics = _finish(program, name, done, library, tuple(edits))
    if compiled is None:
        raise ArchError(diagnostics)
    return replace(compiled, arguments=dict(arguments or {}), shape=shape)


def _finish(
    program: Program,
    name: str,
    done: Elaborated,
    library: Library,
    edits: tuple[ast.Edit | ast.Assert, ...] = (),
) -> tuple[Compiled | None, tuple[Diagnostic, ...]]:
    """The passes, and then the budgets, which speak of what is left."""
    if done.graph is None:
        return None, done.diagnostics
    graph = resolve_bias(prune(done.graph))
    graph.edits = tuple(" ".join(edit.span.text.split()) for edit in edits)
    budgets, exceeded = decide(done.budgets, done.graph, graph, partial(new_context, library, of=done))
    diagnostics = (*done.diagnostics, *dropped_outputs(done.graph, done.output_names), *exceeded)
    if any(d.severity == "error" for d in exceeded):
        return None, diagnostics
    warnings = tuple(d for d in diagnostics if d.severity == "warning")
    return Compiled(program, name, graph, warnings, budgets, edits), diagnostics


def check_program(
    program: Program, library: Library | None = None
) -> tuple[list[Compiled], list[Diagnostic]]:
    """Checks everything in a file: all nets and variants that need no argument, and the names in what none of
    them uses.

    Returns:
        What works, and all diagnostics, each place once, in the order of the text.
    """
    from ogive.elaborate.names import check_names

    library = library or Library.standard()
    compiled: list[Compiled] = []
    found: list[Diagnostic] = []
    used: set[str] = set()
    items = targets(program.tree)
    left = MAX_FILE_WORK
    for name in program.complete:
        with _growing():
            done = elaborate(program, items[name], library, budget=min(MAX_WORK, left))
            left -= done.work
            used |= done.used
            network, diagnostics = _finish(program, name, done, library)
            if network is not None:
                compiled.append(network)
        found += diagnostics
        if any(d.code == "E402" for d in done.diagnostics):
            break  # one net that never ends is enough to wait for
    found += check_names(program.tree, library, used, visible_items(program))
    if program.tree.recipes:  # few files have one, and there is much that may stand in it
        from ogive.recipes import resolve_all

        found += resolve_all(program, library)[1]
    return compiled, _each_once(found)


def _each_once(found: list[Diagnostic]) -> list[Diagnostic]:
    """Each code and place once, though several variants meet it, in the order of the text."""
    first: dict[object, Diagnostic] = {}
    for diagnostic in found:
        span = diagnostic.span
        first.setdefault(
            (diagnostic.code, span.start, span.end) if span else (diagnostic.code, diagnostic.message),
            diagnostic,
        )
    return sorted(first.values(), key=lambda d: (d.span is None, d.span.start if d.span else 0))
