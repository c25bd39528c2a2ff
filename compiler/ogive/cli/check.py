"""`ogive check`: everything that is wrong, or one line for each network that is right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ogive.cli.complete import complete_target
from ogive.cli.messages import print_diagnostics
from ogive.cli.target import Settings, settings_options
from ogive.diagnostics import ArchError, Diagnostic
from ogive.render import render_text, visible

if TYPE_CHECKING:
    from ogive.cli.check_fix import FixedFile
    from ogive.network import Network
    from ogive.pipeline import Program
    from ogive.syntax import ast


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of one TARGET, or of one net of a file: a network, or mistakes, or a network with doubts.

    Attributes:
        needs: arguments without which the net cannot be checked; only the names in it were.
    """

    target: str
    network: Network | None
    diagnostics: tuple[Diagnostic, ...]
    needs: tuple[str, ...] = ()


@click.command(
    short_help="Find every mistake, without running anything.",
    epilog="Example: ogive check mynet.arch resnet.arch:resnet50",
)
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True, shell_complete=complete_target)
@click.option("--json", "as_json", is_flag=True, help="Print results and diagnostics as JSON.")
@click.option("--strict", is_flag=True, help="Treat doubts (warnings) as mistakes.")
@click.option(
    "--fix", is_flag=True, help="Correct what can only be meant in one way, in the files that are named."
)
@click.option("--unsafe-fixes", "unsafe", is_flag=True, help="With --fix: also correct what is a guess.")
@click.option("--diff", is_flag=True, help="With --fix: show what would be changed, and change nothing.")
@settings_options
def command(
    targets: tuple[str, ...],
    as_json: bool,
    strict: bool,
    fix: bool,
    unsafe: bool,
    diff: bool,
    settings: Settings,
) -> None:
    """Check networks without running them: every shape, parameter and name.

    Of a file with several nets, all that need no argument are checked.
    """
    if not fix and (diff or unsafe):
        raise click.UsageError(f"{'--diff' if diff else '--unsafe-fixes'} goes with --fix.")
    fixed = _fix(targets, settings, unsafe=unsafe) if fix else []
    if not diff:
        for file in fixed:  # all of them first: nothing is written when one cannot be
            file.require_writable()
        for file in fixed:
            file.save()
    versions = {file.path.resolve(): file.text for file in fixed}
    results = [result for target in targets for result in examine(target, settings, versions)]
    diagnostics, key = distinct(results)
    failed = any(d.severity == "error" or strict for d in diagnostics) or bool(diff and fixed)
    if as_json:
        import json

        from ogive.cli.check_json import document

        done = {file.path: file.applied for file in fixed} if fix else None
        click.echo(json.dumps(document(results, diagnostics, key, not failed, done), indent=2))
    else:
        for text in _told(fixed, diff=diff) if fixed else ():
            click.echo(text, nl=False)
        for result in () if diff and fixed else results:
            if result.network is not None:
                click.echo(line(result.network))
            elif result.needs:
                click.echo(_not_checked(result))
            elif not result.diagnostics:
                click.echo(f"{visible(result.target)}: no net that needs no argument; its names are right")
        print_diagnostics(diagnostics)
        if not fix:
            _offer(targets, diagnostics)
    if failed:
        raise click.exceptions.Exit(1)


def _told(fixed: list[FixedFile], *, diff: bool) -> list[str]:
    """What `--fix` did, or what `--diff` shows that it would do."""
    from ogive.cli.check_fix import report

    return [file.diff() for file in fixed] if diff else [f"{line}\n" for line in report(fixed)]


def _fix(targets: tuple[str, ...], settings: Settings, *, unsafe: bool) -> list[FixedFile]:
    from ogive.cli.check_fix import fix_files

    def find(named: list[str], path: Path, text: str) -> list[Diagnostic]:
        found = [result for target in named for result in examine(target, settings, {path.resolve(): text})]
        return distinct(found)[0]

    return fix_files(targets, find, unsafe=unsafe)


def _offer(targets: tuple[str, ...], diagnostics: list[Diagnostic]) -> None:
    """Says of how many mistakes in the files that were named `--fix` knows the correction, and how many have
    only a guess.
    """
    files = {target.partition(".arch")[0] + ".arch" for target in targets}
    fixes = [d.fix for d in diagnostics if d.fix is not None and d.fix.span.source.name in files]
    safe = sum(fix.safe for fix in fixes)
    guesses = len(fixes) - safe
    said: list[str] = []
    if safe:
        what = f"{safe} of these" if len(diagnostics) > 1 else "it"
        said.append(f"`ogive check --fix` corrects {what}")
    if guesses:
        what = f"{guesses} {'more ' if safe else ''}of these" if len(diagnostics) > 1 else "it"
        command = "with `--unsafe-fixes`" if safe else "`ogive check --fix --unsafe-fixes`"
        said.append(f"{command} {'it ' if safe else ''}tries a guess at {what}")
    if said:
        click.echo(f"\n{'; '.join(said)}", err=True)


def examine(target: str, settings: Settings, versions: Mapping[Path, str] | None = None) -> list[Checked]:
    """Checks what TARGET names; of a file each net that needs no argument, and the names in the others.

    Of a file with several nets each gets those settings that are parameters of it.

    Args:
        target: as on the command line.
        settings: what the options say.
        versions: texts that stand in the place of what is in the files of these resolved paths.
    """
    from ogive.loading import only_name
    from ogive.network import Network
    from ogive.pipeline import check_program

    try:
        program, name = _find(target, versions or {})
        if name is None and not program.tree.items:
            only_name(program)  # says that there is none
    except ArchError as error:
        return [Checked(target, None, error.diagnostics)]
    if name is not None:
        return [_one(target, program, name, settings)]
    if settings.arguments or settings.input or settings.edits:
        return _with_settings(target, program, settings)
    compiled, diagnostics = check_program(program, settings.library)
    results = [Checked(f"{target}:{each.name}", Network(each), each.warnings) for each in compiled]
    results += _incomplete(target, program)
    said = {id(d) for each in compiled for d in each.warnings}
    rest = tuple(d for d in diagnostics if id(d) not in said)
    return results if results and not rest else [*results, Checked(target, None, rest)]


def _find(target: str, versions: Mapping[Path, str]) -> tuple[Program, str | None]:
    from ogive.loading import find, locate
    from ogive.reading import read_text

    if not versions:
        return find(target)
    file, shown, name = locate(target)
    text = versions.get(file.resolve())
    return find(target) if text is None else (read_text(text, shown or str(file), file.parent), name)


def _with_settings(target: str, program: Program, settings: Settings) -> list[Checked]:
    """Each net with those settings that are parameters of it. One that no net has is given to all of them,
    and so is said to be wrong.
    """
    own = parameters(program)
    known = {name for names in own.values() for name in names}
    left = {result.target: result for result in _incomplete(target, program)}
    if not settings.arguments.keys() <= known:
        labels = {name: f"{target}:{name}" for name in program.names}
        meant = [name for name in program.names if name in program.complete or labels[name] in left]
        return [_one(labels[name], program, name, settings) for name in meant]
    results: list[Checked] = []
    for name in program.names:
        label = f"{target}:{name}"
        given = {key: value for key, value in settings.arguments.items() if key in own[name]}
        lacking = left.get(label)
        if lacking is not None and not set(lacking.needs) <= given.keys():
            results.append(lacking)
        elif lacking is not None or name in program.complete:
            results.append(_one(label, program, name, replace(settings, arguments=given)))
    return results


def parameters(program: Program) -> dict[str, tuple[str, ...]]:
    """The parameters of each net and variant of a file; those of a variant are its net's."""
    from ogive.elaborate.modules import Parsed, visible_items
    from ogive.elaborate.program import targets
    from ogive.syntax import ast

    def of(file: Parsed, name: str, seen: frozenset[tuple[int, str]] = frozenset()) -> tuple[str, ...]:
        home, item = visible_items(file).get(name, (file, None))
        if isinstance(item, ast.Definition):
            return tuple(parameter.name.id for parameter in item.parameters)
        key = (id(home), name)
        if not isinstance(item, ast.Variant) or key in seen:
            return ()
        return of(home, _head(item), seen | {key})

    return {name: of(program, name) for name in targets(program.tree)}


def _incomplete(target: str, program: Program) -> list[Checked]:
    """The nets that need an argument and that no variant gives it to."""
    from ogive.elaborate.program import needs_arguments, targets
    from ogive.syntax import ast

    items = targets(program.tree)
    named = {_head(item) for item in items.values() if isinstance(item, ast.Variant)}
    return [
        Checked(f"{target}:{name}", None, (), tuple(needs))
        for name, item in items.items()
        if name not in named and (needs := needs_arguments(item))
    ]


def _head(variant: ast.Variant) -> str:
    """The net that a variant names."""
    from ogive.syntax import ast

    value = variant.value
    while isinstance(value, ast.Call):
        value = value.function
    return value.id if isinstance(value, ast.Name) else ""


def _not_checked(result: Checked) -> str:
    """`A needs n: not checked; --set n=…`."""
    name = visible(result.target.rpartition(":")[2])
    return f"{name} needs {', '.join(result.needs)}: not checked; " + " ".join(
        f"--set {need}=…" for need in result.needs
    )


def _one(target: str, program: Program, name: str, settings: Settings) -> Checked:
    try:
        network = settings.compile(program, name)
    except ArchError as error:
        return Checked(target, None, error.diagnostics)
    return Checked(target, network, network.warnings)


def distinct(results: list[Checked]) -> tuple[list[Diagnostic], dict[int, int]]:
    """The diagnostics, each once, for variants of one net share its mistakes; and where in that list each
    diagnostic of a result is, by its `id`.
    """
    first: dict[object, int] = {}
    found: list[Diagnostic] = []
    places: dict[int, int] = {}
    for result in results:
        alike: Counter[object] = Counter()
        for diagnostic in result.diagnostics:
            key = _key(result, diagnostic)
            alike[key] += 1  # what stands twice in one result is two mistakes at one place
            at = places[id(diagnostic)] = first.setdefault((key, alike[key]), len(found))
            if at == len(found):
                found.append(diagnostic)
    return found, places


def _key(result: Checked, diagnostic: Diagnostic) -> object:
    """What makes mistakes of several nets one. A mistake of an edit is the same for each net of a file,
    though its message names the net.
    """
    span = diagnostic.span
    if span is None or diagnostic.code not in _OF_EDITS:
        return render_text(diagnostic)
    file = result.target.partition(".arch")[0]
    return file, diagnostic.code, span.source, span.start, span.end


_OF_EDITS = frozenset({"E310", "E311", "E312", "E313", "E314", "E315"})


def line(network: Network) -> str:
    """`resnet50: 25.6 M parameters, 4.09 G MACs, 3x224x224 -> 1000`."""
    from ogive.report.units import brief_shape, rounded, short

    inputs = ", ".join(brief_shape(tensor.sizes) for _, tensor in network.inputs)
    outputs = ", ".join(brief_shape(tensor.sizes) for _, tensor in network.outputs)
    if "…" in outputs:
        outputs += " (in full: `ogive summary`)"
    counts = f"{short(network.params)} parameters, {rounded(network.macs)} MACs"
    least = "".join(f", {name} >= {size}" for name, size in network.unknowns.items() if size > 1)
    return f"{visible(network.name)}: {counts}, {inputs} -> {outputs}{least}"
