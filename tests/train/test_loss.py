"""What is made of a network's output: logits, the loss of all heads, the step."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from safetensors.torch import load_file
from torch import Tensor, nn

from ogive.train.evaluate import evaluate
from ogive.train.heads import as_logits, split_heads, total_loss
from ogive.train.run import TrainResult
from ogive.train.tally import Score, Tally
from ogive.train.task import learning_rate_factor, parameter_groups


class WithHead(nn.Module):
    """A network with one auxiliary head, as compiled networks have them."""

    def __init__(self, weight: float = 0.3) -> None:
        super().__init__()
        self.main = nn.Linear(64, 10)
        self.head = nn.Linear(64, 10)
        self.weight = weight

    def forward(self, images: Tensor) -> object:
        x = images.flatten(1)
        if self.training:
            return self.main(x), {"aux1": (self.head(x), self.weight)}
        return self.main(x)


def test_loss_adds_each_head_with_its_weight() -> None:
    main, one, two = torch.randn(3, 8, 10).unbind()
    labels = torch.randint(10, (8,))
    loss, logits = total_loss((main, {"aux1": (one, 0.3), "aux2": (two, 0.5)}), labels)
    expected = F.cross_entropy(main, labels) + 0.3 * F.cross_entropy(one, labels)
    torch.testing.assert_close(loss, expected + 0.5 * F.cross_entropy(two, labels))
    assert logits is main
    smooth, _ = total_loss((main, {"aux1": (one, 2.0)}), labels, label_smoothing=0.1)
    parts = [F.cross_entropy(part, labels, label_smoothing=0.1) for part in (main, one)]
    torch.testing.assert_close(smooth, parts[0] + 2 * parts[1])


@pytest.mark.parametrize(("weight", "learns"), [(0.3, True), (0.0, False)])
def test_heads_learn_by_their_weight(quick: Callable[..., TrainResult], weight: float, learns: bool) -> None:
    network = WithHead(weight)
    before = network.head.bias.detach().clone()  # a bias is not decayed: it moves by its gradient alone
    result = quick(network)
    after = load_file(result.out / "weights.safetensors")["head.bias"]
    assert torch.equal(before, after) is not learns
    assert result.accuracy > 0.5  # the main output was read in the end


def test_logits_of_fully_convolutional_heads() -> None:
    assert as_logits(torch.zeros(4, 10, 1, 1)).shape == (4, 10)
    assert as_logits(torch.zeros(4, 10)).shape == (4, 10)
    with pytest.raises(ValueError, match="10x2x2"):
        as_logits(torch.zeros(4, 10, 2, 2))
    with pytest.raises(TypeError, match="2 outputs"):
        split_heads((torch.zeros(1), torch.zeros(1)))


def test_a_network_that_ends_in_a_map_of_one_pixel_trains(quick: Callable[..., TrainResult]) -> None:
    assert quick(nn.Conv2d(1, 10, 8), epochs=3).accuracy > 0.5


def test_tally_is_the_mean_over_images_not_over_batches() -> None:
    logits, labels = torch.randn(10, 5), torch.randint(5, (10,))
    tally = Tally()
    for part in (slice(0, 7), slice(7, 10)):
        tally.add(F.cross_entropy(logits[part], labels[part]), logits[part], labels[part])
    score = tally.score()
    assert score.loss == pytest.approx(F.cross_entropy(logits, labels).item(), rel=1e-6)
    assert score.correct == (logits.argmax(1) == labels).sum()
    assert score.total == 10
    assert Score(0.0, 0, 0).accuracy == 0


@pytest.mark.parametrize("training", [True, False])
def test_evaluation_drops_nothing_and_restores_the_mode(training: bool) -> None:
    network = nn.Sequential(nn.Dropout(0.9), nn.Identity()).train(training)
    logits = torch.eye(10)
    score = evaluate(network, [(logits, torch.arange(10))])
    assert (score.correct, score.total) == (10, 10)
    assert network.training is training


def test_learning_rate_rises_then_falls_to_zero() -> None:
    factors = [learning_rate_factor(step, 200) for step in range(200)]
    assert factors[0] == 1 / 20
    assert max(factors) == factors[19] == factors[20] == 1
    assert factors[20:] == sorted(factors[20:], reverse=True)
    assert 0 < factors[-1] < 1e-3
    assert learning_rate_factor(0, 1) == 1  # a run of one step takes it whole


def test_only_matrices_decay() -> None:
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2))
    decayed, free = parameter_groups(network)
    assert [p.dim() for p in decayed["params"]] == [4, 2]
    assert [p.dim() for p in free["params"]] == [1, 1, 1, 1]
    assert decayed["weight_decay"] > 0 == free["weight_decay"]
