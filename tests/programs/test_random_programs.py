"""Random programs: what is accepted runs as promised, what is refused is refused with reasons."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings

from ogive.diagnostics import ArchError
from ogive.elaborate.words import WORDS
from ogive.layers.base import Layer, Template, TensorType, Torch
from ogive.layers.library import Library
from ogive.network import Network
from ogive.pipeline import compile_target, parse_changes
from ogive.syntax.format import format_text
from tests.fuzz.reduce import reduced
from tests.programs.definitions import Program, write_program
from tests.programs.judge import check_diagnostics, judge, read
from tests.programs.run import count_macs, verify
from tests.programs.strategy import programs

QUICK, MANY = 300, 5000
RUN = 100
BATCH = 25
REDUCING = 20.0
"""Seconds for making a smaller program of one that fails."""
examples = settings(
    max_examples=40,
    phases=[Phase.explicit, Phase.generate],  # `reduced` makes smaller texts, and sooner, than Hypothesis
    derandomize=True,
    deadline=None,
    database=None,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


def check(program: Program) -> None:
    """Runs what is accepted, and looks at all that is said. A failure notes a smaller program that fails so."""
    try:
        check_once(program)
    except Exception as problem:
        kind, start = type(problem), str(problem)[:12]

        def fails(text: str) -> bool:
            try:
                check_once(replace(program, text=text))
            except Exception as other:
                return type(other) is kind and str(other)[:12] == start
            return False

        problem.add_note(f"it fails on\n{reduced(program.text, fails, seconds=REDUCING)}")
        raise


def check_once(program: Program) -> None:
    """Runs what is accepted, and looks at all that is said."""
    verdict = judge(program)
    check_diagnostics(verdict.diagnostics)
    if verdict.accepted:
        torch.manual_seed(0)
        for compiled in verdict.compiled:
            verify(compiled)
    else:
        assert verdict.errors, "neither accepted nor refused"


@given(program=programs())
@examples
def test_a_program_runs_as_promised_or_is_refused_with_reasons(program: Program) -> None:
    check(program)


@pytest.mark.parametrize("first", range(0, RUN, BATCH))
def test_programs_from_seeds(first: int) -> None:
    for seed in range(first, first + BATCH):
        check(write_program(random.Random(seed)))


@pytest.mark.slow
@pytest.mark.parametrize("first", range(RUN, 500, 200))
def test_more_programs_from_seeds(first: int) -> None:
    for seed in range(first, first + 200):
        check(write_program(random.Random(seed)))


@dataclass
class Statistics:
    """How often what was accepted.

    Attributes:
        total, accepted: programs.
        kinds: layers in accepted graphs, by kind.
        used: constructs in accepted programs.
        written: constructs in all programs.
        codes: first mistakes of refused programs, by code.
    """

    total: int = 0
    accepted: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    used: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)

    def add(self, seed: int) -> None:
        """Judges the program of a seed."""
        program = write_program(random.Random(seed))
        verdict = judge(program)
        self.total += 1
        self.written.update(program.used)
        if not verdict.accepted:
            self.codes[verdict.errors[0].code] += 1
            return
        self.accepted += 1
        self.used.update(program.used)
        for compiled in verdict.compiled:
            self.kinds.update({node.layer.kind for node in compiled.graph})
            self.used.update({f"word {region.kind}" for region in compiled.graph.regions.values()})

    @property
    def missing(self) -> list[str]:
        """Layers, words and constructs that were never accepted."""
        seen = set(self.kinds) | ({"identity"} & self.used.keys())  # it leaves nothing in the graph
        words = {name for name in WORDS if not any(name in used.split() for used in self.used)}
        return sorted((set(Library.standard().names()) - seen) | (set(self.written) - set(self.used)) | words)

    def __str__(self) -> str:
        share = f"{self.accepted} of {self.total} accepted"
        codes = ", ".join(f"{code} {count}" for code, count in self.codes.most_common())
        rare = ", ".join(f"{what} {n}" for what, n in (self.used + self.kinds).most_common()[:-16:-1])
        return f"{share}; refused: {codes}; rarest: {rare}"


def assert_a_good_share(found: Statistics) -> None:
    print(found)
    assert not found.missing, f"never accepted: {found.missing}"
    assert found.accepted >= 0.3 * found.total
    assert found.total - found.accepted >= 0.1 * found.total, "hardly anything is refused"


def test_each_word_and_layer_is_accepted_somewhere() -> None:
    found = Statistics()
    while found.total < QUICK or (found.missing and found.total < 4 * QUICK):
        found.add(found.total)
    assert_a_good_share(found)


@pytest.mark.slow
def test_each_word_and_layer_is_accepted_somewhere_among_many() -> None:
    found = Statistics()
    for seed in range(10**6, 10**6 + MANY):
        found.add(seed)
    assert_a_good_share(found)
    rare = {kind: count for kind, count in found.kinds.items() if count < 6 and kind != "identity"}
    assert not rare


def test_edits_from_outside() -> None:
    matched = 0
    for seed in range(70):
        program = write_program(random.Random(seed), reckless=0)
        if not program.edits:
            continue
        try:
            compiled = compile_target(read(program), "Net", edits=parse_changes(program.edits))
        except ArchError as error:
            check_diagnostics(error.diagnostics)
            continue
        matched += 1
        verify(compiled)
    assert matched > 8


def test_multiply_accumulates() -> None:
    """Those of a whole net, unknown sizes at their least, are those that PyTorch's counter finds."""
    compared = 0
    for seed in range(50):
        for compiled in judge(write_program(random.Random(seed), reckless=0)).compiled[:1]:
            found = count_macs(Network(compiled))
            if found is not None:
                promised, counted = found
                assert promised == counted, f"seed {seed}"
                compared += counted > 0
    assert compared > 10


def sources(text: str) -> list[str]:
    """What is printed for its nets, without the lines of the file, which its comments tell."""
    return [_LINES.sub("", Network(c).source()) for c in judge(text).compiled]


def test_formatting_keeps_the_meaning() -> None:
    changed = 0
    for seed in range(60):
        text = write_program(random.Random(seed), reckless=0).text
        formatted = format_text(text)
        assert format_text(formatted) == formatted
        assert sources(formatted) == sources(text)
        changed += formatted != text
    assert changed > 5


class Plus(Layer):
    """A layer of a user's: adds a constant."""

    kind: ClassVar[str] = "plus_one"
    group: ClassVar[str] = "act"

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        return (inputs[0],)

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        return Torch(forward=Template("{0} + 1"))


def test_a_layer_of_a_plugin_is_written_like_any_other() -> None:
    library = Library.standard()
    library.add(Plus)
    accepted = 0
    for seed in range(400):
        program = write_program(random.Random(seed), library, reckless=0)
        if accepted >= 4:
            return
        if "plus_one" not in program.text:
            continue
        verdict = judge(program, library)
        check_diagnostics(verdict.diagnostics)
        for compiled in verdict.compiled if verdict.accepted else ():
            accepted += any(node.layer.kind == "plus_one" for node in compiled.graph)
            verify(compiled)
    pytest.fail(f"accepted only {accepted} times")


_LINES = re.compile(r", random\.arch:[\d-]+|  # random\.arch:[\d-]+| *#.*random\.arch.*")
_SOURCES = """
import random
from ogive.network import Network
from tests.programs.definitions import write_program
from tests.programs.judge import judge
for seed in range(25):
    verdict = judge(write_program(random.Random(seed)))
    for compiled in verdict.compiled if verdict.accepted else ():
        print(Network(compiled).source())
"""


def test_the_same_text_gives_the_same_source() -> None:
    """In another process, with other hashes."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    path = os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])
    found = [
        subprocess.run(
            [sys.executable, "-c", _SOURCES],
            env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": hashes},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hashes in ("1", "2")
    ]
    assert len(found[0]) > 1000
    assert found[0] == found[1]


def test_warnings_do_not_refuse() -> None:
    """A program about which there are only doubts is accepted."""
    verdicts = [judge(write_program(random.Random(seed))) for seed in range(60)]
    assert any(v.accepted and v.diagnostics for v in verdicts)
    assert all(v.accepted or v.errors for v in verdicts)


def test_a_network_is_the_same_twice() -> None:
    for seed in range(30):
        verdict = judge(write_program(random.Random(seed)))
        again = judge(write_program(random.Random(seed)))
        assert [Network(c).source() for c in verdict.compiled] == [
            Network(c).source() for c in again.compiled
        ]
