"""Every layer, drawn at random beside what PyTorch makes of the same arguments."""

from __future__ import annotations

from layers import cases_compute, cases_sequence, cases_shape
from layers.oracle import CASES, LIBRARY

__all__ = ["CASES", "LIBRARY", "cases_compute", "cases_sequence", "cases_shape"]
