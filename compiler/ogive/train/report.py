"""A run on one page of Markdown, to be pasted into a lab book. Imports no torch."""

from __future__ import annotations

import json
import math
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ogive.files import write_atomically
from ogive.report.units import short
from ogive.train.curves import SHARES
from ogive.train.recorded import Recorded, Row, is_number, read_run

_SHOWN = 12
"""Images that could not be read, and classes, that are named."""


def write_report(folder: Path) -> None:
    """Writes report.md from what the run has written so far.

    Raises:
        ArchError: E570, the folder holds no run, or its files are damaged.
        OSError: it cannot be written.
    """
    write_atomically(folder / "report.md", report(read_run(folder)))


def report(run: Recorded) -> str:
    """The page. What is not known, because a run was stopped, is not there."""
    parts = [
        _heading(run),
        _result(run),
        _curves(run),
        _network(run),
        _recipe(run),
        _data(run),
        _environment(run),
        _again(run),
    ]
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


# --------------------------------------------------------------------------- what came out


def _heading(run: Recorded) -> str:
    data = _mapping(run.record.get("data")).get("name")
    return f"# {_plain(run.name)}" + (f" on {_plain(str(data))}" if data else "")


def _result(run: Recorded) -> str:
    """The sentence, and a table: a line for each part of the data, a column for each metric."""
    lines: list[tuple[str, Mapping[str, float]]] = []
    best = run.record.get("best_epoch")
    if run.rows:
        last = run.rows[-1]
        lines.append((f"training, epoch {len(run.rows)}", _of(last, "train_")))
        if run.status != "finished":
            lines.append((f"validation, epoch {len(run.rows)}", _of(last, "val_")))
    lines.append(("validation" + (f", epoch {best}" if best is not None else ""), run.outcome("validation")))
    lines.append(
        ("**test**" + (f", weights of epoch {best}" if best is not None else ""), run.outcome("test"))
    )
    lines = [(label, values) for label, values in lines if values]
    metrics = [m for m in dict.fromkeys(name for _, values in lines for name in values) if m not in _COUNTS]
    table = [("", *map(_metric, metrics))]
    table += [(label, *_cells(metrics, values, bold="**" in label)) for label, values in lines]
    return outcome(run) + ("\n\n" + _table(table) if lines else "")


_COUNTS = ("correct", "total")


def outcome(run: Recorded) -> str:
    """One sentence that suffices: `Test accuracy 98.61 % (355 of 360), after 30 epochs, 630 steps, 21 s.`"""
    epochs, seconds = len(run.rows), run.record.get("seconds")
    trained = f"{epochs} epoch{'' if epochs == 1 else 's'}"
    steps = run.record.get("steps", run.rows[-1].get("step") if run.rows else None)
    if is_number(steps):
        trained += f", {int(steps):,} steps"  # pyright: ignore[reportArgumentType]
    if is_number(seconds):
        trained += f", {_duration(float(seconds))}"  # pyright: ignore[reportArgumentType]
    if run.status != "finished":
        stopped = {"failed": "The run failed", "interrupted": "The run was interrupted"}.get(run.status)
        return f"{stopped or 'The run is under way'} after {trained}."
    test = run.outcome("test")
    if "accuracy" in test:
        counted = "correct" in test and "total" in test
        of = f" ({int(test['correct']):,} of {int(test['total']):,})" if counted else ""
        return f"Test accuracy {_value('accuracy', test['accuracy'])}{of}, after {trained}."
    if "loss" in test:
        return f"Test loss {_value('loss', test['loss'])}, after {trained}."
    return f"Trained for {trained}."


def _of(row: Row, prefix: str) -> dict[str, float]:
    return {name.removeprefix(prefix): value for name, value in row.items() if name.startswith(prefix)}


def _cells(metrics: Sequence[str], values: Mapping[str, float], *, bold: bool = False) -> Iterator[str]:
    for metric in metrics:
        text = _value(metric, values[metric]) if metric in values else ""
        yield f"**{text}**" if bold and text else text


def _value(metric: str, value: float) -> str:
    if math.isfinite(value) and metric in SHARES:
        return f"{100 * value:.2f} %"
    return f"{value:.4g}"


def _metric(name: str) -> str:
    return {"top5": "top-5 accuracy"}.get(name, _plain(name))


def _curves(run: Recorded) -> str:
    pictures: list[str] = []
    if (run.path / "curves.svg").exists():
        pictures.append("![Losses and metrics over the epochs](curves.svg)")
    if (run.path / "confusion.svg").exists():
        pictures.append("![Confusion matrix: rows are true classes, columns what they were taken for]"
                        "(confusion.svg)")  # fmt: skip
    return "\n\n".join(pictures)


# --------------------------------------------------------------------------- what it was made from


def _network(run: Recorded) -> str:
    target = run.target
    lines: list[str] = []
    if target:
        file = str(target.get("file", ""))
        lines.append(f"Net {_code(str(target.get('net', run.name)))} of [{_plain(file)}]({_link(file)})")
        given = _mapping(target.get("set"))
        if given:
            lines.append("Set: " + ", ".join(_code(f"{name} = {value}") for name, value in given.items()))
        edits = target.get("edits") or ()
        lines += [f"Edited: {_code(str(edit))}" for edit in edits]
        if target.get("input"):
            lines.append(f"Input: {_code(str(target['input']))}")
        lines += [
            f"Plugin: {_code(str(path))}, SHA-256 {_code(str(digest)[:16])}…"
            for path, digest in _mapping(target.get("plugins")).items()
        ]
    else:
        lines.append(f"{_code(run.name)}, a module that was made in Python: no program of it is kept")
    if run.record.get("init_from"):
        lines.append(f"Begins with the weights of {_code(str(run.record['init_from']))}")
    if frozen := run.record.get("freeze"):
        lines.append(f"Not trained: {', '.join(_code(str(name)) for name in frozen)}")
    parameters = run.record.get("parameters")
    if is_number(parameters):
        counted = f"Parameters: {int(parameters):,}"  # pyright: ignore[reportArgumentType]
        macs = run.record.get("macs")
        if is_number(macs):
            counted += f"; multiply-accumulates of one image: {short(int(macs))}"  # pyright: ignore[reportArgumentType]
        lines.append(counted)
    return "## The network\n\n" + _list(lines)


def _recipe(run: Recorded) -> str:
    path = run.path / "recipe.arch"
    if not path.exists():
        return ""
    text = path.read_text(encoding="utf-8").strip("\n")
    name = run.record.get("recipe")
    said = f"Made from {_code(str(name))}; every setting is stated.\n\n" if name else ""
    own = _from_python(run)
    replaced = [*(_OF_LOADERS if "loaders" in own else ()), *(["loss"] if "loss" in own else [])]
    if replaced:
        were = "were" if len(replaced) > 1 else "was"
        said += f"Not used: {', '.join(map(_code, replaced))}, which {were} given from Python.\n\n"
    fence = "`" * max(3, 1 + max((len(ticks) for ticks in re.findall(r"`+", text)), default=0))
    return f"## The recipe\n\n{said}{fence}arch\n{text}\n{fence}"


def _data(run: Recorded) -> str:
    data = _mapping(run.record.get("data"))
    if not data:
        return ""
    lines: list[str] = []
    counts = _mapping(data.get("counts"))
    if counts:
        parts = [f"{int(n):,} for {_PARTS.get(part, part)}" for part, n in counts.items() if is_number(n)]
        lines.append(f"{_code(str(data.get('name', '')))}, images: {', '.join(parts)}")
    elif "loaders" in _from_python(run):
        lines.append(f"{_code(str(data.get('name', '')))}: loaders that were made in Python")
    shape = data.get("input")
    if isinstance(shape, list):
        lines.append(f"Input: {_code('x'.join(map(str, shape)))}")
    classes = data.get("classes")
    if isinstance(classes, list) and classes:
        names = [_code(str(name)) for name in classes[:_SHOWN]]
        more = f", … {len(classes) - _SHOWN} more" if len(classes) > _SHOWN else ""
        lines.append(f"{len(classes)} classes: {', '.join(names)}{more}")
    skipped = data.get("skipped")
    if isinstance(skipped, list) and skipped:
        images = (
            "1 image could not be read and was"
            if len(skipped) == 1
            else (f"{len(skipped)} images could not be read and were")
        )
        usable = _mapping(data.get("usable"))
        parts = [f"{int(n):,} for {_PARTS.get(part, part)}" for part, n in usable.items() if is_number(n)]
        lines.append(f"**{images} skipped**" + (f"; usable: {', '.join(parts)}:" if parts else ":"))
        lines += [f"  {_unusable(each)}" for each in skipped[:_SHOWN]]
        if len(skipped) > _SHOWN:
            lines.append(f"  … {len(skipped) - _SHOWN} more in run.json")
    return "## The data\n\n" + _list(lines)


def _unusable(entry: object) -> str:
    """A file, and why it could not be used."""
    if not isinstance(entry, list) or not entry:
        return _code(str(entry))
    return ": ".join([_code(str(entry[0])), *(_plain(str(reason)) for reason in entry[1:2])])


_PARTS = {"train": "training"}
_OF_LOADERS = ("data", "validation", "augment", "batch", "evaluate")
"""Settings of a recipe that loaders of the user's own stand in for."""


def _environment(run: Recorded) -> str:
    versions = _mapping(run.record.get("versions"))
    machine = _mapping(run.record.get("machine"))
    lines: list[str] = []
    if versions:
        lines.append(", ".join(f"{_plain(str(k))} {_plain(str(v))}" for k, v in versions.items()))
    said = [f"device {_code(str(machine['device']))}"] if machine.get("device") else []
    counts = {name: int(machine.get(name) or 1) for name in ("devices", "nodes")}
    if max(counts.values(), default=1) > 1:
        said += [f"{value} {name}" for name, value in counts.items()]
        said.append(f"strategy {_code(str(machine.get('strategy')))}")
    threads = run.record.get("threads")
    if is_number(threads):
        said.append(f"{threads} thread{'' if threads == 1 else 's'}")
    if said:
        lines.append(", ".join(said))
    return "## The machine\n\n" + _list(lines) if lines else ""


# --------------------------------------------------------------------------- and once more


def _again(run: Recorded) -> str:
    parts = [_use(run) if run.status == "finished" else _go_on(run)]
    if run.target and not _from_python(run):
        parts.append(f"To train it again, from where it was begun:\n\n```sh\n{_command(run)}\n```")
        if _mapping(run.record.get("machine")).get("device") == "cpu":
            parts.append(
                "With these versions, and as many threads, a CPU gives the same weights, bit for bit."
            )
    return "## Again\n\n" + "\n\n".join(parts)


def _use(run: Recorded) -> str:
    """How to get at the weights: from the shell, where the folder has all that it takes."""
    if not {"network", "loaders"} & set(_from_python(run)):
        folder = shlex.quote(str(run.path))
        said = (
            f"```sh\nogive eval {folder}{_plugins(run)}\nogive predict {folder} image.png{_plugins(run)}\n```"
        )
    else:
        module = ", module=…" if "network" in _from_python(run) else ""
        call = f"module = open_run({_quoted(run)}{module}).module"
        said = f"```python\nfrom ogive.train import open_run\n\n{call}\n```"
    return f"To use the weights:\n\n{said}"


def _go_on(run: Recorded) -> str:
    if own := _from_python(run):
        call = f"resume({_quoted(run)}, {', '.join(f'{name}=…' for name in own)})"
        said = f"```python\nfrom ogive.train import resume\n\n{call}\n```"
    else:
        said = f"```sh\nogive train --resume {shlex.quote(str(run.path))}{_plugins(run)}\n```"
    return f"To go on where it stopped:\n\n{said}"


def _quoted(run: Recorded) -> str:
    return json.dumps(str(run.path), ensure_ascii=False)


def _from_python(run: Recorded) -> Sequence[str]:
    """What the run was given that its folder cannot keep: names of arguments of `train`."""
    return run.record.get("from_python") or ([] if run.target else ["network"])


def _command(run: Recorded) -> str:
    """`ogive train runs/lenet5/program/lenet5.arch:lenet5 --recipe runs/lenet5/recipe.arch …`."""
    target, machine = run.target, _mapping(run.record.get("machine"))
    program = f"{run.path / str(target.get('file'))}:{target.get('net')}"
    words = ["ogive", "train", program, "--recipe", str(run.path / "recipe.arch")]
    for name, value in _mapping(target.get("set")).items():
        words += ["--set", f"{name}={value}"]
    for edit in target.get("edits") or ():
        words += ["--edit", str(edit)]
    if target.get("input"):
        words += ["--input", str(target["input"])]
    if run.record.get("init_from"):
        words += ["--init-from", str(run.record["init_from"])]
    for name in run.record.get("freeze") or ():
        words += ["--freeze", str(name)]
    if machine.get("data_dir"):
        words += ["--data-dir", str(machine["data_dir"])]
    return shlex.join(words) + _plugins(run)


def _plugins(run: Recorded) -> str:
    plugins = _mapping(run.target.get("plugins"))
    return "".join(f" --plugin {shlex.quote(str(path))}" for path in plugins)


# --------------------------------------------------------------------------- Markdown


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"  - {line.strip()}" if line.startswith("  ") else f"- {line}" for line in lines)


def _table(lines: Sequence[Sequence[str]]) -> str:
    head, *body = lines
    ruler = ["---", *("---:" for _ in head[1:])]
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, ruler, *body))


def _code(text: str) -> str:
    """Text as code, whatever backticks are in it."""
    text = " ".join(text.split())
    longest = max((len(ticks) for ticks in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {text} {fence}" if longest else f"`{text}`"


def _plain(text: str) -> str:
    """Text whose signs mean nothing to Markdown."""
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", " ".join(text.split()))


def _link(path: str) -> str:
    return f"<{path}>" if re.search(r"[\s()]", path) else path


def _duration(seconds: float) -> str:
    """`42 s`, `12 min 5 s`, `3 h 20 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if whole < 10 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
