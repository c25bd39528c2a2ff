"""The command line: one file a command, heavy imports inside the commands."""

from __future__ import annotations

import atexit
import gc

__all__ = ["collect_as_usual", "run"]

_USUAL = gc.get_threshold()
_RARELY = (200_000, 20, 20)


def run() -> None:
    """The program `ogive`; see `ogive.cli.main.run`. The imports it needs can be interrupted, too.

    A short command makes many objects and hardly any garbage. To look for it again and again, and once more
    among everything when Python ends, would take a third of its time.
    """
    gc.set_threshold(*_RARELY)
    atexit.register(gc.freeze)
    try:
        from ogive.cli import main

        main.run()
    except KeyboardInterrupt:
        import sys

        print("interrupted", file=sys.stderr)
        sys.exit(130)
    finally:
        gc.set_threshold(*_USUAL)


def collect_as_usual() -> None:
    """Goes back to how Python collects by itself: for commands that run networks, whose garbage may hold
    tensors, and the memory of a device.
    """
    gc.set_threshold(*_USUAL)
    atexit.unregister(gc.freeze)
