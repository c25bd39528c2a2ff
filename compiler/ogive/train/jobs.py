"""Several runs at the same time, each in a process of its own. Imports no torch.

A process that is interrupted passes the signal on once, and waits until its children have saved. A child
whose parent has died ends as well.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
import time
from collections.abc import Callable, Generator, Sequence
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import DupFd
from typing import Any, TypeVar

from ogive.train.interrupt import Terminated

T = TypeVar("T")


class ProcessDied(Exception):
    """A process ended without a word: it was killed, or it ran out of memory."""


def in_processes(
    tasks: Sequence[T],
    work: Callable[[T], None],
    jobs: int,
    *,
    begins: Callable[[T], None],
    ends: Callable[[T, Exception | None], None],
    lock: int | None = None,
) -> None:
    """Does the tasks, so many at the same time.

    Args:
        tasks: what can be pickled, each for `work`.
        work: what can be pickled.
        jobs: the most processes.
        begins, ends: are told, in this process; of an exception that cannot be pickled, its text.
        lock: a file descriptor that every process keeps open as long as it lives.

    Raises:
        KeyboardInterrupt: this process was interrupted, or one of the children; all have ended by then.
    """
    waiting = list(reversed(tasks))
    alive: dict[Any, tuple[BaseProcess, T]] = {}
    started: list[BaseProcess] = []
    try:
        while waiting or alive:
            while waiting and len(alive) < jobs:
                task = waiting.pop()
                begins(task)
                connection = _start(work, task, lock, started)
                alive[connection] = started[-1], task
            for connection in wait(list(alive)):
                process, task = alive.pop(connection)
                error = _received(connection, process)
                if isinstance(error, KeyboardInterrupt):
                    raise error
                ends(task, error)
    except BaseException as stopped:
        number = signal.SIGTERM if isinstance(stopped, Terminated) else signal.SIGINT
        with _patient():
            _stop(started, number)
        raise


def _start(work: Callable[[T], None], task: T, lock: int | None, started: list[BaseProcess]) -> Any:
    """Starts a child, and gives the connection on which it will say how it ended."""
    context = multiprocessing.get_context("spawn")  # torch and its threads do not survive a fork
    ours, theirs = context.Pipe(duplex=False)
    held = None if lock is None else _Held(lock)
    process = context.Process(target=_child, args=(work, task, theirs, os.getpid(), held))
    started.append(process)
    process.start()
    theirs.close()
    return ours


class _Held:
    """A file descriptor that a child inherits, and with it the lock on the file."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor: Any = descriptor

    def __getstate__(self) -> dict[str, Any]:
        return {"descriptor": DupFd(self.descriptor)}


def _received(connection: Any, process: BaseProcess) -> Exception | KeyboardInterrupt | None:
    """What a child says at its end."""
    try:
        error = connection.recv()
    except EOFError:
        process.join()
        error = ProcessDied(f"its process ended with code {process.exitcode}")
    connection.close()
    process.join()
    return error


def _stop(processes: Sequence[BaseProcess], number: int) -> None:
    alive = [process for process in processes if process.pid is not None and process.is_alive()]
    for process in alive:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid or 0, number)
    for process in alive:
        process.join()


@contextlib.contextmanager
def _patient() -> Generator[None]:
    """Ignores further signals while children save."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# --------------------------------------------------------------------------- in the child


def _child(work: Callable[[T], None], task: T, connection: Any, parent: int, held: _Held | None) -> None:
    del held  # its descriptor stays open
    os.setsid()  # Ctrl-C at the terminal is for the parent, which passes it on
    signal.signal(signal.SIGTERM, _terminate)
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    try:
        work(task)
        error = None
    except (Exception, KeyboardInterrupt) as raised:
        error = raised
    try:
        connection.send(error)
    except (pickle.PicklingError, TypeError, AttributeError):
        connection.send(RuntimeError(f"{type(error).__name__}: {error}"))
    connection.close()


def _terminate(*_: object) -> None:
    raise Terminated


def _watch(parent: int) -> None:
    """Ends this process when its parent has died, as SIGTERM would."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
