"""How much of the input a place sees.

A window of extent k over places that lie j input elements apart adds (k - 1) j to what each of them sees, and
a stride s makes them s j apart (Araujo, Norris & Sim, "Computing receptive fields of convolutional neural
networks", Distill 2019). Where paths meet, the larger field counts. A field may be larger than the image: it
reaches into the padding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ogive.graph import Graph, Node
from ogive.layers.base import Size, TensorType
from ogive.layers.order import always, magnitude
from ogive.layers.unknown import SizeExpr


@dataclass(frozen=True, slots=True)
class Axis:
    """One spatial axis: `extent` input elements are seen, neighbours are `step` of them apart."""

    extent: Size | Fraction = 1
    step: Size | Fraction = 1
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A receptive field, an axis for every spatial axis of the input; no axes where there is no place to
    speak of.
    """

    axes: tuple[Axis, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether every place sees everything."""
        return all(axis.whole for axis in self.axes)

    def __str__(self) -> str:
        if not self.axes:
            return ""
        if self.whole:
            return "all"
        return _joined(["all" if axis.whole else axis.extent for axis in self.axes])

    @property
    def stride(self) -> str:
        """How far apart neighbours are, in elements of the input."""
        return _joined([axis.step for axis in self.axes])


def fields(graph: Graph) -> dict[str, Field]:
    """The field of every node's output. The graph has no cycles: cliques are unrolled."""
    found: dict[str, Field] = {}
    for node in graph:
        operands = graph.operands(node.name)
        if not operands:
            sizes = node.outputs[0].spatial
            one = all(size == 1 for size in sizes)  # the one place there is, which everything sees
            found[node.name] = Field(tuple(Axis(whole=one) for _ in sizes))
            continue
        arrived = _merged([found[ref.node] for ref in operands if ref.node in found])
        found[node.name] = _through(node, arrived, graph.operand_types(node.name))
    return found


def _merged(fields: Sequence[Field]) -> Field:
    placed = [field.axes for field in fields if field.axes]
    if not placed or len({len(axes) for axes in placed}) > 1:
        return Field()
    return Field(
        tuple(
            Axis(
                max((a.extent for a in axis), key=magnitude),
                max((a.step for a in axis), key=magnitude),
                any(a.whole for a in axis),
            )
            for axis in zip(*placed, strict=True)
        )
    )


def _through(node: Node, arrived: Field, inputs: tuple[TensorType, ...]) -> Field:
    if arrived.axes and inputs[0].spatial and not node.outputs[0].spatial:
        return _everything(arrived)  # a vector has no places
    windows = node.layer.window(inputs)
    if windows is None or not arrived.axes:
        return arrived
    sizes, out_sizes = inputs[0].spatial, node.outputs[0].spatial
    # a kernel as large as the map is centred elsewhere at every place; attention relates every pair of places
    pairs = bool(node.layer.products(inputs, node.outputs))
    if not len(windows) == len(arrived.axes) == len(out_sizes):
        # patches that became tokens: a layer that sees every token sees every patch
        if all(_covers(extent, size) for (extent, _), size in zip(windows, sizes, strict=False)):
            return _everything(arrived)
        return Field()
    return Field(
        tuple(
            Axis(
                a.extent + (extent - 1) * a.step,
                a.step * stride,
                a.whole or (size != 1 and _covers(extent, size) and (out == 1 or pairs)),
            )
            for a, (extent, stride), size, out in zip(arrived.axes, windows, sizes, out_sizes, strict=True)
        )
    )


def _covers(extent: Size, size: Size) -> bool:
    """Whether a window is as large as an axis; of unknown sizes, whether it always is."""
    return always(">=", extent, size) is True


def _everything(arrived: Field) -> Field:
    return Field(tuple(Axis(a.extent, a.step, whole=True) for a in arrived.axes))


def _joined(values: Sequence[Size | Fraction | str]) -> str:
    texts = [value if isinstance(value, str) else _number(value) for value in values]
    if len(set(texts)) == 1:
        return texts[0]
    return f"[{', '.join(texts)}]" if any(isinstance(v, SizeExpr) for v in values) else "x".join(texts)


def _number(value: Size | Fraction) -> str:
    if isinstance(value, SizeExpr):
        return str(value)
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.4g}"
