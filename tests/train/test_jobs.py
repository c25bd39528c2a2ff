"""Several processes: what they say at their end, and that none outlives the one that started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = """
import os, sys, time
from pathlib import Path
from ogive.diagnostics import ArchError, Diagnostic
from ogive.train.jobs import in_processes

class Odd(Exception):
    def __reduce__(self):
        raise TypeError("cannot be pickled")

class Work:
    def __init__(self, folder):
        self.folder = Path(folder)
    def __call__(self, task):
        mine = self.folder / f"{task}.pid"
        mine.write_text(str(os.getpid()))
        try:
            if task == "refused": raise ArchError([Diagnostic("E525", "x")])
            if task == "odd": raise Odd("y")
            if task == "killed": os.kill(os.getpid(), 9)
            if task.startswith("long"): time.sleep(60)
            if task == "interrupted":
                while not (self.folder / "long1.pid").exists(): time.sleep(0.01)
                raise KeyboardInterrupt
        except KeyboardInterrupt:
            (self.folder / f"{task}.saved").touch()
            raise

if __name__ == "__main__":
    folder, *tasks = sys.argv[1:]
    def ends(task, error):
        print(task, type(error).__name__, error, sep="|", flush=True)
    try:
        in_processes(tasks, Work(folder), 2, begins=lambda task: None, ends=ends, lock=None)
    except KeyboardInterrupt as stopped:
        print("stopped", type(stopped).__name__, sep="|", flush=True)
"""


@pytest.fixture
def start(tmp_path: Path):
    script = tmp_path / "program.py"
    script.write_text(PROGRAM, encoding="utf-8")
    started: list[subprocess.Popen[str]] = []

    def run(*tasks: str) -> subprocess.Popen[str]:
        started.append(
            subprocess.Popen(
                [sys.executable, script, tmp_path, *tasks],
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        )
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.wait()


def wait_for(path: Path) -> None:
    end = time.monotonic() + 60
    while not (path.exists() and path.stat().st_size + path.name.endswith("saved")):
        assert time.monotonic() < end, f"{path.name} does not come"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # a child whose parent has died waits for init to take note of it
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"


def test_every_end_is_told(start) -> None:
    out, _ = start("fine", "refused", "odd", "killed").communicate(timeout=120)
    told = {line.partition("|")[0]: line.split("|")[1:] for line in out.splitlines()}
    assert told["fine"] == ["NoneType", "None"]
    assert told["refused"] == ["ArchError", "error[E525]: x"]
    assert told["odd"] == ["RuntimeError", "Odd: y"]
    assert told["killed"] == ["ProcessDied", "its process ended with code -9"]


@pytest.mark.parametrize(("number", "name"), [(signal.SIGINT, "KeyboardInterrupt"), (signal.SIGTERM, "died")])
def test_a_signal_is_passed_on_once(start, tmp_path: Path, number: int, name: str) -> None:
    process = start("long1", "long2", "never")
    for task in ("long1", "long2"):
        wait_for(tmp_path / f"{task}.pid")
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)
    # the program itself turns SIGTERM into an exception only within `ogive`; here its children notice its death
    assert out == (f"stopped|{name}\n" if number == signal.SIGINT else "")
    for task in ("long1", "long2"):
        wait_for(tmp_path / f"{task}.saved")
    assert not (tmp_path / "never.pid").exists()


def test_children_end_with_a_parent_that_was_killed(start, tmp_path: Path) -> None:
    process = start("long1")
    wait_for(tmp_path / "long1.pid")
    process.kill()
    process.wait()
    wait_for(tmp_path / "long1.saved")
    end = time.monotonic() + 60
    while not gone(int((tmp_path / "long1.pid").read_text(encoding="utf-8"))):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_child_that_is_interrupted_stops_all(start, tmp_path: Path) -> None:
    out, _ = start("long1", "interrupted").communicate(timeout=60)
    assert out == "stopped|KeyboardInterrupt\n"
    wait_for(tmp_path / "long1.saved")
