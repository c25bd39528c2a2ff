"""How long `ogive check` takes from a cold process, beside what `import torch` alone would.

The file is an edited copy of the zoo's resnet.arch, so that nothing can know it. Both commands start in turn,
and each round uses a fresh process for each.

    python benchmarks/check_startup.py [--rounds N]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from ogive import resources


def seconds(command: list[str]) -> float:
    """Wall-clock time of a process that succeeds."""
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False)
    taken = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr.decode()}")
    return taken


def main() -> None:
    """Measures and prints medians and their ratio."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=11)
    rounds = parser.parse_args().rounds

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "edited.arch"
        text = (resources.zoo() / "resnet.arch").read_text(encoding="utf-8")
        edited = text.replace("[3, 4, 6, 3]", "[3, 5, 7, 3]")
        assert edited != text, "the edit found nothing to change"
        file.write_text(edited, encoding="utf-8")
        run = "from ogive.cli import run; run()"
        commands = {
            "ogive check edited.arch:resnet50": [sys.executable, "-c", run, "check", f"{file}:resnet50"],
            "ogive check edited.arch (all nets)": [sys.executable, "-c", run, "check", str(file)],
            "python -c 'import torch'": [sys.executable, "-c", "import torch"],
        }
        for command in commands.values():
            seconds(command)  # the first run reads the disk
        taken: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                taken[name].append(seconds(command))

    torch = median(taken["python -c 'import torch'"])
    for name, times in taken.items():
        print(f"{name:<36} {median(times) * 1e3:7.0f} ms   {median(times) / torch:5.2f} of import torch")


if __name__ == "__main__":
    main()
