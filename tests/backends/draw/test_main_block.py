"""The block that a net is mostly made of: it is defined before a stem, and before a fuller overview."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

import ogive
from ogive.backends.draw.colours import look
from ogive.backends.draw.fitting import search
from ogive.backends.draw.fitting.candidates import Candidate, summaries
from ogive.backends.draw.fitting.fit import Chosen, chosen
from ogive.backends.draw.fitting.space import COLUMN, PAD
from ogive.backends.draw.fitting.worth import Shown
from ogive.backends.draw.fold.collapse import collapse, deepest
from ogive.backends.draw.fold.definitions import Definition, definitions
from ogive.backends.draw.fold.picture import Box, Picture
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.fold.segments import segmented
from ogive.backends.draw.layout.engine import Engine
from ogive.backends.draw.layout.process import Graphviz
from ogive.backends.draw.subject import Subject


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Graphviz() as graphviz:
        yield Engine(graphviz)


def subject(name: str) -> Subject:
    graph = ogive.load(name).ir
    return Subject(graph, graph)


@pytest.mark.parametrize(
    ("name", "space", "block"),
    [
        ("googlenet", COLUMN, "Inception"),
        ("bn_inception", COLUMN, "Inception"),
        ("inception_v3", COLUMN, "InceptionB"),
        ("inception_v4", COLUMN, "InceptionB"),
        ("inception_resnet_v2", COLUMN, "InceptionResNetB"),
        ("mobilenet_v2", COLUMN, "InvertedResidual"),
        ("resnext50", COLUMN, "Aggregated"),
        ("cliquenet_s2", COLUMN, "clique"),
        ("cliquenet_s3_a", COLUMN, "clique"),
        ("resnet50", (3.4, 4.0), "Bottleneck"),
    ],
)
def test_the_block_that_a_net_is_mostly_made_of_is_defined(
    engine: Engine, name: str, space: tuple[float, float], block: str
) -> None:
    """In narrower boxes where it is too wide otherwise; before a stem, and before all that a row shows."""
    found = chosen(subject(name), engine.scenes, fit=space)
    assert found.scale * (found.width + 2 * PAD) <= space[0] * 72 + 0.01
    assert found.scale * (found.height + 2 * PAD) <= space[1] * 72 + 0.01
    assert found.smallest >= look.LEAST_TYPE - 1e-6
    assert block in {re.split(r"[ ,]", d.name)[0] for d in found.picture.definitions}


def test_what_was_summed_up_is_not_shown() -> None:
    structure = Structure(ogive.load("cliquenet_s2").ir)
    opened = collapse(structure, deepest(structure))
    whole = segmented(opened, structure)
    assert Shown(structure, opened, ()).part(()) > 0.9
    assert Shown(structure, whole, ()).part(()) < 0.5


def test_a_stage_of_one_block_names_it_where_what_is_in_parts_is_left_out() -> None:
    structure = Structure(ogive.load("resnet50").ir)
    brief = next(summaries(Candidate(collapse(structure, 0), 0), structure))
    assert brief.summary == "what is in parts is left out"
    boxes = [(b.text.title, b.badge) for b in brief.picture.boxes() if isinstance(b, Box)]
    assert ("conv4 · Bottleneck 512→1024, /2", 6) in boxes


def test_a_definition_is_made_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many ways to say less are tried."""
    made: list[Picture] = []

    def counted(structure: Structure, overview: Picture, most: int) -> list[Definition]:
        made.append(overview)
        return definitions(structure, overview, most)

    monkeypatch.setattr(search, "definitions", counted)
    chosen(subject("inception_v4"), engine.scenes, fit=COLUMN)
    assert 1 <= len(made) <= 3


def skips(found: Chosen) -> int:
    return [edge.style for edge in found.picture.edges].count("skip")


def test_skips_are_not_given_up_for_it(engine: Engine) -> None:
    """U-Net's four stay, though a row of all its stages as one box would make room for `Double`."""
    found = chosen(subject("unet"), engine.scenes, fit=(3.25, 4.0))
    assert skips(found) == 4
