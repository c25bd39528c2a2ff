"""The command line: one file a command, heavy imports inside the commands."""

from __future__ import annotations

__all__ = ["run"]


def run() -> None:
    """The program `ogive`; see `ogive.cli.main.run`. The imports it needs can be interrupted, too."""
    try:
        from ogive.cli import main

        main.run()
    except KeyboardInterrupt:
        import sys

        print("interrupted", file=sys.stderr)
        sys.exit(130)
