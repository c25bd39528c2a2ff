"""Layers and parts in words, as a program writes them: `conv(64, 3x3, padding = 1)`."""

from __future__ import annotations

from collections.abc import Sequence

from ogive.elaborate.values import show
from ogive.layers.base import Argument, Initializer, Layer, TensorType
from ogive.report.difference.tree import Part

_MOST = 4
"""Layers of a chain that are written out."""


def value_text(value: object, choices: Sequence[str] = ()) -> str:
    """A value as a program writes it; a choice is a bare word."""
    match value:
        case str() if value in choices:
            return value
        case Initializer():
            given = ", ".join(f"{name} = {show(each)}" for name, each in value.arguments)
            return f"{value.name}({given})" if given else value.name
        case Layer():
            return layer_text(value)
        case TensorType():
            return str(value)
        case _:
            return show(value)


def layer_arguments(layer: Layer) -> dict[str, str]:
    """What is said of a layer: its arguments by name, as they are written, without those at their default. A
    bias that the compiler chose is not among them.
    """
    found: dict[str, str] = {}
    for argument in type(layer).arguments():
        value = getattr(layer, argument.name)
        chosen = argument.default == "auto" and isinstance(value, bool)
        if argument.required or not (value == argument.default or chosen):
            found[argument.name] = value_text(value, argument.choices)
    return found


def layer_text(layer: Layer, arguments: dict[str, str] | None = None) -> str:
    """`conv(64, 3x3, padding = 1)`.

    Args:
        layer: it.
        arguments: what is said of it, where that is not all that `layer_arguments` says.
    """
    given = layer_arguments(layer) if arguments is None else arguments
    specs: dict[str, Argument] = {each.name: each for each in type(layer).arguments()}
    bare: list[str] = []
    named: list[str] = []
    for name, text in given.items():
        spec = specs[name]
        if spec.required and not spec.keyword_only and not named:
            bare.append(text)
        else:
            named.append(f"{name} = {text}")
    written = ", ".join((*bare, *named))
    return f"{layer.kind}({written})" if written else layer.kind


def chain_text(words: Sequence[str]) -> str:
    """`conv -> bn -> relu`; a long one by its first and its last."""
    if len(words) <= _MOST:
        return " -> ".join(words)
    return f"{words[0]} -> {words[1]} -> … -> {words[-1]} ({len(words)} layers)"


def part_text(part: Part, *, full: bool = True) -> str:
    """A layer with its arguments; a region by what it is.

    Args:
        part: it.
        full: whether layers are written with their arguments.
    """
    if part.layer is not None:
        return layer_text(part.layer) if full else part.word
    match part.kind:
        case "block" | "net":
            return part.word
        case "stage":
            return f"stage {part.name}"
        case "aux":
            return f"auxiliary head {part.name}"
        case "iteration" if part.name:  # of a dense block
            return "layer"
        case "iteration":
            return row_text(part.children, full=full)
        case "branch" | "shortcut":
            return f"{part.kind} {row_text(part.children, full=full)}"
        case _:
            return part.word


def row_text(parts: Sequence[Part], *, full: bool = True) -> str:
    """A run of parts as a chain."""
    return chain_text([part_text(part, full=full) for part in parts])
