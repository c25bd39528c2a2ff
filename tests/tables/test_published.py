"""Published figures: of networks there are, with a source, and told apart from what is computed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import ogive
from ogive import resources
from ogive.tables import Options, Subject, make
from ogive.tables.building import outline
from ogive.tables.cells import entries
from ogive.tables.published import Citations, Figure, Source, published, sources
from ogive.tabulate import subject_of
from tables.grids import network, subjects, table

KNOWN = {
    "dpn68": "README says 2.5G, and no reading of table 1 gives more than 2.33G",
    "inception": "section 4.2 says 13.6M, which no reading of figure 5 reaches",
    "alexnet": "60 million, of 60,965,224",
    "alexnet_towers": "the same",
}
"""Figures that the definitions do not reproduce to the printed digit."""


def figures() -> Iterator[tuple[str, str, str, str]]:
    """Network, what of it, part and figure, of all there are."""
    for _, told in sources(resources.published()):
        for what in ("params", "flops"):
            for name, printed in told.get(what, {}).items():
                yield name, what, "", printed
        for name, parts in told.get("parts", {}).items():
            for part, printed in parts.items():
                yield name, "parts", part, printed


def test_the_file_says_nothing_else():
    keys = {"cite", "per_multiply_add", "thousand", "params", "flops", "parts", "doubts"}
    told = list(sources(resources.published()))
    assert told
    for source, each in told:
        assert set(each) <= keys
        assert source.cite
        assert "memory" not in source.cite
        assert set(each) & {"params", "flops", "parts"}


def test_no_figure_is_given_twice():
    found = [(name, what, part) for name, what, part, _ in figures()]
    assert len(found) == len(set(found))


@pytest.mark.parametrize(("name", "what", "part", "printed"), list(figures()))
def test_a_figure_is_of_a_network_and_near_what_is_computed(name: str, what: str, part: str, printed: str):
    assert name in ogive.list_models()
    told = published(name)
    subject = Subject(network(name).unrolled)
    if what == "parts":
        names = {row.name for row in entries(subject, outline(subject))} | {
            node.name for node in subject.order
        }
        assert part in names, f"{name} has no part {part}"
        assert told.parts[part].printed == printed
        return
    figure, computed = (told.params, subject.params) if what == "params" else (told.macs, subject.macs)
    assert figure is not None
    assert isinstance(computed, int)
    digits = len(printed.partition(".")[2].rstrip("KMG"))
    unit = {"K": 1e3, "M": 1e6, "G": 1e9}[printed[-1]]
    half = 0.5 * 10**-digits * unit / (figure.source.per_multiply_add if what == "flops" else 1)
    agrees = abs(computed - figure.value) <= half * 1.02
    assert agrees != (name in KNOWN), f"{name}: {computed:,} computed, {printed} printed"


def test_counts_of_lenet_are_the_papers():
    subject = Subject(network("lenet5_1998").unrolled)
    rows = {row.name: subject.params_of(row.nodes) for row in entries(subject, outline(subject))}
    assert {part: rows[part] for part in ("C1", "S2", "C3", "S4", "C5", "F6")} == {
        part: figure.value for part, figure in published("lenet5_1998").parts.items()
    }


def test_what_k_and_flops_stand_for():
    told = published("googlenet").parts["3a"]
    assert (told.printed, told.value) == ("159K", 159 * 1024)
    assert told.source.note() == "Szegedy et al. 2015, table 1; K is 1024 there, and k is 1000."
    macs = published("cliquenet_k36_t12").macs
    assert macs is not None
    assert (macs.printed, macs.shown, macs.value) == ("0.91G", "0.46G", 0.455e9)
    assert macs.source.note().endswith(", which counts 2 FLOPs for a multiply-add: divided by that here.")


@pytest.mark.parametrize(("printed", "value"), [
    ("0.94M", 940_000), ("2.7K", 2_700), ("156", 156), ("13.78G", 13.78e9), ("60M", 60e6), ("1.5 B", 1.5e9),
])  # fmt: skip
def test_printed_numbers(printed: str, value: float):
    assert Source("").value(printed) == pytest.approx(value)


@pytest.mark.parametrize("printed", ["", "M", "1e6", "1,000", "12 millions", "0.9T"])
def test_what_is_no_printed_number(printed: str):
    with pytest.raises(ValueError, match="is no figure such as"):
        Source("").value(printed)


def test_marks_are_letters_in_order_of_use():
    citations = Citations()
    marks = [citations.mark(Figure("1", 1, Source(str(n)))) for n in (0, 1, 0, *range(2, 28))]
    assert marks[:4] == ["a", "b", "a", "c"]
    assert marks[-2:] == ["aa", "ab"]


def test_beside_the_computed_ones():
    made = table("dpn68", "dpn92", "resnet50", compare=True)
    rows = {row.cells[0].parts[0]: row.cells[1:] for row in made.rows if row.total and row.cells[0].parts}
    assert [cell.mark for cell in rows["published"]] == ["a", "a", ""]
    assert [[part.text for part in cell.parts] for cell in rows["difference"]] == [["−7.0 %"], ["="], []]  # type: ignore[union-attr]
    assert [note.text for note in made.notes if note.mark] == [
        "README of github.com/cypw/DPNs, results on ImageNet."
    ]


def test_without_anything_published_a_table_is_as_without_the_option():
    assert table("resnet50", compare=True) == table("resnet50")


def test_a_network_that_is_not_the_zoos_has_no_published_figures(tmp_path: Path):
    assert subjects("dpn92")[0].published == "dpn92"
    for changed in (
        ogive.load("dpn92", classes=10),
        ogive.load("dpn92", input=(3, 320, 320)),
        ogive.load("dpn92", edits=["replace relu with elu"]),
    ):
        assert subject_of(changed).published is None
    own = tmp_path / "dpn.arch"
    text = (resources.zoo() / "dpn.arch").read_text(encoding="utf-8")
    own.write_text(text, encoding="utf-8")
    assert subject_of(ogive.load(f"{own}:dpn92")).published == "dpn92"  # word for word the zoo's
    own.write_text(re.sub("groups = 32", "groups = 16", text), encoding="utf-8")
    changed = ogive.load(f"{own}:dpn92")
    assert subject_of(changed).published is None
    assert not any(note.mark for note in make([subject_of(changed)], Options(compare=True)).notes)


def test_what_is_doubted_of_googlenets_table_is_wrong_and_all_that_is():
    """Weights of the widths beside them, in 1024s, with biases or without, rounded or cut off."""
    subject = subjects("googlenet")[0]
    told = published("googlenet").parts
    parts = {part.name: part.nodes for part in outline(subject)}
    modules = {name: figure for name, figure in told.items() if name in parts}
    assert len(modules) == 9
    for name, figure in modules.items():
        convs = [node for node in map(subject.graph.node, parts[name]) if node.layer.kind == "conv"]
        biased = subject.params_of(parts[name])
        biases = sum(node.outputs[0].channels for node in convs)
        exact = [count / 1024 for count in (biased, biased - biases)]
        printed = int(figure.printed.removesuffix("K"))
        possible = {way(count) for count in exact for way in (int, round)}
        assert bool(figure.doubt) != (printed in possible), f"{name}: {exact}, {figure.printed} printed"


def test_doubts_are_told_beside_the_figures():
    made = table("googlenet", compare=True)
    marks = {note.mark: note.text for note in made.notes if note.mark}
    assert marks["c"] == "The widths in its row make another number, with biases or without."
    rows = {str(row.cells[0].parts[0]): [cell.mark for cell in row.cells if cell.mark] for row in made.rows}
    assert rows["inception (4c)"] == ["a,c"]
    assert rows["inception (3b)"] == ["a"]
