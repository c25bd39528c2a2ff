"""The loss of what a network returns: beside PyTorch's, of maps, with heads, and of the user's own."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from safetensors.torch import load_file
from torch import Tensor, nn

import ogive
from ogive.recipes.loss import Bce, CrossEntropy, Mse
from ogive.train.losses import Loss, main_and_heads


@pytest.fixture(autouse=True)
def same_numbers() -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def value(loss: Loss, output: object, targets: Any) -> Tensor:
    return loss(output, targets)[0]


# ------------------------------------------------------------------ cross entropy


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("places", [(), (5, 6), (2, 3, 4)])
def test_cross_entropy_is_that_of_torch(smoothing: float, places: tuple[int, ...]) -> None:
    output, targets = torch.randn(4, 7, *places), torch.randint(7, (4, *places))
    targets.view(-1)[:3] = -100
    loss, main = Loss(CrossEntropy(label_smoothing=smoothing))(output, targets)
    torch.testing.assert_close(loss, F.cross_entropy(output, targets, label_smoothing=smoothing))
    assert main is output


def test_smoothing_by_hand() -> None:
    """Szegedy et al. 2016, section 7: (1 - e) of the loss of the class, e of the mean over all."""
    output = torch.tensor([[2.0, 0.0, -1.0]])
    logs = output.log_softmax(1)[0]
    expected = -0.7 * logs[1] - 0.3 * logs.mean()
    torch.testing.assert_close(
        value(Loss(CrossEntropy(label_smoothing=0.3)), output, torch.tensor([1])), expected
    )


def test_smoothing_is_left_out_of_the_plain_loss() -> None:
    output, targets = torch.randn(4, 3), torch.randint(3, (4,))
    smooth = Loss(CrossEntropy(label_smoothing=0.2))
    torch.testing.assert_close(value(smooth.plain, output, targets), F.cross_entropy(output, targets))
    mse = Loss(Mse())
    assert mse.plain is mse


def test_masks_may_have_a_channel_and_any_type_of_int() -> None:
    output, targets = torch.randn(2, 5, 4, 4), torch.randint(5, (2, 4, 4))
    expected = F.cross_entropy(output, targets)
    for mask in (targets.unsqueeze(1), targets.byte(), targets.int().unsqueeze(1)):
        torch.testing.assert_close(value(Loss(), output, mask), expected)


def test_probabilities_as_targets() -> None:
    """As mixing two images gives them."""
    output, targets = torch.randn(4, 3), torch.rand(4, 3).softmax(1)
    torch.testing.assert_close(value(Loss(), output, targets), F.cross_entropy(output, targets))
    torch.testing.assert_close(
        value(Loss(), output[..., None, None], targets), F.cross_entropy(output, targets)
    )


def test_a_map_of_one_place_is_a_vector() -> None:
    output, targets = torch.randn(4, 3, 1, 1), torch.randint(3, (4,))
    for choice in (CrossEntropy(), Mse(), Bce()):
        loss, main = Loss(choice)(output, targets)
        assert main.shape == (4, 3)
        torch.testing.assert_close(loss, value(Loss(choice), output.flatten(1), targets))
    assert Loss()(output, targets[:, None, None])[1].shape == (4, 3, 1, 1)  # a map is asked for


# ------------------------------------------------------------------ mse, bce

THEIRS = [(Mse(), F.mse_loss), (Bce(), F.binary_cross_entropy_with_logits)]


@pytest.mark.parametrize(("choice", "theirs"), THEIRS)
@pytest.mark.parametrize("places", [(), (3, 4)])
def test_classes_become_a_one_and_zeros(choice: Any, theirs: Any, places: tuple[int, ...]) -> None:
    output, targets = torch.randn(4, 5, *places), torch.randint(5, (4, *places))
    expected = theirs(output, F.one_hot(targets, 5).movedim(-1, 1).float())
    torch.testing.assert_close(value(Loss(choice), output, targets), expected)
    if places:
        torch.testing.assert_close(value(Loss(choice), output, targets.unsqueeze(1)), expected)


@pytest.mark.parametrize(("choice", "theirs"), THEIRS)
def test_what_does_not_count_is_left_out_of_the_mean(choice: Any, theirs: Any) -> None:
    output, targets = torch.randn(6, 5), torch.randint(5, (6,))
    targets[[1, 4]] = -100
    kept = targets >= 0
    expected = theirs(output[kept], F.one_hot(targets[kept], 5).float())
    torch.testing.assert_close(value(Loss(choice), output, targets), expected)


@pytest.mark.parametrize(("choice", "theirs"), THEIRS)
def test_targets_of_the_same_shape(choice: Any, theirs: Any) -> None:
    output = torch.randn(4, 3, 2, 2)
    for targets in (torch.rand(4, 3, 2, 2), torch.randint(2, (4, 3, 2, 2)), torch.rand(4, 3, 2, 2) > 0.5):
        torch.testing.assert_close(value(Loss(choice), output, targets), theirs(output, targets.float()))


@pytest.mark.parametrize(("choice", "theirs"), THEIRS)
def test_one_output_is_a_number(choice: Any, theirs: Any) -> None:
    """[N, 1] beside [N]: compared one by one, not each with all."""
    output, targets = torch.randn(8, 1), torch.randint(2, (8,))
    expected = theirs(output.flatten(), targets.float())
    everyone = theirs(output.expand(8, 8), targets.float().expand(8, 8))
    assert abs(expected - everyone) > 1e-3
    for given in (targets, targets.float(), targets.unsqueeze(1)):
        torch.testing.assert_close(value(Loss(choice), output, given), expected)
        torch.testing.assert_close(value(Loss(choice), output[..., None, None], given), expected)


@pytest.mark.parametrize("choice", [CrossEntropy(label_smoothing=0.1), Mse(), Bce()])
def test_numbers_of_16_bits_are_computed_with_in_32(choice: Any) -> None:
    output, targets = torch.randn(4, 5).to(torch.bfloat16), torch.randint(5, (4,))
    loss = value(Loss(choice), output, targets)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, value(Loss(choice), output.float(), targets))
    assert value(Loss(choice), output.double(), targets).dtype == torch.float64


@pytest.mark.parametrize("choice", [CrossEntropy(), Mse(), Bce()])
def test_gradients_are_those_of_the_mean(choice: Any) -> None:
    output = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    targets = torch.tensor([0, -100, 3])
    assert torch.autograd.gradcheck(lambda x: value(Loss(choice), x, targets), output)


@pytest.mark.parametrize("choice", [CrossEntropy(), Mse(), Bce()])
@pytest.mark.parametrize(
    ("output", "targets"),
    [
        (torch.zeros(4, 10, 2, 2), torch.zeros(4).long()),
        (torch.zeros(4, 10), torch.zeros(5).long()),
        (torch.zeros(4, 10), torch.zeros(4, 3)),
        (torch.zeros(4, 10, 8, 8), torch.zeros(4, 16, 16).long()),
        (torch.zeros(4, 10, 8, 8), torch.zeros(4, 3, 8, 8)),
        (torch.zeros(4), torch.zeros(5)),
    ],
)
def test_nothing_broadcasts(choice: Any, output: Tensor, targets: Tensor) -> None:
    with pytest.raises(ValueError, match=r"the output is 4.* and the targets are "):
        Loss(choice)(output, targets)


# ------------------------------------------------------------------ heads


@pytest.mark.parametrize("choice", [CrossEntropy(label_smoothing=0.1), Mse(), Bce()])
def test_heads_are_added_by_their_weights(choice: Any) -> None:
    main, one, two = torch.randn(3, 8, 10).unbind()
    targets = torch.randint(10, (8,))
    loss, returned = Loss(choice)((main, {"aux1": (one, 0.3), "aux2": (two.view(8, 10, 1, 1), 0.5)}), targets)
    alone = [value(Loss(choice), each, targets) for each in (main, one, two)]
    torch.testing.assert_close(loss, alone[0] + 0.3 * alone[1] + 0.5 * alone[2])
    assert returned is main


def test_heads_of_a_compiled_net() -> None:
    net = ogive.loads(
        "net N() { input x: 3x8x8; conv(4, 3x3, padding = 1) -> relu; aux(weight = 0.4) { conv(2, 1x1) };"
        " conv(2, 1x1) }"
    )
    module, targets = net.module(), torch.randint(2, (3, 8, 8))
    x = torch.randn(3, 3, 8, 8)
    output = module(x)
    main, heads = main_and_heads(output)
    (head,) = heads.values()
    expected = F.cross_entropy(main, targets) + 0.4 * F.cross_entropy(head[0], targets)
    torch.testing.assert_close(value(Loss(), output, targets), expected)
    module.eval()
    torch.testing.assert_close(value(Loss(), module(x), targets), F.cross_entropy(module(x), targets))


def test_a_head_that_does_not_fit_is_named() -> None:
    output = (torch.zeros(2, 3, 8, 8), {"aux1": (torch.zeros(2, 3, 4, 4), 0.3)})
    with pytest.raises(ValueError, match=r"head `aux1`: the output is 2x3x4x4 and the targets are 2x8x8"):
        Loss()(output, torch.zeros(2, 8, 8).long())


# ------------------------------------------------------------------ of the user's own


def test_a_function_gets_output_and_targets() -> None:
    seen: list[Any] = []

    def mine(output: Any, targets: Any) -> Tensor:
        seen.append((output, targets))
        return output["a"].sum() * 2

    output, targets = {"a": torch.ones(3), "b": torch.zeros(2)}, object()
    loss, main = Loss(mine)(output, targets)
    assert loss == 6
    assert main is output
    assert seen == [(output, targets)]
    assert Loss(mine).plain(output, targets)[0] == 6


def test_a_function_gets_each_head() -> None:
    loss, main = Loss(lambda output, targets: (output - targets).abs().mean())(
        (torch.full((2, 2), 3.0), {"aux1": (torch.full((2, 2), 5.0), 0.5)}), 1.0
    )
    assert loss == 2 + 0.5 * 4
    assert torch.equal(main, torch.full((2, 2), 3.0))
    module = nn.L1Loss()
    assert value(Loss(module), torch.ones(2), torch.zeros(2)) == 1


@pytest.mark.parametrize(
    ("result", "says"),
    [
        (torch.zeros(4), "a tensor of 4"),
        (torch.zeros(2, 3), "a tensor of 2x3"),
        (0.5, "a float"),
        (None, "a NoneType"),
    ],
)
def test_a_function_returns_a_scalar(result: object, says: str) -> None:
    with pytest.raises(TypeError, match=f"without axes.* returned {says}"):
        Loss(lambda output, targets: result)(torch.zeros(4), torch.zeros(4))


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ((torch.zeros(2, 3), torch.zeros(2, 3)), "2 outputs"),
        ({"a": torch.zeros(2, 3)}, "1 outputs"),
        ("x", "a str"),
    ],
)
def test_losses_of_recipes_take_one_tensor(output: object, says: str) -> None:
    with pytest.raises(TypeError, match=says):
        Loss()(output, torch.zeros(2).long())


def test_a_loss_is_one_of_a_recipe_or_a_function() -> None:
    with pytest.raises(TypeError, match="not str"):
        Loss("mse")  # type: ignore[arg-type]


def test_how_outputs_become_probabilities() -> None:
    assert [Loss(choice).link for choice in (None, CrossEntropy(), Mse(), Bce())] == [
        "softmax", "softmax", "identity", "sigmoid",
    ]  # fmt: skip


def test_infinity_is_not_hidden() -> None:
    """Where nothing counts there is no mean, as in PyTorch."""
    for choice in (CrossEntropy(), Mse(), Bce()):
        assert math.isnan(value(Loss(choice), torch.zeros(2, 3), torch.tensor([-100, -100])))


# ------------------------------------------------------------------ in a training

NET = "net N() { input x: 1x8x8; aux(weight = %g) { flatten -> linear(10) }; conv(10, 8x8) }"


@pytest.mark.parametrize(("weight", "learns"), [(0.3, True), (0.0, False)])
def test_heads_learn_by_their_weight(quick: Any, weight: float, learns: bool) -> None:
    """The main output is a map of one place."""
    net = ogive.loads(NET % weight)
    settings = {"init": "zeros", "optimizer": "sgd(lr = 0.1)", "epochs": 1}
    result = quick(net, settings=settings)
    weights = load_file(result.out / "weights.safetensors")
    assert bool(weights["aux1.linear1.weight"].any()) is learns
    assert result.accuracy > 0.5
