"""How long `ogive check` takes from a cold process, beside what `import torch` alone would.

The file is an edited copy of the zoo's resnet.arch, so that nothing can know it. The commands start in turn,
and each round uses a fresh process for each.

    python benchmarks/check_startup.py [--rounds N]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from processes import OGIVE, edited_resnet, print_beside_torch


def main() -> None:
    """Measures and prints medians and their ratio."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=11)
    rounds = parser.parse_args().rounds

    with tempfile.TemporaryDirectory() as folder:
        file = edited_resnet(Path(folder), "[3, 4, 6, 3]", "[3, 5, 7, 3]")
        commands = {
            "ogive check edited.arch:resnet50": [*OGIVE, "check", f"{file}:resnet50"],
            "ogive check edited.arch (all nets)": [*OGIVE, "check", str(file)],
        }
        print_beside_torch(commands, rounds)


if __name__ == "__main__":
    main()
