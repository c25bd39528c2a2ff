"""The reference of the layers is what the layers say now."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import ogive
from ogive.layers.base import Layer
from ogive.layers.library import Library
from ogive.reference import example, pages
from tests.conftest import Golden

FOLDER = Path(__file__).parents[2] / "docs" / "layers"
LAYERS = Library.standard().layers()


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.kind)
def test_every_layer_shows_a_net_that_uses_it(layer: type[Layer]) -> None:
    network = ogive.loads(example(layer))
    assert layer.kind in {
        *(node.layer.kind for node in network.ir),
        "identity",
    }  # which is no layer of its own
    assert re.search(rf"\b{layer.kind}\b", layer.example)
    assert not network.warnings


def test_the_pages_are_made_from_the_layers(golden: Golden, update_golden: bool) -> None:
    made = pages()
    if update_golden:
        for stale in FOLDER.glob("*.md"):
            stale.unlink()
    for name, text in made.items():
        golden(text, FOLDER / name)
    assert {path.name for path in FOLDER.glob("*.md")} == set(made)
    assert all(f"## {layer.kind}\n" in "".join(made.values()) for layer in LAYERS)


def test_links_of_the_index_lead_somewhere() -> None:
    made = pages()
    for name, anchor in re.findall(r"\]\((\w+\.md)#(\w+)\)", made["README.md"]):
        assert f"\n## {anchor}\n" in made[name]
