"""Which layer a parameter belongs to: its kind, its group, and its names in the net and in the module."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from torch import nn

from ogive.backends.pytorch.clique import safe
from ogive.backends.torch_source import attribute_paths
from ogive.graph import CliqueBody, Graph
from ogive.layers.base import Layer

LINK = "linked_conv"
"""The kind of the pair kernels of a clique, beside that of the convolution they are slices of."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The layer of a parameter.

    Attributes:
        names: how it is called: its path in the net (`3a.conv1`), in the module (`_3a.conv1`), and where it
            is shared. The first is the one to show.
        kinds: what it is in the language (`conv`); several where it is of two kinds; none where that is not
            known, as for a class of the user's own.
        group: the group of those kinds (`conv`, `norm`); None where it is not known.
        own: whether its weights begin as the net itself says.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    group: str | None
    own: bool = False


def owners(module: nn.Module, graph: Graph | None = None) -> dict[str, Owner]:
    """The layer of each parameter, by the parameter's name in the module; a shared one has its first name.

    With the graph that the module was compiled from, kinds and names are the net's. Without it, kinds are
    told by the classes of PyTorch, and names are the module's.
    """
    modules = dict(module.named_modules())
    layers = _layers(graph) if graph is not None else {}
    found: dict[str, Owner] = {}
    for name, _ in module.named_parameters():
        for path in _around(name):
            if path in layers or (not layers and kind_of(modules[path]) is not None):
                break
        else:
            path = name.rpartition(".")[0]
        found[name] = layers.get(path) or _of_class(path, modules[path])
    return found


def _around(name: str) -> Iterator[str]:
    """The modules around a parameter, outermost first: a layer may have modules inside, as attention has."""
    parts = name.split(".")[:-1]
    return (".".join(parts[:end]) for end in range(1, len(parts) + 1))


# --------------------------------------------------------------------------- with a graph


def _layers(graph: Graph) -> dict[str, Owner]:
    """The layers of a net by the paths of their modules."""
    users = {node.owner: node for node in reversed(list(graph)) if node.owner is not None}
    found: dict[str, Owner] = {}
    paths = attribute_paths(graph)
    for name, path in paths.items():
        node = graph.node(name) if name in graph else users.get(name)
        if node is None:
            continue
        names = (name, path) if node.shared is None else (name, path, node.shared.path)
        found.setdefault(path, _of_layer(names, node.layer))
    for region in graph.regions.values():
        if region.clique is not None and region.path in paths:
            for local, owner in _of_clique(region.path, paths[region.path], region.clique):
                found.setdefault(f"{paths[region.path]}.{local}", owner)
    return found


def _of_layer(names: tuple[str, ...], layer: Layer, *more: str) -> Owner:
    own = getattr(layer, "init", None) is not None
    return Owner(tuple(dict.fromkeys(names)), (layer.kind, *more), layer.group, own)


def _of_clique(region: str, path: str, body: CliqueBody) -> Iterator[tuple[str, Owner]]:
    """The modules of a clique: slices of the mixing convolution, and the body's other layers, repeated."""

    def owner(local: str, layer: Layer, *more: str) -> tuple[str, Owner]:
        return local, _of_layer((f"{region}.{local}", f"{path}.{local}"), layer, *more)

    for source, target in body.links():
        yield owner(f"link_{source}_{target}", body.mix.layer, LINK)
    steps = [(step.name, step.layer) for step in body.before]
    steps += [(node.name, node.layer) for node in body.after if node.name not in body.after.inputs]
    for name, layer in steps:
        for target in range(1, body.layers + 1):
            yield owner(f"{safe(name)}_{target}", layer)
            for stage in range(1, body.stages + 1):
                yield owner(f"{safe(name)}_{stage}_{target}", layer)


# --------------------------------------------------------------------------- without one

_CLASSES: tuple[tuple[type[nn.Module] | tuple[type[nn.Module], ...], str, str], ...] = (
    ((nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d), "conv_transpose", "conv"),
    ((nn.Conv1d, nn.Conv2d, nn.Conv3d), "conv", "conv"),
    (nn.Linear, "linear", "linear"),
    ((nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d), "instance_norm", "norm"),
    ((nn.modules.batchnorm._BatchNorm,), "bn", "norm"),  # pyright: ignore[reportPrivateUsage]
    (nn.LayerNorm, "ln", "norm"),
    (nn.GroupNorm, "gn", "norm"),
    (nn.RMSNorm, "rms_norm", "norm"),
    (nn.MultiheadAttention, "attention", "attention"),
    ((nn.LSTM, nn.LSTMCell), "lstm", "recurrent"),
    ((nn.GRU, nn.GRUCell), "gru", "recurrent"),
    ((nn.RNN, nn.RNNCell), "rnn", "recurrent"),
    ((nn.Embedding, nn.EmbeddingBag), "embedding", "embedding"),
    (nn.PReLU, "prelu", "act"),
)  # fmt: skip
"""What PyTorch's classes, and what is made from them, are in the language: kind and group."""


def kind_of(module: nn.Module) -> tuple[str, str] | None:
    """Kind and group of a module by its class; None where the language has no such layer with weights."""
    for classes, kind, group in _CLASSES:
        if isinstance(module, classes):
            return kind, group
    return ("norm", "norm") if is_norm(module) else None


def is_norm(module: nn.Module) -> bool:
    """Whether a module is a normalisation: a class of PyTorch, one made from it, or one that is called so and
    has a number for each channel.
    """
    if any(group == "norm" and isinstance(module, classes) for classes, _, group in _CLASSES):
        return True
    mine = [*module.parameters(recurse=False), *module.buffers(recurse=False)]
    called = re.search(r"[Nn]orm(alization|alisation)?(\d|[A-Z]|$)", type(module).__name__) is not None
    return called and bool(mine) and all(sum(size > 1 for size in p.shape) <= 1 for p in mine)


def _of_class(path: str, module: nn.Module) -> Owner:
    kind = kind_of(module)
    if kind is None:
        return Owner((path,), (), None)
    depthwise = (
        isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d) and module.groups == module.in_channels > 1
    )
    return Owner((path,), (kind[0], "depthwise") if depthwise else kind[:1], kind[1])


# --------------------------------------------------------------------------- what optimizers ask


def norm_parameters(module: nn.Module, graph: Graph | None = None) -> frozenset[nn.Parameter]:
    """The scales and shifts of all norms: PyTorch's, those of compiled nets, and those that are called so."""
    found = {p for part in module.modules() if is_norm(part) for p in part.parameters(recurse=False)}
    if graph is not None:
        named = dict(module.named_parameters())
        found |= {named[name] for name, owner in owners(module, graph).items() if owner.group == "norm"}
    return frozenset(found)


def role(name: str) -> Literal["weight", "bias"] | None:
    """Whether a parameter of that name is a weight (`weight`, `weight_hh_l0`, `in_proj_weight`) or a bias
    (`bias`, `bias_ih_l0`, `in_proj_bias`). None for others, such as a table of relative positions.
    """
    leaf = name.rpartition(".")[2]
    for kind in ("weight", "bias"):
        if leaf == kind or leaf.startswith(f"{kind}_") or leaf.endswith(f"_{kind}"):
            return kind
    return None


@cache
def glob(pattern: str) -> re.Pattern[str]:
    """A pattern in which `*` stands for any text, dots too."""
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)
