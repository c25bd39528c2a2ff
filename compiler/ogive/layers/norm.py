"""Normalisations: bn, ln, gn, instance_norm, rms_norm, l2_norm, lrn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from ogive.layers.base import (
    Call,
    Channel,
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
from ogive.layers.sizes import common_divisors, require_float, require_map
from ogive.layers.weights import require_vector_init, require_weight, setup


class _Norm(Layer):
    """What all norms share: they keep the shape, and autograd keeps their input, not their output."""

    group: ClassVar[str] = "norm"
    output_saved: ClassVar[bool] = False
    what: ClassVar[str]
    """The layer in a sentence: `a batch norm`."""
    short: ClassVar[str]
    """The layer in a drawing: `BN`."""

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """The shape stays."""
        require_float(inputs[0])
        self._check(inputs[0])
        return (inputs[0],)

    def _check(self, x: TensorType) -> None:
        """Refuses what this norm cannot take."""

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`BN`."""
        return Look("norm", self.short, self.short)


def _require_channels(x: TensorType) -> None:
    """Refuses tensors whose features PyTorch would not find on axis 1."""
    if x.layout is Layout.TOKENS or (x.layout is Layout.PLAIN and len(x.sizes) > 1):
        kind = "tokens" if x.layout is Layout.TOKENS else f"a tensor of {len(x.sizes)} axes"
        raise ShapeError(
            f"needs a map (channels first) or a vector, and {x} is {kind}",
            code="E204",
            operand=0,
            help="`ln`, which normalises the features of tokens",
        )


def _affine(channels: Size, *, weight: bool, bias: bool) -> dict[str, tuple[Size, ...]]:
    return {name: (channels,) for name, there in (("weight", weight), ("bias", bias)) if there}


@dataclass(frozen=True, eq=False, repr=False)
class BatchNorm(_Norm):
    """Batch normalisation of each channel of a map, or each feature of a vector (Ioffe & Szegedy 2015).

    One of torch.nn.BatchNorm1d, 2d and 3d, as its input has axes.
    """

    kind: ClassVar[str] = "bn"
    example: ClassVar[str] = "input x: 64x8x8; bn"
    after_projection: ClassVar[bool] = True
    aliases: ClassVar[tuple[str, ...]] = (
        "batchnorm", "batch_norm", "BatchNorm", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d",
        "BatchNormalization",
    )  # fmt: skip
    what: ClassVar[str] = "a batch norm"
    short: ClassVar[str] = "BN"

    eps: float = arg(1e-5, named=True, min=0, doc="added to the variance")
    momentum: float | None = arg(
        0.1, named=True, min=0, max=1, doc="weight of a new batch in the running statistics; none: their mean"
    )
    affine: bool = arg(True, named=True, doc="whether it learns a scale and a shift for each channel")
    track_running_stats: bool = arg(True, named=True, doc="whether it keeps statistics for evaluation")
    init: Initializer | None = arg(None, named=True, doc="initialiser of the scale; ones without it")

    def _check(self, x: TensorType) -> None:
        _require_channels(x)
        require_weight(self.init, affine=self.affine, argument="affine")
        require_vector_init(self.init, self.what)
        if self.eps == 0:
            raise ShapeError(
                "eps = 0 divides by zero where a channel is constant, and PyTorch refuses it",
                code="E107",
                argument="eps",
                help="`eps = 1e-5`, the default",
            )

    def parameters(self, inputs: Sequence[TensorType]) -> dict[str, tuple[Size, ...]]:
        """`weight [C]` and `bias [C]`."""
        return _affine(inputs[0].channels, weight=self.affine, bias=self.affine)

    def channel_rule(self, inputs: Sequence[TensorType]) -> str:
        """The mean takes the constant with it (section 3.2)."""
        return Channel.ABSORBS

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`nn.BatchNorm2d(64)`."""
        (x,) = inputs
        keywords = (
            Keyword("eps", self.eps, 1e-5),
            Keyword("momentum", self.momentum, 0.1),
            Keyword("affine", self.affine, True),
            Keyword("track_running_stats", self.track_running_stats, True),
        )
        call = Call(f"nn.BatchNorm{max(len(x.spatial), 1)}d", (x.channels,), keywords)
        return Torch(module=call, setup=setup(self.init))


@dataclass(frozen=True, eq=False, repr=False)
class LayerNorm(_Norm):
    """Normalisation of the features at each place, of the channels on a map (Ba et al. 2016)."""

    kind: ClassVar[str] = "ln"
    example: ClassVar[str] = "input x: 64x8x8; tokens -> ln(eps = 1e-6)"
    after_projection: ClassVar[bool] = True
    aliases: ClassVar[tuple[str, ...]] = (
        "layernorm",
        "layer_norm",
        "LayerNorm",
        "LayerNormalization",
        "LayerNorm2d",
    )
    what: ClassVar[str] = "a layer norm"
    short: ClassVar[str] = "LN"

    eps: float = arg(1e-5, named=True, min=0, doc="added to the variance")
    elementwise_affine: bool = arg(
        True, named=True, doc="whether it learns a scale and a shift for each feature"
    )
    bias: bool = arg(True, named=True, doc="whether it learns the shift")
    init: Initializer | None = arg(None, named=True, doc="initialiser of the scale; ones without it")

    def _check(self, x: TensorType) -> None:
        require_weight(self.init, affine=self.elementwise_affine, argument="elementwise_affine")
        require_vector_init(self.init, self.what)

    def parameters(self, inputs: Sequence[TensorType]) -> dict[str, tuple[Size, ...]]:
        """`weight [C]` and `bias [C]`."""
        affine = self.elementwise_affine
        return _affine(inputs[0].channels, weight=affine, bias=affine and self.bias)

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`nn.LayerNorm(768)`; on a map, a class that moves the channels to the end and back."""
        (x,) = inputs
        keywords = (
            Keyword("eps", self.eps, 1e-5),
            Keyword("elementwise_affine", self.elementwise_affine, True),
            Keyword("bias", self.bias, True),
        )
        on_map = x.layout is Layout.MAP
        call = Call("ChannelLayerNorm" if on_map else "nn.LayerNorm", (x.channels,), keywords)
        return Torch(module=call, setup=setup(self.init), helpers=(_CHANNEL_LAYER_NORM,) if on_map else ())


_CHANNEL_LAYER_NORM = '''class ChannelLayerNorm(nn.LayerNorm):
    """Layer norm over the channels of a map (channels first), at each place by itself."""

    def forward(self, x):
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)
'''


@dataclass(frozen=True, eq=False, repr=False)
class GroupNorm(_Norm):
    """Normalisation over groups of channels and all places of one image (Wu & He 2018)."""

    kind: ClassVar[str] = "gn"
    example: ClassVar[str] = "input x: 64x8x8; gn(32)"
    after_projection: ClassVar[bool] = True
    aliases: ClassVar[tuple[str, ...]] = ("groupnorm", "group_norm", "GroupNorm", "GroupNormalization")
    what: ClassVar[str] = "a group norm"
    short: ClassVar[str] = "GN"

    num_groups: int = arg(min=1, doc="groups of channels")
    eps: float = arg(1e-5, named=True, min=0, doc="added to the variance")
    affine: bool = arg(True, named=True, doc="whether it learns a scale and a shift for each channel")
    init: Initializer | None = arg(None, named=True, doc="initialiser of the scale; ones without it")

    def _check(self, x: TensorType) -> None:
        _require_channels(x)
        require_weight(self.init, affine=self.affine, argument="affine")
        require_vector_init(self.init, self.what)
        if x.channels % self.num_groups:
            raise ShapeError(
                f"{self.num_groups} groups do not divide the {x.channels} channels of {x}",
                code="E203",
                operand=0,
                argument="num_groups",
                help=common_divisors(x.channels, x.channels, below=self.num_groups),
            )
        if x.channels == self.num_groups and prod(x.spatial) == 1:  # torch.nn.functional.group_norm, batch 1
            raise ShapeError(
                f"{self.num_groups} groups have one number each in {x}, which is its own mean",
                operand=0,
                argument="num_groups",
                help="fewer groups, or `bn`" if x.channels > 1 else "`bn`",
            )

    def parameters(self, inputs: Sequence[TensorType]) -> dict[str, tuple[Size, ...]]:
        """`weight [C]` and `bias [C]`."""
        return _affine(inputs[0].channels, weight=self.affine, bias=self.affine)

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`nn.GroupNorm(32, 64)`."""
        keywords = (Keyword("eps", self.eps, 1e-5), Keyword("affine", self.affine, True))
        return Torch(
            module=Call("nn.GroupNorm", (self.num_groups, inputs[0].channels), keywords),
            setup=setup(self.init),
        )

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`GN, 32 groups`."""
        return Look("norm", f"GN, {self.num_groups} group{'s' if self.num_groups > 1 else ''}", "GN")


@dataclass(frozen=True, eq=False, repr=False)
class InstanceNorm(_Norm):
    """Normalisation of each channel over the places of one image (Ulyanov et al. 2016).

    It would cancel a bias before it as a batch norm does; `bias = "auto"` is about batch norms only, and the
    published networks keep theirs.
    """

    kind: ClassVar[str] = "instance_norm"
    example: ClassVar[str] = "input x: 64x8x8; instance_norm(affine = true)"
    after_projection: ClassVar[bool] = True
    aliases: ClassVar[tuple[str, ...]] = ("instancenorm", "InstanceNorm2d", "InstanceNormalization")
    what: ClassVar[str] = "an instance norm"
    short: ClassVar[str] = "IN"

    eps: float = arg(1e-5, named=True, min=0, doc="added to the variance")
    momentum: float | None = arg(
        0.1, named=True, min=0, max=1, doc="weight of a new batch in the running statistics"
    )
    affine: bool = arg(False, named=True, doc="whether it learns a scale and a shift for each channel")
    track_running_stats: bool = arg(False, named=True, doc="whether it keeps statistics for evaluation")
    init: Initializer | None = arg(None, named=True, doc="initialiser of the scale; ones without it")

    def _check(self, x: TensorType) -> None:
        require_map(x)
        require_weight(self.init, affine=self.affine, argument="affine")
        require_vector_init(self.init, self.what)
        if prod(x.spatial) == 1:
            raise ShapeError(
                f"needs more than one place in each channel, and {x} has one", operand=0, help="`gn` or `bn`"
            )

    def parameters(self, inputs: Sequence[TensorType]) -> dict[str, tuple[Size, ...]]:
        """`weight [C]` and `bias [C]`, if it is affine."""
        return _affine(inputs[0].channels, weight=self.affine, bias=self.affine)

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`nn.InstanceNorm2d(64)`."""
        (x,) = inputs
        keywords = (
            Keyword("eps", self.eps, 1e-5),
            Keyword("momentum", self.momentum, 0.1),
            Keyword("affine", self.affine, False),
            Keyword("track_running_stats", self.track_running_stats, False),
        )
        return Torch(
            module=Call(f"nn.InstanceNorm{len(x.spatial)}d", (x.channels,), keywords), setup=setup(self.init)
        )


@dataclass(frozen=True, eq=False, repr=False)
class RMSNorm(_Norm):
    """Division by the root mean square of the features at each place (Zhang & Sennrich 2019)."""

    kind: ClassVar[str] = "rms_norm"
    example: ClassVar[str] = "input x: 64x8x8; tokens -> rms_norm"
    after_projection: ClassVar[bool] = True
    aliases: ClassVar[tuple[str, ...]] = ("rmsnorm", "RMSNorm")
    what: ClassVar[str] = "an RMS norm"
    short: ClassVar[str] = "RMSNorm"

    eps: float | None = arg(
        None, named=True, min=0, doc="added to the mean square; none: the smallest step of the number type"
    )
    elementwise_affine: bool = arg(True, named=True, doc="whether it learns a scale for each feature")
    init: Initializer | None = arg(None, named=True, doc="initialiser of the scale; ones without it")

    def _check(self, x: TensorType) -> None:
        require_weight(self.init, affine=self.elementwise_affine, argument="elementwise_affine")
        require_vector_init(self.init, self.what)

    def parameters(self, inputs: Sequence[TensorType]) -> dict[str, tuple[Size, ...]]:
        """`weight [C]`."""
        return _affine(inputs[0].channels, weight=self.elementwise_affine, bias=False)

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`nn.RMSNorm(768)`; on a map, a class that moves the channels to the end and back."""
        (x,) = inputs
        keywords = (
            Keyword("eps", self.eps, None),
            Keyword("elementwise_affine", self.elementwise_affine, True),
        )
        on_map = x.layout is Layout.MAP
        call = Call("ChannelRMSNorm" if on_map else "nn.RMSNorm", (x.channels,), keywords)
        return Torch(module=call, setup=setup(self.init), helpers=(_CHANNEL_RMS_NORM,) if on_map else ())


_CHANNEL_RMS_NORM = '''class ChannelRMSNorm(nn.RMSNorm):
    """RMS norm over the channels of a map (channels first), at each place by itself."""

    def forward(self, x):
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)
'''


@dataclass(frozen=True, eq=False, repr=False)
class L2Norm(_Norm):
    """Division by the Euclidean norm of the features at each place (torch.nn.functional.normalize)."""

    kind: ClassVar[str] = "l2_norm"
    example: ClassVar[str] = "input x: [128]; l2_norm"
    aliases: ClassVar[tuple[str, ...]] = ("l2norm", "L2Norm", "normalize", "l2_normalize")
    what: ClassVar[str] = "an L2 norm"
    short: ClassVar[str] = "L2 norm"

    eps: float = arg(1e-12, named=True, min=0, doc="the least that is divided by")

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`F.normalize(x)`."""
        keywords = (Keyword("dim", inputs[0].channel_axis, 1), Keyword("eps", self.eps, 1e-12))
        return Torch(forward=Call("F.normalize", (Operand(),), keywords))


@dataclass(frozen=True, eq=False, repr=False)
class LocalResponseNorm(_Norm):
    """Local response normalisation, as torch.nn.LocalResponseNorm (Krizhevsky et al. 2012, section 3.3).

    `alpha` is divided by `size`, so the paper's n = 5, alpha = 1e-4 is `lrn(5, alpha = 5e-4, k = 2)`.
    """

    kind: ClassVar[str] = "lrn"
    example: ClassVar[str] = "input x: 96x55x55; lrn(5, k = 2.0)"
    aliases: ClassVar[tuple[str, ...]] = ("LocalResponseNorm", "local_response_norm")
    what: ClassVar[str] = "a local response norm"
    short: ClassVar[str] = "LRN"

    size: int = arg(min=1, doc="neighbouring channels that are summed over")
    alpha: float = arg(1e-4, doc="weight of the mean of their squares")
    beta: float = arg(0.75, doc="exponent")
    k: float = arg(1.0, doc="added to the mean")

    def _check(self, x: TensorType) -> None:
        require_map(x)

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`F.local_response_norm(x, 5)`."""
        keywords = (
            Keyword("alpha", self.alpha, 1e-4),
            Keyword("beta", self.beta, 0.75),
            Keyword("k", self.k, 1.0),
        )
        return Torch(forward=Call("F.local_response_norm", (Operand(), self.size), keywords))
