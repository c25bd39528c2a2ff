"""Layers side by side in one module that are a single layer, or its groups, in the other."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from ogive.transfer import Pair, TransferError, transfer
from ogive.transfer.gather import gathered
from ogive.transfer.trace import trace
from transfer.modules import Wired, randomised, snapshot, unchanged


def both_ways(one: nn.Module, other: nn.Module, *example: Tensor) -> tuple[Pair, ...]:
    """Transfers there and back, and compares outputs; what went there."""
    inputs = tuple(tensor.double() for tensor in example)
    report = transfer(randomised(one), randomised(other), inputs, verbose=False)
    with torch.no_grad():
        torch.testing.assert_close(other.eval()(*inputs), one.eval()(*inputs), rtol=1e-9, atol=1e-12)
    before = snapshot(one)
    for parameter in one.parameters():
        nn.init.normal_(parameter)
    transfer(other, one, inputs, verbose=False)
    assert all(torch.equal(tensor, before[name]) for name, tensor in one.named_parameters())
    return report.pairs


def rows(pairs: tuple[Pair, ...]) -> set[tuple[object, ...]]:
    return {(pair.source, pair.source_rows, pair.target, pair.target_rows) for pair in pairs}


def towers(m: Wired, x: Tensor) -> Tensor:
    """Two towers that see their own halves, then both, then meet."""
    upper, lower = m.start(x).relu().chunk(2, 1)
    upper = fn.max_pool2d(m.norm_a(m.conv_a(upper)).relu(), 2)
    lower = fn.max_pool2d(m.norm_b(m.conv_b(lower)).relu(), 2)
    upper, lower = m.deep_a(upper).relu(), m.deep_b(lower).relu()
    both = torch.cat([upper, lower], 1).flatten(1)
    return m.out(torch.cat([m.wide_a(both), m.wide_b(both)], 1))


def two_towers() -> nn.Module:
    parts: dict[str, nn.Module] = {}
    for tower in "ab":
        parts |= {f"conv_{tower}": nn.Conv2d(4, 6, 3, padding=1), f"norm_{tower}": nn.BatchNorm2d(6)}
        parts |= {f"deep_{tower}": nn.Conv2d(6, 5, 3), f"wide_{tower}": nn.Linear(2 * 5 * 2 * 2, 7)}
    return Wired(towers, start=nn.Conv2d(3, 8, 1), out=nn.Linear(14, 3), **parts)


def two_groups() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(3, 8, 1), nn.ReLU()),
        *(nn.Conv2d(8, 12, 3, padding=1, groups=2), nn.BatchNorm2d(12), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(12, 10, 3, groups=2), nn.ReLU(), nn.Flatten(), nn.Linear(40, 14), nn.Linear(14, 3)),
    )


def test_two_towers_are_two_groups() -> None:
    found = rows(both_ways(two_towers(), two_groups(), torch.randn(2, 3, 8, 8)))
    for name, target, half in (("conv", "2", 6), ("norm", "3", 6), ("deep", "6", 5), ("wide", "9", 7)):
        assert (f"{name}_a.weight", None, f"{target}.weight", (0, half)) in found
        assert (f"{name}_b.bias", None, f"{target}.bias", (half, 2 * half)) in found
    assert ("norm_b.running_var", None, "3.running_var", (6, 12)) in found
    assert ("start.weight", None, "0.weight", None) in found


def test_the_map_shows_rows() -> None:
    report = transfer(two_groups(), two_towers(), torch.randn(1, 3, 8, 8), verbose=False)
    lines = [line.split() for line in str(report).splitlines()]
    assert any(line[:5] == ["6", "deep_b", "weight[5:10]", "->", "weight"] for line in lines)
    assert ["0", "start", "weight", "8x3x1x1,", "bias"] in lines


def test_towers_that_meet_in_another_order() -> None:
    """Whose results come first decides the rows, not whose names do."""

    def swapped(m: Wired, x: Tensor) -> Tensor:
        return m.out(torch.cat([m.b(x), m.a(x)], 1))

    towers = Wired(swapped, a=nn.Conv2d(3, 4, 3), b=nn.Conv2d(3, 6, 3), out=nn.Conv2d(10, 2, 3))
    whole = nn.Sequential(nn.Conv2d(3, 10, 3), nn.Conv2d(10, 2, 3))
    found = rows(both_ways(towers, whole, torch.randn(1, 3, 8, 8)))
    assert ("a.weight", None, "0.weight", (6, 10)) in found
    assert ("b.weight", None, "0.weight", (0, 6)) in found


def test_borders_in_different_places() -> None:
    """Three layers of 2 and two of 3: the middle one goes to both."""

    def of(*widths: int) -> nn.Module:
        layers = {f"layer{i}": nn.Linear(5, width) for i, width in enumerate(widths)}
        joined = Wired(lambda m, x: torch.cat([m.get_submodule(name)(x) for name in layers], -1), **layers)
        return nn.Sequential(joined, nn.ReLU(), nn.Linear(6, 3))

    found = rows(both_ways(of(2, 2, 2), of(3, 3), torch.randn(2, 4, 5)))
    middle = {row for row in found if row[0] == "0.layer1.weight"}
    assert middle == {
        ("0.layer1.weight", (0, 1), "0.layer0.weight", (2, 3)),
        ("0.layer1.weight", (1, 2), "0.layer1.weight", (0, 1)),
    }


def resnext(paths: int, width: int) -> nn.Module:
    """Xie et al. 2017, figure 3(b): concatenated paths, then a convolution."""

    def path() -> nn.Module:
        first = nn.Conv2d(8, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()
        return nn.Sequential(*first, nn.Conv2d(width, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width))

    parts = {f"path{i}": path() for i in range(paths)}
    joined = Wired(lambda m, x: torch.cat([m.get_submodule(name)(x) for name in parts], 1), **parts)
    return nn.Sequential(joined, nn.ReLU(), nn.Conv2d(paths * width, 16, 1))


def grouped(paths: int, width: int) -> nn.Module:
    """The same figure, (c): a grouped convolution."""
    wide = paths * width
    return nn.Sequential(
        *(nn.Conv2d(8, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.ReLU()),
        *(nn.Conv2d(wide, wide, 3, 2, 1, groups=paths, bias=False), nn.BatchNorm2d(wide), nn.ReLU()),
        nn.Conv2d(wide, 16, 1),
    )


@pytest.mark.parametrize("width", [1, 4])
def test_the_paths_of_a_resnext_are_groups(width: int) -> None:
    found = rows(both_ways(resnext(8, width), grouped(8, width), torch.randn(2, 8, 6, 6)))
    assert ("0.path3.3.weight", None, "3.weight", (3 * width, 4 * width)) in found


def test_one_place_and_a_channel_for_each() -> None:
    """Grouped 1x1 convolutions, and depthwise ones of unequal halves."""

    def halves(m: Wired, x: Tensor) -> Tensor:
        mixed = torch.cat([m.mix_a(x[:, :4]), m.mix_b(x[:, 4:])], 1).relu()
        return m.out(torch.cat([m.deep_a(mixed[:, :2]), m.deep_b(mixed[:, 2:])], 1))

    def depthwise(width: int) -> nn.Module:
        return nn.Conv2d(width, width, 3, groups=width)

    parts = {"mix_a": nn.Conv2d(4, 3, 1), "mix_b": nn.Conv2d(4, 3, 1)}
    towers = Wired(halves, **parts, deep_a=depthwise(2), deep_b=depthwise(4), out=nn.Conv2d(6, 5, 3))
    whole = nn.Sequential(nn.Conv2d(8, 6, 1, groups=2), nn.ReLU(), depthwise(6), nn.Conv2d(6, 5, 3))
    found = rows(both_ways(towers, whole, torch.randn(1, 8, 7, 7)))
    assert ("mix_b.weight", None, "0.weight", (3, 6)) in found
    assert ("deep_b.weight", None, "2.weight", (2, 6)) in found


def test_no_group_takes_the_other_half() -> None:
    def crossed(m: Wired, x: Tensor) -> Tensor:
        return m.out(torch.cat([m.a(x[:, 4:]), m.b(x[:, :4])], 1))

    towers = Wired(crossed, a=nn.Conv2d(4, 4, 3), b=nn.Conv2d(4, 4, 3), out=nn.Conv2d(8, 3, 3))
    whole = nn.Sequential(nn.Conv2d(8, 8, 3, groups=2), nn.Conv2d(8, 3, 3))
    before = snapshot(whole)
    with pytest.raises(TransferError, match="the dataflows part"):
        transfer(towers, whole, torch.randn(1, 8, 8, 8), verbose=False)
    assert unchanged(whole, before)


@pytest.mark.parametrize("dim", [2, 3])
def test_places_side_by_side_are_no_channels(dim: int) -> None:
    def forward(m: Wired, x: Tensor) -> Tensor:
        return m.out(torch.cat([m.a(x), m.b(x)], dim))

    towers = Wired(forward, a=nn.Conv2d(3, 4, 3), b=nn.Conv2d(3, 4, 3), out=nn.Conv2d(4, 3, 3))
    wide = Wired(lambda m, x: m.out(m.a(x)), a=nn.Conv2d(3, 8, 3), out=nn.Conv2d(8, 3, 3))
    with pytest.raises(TransferError, match="the dataflows part"):
        transfer(towers, wide, torch.randn(1, 3, 8, 8), verbose=False)


def test_a_layer_that_is_used_elsewhere_stays_one() -> None:
    def forward(m: Wired, x: Tensor) -> Tensor:
        a = m.a(x)
        return m.out(torch.cat([a, m.b(x)], 1)) + a

    towers = Wired(forward, a=nn.Linear(6, 4), b=nn.Linear(6, 4), out=nn.Linear(8, 4))
    whole = nn.Sequential(nn.Linear(6, 8), nn.Linear(8, 4))
    with pytest.raises(TransferError, match="the dataflows part"):
        transfer(towers, whole, torch.randn(2, 6), verbose=False)
    pairs = transfer(
        towers, Wired(forward, **dict(towers.named_children())), torch.randn(2, 6), verbose=False
    ).pairs
    assert all(pair.source == pair.target for pair in pairs)


def test_a_weight_of_two_layers_stays_one() -> None:
    """Both halves have the same weights; there is no layer that has each row once."""
    twice = Wired(lambda m, x: torch.cat([m.a(x[:, :4]), m.a(x[:, 4:])], 1), a=nn.Conv2d(4, 4, 3))
    whole = nn.Conv2d(8, 8, 3, groups=2)
    with pytest.raises(TransferError, match="the dataflows part"):
        transfer(twice, whole, torch.randn(1, 8, 8, 8), verbose=False)


def test_what_mixes_channels_in_between_shows_in_the_outputs() -> None:
    """Response normalisation of each half has fewer neighbours at the border than that of the whole."""

    def forward(m: Wired, x: Tensor) -> Tensor:
        return m.out(torch.cat([fn.local_response_norm(conv(x), 5, alpha=1) for conv in (m.a, m.b)], 1))

    towers = Wired(forward, a=nn.Conv2d(3, 4, 3), b=nn.Conv2d(3, 4, 3), out=nn.Conv2d(8, 3, 3))
    norm = nn.LocalResponseNorm(5, alpha=1)
    whole = nn.Sequential(nn.Conv2d(3, 8, 3), norm, nn.Conv2d(8, 3, 3))
    with pytest.raises(TransferError, match="the dataflows match, but output 0 differs"):
        transfer(towers, whole, torch.randn(1, 3, 8, 8), verbose=False)


def test_gathering_leaves_its_input_alone() -> None:
    flow = trace(two_towers(), (torch.randn(1, 3, 8, 8),), "source").flow
    before = flow.nodes, flow.outputs
    found, names = gathered(flow)
    assert (flow.nodes, flow.outputs) == before
    assert len(found.nodes) < len(flow.nodes)
    assert {name for group in names.values() for name in group} == {
        node.path for node in flow.nodes if node.is_state_leaf
    }
    assert all(operand.node < index for index, node in enumerate(found.nodes) for operand in node.operands)
