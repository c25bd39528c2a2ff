"""What a definition is called, and the names that it has for what differs from use to use."""

from __future__ import annotations

from fractions import Fraction

import pytest

import ogive
from ogive.backends.draw.fold.collapse import collapse
from ogive.backends.draw.fold.definitions import Definition, definitions
from ogive.backends.draw.fold.picture import Box, Cluster
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.fold.symbols import Given, Symbols, arguments


def found(text: str, depth: int = 0) -> list[Definition]:
    structure = Structure(ogive.loads(text).ir)
    return definitions(structure, collapse(structure, depth))


def titles(definition: Definition) -> list[str]:
    return [b.text.title for b in definition.picture.boxes() if isinstance(b, Box)]


def net(block: str, uses: str, shape: str = "16x32x32") -> str:
    return f"{block}\nnet N() {{ input x: {shape}; {uses} }}"


# ------------------------------------------------------------------ numbers


@pytest.mark.parametrize(
    ("expression", "widths", "shown"),
    [
        ("w", (8, 16, 24), "1×1 conv, w"),
        ("4 * w", (8, 16, 24), "1×1 conv, 4·w"),
        ("w // 2", (8, 16, 24), "1×1 conv, w/2"),
        ("w + 3", (8, 16, 24), "1×1 conv, w + 3"),
        ("(w + 3) // 2 * 2", (8, 16, 29), "1×1 conv, (w + 3)/2·2"),
        ("w * w", (2, 4, 6), "1×1 conv, w·w"),
    ],
)
def test_widths_are_said_as_the_program_says_them(
    expression: str, widths: tuple[int, ...], shown: str
) -> None:
    block = f"block B(w) {{ conv({expression}, 1x1) -> relu -> max_pool(2x2) }}"
    (definition,) = found(net(block, "; ".join(f"B({w})" for w in widths)))
    assert shown in titles(definition)
    assert definition.picture.note == "(w)"


def test_two_parameters() -> None:
    block = "block B(width, inc) { conv(width + 2 * inc, 1x1) -> relu -> max_pool(2x2) }"
    (definition,) = found(net(block, "B(8, 2); B(16, 3); B(24, 5)"))
    assert "1×1 conv, width + 2·inc" in titles(definition)
    assert definition.picture.note == "(width, inc)"


def test_a_factor_and_rounding() -> None:
    block = "block B(w, r) { conv(round(w * r), 1x1) -> relu -> max_pool(2x2) }"
    (definition,) = found(net(block, "B(10, 0.25); B(16, 0.5); B(30, 0.3)"))
    assert "1×1 conv, round(w·r)" in titles(definition)


def test_an_element_of_a_list() -> None:
    block = "block B(widths) { conv(widths[0], 1x1) -> relu -> conv(widths[1], 3x3) -> relu }"
    (definition,) = found(net(block, "B([8, 9]); B([12, 7]); B([10, 20])"))
    assert titles(definition)[1:] == ["1×1 conv, widths[0]", "3×3 conv, widths[1]"]


def test_a_letter_where_nothing_says_it() -> None:
    block = "block B(a, deep) { conv(8 if deep else 20, 1x1) -> relu -> max_pool(2x2) }"
    (definition,) = found(net(block, "B(3, true); B(5, false); B(6, true)"))
    assert "1×1 conv, b" in titles(definition)  # `a` is taken, and `c` is what enters
    assert definition.picture.note == "(b = 8, 20)"


def test_of_many_values_the_ends() -> None:
    symbols = Symbols()
    values = [Fraction(v) for v in (7, 64, 3, 50, 11)]
    assert symbols.word(values, [{} for _ in values], []) == "a"
    assert symbols.word(values, [{} for _ in values], []) == "a"
    assert symbols.word(values[::-1], [{} for _ in values], []) == "b"
    assert symbols.notes == ["a = 3 … 64", "b = 3 … 64"]


def test_what_was_given_is_preferred_to_what_enters() -> None:
    given: list[Given] = [{"expanded": 48, "in.channels": 8}, {"expanded": 96, "in.channels": 16}]
    symbols = Symbols()
    assert symbols.word([Fraction(12), Fraction(24)], given, []) == "expanded/4"  # not 3·c/2
    assert symbols.word([Fraction(16), Fraction(32)], given, []) == "2·c"
    assert symbols.notes == ["expanded", "c = channels in"]


def test_sums_are_only_found_where_that_is_no_accident() -> None:
    given: list[Given] = [{"p": 16, "q": 8}, {"p": 32, "q": 16}]
    assert Symbols().word([Fraction(24), Fraction(64)], given, []) == "a"
    given.append({"p": 5, "q": 7})
    assert Symbols().word([Fraction(24), Fraction(48), Fraction(12)], given, []) == "p + q"


@pytest.mark.parametrize(
    ("call", "parts"),
    [
        ("conv(w + 1, 1x1)", ["w + 1", " 1x1"]),
        ("conv(f(a, b), stride = [1, 2])", ["f(a, b)", " [1, 2]"]),
        ("conv(2 if a == b else 3)", ["2 if a == b else 3"]),
        ("relu", []),
        ("conv((", []),
        ("conv(a", []),
    ],
)
def test_arguments_of_a_call(call: str, parts: list[str]) -> None:
    assert [part.strip() for part in arguments(call)] == [part.strip() for part in parts]


@pytest.mark.parametrize(
    "text", ["__import__('os')", "w.real", "[w]", "w ** 9", "(lambda: w)()", "w if w else 1"]
)
def test_nothing_else_is_evaluated(text: str) -> None:
    assert Symbols().word([Fraction(1), Fraction(2)], [{"v": 5}, {"v": 6}], [text]) == "a"


# ------------------------------------------------------------------ titles


def test_forms_of_a_block_are_told_apart_by_an_argument() -> None:
    block = "block B(se) { conv(8, 1x1) -> max_pool(2x2); if se { conv(8, 3x3, padding = 1) } }"
    names = {d.name for d in found(net(block, "B(true); B(false); B(true)"))}
    assert names == {"B (a), with se", "B (b), without se"}


def test_the_first_of_a_stage() -> None:
    structure = Structure(ogive.load("cifar_preresnet110").ir)
    names = [d.name for d in definitions(structure, collapse(structure, 1))]
    assert names == ["Basic (a), first of a stage", "Basic (b), not first of a stage"]


def test_with_and_without_a_skip() -> None:
    structure = Structure(ogive.load("efficientnet_b0").ir)
    names = [d.name for d in definitions(structure, collapse(structure, 0)) if d.name.startswith("MBConv")]
    assert names == [
        "MBConv (a), expand 1",
        "MBConv (b), without a skip, expand 6",
        "MBConv (c), with a skip",
    ]


def test_cliques_by_their_layers() -> None:
    structure = Structure(ogive.load("cliquenet_s0").ir)
    names = [d.name for d in definitions(structure, collapse(structure, 0)) if d.key == "clique"]
    assert names == ["clique of 5 layers", "clique of 6 layers"]


@pytest.mark.parametrize("name", ["resnet50", "mobilenet_v3_large", "mobilenet_v3_small", "efficientnet_b0",
    "inception_resnet_v2", "cliquenet_k36_t12_i_ii", "fractalnet", "ssd300_vgg16"])  # fmt: skip
def test_no_two_have_one_name(name: str) -> None:
    structure = Structure(ogive.load(name).ir)
    for depth in (0, 1):
        names = [d.name for d in definitions(structure, collapse(structure, depth))]
        assert len(names) == len(set(names))


# ------------------------------------------------------------------ what boxes say


def test_a_last_block_that_differs_is_not_counted_with_the_others() -> None:
    picture = collapse(Structure(ogive.load("inception_resnet_v2").ir), 0)
    (text,) = (
        b.text for b in picture.boxes() if isinstance(b, Box) and b.text.title.startswith("inception_c")
    )
    assert text.after == "InceptionResNetC (a) ×9 · (b)"


def test_blocks_of_one_definition_are_counted_together() -> None:
    picture = collapse(Structure(ogive.load("resnet50").ir), 0)
    after = [b.text.after for b in picture.boxes() if isinstance(b, Box) and b.text.title.startswith("conv")]
    assert after[1:] == ["Bottleneck ×3", "Bottleneck ×4", "Bottleneck ×6", "Bottleneck ×3"]


def test_shared_weights_are_said_once() -> None:
    picture = collapse(Structure(ogive.load("siamese").ir), 9)
    frames = [f for f in picture.items if isinstance(f, Cluster)]
    assert [(f.note, f.label) for f in frames] == [("", ("weights of twin",))] * 2
    assert not [b for b in picture.boxes() if isinstance(b, Box) and "weights" in b.text.after]


def test_a_layer_alone_says_that_it_is_shared() -> None:
    text = "net N() { input x: 8x8x8; share f = conv(8, 3x3, padding = 1); f -> relu -> f -> relu }"
    picture = collapse(Structure(ogive.loads(text).ir), 9)
    boxes = [b for b in picture.boxes() if isinstance(b, Box) and "conv" in b.text.title]
    assert [(b.text.after, b.badge) for b in boxes] == [("ReLU · weights of f", 2)]


def test_two_thirds() -> None:
    picture = collapse(Structure(ogive.load("lenet5_1998").ir), 9)
    said = {b.text.title for b in picture.boxes() if isinstance(b, Box)}
    assert "× 2/3" in said
    assert "× 1.7159" in said


def test_bundles_have_their_names() -> None:
    structure = Structure(ogive.load("dpn92").ir)
    picture = collapse(structure, 1)
    found = {d.key: titles(d) for d in definitions(structure, picture)}
    assert found["DualPath"][:2] == ["res", "dense"]
    assert found["DualPath"][-2:] == ["res", "dense"]
    assert found["Fork"][-2:] == ["res", "dense"]
    labels = [e.label for e in picture.edges if "+" in e.label]
    assert labels[:2] == ["256×56×56 + 48×56×56", "256×56×56 + 80×56×56"]


def test_a_stage_of_one_layer_is_that_layer() -> None:
    text = "net N() { input x: 3x8x8; stage stem { conv(8, 3x3) -> bn -> relu }; stage rest { conv(8, 1x1) -> relu -> max_pool(2x2) } }"
    structure = Structure(ogive.loads(text).ir)
    for depth in (0, 1):
        picture = collapse(structure, depth)
        first = picture.items[1]
        assert isinstance(first, Box)
        assert (first.text.title, first.text.after, first.region) == ("stem · 3×3 conv, 8", "BN · ReLU", None)
    assert len(collapse(structure, 0).hidden) == 3
