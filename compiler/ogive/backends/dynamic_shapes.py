"""Unknown sizes as torch.export has them."""

from __future__ import annotations

from typing import Any

from ogive.graph import Graph
from ogive.layers.unknown import SizeExpr


def dynamic_shapes(graph: Graph, *, batch: bool = True) -> tuple[dict[int, Any], ...]:
    """What `torch.export.export(module, args, dynamic_shapes=…)` takes: for each input, in order, the axes
    whose size may vary. Loads torch.

    How sizes hang together (multiples, the least that works), torch finds out itself from the module. It
    takes a size of 1 to be a case of its own: the example must be so large that no map shrinks to one place,
    and have two images where the batch varies.

    Args:
        graph: the network.
        batch: whether the number of images may vary as well.
    """
    from torch.export import Dim

    shapes: list[dict[int, Any]] = []
    for name in graph.inputs:
        sizes = graph.node(name).outputs[0].sizes
        axes = [axis for axis, size in enumerate(sizes, 1) if isinstance(size, SizeExpr)]
        shapes.append(dict.fromkeys([0, *axes] if batch else axes, Dim.AUTO))
    return tuple(shapes)
