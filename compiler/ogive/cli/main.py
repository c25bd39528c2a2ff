"""`ogive`: the group of commands, and what happens when one of them fails."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from ogive.cli.messages import print_diagnostics
from ogive.diagnostics import ArchError
from ogive.version import __version__

COMMANDS = ("check", "summary", "compile", "draw", "train", "show", "list", "layers", "explain", "bench")
"""In the order of `ogive --help`; each is the object `command` of the module of that name, `list_` for
`list`.
"""
_MODULES = {"list": "list_", "compile": "compile_"}


class _Commands(click.Group):
    """Loads a command when it is asked for, so that none waits for the imports of another."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        return import_module(f"ogive.cli.{_MODULES.get(cmd_name, cmd_name)}").command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from ogive.diagnostics import did_you_mean

            close = did_you_mean(args[0], COMMANDS)
            hint = f" Did you mean {close!r}?" if close else ""
            raise click.UsageError(f"No such command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: ogive check resnet50",
)
@click.version_option(__version__, prog_name="ogive")
def main() -> None:
    """Neural networks written as in the paper: checked, drawn, counted, compiled to PyTorch, trained.

    TARGET is a file, FILE:NAME for one of its nets, or a network of the zoo by its name.
    """


def run() -> None:
    """The program `ogive`.

    Exits 0 when all went well, 1 for a mistake in a program or a file, 2 for wrong usage, 130 when
    interrupted.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = main.main(prog_name="ogive", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except ArchError as error:
        print_diagnostics(error.diagnostics)
        code = 1
    except (click.Abort, KeyboardInterrupt) as error:
        # click turns an interrupt into its own exception; what the command had to say about it is the cause
        said = error.__cause__ or error
        click.echo(str(said) or "interrupted", err=True)
        code = 130
    sys.exit(code if isinstance(code, int) else 0)
