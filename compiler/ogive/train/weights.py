"""Weights as safetensors: names and tensors, no code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import load_file, save
from torch import nn

from ogive.files import write_atomically


def packed(network: nn.Module, about: Mapping[str, object] | None = None) -> bytes:
    """The state of a network as safetensors: names and tensors, no code.

    `about` is kept as JSON under the one metadata key `ogive`; several keys would come in random order, and
    the same weights would not give the same bytes. Tensors that share memory are written once for each name.
    """
    state = {
        name: tensor.detach().cpu().contiguous().clone() for name, tensor in network.state_dict().items()
    }
    return save(state, metadata={"ogive": json.dumps(about, ensure_ascii=False)} if about else None)


def save_weights(network: nn.Module, path: Path, about: Mapping[str, object]) -> None:
    """Writes the state of a network; `network.load_state_dict(safetensors.torch.load_file(path))` reads it.

    Raises:
        OSError: it cannot be written; what was there before is there still.
    """
    write_atomically(path, packed(network, about))


def digest_of(path: Path) -> str:
    """SHA-256 of a file of weights, in hexadecimal digits.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def load_weights(network: nn.Module, path: Path) -> None:
    """Reads them back, exactly those of this network."""
    network.load_state_dict(load_file(path))
