"""The compiled module against torchvision's, eager, in one process and in turns (see `ogive.bench`).

python benchmarks/eager_speed.py [NAME …] [--batch N] [--device cpu|cuda|auto] [--rounds N] [--threads N]
"""

from __future__ import annotations

import argparse

import ogive
from ogive import bench


def main() -> None:
    """Measures and prints a table for each network."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", default=["resnet50", "densenet121"])
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--device", choices=["cpu", "cuda", "auto"], default="auto")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()

    device = bench.device(options.device)
    if device is None:
        parser.error("torch finds no CUDA device here")
    for name in options.names:
        result = bench.compare(
            ogive.load(name),
            batch=options.batch,
            device=device,
            threads=options.threads,
            rounds=options.rounds,
        )
        print(bench.to_text(result))


if __name__ == "__main__":
    main()
