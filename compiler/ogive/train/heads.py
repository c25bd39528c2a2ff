"""What a network returns, and the loss of it.

In training mode a network with auxiliary heads returns `(main, {"aux1": (logits, weight), …})`; in
evaluation mode, and without such heads always, it returns the main logits alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch.nn.functional as F  # noqa: N812  # PyTorch's own name for it
from torch import Tensor

AuxiliaryHeads = Mapping[str, tuple[Tensor, float]]


def split_heads(output: object) -> tuple[Tensor, AuxiliaryHeads]:
    """The main output, and the auxiliary heads with their weights.

    Raises:
        TypeError: the network returns something else, such as several outputs.
    """
    if isinstance(output, Tensor):
        return output, {}
    if isinstance(output, tuple):
        parts = cast("tuple[object, ...]", output)
        if len(parts) == 2 and isinstance(parts[0], Tensor) and isinstance(parts[1], Mapping):
            return parts[0], cast("AuxiliaryHeads", parts[1])
        raise TypeError(f"{len(parts)} outputs")
    raise TypeError(f"a {type(output).__name__}")


def as_logits(output: Tensor) -> Tensor:
    """[N, C] from [N, C] or, as fully convolutional heads leave it, [N, C, 1, 1].

    Raises:
        ValueError: any other shape.
    """
    if output.dim() == 2:
        return output
    if output.dim() > 2 and all(size == 1 for size in output.shape[2:]):
        return output.flatten(1)
    raise ValueError("x".join(str(size) for size in output.shape[1:]) or "a scalar")


def total_loss(output: object, labels: Tensor, label_smoothing: float = 0.0) -> tuple[Tensor, Tensor]:
    """Cross entropy of the main output, plus that of each auxiliary head times its weight.

    The heads are GoogLeNet's (Szegedy et al. 2015, section 5). Smoothing is that of Szegedy et al. 2016,
    section 7.

    Returns:
        the loss, a scalar, and the main logits [N, C].
    """
    main, heads = split_heads(output)
    logits = as_logits(main)
    loss = F.cross_entropy(logits, labels, label_smoothing=label_smoothing)
    for head, weight in heads.values():
        loss = loss + weight * F.cross_entropy(as_logits(head), labels, label_smoothing=label_smoothing)
    return loss, logits
