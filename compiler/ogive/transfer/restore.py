"""Leaves modules as they were: training flags always, tensors where asked."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy


@contextmanager
def evaluating(module: nn.Module) -> Generator[None]:
    """In eval mode; afterwards every submodule has its own flag again."""
    flags = [(submodule, submodule.training) for submodule in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for submodule, training in flags:
            submodule.training = training


class _Snapshot:
    """The parameters and buffers of a module: which tensors they are, and their values."""

    def __init__(self, module: nn.Module, *, parameters: bool) -> None:
        holders: list[dict[str, Any]] = [sub._buffers for sub in module.modules()]  # pyright: ignore[reportPrivateUsage]
        if parameters:
            holders += [sub._parameters for sub in module.modules()]  # pyright: ignore[reportPrivateUsage]
        self._saved = [
            (held, name, tensor, tensor.detach().clone())
            for held in holders
            for name, tensor in held.items()
            if tensor is not None and not is_lazy(tensor)
        ]

    def restore(self) -> None:
        with torch.no_grad():
            for held, name, tensor, value in self._saved:
                held[name] = tensor
                tensor.copy_(value)


@contextmanager
def restoring(module: nn.Module, *, always: bool) -> Generator[None]:
    """Puts the module's tensors back if anything fails; with `always`, its buffers back in any case."""
    snapshot = _Snapshot(module, parameters=not always)
    try:
        yield
    except BaseException:
        snapshot.restore()
        raise
    if always:
        snapshot.restore()
