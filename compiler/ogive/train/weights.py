"""Weights as safetensors: names and tensors, no code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import save_file
from torch import nn

from ogive.train.rundir import written_beside


def save_weights(network: nn.Module, path: Path, about: Mapping[str, object]) -> None:
    """Writes the state of a network; `network.load_state_dict(safetensors.torch.load_file(path))` reads it.

    `about` is kept as JSON under the one metadata key `ogive`; several keys would come in random order, and
    the same weights would not give the same bytes. Tensors that share memory are written once for each name.
    """
    state = {
        name: tensor.detach().cpu().contiguous().clone() for name, tensor in network.state_dict().items()
    }
    with written_beside(path) as temporary:
        save_file(state, temporary, metadata={"ogive": json.dumps(about, ensure_ascii=False)})
