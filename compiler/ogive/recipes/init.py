"""`init`: how weights begin; a later value beats an earlier one where both apply.

Names and defaults are those of `torch.nn.init`. What no initialiser speaks of begins as PyTorch has it; a
layer's own `init = …` in the net beats the recipe.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ogive.elaborate.values import show
from ogive.layers.base import arg
from ogive.recipes.base import LARGEST, Choice, Problem


@dataclass(frozen=True)
class Init(Choice):
    """The base of all initialisers: what they apply to."""

    of: Literal["weight", "bias"] = arg("weight", named=True, doc="which parameter of a layer; norms aside")
    layers: str | list[str] | None = arg(
        None, named=True, doc="kinds, groups or names of layers, which may hold `*`; all unless given"
    )

    def problem(self) -> Problem | None:
        patterns: list[object] = [self.layers] if isinstance(self.layers, str) else [*(self.layers or ["*"])]
        if all(isinstance(pattern, str) and pattern.strip() for pattern in patterns) and self.layers != []:
            return None
        message = f"`layers` names kinds, groups or names of layers, and this is {show(self.layers)}"
        return Problem("layers", message, '`layers = ["conv2", "linear*"]`')


@dataclass(frozen=True)
class _Matrix(Init):
    """The base of those that scale with the sizes of a weight, which a bias has not."""

    def problem(self) -> Problem | None:
        if self.of == "bias":
            message = f"`{self.kind}` needs a weight of two axes or more, and a bias has one"
            return Problem("of", message, "`zeros(of = bias)`")
        return super().problem()


@dataclass(frozen=True)
class Normal(Init):
    """From a normal distribution."""

    kind = "normal"

    std: float = arg(min=0, max=LARGEST, doc="standard deviation")
    mean: float = arg(0.0, min=-LARGEST, max=LARGEST, named=True, doc="mean")


@dataclass(frozen=True)
class TruncNormal(Init):
    """From a normal distribution cut at two standard deviations."""

    kind = "trunc_normal"

    std: float = arg(min=0, max=LARGEST, doc="standard deviation before the cut")
    mean: float = arg(0.0, min=-LARGEST, max=LARGEST, named=True, doc="mean")


@dataclass(frozen=True)
class Uniform(Init):
    """Equally likely between two numbers."""

    kind = "uniform"

    a: float = arg(min=-LARGEST, max=LARGEST, doc="the least")
    b: float = arg(min=-LARGEST, max=LARGEST, doc="the greatest")

    def problem(self) -> Problem | None:
        if self.a > self.b:
            return Problem("b", f"`b` of `uniform` is at least `a`, and these are {self.a:g} and {self.b:g}")
        return super().problem()


@dataclass(frozen=True)
class KaimingNormal(_Matrix):
    """Normal, with the variance that keeps the size of activations, or of gradients, through a ReLU."""

    kind = "kaiming_normal"
    source = "He, Zhang, Ren & Sun, 2015, equations 10 and 14"

    mode: Literal["fan_in", "fan_out"] = arg("fan_in", named=True, doc="activations, or gradients")


@dataclass(frozen=True)
class KaimingUniform(_Matrix):
    """The same variance, equally likely between two numbers."""

    kind = "kaiming_uniform"
    source = "He, Zhang, Ren & Sun, 2015, equations 10 and 14"

    mode: Literal["fan_in", "fan_out"] = arg("fan_in", named=True, doc="activations, or gradients")


@dataclass(frozen=True)
class XavierNormal(_Matrix):
    """Normal, with a variance between what activations and what gradients need."""

    kind = "xavier_normal"
    source = "Glorot & Bengio, 2010, equation 12"

    gain: float = arg(1.0, min=0, max=LARGEST, named=True, doc="is multiplied with the standard deviation")


@dataclass(frozen=True)
class XavierUniform(_Matrix):
    """The same variance, equally likely between two numbers."""

    kind = "xavier_uniform"
    source = "Glorot & Bengio, 2010, equation 16"

    gain: float = arg(1.0, min=0, max=LARGEST, named=True, doc="is multiplied with the standard deviation")


@dataclass(frozen=True)
class Orthogonal(_Matrix):
    """A random orthogonal matrix."""

    kind = "orthogonal"
    source = "Saxe, McClelland & Ganguli, 2014"

    gain: float = arg(1.0, min=0, max=LARGEST, named=True, doc="is multiplied with it")


@dataclass(frozen=True)
class Constant(Init):
    """One number everywhere."""

    kind = "constant"

    val: float = arg(min=-LARGEST, max=LARGEST, doc="the number")


@dataclass(frozen=True)
class Zeros(Init):
    """Zero everywhere."""

    kind = "zeros"


@dataclass(frozen=True)
class Ones(Init):
    """One everywhere."""

    kind = "ones"


INITIALISERS = (
    Normal, TruncNormal, Uniform, KaimingNormal, KaimingUniform, XavierNormal, XavierUniform, Orthogonal,
    Constant, Zeros, Ones,
)  # fmt: skip
