"""Initial values: what each initialiser fills in, which layers a pattern means, and that a seed decides it all."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import ogive
from ogive.diagnostics import ArchError, Diagnostic
from ogive.recipes.init import (
    Constant,
    Init,
    KaimingNormal,
    KaimingUniform,
    Normal,
    Ones,
    Orthogonal,
    TruncNormal,
    Uniform,
    XavierNormal,
    XavierUniform,
    Zeros,
)
from ogive.train.initial import initialise
from ogive.train.owners import owners


def filled(module: nn.Module, *inits: Init, **others: Any) -> dict[str, str]:
    """What `initialise` says, after it was looked at that it left all else alone."""
    before = {name: p.detach().clone() for name, p in module.named_parameters()}
    said = initialise(module, inits, **others)
    after = dict(module.named_parameters())
    assert all(torch.equal(before[name], after[name]) for name in before.keys() - said.keys())
    return said


def wide() -> nn.Linear:
    """A weight [300, 400], with enough numbers to tell a distribution."""
    return nn.Linear(400, 300)


# ------------------------------------------------------------------ distributions


@pytest.mark.parametrize(
    ("init", "std", "bound"),
    [
        (Normal(0.02), 0.02, None),
        (
            TruncNormal(0.02),
            0.02 * 0.8796,
            0.04,
        ),  # the deviation of a normal distribution cut at two of its own
        (Uniform(-0.3, 0.3), 0.3 / math.sqrt(3), 0.3),
        (KaimingNormal(), math.sqrt(2 / 400), None),
        (KaimingNormal(mode="fan_out"), math.sqrt(2 / 300), None),
        (KaimingUniform(), math.sqrt(2 / 400), math.sqrt(6 / 400)),
        (KaimingUniform(mode="fan_out"), math.sqrt(2 / 300), math.sqrt(6 / 300)),
        (XavierNormal(), math.sqrt(2 / 700), None),
        (XavierNormal(gain=3.0), 3 * math.sqrt(2 / 700), None),
        (XavierUniform(gain=0.5), 0.5 * math.sqrt(2 / 700), 0.5 * math.sqrt(6 / 700)),
    ],
    ids=lambda value: value.kind if isinstance(value, Init) else None,
)
def test_distributions(init: Init, std: float, bound: float | None) -> None:
    module = wide()
    filled(module, init)
    weight = module.weight.detach()
    assert weight.std().item() == pytest.approx(std, rel=0.01)
    assert abs(weight.mean().item()) < std / 50
    largest = weight.abs().max().item()
    assert (largest > 3.5 * std) if bound is None else (0.99 * bound < largest <= bound * (1 + 1e-6))


def test_means() -> None:
    module = wide()
    for init in (Normal(0.1, mean=2.0), TruncNormal(0.1, mean=2.0)):
        filled(module, init)
        assert module.weight.mean().item() == pytest.approx(2.0, abs=0.002)


def test_numbers() -> None:
    module = nn.Linear(3, 2)
    for init, value in (
        (Constant(0.5), 0.5),
        (Zeros(), 0.0),
        (Ones(), 1.0),
        (TruncNormal(0.0, mean=3.0), 3.0),
    ):
        filled(module, init)
        assert (module.weight == value).all()


def test_orthogonal() -> None:
    module = wide()
    filled(module, Orthogonal(gain=2.0))
    weight = module.weight.detach()
    torch.testing.assert_close(weight @ weight.T, 4 * torch.eye(300), atol=1e-4, rtol=0)


def test_fans_are_those_of_torch() -> None:
    """Of a group the inputs of one, of its outputs all."""
    convs = nn.ModuleDict(
        {
            "grouped": nn.Conv2d(64, 128, 3, groups=4),
            "depthwise": nn.Conv2d(256, 256, 7, groups=256),
            "pointwise": nn.Conv2d(96, 160, 1),
            "transposed": nn.ConvTranspose2d(64, 32, 4),
        }
    )
    fans = {
        "grouped": (16 * 9, 128 * 9),
        "depthwise": (49, 256 * 49),
        "pointwise": (96, 160),
        "transposed": (512, 1024),
    }
    for place, mode in enumerate(("fan_in", "fan_out")):
        filled(convs, KaimingNormal(mode=mode))
        for name, conv in convs.items():
            assert conv.weight.std().item() == pytest.approx(math.sqrt(2 / fans[name][place]), rel=0.03), name


# ------------------------------------------------------------------ what is meant

NETS = (
    "cifar_resnet20", "densenet121", "cliquenet_k36_t12", "cliquenet_k36_t12_abc", "googlenet", "alexnet_towers",
    "char_lstm",
)  # fmt: skip


@pytest.fixture(scope="module", params=NETS)
def zoo(request: pytest.FixtureRequest) -> tuple[ogive.Network, nn.Module]:
    net = ogive.load(request.param)
    return net, net.module()


def test_kinds_of_the_graph_are_those_of_the_classes(zoo: tuple[ogive.Network, nn.Module]) -> None:
    """Two ways to the same answer: names and kinds of the net, and the classes of the module that was made."""
    net, module = zoo
    by_graph, by_class = owners(module, net.ir), owners(module)
    assert list(by_graph) == list(by_class) == [name for name, _ in module.named_parameters()]
    for name, owner in by_graph.items():
        other = by_class[name]
        assert (owner.kinds[0], owner.group) == (other.kinds[0], other.group), name
        assert owner.names[-1] == name.removesuffix(name[name.rindex(".") :]), name


def test_names_are_those_of_the_net(zoo: tuple[ogive.Network, nn.Module]) -> None:
    """Each layer with parameters in the unrolled net owns what it says it has, under its own name or the clique's."""
    net, module = zoo
    found: dict[str, int] = {}
    sizes = {name: p.numel() for name, p in module.named_parameters()}
    for name, owner in owners(module, net.ir).items():
        found[owner.names[0]] = found.get(owner.names[0], 0) + sizes[name]
    expected: dict[str, int] = {}
    for node in net.unrolled:
        for parameter, shape in net.unrolled.parameters(node.name).items():
            link = re.fullmatch(r"(link_\d+_\d+)\.\w+", parameter)
            name = f"{node.name.rpartition('.')[0]}.{link[1]}" if link else node.name
            expected[name] = expected.get(name, 0) + math.prod(shape)
    assert found == expected


def test_the_pair_kernels_of_a_clique_are_convolutions() -> None:
    net = ogive.load("cliquenet_k36_t12")
    module = net.module()
    convs = {name for name, part in module.named_modules() if isinstance(part, nn.Conv2d)}
    said = filled(module, KaimingNormal(layers="conv"), graph=net.ir)
    assert {name.removesuffix(".weight") for name in said} == convs
    links = filled(module, KaimingNormal(layers="linked_conv"), graph=net.ir)
    assert {name for name in said if ".link_" in name} == set(links)
    assert len(links) == 3 * 16
    first, later = (module.get_parameter(f"block2.clique1.link_{j}_2.weight") for j in (0, 1))
    assert first.std().item() == pytest.approx(math.sqrt(2 / (9 * 144)), rel=0.03)  # each has its own fan
    assert later.std().item() == pytest.approx(math.sqrt(2 / (9 * 36)), rel=0.03)


def test_alexnets_values_are_those_of_the_paper() -> None:
    """Section 5: deviation 0.01; biases of 1 in conv2, conv4, conv5 and the hidden linear layers, 0 elsewhere."""
    inits = (
        Normal(0.01),
        Zeros(of="bias"),
        Constant(1.0, of="bias", layers=["conv2", "conv4", "conv5", "linear1", "linear2"]),
    )
    net = ogive.load("alexnet", classes=10)
    module = net.module()
    said = filled(module, *inits, graph=net.ir)
    assert said.keys() == dict(module.named_parameters()).keys()
    assert said["conv1.weight"] == "normal(std = 0.01)"
    assert said["conv2.bias"] == "constant(val = 1)"
    ones = {name for name, p in module.named_parameters() if name.endswith("bias") and (p == 1).all()}
    zeros = {name for name, p in module.named_parameters() if name.endswith("bias") and (p == 0).all()}
    assert ones == {f"{name}.bias" for name in ("conv2", "conv4", "conv5", "linear1", "linear2")}
    assert zeros == {f"{name}.bias" for name in ("conv1", "conv3", "linear3")}
    assert module.get_parameter("linear2.weight").std().item() == pytest.approx(0.01, rel=0.01)


PROGRAM = """
block Pair(width) { residual { conv(width, 3x3, padding = 1) -> bn -> relu; conv(width, 3x3, padding = 1) -> bn } -> relu }
net N() {
  input x: 3x8x8
  stage stem { conv(4, 3x3, padding = 1, bias = true) -> prelu }
  stage "3a" { repeat 2 { Pair(4) }; depthwise(3x3, padding = 1, bias = false) -> layer_scale }
  share head = conv(4, 1x1, init = normal(std = 7))
  head -> relu -> head -> conv_transpose(2, 2x2, bias = true)
  aux(weight = 0.3) { global_avg_pool -> flatten -> linear(2) }
  global_avg_pool -> flatten -> linear(2)
}
"""


@pytest.fixture(scope="module")
def program() -> ogive.Network:
    return ogive.loads(PROGRAM)


CONVS = {"stem.conv1.weight", *(f"_3a.pair{i}.conv{j}.weight" for i in (1, 2) for j in (1, 2))}
BROAD = {"_3a.depthwise1.weight", "conv_transpose1.weight"}
LINEAR = {"linear1.weight", "aux1.linear1.weight"}


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        (None, CONVS | BROAD | LINEAR),
        ("*", CONVS | BROAD | LINEAR),
        ("conv", CONVS | BROAD),
        ("depthwise", {"_3a.depthwise1.weight"}),
        ("linear", LINEAR),
        ("linear1", {"linear1.weight"}),
        ("aux1", {"aux1.linear1.weight"}),
        ("*linear1", LINEAR),
        ("stem", {"stem.conv1.weight"}),
        ("stem.*", {"stem.conv1.weight"}),
        ("3a.pair1", {"_3a.pair1.conv1.weight", "_3a.pair1.conv2.weight"}),
        ("_3a.pair1", {"_3a.pair1.conv1.weight", "_3a.pair1.conv2.weight"}),
        ("3a*", {*CONVS, "_3a.depthwise1.weight"} - {"stem.conv1.weight"}),
        ("3a.*.conv1", {"_3a.pair1.conv1.weight", "_3a.pair2.conv1.weight"}),
        (["stem", "linear1"], {"stem.conv1.weight", "linear1.weight"}),
        ("*.bn2", {"_3a.pair1.bn2.weight", "_3a.pair2.bn2.weight"}),
        ("norm", {f"_3a.pair{i}.bn{j}.weight" for i in (1, 2) for j in (1, 2)}),
        ("prelu", {"stem.prelu1.weight"}),
        ("head", set()),  # its own `init` beats
        ("layer_scale", set()),
    ],
)
def test_patterns(program: ogive.Network, layers: str | list[str] | None, expected: set[str]) -> None:
    assert filled(program.module(), Normal(0.5, layers=layers), graph=program.ir).keys() == expected


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        (None, {"stem.conv1.bias", "head.bias", "conv_transpose1.bias", "linear1.bias", "aux1.linear1.bias"}),
        ("head", {"head.bias"}),  # its `init` is about the weight
        ("bn", {f"_3a.pair{i}.bn{j}.bias" for i in (1, 2) for j in (1, 2)}),
    ],
)
def test_patterns_of_biases(program: ogive.Network, layers: str | None, expected: set[str]) -> None:
    assert filled(program.module(), Ones(of="bias", layers=layers), graph=program.ir).keys() == expected


def test_an_init_of_the_net_beats_the_recipe(program: ogive.Network) -> None:
    module = program.module()
    before = module.get_parameter("head.weight").detach().clone()
    filled(module, Zeros(layers=["head", "conv"]), graph=program.ir)
    assert torch.equal(module.get_parameter("head.weight"), before)
    assert before.std() > 3


def test_a_later_value_beats_an_earlier_one(program: ogive.Network) -> None:
    module = program.module()
    said = filled(module, Zeros(layers="stem"), Ones(), Constant(2.0, layers="linear1"), graph=program.ir)
    assert (said["stem.conv1.weight"], said["linear1.weight"]) == ("ones", "constant(val = 2)")
    assert (module.get_parameter("stem.conv1.weight") == 1).all()
    assert (module.get_parameter("linear1.weight") == 2).all()


def test_a_shared_weight_begins_once(program: ogive.Network) -> None:
    module = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    module[1].weight = module[0].weight
    assert filled(module, Normal(1.0)).keys() == {"0.weight"}
    recurrent = ogive.loads(
        "net N() { input x: 4x8x8; repeat 3 share { conv(4, 3x3, padding = 1) -> relu } }"
    )
    assert filled(recurrent.module(), Normal(1.0), graph=recurrent.ir).keys() == {"repeat1.conv1.weight"}


def test_weights_of_several_names_are_weights() -> None:
    module = nn.ModuleDict(
        {"a": nn.MultiheadAttention(4, 2), "l": nn.LSTM(4, 3, 2), "e": nn.Embedding(5, 4, padding_idx=1)}
    )
    filled(module, Ones(), Constant(2.0, of="bias"))
    values = {name: set(p.flatten().tolist()) for name, p in module.named_parameters()}
    assert values == {
        "a.in_proj_weight": {1.0}, "a.in_proj_bias": {2.0}, "a.out_proj.weight": {1.0}, "a.out_proj.bias": {2.0},
        "e.weight": {0.0, 1.0},
    } | {
        f"l.{what}_{which}_l{n}": {value}
        for what, value in (("weight", 1.0), ("bias", 2.0))
        for which in ("ih", "hh")
        for n in (0, 1)
    }  # fmt: skip
    assert (module["e"].weight[1] == 0).all()  # what fills up sequences
    assert (module["e"].weight[0] == 1).all()


class Own(nn.Module):
    """Layers of no class that is known: one multiplies by a matrix, one by a number for each channel."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 4, 3, groups=4))
        self.weight = nn.Parameter(torch.full((4, 2), 9.0))
        self.scale = nn.ParameterDict({"weight": torch.full((4, 1, 1), 9.0)})


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        (None, {"weight", "inner.0.weight", "inner.2.weight"}),
        ("conv", {"inner.0.weight", "inner.2.weight"}),
        ("depthwise", {"inner.2.weight"}),
        ("inner", {"inner.0.weight", "inner.2.weight"}),
        ("inner.1", {"inner.1.weight"}),
        ("bn", {"inner.1.weight"}),
        ("scale", {"scale.weight"}),
    ],
)
def test_a_module_without_a_net(layers: str | None, expected: set[str]) -> None:
    assert filled(Own(), Normal(0.5, layers=layers)).keys() == expected


# ------------------------------------------------------------------ randomness


def drawn(module: nn.Module, seed: int = 0, layers: str | None = None) -> Mapping[str, Tensor]:
    initialise(module, [Normal(1.0, layers=layers)], seed=seed)
    return {name: p.detach().clone() for name, p in module.named_parameters()}


def test_a_seed_decides_whatever_was_drawn_before() -> None:
    one, two = wide(), wide()
    first = drawn(one)
    torch.rand(100)
    state = torch.get_rng_state()
    second = drawn(two)
    assert torch.equal(torch.get_rng_state(), state)  # nor does it draw from the global numbers
    assert torch.equal(first["weight"], second["weight"])
    assert not torch.equal(first["weight"], drawn(wide(), seed=1)["weight"])


def test_the_order_of_modules_changes_nothing() -> None:
    def make(names: Sequence[str]) -> nn.ModuleDict:
        return nn.ModuleDict({name: nn.Linear(8, 8) for name in names})

    whole = drawn(make(["a", "b", "c"]))
    assert torch.equal(drawn(make(["c", "a"]))["a.weight"], whole["a.weight"])
    assert torch.equal(drawn(make(["a", "b", "c"]), layers="c")["c.weight"], whole["c.weight"])
    assert not torch.equal(whole["a.weight"], whole["b.weight"])


def test_memory_layout_and_type_change_no_number() -> None:
    plain, last, half = (nn.Conv2d(3, 8, 3) for _ in range(3))
    last.to(memory_format=torch.channels_last)
    half.to(torch.bfloat16)
    for module in (plain, last, half):
        initialise(module, [Normal(1.0)])
    assert torch.equal(plain.weight, last.weight)
    assert last.weight.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(plain.weight.to(torch.bfloat16), half.weight)


# ------------------------------------------------------------------ what is wrong


def refusals(module: nn.Module, *inits: Init, **others: Any) -> tuple[Diagnostic, ...]:
    before = [p.detach().clone() for p in module.parameters()]
    with pytest.raises(ArchError) as caught:
        initialise(module, inits, **others)
    assert all(torch.equal(a, b) for a, b in zip(before, module.parameters(), strict=True))
    assert all(diagnostic.code == "E560" for diagnostic in caught.value.diagnostics)
    return caught.value.diagnostics


@pytest.mark.parametrize(
    ("init", "says", "help_"),
    [
        (Normal(0.1, layers="cnov"), '`normal(std = 0.1, layers = "cnov")` finds no layer', "`conv`"),
        (Normal(0.1, layers="BatchNorm2d"), "none is called `BatchNorm2d`", "`bn`"),
        (Normal(0.1, layers="3b.*"), "none is called `3b.*`", None),
        (Zeros(of="bias", layers="prelu"), "`zeros(of = bias, layers = \"prelu\")` finds no bias: there is none in stem.prelu1", None),
        (KaimingNormal(layers="bn"), "needs a weight of two axes or more, and there is none in 3a.pair1.bn1", "`normal`"),
        (Normal(0.1, layers="3a.pair1.bn*.*"), "finds no layer", "`3a.pair1.bn"),
    ],
)  # fmt: skip
def test_a_pattern_that_finds_nothing(
    program: ogive.Network, init: Init, says: str, help_: str | None
) -> None:
    (diagnostic,) = refusals(program.module(), init, graph=program.ir)
    assert says in diagnostic.message
    assert (help_ is None) is (diagnostic.help is None)
    assert help_ is None or help_ in (diagnostic.help or "")


def test_a_bias_that_a_batch_norm_cancels_is_no_mistake(program: ogive.Network) -> None:
    """An edit that inserts norms takes biases away: the recipe for the net without them still holds."""
    for layers in ("3a.pair1.conv1", "3a.pair1", "depthwise"):
        assert filled(program.module(), Zeros(of="bias", layers=layers), graph=program.ir) == {}
    text = "net N() { input x: 3x8x8; conv(4, 3x3) -> relu; global_avg_pool -> flatten -> linear(2) }"
    for edits, expected in ((None, {"conv1.bias"}), (["insert bn before relu"], set())):
        net = ogive.loads(text, edits=edits) if edits else ogive.loads(text)
        assert filled(net.module(), Ones(of="bias", layers="conv1"), graph=net.ir).keys() == expected


def test_what_there_is_is_told(program: ogive.Network) -> None:
    (diagnostic,) = refusals(program.module(), Normal(0.1, layers="conv7"), graph=program.ir)
    notes = dict(diagnostic.notes)
    assert notes["kinds"] == "conv, prelu, bn, depthwise, layer_scale, conv_transpose, linear"
    assert notes["groups"] == "conv, act, norm, shape, linear"
    assert notes["layers"].startswith("stem.conv1, stem.prelu1, 3a.pair1.conv1")


def test_norms_are_not_meant_by_the_part_around_them() -> None:
    module = nn.ModuleDict(
        {"norms": nn.Sequential(nn.BatchNorm2d(4), nn.LayerNorm(4)), "last": nn.Linear(4, 2)}
    )
    (diagnostic,) = refusals(module, Ones(layers="norms"))
    assert "would set norms and scales alone, which it does not name: norms.0, norms.1" in diagnostic.message
    assert diagnostic.help == 'name them: `layers = "bn"`'


def test_every_pattern_is_told_with_its_place(program: ogive.Network) -> None:
    from ogive.source import SourceFile, Span

    span = Span(SourceFile("n.arch", "init normal(0.1)"), 0, 4)
    found = refusals(
        program.module(),
        Normal(0.1, layers=["conv", "a", "b"]),
        Zeros(layers="c"),
        graph=program.ir,
        span=span,
    )
    assert [d.message.partition("layers = ")[2][:3] for d in found] == ['"a"', '"b"', '"c"']
    assert all(d.span is span for d in found)
