"""A short run of the fuzzer, with fixed seeds, and the fuzzer itself."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.fuzz import mutate
from tests.fuzz.__main__ import fuzz, main
from tests.fuzz.corpus import corpus, small
from tests.fuzz.jobs import JOBS, Job, make
from tests.fuzz.pool import Worker
from tests.fuzz.reduce import reduced
from tests.fuzz.worker import attempt, signature

GOOD = b"net N() { input x: [3]; relu }\n"


def test_nothing_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = fuzz(20_000, seconds=60, count=60, folder=tmp_path, reducing=20)
    said = capsys.readouterr().out
    for report in tmp_path.rglob("reduced.arch"):
        said += f"\n{report.read_text(encoding='utf-8', errors='replace')}"
    assert status == 0, said


@pytest.mark.slow
def test_nothing_fails_for_longer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = fuzz(10**6, seconds=30, folder=tmp_path)
    assert status == 0, capsys.readouterr().out


def test_every_kind_of_job_is_made() -> None:
    made = [make(seed) for seed in range(300)]
    assert {job.kind for job in made} == set(JOBS) - {"misbehave"}
    assert make(7) == make(7)
    assert len({job.data for job in made}) > 270


def test_mutations_change_texts() -> None:
    texts = [small(text) for text in corpus()]
    assert len(texts) > 200
    for mutation in mutate.MUTATIONS:
        changed = sum(mutation(random.Random(seed), texts[seed], texts) != texts[seed] for seed in range(40))
        assert changed > 20, mutation.__name__


def test_what_is_raised_is_a_failure() -> None:
    answer = attempt("misbehave", 0, b"bad")
    assert answer["failure"] == "KeyError in jobs.py:_misbehave: #"
    assert "KeyError: 3" in answer["report"]
    assert attempt("mutated", 0, GOOD) == {"outcome": "accepted"}


def test_a_worker_has_limits() -> None:
    """Too much memory, too much time, a crash: each is a failure, and the next job is done."""
    expected = {"memory": "MemoryError", "time": "TimeLimit", "death": "the process died (-6)"}
    with Worker(seconds=2) as worker:
        for text, failure in expected.items():
            assert worker.run(Job("misbehave", 0, text.encode()))["failure"] == failure
            assert worker.run(Job("mutated", 0, GOOD)) == {"outcome": "accepted"}


def test_signatures_tell_failures_apart() -> None:
    def caught(text: str) -> str:
        try:
            raise ValueError(text)
        except ValueError as problem:
            return signature(problem)

    assert caught("size 3") == caught("size 4")
    assert caught("size 3") != caught("name 3")


def test_reduced() -> None:
    text = "let a = 1\nlet b = 2\nnet N() {\n  input x: 3x8x8\n  conv(4, 3x3) -> relu\n}\n"
    assert reduced(text, lambda t: "relu" in t).strip() == "relu"
    assert reduced(text, lambda t: "conv" in t and "3x8x8" in t) == "3x8x8conv"


def test_replay(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "x.arch"
    path.write_text("net N() { input x: [3]; relu }\n", encoding="utf-8")
    assert main(["--file", str(path)]) == 0
    assert "mutated: accepted" in capsys.readouterr().out
