"""`make fuzz SECONDS=60`: mutated programs, random bytes and generated programs, for a time.

`--seed N` repeats a run, `--replay N` does the one job of a seed in this process, `--file F` a file as a mutated
program. Exits with 1 when anything failed.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from tests.fuzz.corpus import ROOT
from tests.fuzz.jobs import JOBS, Job, make
from tests.fuzz.pool import Worker
from tests.fuzz.reduce import reduced

FOLDER = ROOT / "build" / "fuzz"
_REDUCING = 45.0


def main(arguments: list[str] | None = None) -> int:
    """Runs it; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=None, help="the first seed; the clock says it otherwise")
    parser.add_argument("--count", type=int, default=None, help="stop after so many inputs")
    parser.add_argument(
        "--replay", type=int, default=None, help="do the job of this seed here, and show what it raises"
    )
    parser.add_argument("--file", type=Path, default=None, help="do this file here, as a program")
    parser.add_argument("--out", type=Path, default=FOLDER)
    options = parser.parse_args(arguments)
    if options.replay is not None or options.file is not None:
        job = make(options.replay) if options.file is None else Job("mutated", 0, options.file.read_bytes())
        sys.stdout.write(job.data.decode("utf-8", "replace"))
        print(f"\n{job.kind}: {JOBS[job.kind](job)}")
        return 0
    seed = options.seed if options.seed is not None else time.time_ns() % 10**9
    return fuzz(seed, seconds=options.seconds, count=options.count, folder=options.out)


def fuzz(
    seed: int, *, seconds: float, count: int | None = None, folder: Path = FOLDER, reducing: float = _REDUCING
) -> int:
    """Tries inputs until the time is over; the exit status. Failures are saved, each once."""
    print(f"fuzzing from seed {seed}; `--seed {seed}` repeats it")
    seen: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    done = 0
    with Worker() as worker:
        begun = shown = time.monotonic()
        while time.monotonic() - begun < seconds and (count is None or done < count):
            job = make(seed + done)
            answer = worker.run(job)
            done += 1
            if "failure" in answer:
                failure = answer["failure"]
                seen[failure] += 1
                if seen[failure] == 1:
                    place = save(worker, job, answer, folder, reducing)
                    print(f"\nseed {job.seed} ({job.kind}): {failure}\n  saved in {place}")
            else:
                outcomes[f"{job.kind} {answer['outcome']}"] += 1
            if time.monotonic() - shown > 2:
                shown = time.monotonic()
                print(f"\r{progress(done, shown - begun, outcomes, seen)}", end="", flush=True)
    print(f"\r{progress(done, time.monotonic() - begun, outcomes, seen)}")  # the last line stays
    for failure, times in seen.most_common():
        print(f"  {times} x {failure}")
    return 1 if seen else 0


def progress(done: int, seconds: float, outcomes: Counter[str], seen: Counter[str]) -> str:
    """One line with counts."""
    accepted = sum(n for what, n in outcomes.items() if what.endswith("accepted"))
    rate = done / seconds if seconds else 0
    failures = f"{seen.total()} failures of {len(seen)} kinds" if seen else "no failure"
    return f"{seconds:.0f} s, {done} inputs ({rate:.0f}/s), {accepted} accepted, {failures}"


def save(worker: Worker, job: Job, answer: dict[str, str], folder: Path, reducing: float) -> Path:
    """Writes the input, a smaller one that fails alike, and the report."""
    failure = answer["failure"]
    place = folder / hashlib.sha256(failure.encode()).hexdigest()[:10]
    place.mkdir(parents=True, exist_ok=True)
    (place / "input.arch").write_bytes(job.data)
    text = f"seed {job.seed}, {job.kind}\n{failure}\n\n{answer.get('report', '')}\n"
    (place / "report.txt").write_text(text, encoding="utf-8", errors="replace")

    def fails(smaller: str) -> bool:
        data = smaller.encode("utf-8", "surrogatepass")
        return worker.run(replace(job, data=data)).get("failure") == failure

    try:
        start = job.text
    except UnicodeDecodeError:
        return place
    small = reduced(start, fails, seconds=reducing)
    (place / "reduced.arch").write_text(small, encoding="utf-8", errors="surrogatepass")
    return place


if __name__ == "__main__":
    sys.exit(main())
