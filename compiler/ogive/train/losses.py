"""What is made small: the loss of a recipe, or one of the user's, with the losses of auxiliary heads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, cast

import torch
import torch.nn.functional as F  # noqa: N812  # PyTorch's own name for it
from torch import Tensor

from ogive.recipes.loss import Bce, CrossEntropy, Mse

IGNORED = -100
"""The class of a place that does not count: PyTorch's `ignore_index`."""

Criterion = Callable[[Any, Any], Any]
"""What a loss is computed with: main output and targets to a scalar."""


class Loss:
    """The loss of what a network returns.

    In training a network with auxiliary heads returns `(main, {"aux1": (logits, weight), …})`: the loss of
    each head, times its weight, is added to that of the main output (Szegedy et al. 2015, section 5). Any
    other network returns what the loss takes.

    - `cross_entropy`: scores [N, C] and classes [N], or maps of both, [N, C, …] and [N, …] or [N, 1, …]; or
      probabilities, of the shape of the scores. What has class -100 does not count.
    - `mse`, `bce`: targets of the output's shape; or classes as above, of which the loss is taken to a one at
      the class and zeros elsewhere. The output of `bce` is a logit.

    Means are over what counts. A map of one place, [N, C, 1, 1], is a vector where the targets are. Nothing
    broadcasts. An output of 16 bits is computed with in 32.

    Args:
        choice: the recipe's; or a function of the user's that takes output and targets and returns a scalar.
            It gets what the network returns, and where there are heads the main output, and then each head.

    Attributes:
        link: how outputs become probabilities, which `ogive.train.evaluation` asks.
    """

    def __init__(self, choice: CrossEntropy | Mse | Bce | Criterion | None = None) -> None:
        self.choice: CrossEntropy | Mse | Bce | Criterion = choice if choice is not None else CrossEntropy()
        self._criterion: Criterion
        self.link: Literal["softmax", "sigmoid", "identity"] = "softmax"
        match self.choice:
            case CrossEntropy(label_smoothing=smoothing):
                self._criterion = lambda output, targets: _cross_entropy(output, targets, smoothing)
            case Mse():
                self._criterion, self.link = _mse, "identity"
            case Bce():
                self._criterion, self.link = _bce, "sigmoid"
            case function if callable(function):
                self._criterion = _checked(function)
            case other:
                raise TypeError(f"a loss is one of a recipe, or a function, not {type(other).__name__}")

    @property
    def plain(self) -> Loss:
        """The same without label smoothing, which is about training only."""
        return Loss() if isinstance(self.choice, CrossEntropy) else self

    def __call__(self, output: object, targets: Any) -> tuple[Tensor, Any]:
        """The loss, a scalar, and the main output: [N, C] where it was a map of one place.

        Raises:
            ValueError: output and targets do not fit.
            TypeError: the network returned no tensor; the user's function returned no scalar.
        """
        main, heads = main_and_heads(output)
        own = callable(self.choice)
        main = main if own else _tensor(main)
        loss = self._criterion(main, targets)
        for name, (head, weight) in heads.items():
            try:
                loss = loss + weight * self._criterion(head, targets)
            except ValueError as error:
                raise ValueError(f"head `{name}`: {error}") from None
        return loss, main if own else _flat(main, targets)


def main_and_heads(output: object) -> tuple[Any, Mapping[str, tuple[Tensor, float]]]:
    """The main output, whatever it is, and the auxiliary heads with their weights."""
    if isinstance(output, tuple):
        parts = cast("tuple[object, ...]", output)
        if len(parts) == 2 and _are_heads(parts[1]):
            return parts[0], cast("Mapping[str, tuple[Tensor, float]]", parts[1])
    return output, {}


def _are_heads(part: object) -> bool:
    if not isinstance(part, Mapping) or not part:
        return False
    values = list(cast("Mapping[object, object]", part).values())
    return all(
        isinstance(value, tuple)
        and len(cast("tuple[object, ...]", value)) == 2
        and isinstance(value[0], Tensor)
        and isinstance(value[1], int | float)
        for value in values
    )


def _tensor(output: object) -> Tensor:
    if isinstance(output, Tensor):
        return output
    many = isinstance(output, tuple | list | Mapping)
    what = f"{len(cast('tuple[object, ...]', output))} outputs" if many else f"a {type(output).__name__}"
    raise TypeError(f"this loss takes one tensor, and the network returned {what}")


def _checked(function: Criterion) -> Criterion:
    """A function of the user's, whose result is looked at."""

    def criterion(output: Any, targets: Any) -> Tensor:
        loss: object = function(output, targets)
        if isinstance(loss, Tensor) and loss.dim() == 0:
            return loss
        what = f"a tensor of {_sizes(loss)}" if isinstance(loss, Tensor) else f"a {type(loss).__name__}"
        raise TypeError(f"a loss is a tensor without axes, such as a mean, and the function returned {what}")

    return criterion


# --------------------------------------------------------------------------- the losses


def _cross_entropy(output: Tensor, targets: Tensor, label_smoothing: float) -> Tensor:
    output = _wide(_flat(output, targets))
    if targets.is_floating_point():
        _require(targets.shape == output.shape, output, targets)
        return F.cross_entropy(output, targets.to(output.dtype), label_smoothing=label_smoothing)
    classes = _classes(output, targets)
    return F.cross_entropy(output, classes, ignore_index=IGNORED, label_smoothing=label_smoothing)


def _mse(output: Tensor, targets: Tensor) -> Tensor:
    output, values, counts = _values(output, targets)
    return _mean((output - values).square(), counts)


def _bce(output: Tensor, targets: Tensor) -> Tensor:
    output, values, counts = _values(output, targets)
    return _mean(F.binary_cross_entropy_with_logits(output, values, reduction="none"), counts)


def _mean(losses: Tensor, counts: Tensor | None) -> Tensor:
    """Over all, or over what counts: `counts` is [N, 1, …] beside losses [N, C, …]."""
    if counts is None:
        return losses.mean()
    return losses.where(counts, 0.0).sum() / (counts.sum() * losses.shape[1])


def _values(output: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
    """Output and targets of one shape, and what of them counts, where classes say that."""
    output = _wide(_flat(output, targets))
    if _squeezed(targets) == _squeezed(output):
        return output, targets.reshape(output.shape).to(output.dtype), None
    _require(not targets.is_floating_point(), output, targets)
    classes = _classes(output, targets).unsqueeze(1)
    counts = classes != IGNORED
    values = torch.zeros_like(output).scatter_(1, classes.where(counts, 0), 1.0)
    return output, values, counts


# --------------------------------------------------------------------------- shapes


def _flat(output: Tensor, targets: Tensor) -> Tensor:
    """[N, C] from [N, C, 1, 1], as fully convolutional nets leave it, for targets without places."""
    places = output.shape[2:]
    return output.flatten(1) if places and targets.dim() <= 2 and all(n == 1 for n in places) else output


def _classes(output: Tensor, targets: Tensor) -> Tensor:
    """Classes [N, …], int64, for scores [N, C, …]; an axis of 1 for the channel of a mask is left out."""
    shape = (*output.shape[:1], *output.shape[2:])
    if output.dim() > 2 and targets.shape == (*shape[:1], 1, *shape[1:]):
        targets = targets.squeeze(1)
    _require(output.dim() >= 2 and targets.shape == shape, output, targets)
    return targets.long()


def _squeezed(tensor: Tensor) -> tuple[int, ...]:
    """The sizes, but for axes of 1 behind the first."""
    return (*tensor.shape[:1], *(size for size in tensor.shape[1:] if size != 1))


def _wide(output: Tensor) -> Tensor:
    return output.float() if output.dtype in {torch.bfloat16, torch.float16} else output


def _require(fits: bool, output: Tensor, targets: Tensor) -> None:
    if not fits:
        raise ValueError(f"the output is {_sizes(output)} and the targets are {_sizes(targets)}")


def _sizes(tensor: Tensor) -> str:
    return "x".join(str(size) for size in tensor.shape) or "a scalar"
