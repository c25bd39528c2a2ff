"""Copies weights between any two torch modules by matching what they compute.

`ogive.transfer(source, target, example)` pairs parameters and buffers by their place in the dataflow, not by
name, prints the map, and verifies that the outputs agree; it refuses when the match is not unique.

  dataflow.py  the reduced graph of one run          rules.py   how each operation enters it
  trace.py     runs a module and records it          match.py   colour refinement, search for a unique match
  gather.py    layers side by side as one            explain.py where two graphs part, and why
  restore.py   leaves modules as they were           report.py  what was copied
  api.py       the whole way
"""

import sys
from types import ModuleType
from typing import Any

from ogive.transfer.api import transfer
from ogive.transfer.errors import TransferError
from ogive.transfer.report import Pair, TransferReport

__all__ = ["Pair", "TransferError", "TransferReport", "transfer"]


class _Callable(ModuleType):
    """Importing this package makes the module the attribute `ogive.transfer`; calling it calls `transfer`."""

    def __call__(self, *args: Any, **kwargs: Any) -> TransferReport:
        return transfer(*args, **kwargs)


sys.modules[__name__].__class__ = _Callable
