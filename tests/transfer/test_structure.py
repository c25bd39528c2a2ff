"""The ways in which two implementations of one thing may differ, and the map between them."""

from itertools import permutations

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as fn

import ogive.transfer
from ogive.transfer import TransferError, transfer
from transfer.modules import Clique, Wired, randomised


def mapping(source: nn.Module, target: nn.Module, *example: Tensor, **options: float) -> dict[str, str]:
    report = transfer(source, target, example, verbose=False, **options)
    return {pair.source: pair.target for pair in report.pairs}


def test_the_package_is_the_function() -> None:
    report = ogive.transfer(nn.Linear(3, 2), nn.Linear(3, 2), torch.randn(2, 3), verbose=False)
    assert isinstance(report, ogive.transfer.TransferReport)


def test_the_map_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    parts = nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)
    source = Wired(lambda m, x: m.norm(m.conv(x)), conv=parts[0], norm=parts[1], spare=nn.Linear(2, 2))
    target = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
    report = transfer(source, target, torch.randn(1, 3, 4, 4))
    printed = capsys.readouterr().out
    rows = [line.split() for line in printed.splitlines()]
    assert ["conv", "0", "weight", "4x3x1x1,", "bias"] in rows
    assert any(row[:3] == ["norm", "1", "weight,"] for row in rows)
    assert "7 tensors copied; output checked" in printed
    assert "not reached in the source, left alone: spare.weight, spare.bias" in printed
    assert "conv" in str(report)
    transfer(source, target, torch.randn(1, 3, 4, 4), verbose=False)
    assert capsys.readouterr().out == ""


def test_training_flags_survive_on_both_sides() -> None:
    source = nn.Sequential(nn.Linear(4, 4), nn.Dropout(), nn.Linear(4, 4)).train()
    target = nn.Sequential(nn.Linear(4, 4), nn.Dropout(), nn.Linear(4, 4)).eval()
    target[1].train()
    mapping(source, target, torch.randn(2, 4))
    assert [module.training for module in source.modules()] == [True] * 4
    assert [module.training for module in target.modules()] == [False, False, True, False]


def test_outputs_of_any_structure_in_order() -> None:
    def named(m: Wired, x: Tensor) -> object:
        return {"first": m.a(x), "rest": [None, (m.b(x),)]}

    source = Wired(named, a=nn.Linear(8, 4), b=nn.Linear(8, 4))
    target = Wired(lambda m, x: (m.b(x), m.a(x)), a=nn.Linear(8, 4), b=nn.Linear(8, 4))
    assert mapping(source, target, torch.randn(2, 8)) == {
        "a.weight": "b.weight",
        "a.bias": "b.bias",
        "b.weight": "a.weight",
        "b.bias": "a.bias",
    }


def test_several_inputs_are_told_apart() -> None:
    source = Wired(lambda m, x, y: m.a(x) + m.b(y), a=nn.Linear(8, 4), b=nn.Linear(8, 4))
    target = Wired(lambda m, x, y: m.a(y) + m.b(x), a=nn.Linear(8, 4), b=nn.Linear(8, 4))
    assert mapping(source, target, torch.randn(2, 8), torch.randn(2, 8))["a.weight"] == "b.weight"


def test_shared_weights_are_one() -> None:
    def twice(m: Wired, x: Tensor) -> Tensor:
        return m.out(m.f(m.f(x).relu()).relu())

    source, target = (Wired(twice, f=nn.Linear(8, 8), out=nn.Linear(8, 8)) for _ in range(2))
    source.again = source.f
    assert mapping(source, target, torch.randn(2, 8))["f.weight"] == "f.weight"
    tied = [nn.Embedding(10, 4), nn.Embedding(10, 4)]
    source, target = (Wired(lambda m, x: m.e(x).tanh() @ m.e.weight.t(), e=embedding) for embedding in tied)
    assert mapping(source, target, torch.arange(5)[None]) == {"e.weight": "e.weight"}
    assert torch.equal(tied[0].weight, tied[1].weight)


def test_activations_and_pooling_break_ties() -> None:
    for first, second in ((nn.ReLU(), nn.Tanh()), (nn.MaxPool2d(3, 1, 1), nn.MaxPool2d(5, 1, 2))):
        source = Wired(lambda m, x: m.f(m.a(x)) + m.g(m.b(x)), f=first, g=second, a=conv(), b=conv())
        target = Wired(lambda m, x: m.g(m.a(x)) + m.f(m.b(x)), f=first, g=second, a=conv(), b=conv())
        assert mapping(source, target, torch.randn(1, 3, 6, 6))["a.weight"] == "b.weight"


def conv() -> nn.Conv2d:
    return nn.Conv2d(3, 4, 1)


def test_nothing_is_told_apart_by_adding_nothing() -> None:
    """sum() begins with 0, which marks the first branch unless 0 + x is x."""
    source, target = (Wired(lambda m, x: sum((m.a(x), m.b(x) * 1)), a=conv(), b=conv()) for _ in range(2))
    with pytest.raises(TransferError, match="not unique"):
        transfer(source, target, torch.randn(1, 3, 6, 6))


def test_cliques_by_their_links() -> None:
    source, target = Clique(5, 4).double(), Clique(5, 4, backwards=True).double()
    found = mapping(source, target, torch.randn(2, 5, 6, 6))
    assert list(dict(source.named_parameters())) == list(dict(target.named_parameters()))[::-1]
    assert found == {name: name for name, _ in source.named_parameters()}


LINEAR = {
    "nn.Linear": (nn.Linear(8, 5), lambda m, x: m.f(x)),
    "product": (nn.Linear(8, 5), lambda m, x: x @ m.f.weight.t() + m.f.bias),
    "addmm": (
        nn.Linear(8, 5),
        lambda m, x: torch.addmm(m.f.bias, x.flatten(0, 1), m.f.weight.T).view(2, 6, 5),
    ),
    "1x1 convolution": (nn.Conv1d(8, 5, 1), lambda m, x: m.f(x.transpose(1, 2)).transpose(1, 2)),
    "2d convolution": (
        nn.Conv2d(8, 5, 1),
        lambda m, x: m.f(x.permute(0, 2, 1)[..., None])[..., 0].permute(0, 2, 1),
    ),
}


@pytest.mark.parametrize("second", LINEAR)
@pytest.mark.parametrize("first", LINEAR)
@pytest.mark.parametrize("strided", [False, True])
def test_a_linear_layer_however_it_is_written(first: str, second: str, strided: bool) -> None:
    (f, source), (g, target) = LINEAR[first], LINEAR[second]
    x = torch.randn(2, 8, 6).transpose(1, 2) if strided else torch.randn(2, 6, 8)
    g.reset_parameters()
    assert mapping(Wired(source, f=f), Wired(target, f=g), x) == {"f.weight": "f.weight", "f.bias": "f.bias"}


def test_a_flattened_classifier_is_a_convolution() -> None:
    source = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 36, 5))
    target = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 5, 6), nn.Flatten())
    report = transfer(source.double(), target.double(), torch.randn(2, 3, 8, 8), verbose=False)
    weight = next(pair for pair in report.pairs if pair.source == "2.weight")
    assert (weight.target, weight.target_shape) == ("1.weight", (5, 4, 6, 6))


@pytest.mark.parametrize("swapped", [False, True])
def test_a_tensor_cut_up_and_put_together_again(swapped: bool) -> None:
    """The merging of 2x2 neighbours in Swin: slices in torchvision, a change of shape elsewhere."""

    def sliced(m: Wired, x: Tensor) -> Tensor:
        parts = [x[:, i::2, j::2] for j in (0, 1) for i in (0, 1)]
        return m.out(m.norm(torch.cat(parts[::-1] if swapped else parts, -1)))

    def reshaped(m: Wired, x: Tensor) -> Tensor:
        n, h, w, c = x.shape
        return m.out(m.norm(x.reshape(n, h // 2, 2, w // 2, 2, c).permute(0, 1, 3, 4, 2, 5).flatten(3)))

    def parts() -> dict[str, nn.Module]:
        return {"norm": nn.LayerNorm(12), "out": nn.Linear(12, 5)}

    source, target, image = Wired(sliced, **parts()), Wired(reshaped, **parts()), torch.randn(2, 4, 6, 3)
    if swapped:  # the order still decides the outputs
        with pytest.raises(TransferError, match="differ"):
            mapping(source, target, image)
    else:
        assert len(mapping(source, target, image)) == 4


def test_a_negative_padding_is_a_part() -> None:
    def sliced(m: Wired, x: Tensor) -> Tensor:
        return m.a(x[:, :, :4, 1:5]) + m.b(x[:, :, 2:, 1:5])

    def padded(m: Wired, x: Tensor) -> Tensor:
        return m.a(fn.pad(x, (-1, -1, -2, 0))) + m.b(fn.pad(x, (-1, -1, 0, -2)))

    source = Wired(sliced, a=nn.Conv2d(3, 4, 1), b=nn.Conv2d(3, 4, 1))
    target = Wired(padded, a=nn.Conv2d(3, 4, 1), b=nn.Conv2d(3, 4, 1))
    found = mapping(source, target, torch.randn(2, 3, 6, 6))
    assert (found["a.weight"], found["b.weight"]) == ("b.weight", "a.weight")


def test_parts_that_leave_something_out_are_no_whole() -> None:
    """They are told apart by what they hold, and so are the weights behind them."""

    def ends(x: Tensor) -> Tensor:
        return torch.cat([x[:, :2], x[:, 4:]], 1)

    def middle(x: Tensor) -> Tensor:
        return torch.cat([x[:, 1:3], x[:, 3:5]], 1)

    def parts() -> dict[str, nn.Module]:
        return {"a": nn.Linear(4, 4), "b": nn.Linear(4, 4)}

    source = Wired(lambda m, x: m.a(ends(x)) + m.b(middle(x)), **parts())
    target = Wired(lambda m, x: m.a(middle(x)) + m.b(ends(x)), **parts())
    found = mapping(source, target, torch.randn(2, 6))
    assert (found["a.weight"], found["b.weight"]) == ("b.weight", "a.weight")


def test_two_paths_that_are_carried_as_one_tensor() -> None:
    """A dual path net in timm: what is added to and what is appended to are parts of one tensor."""

    def apart(m: Wired, x: Tensor) -> Tensor:
        added, appended = m.start(x).split((4, 2), 1)
        for unit in (m.one, m.two):
            first, second = unit(torch.cat([added, appended], 1)).split((4, 2), 1)
            added, appended = added + first, torch.cat([appended, second], 1)
        return m.out(torch.cat([added, appended], 1))

    def together(m: Wired, x: Tensor) -> Tensor:
        paths = m.start(x)
        for unit in (m.one, m.two):
            new = unit(paths)
            paths = torch.cat([paths[:, :4] + new[:, :4], paths[:, 4:], new[:, 4:]], 1)
        return m.out(paths)

    def parts() -> dict[str, nn.Module]:
        widths = {"start": (3, 6), "one": (6, 6), "two": (8, 6), "out": (10, 5)}
        return {name: nn.Linear(*width) for name, width in widths.items()}

    one, other = Wired(apart, **parts()), Wired(together, **parts())
    for source, target in ((one, other), (other, one)):
        found = mapping(source.double(), target.double(), torch.randn(2, 3))
        assert len(found) == 8
        assert all(key == value for key, value in found.items())


@pytest.mark.parametrize("cut", [slice(2, 6), slice(3, 8), slice(0, 4, 2)])
def test_a_part_across_the_joints_of_a_concatenation_is_itself(cut: slice) -> None:
    """No part that is whole operands, so that another part is not taken for it."""

    def net(taken: slice) -> Wired:
        def forward(m: Wired, x: Tensor) -> Tensor:
            return m.c(torch.cat([m.a(x), m.b(x)], 1)[:, taken])

        width = len(range(8)[taken])
        return Wired(forward, a=nn.Linear(3, 4), b=nn.Linear(3, 4), c=nn.Linear(width, 5))

    found = mapping(net(cut), net(cut), torch.randn(2, 3))
    assert all(key == value for key, value in found.items())
    moved = slice(cut.start - 1, cut.stop - 1) if cut.start else slice(1, 5, 2)
    with pytest.raises(TransferError, match="part"):
        mapping(net(cut), net(moved), torch.randn(2, 3))


def test_attention_fused_and_by_hand() -> None:
    def by_hand(m: Wired, x: Tensor) -> Tensor:
        q, k, v = m.qkv(x).view(2, 5, 3, 2, 4).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-2, -1) / 2).softmax(-1)
        return m.out((weights @ v).transpose(1, 2).reshape(2, 5, 8))

    def packed(m: Wired, x: Tensor) -> Tensor:
        return m.mha(x, x, x, need_weights=False)[0]

    source = Wired(packed, mha=nn.MultiheadAttention(8, 2, batch_first=True)).double()
    target = Wired(by_hand, out=nn.Linear(8, 8), qkv=nn.Linear(8, 24)).double()
    assert mapping(source, target, torch.randn(2, 5, 8)) == {
        "mha.in_proj_weight": "qkv.weight",
        "mha.in_proj_bias": "qkv.bias",
        "mha.out_proj.weight": "out.weight",
        "mha.out_proj.bias": "out.bias",
    }
    layers = [nn.TransformerEncoderLayer(8, 2, 16, batch_first=True).double() for _ in range(2)]
    assert len(mapping(*layers, torch.randn(2, 5, 8))) == 12


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_recurrent_layers(dtype: torch.dtype) -> None:
    source, target = (nn.LSTM(4, 6, num_layers=2, bidirectional=True, dtype=dtype) for _ in range(2))
    found = mapping(source, target, torch.randn(3, 2, 4))
    # The two biases of a gate are only ever added, so their order shows in float32's fused layer alone.
    assert {name for name in found if name.startswith("weight")} == {
        n for n in found.values() if n.startswith("weight")
    }
    assert all(found[name] == name for name in found if name.startswith("weight"))


def test_writes_into_parts_of_a_tensor_are_followed() -> None:
    def filled(m: Wired, x: Tensor) -> Tensor:
        result = torch.zeros(2, 8, dtype=x.dtype)
        result[:, :4], result[:, 4:] = m.a(x), m.b(x)
        return m.c(result.relu_())

    source, target = (Wired(filled, **{n: nn.Linear(8, 4) for n in names}) for names in ("abc", "cba"))
    assert all(key == value for key, value in mapping(source, target, torch.randn(2, 8)).items())


def test_a_view_sees_what_is_written_through_another() -> None:
    def in_place(m: Wired, x: Tensor) -> Tensor:
        hidden = m.a(x)
        hidden.view(-1).add_(fn.relu(m.b(x), inplace=True).view(-1))
        return m.c(hidden)

    source, target = (
        Wired(in_place, a=nn.Linear(8, 4), b=nn.Linear(8, 4), c=nn.Linear(4, 2)) for _ in range(2)
    )
    target.wiring = lambda m, x: m.c(m.b(x) + m.a(x).relu())
    found = mapping(source, target, torch.randn(2, 8))
    assert [found[f"{name}.weight"] for name in "abc"] == ["b.weight", "a.weight", "c.weight"]


def test_parametrised_weights() -> None:
    source, target = (nn.utils.parametrizations.weight_norm(nn.Linear(8, 4)) for _ in range(2))
    found = mapping(source, target, torch.randn(2, 8))
    assert found.keys() == dict(source.named_parameters()).keys()


NETS = st.integers(2, 5).flatmap(
    lambda count: st.tuples(
        # For each convolution: which tensors it adds up (by index, 0 is the input) and its kernel.
        st.tuples(*(st.sets(st.integers(0, i), min_size=1, max_size=2) for i in range(count))),
        st.lists(st.sampled_from((1, 1, 3)), min_size=count, max_size=count),
        st.permutations(range(count)),
        st.booleans(),
    )
)


class Random(nn.Module):
    """Convolutions of width 2, each of a sum of earlier tensors; the output joins what nothing else used."""

    def __init__(
        self, wiring: tuple[set[int], ...], kernels: list[int], names: list[int], joined: bool
    ) -> None:
        super().__init__()
        self.wiring, self.names, self.joined = wiring, names, joined
        for i in sorted(range(len(wiring)), key=lambda i: names[i]):
            layer = nn.Conv2d(2, 2, kernels[i], padding=kernels[i] // 2, bias=False, dtype=torch.float64)
            self.add_module(f"conv{names[i]}", layer)

    def forward(self, x: Tensor) -> Tensor:
        tensors = [x]
        for i, sources in enumerate(self.wiring):
            layer = self.get_submodule(f"conv{self.names[i]}")
            tensors.append(layer(sum(tensors[j] for j in sources)).tanh())
        used = set().union(*self.wiring)
        last = [tensor for i, tensor in enumerate(tensors) if i and i not in used]
        return torch.cat(last, 1) if self.joined else sum(last)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(NETS)
def test_unique_exactly_where_no_other_assignment_gives_the_same_outputs(net: tuple) -> None:
    """The oracle tries every assignment of weights to places and looks at the outputs alone."""
    wiring, kernels, names, joined = net
    torch.manual_seed(0)
    count = len(wiring)
    source, target = (
        Random(wiring, kernels, list(range(count)), joined),
        Random(wiring, kernels, names, joined),
    )
    x = torch.randn(2, 2, 4, 4).double()
    weights = [source.get_submodule(f"conv{i}").weight.detach().clone() for i in range(count)]
    with torch.no_grad():
        expected = source(x)
        equivalent = 0
        for order in permutations(range(count)):
            if any(weights[i].shape != weights[j].shape for i, j in enumerate(order)):
                continue
            for i, j in enumerate(order):
                source.get_submodule(f"conv{i}").weight.copy_(weights[j])
            equivalent += bool(torch.allclose(source(x), expected, rtol=1e-12, atol=1e-12))
        for i, weight in enumerate(weights):
            source.get_submodule(f"conv{i}").weight.copy_(weight)
    assert equivalent
    if equivalent > 1:
        with pytest.raises(TransferError, match="not unique"):
            transfer(source, target, x, verbose=False)
    else:
        found = mapping(source, target, x)
        assert found == {f"conv{i}.weight": f"conv{names[i]}.weight" for i in range(count)}


def test_the_random_networks_are_of_both_kinds() -> None:
    """Otherwise the test above proves half of what it says."""
    kinds: set[bool] = set()

    @settings(max_examples=60, deadline=None, derandomize=True, database=None)
    @given(NETS)
    def look(net: tuple) -> None:
        wiring, kernels, names, joined = net
        assume(len(wiring) > 2)
        source, target = Random(wiring, kernels, names, joined), Random(wiring, kernels, names, joined)
        try:
            transfer(source, target, torch.randn(1, 2, 4, 4), verbose=False)
            kinds.add(True)
        except TransferError:
            kinds.add(False)

    look()
    assert kinds == {True, False}


def test_statistics_are_copied_exactly() -> None:
    source = randomised(nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)))
    target = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)).double()
    mapping(source, target, torch.randn(2, 3, 4, 4))
    state = target.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in source.state_dict().items())
