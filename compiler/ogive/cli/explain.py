"""`ogive explain`: what a code means, with an example and its cure."""

from __future__ import annotations

import sys

import click

from ogive.cli.messages import wants_colour


@click.command(short_help="Explain the code of a diagnostic.", epilog="Example: ogive explain E201")
@click.argument("code", required=False)
def command(code: str | None) -> None:
    """Explain the code of a diagnostic; without CODE, list them all."""
    from ogive import resources
    from ogive.diagnostics import did_you_mean

    pages = {path.stem: path for path in sorted(resources.explanations().glob("[EW][0-9][0-9][0-9].md"))}
    if code is None:
        for name, path in pages.items():
            click.echo(f"{name}  {_title(path.read_text(encoding='utf-8'), name)}")
        return
    name = code.strip().strip("[]").upper()
    if name not in pages:
        close = did_you_mean(name, pages)
        hint = f" Did you mean {close}?" if close else ""
        raise click.ClickException(f"There is no diagnostic {code!r}.{hint} `ogive explain` lists them all.")
    text = pages[name].read_text(encoding="utf-8")
    if wants_colour(sys.stdout):
        from rich.console import Console
        from rich.markdown import Markdown

        Console().print(Markdown(text))
    else:
        click.echo(text, nl=not text.endswith("\n"))


def _title(text: str, code: str) -> str:
    first = text.lstrip().split("\n", 1)[0].lstrip("# ")
    return first.removeprefix(code).lstrip(" :–—-")
