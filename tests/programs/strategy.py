"""The writer as a Hypothesis strategy: every choice is Hypothesis's, so that programs shrink."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.programs.definitions import Program, write_program


@st.composite
def programs(draw: st.DrawFn, *, reckless: float = 0.015) -> Program:
    """Well-formed programs over every word and layer; a good share is accepted."""
    return write_program(draw(st.randoms(use_true_random=False)), reckless=reckless)
