"""`ogive list`: the networks of the zoo."""

from __future__ import annotations

import click


@click.command(short_help="List the networks of the zoo.", epilog="Example: ogive list --blocks")
@click.option("--blocks", is_flag=True, help="List the library's blocks, which any file can `use`.")
def command(blocks: bool) -> None:
    """List the networks of the zoo, file by file, each with the paper it comes from."""
    from ogive import resources
    from ogive.loading import declared

    for number, path in enumerate(resources.block_files() if blocks else resources.zoo_files()):
        if number:
            click.echo()
        first = path.read_text(encoding="utf-8").lstrip().split("\n", 1)[0]
        title = first.lstrip("# ").strip() if first.startswith("#") else ""
        click.echo(f"{path.name}  {title}".rstrip())
        names = declared(path, "block" if blocks else "variant")
        if names:
            click.echo(click.wrap_text("  ".join(names), 100, "  ", "  "))
