"""How well a network does on images it was not trained on."""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F  # noqa: N812  # PyTorch's own name for it
from torch import Tensor, nn

from ogive.train.heads import as_logits, split_heads
from ogive.train.tally import Score, Tally


def evaluate(
    network: nn.Module, batches: Iterable[tuple[Tensor, Tensor]], device: torch.device | str = "cpu"
) -> Score:
    """Loss and accuracy over batches of images [N, C, H, W] and labels [N].

    The network is moved to the device and put in evaluation mode; its mode is restored afterwards.
    """
    was_training = network.training
    network.to(device).eval()
    tally = Tally()
    try:
        with torch.inference_mode():
            for images, labels in batches:
                labels = labels.to(device)
                logits = as_logits(split_heads(network(images.to(device)))[0])
                tally.add(F.cross_entropy(logits, labels), logits, labels)
    finally:
        network.train(was_training)
    return tally.score()
