"""The whole way on one page: text, tree, graph, passes. Every step can be called, and printed, alone.

    parse -> elaborate -> prune -> resolve_bias -> [unroll_cliques] -> back ends

Nothing here reads files or prints; nothing loads torch.
"""

from __future__ import annotations

import gc
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from ogive.diagnostics import ArchError, Diagnostic, did_you_mean
from ogive.elaborate.context import MAX_WORK
from ogive.elaborate.program import elaborate, needs_arguments, targets
from ogive.elaborate.values import Value
from ogive.graph import Graph
from ogive.layers.library import Library
from ogive.passes.bias import resolve_bias
from ogive.passes.prune import prune
from ogive.source import SourceFile
from ogive.syntax import ast
from ogive.syntax.parser import parse, parse_expression

MAX_FILE_WORK = 2 * MAX_WORK
"""Steps that checking all nets of a file may take together."""

__all__ = ["Compiled", "Program", "check_program", "compile_target", "parse_value", "read_program"]


@dataclass(frozen=True, slots=True)
class Program:
    """A file that parses."""

    source: SourceFile
    tree: ast.File

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
        named = {_head(item.value) for item in items.values() if isinstance(item, ast.Variant)}
        return [name for name in ready if name not in named] or ready


def _head(value: ast.Expr) -> str:
    while isinstance(value, ast.Call):
        value = value.function
    return value.id if isinstance(value, ast.Name) else ""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A net or variant as a graph, ready for the back ends, and the doubts about it."""

    program: Program
    name: str
    graph: Graph
    warnings: tuple[Diagnostic, ...]


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
    """Parses a file.

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


def compile_target(
    program: Program,
    name: str,
    *,
    arguments: Mapping[str, Value] | None = None,
    shape: tuple[int, ...] | None = None,
    library: Library | None = None,
) -> Compiled:
    """Elaborates a net or variant and prepares its graph: nothing unused, every bias decided.

    Args:
        program: the file.
        name: which of its nets or variants.
        arguments: for the net, over those of the variant: values, or expressions that `parse_value` gave.
        shape: sizes of its only input without the batch.
        library: the layers there are; the standard ones unless given.

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
    with _growing():
        done = elaborate(
            program.tree, items[name], library or Library.standard(), arguments=arguments, shape=shape
        )
        if done.graph is None:
            raise ArchError(done.diagnostics)
        graph = resolve_bias(prune(done.graph))
    return Compiled(program, name, graph, tuple(d for d in done.diagnostics if d.severity == "warning"))


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
            done = elaborate(program.tree, items[name], library, budget=min(MAX_WORK, left))
            left -= done.work
            used |= done.used
            if done.graph is not None:
                warnings = tuple(d for d in done.diagnostics if d.severity == "warning")
                compiled.append(Compiled(program, name, resolve_bias(prune(done.graph)), warnings))
        found += done.diagnostics
        if any(d.code == "E402" for d in done.diagnostics):
            break  # one net that never ends is enough to wait for
    found += check_names(program.tree, library, used)
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
