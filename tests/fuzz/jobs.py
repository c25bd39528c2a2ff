"""What is tried: each job is an input and the way in which the compiler meets it."""

from __future__ import annotations

import json
import os
import tempfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from random import Random

from ogive.diagnostics import Diagnostic, Fix
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
        ["mutated", "generated", "bytes", "edits", "value", "shape", "recipe", "command", "fix"],
        weights=[50, 12, 8, 8, 7, 3, 6, 10, 6],
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


_COMMANDS = (
    "check F --json", "check F --strict --json", "check F --fix --unsafe-fixes --json", "check F --fix --diff", "fmt F",
    "fmt F --diff", "fmt F --check", "show F", "show F --recipe a --json", "summary F", "summary F --json --depth 2",
    "draw F -o D/out.dot", "draw F -o D/out.dot --depth 1", "compile F -o D/out.py", "new D/b.arch --from F", "check F:N",
    "check F --set classes=3 --json", "check F --input 3x32x32", "summary F:small --edit D", "layers D",
)  # fmt: skip


def _command(random: Random, texts: Sequence[str]) -> str:
    """A command line, and on the lines behind it the file that it works on."""
    text = (
        write_program(random).text
        if random.random() < 0.3
        else mutate.mutated(random, [small(t) for t in texts])
    )
    return f"{random.choice(_COMMANDS)}\n{text[:20_000]}"


INPUTS: dict[str, Callable[[Random], bytes]] = {
    "mutated": lambda random: _encoded(mutate.mutated(random, [small(t) for t in corpus()])),
    "generated": lambda random: _encoded(
        write_program(random, reckless=random.choice((0.0, 0.02, 0.1))).text
    ),
    "bytes": mutate.random_bytes,
    "edits": lambda random: _encoded(_edits(random, corpus())),
    "value": lambda random: _encoded(_expressions(random, corpus())),
    "shape": lambda random: _encoded(
        random.choice((*mutate.EXTREMES, "3x224x224", "1x1x1", "3x7x7", "3x32", "1", "64"))
    ),
    "recipe": lambda random: _encoded(_recipe(random, corpus())),
    "command": lambda random: _encoded(_command(random, corpus())),
    "fix": lambda random: _encoded(mutate.mutated(random, [small(t) for t in corpus()])[:5_000]),
}
"""What makes the input of each kind of job."""


# --------------------------------------------------------------------------- what is done with it


def _program(text: str) -> str:
    """Checks a text, and makes everything of what is accepted."""
    from tests.programs.judge import check_diagnostics, judge
    from tests.programs.run import verify

    verdict = judge(text)
    check_diagnostics(verdict.diagnostics)
    _recipes_of(text)
    _formatted(text)
    if not verdict.accepted:
        return "refused" if verdict.errors else "empty"
    for compiled in verdict.compiled[:4]:
        verify(compiled, device="meta")
    return "accepted"


def _recipes_of(text: str) -> None:
    """Prints the recipes of a text in both forms; the text of one is a recipe again."""
    from ogive.diagnostics import ArchError
    from ogive.reading import read_text
    from ogive.recipes import Recipe, read_back, resolve_all, whole
    from ogive.recipes.printing import to_json, to_text

    def values(recipe: Recipe) -> list[object]:
        return [(s.setting.name, s.values) for s in recipe.stated]

    try:
        found, _ = resolve_all(read_text(text))
    except ArchError:
        return
    for recipe in found:
        json.dumps(to_json(recipe))
        printed = to_text(recipe)
        again, wrong = resolve_all(read_text(printed))
        assert not wrong, f"{wrong[0].message} in what was printed"
        (same,) = again
        assert values(same) == values(recipe)
        try:
            full = whole(recipe)
        except ArchError:  # it does not say what a run needs
            continue
        assert values(read_back(to_text(full))) == values(full)


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


_TARGETS = (
    "resnet:resnet18", "lenet5:lenet5", "googlenet:googlenet", "cliquenet:cliquenet_k36_t12",
)  # fmt: skip


def _target(**settings: object) -> str:
    """A network of the zoo with something given from outside."""
    from ogive.diagnostics import ArchError
    from ogive.pipeline import compile_target, parse_changes, parse_value, read_program
    from tests.fuzz.corpus import ROOT
    from tests.programs.judge import check_diagnostics
    from tests.programs.run import verify

    file, _, name = random_of(str(settings), _TARGETS).partition(":")
    program = read_program((ROOT / "archs" / f"{file}.arch").read_text(encoding="utf-8"), f"{file}.arch")
    given: dict[str, object] = {}
    try:
        if "edits" in settings:
            given["edits"] = parse_changes([str(settings["edits"])])
        if "value" in settings:
            parameters = ("classes", "layers", "unit") if file == "resnet" else ("classes",)
            value = str(settings["value"])
            given["arguments"] = {random_of(value, parameters): parse_value(value, "--set")}
        if "shape" in settings:
            given["shape"] = settings["shape"]
        compiled = compile_target(program, name, **given)  # pyright: ignore[reportArgumentType]
    except ArchError as error:
        check_diagnostics([d for d in error.diagnostics if d.labels])
        return "refused" if str(error) else "silence"
    verify(compiled, device="meta")
    return "accepted"


def random_of(text: str, choices: Sequence[str]) -> str:
    """One of the choices, the same for the same text."""
    return choices[zlib.crc32(text.encode("utf-8", "replace")) % len(choices)]


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

    with suppress(click.BadParameter, ArchError):
        parse_settings((f"classes={text}",), None)
    return _target(value=text)


def _run_command(text: str) -> str:
    """A command on a file, in this process: it ends well, or says what is wrong."""
    import click

    from ogive.cli.main import main
    from ogive.diagnostics import ArchError

    line, _, program = text.partition("\n")
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        path = Path(folder) / "net.arch"
        path.write_text(program, encoding="utf-8", errors="replace")
        places = {"F": os.fspath(path), "D": folder}
        arguments = [
            places.get(word[:1], "") + word[1:] if word[:1] in places else word for word in line.split()
        ]
        try:
            status = main.main(arguments, prog_name="ogive", standalone_mode=False)
        except (click.ClickException, ArchError):
            return "refused"
        left = {file.suffix for file in Path(folder).iterdir()}
        assert left <= {".arch", ".dot", ".py"}, left
        return "refused" if status else "accepted"


def _fix(text: str) -> str:
    """Applies the fixes that there are: the text is better then, or the same. Each alone keeps what `fix_text`
    promises: of what it keeps nothing is wrong where it wrote, and a safe one leaves its line alone.
    """
    from ogive.fixing import fix_text, replaced
    from tests.programs.judge import check_diagnostics, judge

    def bad(version: str) -> tuple[int, int]:
        errors = judge(version).errors
        syntax = sum(d.code.startswith("E0") for d in errors)
        return syntax, len(errors) - syntax

    before = judge(text).diagnostics
    for unsafe in (False, True):
        fixed = fix_text(text, lambda version: judge(version).diagnostics, unsafe=unsafe)
        check_diagnostics(fixed.left)
        assert bad(fixed.text) <= bad(text), f"{len(fixed.applied)} fixes made it worse"
        assert bool(fixed.applied) >= (fixed.text != text)
        if not all(each.safe for each in fixed.applied):
            assert bad(fixed.text) < bad(text), "a guess was kept that does not help"
    own = [(d, d.fix) for d in before if d.fix is not None and d.fix.span.source.text == text]
    for diagnostic, fix in own[:5]:
        if fix.safe:
            _leaves_its_line(text, fix)
        others = [replace(d, fix=None) for d in before if d is not diagnostic]
        kept = fix_text(text, _only([diagnostic, *others], text), unsafe=True)
        if len(kept.applied) == 1 and kept.text == replaced(text, [fix]):
            start, end = fix.span.start, fix.span.start + len(fix.replacement)
            wrong = [d for d in kept.left if d.severity == "error" and d.span and start <= d.span.start < end]
            assert not wrong, f"{wrong[0].code} where {diagnostic.code} was fixed"
    return "accepted" if fixed.applied else "refused"


def _only(found: Sequence[Diagnostic], text: str) -> Callable[[str], Sequence[Diagnostic]]:
    """What is wrong with a version of a text; with the text itself, what is given."""
    from tests.programs.judge import judge

    return lambda version: found if version == text else judge(version).diagnostics


def _leaves_its_line(text: str, fix: Fix) -> None:
    """A safe fix changes no other word of its line; one that begins a comment hides no bracket."""
    from ogive.fixing import replaced

    end = text.find("\n", fix.span.end)
    rest = text[fix.span.end : len(text) if end < 0 else end]
    new = replaced(text, [fix])
    moved = fix.span.start + len(fix.replacement) - fix.span.end
    if fix.replacement == "#":
        assert _nests(rest.partition("#")[0]), f"`#` hides a bracket of `{rest}`"
        return
    last = fix.span.end + len(rest)
    old, now = (
        [(kind, word, at - by) for kind, word, at in _words_of(version) if fix.span.end <= at - by < last]
        for version, by in ((text, 0), (new, moved))
    )
    assert now == old, f"`{fix.replacement}` for `{fix.span.text}` changes what follows: {rest}"


def _nests(text: str) -> bool:
    open_: list[str] = []
    for sign in text:
        if sign in "([{":
            open_.append(sign)
        elif sign in ")]}" and (not open_ or open_.pop() + sign not in ("()", "[]", "{}")):
            return False
    return not open_


def _words_of(text: str) -> list[tuple[str, str, int]]:
    """The kind, the text and the place of every word and sign, as the lexer sees them."""
    from lark.lexer import LexerThread

    from ogive.syntax import tables

    found = LexerThread.from_text(tables.lexer(), text).lex(None)  # pyright: ignore[reportArgumentType]
    return [(token.type, str(token), token.start_pos or 0) for token in found]


def _misbehave(text: str) -> str:
    """What the limits of a worker are tested with."""
    while text == "time":
        pass
    if text == "memory":
        return str(len(bytes(1_100_000_000)))
    if text == "death":
        os.abort()
    raise KeyError(len(text))


JOBS: dict[str, Callable[[Job], str]] = {
    "mutated": lambda job: _program(job.text),
    "generated": lambda job: _program(job.text),
    "recipe": lambda job: _program(job.text),
    "bytes": lambda job: _file(job.data),
    "edits": lambda job: _target(edits=job.text),
    "value": lambda job: _value(job.text),
    "shape": lambda job: _shape(job.text),
    "command": lambda job: _run_command(job.text),
    "fix": lambda job: _fix(job.text),
    "misbehave": lambda job: _misbehave(job.text),
}
"""What is done with each kind of job. It gives `accepted`, `refused` or `empty`; anything raised is a failure."""
