"""`ogive`: the group of commands, and what happens when one of them fails."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module

import click

from ogive.cli import collect_as_usual
from ogive.cli.messages import WrongUsage, print_diagnostics
from ogive.diagnostics import ArchError, Diagnostic
from ogive.train.interrupt import Terminated
from ogive.version import __version__

COMMANDS = (
    "new", "check", "fmt", "summary", "diff", "compile", "draw", "table", "train", "eval", "predict", "sweep",
    "plot", "show", "list", "layers", "explain", "bench",
)  # fmt: skip
"""In the order of `ogive --help`; each is the object `command` of the module of that name, `list_` for
`list`.
"""
_MODULES = {"list": "list_", "compile": "compile_", "eval": "eval_"}
_RUN_NETWORKS = ("train", "eval", "predict", "sweep", "bench")


class _Commands(click.Group):
    """Loads a command when it is asked for, so that none waits for the imports of another."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        if cmd_name in _RUN_NETWORKS:
            collect_as_usual()
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

    Exits 0 when all went well, 1 for a mistake in a program or a file, and for what is named and does not
    exist, 2 for wrong usage: a command or an option that there is not, and a value that an option can never
    take; 130 when interrupted, 143 when terminated.
    """
    _open_standard_streams()
    try:
        with _terminable():
            code = main.main(prog_name="ogive", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except ArchError as error:
        print_diagnostics(error.diagnostics)
        code = 2 if isinstance(error, WrongUsage) else 1
    except OSError as error:
        if not _came_from_printing(error):
            raise
        reason = (error.strerror or str(error)).lower()
        print_diagnostics([Diagnostic("E510", f"cannot write to the standard output: {reason}")])
        _discard_output()
        code = 1
    except (click.Abort, KeyboardInterrupt) as error:
        # click turns an interrupt into its own exception; what the command had to say about it is the cause
        cause = error.__cause__ or error
        terminated = isinstance(cause, Terminated)
        atexit.register(_ignore_signals)
        click.echo(str(cause) or ("terminated" if terminated else "interrupted"), err=True)
        code = 128 + (signal.SIGTERM if terminated else signal.SIGINT)
    sys.exit(code if isinstance(code, int) else 0)


def _ignore_signals() -> None:
    """Lets a second signal change nothing, once the process is ending because of a first."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def _terminable() -> Generator[None]:
    """SIGTERM as an exception, so that what is under way is tidied up."""

    def terminate(*_: object) -> None:
        raise Terminated

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _open_standard_streams() -> None:
    """Makes streams that show every character, also where the shell closed one (`>&-`).

    A closed standard output fails as soon as something is printed, and no file is opened in its place; a
    closed standard error swallows all.
    """
    if sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison]
        _point(1, os.O_RDONLY)
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:  # pyright: ignore[reportUnnecessaryComparison]
        _point(2, os.O_WRONLY)
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def _came_from_printing(error: OSError) -> bool:
    """Whether it was raised while click printed, rather than by a file."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return frame.f_code is click.echo.__code__


def _discard_output() -> None:
    """Sends what could not be printed nowhere: at its end Python would try once more, and complain."""
    _point(1, os.O_WRONLY)


def _point(descriptor: int, flags: int) -> None:
    """Points a file descriptor at the null device."""
    null = os.open(os.devnull, flags)
    if null != descriptor:
        os.dup2(null, descriptor)
        os.close(null)
