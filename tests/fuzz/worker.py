"""A process that does jobs under limits: 10 seconds of processor time and 1 GB of memory each.

Reads one JSON object a line (kind, seed, data in base64) and answers with one: `outcome`, or `failure` with what
was raised and where. What it cannot answer (a crash, a hang) its parent sees.
"""

from __future__ import annotations

import base64
import json
import os
import resource
import signal
import sys
import traceback
from types import FrameType
from typing import Any, TextIO

SECONDS = 10.0
"""Processor time for one input."""
MEMORY = 1_000_000_000
"""Bytes for one input, beyond what the process has when it begins."""


class TimeLimit(BaseException):
    """An input took too long. No `Exception`, so that nothing on the way catches it."""


def _expired(signal_number: int, frame: FrameType | None) -> None:
    raise TimeLimit


def limit() -> None:
    """Limits memory, once everything is imported; `attempt` limits time."""
    with open("/proc/self/statm", encoding="ascii") as file:
        pages = int(file.read().split()[0])
    most = pages * os.sysconf("SC_PAGE_SIZE") + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def attempt(kind: str, seed: int, data: bytes, seconds: float = SECONDS) -> dict[str, Any]:
    """Does a job.

    Returns:
        Its outcome; or a failure: a signature (what was raised, and the last frames) and the traceback.
    """
    from tests.fuzz.jobs import JOBS, Job

    signal.signal(signal.SIGPROF, _expired)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        return {"outcome": JOBS[kind](Job(kind, seed, data))}
    except BaseException as problem:
        signal.setitimer(signal.ITIMER_PROF, 0)
        if isinstance(problem, KeyboardInterrupt):
            raise
        return {"failure": signature(problem), "report": report(problem)}
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def signature(problem: BaseException) -> str:
    """What tells one failure from another: the kind, and where it was raised. Where time or memory ran out
    says little.
    """
    name = type(problem).__name__
    if isinstance(problem, TimeLimit | MemoryError):
        return name
    frames = traceback.extract_tb(problem.__traceback__)
    ours = [frame for frame in frames if "ogive" in frame.filename and "/torch/" not in frame.filename]
    last = (ours or frames)[-1]
    place = (
        f"{os.path.basename(last.filename)}:{last.name}"
        if not last.filename.startswith("<")
        else "printed text"
    )
    words = "".join("#" if c.isdigit() else c for c in str(problem)[:60].split("\n")[0])
    return f"{name} in {place}: {words}"


def report(problem: BaseException) -> str:
    """The traceback, shortened where it is deep."""
    lines = traceback.format_exception(problem, limit=-25)
    return "".join(lines)[-6000:]


def serve(requests: TextIO, answers: TextIO, seconds: float) -> None:
    """Answers until the input ends."""
    import torch

    from ogive.layers.library import Library
    from tests.programs import judge, run

    torch.set_num_threads(1)
    Library.standard()
    del judge, run
    attempt("mutated", 0, b"net N() { input x: 3x8x8; conv(4, 3x3) -> bn -> relu -> flatten -> linear(2) }\n")
    limit()
    print(json.dumps({"outcome": "ready"}), file=answers, flush=True)
    for line in requests:
        job = json.loads(line)
        answer = attempt(job["kind"], job["seed"], base64.b64decode(job["data"]), seconds)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a job prints is no answer
    serve(sys.stdin, channel, float(sys.argv[1]))
