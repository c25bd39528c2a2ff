"""The reference of the layers, made from the layers themselves: `python -m ogive.reference docs/layers`.

A page for each family (a module of `ogive.layers`), with each layer's call, what it does, its arguments, and
a small net that uses it: what it gives, what it counts, and the PyTorch that is printed for it. Nothing on
these pages is written by hand.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from ogive.layers.base import Argument, Layer
from ogive.layers.library import Library


def pages(library: Library | None = None) -> dict[str, str]:
    """All pages by the name of their file, the index among them."""
    layers = (library or Library.standard()).layers()
    families = {name: list(group) for name, group in groupby(layers, key=_family)}
    made = {f"{name}.md": _page(group) for name, group in families.items()}
    return {"README.md": _index(families), **made}


def signature(layer: type[Layer]) -> str:
    """`conv(out_channels, kernel_size, stride = 1, …)`, as it is written in a program."""
    arguments = layer.arguments()
    return f"{layer.kind}({', '.join(map(head, arguments))})" if arguments else layer.kind


def head(argument: Argument) -> str:
    """`stride = 1`: an argument with its default."""
    name = f"{argument.name}…" if argument.many else argument.name
    return name if argument.required or argument.many else f"{name} = {_written(argument.default)}"


def example(layer: type[Layer]) -> str:
    """The layer's example as a whole program; empty where it has none."""
    if not layer.example:
        return ""
    body = "".join(f"  {statement.strip()}\n" for statement in layer.example.split(";"))
    return f"net Example() {{\n{body}}}\n"


def first_sentence(text: str) -> str:
    """The first paragraph, on one line."""
    return " ".join(text.split("\n\n", 1)[0].split())


def _written(value: object) -> str:
    """A default as the language writes it."""
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value}"'
        case tuple():
            return "x".join(map(str, value)) if len(value) > 1 else f"[{', '.join(map(str, value))}]"
        case _:
            return str(value)


def _family(layer: type[Layer]) -> str:
    return layer.__module__.rpartition(".")[2]


def _about(layer: type[Layer]) -> str:
    return first_sentence(inspect.getdoc(inspect.getmodule(layer)) or "").rstrip(".")


def _index(families: dict[str, list[type[Layer]]]) -> str:
    lines = ["# The layers", "", "Made from the layers themselves; `ogive layers NAME` prints the same.", ""]
    for name, layers in families.items():
        links = ", ".join(f"[{layer.kind}]({name}.md#{layer.kind})" for layer in layers)
        lines.append(f"- [{name.replace('_', ' ')}]({name}.md): {links}")
    return "\n".join(lines) + "\n"


def _page(layers: list[type[Layer]]) -> str:
    lines = [f"# {_about(layers[0]).partition(':')[0]}", ""]
    for layer in layers:
        lines += [*_section(layer), ""]
    return "\n".join(lines).rstrip() + "\n"


def _section(layer: type[Layer]) -> Iterator[str]:
    yield from (
        f"## {layer.kind}",
        "",
        f"`{signature(layer)}`",
        "",
        inspect.cleandoc(layer.__doc__ or ""),
        "",
    )
    arguments = layer.arguments()
    if arguments:
        from ogive.elaborate.parameters import expected

        yield from ("| argument | takes | |", "|---|---|---|")
        for argument in arguments:
            takes = expected(argument).replace("|", "\\|")
            yield f"| `{head(argument)}` | {takes} | {argument.doc.replace('|', chr(92) + '|')} |"
        yield ""
    facts = [f"Group `{layer.group}`"]
    if layer.aliases:
        facts.append(f"elsewhere called {', '.join(layer.aliases)}")
    yield f"{'; '.join(facts)}."
    example_ = shown(layer)
    if example_ is not None:
        yield from (
            "",
            "```arch",
            example_.program.rstrip(),
            "```",
            "",
            f"gives {example_.result}. In PyTorch:",
        )
        yield from ("", "```python", *example_.torch, "```")


@dataclass(frozen=True, slots=True)
class Shown:
    """A layer's example: the program, what comes out, what it counts, and its PyTorch."""

    program: str
    result: str
    torch: list[str]


def shown(layer: type[Layer], library: Library | None = None) -> Shown | None:
    """The example of a layer, compiled; None where it has none."""
    program = example(layer)
    if not program:
        return None
    from ogive.loading import loads

    network = loads(program, library=library)
    results = ", ".join(f"`{type_}`" for _, type_ in network.outputs)
    counts = [f"{network.params:,} parameters"] if network.params else []
    counts += [f"{network.macs:,} MACs"] if network.macs else []
    result = f"{results}{' with ' if counts else ''}{' and '.join(counts)}"
    return Shown(program, result, _torch(network.source()))


def _torch(source: str) -> list[str]:
    """The statements of the module `Example`: what makes its layers, and its forward."""
    body = source.partition("class Example(nn.Module):")[2]
    made, _, forward = body.partition("    def forward(self, ")
    makes = [line.strip() for line in made.partition("super().__init__()\n")[2].splitlines() if line.strip()]
    runs = [line[4:] for line in f"    def forward(self, {forward}".splitlines()]
    return [*makes, *([""] if makes else []), *runs]


def write(folder: Path) -> None:
    """Writes all pages into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
