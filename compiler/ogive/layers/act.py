"""Activations, element by element (and softmax, which is one by usage)."""

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
    Operand,
    ShapeError,
    Size,
    TensorType,
    Torch,
    arg,
)  # fmt: skip
from ogive.layers.sizes import require_float, resolve_axis
from ogive.layers.weights import require_vector_init, setup


class Activation(Layer):
    """What all activations share: one function of one tensor that keeps its shape.

    Class attributes:
        function: the function of PyTorch.
        title: the name in a drawing.
        overwrites: whether overwriting the input saves memory: the backward pass can do with the output.
    """

    group: ClassVar[str] = "act"
    output_saved: ClassVar[bool] = False
    function: ClassVar[str]
    title: ClassVar[str]
    overwrites: ClassVar[bool] = False

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """The shape stays."""
        require_float(inputs[0])
        return (inputs[0],)

    def _keywords(self) -> tuple[Keyword, ...]:
        return ()

    def _can_overwrite(self) -> bool:
        return self.overwrites

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`F.relu(x)`."""
        keywords = self._keywords()
        inplace = None
        if self._can_overwrite():
            inplace = Call(self.function, (Operand(),), (*keywords, Keyword("inplace", True, False)))
        return Torch(forward=Call(self.function, (Operand(),), keywords), inplace=inplace)

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`ReLU`."""
        return Look("act", self.title, self.title)


class ReLU(Activation):
    """max(x, 0) (Nair & Hinton 2010)."""

    kind: ClassVar[str] = "relu"
    example: ClassVar[str] = "input x: 64x8x8; relu"
    aliases: ClassVar[tuple[str, ...]] = ("ReLU", "Relu")
    output_saved: ClassVar[bool] = True
    function: ClassVar[str] = "F.relu"
    title: ClassVar[str] = "ReLU"
    overwrites: ClassVar[bool] = True


class ReLU6(Activation):
    """min(max(x, 0), 6) (Howard et al. 2017)."""

    kind: ClassVar[str] = "relu6"
    example: ClassVar[str] = "input x: 64x8x8; relu6"
    aliases: ClassVar[tuple[str, ...]] = ("ReLU6",)
    output_saved: ClassVar[bool] = True
    function: ClassVar[str] = "F.relu6"
    title: ClassVar[str] = "ReLU6"
    overwrites: ClassVar[bool] = True


@dataclass(frozen=True, eq=False, repr=False)
class LeakyReLU(Activation):
    """x where it is positive, `negative_slope` times x elsewhere (Maas et al. 2013)."""

    kind: ClassVar[str] = "leaky_relu"
    example: ClassVar[str] = "input x: 64x8x8; leaky_relu(0.2)"
    aliases: ClassVar[tuple[str, ...]] = ("LeakyReLU", "leakyrelu", "lrelu")
    output_saved: ClassVar[bool] = True
    function: ClassVar[str] = "F.leaky_relu"
    title: ClassVar[str] = "LeakyReLU"
    overwrites: ClassVar[bool] = True

    negative_slope: float = arg(0.01, doc="slope below zero")

    def _keywords(self) -> tuple[Keyword, ...]:
        return (Keyword("negative_slope", self.negative_slope, 0.01),)

    def _can_overwrite(self) -> bool:
        return self.negative_slope > 0  # else the sign of the input cannot be read off the output


@dataclass(frozen=True, eq=False, repr=False)
class PReLU(Activation):
    """A leaky ReLU that learns its slope, one for all channels or one for each (He et al. 2015)."""

    kind: ClassVar[str] = "prelu"
    example: ClassVar[str] = "input x: 64x8x8; prelu(64)"
    aliases: ClassVar[tuple[str, ...]] = ("PReLU",)
    title: ClassVar[str] = "PReLU"

    num_parameters: int = arg(1, min=1, doc="1, or the number of channels")
    init: Initializer | None = arg(None, named=True, doc="initialiser of the slopes; 0.25 without it")

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """The shape stays."""
        (x,) = inputs
        require_float(x)
        require_vector_init(self.init, "prelu")
        if self.num_parameters not in (1, x.channels):
            raise ShapeError(
                f"num_parameters = {self.num_parameters} is neither 1 nor the {x.channels} channels of {x}",
                code="E203",
                operand=0,
                argument="num_parameters",
                help=f"`prelu({x.channels})`, or `prelu` for one slope",
            )
        if self.num_parameters != 1 and x.layout is not Layout.MAP and len(x.sizes) > 1:
            raise ShapeError(
                f"needs a map (channels first) or a vector, and {x} is neither",
                code="E204",
                operand=0,
                argument="num_parameters",
                help="`prelu`, which learns one slope for all",
            )
        return (x,)

    def parameters(self, inputs: Sequence[TensorType]) -> dict[str, tuple[Size, ...]]:
        """`weight [num_parameters]`."""
        return {"weight": (self.num_parameters,)}

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`nn.PReLU()`."""
        keyword = Keyword("num_parameters", self.num_parameters, 1)
        return Torch(module=Call("nn.PReLU", (), (keyword,)), setup=setup(self.init))


@dataclass(frozen=True, eq=False, repr=False)
class ELU(Activation):
    """x where it is positive, alpha (exp(x) - 1) elsewhere (Clevert et al. 2015)."""

    kind: ClassVar[str] = "elu"
    example: ClassVar[str] = "input x: 64x8x8; elu"
    aliases: ClassVar[tuple[str, ...]] = ("ELU",)
    output_saved: ClassVar[bool] = True
    function: ClassVar[str] = "F.elu"
    title: ClassVar[str] = "ELU"
    overwrites: ClassVar[bool] = True

    alpha: float = arg(1.0, doc="the limit below zero, negated")

    def _keywords(self) -> tuple[Keyword, ...]:
        return (Keyword("alpha", self.alpha, 1.0),)

    def _can_overwrite(self) -> bool:
        return self.alpha >= 0  # else the sign of the input cannot be read off the output


class SELU(Activation):
    """A scaled ELU that normalises by itself (Klambauer et al. 2017)."""

    kind: ClassVar[str] = "selu"
    example: ClassVar[str] = "input x: 64x8x8; selu"
    aliases: ClassVar[tuple[str, ...]] = ("SELU",)
    output_saved: ClassVar[bool] = True
    function: ClassVar[str] = "F.selu"
    title: ClassVar[str] = "SELU"
    overwrites: ClassVar[bool] = True


@dataclass(frozen=True, eq=False, repr=False)
class GELU(Activation):
    """x times the normal distribution function of x (Hendrycks & Gimpel 2016)."""

    kind: ClassVar[str] = "gelu"
    example: ClassVar[str] = "input x: 64x8x8; gelu"
    aliases: ClassVar[tuple[str, ...]] = ("GELU", "Gelu")
    function: ClassVar[str] = "F.gelu"
    title: ClassVar[str] = "GELU"

    approximate: Literal["none", "tanh"] = arg(
        "none", doc="the function itself, or its approximation by tanh"
    )

    def _keywords(self) -> tuple[Keyword, ...]:
        return (Keyword("approximate", self.approximate, "none"),)


class SiLU(Activation):
    """x sigmoid(x) (Elfwing et al. 2017; as swish, Ramachandran et al. 2017)."""

    kind: ClassVar[str] = "silu"
    example: ClassVar[str] = "input x: 64x8x8; silu"
    aliases: ClassVar[tuple[str, ...]] = ("SiLU", "swish", "Swish")
    function: ClassVar[str] = "F.silu"
    title: ClassVar[str] = "SiLU"


class Mish(Activation):
    """x tanh(softplus(x)) (Misra 2019)."""

    kind: ClassVar[str] = "mish"
    example: ClassVar[str] = "input x: 64x8x8; mish"
    aliases: ClassVar[tuple[str, ...]] = ("Mish",)
    function: ClassVar[str] = "F.mish"
    title: ClassVar[str] = "Mish"


class Hardswish(Activation):
    """x relu6(x + 3) / 6 (Howard et al. 2019)."""

    kind: ClassVar[str] = "hardswish"
    example: ClassVar[str] = "input x: 64x8x8; hardswish"
    aliases: ClassVar[tuple[str, ...]] = ("Hardswish", "hard_swish", "hswish", "h_swish")
    function: ClassVar[str] = "F.hardswish"
    title: ClassVar[str] = "h-swish"


class Hardsigmoid(Activation):
    """relu6(x + 3) / 6 (Howard et al. 2019)."""

    kind: ClassVar[str] = "hardsigmoid"
    example: ClassVar[str] = "input x: 64x8x8; hardsigmoid"
    aliases: ClassVar[tuple[str, ...]] = ("Hardsigmoid", "hard_sigmoid", "hsigmoid", "h_sigmoid")
    function: ClassVar[str] = "F.hardsigmoid"
    title: ClassVar[str] = "h-sigmoid"


@dataclass(frozen=True, eq=False, repr=False)
class Hardtanh(Activation):
    """x, held between two limits."""

    kind: ClassVar[str] = "hardtanh"
    example: ClassVar[str] = "input x: 64x8x8; hardtanh(0, 20)"
    aliases: ClassVar[tuple[str, ...]] = ("Hardtanh", "hard_tanh", "clip", "clamp")
    output_saved: ClassVar[bool] = True
    function: ClassVar[str] = "F.hardtanh"
    title: ClassVar[str] = "hardtanh"
    overwrites: ClassVar[bool] = True

    min_val: float = arg(-1.0, doc="the lower limit")
    max_val: float = arg(1.0, doc="the upper limit")

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """The shape stays."""
        if self.min_val >= self.max_val:
            raise ShapeError(
                f"min_val = {self.min_val} is not below max_val = {self.max_val}",
                code="E107",
                argument="min_val",
            )
        return super().infer(inputs)

    def _keywords(self) -> tuple[Keyword, ...]:
        return (Keyword("min_val", self.min_val, -1.0), Keyword("max_val", self.max_val, 1.0))


class Sigmoid(Activation):
    """1 / (1 + exp(-x))."""

    kind: ClassVar[str] = "sigmoid"
    example: ClassVar[str] = "input x: 64x8x8; sigmoid"
    aliases: ClassVar[tuple[str, ...]] = ("Sigmoid", "logistic")
    output_saved: ClassVar[bool] = True
    function: ClassVar[str] = "torch.sigmoid"
    title: ClassVar[str] = "sigmoid"


class Tanh(Activation):
    """The hyperbolic tangent."""

    kind: ClassVar[str] = "tanh"
    example: ClassVar[str] = "input x: 64x8x8; tanh"
    aliases: ClassVar[tuple[str, ...]] = ("Tanh",)
    output_saved: ClassVar[bool] = True
    function: ClassVar[str] = "torch.tanh"
    title: ClassVar[str] = "tanh"


@dataclass(frozen=True, eq=False, repr=False)
class Softplus(Activation):
    """log(1 + exp(beta x)) / beta, and x itself where beta x is beyond `threshold`."""

    kind: ClassVar[str] = "softplus"
    example: ClassVar[str] = "input x: 64x8x8; softplus"
    aliases: ClassVar[tuple[str, ...]] = ("Softplus",)
    function: ClassVar[str] = "F.softplus"
    title: ClassVar[str] = "softplus"

    beta: float = arg(1.0, doc="steepness")
    threshold: float = arg(20.0, doc="where it goes over to x")

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """The shape stays."""
        if self.beta == 0:
            raise ShapeError("beta = 0 divides by zero", code="E107", argument="beta")
        return super().infer(inputs)

    def _keywords(self) -> tuple[Keyword, ...]:
        return (Keyword("beta", self.beta, 1.0), Keyword("threshold", self.threshold, 20.0))


@dataclass(frozen=True, eq=False, repr=False)
class Softmax(Activation):
    """Exponentials that sum to one along an axis, the channels unless another is given."""

    kind: ClassVar[str] = "softmax"
    example: ClassVar[str] = "input x: [10]; softmax"
    aliases: ClassVar[tuple[str, ...]] = ("Softmax", "Softmax2d")
    output_saved: ClassVar[bool] = True
    title: ClassVar[str] = "softmax"

    axis: int | None = arg(None, doc="the axis that sums to one, as PyTorch counts; the channels without it")

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """The shape stays."""
        if self.axis is not None:
            resolve_axis(self.axis, inputs[0])
        return super().infer(inputs)

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`torch.softmax(x, 1)`."""
        (x,) = inputs
        axis = x.channel_axis if self.axis is None else resolve_axis(self.axis, x)
        return Torch(forward=Call("torch.softmax", (Operand(), axis)))
