"""Graphviz, in a process of its own, so that a time limit can end it. One process answers many requests.

pygraphviz is imported there and nowhere else; while it is, whoever started it can do something else.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from ogive.backends.draw.layout import fonts, worker
from ogive.diagnostics import ArchError, Diagnostic

TIME_LIMIT = 20.0
"""Seconds, for all layouts of a drawing together, and as many to write it."""
_SHARE = 0.75
"""Of the time that is left, what one layout may take: what is folded further is to have some, too."""
_RESERVE = 0.15
"""Of the whole time, what each layout may take even when it is over: only last resorts are asked for then."""

Json = dict[str, Any]


class TooSlow(Exception):
    """A request reached the time limit."""


class Graphviz:
    """A child process that lays out and renders. A context: at its end the process is gone.

    Args:
        time_limit: seconds for all layouts of a drawing, from `begin` on, and for each other request; counted
            from when the process is asked, not started.
        clock: seconds since any moment.
    """

    def __init__(self, time_limit: float = TIME_LIMIT, clock: Callable[[], float] = time.monotonic) -> None:
        self.time_limit = time_limit
        self.clock = clock
        self._end: float | None = None
        try:
            self._folder = tempfile.TemporaryDirectory(prefix="ogive-draw-")
            self._environment = fonts.environment(Path(self._folder.name))
        except OSError as error:
            where, reason = tempfile.gettempdir(), (error.strerror or str(error)).lower()
            message = f"cannot write a temporary file to {where}: {reason}"
            help = "make room there, or name another folder: `TMPDIR=…`"  # the fonts of a drawing go there
            raise ArchError([Diagnostic("E510", message, help=help)]) from error
        self._child: subprocess.Popen[bytes] | None = None
        # a PDF carries its date, with the zone: in UTC it is as long everywhere, and can be set in place
        self._environment["TZ"] = "UTC0"
        self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process."""
        self._stop()
        self._folder.cleanup()

    def begin(self) -> None:
        """From now on, all layouts together have the time limit: those of one drawing."""
        self._end = self.clock() + self.time_limit

    def is_late(self) -> bool:
        """Whether hardly any time is left for the layouts of this drawing, so that none should be tried."""
        return self._left() < _RESERVE * self.time_limit

    def patience(self) -> float:
        """Seconds that the next layout may take."""
        return max(_RESERVE * self.time_limit, _SHARE * self._left())

    def _left(self) -> float:
        """Seconds until the layouts of this drawing should be done."""
        return self.time_limit if self._end is None else self._end - self.clock()

    def lay_out(self, dot: str) -> Json:
        """Positions by `dot`: Graphviz's json0.

        Raises:
            TooSlow: it took most of the time that was left for the layouts of a drawing.
            ArchError: E511, pygraphviz is not installed; E512, Graphviz failed.
        """
        limit = self.time_limit if self._end is None else self.patience()
        return json.loads(self._ask({"program": "dot", "format": "json0"}, dot, limit))

    def render(self, dot: str, format: str, dpi: int = 200) -> bytes:  # noqa: A002
        """A text in which everything has its place, as `svg`, `pdf` or `png`.

        Raises:
            TooSlow: the time limit was reached.
            ArchError: E511, pygraphviz is not installed; E512, Graphviz failed.
        """
        return self._ask({"program": "nop2", "format": format, "dpi": dpi}, dot, self.time_limit)

    # ------------------------------------------------------------------ the process

    def _start(self) -> subprocess.Popen[bytes]:
        # as a file: the package, with all that it imports, is of no use there
        command = [sys.executable, "-P", worker.__file__]
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=self._environment,
        )  # fmt: skip
        return self._child

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            for stream in (child.stdin, child.stdout):
                if stream:
                    _close(stream)

    def _ask(self, request: Json, dot: str, limit: float) -> bytes:
        child = self._child or self._start()
        expired = threading.Event()

        def expire() -> None:
            expired.set()
            child.kill()

        timer = threading.Timer(limit, expire)
        timer.daemon = True
        timer.start()
        try:
            return self._exchange(child, request, dot.encode())
        except (EOFError, OSError) as error:
            code = child.wait()
            self._stop()
            if expired.is_set():
                raise TooSlow from error
            if code == worker.MISSING:
                message = "drawings need pygraphviz, which is not installed"
                raise ArchError([Diagnostic("E511", message, help="pip install pygraphviz")]) from error
            raise _failed("its process ended") from error
        finally:
            timer.cancel()

    @staticmethod
    def _exchange(child: subprocess.Popen[bytes], request: Json, text: bytes) -> bytes:
        assert child.stdin
        assert child.stdout
        child.stdin.write(json.dumps({**request, "length": len(text)}).encode() + b"\n" + text)
        child.stdin.flush()
        answer = child.stdout.readline()
        if not answer:
            raise EOFError
        about = json.loads(answer)
        data = child.stdout.read(about["length"])
        if len(data) < about["length"]:
            raise EOFError
        if about["error"] or not data:
            raise _failed(about["error"])
        return data


def _failed(said: str) -> ArchError:
    notes = (("graphviz", said[-200:]),) if said else ()
    return ArchError([Diagnostic("E512", "Graphviz could not lay the drawing out", notes=notes)])


def _close(stream: IO[bytes]) -> None:
    with suppress(OSError):  # what was not yet written has nobody to read it
        stream.close()
