"""Whether compiling takes time in proportion to the network: 1,000 layers against 10,000.

python benchmarks/elaborate_scaling.py [--rounds N]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median

import ogive
from ogive import pipeline
from ogive.report.summary import summarize

UNIT = "conv(16, 3x3, padding = 1) -> bn"
PROGRAMS = {
    "plain": f"net Deep() {{ input x: 16x32x32\n repeat COUNT {{ {UNIT} -> relu }} }}",
    "residual": f"net Deep() {{ input x: 16x32x32\n repeat COUNT {{ residual {{ {UNIT} }} -> relu }} }}",
    "blocks": (
        f"block Unit() {{ {UNIT} -> relu }}\n"
        "net Deep() { input x: 16x32x32\n stage body { repeat COUNT { Unit } } }"
    ),
}
PER_TURN = {"plain": 3, "residual": 4, "blocks": 3}


def timed(work: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Measures and prints medians, and the exponent that they suggest: 1.0 is linear."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds

    for name, template in PROGRAMS.items():
        programs = {}
        for layers in (1_000, 10_000):
            text = template.replace("COUNT", str(layers // PER_TURN[name]))
            programs[layers] = pipeline.read_program(text, "deep.arch")
        compiled: dict[int, list[float]] = {layers: [] for layers in programs}
        summed: dict[int, list[float]] = {layers: [] for layers in programs}
        for _ in range(rounds):
            for layers, program in programs.items():
                compiled[layers].append(timed(lambda p=program: pipeline.compile_target(p, "Deep")))
                network = ogive.Network(pipeline.compile_target(program, "Deep"))
                summed[layers].append(timed(lambda n=network: summarize(n.ir, n.unrolled, depth=9)))
        for what, times in (("compile", compiled), ("summary", summed)):
            small, large = median(times[1_000]), median(times[10_000])
            print(
                f"{name:<9} {what:<8} 1,000 layers {small * 1e3:8.1f} ms   "
                f"10,000 layers {large * 1e3:8.1f} ms   {large / small:5.1f} x for 10 x"
            )


if __name__ == "__main__":
    main()
