"""`ogive diff`: what is different between two networks."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ogive.backends.draw.choices import THEMES
from ogive.cli.complete import complete_target
from ogive.cli.figure import ending_of, parse_fit_option
from ogive.cli.messages import print_diagnostics, refuse, wants_colour
from ogive.cli.output import require_file, write
from ogive.cli.target import Settings, settings_options
from ogive.render import visible

if TYPE_CHECKING:
    from ogive.network import Network
    from ogive.report.difference import Difference


_GIVEN = click.core.ParameterSource.COMMANDLINE


@click.command(
    short_help="What is different between two networks.",
    epilog="Example: ogive diff resnet50 --edit 'replace relu with gelu' -o gelu.pdf",
)
@click.argument("a", metavar="A", shell_complete=complete_target)
@click.argument("b", metavar="[B]", required=False, shell_complete=complete_target)
@settings_options
@click.option("--both", is_flag=True, help="Apply --set, --edit and --input to A as well.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Draw the difference as well: .svg, .pdf, .png, .dot, or .tex (.tikz) for LaTeX.",
)
@click.option(
    "--fit",
    metavar="column|page|WxHin",
    callback=parse_fit_option,
    help="The space that the figure has; as much is folded as makes its type at least 6 pt.",
)
@click.option(
    "--theme", type=click.Choice(THEMES), default="paper", show_default=True, help="In colour, or in grey."
)
@click.option(
    "--dpi",
    default=200,
    show_default=True,
    type=click.IntRange(36, 2400),
    metavar="N",
    help="Dots to the inch of a PNG.",
)
@click.option("--caption", is_flag=True, help="Print a caption for the figure.")
@click.option("--json", "as_json", is_flag=True, help="Print every change as JSON (docs/diff.md).")
@click.option("--exit-code", "by_code", is_flag=True, help="Exit with 1 where there is a difference.")
def command(
    a: str,
    b: str | None,
    settings: Settings,
    both: bool,
    output: Path | None,
    fit: tuple[float, float] | None,
    theme: str,
    dpi: int,
    caption: bool,
    as_json: bool,
    by_code: bool,
) -> None:
    """Compare two networks by what they mean: layers, arguments, connections, names, counts.

    A and B are targets. --set, --edit and --input apply to B; without B, it is A with them. A difference is
    no failure: the exit status is 0 unless --exit-code is given.
    """
    given = bool(settings.arguments or settings.edits or settings.input)
    if b is None and (both or not given):
        why = "A and B would be the same" if both else "there is no second network, and nothing to change"
        advice = f"name a second network, or say what to change: `ogive diff {visible(a)} --edit 'remove bn'`"
        refuse("E585", f"nothing to compare `{visible(a)}` with: {why}", advice=advice, usage=True)
    for name in ("fit", "theme", "dpi"):
        if output is None and click.get_current_context().get_parameter_source(name) is _GIVEN:
            raise click.UsageError(f"--{name} is for a figure: name its file, `-o difference.pdf`")
    suffix = ending_of(output) if output is not None else ""
    if output is not None:
        require_file(output)
    plain = replace(settings, arguments={}, input=None, edits=())
    nets = (settings if both else plain).load(a), settings.load(b or a)
    warnings = {str(each): each for net in nets for each in net.warnings}
    print_diagnostics(warnings.values())

    from ogive.report.difference import difference
    from ogive.report.difference.json import to_json

    names = _names(nets, (a, b or a), given)
    found = difference(nets[0].ir, nets[0].unrolled, nets[1].ir, nets[1].unrolled, names=names)
    if output is not None:
        _draw(found, output, suffix, fit, theme, dpi, caption)
    if as_json:
        about = ({"target": target, **_given(net)} for target, net in zip((a, b or a), nets, strict=True))
        click.echo(json.dumps(to_json(found, *about), indent=2, ensure_ascii=False))
    else:
        _print(found)
    if by_code and not found.same:
        sys.exit(1)


def _names(nets: tuple[Network, Network], targets: tuple[str, str], given: bool) -> tuple[str, str]:
    """What the nets are called beside each other: by their names, by what was typed, or as edited."""
    from ogive.comparing import given_name, names_of

    if nets[0].name != nets[1].name or targets[0] == targets[1]:
        return names_of(*nets)
    return targets[0], given_name(nets[1], targets[1]) if given and not nets[0].edits else targets[1]


def _given(net: Network) -> dict[str, object]:
    """What was given beside a target."""
    shape = net.compiled.shape
    return {
        "edits": list(net.edits),
        "set": sorted(net.compiled.arguments),
        "input": list(shape) if shape else None,
    }


def _print(found: Difference) -> None:
    """The text, marked in colour where it goes to a terminal."""
    text, in_colour = str(found), wants_colour(sys.stdout)
    if in_colour:
        colours = {"+": "green", "-": "red", "~": "yellow"}
        lines = (
            click.style(line, fg=colours[line[0]]) if line[:1] in colours and line[1:2] == " " else line
            for line in text.split("\n")
        )
        text = "\n".join(lines)
    click.echo(text, color=in_colour)


def _draw(
    found: Difference,
    output: Path,
    suffix: str,
    fit: tuple[float, float] | None,
    theme: str,
    dpi: int,
    caption: bool,
) -> None:
    from ogive.backends.draw.styles.difference import difference_drawing

    made = difference_drawing(found, suffix, fit=fit, theme=theme, dpi=dpi)
    write(output, made.data)
    for note in made.notes:
        click.echo(f"note: {visible(note)}", err=True)
    if caption:
        click.echo(made.caption)
