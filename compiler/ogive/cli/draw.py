"""`ogive draw`: a network as a figure, or several side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from ogive.backends.draw.choices import COLOURINGS, STYLES, THEMES
from ogive.cli.complete import complete_target
from ogive.cli.figure import ending_of, parse_fit_option
from ogive.cli.messages import print_diagnostics
from ogive.cli.output import require_file, write
from ogive.cli.target import Settings, settings_options
from ogive.render import visible

if TYPE_CHECKING:
    from ogive.backends.draw.choices import Style


def _style(ctx: click.Context, param: click.Parameter, value: str) -> tuple[str, str | None]:
    """A style by its name, or `block NAME`."""
    word, _, name = value.strip().partition(" ")
    if word == "block" and name.strip():
        return "overview", name.strip()
    if word == "block":
        raise click.BadParameter(
            "say which block: --style 'block Bottleneck', or --block Bottleneck", ctx, param
        )
    if value not in STYLES:
        from ogive.diagnostics import did_you_mean

        guess = did_you_mean(value, (*STYLES, "block"))
        hint = f"did you mean {guess}? " if guess else ""
        raise click.BadParameter(
            f"{visible(value)!r} is not one of them; {hint}there are {', '.join(STYLES)}, 'block NAME'",
            ctx,
            param,
        )
    return value, None


@click.command(
    short_help="Draw a figure for a paper.",
    epilog="Example: ogive draw resnet50 -o resnet50.pdf --fit column --caption",
)
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True, shell_complete=complete_target)
@settings_options
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="The file to write: .svg, .pdf, .png, .dot, or .tex (.tikz) for LaTeX.",
)
@click.option(
    "--style",
    default="overview",
    show_default=True,
    callback=_style,
    metavar="STYLE",
    help=(
        "overview: folded, its blocks defined beside it; full: every layer; 'block NAME': one block; "
        "tensors: boxes are tensors; unfolded, ring, clique: a clique stage by stage, as a ring, or both; "
        "arcs: a dense block with every arc; chain: from left to right, dense blocks and cliques with every "
        "arc."
    ),
)
@click.option(
    "--block",
    metavar="NAME",
    help="Draw one block or stage alone, as --style 'block NAME'; with --style full, all of its layers.",
)
@click.option(
    "--fit",
    metavar="column|page|WxHin",
    callback=parse_fit_option,
    help="The space that the figure has; as much is folded as makes its type at least 6 pt.",
)
@click.option(
    "--depth", type=click.IntRange(0), metavar="N", help="How many levels of stages and blocks to open."
)
@click.option(
    "--expand",
    multiple=True,
    metavar="NAME",
    help="A stage or block to show in full, whatever its size. May be given several times.",
)
@click.option(
    "--fold", multiple=True, metavar="NAME", help="A stage or block to fold. May be given several times."
)
@click.option(
    "--colour-by",
    "--color-by",
    type=click.Choice(COLOURINGS),
    default="kind",
    show_default=True,
    help="What the colours mean.",
)
@click.option(
    "--theme", type=click.Choice(THEMES), default="paper", show_default=True, help="In colour, or in grey."
)
@click.option("--legend", is_flag=True, help="A key of the kinds of layers; measures always have one.")
@click.option(
    "--title", "titles", multiple=True, metavar="TEXT", help="What a TARGET is called, one for each."
)
@click.option("--caption", is_flag=True, help="Print a caption for the figure.")
@click.option(
    "--dpi",
    default=200,
    show_default=True,
    type=click.IntRange(36, 2400),
    metavar="N",
    help="Dots to the inch of a PNG.",
)
def command(
    targets: tuple[str, ...],
    settings: Settings,
    output: Path,
    style: tuple[str, str | None],
    block: str | None,
    fit: tuple[float, float] | None,
    depth: int | None,
    expand: tuple[str, ...],
    fold: tuple[str, ...],
    colour_by: str,
    theme: str,
    legend: bool,
    titles: tuple[str, ...],
    caption: bool,
    dpi: int,
) -> None:
    """Draw a network for a paper: repeats rolled up, each block defined once. Several stand side by side,
    their stages aligned. Settings hold for every TARGET.
    """
    suffix = ending_of(output)  # before a network is made: the answer comes at once
    if titles and len(titles) != len(targets):
        raise click.UsageError(f"--title is given {len(titles)} times, for {len(targets)} targets")
    kind, own = style
    if block is not None and own is not None:
        raise click.UsageError("--style 'block NAME' and --block NAME are the same: give one of them")
    require_file(output)

    from ogive.backends.draw.layout.process import Graphviz

    with Graphviz() as graphviz:  # its process starts while the networks are made
        networks = [settings.load(target) for target in targets]
        print_diagnostics([warning for network in networks for warning in network.warnings])

        from ogive.backends.draw import Options, Subject, drawing

        names = titles or [""] * len(networks)
        subjects = [Subject(n.ir, n.unrolled, title) for n, title in zip(networks, names, strict=True)]
        options = Options(
            cast("Style", kind), block or own, fit, depth, expand, fold, colour_by, theme, legend, dpi
        )
        made = drawing(subjects, suffix, options, graphviz)
    write(output, made.data)
    for note in made.notes:
        word = "warning" if note in made.warnings else "note"
        click.echo(f"{word}: {visible(note)}", err=True)
    if caption:
        click.echo(made.caption)
