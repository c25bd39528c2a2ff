"""The command line: one file a command, heavy imports inside the commands."""

from ogive.cli.main import run

__all__ = ["run"]
