"""A net's name, what enters and leaves it, and what lies between, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ogive.backends.draw.fold.text import clip, shape
from ogive.backends.draw.subject import Subject
from ogive.backends.draw.words.outline import in_words, listed, number, outline
from ogive.layers.base import TensorType
from ogive.layers.unknown import SizeExpr


def called(subject: Subject) -> str:
    """Its name, whatever that is."""
    return clip(subject.name) or "The network"


def through(subject: Subject) -> str:
    """What its output is computed by."""
    parts = [part for part in outline(subject.structure) if part.kind != "aux"]
    return listed(in_words(parts)) or "nothing that computes"


def inputs(subject: Subject) -> list[tuple[str, TensorType]]:
    """What enters, by name."""
    graph = subject.graph
    return [(name, graph.node(name).outputs[0]) for name in graph.inputs]


def outputs(subject: Subject) -> list[tuple[str, TensorType]]:
    """What leaves, by name."""
    return [(name, subject.graph.type(ref)) for name, ref in subject.graph.outputs]


def in_numbers(word: str, tensors: Sequence[tuple[str, TensorType]]) -> str:
    """`an input of 3×224×224`, `two inputs of 1×105×105`, `the outputs boxes (9×4) and classes (9×91)`."""
    shapes = [shape(type_) for _, type_ in tensors]
    if len(tensors) == 1:
        return f"an {word} of {shapes[0]}"
    if len(set(shapes)) == 1:
        return f"{number(len(tensors))} {word}s of {shapes[0]}"
    each = [f"{clip(name)} ({text})" for (name, _), text in zip(tensors, shapes, strict=True)]
    return f"the {word}s {listed(each)}"


def any_size(subject: Subject) -> Iterator[str]:
    """`t may be of any length.`: the sizes of what enters that the program leaves open."""
    found: dict[str, int] = {}
    for _, type_ in inputs(subject):
        unknown = (size for size in type_.sizes if isinstance(size, SizeExpr))
        found |= {symbol: len(type_.sizes) for size in unknown for symbol in size.symbols}
    for what, names in (
        ("length", [symbol for symbol, rank in found.items() if rank < 3]),
        ("size", [symbol for symbol, rank in found.items() if rank >= 3]),
    ):
        if names:
            yield f"{listed(names)} may be of any {what}."
