"""LeNet-5 and AlexNet, in the spellings that no library has, against modules written by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import ogive
from ogive.network import Network
from ogive.report import counts
from tests.zoo.comparison import TOLERANCE, assert_same, difference, outputs_and_gradients, without_chance
from tests.zoo.reference_early import AlexNet, LeNet5

SMALL = {"input": (3, 67, 67)}
"""The smallest image of which something is left behind the last pooling."""


def narrow(name: str, width: int = 32) -> Network:
    """An AlexNet with hidden linear layers of `width`, so that it is quick."""
    towers = name == "alexnet_towers"
    own, there = (2048, width // 2) if towers else (4096, width)
    return ogive.load(name, edits=[f"set linear({own}, out_features = {there})"], **SMALL)


def test_the_paper_counts_sixty_thousand_parameters() -> None:
    net = ogive.load("lenet5_1998")
    module = net.module()
    parts = {
        part: sum(p.numel() for p in module.get_submodule(part).parameters()) for part in module._modules
    }
    assert parts == {"C1": 156, "S2": 12, "C3": 1_516, "S4": 32, "C5": 48_120, "F6": 10_164, "rbf1": 0}
    assert counts.params(net.unrolled) == 60_000


INK = [46, 31, 36, 36, 40, 40, 43, 29, 51, 43]
"""How many marks of each digit are 1."""


def test_the_codes_are_ten_digits_far_from_one_another() -> None:
    """7x12 marks each; how many are 1 tells a changed one, and the smallest distance that none is like another."""
    codes = ogive.load("lenet5_1998").module().get_buffer("rbf1.codes")
    assert codes.shape == (10, 7 * 12)
    assert codes.abs().eq(1).all()
    assert codes.gt(0).sum(1).tolist() == INK
    apart = (codes[:, None] != codes[None]).sum(-1) + 84 * torch.eye(10, dtype=torch.long)
    assert apart.min() == 12


def by_hand(ours: nn.Module) -> tuple[nn.Module, dict[str, tuple[Tensor, ...]]]:
    """The paper's LeNet-5 with the weights of ours, and for each of our parameters the gradients of its rows there."""
    state = dict(ours.named_parameters())
    theirs = LeNet5(ours.get_buffer("rbf1.codes")).double()
    pairs = {"C1.conv1": [theirs.c1], "C5.conv1": [theirs.c5], "F6.linear1": [theirs.f6]}
    first = 0
    for i, maps in enumerate((6, 6, 3, 1), 1):
        pairs[f"C3.conv{i}"] = [*theirs.c3][first : first + maps]
        first += maps
    where = {
        f"{name}.{part}": [getattr(layer, part) for layer in layers]
        for name, layers in pairs.items()
        for part in ("weight", "bias")
    }
    for name, layer in (("S2", theirs.s2), ("S4", theirs.s4)):
        where[f"{name}.subsample1.depthwise1.weight"] = [layer.coefficient]
        where[f"{name}.subsample1.depthwise1.bias"] = [layer.bias]
    assert where.keys() == state.keys()
    with torch.no_grad():
        for name, tensors in where.items():
            rows = state[name].split([len(tensor) for tensor in tensors])
            for tensor, values in zip(tensors, rows, strict=True):
                tensor.copy_(values.reshape(tensor.shape))
    names = {tensor: name for name, tensor in theirs.named_parameters()}
    return theirs, {name: tuple(names[tensor] for tensor in tensors) for name, tensors in where.items()}


def test_lenet5_is_the_one_of_the_paper() -> None:
    """The table of C3 drawn the other way round, the sums of S2 and S4 and the distances written out."""
    torch.manual_seed(0)
    ours = ogive.load("lenet5_1998").module().double()
    theirs, where = by_hand(ours)
    image = torch.randn(3, 1, 32, 32, dtype=torch.float64)
    mine, its = outputs_and_gradients(ours, (image,), True), outputs_and_gradients(theirs, (image,), True)
    assert difference(-mine[0][0], its[0][0]) <= TOLERANCE
    for name, rows in where.items():
        expected = torch.cat([its[1][row] for row in rows])
        assert difference(mine[1][name], expected.reshape(mine[1][name].shape)) <= TOLERANCE, name
    assert difference(mine[3][0], its[3][0]) <= TOLERANCE


def test_the_codes_are_ten_bitmaps_that_nobody_trains() -> None:
    module = ogive.load("lenet5_1998").module()
    codes = module.get_buffer("rbf1.codes")
    assert codes.shape == (10, 7 * 12)
    assert set(codes.flatten().tolist()) == {1.0, -1.0}
    apart = [(codes[i] != codes[j]).sum().item() for i in range(10) for j in range(i)]
    assert min(apart) >= 10
    assert "rbf1.codes" in module.state_dict()
    four = ["".join(".#"[int(mark > 0)] for mark in row) for row in codes[4].view(12, 7)]
    assert four[0] == "....##."
    assert four[8] == "#######"


def test_the_nearest_code_wins() -> None:
    """A hidden layer that draws a digit exactly is told as that digit."""
    module = ogive.load("lenet5_1998").module()
    answers = module.get_submodule("rbf1")(module.get_buffer("rbf1.codes")).neg().argmax(1)
    assert answers.tolist() == [*range(10)]


def test_the_codes_are_carried_over() -> None:
    """Another drawing of the digits is a buffer to transfer, as statistics of a norm are."""
    source, target = (ogive.load("lenet5_1998").module().double() for _ in range(2))
    source.get_buffer("rbf1.codes").neg_()
    report = ogive.transfer(source, target, torch.randn(1, 1, 32, 32, dtype=torch.float64), verbose=False)
    assert ("rbf1.codes", "rbf1.codes") in {(pair.source, pair.target) for pair in report.pairs}
    assert torch.equal(source.get_buffer("rbf1.codes"), target.get_buffer("rbf1.codes"))


def test_alexnet_is_the_one_of_the_paper() -> None:
    """With sums over neighbours, so that the factor of 5 shows."""
    torch.manual_seed(0)
    image = 30 * torch.randn(2, 3, 67, 67, dtype=torch.float64)
    assert_same(AlexNet(67, 32).double(), narrow("alexnet").module().double(), image)


def test_two_towers_are_two_groups() -> None:
    """Weights are carried from one spelling to the other by rows; outputs and gradients agree."""
    torch.manual_seed(0)
    image = 30 * torch.randn(2, 3, 67, 67, dtype=torch.float64)
    groups, towers = (narrow(name).module().double() for name in ("alexnet", "alexnet_towers"))
    without_chance(groups)
    without_chance(towers)
    report = ogive.transfer(groups, towers, (image,), verbose=False)
    assert not report.unmatched_source
    assert not report.unmatched_target
    for training in (False, True):
        mine = outputs_and_gradients(towers, (image,), training)
        its = outputs_and_gradients(groups, (image,), training)
        assert difference(mine[0][0], its[0][0]) <= TOLERANCE
        for pair in report.pairs:
            rows = slice(*(pair.source_rows or (None,)))
            assert pair.target_rows is None
            assert difference(mine[1][pair.target], its[1][pair.source][rows]) <= TOLERANCE, pair.target
        assert difference(mine[3][0], its[3][0]) <= TOLERANCE
    ogive.transfer(towers, groups, (image,), verbose=False)


@pytest.mark.slow
def test_two_towers_are_two_groups_in_full() -> None:
    image = torch.randn(1, 3, 227, 227, dtype=torch.float64)
    groups, towers = (ogive.load(name).module().double() for name in ("alexnet", "alexnet_towers"))
    report = ogive.transfer(groups, towers, (image,), verbose=False)
    assert len(report.pairs) == 2 * (5 * 2 + 2 * 2 + 1)


def test_a_tower_that_normalises_alone_differs_next_to_the_border() -> None:
    """The two kernels on either side, as the file says."""
    norm = "lrn(5, alpha = 5e-4, k = 2)"
    whole = ogive.loads(f"net Whole() {{ input x: 96x3x3; {norm} }}").module()
    halves = ogive.loads(
        f"net Halves() {{ input x: 96x3x3; chunk(2) as [a, b]; concat {{ | a -> {norm} | b -> {norm} }} }}"
    ).module()
    x = 30 * torch.randn(2, 96, 3, 3)
    differs = (whole(x) != halves(x)).any(0).any(-1).any(-1)
    assert differs.nonzero().flatten().tolist() == [46, 47, 48, 49]
