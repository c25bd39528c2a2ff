"""How long `ogive draw` takes in a fresh process, beside what `import torch` alone would; and large nets.

The file is an edited copy of the zoo's resnet.arch, so that nothing can know it. The commands run in turn,
each in a fresh process.

    python benchmarks/draw_startup.py [--rounds N] [--large]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from processes import OGIVE, edited_resnet, print_beside_torch

LARGE = ("densenet201", "cifar_resnet1202", "cliquenet_k80_t18")
LONG = """net Long() {
  input image: 3x32x32
  for i in 0..2500 { conv(8 + i % 3, 3x3, padding = 1) -> bn -> relu -> dropout(0.1) }
}
"""


def main() -> None:
    """Measures and prints medians and their ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--large", action="store_true", help="also the largest of the zoo, and 10,000 layers")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        file = edited_resnet(
            Path(folder),
            "resnet50  = ResNet(Bottleneck, [3, 4, 6, 3])",
            "resnet50 = ResNet(Bottleneck, [3, 5, 6, 3])",
        )
        long = Path(folder) / "long.arch"
        long.write_text(LONG, encoding="utf-8")
        draw, end = [*OGIVE, "draw"], ["-o", str(Path(folder) / "picture.svg")]
        commands = {"ogive draw edited.arch:resnet50": [*draw, f"{file}:resnet50", *end]}
        if options.large:
            commands |= {f"ogive draw {name}": [*draw, name, *end] for name in LARGE}
            commands["ogive draw of 10,000 layers"] = [*draw, str(long), *end]
        print_beside_torch(commands, options.rounds)


if __name__ == "__main__":
    main()
