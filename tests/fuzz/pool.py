"""The parent's side of a worker: starts it, asks, and starts another when it died or hangs."""

from __future__ import annotations

import base64
import json
import os
import select
import subprocess
import sys
import tempfile
from typing import Any, Self

from tests.fuzz.corpus import ROOT
from tests.fuzz.jobs import Job
from tests.fuzz.worker import SECONDS

HANG = 60.0
"""Seconds of the clock after which a worker that says nothing is stopped."""
JOBS_EACH = 400
"""Jobs until a worker is replaced: Python keeps the printed texts that it ran."""


class Worker:
    """A process that does jobs; it is replaced when it has to be.

    Args:
        seconds: processor time for one job.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._process: subprocess.Popen[str] | None = None
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the worker
        self._done = 0

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(self, *problem: object) -> None:
        self.stop()
        self._errors.close()

    def run(self, job: Job) -> dict[str, Any]:
        """The answer to a job; a crash or a hang is a failure as well."""
        if self._process is None or self._done >= JOBS_EACH:
            self.stop()
            self._start()
        assert self._process is not None
        assert self._process.stdin is not None
        self._done += 1
        request = {"kind": job.kind, "seed": job.seed, "data": base64.b64encode(job.data).decode()}
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return self._gone()
        return self._answer()

    def stop(self) -> None:
        """Ends the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process = None

    def _start(self) -> None:
        path = os.pathsep.join(map(str, [ROOT / "compiler", ROOT]))
        environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "PYTHONFAULTHANDLER": "1"}
        self._errors.seek(0)
        self._errors.truncate()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.worker", str(self._seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            cwd=ROOT,
            env=environment,
        )
        self._done = 0
        ready = self._answer()
        if ready.get("outcome") != "ready":
            raise RuntimeError(f"the worker does not start: {ready.get('report') or ready}")

    def _answer(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], HANG)[0]:
            self.stop()
            return {"failure": "hang", "report": f"no answer in {HANG:g} seconds, and no limit reached it"}
        line = self._process.stdout.readline()
        return json.loads(line) if line else self._gone()

    def _gone(self) -> dict[str, Any]:
        """Why the process ended."""
        assert self._process is not None
        code = self._process.wait()
        self._errors.seek(0)
        said = self._errors.read().decode("utf-8", "replace")[-3000:]
        self.stop()
        return {"failure": f"the process died ({code})", "report": said}
