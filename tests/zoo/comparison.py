"""How a network of ours is compared with a module of somebody else's: shapes, outputs, gradients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as fn
from torch.overrides import TorchFunctionMode

import ogive

TOLERANCE = 1e-9
"""Relative, in float64."""

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.LayerNorm, nn.GroupNorm)


def shapes(module: nn.Module, *, flat: bool = False) -> Counter[tuple[int, ...]]:
    """The shapes of the parameters, as often as there are.

    Args:
        module: Whose parameters.
        flat: Leave axes of size 1 out: a linear map is a 1x1 convolution then.
    """
    found = (tuple(parameter.shape) for parameter in module.parameters())
    return Counter(tuple(n for n in shape if n != 1) if flat else shape for shape in found)


def randomise(module: nn.Module) -> None:
    """Statistics and affine parameters of norms, and whatever starts at nothing, so that a mistake would show."""
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d):
            assert layer.running_mean is not None
            assert layer.running_var is not None
            layer.running_mean.uniform_(-0.3, 0.3)
            layer.running_var.uniform_(0.5, 1.5)
        if isinstance(layer, NORMS) and layer.weight is not None:
            nn.init.uniform_(layer.weight, 0.5, 3.0)  # so wide that what clips, such as ReLU6, does
            nn.init.uniform_(layer.bias, -0.3, 0.3)
    for parameter in module.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.1)
        elif parameter.detach().abs().max() < 1e-5:  # a layer scale, which would hide its whole branch
            nn.init.uniform_(parameter, 0.5, 1.5)


class Repeated(TorchFunctionMode):
    """Puts something in the place of every draw that repeats itself, and depends on its rate and place."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        given = dict(kwargs or {})
        if func is fn.dropout:
            x, p, training = bound(args, given, ("input", None), ("p", 0.5), ("training", True))
            return x * (1 + p * wave(x)) if training else x
        if func is Tensor.bernoulli_:
            x, p = bound(args, given, ("self", None), ("p", 0.5))
            return x.copy_(p * (1 + (1 - p) * wave(x)))
        # what is dropped of the weights of attention happens inside: its rates are compared, its places are one
        if func is fn.scaled_dot_product_attention:
            given["dropout_p"] = 0.0
        if func is fn.multi_head_attention_forward:
            args = (*args[:10], 0.0, *args[11:])
        return func(*args, **given)


def bound(args: Sequence[Any], given: Mapping[str, Any], *names: tuple[str, Any]) -> list[Any]:
    """Arguments by their places or their names, or their defaults."""
    return [args[i] if i < len(args) else given.get(name, default) for i, (name, default) in enumerate(names)]


def wave(x: Tensor) -> Tensor:
    """Something different at every place of a tensor, between -1 and 1."""
    return torch.arange(x.numel(), dtype=x.dtype, device=x.device).mul_(1.7).add_(1).sin_().reshape(x.shape)


def without_chance(module: nn.Module) -> None:
    """No dropout and no stochastic depth, so that training repeats itself."""
    for layer in module.modules():
        for rate in ("p", "drop_prob"):
            if isinstance(getattr(layer, rate, None), float):
                setattr(layer, rate, 0.0)


def difference(a: Tensor, b: Tensor) -> float:
    """Largest difference over largest value."""
    return ((a - b).abs().max() / b.abs().max()).item()


def tensors(output: object) -> list[Tensor]:
    """The tensors of a result, whatever they come in."""
    if isinstance(output, Tensor):
        return [output]
    if isinstance(output, dict):
        return [tensor for value in output.values() for tensor in tensors(value)]
    assert isinstance(output, tuple | list), type(output)
    return [tensor for value in output for tensor in tensors(value)]


def assert_same(
    theirs: nn.Module,
    ours: nn.Module,
    *inputs: Tensor,
    modes: Sequence[bool] = (False, True),
    flat: bool = False,
) -> None:
    """Both have the same parameters and, once the weights are copied, the same outputs and gradients in both modes.

    Gradients are compared for each parameter, and for every input that has one. What only training reaches (auxiliary
    heads) the copy leaves unpaired; it must be all that is left, and is paired by the order of its definition. Without
    norms and heads, one of the `modes` (evaluating, training) says it all. First both are trained with draws that repeat
    themselves, so that they must drop in the same places at the same rates; then without any.
    """
    assert shapes(theirs, flat=flat) == shapes(ours, flat=flat)
    randomise(theirs)
    report = ogive.transfer(theirs, ours, inputs, verbose=False)
    theirs_by_name, ours_by_name = dict(theirs.named_parameters()), dict(ours.named_parameters())
    left = [name for name in report.unmatched_source if name in theirs_by_name]
    left_of_ours = [name for name in report.unmatched_target if name in ours_by_name]
    assert all("aux" in name.lower() for name in [*left, *left_of_ours]), (left, left_of_ours)
    trunk = [(pair.source, pair.target) for pair in report.pairs if pair.source in theirs_by_name]
    assert len(trunk) + len(left) == len(theirs_by_name)
    heads = [
        *zip(
            (name for name in theirs_by_name if name in left),
            (name for name in ours_by_name if name in left_of_ours),
            strict=True,
        )
    ]
    for source, target in heads:
        assert ours_by_name[target].shape == theirs_by_name[source].shape, (source, target)
        ours_by_name[target].data.copy_(theirs_by_name[source].data)
    with torch.no_grad(), Repeated():
        mine, its = (results(module.train()(*inputs)) for module in (ours, theirs))
    for a, b in zip(mine, its, strict=True):
        assert difference(a, b.reshape(a.shape)) <= TOLERANCE, "output with dropout"
    without_chance(theirs)
    without_chance(ours)
    for training in modes:
        mine = outputs_and_gradients(ours, inputs, training)
        its = outputs_and_gradients(theirs, inputs, training)
        assert len(mine[0]) == len(its[0])
        for a, b in zip(mine[0], its[0], strict=True):
            assert difference(a, b.reshape(a.shape)) <= TOLERANCE, f"output, training = {training}"
        for source, target in [*trunk, *heads] if training else trunk:
            gradient, expected = mine[1][target], its[1][source]
            where = f"{target}, training = {training}"
            assert same_gradient(gradient, expected.reshape(gradient.shape), its[2]), where
        for a, b in zip(mine[3], its[3], strict=True):
            assert same_gradient(a, b, its[2]), f"input, training = {training}"


def same_gradient(a: Tensor, b: Tensor, scale: float) -> bool:
    """Equal over its own largest value; or both nothing, beside the largest gradient of the module.

    A bias that a batch norm cancels has a gradient of rounding errors, which are nobody's to repeat.
    """
    largest = b.abs().max().item()
    return (a - b).abs().max().item() <= max(TOLERANCE * largest, 1e-12 * scale)


def outputs_and_gradients(
    module: nn.Module, inputs: tuple[Tensor, ...], training: bool
) -> tuple[list[Tensor], dict[str, Tensor], float, list[Tensor]]:
    """The outputs, those of heads last, the gradients of their sum of squares by parameter, the largest of them, and those
    of inputs.
    """
    module.train(training)
    module.zero_grad()
    given = [tensor.clone().requires_grad_(tensor.is_floating_point()) for tensor in inputs]
    with torch.random.fork_rng():
        found = module(*given)
    outputs = results(found)
    sum((tensor.square().sum() for tensor in outputs), torch.zeros(())).backward()
    gradients = {name: p.grad for name, p in module.named_parameters() if p.grad is not None}
    scale = max(gradient.abs().max().item() for gradient in gradients.values())
    entered = [tensor.grad for tensor in given if tensor.grad is not None]
    return [tensor.detach() for tensor in outputs], gradients, scale, entered


def results(found: Any) -> list[Tensor]:
    """All outputs; in training, those of heads come behind the main one."""
    return [*tensors(found[0]), *results_of_heads(found)] if isinstance(found, tuple) else tensors(found)


def results_of_heads(found: Any) -> list[Tensor]:
    """What auxiliary heads say, first head first: ours by name with their weights, torchvision's in fields, last first."""
    if hasattr(found, "_asdict"):
        fields = found._asdict()
        return [fields[name] for name in sorted(fields) if name.startswith("aux")]
    _, heads = found
    return [head for head, _ in heads.values()]
