"""`ogive list`: the networks of the zoo."""

from __future__ import annotations

import click


@click.command(short_help="List the networks of the zoo.", epilog="Example: ogive list")
def command() -> None:
    """List the networks of the zoo, file by file, each with the paper it comes from."""
    from ogive import resources
    from ogive.loading import declared

    for number, path in enumerate(resources.zoo_files()):
        if number:
            click.echo()
        first = path.read_text(encoding="utf-8").lstrip().split("\n", 1)[0]
        title = first.lstrip("# ").strip() if first.startswith("#") else ""
        click.echo(f"{path.name}  {title}".rstrip())
        names = declared(path)
        if names:
            click.echo(click.wrap_text("  ".join(names), 100, "  ", "  "))
