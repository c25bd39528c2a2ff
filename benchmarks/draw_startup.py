"""How long `ogive draw` takes in a fresh process, beside what `import torch` alone would; and large nets.

The file is an edited copy of the zoo's resnet.arch, so that nothing can know it. The commands run in turn,
each in a fresh process.

    python benchmarks/draw_startup.py [--rounds N] [--large]
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

LARGE = ("densenet201", "cifar_resnet1202", "cliquenet_k80_t18")
LONG = """net Long() {
  input image: 3x32x32
  for i in 0..2500 { conv(8 + i % 3, 3x3, padding = 1) -> bn -> relu -> dropout(0.1) }
}
"""


def seconds(command: list[str]) -> float:
    """Wall-clock time of a process that succeeds."""
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False)
    taken = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr.decode()}")
    return taken


def main() -> None:
    """Measures and prints medians and their ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--large", action="store_true", help="also the largest of the zoo, and 10,000 layers")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        file, long = Path(folder) / "edited.arch", Path(folder) / "long.arch"
        text = (resources.zoo() / "resnet.arch").read_text(encoding="utf-8")
        edited = text.replace(
            "resnet50  = ResNet(Bottleneck, [3, 4, 6, 3])", "resnet50 = ResNet(Bottleneck, [3, 5, 6, 3])"
        )
        assert edited != text, "the edit found nothing to change"
        file.write_text(edited, encoding="utf-8")
        long.write_text(LONG, encoding="utf-8")
        draw = [sys.executable, "-c", "from ogive.cli import run; run()", "draw"]
        picture = str(Path(folder) / "picture.svg")
        commands = {
            "python -c 'import torch'": [sys.executable, "-c", "import torch"],
            "ogive draw edited.arch:resnet50": [*draw, f"{file}:resnet50", "-o", picture],
        }
        if options.large:
            commands |= {f"ogive draw {name}": [*draw, name, "-o", picture] for name in LARGE}
            commands["ogive draw of 10,000 layers"] = [*draw, str(long), "-o", picture]
        for command in commands.values():
            seconds(command)  # the first run reads the disk
        taken: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(options.rounds):
            for name, command in commands.items():
                taken[name].append(seconds(command))

    torch = median(taken["python -c 'import torch'"])
    for name, times in taken.items():
        print(f"{name:<36} {median(times) * 1e3:7.0f} ms   {median(times) / torch:5.2f} of import torch")


if __name__ == "__main__":
    main()
