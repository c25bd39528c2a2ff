"""The linear map of features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from ogive.layers.base import (
    Call,
    Initializer,
    Keyword,
    Layer,
    Layout,
    Look,
    ShapeError,
    Size,
    TensorType,
    Torch,
    arg,
)  # fmt: skip
from ogive.layers.sizes import require_float
from ogive.layers.unknown import symbols_of
from ogive.layers.weights import setup


@dataclass(frozen=True, eq=False, repr=False)
class Linear(Layer):
    """A linear map of the features of a vector, or of each token (torch.nn.Linear).

    `bias = "auto"` has a bias unless a batch norm behind would cancel it. A map is refused: whether its
    places are part of the features must be said.
    """

    kind: ClassVar[str] = "linear"
    example: ClassVar[str] = "input x: [512]; linear(10)"
    aliases: ClassVar[tuple[str, ...]] = (
        "Linear",
        "fc",
        "FC",
        "dense_layer",
        "Dense",
        "fully_connected",
        "InnerProduct",
    )
    group: ClassVar[str] = "linear"
    output_saved: ClassVar[bool] = False

    out_features: int = arg(min=1, doc="features of the output")
    bias: bool | Literal["auto"] = arg("auto", doc="whether to add a learned constant to each feature")
    init: Initializer | None = arg(
        None, named=True, doc="initialiser of the weight; PyTorch's default without one"
    )

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """`[…, in]` to `[…, out_features]`."""
        (x,) = inputs
        require_float(x)
        if x.layout is Layout.MAP:
            raise ShapeError(
                f"needs a vector or tokens, and {x} is a map", code="E204", operand=0, help=self._instead(x)
            )
        return (x.with_channels(self.out_features),)

    def _instead(self, x: TensorType) -> str:
        """What to write where a map arrives: it may be an image, or tokens that were turned."""
        linear = f"linear({self.out_features})"
        flattened = f"flatten it first: `flatten -> {linear}`, or `global_avg_pool -> flatten -> {linear}`"
        if symbols_of(x.sizes[1:]):  # `flatten` would leave features that nobody knows
            flattened = f"pool it to a fixed size first: `global_avg_pool -> flatten -> {linear}`"
        if len(x.sizes) > 2:
            return flattened
        turned = f"`permute(2, 1, layout = tokens) -> {linear}`"
        return f"to mix its places, say that they are features: {turned}; or {flattened}"

    def parameters(self, inputs: Sequence[TensorType]) -> dict[str, tuple[Size, ...]]:
        """`weight [out, in]` and `bias [out]`."""
        shapes: dict[str, tuple[Size, ...]] = {"weight": (self.out_features, inputs[0].channels)}
        if self.bias:
            shapes["bias"] = (self.out_features,)
        return shapes

    def macs(self, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> Size:
        """Elements of the output times features of the input."""
        return outputs[0].elements * inputs[0].channels

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`nn.Linear(512, 1000)`."""
        keywords = (Keyword("bias", self.bias is not False, True),)
        call = Call("nn.Linear", (inputs[0].channels, self.out_features), keywords)
        return Torch(module=call, setup=setup(self.init))

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`linear, 1000`."""
        return Look("linear", f"linear, {self.out_features}", "linear")
