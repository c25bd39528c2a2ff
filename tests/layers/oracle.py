"""How a layer is tested against PyTorch: how to draw it, and what PyTorch itself would be asked to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from torch import nn

from ogive.layers.base import Layer, TensorType, map_of, plain_of, tokens_of
from ogive.layers.library import Library

Inputs = list[TensorType]
LIBRARY = Library.standard()
CASES: dict[str, Case] = {}


@dataclass(frozen=True)
class Case:
    """A layer under test.

    Attributes:
        draw: a layer and its inputs.
        reference: a module or function of the tensors, made with PyTorch alone.
        stricter: whether we refuse this on purpose although PyTorch takes it.
    """

    draw: Callable[[Any], tuple[Layer, Inputs]]
    reference: Callable[[Any, Inputs], Callable[..., object]]
    stricter: Callable[[Any, Inputs], bool]


def case(
    kind: str,
    reference: Callable[[Any, Inputs], Callable[..., object]],
    stricter: Any = lambda layer, inputs: False,
) -> Callable[[Any], Any]:
    def register(draw: Callable[[Any], tuple[dict[str, Any], Inputs]]) -> object:
        def drawn(data: Any) -> tuple[Layer, Inputs]:
            arguments, inputs = draw(data.draw)
            layer_class = LIBRARY.get(kind)
            assert layer_class is not None
            return layer_class(**arguments), inputs

        CASES[kind] = Case(drawn, reference, stricter)
        return draw

    return register


def of(name: str, axes: int) -> Any:
    """`nn.Conv2d` for `of("Conv", 2)`."""
    return getattr(nn, f"{name}{axes}d")


def n(inputs: Inputs) -> int:
    return len(inputs[0].spatial)


# ---------------------------------------------------------------- pieces of strategies

small = st.integers(1, 4)
number = st.floats(0.1, 2.0, allow_nan=False).map(lambda v: round(v, 3))
maps = st.integers(1, 3).flatmap(
    lambda axes: st.builds(
        lambda c, s: map_of(c, *s), st.integers(1, 8), st.tuples(*[st.integers(1, 9)] * axes)
    )
)
flat_maps = st.builds(map_of, st.integers(1, 8), st.integers(1, 8), st.integers(1, 8))
tokens = st.builds(tokens_of, st.integers(1, 6), st.integers(1, 8))
vectors = st.builds(plain_of, st.integers(1, 12))
anything = st.one_of(maps, tokens, vectors)


def window(axes: int, least: int, most: int) -> st.SearchStrategy[int | tuple[int, ...]]:
    one = st.integers(least, most)
    return st.one_of(one, st.tuples(*[one] * axes))
