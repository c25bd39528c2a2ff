"""What is different between two nets: what is found, and that it is all there is."""

from __future__ import annotations

import random
from functools import cache
from itertools import pairwise

import pytest
from tests.programs.definitions import write_program
from tests.programs.judge import judge

import ogive
from ogive.network import Network
from ogive.report import counts
from ogive.report.difference import Change, Difference

PAIRS = {
    ("resnet50", "resnet101"): {"added: conv4: 6 → 23 Bottleneck": 17},
    ("resnet18", "resnet34"): {"added: Basic ×8: conv2 2 → 3, conv3 2 → 4, conv4 2 → 6, conv5 2 → 3": 8},
    ("resnet34", "resnet50"): {
        "replaced: Basic → Bottleneck ×16": 16,
        "follows: other shapes or parameters, as a consequence ×3": 3,
    },
    ("resnet50", "resnext50"): {
        "changed: 1×1 conv ×16: out_channels ×2 (64 → 128, 128 → 256, 256 → 512, 512 → 1024)": 16,
        "changed: 3×3 conv ×16: out_channels ×2 (64 → 128, 128 → 256, 256 → 512, 512 → 1024), groups 1 → 32": 16,
        "renamed: Bottleneck → Aggregated ×16": 16,
        "follows: other shapes or parameters, as a consequence ×80": 80,
    },
    ("resnet50", "wide_resnet50_2"): {
        "changed: conv ×32: out_channels ×2 (64 → 128, 128 → 256, 256 → 512, 512 → 1024)": 32,
        "renamed: Bottleneck → WideBottleneck ×16": 16,
        "follows: other shapes or parameters, as a consequence ×80": 80,
    },
    ("resnet34", "resnet34_b"): {},
    ("vgg16", "vgg16_bn"): {"added: bn ×13": 13},
    ("vgg11", "vgg19"): {"added: conv(…, 3x3, padding = 1) -> relu ×8": 8},
    ("densenet121", "densenet169"): {
        "added: layer ×24: dense3.dense1 24 → 32, dense4.dense1 16 → 32": 24,
        "changed: 1×1 conv: out_channels 512 → 640": 1,
        "follows: other shapes or parameters, as a consequence ×72": 72,
    },
    ("inception", "bn_baseline"): {
        "changed: conv ×69: bias true → false": 69,
        "added: bn ×69": 69,
        "removed: lrn(5) ×2": 2,
    },
    ("cliquenet_k36_t12", "cliquenet_k64_t15"): {
        "changed: clique ×3: layers 4 → 5": 3,
        "changed: conv ×5: out_channels (36 → 64, 144 → 320)": 5,
        "follows: other shapes or parameters, as a consequence ×28": 28,
    },
    ("cliquenet_k36_t12", "cliquenet_k36_t12_a"): {"added: Attention ×2": 2},
    ("cliquenet_k64_t15", "cliquenet_k64_t15_x2"): {
        "changed: clique ×3: updates all layers → 2": 3,
        "follows: other shapes or parameters, as a consequence ×6": 6,
    },
}
EDITS = {
    ("resnet50", "replace relu with gelu"): {"changed: relu → gelu ×49": 49},
    ("resnet50", "insert bn before relu"): {
        "added: bn ×49": 49,
        "renumbered: other numbers in names ×32: bn2 → bn3, bn3 → bn5": 32,
    },
    ("resnet50", "remove bn"): {"removed: bn ×53": 53, "changed: conv ×53: bias false → true": 53},
    ("resnet50", "replace max_pool with conv(64, 3x3, stride = 2, padding = 1)"): {
        "replaced: max_pool(3x3, stride = 2, padding = 1) → conv(64, 3x3, stride = 2, padding = 1)": 1
    },
    ("resnet34", "set residual(shortcut = project)"): {"added: shortcut conv -> bn ×13": 13},
    ("cliquenet_k36_t12", "replace relu with silu"): {"changed: relu → silu ×8": 8},
    ("googlenet", "set dropout(p = 0.5)"): {"changed: dropout ×3: p (0.7 → 0.5, 0.4 → 0.5)": 3},
}
QUICK = (
    "alexnet", "char_lstm", "cifar_preresnet110", "cliquenet_k36_t12_abc", "cliquenet_s0", "densenet121", "dpn68",
    "efficientnet_b0", "fractalnet", "googlenet", "mobilenet_v3_small", "resnet50", "shufflenet_v2_x1_0", "siamese",
    "ssd300_vgg16", "swin_t", "transformer_encoder", "unet", "vit_b_16",
)  # fmt: skip


@cache
def load(name: str, edit: str = "") -> Network:
    return ogive.load(name, edits=[edit] if edit else [])


def titles(difference: Difference) -> dict[str, int]:
    return {f"{group.kind}: {group.title}": group.count for group in difference.groups}


def complete(a: Network, b: Network) -> Difference:
    """The difference, of which everything holds that must hold of any."""
    found = ogive.diff(a, b)
    assert ogive.diff(b, a) == found.mirrored()
    assert found.mirrored().mirrored() == found
    trained = (counts.params(net.unrolled, heads=True) for net in (b, a))
    assert sum(change.params for change in found.changes) == next(trained) - next(trained)
    assert sum(change.macs for change in found.changes) == b.macs - a.macs
    assert sum(group.count for group in found.groups) == len(found.changes)
    layers = next(total for total in found.totals if total.name == "layers")
    parts = [[part for part in net.parts.values() if part.group != "input"] for net in found.nets]
    assert (layers.a, layers.b) == (len(parts[0]), len(parts[1])), "the table counts what changes are made of"
    each_once(a, [c.a.layers for c in found.of("removed", "replaced") if c.a], found, side=0)
    each_once(b, [c.b.layers for c in found.of("added", "replaced") if c.b], found, side=1)
    return found


def each_once(net: Network, rows: list[tuple[str, ...]], found: Difference, *, side: int) -> None:
    """Every layer is gone, new, replaced, or has a counterpart; none is two of these."""
    kept = [pair[side].key for pair in found.correspondence.layers]
    every = [*kept, *(layer for row in rows for layer in row)]
    assert sorted(every) == sorted(found.nets[side].parts)
    written = [node.name for node in net.ir if node.layer.group != "clique"]
    assert set(written) <= set(every)


@pytest.mark.parametrize(("a", "b"), PAIRS, ids=" ".join)
def test_pairs_of_the_zoo(a: str, b: str):
    assert titles(complete(load(a), load(b))) == PAIRS[a, b]


@pytest.mark.parametrize(("name", "edit"), EDITS, ids=" ".join)
def test_edits(name: str, edit: str):
    assert titles(complete(load(name), load(name, edit))) == EDITS[name, edit]


def test_googlenet_with_norms():
    """Two papers' nets, of which much is different: nothing is told twice, and the heads are there."""
    found = complete(load("googlenet"), load("bn_inception"))
    told = titles(found)
    assert told["removed: lrn(5) ×2"] == 2
    assert told["removed: auxiliary head ×2"] == 2
    assert [c.item.path for c in found.of("replaced")] == ["3c", "4e.reduction1"]
    assert not found.likeness.little
    assert len(found.groups) < 25


@pytest.mark.parametrize("name", QUICK)
def test_a_net_is_no_different_from_itself(name: str):
    found = complete(load(name), ogive.load(name))
    assert found.same
    assert str(found) == f"{name} → {name}: no difference"


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(ogive.list_models()) - set(QUICK)))
def test_no_net_of_the_zoo_is_different_from_itself(name: str):
    net = ogive.load(name)
    assert ogive.diff(net, net).same


@pytest.mark.parametrize("first", [0, 25])
def test_random_programs(first: int):
    """Nets of random programs, each with the next: most have nothing in common."""
    nets: list[Network] = []
    for seed in range(first, first + 25):
        verdict = judge(write_program(random.Random(seed), reckless=0))
        nets += [Network(compiled) for compiled in verdict.compiled][:2]
    assert len(nets) > 20
    for a, b in pairwise(nets):
        complete(a, b)
        assert ogive.diff(a, a).same


@pytest.mark.parametrize("layers", [1_000, pytest.param(10_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("loop", ["repeat {}", "for i in 0..{}"])
def test_many_layers(layers: int, loop: str):
    turns = layers // 2
    text = f"net N() {{\n  input x: 3x8x8\n  {loop.format(turns)} {{ conv(8, 3x3, padding = 1) -> relu }}\n}}"
    found = ogive.diff(ogive.loads(text), ogive.loads(text, edits=["replace relu with gelu"]))
    assert titles(found) == {f"changed: relu → gelu ×{turns}": turns}


def test_few_edits_far_apart_in_a_long_row():
    """Layers that recur every seven: only the whole row tells which is which."""
    text = "net N() {{\n  input x: 3x8x8\n{}  for i in {}..2000 {{ conv(8 + i % 7, 3x3, padding = 1) -> relu }}\n}}"
    found = ogive.diff(ogive.loads(text.format("", 0)), ogive.loads(text.format("  dropout(0.1)\n", 3)))
    assert [(c.kind, c.item.layers) for c in found.of("added", "removed")] == [
        ("removed", ("conv1", "relu1")),
        ("removed", ("conv2", "relu2")),
        ("removed", ("conv3", "relu3")),
        ("added", ("dropout1",)),
    ]
    assert not found.of("changed")


def test_only_networks_are_compared():
    with pytest.raises(TypeError, match="b is a Network, such as"):
        ogive.diff(load("resnet50"), "resnet101")  # type: ignore[arg-type]


# --------------------------------------------------------------------------- what corresponds

BLOCK = """
block {name}(w) {{
  residual {{ conv(w, 3x3, padding = 1) -> bn -> relu -> conv(w, 3x3, padding = 1) -> bn{more} }} -> relu
}}
net N() {{
  input x: 8x16x16
  {uses}
  flatten -> linear(10)
}}
"""
STAGES = """
net N() {{
  input x: 3x32x32
{0}  stage {1} {{ conv(8, 3x3, padding = 1) -> bn -> relu }}
  stage {2} {{ conv(16, 3x3, padding = 1) -> bn -> relu }}
  stage {3} {{ conv(32, 3x3, padding = 1) -> bn -> relu }}
  global_avg_pool -> flatten -> linear(10)
}}
"""


def compared(a: str, b: str) -> Difference:
    return complete(ogive.loads(a), ogive.loads(b))


def kinds(difference: Difference) -> dict[str, int]:
    found: dict[str, int] = {}
    for change in difference.changes:
        found[change.kind] = found.get(change.kind, 0) + 1
    return found


def test_a_renamed_stage_is_the_same_stage():
    found = compared(STAGES.format("", "a", "b", "c"), STAGES.format("", "a", "middle", "c"))
    assert titles(found) == {"renamed: stage b → stage middle": 1}
    assert "the same computation, under other names" in str(found)


def test_a_stage_in_front_shifts_names_and_changes_nothing():
    front = "  stage a { conv(4, 5x5, padding = 2) -> bn -> relu }\n"
    found = compared(STAGES.format("", "a", "b", "c"), STAGES.format(front, "b", "c", "d"))
    (new,) = found.of("added")
    assert (new.item.path, new.item.what) == ("a", "stage a")
    assert [(c.a.path, c.b.path) for c in found.of("renamed") if c.a and c.b] == [
        ("a", "b"),
        ("b", "c"),
        ("c", "d"),
    ]
    assert kinds(found) == {"added": 1, "renamed": 3, "follows": 1}


@pytest.mark.parametrize("uses", ["B(8); B(8); B(8)", "stage s { B(8); B(8) }\n  B(8)"])
def test_what_is_written_out_is_what_a_repeat_makes(uses: str):
    a = BLOCK.format(name="B", more="", uses="repeat 3 { B(8) }")
    found = compared(a, BLOCK.format(name="B", more="", uses=uses))
    assert set(kinds(found)) <= {"regrouped", "renumbered"}


def test_a_renamed_definition_is_the_same():
    a, b = (BLOCK.format(name=name, more="", uses=f"repeat 3 {{ {name}(8) }}") for name in ("Block", "Unit"))
    assert titles(compared(a, b)) == {"renamed: Block → Unit ×3": 3}


def test_a_definition_with_more_is_compared_layer_by_layer():
    a = BLOCK.format(name="Block", more="", uses="repeat 3 { Block(8) }")
    b = BLOCK.format(name="Better", more=" -> dropout(0.1)", uses="repeat 3 { Better(8) }")
    assert titles(compared(a, b)) == {"added: dropout(p = 0.1) ×3": 3, "renamed: Block → Better ×3": 3}


CHAIN = "conv(8, 3x3, padding = 1) -> bn -> relu -> conv(8, 3x3, padding = 1) -> bn"
NET = "net N() {{\n  input x: 8x8x8\n  {}\n  relu -> flatten -> linear(10)\n}}"


def test_a_residual_around_layers_adds_only_the_sum():
    found = compared(NET.format(CHAIN), NET.format(f"residual {{ {CHAIN} }}"))
    assert titles(found) == {"added: residual: add; the layers in it stay": 1}


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("resnet18", "residual ×8: add ×8, shortcut conv -> bn ×3; the layers in them stay"),
        ("vit_b_16", "residual ×24: add ×24; the layers in them stay"),
    ],
)
def test_residuals_taken_away_are_one_line(name: str, title: str):
    found = complete(load(name), load(name, "remove residual"))
    assert list(titles(found)) == [f"removed: {title}"]


UNLIKE = [("vgg16", "resnet50"), ("googlenet", "densenet121"), ("alexnet", "resnet50"), ("unet", "resnet18")]
ALIKE = [
    ("resnet34", "resnet50"),
    ("googlenet", "bn_inception"),
    ("vgg11", "vgg19"),
    ("resnet18", "resnet101"),
]


@pytest.mark.parametrize(("a", "b"), UNLIKE, ids=" ".join)
def test_nets_with_little_in_common_say_so_and_pair_no_two_layers_for_their_kind(a: str, b: str):
    found = complete(load(a), load(b))
    likeness = found.likeness
    assert likeness.little
    assert likeness.matched < 0.25 * likeness.of
    first = str(found).partition("\n")[0]
    assert f"little in common, {likeness.matched} of the {likeness.of} layers of " in first
    assert ogive.diff(load(b), load(a)).likeness.matched == likeness.matched
    assert len(str(found).split("\n")) < 65
    assert len(found.of("changed", "rewired")) <= 3


@pytest.mark.parametrize(("a", "b"), ALIKE, ids=" ".join)
def test_nets_of_one_plan_have_much_in_common(a: str, b: str):
    found = complete(load(a), load(b))
    assert not found.likeness.little
    assert "in common" not in str(found)


def test_blocks_around_layers_that_stay_are_one_line():
    """`regrouped` of one definition, or of several stages, is rolled up."""
    a = BLOCK.format(name="B", more="", uses="repeat 3 { B(8) }")
    chain = (
        "residual { conv(8, 3x3, padding = 1) -> bn -> relu -> conv(8, 3x3, padding = 1) -> bn } -> relu\n"
    )
    b = f"net N() {{\n  input x: 8x16x16\n{3 * chain}  flatten -> linear(10)\n}}"
    found = compared(a, b)
    assert "regrouped: B ×3 are gone, and their layers stay" in titles(found)
    stages = "".join(f"stage {name} {{ {LAYERS} }}\n" for name in "abc")
    text = "net N() {{\n  input x: 3x32x32\n{}  flatten -> linear(10)\n}}"
    found = compared(text.format(stages), text.format(f"{LAYERS}\n" * 3))
    assert "regrouped: stage ×3 are gone, and their layers stay" in titles(found)


def test_a_stage_around_layers_changes_nothing():
    found = compared(NET.format(CHAIN), NET.format(f"stage s {{ {CHAIN} }}"))
    assert titles(found) == {
        "regrouped: stage s is new, around layers that stay": 1,
        "renumbered: other numbers in names: relu2 → relu1": 1,
    }


def test_a_stage_that_was_divided():
    text = BLOCK.format(name="B", more="", uses="{}")
    text = text.replace("{ ", "{{ ").replace(" }", " }}").replace("{\n", "{{\n").replace("\n}", "\n}}")
    a, b = (
        text.format(uses)
        for uses in (
            "stage s { repeat 6 { B(8) } }",
            "stage s { repeat 3 { B(8) } }\n  stage t { repeat 3 { B(8) } }",
        )
    )
    assert titles(compared(a, b)) == {
        "regrouped: stage t is new, around layers that stay": 1,
        "renumbered: other numbers in names ×3: b4 → b1, b5 → b2, b6 → b3": 3,
    }


LAYERS = "conv(16, 3x3, padding = 1) -> bn -> relu"


@pytest.mark.parametrize(("first", "second"), [(1, 1), (1, 2), (2, 1), (3, 2)])
def test_a_stage_of_layers_that_was_divided(first: int, second: int):
    text = "net N() {{\n  input x: 3x32x32\n  stage a {{ conv(8, 1x1) }}\n{}\n  flatten -> linear(10)\n}}"
    whole = f"  stage b {{ {' -> '.join([LAYERS] * (first + second))} }}"
    halves = (
        f"  stage {name} {{ {' -> '.join([LAYERS] * n)} }}" for name, n in (("b", first), ("c", second))
    )
    a, b = text.format(whole), text.format("\n".join(halves))
    assert set(kinds(compared(a, b))) <= {"regrouped", "renumbered", "renamed"}
    assert kinds(compared(a, b))["regrouped"] == 1
    assert set(kinds(compared(b, a))) <= {"regrouped", "renumbered", "renamed"}


def test_a_new_stage_of_other_layers_is_new():
    text = (
        "net N() {{\n  input x: 3x32x32\n  stage a {{ conv(8, 1x1) -> relu }}\n{}  flatten -> linear(10)\n}}"
    )
    found = compared(text.format(""), text.format(f"  stage b {{ {LAYERS} }}\n"))
    assert titles(found)["added: stage b"] == 1


BRANCHES = "net N() {{\n  input x: 8x8x8\n  concat {{\n    | {}\n    | {}\n  }}\n  flatten -> linear(10)\n}}"


def test_branches_in_another_order_are_moved():
    one, other = "conv(8, 1x1) -> relu", "conv(16, 3x3, padding = 1) -> relu -> conv(4, 1x1)"
    found = compared(BRANCHES.format(one, other), BRANCHES.format(other, one))
    assert kinds(found) == {"moved": 1, "rewired": 1, "renumbered": 5}
    alike = "conv(8, 1x1) -> relu", "conv(8, 3x3, padding = 1) -> relu"
    found = compared(BRANCHES.format(*alike), BRANCHES.format(*alike[::-1]))
    assert kinds(found) == {"moved": 1, "rewired": 1, "renumbered": 4}
    assert "rewired: concat1: takes the same layers in another order" in titles(found)


def test_another_layer_of_the_same_name_is_told_by_its_net():
    text = "net N() {{\n  input x: 8x8x8\n  {}\n  add({}) as s\n}}"
    a = text.format("conv(8, 1x1) as a\n  conv(8, 3x3, padding = 1) as b\n  relu", "a")
    b = text.format("conv(8, 1x1) as b\n  conv(8, 3x3, padding = 1) as a\n  relu", "a")
    assert "rewired: s: takes a of B instead of a of A, another layer" in {
        title.replace(" of N", " of A", 2).replace(" of A", " of B", 1) for title in titles(compared(a, b))
    }


def test_operands_of_a_sum_have_no_order():
    text = "net N() {{\n  input x: 8x8x8\n  conv(8, 1x1) as a\n  conv(8, 1x1) as b\n  {}\n}}"
    assert compared(text.format("a -> add(b)"), text.format("b -> add(a)")).same
    assert kinds(compared(text.format("a -> sub(b)"), text.format("b -> sub(a)"))) == {"rewired": 1}


def rewired(change: Change) -> tuple[str, str, str]:
    (takes,) = change.arguments
    return change.item.path, takes.a, takes.b


def test_a_skip_from_elsewhere_is_rewired():
    text = "net N() {{\n  input x: 8x8x8\n  conv(8, 1x1) as a\n  conv(8, 1x1) as b\n  conv(8, 1x1) -> add({}) as s\n}}"
    found = compared(text.format("a"), text.format("b"))
    assert [rewired(change) for change in found.changes] == [("s", "a", "b")]


def test_what_is_put_in_between_rewires_nothing():
    found = complete(load("resnet50"), load("resnet50", "insert dropout(0.1) after relu"))
    assert not found.of("rewired")


def test_outputs():
    text = "net N() {{\n  input x: 8x8x8\n  conv(8, 1x1) as a\n  conv(8, 1x1) as b\n  {}\n}}"
    found = compared(
        text.format("output one = a\n  output two = b"), text.format("output one = a\n  output deep = b")
    )
    assert [(c.kind, c.a and c.a.path, c.b and c.b.path) for c in found.changes] == [
        ("renamed", "two", "deep")
    ]
    found = compared(text.format("output one = b"), text.format("output one = a\n  output two = b"))
    assert kinds(found) == {"rewired": 1, "added": 1}
    assert "1 output added" in str(found)


def test_inputs():
    text = "net N() {{\n  input {}\n  conv(8, 1x1) -> global_avg_pool\n}}"
    assert titles(compared(text.format("x: 3x8x8"), text.format("image: 3x8x8"))) == {"renamed: x → image": 1}
    found = compared(text.format("x: 3x8x8"), text.format("x: 1x16x16"))
    assert titles(found)["changed: input: shape 3x8x8 → 1x16x16"] == 1


def test_shared_weights():
    text = "net N() {{\n  input x: 8x8x8\n  {}\n}}"
    shared = text.format("share f = conv(8, 1x1)\n  f -> relu -> f")
    found = compared(shared, text.format("conv(8, 1x1) -> relu -> conv(8, 1x1)"))
    (change,) = found.of("changed")
    assert [(each.name, each.a, each.b) for each in change.arguments] == [
        ("weights", "those of f", "its own")
    ]
    assert change.params == 72


def test_the_weight_of_a_head():
    text = "net N() {{\n  input x: 8x8x8\n  conv(8, 1x1)\n  aux(weight = {}) {{ flatten -> linear(10) }}\n  relu\n}}"
    assert titles(compared(text.format(0.3), text.format(0.4))) == {
        "changed: auxiliary head aux1: weight 0.3 → 0.4": 1
    }


def test_unknown_sizes():
    text = "net N() {{\n  input x: [3, ?h, ?w]\n  conv({}, 3x3, padding = 1)\n}}"
    found = compared(text.format(8), text.format(16))
    assert str(found.groups[0].macs) == "216 * h * w"
    assert "+(216 * h * w) MACs" in str(found)


def test_bodies_nest_deep():
    text = (
        "block R(n) {{ residual {{ residual {{ residual {{ residual {{ if n > 0 {{ R(n - 1) }}"
        " else {{ conv(8, 1x1){} }} }} }} }} }} }}\nnet N() {{\n  input x: 8x4x4\n  R(20)\n}}"
    )
    assert titles(compared(text.format(""), text.format(" -> relu"))) == {"added: relu": 1}
