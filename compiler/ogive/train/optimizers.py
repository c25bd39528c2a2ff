"""From a recipe's `optimizer` to one of `torch.optim`, with what decays apart from what does not."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from ogive.diagnostics import ArchError
from ogive.graph import Graph
from ogive.recipes.optimizer import Adam, AdamW, Optimizer, RmsProp, Sgd
from ogive.train.owners import norm_parameters, role
from ogive.train.start import nothing_to_train


def build_optimizer(
    choice: Optimizer, network: nn.Module, graph: Graph | None = None
) -> torch.optim.Optimizer:
    """The optimizer of `torch.optim` that a recipe names, over what is trained of a network.

    Args:
        choice: the recipe's, with its learning rate and its decay.
        network: the module; frozen parameters are left out, shared ones are taken once.
        graph: what it was compiled from; it tells which layers of plugins are norms.

    Raises:
        ArchError: E563, there is nothing to train.
    """
    groups = parameter_groups(choice, network, graph)
    if not groups:
        raise ArchError([nothing_to_train(network)])
    match choice:
        case Sgd():
            return torch.optim.SGD(groups, lr=choice.lr, momentum=choice.momentum, nesterov=choice.nesterov)
        case Adam():
            betas = (choice.beta1, choice.beta2)
            return torch.optim.Adam(groups, lr=choice.lr, betas=betas, eps=choice.eps)
        case AdamW():
            betas = (choice.beta1, choice.beta2)
            return torch.optim.AdamW(groups, lr=choice.lr, betas=betas, eps=choice.eps)
        case RmsProp():
            return torch.optim.RMSprop(
                groups, lr=choice.lr, alpha=choice.alpha, momentum=choice.momentum, eps=choice.eps
            )
        case _:
            raise TypeError(f"{type(choice).__name__} is no optimizer of a recipe")


def parameter_groups(
    choice: Optimizer, network: nn.Module, graph: Graph | None = None
) -> list[dict[str, Any]]:
    """Parameters that decay, then those that do not; a group without parameters is left out.

    Scales and shifts of norms decay where `decay_norms` says so, whatever `decay_biases` says of the biases
    of other layers. Where all parameters are treated alike, there is one group, in the order of the network.
    """
    norms = norm_parameters(network, graph)
    decayed: list[nn.Parameter] = []
    free: list[nn.Parameter] = []
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        biases = choice.decay_biases or role(name) != "bias"
        decays = choice.decay_norms if parameter in norms else biases
        (decayed if decays else free).append(parameter)
    groups: list[dict[str, Any]] = [
        {"params": decayed, "weight_decay": choice.weight_decay},
        {"params": free, "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]
