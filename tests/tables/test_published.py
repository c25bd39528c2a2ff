"""Published figures: of networks there are, with a source, and told apart from what is computed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

import ogive
from ogive import resources
from ogive.tables import Options, Subject, make
from ogive.tables.building import outline
from ogive.tables.cells import entries
from ogive.tables.model import Number
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
    assert told.source.note() == "Szegedy et al. 2015, table 1; K is 1024 there and in what is beside it."
    macs = published("cliquenet_k36_t12").macs
    assert macs is not None
    assert (macs.printed, macs.value) == ("0.91G", 0.455e9)
    assert macs.source.note().endswith(
        ", which counts 2 FLOPs for a multiply-add: compared with 2 times the computed FLOPs."
    )


@pytest.mark.parametrize(("printed", "value", "beside"), [
    ("0.94M", 936_170, "0.94 M"), ("1.7M", 1_727_962, "1.7 M"), ("60M", 60_965_224, "61 M"), ("156", 1_516, "1516"),
    ("0.5G", 550_000_000, "0.6 G"), ("2.7K", 9_408, "9.4 K"),
])  # fmt: skip
def test_a_computed_number_is_printed_like_the_published_one(printed: str, value: int, beside: str):
    source = Source("")
    assert Figure(printed, source.value(printed), source).like(value) == beside


def test_units_of_the_source_are_those_beside_it():
    kilo, double = Source("", thousand=1024), Source("", per_multiply_add=2)
    assert Figure("112K", kilo.value("112K"), kilo).like(114_944) == "112 K"
    assert Figure("0.91G", 0.455e9, double, counts_flops=True).like(455_770_000) == "0.456 G"
    assert Figure("0.94M", 0.94e6, double).like(936_170) == "0.94 M"


@pytest.mark.parametrize(
    ("name", "what", "part", "printed"), [each for each in figures() if each[1] != "parts"]
)
def test_what_is_the_same_looks_the_same(name: str, what: str, part: str, printed: str):
    """`=` stands where a reader sees two numbers alike, or one that is half of the other."""
    made = table(name, compare=True)
    keys = [column.key or column.title for column in made.columns]
    at = keys.index("flops_published" if what == "flops" else "params_published") - len(keys)
    computed, told, difference = (cell.parts[0] for cell in made.rows[-1].cells[at - 1 :][:3])
    assert isinstance(computed, Number)
    assert isinstance(told, Number)
    assert isinstance(difference, Number)
    assert told.text == told.printed == printed, "as it is printed"
    shown = computed.text.replace(" ", "")
    figure = published(name).macs if what == "flops" else published(name).params
    assert figure is not None
    if what == "flops" and figure.source.per_multiply_add == 2:
        doubled = (2 * Decimal(shown[:-1])).quantize(Decimal(printed[:-1]), ROUND_HALF_UP)
        shown = f"{doubled}{shown[-1]}"
    assert (shown == printed) == (difference.text == "=")


def test_beside_several_nets_the_numbers_are_printed_like_them_too():
    made = table("cliquenet_k36_t12", "cifar_densenet_40_12", "resnet18", compare=True)
    rows = {
        row.key or str(row.cells[0].parts[0]): [part.text for cell in row.cells[1:] for part in cell.parts]  # type: ignore[union-attr]
        for row in made.rows
        if row.total
    }
    assert rows["params"] == ["0.94 M", "1.0 M", "11.7 M"]
    assert rows["params_published"] == ["0.94M", "1.0M"]
    assert rows["FLOPs"] == ["0.455 G", "0.265 G", "1.81 G"]
    assert rows["flops_published"] == ["0.91G", "0.53G"]


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
    assert marks["c"] == "The widths in its row make the computed number, with biases, and not this one."
    rows = {str(row.cells[0].parts[0]): [cell.mark for cell in row.cells if cell.mark] for row in made.rows}
    assert rows["inception (4c)"] == ["a,c"]
    assert rows["inception (3b)"] == ["a"]


def test_a_total_may_be_doubted():
    """Whatever the figure of Ioffe & Szegedy is read as, its widths do not make what section 4.2 says."""
    told = published("inception").params
    assert told is not None
    assert told.doubt
    assert not any(
        told.agrees(network(name).params) for name in ("inception", "bn_inception", "bn_inception_608")
    )
    assert [note.mark for note in table("inception", compare=True).notes if told.doubt == note.text] == ["b"]
