"""Modules of branches, as an Inception's: their first layers stand level, and what they join straight below."""

from __future__ import annotations

from functools import cache

import pytest

import ogive
from ogive.backends.draw.fitting.fit import fitted
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.layout.branches import forks
from ogive.backends.draw.layout.engine import Engine
from ogive.backends.draw.layout.process import Graphviz
from ogive.backends.draw.scene import Mark, Scene

MODULE = """
block Module(a, b) {
  concat {
    | conv(a, 1x1)
    | conv(b, 1x1) -> conv(a, 3x3, padding = 1)
    | conv(b, 1x1) -> conv(a, 5x5, padding = 2)
    FOURTH
  }
}
net N() { input x: 8x16x16; conv(8, 3x3, padding = 1); Module(8, 4); Module(16, 8); Module(8, 4); conv(4, 1x1) }
"""
FOUR = MODULE.replace("FOURTH", "| max_pool(3x3, stride = 1, padding = 1) -> conv(a, 1x1)")
THREE = MODULE.replace("FOURTH", "")


@cache
def laid_out(text: str) -> tuple[list[tuple[Mark, list[Mark], Mark]], Scene]:
    """By module: what forks, the first boxes of the branches, what joins them; and the drawing."""
    picture = fitted(Structure(ogive.loads(text).ir), depth=3)
    with Graphviz() as graphviz:
        scene = Engine(graphviz).scenes(picture)[0]
    marks = {mark.id: mark for mark in scene.marks}
    return [(marks[f.tail], [marks[id] for id in f.begins], marks[f.join]) for f in forks(picture)], scene


@pytest.mark.parametrize(("text", "branches"), [(FOUR, 4), (THREE, 3)])
def test_branches_begin_at_one_height_in_their_order(text: str, branches: int) -> None:
    modules, _ = laid_out(text)
    assert len(modules) == 3
    for _, begins, _ in modules:
        assert len(begins) == branches
        assert len({round(mark.centre[1], 2) for mark in begins}) == 1
        assert [mark.centre[0] for mark in begins] == sorted(mark.centre[0] for mark in begins)


def test_what_is_joined_stands_straight_below_what_forks() -> None:
    modules, _ = laid_out(FOUR)
    for fork, begins, join in modules:
        assert abs(fork.centre[0] - join.centre[0]) < 1.0
        assert begins[1].right < join.centre[0] < begins[2].left


def test_nothing_of_what_keeps_the_middle_free_is_drawn() -> None:
    _, scene = laid_out(FOUR)
    assert not [mark.id for mark in scene.marks if mark.id.endswith(".middle")]
    assert not [arrow for arrow in scene.arrows if ".middle" in arrow.tail + arrow.end]


def test_two_branches_and_branches_that_fork_again_are_no_module() -> None:
    two = MODULE.replace("FOURTH", "").replace("    | conv(b, 1x1) -> conv(a, 5x5, padding = 2)\n", "")
    again = MODULE.replace(
        "FOURTH", "| conv(b, 1x1) -> concat { | conv(b, 1x1) | conv(b, 3x3, padding = 1) | identity }"
    )
    for text in (two, again):
        picture = fitted(Structure(ogive.loads(text).ir), depth=3)
        assert not forks(picture)
