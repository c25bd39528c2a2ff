"""`ogive new`: a file to start from."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ogive.cli.complete import complete_target
from ogive.cli.edited import edited_variant
from ogive.cli.messages import refuse
from ogive.cli.output import why_not_written
from ogive.cli.target import Settings, plugin_option, with_plugins
from ogive.diagnostics import ArchError
from ogive.files import create_atomically
from ogive.render import visible

if TYPE_CHECKING:
    from ogive.layers.library import Library
    from ogive.network import Network


@click.command(
    short_help="Start a file, from a network of the zoo or from nothing.",
    epilog="Example: ogive new mynet.arch --from resnet50",
)
@click.argument("file", metavar="FILE")
@click.option(
    "--from",
    "source",
    metavar="TARGET",
    shell_complete=complete_target,
    help="The network to start from: its text, and its parameters.",
)
@click.option(
    "--edit",
    "edits",
    multiple=True,
    metavar="EDIT",
    help="With --from: an edit of the network, as a variant of its own. May be given several times.",
)
@plugin_option
def command(file: str, source: str | None, edits: tuple[str, ...], plugins: tuple[str, ...]) -> None:
    """Start FILE with the text of a network: its paper, the blocks that it needs, its recipe; nothing else.

    Without --from it is a small network with comments. A file that exists is never overwritten.
    """
    if edits and source is None:
        raise click.UsageError("--edit goes with --from.")
    path = Path(file)
    if path.suffix != ".arch":
        name = path.name.strip(".")
        name = "mynet" if name in ("", "arch") else name
        meant = path.parent / f"{name}.arch"
        origin = f" --from {visible(source)}" if source else ""
        message = f"the name of a program ends in .arch, and `{visible(file)}` does not"
        refuse("E533", message, advice=f"`ogive new {visible(str(meant))}{origin}`", usage=True)
    if _exists(path):
        _refuse_to_overwrite(path)
    library = with_plugins(Settings({}, None), plugins).library
    made = _from_nothing(path) if source is None else _from_target(source, path, library, edits)
    text, name, network = made
    try:
        create_atomically(path, text)
    except FileExistsError:
        _refuse_to_overwrite(path)
    except (OSError, ValueError) as error:
        reason, advice = why_not_written(error, path)
        refuse("E510", f"cannot write `{visible(file)}`: {reason}", advice=advice, cause=error)
    from ogive.cli.check import line

    click.echo(f"wrote {visible(file)}")
    click.echo(line(network))
    click.echo(f"next: ogive summary {visible(file)}:{visible(name)}")


def _exists(path: Path) -> bool:
    try:
        path.lstat()
    except (OSError, ValueError):
        return False  # writing says why
    return True


def _refuse_to_overwrite(path: Path) -> None:
    what = "a folder" if path.is_dir() else "a file"
    message = f"`{visible(str(path))}` exists, and {what} is never overwritten"
    refuse("E532", message, advice="choose another name, or remove it first")


def _from_target(
    target: str, path: Path, library: Library | None, edits: tuple[str, ...]
) -> tuple[str, str, Network]:
    """The text of a target's net as a file of its own, its name, and what it compiles to.

    Raises:
        ArchError: the target is wrong; or E533, alone it would be another net, or could not be read.
    """
    from ogive.loading import find, only_name
    from ogive.network import Network
    from ogive.pipeline import compile_target, parse_changes
    from ogive.reading import read_text
    from ogive.syntax.excerpt import excerpt
    from ogive.syntax.format import format_text

    program, name = find(target)
    name = name or only_name(program)
    try:
        before = Network(compile_target(program, name, library=library, edits=parse_changes(edits)))
    except ArchError as error:
        raise error if library else _without_plugin(error) from None
    text = excerpt(program.tree, name)
    if edits:
        name, variant = edited_variant(name, text, {}, edits)
        text = f"{text}\n{variant}\n"
    text = format_text(text, program.source.name)
    try:
        after = Network(compile_target(read_text(text, str(path), path.parent), name, library=library))
    except ArchError as error:
        first = error.diagnostics[0]
        advice = "start the file beside that one, or copy there what it uses"
        message = f"`{visible(target)}` does not work in another place: {first.message}"
        refuse("E533", message, advice=advice, cause=error)
    if (before.params, before.macs) != (after.params, after.macs):
        uses = ", ".join(f"`{each.file}`" for each in program.tree.uses)
        message = (
            f"`{visible(target)}` would be another net there, since {uses or 'what it uses'} is another file"
        )
        refuse("E533", message, advice="start the file in another folder")
    return text, name, after


def _without_plugin(error: ArchError) -> ArchError:
    """The mistakes of a net that was read without a plugin: names that mean nothing may be those of one."""
    note = ("note", "if it is a layer of a plugin: `--plugin FILE.py`")
    return ArchError(
        [replace(d, notes=(*d.notes, note)) if d.code == "E101" else d for d in error.diagnostics]
    )


def _from_nothing(path: Path) -> tuple[str, str, Network]:
    """A small net with comments, called as the file is, its name, and what it compiles to."""
    from ogive.network import Network
    from ogive.pipeline import compile_target, read_program
    from ogive.syntax.format import format_text

    def started(variant: str) -> tuple[str, str, Network]:
        net = "".join(word[:1].upper() + word[1:] for word in variant.split("_"))
        text = format_text(_TEMPLATE.replace("VARIANT", variant).replace("NET", net), str(path))
        return text, variant, Network(compile_target(read_program(text, str(path)), variant))

    words = re.findall(r"[A-Za-z0-9]+", path.stem)
    name = re.sub(r"^(?=[0-9])", "net_", "_".join(words).lower())
    try:
        return started(name or "my_net")
    except ArchError:  # `conv.arch`: the name of the file means something else in a program
        return started("my_net")


_TEMPLATE = """\
# What this network is, and where it comes from: the title of the paper, its authors, the year.

block Unit(width, stride = 1) {                      # what comes back is a block
  residual {                                         # adds what enters to what its body makes of it
    conv(width, 3x3, stride = stride, padding = 1) -> bn -> relu
    conv(width, 3x3, padding = 1) -> bn
  } -> relu
}

net NET(width = 16, layers = [2, 2, 2], classes = 10) {
  input image: 3x32x32                               # channels, height, width

  stage stem { conv(width, 3x3, padding = 1) -> bn -> relu }
  for i, n in layers {
    stage "part{i + 1}" {                            # a row of the paper's table
      repeat n as j { Unit(width * 2 ** i, stride = 2 if i > 0 and j == 0 else 1) }
    }
  }
  global_avg_pool -> flatten -> linear(classes)
}

variant VARIANT = NET()
variant VARIANT_wide = NET(width = 64)
"""
