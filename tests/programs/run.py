"""What must hold of an accepted program: PyTorch runs its text with exactly the promised shapes and weights."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping
from math import prod

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ogive.backends.torch_source import attribute_paths
from ogive.layers.base import Layer
from ogive.layers.tensor import TensorType
from ogive.layers.unknown import substitute
from ogive.network import Network
from ogive.passes.unroll import unroll_cliques
from ogive.pipeline import Compiled
from ogive.report import counts

DTYPES = {"float": torch.float32, "int": torch.int64, "bool": torch.bool}
HEAVIEST = 3_000_000
"""Networks with more parameters and activations are run on the meta device, which computes shapes alone."""
MOST_NODES = 600
"""Networks with more are checked, and not run."""


def verify(compiled: Compiled, *, device: str = "cpu", backward: bool = True, features: bool = True) -> bool:
    """Builds a network, runs it in training and evaluation, and compares with all that it promises.

    Args:
        compiled: what the compiler accepted.
        device: `meta` computes shapes alone.
        backward: whether gradients must reach every parameter.
        features: whether to take the stages out as well.

    Returns:
        Whether it could be run: it is small enough, and PyTorch can do it on that device.

    Raises:
        AssertionError: a promise is broken. Whatever else comes out of it is a fault as well.
    """
    network = Network(compiled)
    if len(network.ir) > MOST_NODES or len(network.unrolled) > MOST_NODES:
        return False
    if weight(network) > HEAVIEST or any(sees_padding_alone(node.layer) for node in network.unrolled):
        device = "meta"
    if device == "meta" and any(is_cumulative(node.layer) for node in network.unrolled):
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = network.source()
        with torch.device(device):
            module = network.module()
        check_parameters(network, module)
        for values in admissible(network):
            for training in (True, False):
                check_run(network, module.train(training), values, device, backward and device == "cpu")
    if max(map(len, text.split())) < 50:  # names that long cannot be broken
        assert max(map(len, text.splitlines())) <= 110, max(text.splitlines(), key=len)
    check_reports(network)
    if features:
        check_features(network, module, device)
    return True


def sees_padding_alone(layer: Layer) -> bool:
    """Whether a dilated window may lie in the padding and nowhere else.

    On such a one PyTorch 2.11 dies, on the CPU and where the channels are stored last:
    `nn.Conv2d(6, 3, 3, stride=6, padding=(1, 5), dilation=2)` on a tensor of 2x6x3x1.
    """
    kernel, padding, dilation = (
        getattr(layer, name, None) for name in ("kernel_size", "padding", "dilation")
    )
    if not isinstance(dilation, int | tuple) or not isinstance(padding, int | tuple):
        return False
    each = [value if isinstance(value, tuple) else (value,) for value in (kernel, padding, dilation)]
    longest = max(map(len, each))
    axes = zip(*(value * longest if len(value) == 1 else value for value in each), strict=False)
    return any(step > 1 and pad > step * (size - 1) for size, pad, step in axes)


def is_cumulative(layer: Layer) -> bool:
    """Whether its statistics are means over all batches, whose number PyTorch reads off a tensor: not on meta."""
    return getattr(layer, "momentum", 0) is None


def weight(network: Network) -> int:
    """Numbers that it holds and computes for one image at the least sizes."""
    graph, least = network.unrolled, network.unknowns
    activations = sum(prod(sizes_of(type_, least)) for node in graph for type_ in node.outputs)
    return network.params + activations


def admissible(network: Network) -> list[dict[str, int]]:
    """Values of the unknown sizes: the least, and larger ones, of another remainder."""
    least = network.unknowns
    if not least:
        return [{}]
    return [least, {name: value + 3 + 2 * i for i, (name, value) in enumerate(least.items())}]


def sizes_of(type_: TensorType, values: Mapping[str, int]) -> tuple[int, ...]:
    """Its sizes without the batch, with numbers in the place of unknown ones."""
    sizes = tuple(substitute(size, values) for size in type_.sizes)
    assert all(isinstance(size, int) for size in sizes), sizes
    return sizes  # pyright: ignore[reportReturnType]


def inputs_of(
    network: Network, values: Mapping[str, int] | None = None, device: str = "cpu", batch: int = 2
) -> list[torch.Tensor]:
    """Random tensors for its inputs; indices are 0, so that every table has them."""
    generator = torch.Generator().manual_seed(0)
    tensors: list[torch.Tensor] = []
    for _, type_ in network.inputs:
        sizes = (batch, *sizes_of(type_, values or {}))
        if device == "meta":
            dtype = {"int": torch.long, "bool": torch.bool}.get(type_.dtype, torch.float32)
            tensors.append(torch.empty(sizes, dtype=dtype, device="meta"))
        elif type_.dtype == "int":
            tensors.append(torch.zeros(sizes, dtype=torch.long))
        elif type_.dtype == "bool":
            tensors.append(torch.rand(sizes, generator=generator) > 0.5)
        else:  # PyTorch 2.11 dies in the backward of a group norm whose channels-last input needs no gradient
            tensors.append(torch.randn(sizes, generator=generator).requires_grad_())
    return tensors


def check_parameters(network: Network, module: nn.Module) -> None:
    """Names and shapes of parameters are those of the graph, and so is their number."""
    paths = attribute_paths(network.ir)
    plain, in_cliques = {}, Counter[tuple[int, ...]]()
    for node in network.unrolled:
        for name, shape in network.unrolled.parameters(node.name).items():
            if node.name in network.ir:
                plain[f"{paths[node.name]}.{name}"] = tuple(shape)
            else:
                in_cliques[tuple(shape)] += prod(shape)  # slices of one weight may stand alone
    found = {name: tuple(p.shape) for name, p in module.named_parameters()}
    rest = {name: shape for name, shape in found.items() if name not in plain}
    assert {name: shape for name, shape in found.items() if name in plain} == plain
    assert sum(map(prod, rest.values())) == in_cliques.total(), rest
    assert set(found) <= set(module.state_dict())
    total = sum(p.numel() for p in module.parameters() if p.requires_grad)
    assert total == counts.params(network.unrolled, heads=True)
    assert network.params <= total


def check_run(
    network: Network, module: nn.Module, values: Mapping[str, int], device: str, backward: bool
) -> None:
    """Outputs have the promised names, shapes and types; gradients reach what is trained."""
    result = module(*inputs_of(network, values, device))
    heads: Mapping[str, tuple[torch.Tensor, float]] = {}
    if module.training and network.ir.heads:
        result, heads = result
        assert list(heads) == [head.name for head in network.ir.heads]
        for head in network.ir.heads:
            logits, weight = heads[head.name]
            assert weight == head.weight
            assert tuple(logits.shape) == (2, *sizes_of(network.ir.type(head.ref), values))
    outputs = result if isinstance(result, dict) else {network.outputs[0][0]: result}
    assert list(outputs) == [name for name, _ in network.outputs]
    for name, type_ in network.outputs:
        tensor, promised = outputs[name], (2, *sizes_of(type_, values))
        assert tuple(tensor.shape) == promised, f"{name}: {tuple(tensor.shape)}, promised {promised}"
        assert tensor.dtype == DTYPES[type_.dtype], f"{name}: {tensor.dtype}, promised {type_.dtype}"
    if backward and module.training:
        check_gradients(network, module, [*outputs.values(), *(logits for logits, _ in heads.values())])


def check_gradients(network: Network, module: nn.Module, results: list[torch.Tensor]) -> None:
    """Every parameter that the results are computed with gets a gradient, be it zero."""
    total = sum((t.sum() for t in results if t.requires_grad), torch.zeros(()))
    if total.requires_grad:
        total.backward()
    paths = attribute_paths(network.ir)
    idle = {f"{paths[name]}." for name in set(paths) & set(network.ir.digraph) - computing(network)}
    missing = [
        name
        for name, p in module.named_parameters()
        if p.requires_grad and p.grad is None and not name.startswith(tuple(idle))
    ]
    assert not missing, f"no gradient reaches {missing[:4]}"


def computing(network: Network) -> set[str]:
    """The nodes that a result is computed from with gradients: not those of which only the sizes are asked."""
    graph = network.ir
    waiting = [ref.node for _, ref in graph.outputs] + [head.ref.node for head in graph.heads]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        operands = graph.operands(name)
        only_sizes = graph.node(name).layer.follows is not None
        waiting += [ref.node for ref in (operands[:1] if only_sizes else operands)]
    return seen


def check_reports(network: Network) -> None:
    """Whatever else can be made of a network is made without a word."""
    from ogive.backends.draw import draw

    str(network.summary())
    draw(network.ir, "dot")
    assert len(network.graph) == len(network.ir)
    assert unroll_cliques(network.ir).outputs
    repr(network)


def check_features(network: Network, whole: nn.Module, device: str) -> None:
    """A module that ends in stages gives their tensors, and has their weights by the same names."""
    stages = [
        region
        for region in network.ir.stages()
        if len(region.outputs) == 1 and region.outputs[0].node in network.ir
    ]
    names = list(dict.fromkeys(region.path for region in stages))[:2]
    if not names:
        return
    with torch.device(device):
        module = network.module(features=names).eval()
    state = {name: tuple(p.shape) for name, p in module.named_parameters()}
    assert state.items() <= {name: tuple(p.shape) for name, p in whole.named_parameters()}.items()
    found = module(*inputs_of(network, network.unknowns, device))
    types = {region.path: network.ir.type(region.outputs[0]) for region in stages}
    assert list(found) == names
    for name, tensor in found.items():
        assert tuple(tensor.shape) == (2, *sizes_of(types[name], network.unknowns)), name


UNCOUNTED = frozenset({"gru", "lstm"})
"""What PyTorch's counter passes over."""


def count_macs(network: Network) -> tuple[int, int] | None:
    """Multiply-accumulates of one image, as they are promised and as PyTorch's counter finds them; None where it
    cannot count.
    """
    if any(node.layer.kind in UNCOUNTED or is_cumulative(node.layer) for node in network.unrolled):
        return None
    least = network.unknowns
    with torch.device("meta"), torch.no_grad():
        module = network.module().eval()
        inputs = inputs_of(network, least, "meta", batch=1)
        with FlopCounterMode(display=False) as counter:
            module(*inputs)
    promised = network.macs + counts.products(network.unrolled)
    return int(substitute(promised, least)), counter.get_total_flops() // 2
