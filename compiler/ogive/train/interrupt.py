"""Stopping a run from outside: Ctrl-C (SIGINT) and SIGTERM. Imports no torch."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Terminated(KeyboardInterrupt):
    """A process was asked to end by SIGTERM; to everything that tidies up it is a Ctrl-C."""


def stopped_by(number: int, said: str = "") -> KeyboardInterrupt:
    """The exception for a signal, with what there is to say about it."""
    kind = Terminated if number == signal.SIGTERM else KeyboardInterrupt
    return kind(said) if said else kind()


class Interrupt:
    """A signal, received once: training stops after the step under way, with whole weights.

    Received twice, it stops at once; once it has been obeyed, further ones change nothing.

    Attributes:
        number: the signal that was received first; None as long as there was none.
        obeyed: whether the training is ending because of it.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self.obeyed = False

    @contextmanager
    def listening(self) -> Generator[None]:
        """Takes SIGINT and SIGTERM over, and gives them back. In a thread that is not the main one it does
        nothing.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.getsignal(number) for number in _SIGNALS}
        self.take_over()
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def take_over(self) -> None:
        """Receives the signals from now on: Lightning would end a run at SIGTERM without saving it."""
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                signal.signal(number, self._receive)

    def _receive(self, number: int, frame: object) -> None:
        if self.obeyed:
            return
        if self.number is not None:
            self.obeyed = True
            raise stopped_by(number)
        self.number = number
