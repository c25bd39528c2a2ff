"""`ogive check`: everything that is wrong, or one line for each network that is right."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from ogive.cli.messages import print_diagnostics
from ogive.cli.target import Settings, settings_options
from ogive.diagnostics import ArchError, Diagnostic
from ogive.render import render_text, to_json, visible

if TYPE_CHECKING:
    from ogive.network import Network
    from ogive.pipeline import Program


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of one TARGET, or of one net of a file: a network, or mistakes, or a network with doubts."""

    target: str
    network: Network | None
    diagnostics: tuple[Diagnostic, ...]


@click.command(
    short_help="Find every mistake, without running anything.",
    epilog="Example: ogive check mynet.arch resnet.arch:resnet50",
)
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print results and diagnostics as JSON.")
@click.option("--strict", is_flag=True, help="Treat doubts (warnings) as mistakes.")
@settings_options
def command(targets: tuple[str, ...], as_json: bool, strict: bool, settings: Settings) -> None:
    """Check networks without running them: every shape, parameter and name.

    Of a file with several nets, all that need no argument are checked.
    """
    results = [result for target in targets for result in examine(target, settings)]
    diagnostics = distinct(results)
    if as_json:
        click.echo(json.dumps([_json(result) for result in results], indent=2))
    else:
        for result in results:
            if result.network is not None:
                click.echo(line(result.network))
            elif not result.diagnostics:
                click.echo(f"{visible(result.target)}: no net that needs no argument; its names are right")
        print_diagnostics(diagnostics)
    if any(d.severity == "error" or strict for d in diagnostics):
        raise click.exceptions.Exit(1)


def examine(target: str, settings: Settings) -> list[Checked]:
    """Checks what TARGET names; of a file each net that needs no argument, and the names in the others."""
    from ogive.loading import find
    from ogive.network import Network
    from ogive.pipeline import check_program

    try:
        program, name = find(target)
    except ArchError as error:
        return [Checked(target, None, error.diagnostics)]
    if name is not None:
        return [_one(target, program, name, settings)]
    if settings.arguments or settings.input:
        names = program.complete or program.names
        return [_one(f"{target}:{each}", program, each, settings) for each in names]
    compiled, diagnostics = check_program(program)
    results = [Checked(f"{target}:{each.name}", Network(each), each.warnings) for each in compiled]
    said = {id(d) for each in compiled for d in each.warnings}
    rest = tuple(d for d in diagnostics if id(d) not in said)
    return results if results and not rest else [*results, Checked(target, None, rest)]


def _one(target: str, program: Program, name: str, settings: Settings) -> Checked:
    try:
        network = settings.compile(program, name)
    except ArchError as error:
        return Checked(target, None, error.diagnostics)
    return Checked(target, network, network.warnings)


def distinct(results: list[Checked]) -> list[Diagnostic]:
    """The diagnostics, each once: variants of one net share its mistakes."""
    seen: dict[str, Diagnostic] = {}
    for result in results:
        for diagnostic in result.diagnostics:
            seen.setdefault(render_text(diagnostic), diagnostic)
    return list(seen.values())


def line(network: Network) -> str:
    """`resnet50: 25.6 M parameters, 4.09 G MACs, 3x224x224 -> 1000`."""
    from ogive.report.units import shape, short

    inputs = ", ".join(shape(tensor.sizes) for _, tensor in network.inputs)
    outputs = ", ".join(shape(tensor.sizes) for _, tensor in network.outputs)
    counts = f"{short(network.params)} parameters, {short(network.macs)} MACs"
    return f"{visible(network.name)}: {counts}, {inputs} -> {outputs}"


def _json(result: Checked) -> dict[str, object]:
    network = result.network
    return {
        "target": result.target,
        "ok": all(d.severity != "error" for d in result.diagnostics),
        "name": network.name if network else None,
        "params": network.params if network else None,
        "macs": network.macs if network else None,
        "inputs": [{"name": n, "shape": list(t.sizes)} for n, t in network.inputs] if network else [],
        "outputs": [{"name": n, "shape": list(t.sizes)} for n, t in network.outputs] if network else [],
        "diagnostics": [to_json(diagnostic) for diagnostic in result.diagnostics],
    }
