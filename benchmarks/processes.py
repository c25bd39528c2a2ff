"""What the benchmarks of start-up times share: commands timed as fresh processes, in turn."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from ogive import resources

OGIVE = [sys.executable, "-c", "from ogive.cli import run; run()"]
IMPORT_TORCH = [sys.executable, "-c", "import torch"]


def seconds(command: list[str]) -> float:
    """Wall-clock time of a process that succeeds."""
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False)
    taken = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr.decode()}")
    return taken


def edited_resnet(folder: Path, old: str, new: str) -> Path:
    """A copy of the zoo's resnet.arch with one change, so that nothing can know it."""
    text = (resources.zoo() / "resnet.arch").read_text(encoding="utf-8")
    edited = text.replace(old, new)
    assert edited != text, "the edit found nothing to change"
    file = folder / "edited.arch"
    file.write_text(edited, encoding="utf-8")
    return file


def print_beside_torch(commands: Mapping[str, list[str]], rounds: int) -> None:
    """Times the commands and `import torch`; prints medians, and their ratios to that.

    Args:
        commands: by what they are called.
        rounds: in each of which every command runs once, in turn.
    """
    every = {**commands, "python -c 'import torch'": IMPORT_TORCH}
    for command in every.values():
        seconds(command)  # the first run reads the disk
    taken: dict[str, list[float]] = {name: [] for name in every}
    for _ in range(rounds):
        for name, command in every.items():
            taken[name].append(seconds(command))
    torch = median(taken["python -c 'import torch'"])
    for name, times in taken.items():
        print(f"{name:<36} {median(times) * 1e3:7.0f} ms   {median(times) / torch:5.2f} of import torch")
