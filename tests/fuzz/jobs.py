"""What is tried: each job is an input and the way in which the compiler meets it."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.fuzz import mutate
from tests.fuzz.corpus import corpus, small
from tests.programs.definitions import write_program


@dataclass(frozen=True)
class Job:
    """An input and what is done with it.

    Attributes:
        kind: a key of `JOBS`.
        seed: what it was made from.
        data: the input.
    """

    kind: str
    seed: int
    data: bytes

    @property
    def text(self) -> str:
        """The input as text."""
        return self.data.decode("utf-8", "surrogatepass")


def make(seed: int) -> Job:
    """The job of a seed."""
    random = Random(seed)
    (kind,) = random.choices(
        ["mutated", "generated", "bytes", "edits", "value", "shape", "recipe"], weights=[55, 12, 8, 8, 8, 3, 6]
    )
    return Job(kind, seed, INPUTS[kind](random))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _expressions(random: Random, texts: Sequence[str]) -> str:
    parts = mutate.TOKEN.findall(random.choice(texts))
    start = random.randrange(len(parts) + 1)
    text = "".join(parts[start : start + random.choice((1, 2, 3, 5, 9, 15))]).replace("\n", " ")
    choices = [text, random.choice(mutate.EXTREMES), f"{text}{random.choice(mutate.WORDS)}{text}"]
    return random.choice(choices)


_EDITS = (
    "insert bn before act", "insert bn after relu", "remove lrn", "remove norm", "replace relu with sigmoid",
    "set dropout(p = 0.2)", 'remove act in "conv*"', "insert conv(8, 1x1) -> bn after conv(3x3)", "replace conv with depthwise",
    "set conv(3x3, stride = 1)", "remove conv", "replace bn with gn(2)", "assert params < 1M", "set conv(groups = 2)",
    "insert residual { conv(here.channels, 1x1) } before pool", "remove pool", "set conv(1x1, bias = true)",
)  # fmt: skip
_SETTINGS = (
    "data imagenet(resize = 256)", "augment random_crop(224), hflip, pca_lighting(0.1)", "batch 128", "epochs 90",
    "optimizer sgd(lr = 0.01, momentum = 0.9)", "optimizer adam", "schedule plateau(factor = 0.1, times = 3)",
    "init normal(std = 0.01)", "evaluate ten_crop", "schedule cosine", "batch -1", "epochs 1e308", "seed 0",
)  # fmt: skip


def _edits(random: Random, texts: Sequence[str]) -> str:
    text = "; ".join(random.choice(_EDITS) for _ in range(random.choice((1, 1, 2, 4))))
    return mutate.tokens(random, text, texts) if random.random() < 0.6 else text


def _recipe(random: Random, texts: Sequence[str]) -> str:
    rows = "\n  ".join(random.sample(_SETTINGS, random.randrange(1, 7)))
    base = random.choice(("", " extends a", " extends b", " extends c"))
    text = f"recipe a {{\n  {rows}\n}}\nrecipe b{base} {{ epochs 3 }}\nnet N() {{ input x: [3]; relu }}\n"
    return mutate.tokens(random, text, texts) if random.random() < 0.7 else text


INPUTS: dict[str, Callable[[Random], bytes]] = {
    "mutated": lambda random: _encoded(mutate.mutated(random, [small(t) for t in corpus()])),
    "generated": lambda random: _encoded(write_program(random, reckless=random.choice((0.0, 0.02, 0.1))).text),
    "bytes": mutate.random_bytes,
    "edits": lambda random: _encoded(_edits(random, corpus())),
    "value": lambda random: _encoded(_expressions(random, corpus())),
    "shape": lambda random: _encoded(random.choice((*mutate.EXTREMES, "3x224x224", "1x1x1", "3x7x7", "3x32", "1", "64"))),
    "recipe": lambda random: _encoded(_recipe(random, corpus())),
}
"""What makes the input of each kind of job."""


# --------------------------------------------------------------------------- what is done with it


def _program(text: str) -> str:
    """Checks a text, and makes everything of what is accepted."""
    from tests.programs.judge import check_diagnostics, judge
    from tests.programs.run import verify

    verdict = judge(text)
    check_diagnostics(verdict.diagnostics)
    _formatted(text)
    if not verdict.accepted:
        return "refused" if verdict.errors else "empty"
    for compiled in verdict.compiled[:4]:
        verify(compiled, device="meta")
    return "accepted"


def _formatted(text: str) -> None:
    """Formats a text, if it parses: the result is stable, and means the same, or `format_text` raises E531."""
    from ogive.diagnostics import ArchError
    from ogive.syntax.format import format_text

    try:
        once = format_text(text)
    except ArchError as error:
        if any(d.code == "E531" for d in error.diagnostics):
            raise
        return
    assert format_text(once) == once, "formatting twice gives something else"


def _file(data: bytes) -> str:
    """Loads a file of these bytes, as the command line does."""
    from ogive.cli.check import examine
    from ogive.cli.target import Settings
    from tests.programs.judge import check_diagnostics

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.arch"
        path.write_bytes(data)
        results = examine(os.fspath(path), Settings({}, None))
    found = [d for result in results for d in result.diagnostics]
    check_diagnostics([d for d in found if d.labels])
    for diagnostic in found:
        json.dumps({"message": diagnostic.message})
    return "refused" if any(d.severity == "error" for d in found) else "accepted"


_TARGETS = ("resnet:resnet18", "lenet5:lenet5", "googlenet:googlenet", "cliquenet:cliquenet_k36_t12")


def _target(**settings: object) -> str:
    """A network of the zoo with something given from outside."""
    from ogive.diagnostics import ArchError
    from ogive.pipeline import compile_target, parse_changes, parse_value, read_program
    from tests.fuzz.corpus import ROOT
    from tests.programs.judge import check_diagnostics
    from tests.programs.run import verify

    outcome = "refused"
    for target in _TARGETS:
        file, _, name = target.partition(":")
        program = read_program((ROOT / "archs" / f"{file}.arch").read_text(encoding="utf-8"), f"{file}.arch")
        try:
            given: dict[str, object] = {}
            if "edits" in settings:
                given["edits"] = parse_changes([str(settings["edits"])])
            if "value" in settings:
                name_ = "classes" if file != "resnet" else random_of(str(settings["value"]), ("classes", "layers", "unit"))
                given["arguments"] = {name_: parse_value(str(settings["value"]), "--set")}
            if "shape" in settings:
                given["shape"] = settings["shape"]
            compiled = compile_target(program, name, **given)  # pyright: ignore[reportArgumentType]
        except ArchError as error:
            check_diagnostics([d for d in error.diagnostics if d.labels])
            assert error.diagnostics
            assert str(error)
            continue
        outcome = "accepted"
        verify(compiled, device="meta")
    return outcome


def random_of(text: str, choices: Sequence[str]) -> str:
    """One of the choices, the same for the same text."""
    return choices[len(text) % len(choices)]


def _shape(text: str) -> str:
    import click

    from ogive.cli.target import parse_settings

    try:
        settings = parse_settings((), text)
    except click.BadParameter:
        return "refused"
    return _target(shape=settings.input)


def _value(text: str) -> str:
    import click

    from ogive.cli.target import parse_settings
    from ogive.diagnostics import ArchError

    try:
        parse_settings((f"classes={text}",), None)
    except (click.BadParameter, ArchError):
        pass
    return _target(value=text)


JOBS: dict[str, Callable[[Job], str]] = {
    "mutated": lambda job: _program(job.text),
    "generated": lambda job: _program(job.text),
    "recipe": lambda job: _program(job.text),
    "bytes": lambda job: _file(job.data),
    "edits": lambda job: _target(edits=job.text),
    "value": lambda job: _value(job.text),
    "shape": lambda job: _shape(job.text),
}
"""What is done with each kind of job. It gives `accepted`, `refused` or `empty`; anything raised is a failure."""
