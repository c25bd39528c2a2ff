"""`ogive show`: the program behind a network."""

from __future__ import annotations

import click

from ogive.cli.complete import complete_target
from ogive.cli.edited import edited_variant
from ogive.cli.output import echo_program
from ogive.cli.show_recipe import show_recipes
from ogive.cli.target import Settings, settings_options


@click.command(
    short_help="Print the .arch text of a network or a recipe.",
    epilog="Example: ogive show densenet121 > mynet.arch",
)
@click.argument("target", metavar="TARGET", required=False, shell_complete=complete_target)
@click.option(
    "--recipe",
    is_flag=False,
    flag_value="",
    metavar="NAME",
    help="Print this training recipe of TARGET's file, or of the zoo; all of the file without a NAME.",
)
@click.option(
    "--whole", is_flag=True, help="With --recipe: print every setting and argument, as a run would use it."
)
@click.option("--json", "as_json", is_flag=True, help="With --recipe: print it as JSON.")
@settings_options
def command(target: str | None, recipe: str | None, whole: bool, as_json: bool, settings: Settings) -> None:
    """Print the .arch text that TARGET comes from, to read or to start from.

    With edits, a variant at its end says what they make of it. With --recipe, a training recipe is printed
    with all that it takes over from others.
    """
    if recipe is not None:
        show_recipes(recipe, target, as_json=as_json, in_full=whole)
        return
    if target is None:
        raise click.UsageError("Missing argument 'TARGET'.")
    if as_json or whole:
        raise click.UsageError(f"--{'json' if as_json else 'whole'} goes with --recipe.")
    network = settings.load(target)
    text = network.text
    echo_program(text)
    if network.edits:
        _, variant = edited_variant(network.name, text, settings.written(), network.edits)
        click.echo(f"\n{variant}")
