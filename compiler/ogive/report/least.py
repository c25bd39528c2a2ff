"""The least that the unknown sizes of a net may be.

Shapes of unknown sizes are those of large ones. Where a window is larger than what arrives at it, or a rule
is another for few elements, the net does not work as its shapes say; with numbers that is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ogive.graph import Graph
from ogive.layers.base import ShapeError, TensorType
from ogive.layers.solve import at_least, solve, usual_shape
from ogive.layers.unknown import substitute, symbols_of

_MOST = 2**31
"""The largest size that is tried."""
_FURTHER = 2**10
"""How many sizes are tried one after the other, where not all that are larger than one that works do so."""
_BEYOND = 3
"""How many sizes behind the least are tried as well."""


def least_sizes(graph: Graph) -> dict[str, int]:
    """The unknown sizes of a graph, by name, and for each the least with which every layer gives what its
    shapes promise, the others being at least theirs. The graph has no cycles: cliques are unrolled.
    """
    symbols = symbols_of(size for name in graph.inputs for size in graph.node(name).outputs[0].sizes)
    if not symbols:
        return {}
    alike = _least(lambda n: _works(graph, dict.fromkeys(symbols, n)))
    alone = {
        symbol: _least(lambda n, s=symbol: _works(graph, {**dict.fromkeys(symbols, alike), s: n}), alike)
        for symbol in symbols
    }
    return alone if _works(graph, alone) else dict.fromkeys(symbols, alike)


def _least(works: Callable[[int], bool], most: int = _MOST) -> int:
    """The least number from which on something works, which is `most` at the most."""
    low, high = 0, 1
    while high < most and not works(high):
        low, high = high, min(2 * high, most)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if works(middle) else (middle, high)
    for _ in range(_FURTHER):
        if high >= most or all(works(high + i) for i in range(1, _BEYOND)):
            break
        high += 1
    return high


def _works(graph: Graph, sizes: Mapping[str, int]) -> bool:
    """Whether every layer, given numbers, makes what it makes of the unknown sizes."""
    for node in graph:
        inputs = [type_.at(sizes) for type_ in graph.operand_types(node.name)]
        outputs = tuple(type_.at(sizes) for type_ in node.outputs)
        if any(size < 1 for type_ in outputs for size in type_.sizes):
            return False
        try:
            if tuple(node.layer.at(sizes).infer(inputs)) != outputs:
                return False
        except ShapeError:
            return False
    return True


def usual_sizes(inputs: Sequence[TensorType], least: Mapping[str, int]) -> dict[str, int]:
    """A usual value for every unknown size: 3 channels and sides of 224 for an image, 128 for the length of a
    sequence, or the nearest that its form admits, and none less than it may be.
    """
    values: dict[str, int] = {}
    for type_ in inputs:
        found, _ = solve([substitute(size, values) for size in type_.sizes], usual_shape(len(type_.sizes)))
        values |= found
    return at_least(values, least)
