"""Two nets in numbers, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ogive.graph import Graph
from ogive.layers.base import Size, TensorType
from ogive.layers.order import magnitude
from ogive.layers.unknown import SizeExpr
from ogive.report import counts, memory
from ogive.report.depth import depth
from ogive.report.field import Field, fields
from ogive.report.units import shape

Unit = Literal["count", "bytes", "text"]


@dataclass(frozen=True, slots=True)
class Total:
    """A number, or a text, of both nets.

    Attributes:
        name: what it is: `params`, `macs`, ….
        a, b: of the two nets; a text has no difference.
        unit: how it is read.
    """

    name: str
    a: Size | str
    b: Size | str
    unit: Unit = "count"

    @property
    def difference(self) -> Size | None:
        """What B has more; None of texts."""
        return None if isinstance(self.a, str) or isinstance(self.b, str) else self.b - self.a

    @property
    def percent(self) -> float | None:
        """The same in per cent of A; None where that is no number."""
        more = self.difference
        if more is None or isinstance(more, SizeExpr) or not isinstance(self.a, int) or not self.a:
            return None
        return 100 * more / self.a

    def mirrored(self) -> Total:
        """The same with A and B exchanged."""
        return Total(self.name, self.b, self.a, self.unit)


def totals(a: Graph, a_unrolled: Graph, b: Graph, b_unrolled: Graph) -> tuple[Total, ...]:
    """All of them: parameters, work, memory, receptive field, depth, what goes in and comes out.

    Args:
        a, b: as they were written.
        a_unrolled, b_unrolled: the same with cliques unrolled.
    """
    first, second = _numbers(a, a_unrolled), _numbers(b, b_unrolled)
    found = [_total(name, first[name], second[name]) for name in first]
    found += _tensors("input", _inputs(a), _inputs(b))
    found += _tensors("output", _outputs(a), _outputs(b))
    heads = next(total for total in found if total.name == "params_with_heads")
    if (heads.a, heads.b) == (found[0].a, found[0].b):
        found.remove(heads)
    return tuple(total for total in found if total.name != "products" or total.a or total.b)


def _total(name: str, a: tuple[Size | str, Unit], b: tuple[Size | str, Unit]) -> Total:
    if "text" in (a[1], b[1]):
        return Total(name, str(a[0]), str(b[0]), "text")
    return Total(name, a[0], b[0], a[1])


def _numbers(graph: Graph, unrolled: Graph) -> dict[str, tuple[Size | str, Unit]]:
    return {
        "params": (counts.params(unrolled), "count"),
        "params_with_heads": (counts.params(unrolled, heads=True), "count"),
        "macs": (counts.macs(unrolled), "count"),
        "products": (counts.products(unrolled), "count"),
        "activations_kept": (memory.kept_for_backward(unrolled), "bytes"),
        "activations_peak": (memory.peak_in_inference(unrolled), "bytes"),
        "receptive_field": _field(unrolled),
        "depth": (depth(unrolled), "count"),
        "layers": (_layers(graph), "count"),
    }


def _layers(graph: Graph) -> int:
    """The layers as they are compared: all but inputs, those of auxiliary heads too; what a clique does at
    each of its layers once.
    """
    bodies = [region.clique for region in graph.regions.values() if region.clique is not None]
    steps = sum(len(b.before) + 1 + sum(node.name != "in" for node in b.after) for b in bodies)
    return steps + sum(node.layer.group not in {"input", "clique"} for node in graph)


def _field(graph: Graph) -> tuple[Size | str, Unit]:
    """How much of the input a place sees at most; a text where that is not one number, `all` where there
    still are several places and each sees everything.
    """
    found = "all" if _sees_all(graph) else str(_before_all(graph))
    return (int(found), "count") if found.isdecimal() else (found, "text")


def _sees_all(graph: Graph) -> bool:
    """Whether a layer of several places gives each of them all of the input: what is behind a global pooling
    and a flattening has no places left, squeeze-and-excitation and attention have.
    """
    path = counts.main_path(graph)
    for name, field in fields(graph).items():
        if name in path and field.axes and field.whole:
            node = graph.node(name)
            places = any(size != 1 for size in node.outputs[0].spatial)
            if places or node.layer.products(graph.operand_types(name), node.outputs):
                return True
    return False


def _before_all(graph: Graph) -> Field:
    """The largest field of a place that does not yet see everything."""
    path = counts.main_path(graph)
    found = (field for name, field in fields(graph).items() if name in path)
    partial = [field for field in found if field.axes and not field.whole]
    return max(partial, key=lambda field: max(magnitude(a.extent) for a in field.axes), default=Field())


def _inputs(graph: Graph) -> list[tuple[str, str]]:
    return [(name, _type(graph.node(name).outputs[0])) for name in graph.inputs]


def _outputs(graph: Graph) -> list[tuple[str, str]]:
    return [(name, _type(graph.type(ref))) for name, ref in graph.outputs]


def _type(type_: TensorType) -> str:
    return shape(type_.sizes) if type_.dtype == "float" else f"{type_.dtype} {shape(type_.sizes)}"


def _tensors(what: str, a: list[tuple[str, str]], b: list[tuple[str, str]]) -> list[Total]:
    """A total for each tensor; the only one of both nets is the same, whatever it is called."""
    if len(a) == len(b) == 1:
        return [Total(what, a[0][1], b[0][1], "text")]
    first, second = dict(a), dict(b)
    order = {
        name: min(list(each).index(name) for each in (first, second) if name in each)
        for name in first | second
    }
    names = sorted(order, key=lambda name: (order[name], name))
    return [Total(f"{what} {name}", first.get(name, ""), second.get(name, ""), "text") for name in names]
