"""`optimizer`: how gradients become steps. Names and defaults are those of `torch.optim`."""

from __future__ import annotations

from dataclasses import dataclass

from ogive.layers.base import arg
from ogive.recipes.base import LARGEST, Choice, Problem


@dataclass(frozen=True)
class Optimizer(Choice):
    """The base of all optimizers: how far a step goes, what decays, and what does not."""

    lr: float = arg(named=True, doc="learning rate, above 0")
    weight_decay: float = arg(
        0.0, min=0, max=LARGEST, named=True, doc="factor of the L2 penalty of the weights"
    )
    decay_norms: bool = arg(True, named=True, doc="whether scales and shifts of norms decay as well")
    decay_biases: bool = arg(True, named=True, doc="whether biases decay as well")

    def problem(self) -> Problem | None:
        if not 0 < self.lr <= LARGEST:
            message = f"a learning rate is above 0 and at most {LARGEST:g}, and this is {self.lr:g}"
            return Problem("lr", message, "`lr = 0.1`")
        for name in ("momentum", "beta1", "beta2", "alpha"):
            if getattr(self, name, 0.0) == 1:
                message = f"`{name} = 1` keeps all of what it has and takes nothing in: it has to be below 1"
                return Problem(name, message, f"`{name} = 0.9`")
        for name, decays in (("decay_norms", self.decay_norms), ("decay_biases", self.decay_biases)):
            if not decays and not self.weight_decay:
                message = f"`{name} = false` changes nothing where `weight_decay` is 0"
                help_ = "say how much the others decay: `weight_decay = 0.0001`"
                return Problem(name, message, help_, unless="weight_decay")
        return None


@dataclass(frozen=True)
class Sgd(Optimizer):
    """Stochastic gradient descent, with momentum."""

    kind = "sgd"
    source = "Sutskever, Martens, Dahl & Hinton, 2013, for both kinds of momentum"

    lr: float = arg(named=True, doc="learning rate, above 0")
    momentum: float = arg(0.0, min=0, max=1, named=True, doc="what is kept of the step before")
    nesterov: bool = arg(False, named=True, doc="whether the gradient is taken ahead")

    def problem(self) -> Problem | None:
        if self.nesterov and not self.momentum:
            return Problem("nesterov", "Nesterov's momentum needs a `momentum`", "`momentum = 0.9`")
        return super().problem()


@dataclass(frozen=True)
class Adam(Optimizer):
    """Steps scaled by running means of the gradient and of its square."""

    kind = "adam"
    source = "Kingma & Ba, 2015, algorithm 1"

    lr: float = arg(0.001, named=True, doc="learning rate, above 0")
    beta1: float = arg(0.9, min=0, max=1, named=True, doc="what is kept of the mean")
    beta2: float = arg(0.999, min=0, max=1, named=True, doc="what is kept of the mean of squares")
    eps: float = arg(1e-8, min=0, max=LARGEST, named=True, doc="is added to the divisor")


@dataclass(frozen=True)
class AdamW(Optimizer):
    """Adam whose weights decay beside the step, not through it."""

    kind = "adamw"
    source = "Loshchilov & Hutter, 2019, algorithm 2"

    lr: float = arg(0.001, named=True, doc="learning rate, above 0")
    beta1: float = arg(0.9, min=0, max=1, named=True, doc="what is kept of the mean")
    beta2: float = arg(0.999, min=0, max=1, named=True, doc="what is kept of the mean of squares")
    eps: float = arg(1e-8, min=0, max=LARGEST, named=True, doc="is added to the divisor")
    weight_decay: float = arg(
        0.01, min=0, max=LARGEST, named=True, doc="what decays in a step, times the learning rate"
    )


@dataclass(frozen=True)
class RmsProp(Optimizer):
    """Steps scaled by a running mean of the square of the gradient."""

    kind = "rmsprop"
    source = "Tieleman & Hinton, 2012, lecture 6.5"

    lr: float = arg(0.01, named=True, doc="learning rate, above 0")
    alpha: float = arg(0.99, min=0, max=1, named=True, doc="what is kept of the mean of squares")
    momentum: float = arg(0.0, min=0, max=1, named=True, doc="what is kept of the step before")
    eps: float = arg(1e-8, min=0, max=LARGEST, named=True, doc="is added to the divisor")


OPTIMIZERS = (Sgd, Adam, AdamW, RmsProp)
