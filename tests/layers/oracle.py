"""How a layer is tested against PyTorch: how to draw it, and what PyTorch itself would be asked to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from hypothesis import strategies as st
from torch import nn

from ogive.layers.base import Layer, TensorType, map_of, plain_of, tokens_of
from ogive.layers.library import Library

Inputs = list[TensorType]
LIBRARY = Library.standard()
CASES: dict[str, Case] = {}


class Stricter(Enum):
    """Why a layer refuses, on purpose, what PyTorch would take. There is no other reason."""

    BATCH = "the batch is nobody's to cut, sum or move: axis 0 is refused"
    BROADCAST = "tensors of different shapes are not combined; only a gate in `mul` spreads, spelled as one"
    READING = "it is known which axis holds channels or features; PyTorch takes what stands on its own"
    BEYOND = "a range that ends outside an axis, and parts that are not equal, are no matter of luck"
    WITHOUT_EFFECT = "an argument that would do nothing is a mistake"
    ONE_IMAGE = "what runs on a batch of two and not on one image is refused"
    NOTHING_LEFT = "a tensor has one size at least beside the batch"
    FLOATS = "what computes takes float numbers; PyTorch has some operations for ints as well"
    CLIP = "a shift of a whole window or more is no shift of windows"


@dataclass(frozen=True)
class Case:
    """A layer under test.

    Attributes:
        draw: a layer and its inputs.
        reference: a module or function of the tensors, made with PyTorch alone.
        stricter: why we refuse this on purpose, whatever PyTorch says; None: we accept what it accepts.
    """

    draw: Callable[[Any], tuple[Layer, Inputs]]
    reference: Callable[[Any, Inputs], Callable[..., object]]
    stricter: Callable[[Any, Inputs], Stricter | None]


Rule = Callable[[Any, Inputs], Any]


def case(
    kind: str,
    reference: Callable[[Any, Inputs], Callable[..., object]],
    stricter: dict[Stricter, Rule] | None = None,
) -> Callable[[Any], Any]:
    """Registers how a layer is drawn (the function that is decorated: its arguments, its inputs).

    Now and then the inputs hold ints or truth values: those of a layer that computes must be refused.

    Args:
        kind: the layer.
        reference: what PyTorch itself would be asked to do: a module, or a function.
        stricter: when it refuses more than PyTorch, and why.
    """
    rules = {Stricter.FLOATS: lambda layer, inputs: kind in COMPUTES and inputs[0].dtype != "float"}
    rules |= stricter or {}

    def reason(layer: Any, inputs: Inputs) -> Stricter | None:
        return next((reason for reason, rule in rules.items() if rule(layer, inputs)), None)

    def register(draw: Callable[[Any], tuple[dict[str, Any], Inputs]]) -> object:
        def drawn(data: Any) -> tuple[Layer, Inputs]:
            arguments, inputs = draw(data.draw)
            if data.draw(st.integers(0, 11)) == 11:
                other = data.draw(st.sampled_from(["int", "bool"]))
                other = other if inputs[0].dtype == "float" else "float"
                inputs = [replace(x, dtype=other) for x in inputs]
            layer_class = LIBRARY.get(kind)
            assert layer_class is not None
            return layer_class(**arguments), inputs

        CASES[kind] = Case(drawn, reference, reason)
        return draw

    return register


COMPUTES = frozenset(
    {
        *("relu", "relu6", "hardtanh", "sigmoid", "tanh", "abs", "scale", "layer_scale", "lrn"),
        *("max_pool", "avg_pool", "global_max_pool", "pad", "pixel_shuffle", "space_to_depth"),
        *("channel_shuffle", "dropout", "drop_path", "matmul", "positional", "class_token"),
    }
)
"""Layers that need float numbers where PyTorch has a version for ints."""


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
