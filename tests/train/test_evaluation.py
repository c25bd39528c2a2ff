"""Scores of networks and ensembles, against scikit-learn's and against arithmetic."""

from __future__ import annotations

import json
import math
from typing import NamedTuple

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from sklearn import metrics
from torch import Tensor, nn

from ogive.train.evaluation import Evaluation, combine, evaluate, probabilities


class Fixed(nn.Module):
    """Returns a row of a table of logits for each image, whose one pixel is the number of the row."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.register_buffer("logits", logits)

    def forward(self, images: Tensor) -> Tensor:
        return self.logits[images.flatten().long()]


def numbered(labels: Tensor, batch: int = 7) -> list[tuple[Tensor, Tensor]]:
    images = torch.arange(len(labels), dtype=torch.float32).reshape(-1, 1, 1, 1)
    return list(zip(images.split(batch), labels.split(batch), strict=True))


@pytest.fixture
def drawn() -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    labels = torch.randint(8, (100,))
    return torch.randn(100, 8) + 1.5 * F.one_hot(labels, 8), labels


def test_scores_are_scikit_learns(drawn: tuple[Tensor, Tensor]) -> None:
    logits, labels = drawn
    found = evaluate(Fixed(logits), numbered(labels))
    guesses, shares = logits.argmax(1), logits.double().softmax(1)
    np.testing.assert_array_equal(found.confusion, metrics.confusion_matrix(labels, guesses))
    assert found.accuracy == metrics.accuracy_score(labels, guesses)
    assert (found.correct, found.total) == (int((guesses == labels).sum()), 100)
    assert found.top5 == pytest.approx(metrics.top_k_accuracy_score(labels, logits, k=5))
    assert found.loss == pytest.approx(metrics.log_loss(labels, shares), rel=1e-12)
    np.testing.assert_allclose(
        found.per_class, metrics.recall_score(labels, guesses, average=None, zero_division=0)
    )
    assert found.mean_iou == pytest.approx(metrics.jaccard_score(labels, guesses, average="macro"))


def test_of_five_classes_the_first_five_say_nothing() -> None:
    labels = torch.arange(5)
    assert evaluate(Fixed(torch.eye(5)), numbered(labels)).top5 is None
    assert evaluate(Fixed(torch.eye(6)), numbered(torch.arange(6))).top5 == 1


def test_a_class_without_images_has_no_accuracy() -> None:
    found = evaluate(Fixed(torch.eye(3)), numbered(torch.tensor([0, 1, 1])))
    assert found.per_class == (1.0, 0.5, None)
    assert found.confusion.tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 0]]


def test_an_ensemble_is_the_mean_of_class_probabilities(drawn: tuple[Tensor, Tensor]) -> None:
    logits, labels = drawn
    torch.manual_seed(1)
    tables = [logits, logits + torch.randn_like(logits), 3 * torch.randn_like(logits)]
    found = evaluate([Fixed(table) for table in tables], numbered(labels))
    mean = torch.stack([table.double().softmax(1) for table in tables]).mean(0)
    np.testing.assert_array_equal(found.confusion, metrics.confusion_matrix(labels, mean.argmax(1)))
    assert found.loss == pytest.approx(metrics.log_loss(labels, mean), rel=1e-12)
    logarithms = torch.stack([table.log_softmax(1) for table in tables]).mean(0).argmax(1)
    assert not torch.equal(logarithms, mean.argmax(1)), "the table cannot tell the two kinds of mean apart"


class Batch(NamedTuple):
    """What the data of a run gives."""

    images: Tensor
    labels: Tensor
    share: float


def test_ten_crops_are_the_mean_of_class_probabilities(drawn: tuple[Tensor, Tensor]) -> None:
    logits, _ = drawn
    views = torch.arange(100, dtype=torch.float32).reshape(10, 10, 1, 1, 1)
    labels = torch.arange(10) % 8
    mean = logits.double().softmax(1).reshape(10, 10, 8).mean(1)
    for batches, crops in (([Batch(views, labels, 1.0)], None), ([(views, labels)], True)):
        found = evaluate(Fixed(logits), batches, crops=crops)
        assert found.correct == int((mean.argmax(1) == labels).sum())
        assert found.loss == pytest.approx(metrics.log_loss(labels, mean, labels=range(8)))


class Volumes(nn.Module):
    """Takes [N, C, D, H, W], as networks for volumes do."""

    def forward(self, images: Tensor) -> Tensor:
        assert images.shape[1:] == (2, 3, 3, 3)
        return images.mean(dim=(2, 3, 4))


def test_volumes_of_ones_own_are_no_crops() -> None:
    images, labels = torch.randn(6, 2, 3, 3, 3), torch.zeros(6, dtype=torch.int64)
    assert evaluate(Volumes(), [(images, labels)]).total == 6


def test_maps_are_counted_by_their_places() -> None:
    torch.manual_seed(0)
    output, labels = torch.randn(3, 4, 5, 6), torch.randint(4, (3, 5, 6))
    labels[0, :2] = -100
    found = evaluate(nn.Identity(), [(output, labels)])
    expected, guesses = labels[labels >= 0], output.argmax(1)[labels >= 0]
    np.testing.assert_array_equal(found.confusion, metrics.confusion_matrix(expected, guesses))
    assert found.total == 90 - 12
    assert found.loss == pytest.approx(F.cross_entropy(output.double(), labels).item())
    assert found.mean_iou == pytest.approx(metrics.jaccard_score(expected, guesses, average="macro"))


def test_a_map_of_one_place_is_a_vector() -> None:
    assert evaluate(nn.Identity(), [(torch.eye(4)[:, :, None, None], torch.arange(4))]).accuracy == 1


@pytest.mark.parametrize("link", ["sigmoid", "identity"])
def test_other_losses_make_other_probabilities(link: str) -> None:
    torch.manual_seed(0)
    one, other = torch.randn(20, 4), 4 * torch.randn(20, 4)
    turn = torch.sigmoid if link == "sigmoid" else lambda x: x
    mean = (turn(one.double()) + turn(other.double())) / 2
    torch.testing.assert_close(
        probabilities(combine([one[:, None], other[:, None]], link), link), mean.clamp(0, 1)
    )
    labels = torch.arange(20) % 4
    found = evaluate([Fixed(one), Fixed(other)], numbered(labels), link=link)
    assert found.correct == int((mean.argmax(1) == labels).sum())
    loss = F.binary_cross_entropy if link == "sigmoid" else F.mse_loss
    assert found.loss == pytest.approx(loss(mean, F.one_hot(labels, 4).double()).item())


def test_a_loss_of_ones_own_gets_what_the_network_returned(drawn: tuple[Tensor, Tensor]) -> None:
    logits, labels = drawn

    def mse(output: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        return F.mse_loss(output, F.one_hot(labels, 8).to(output.dtype)), output

    found = evaluate(Fixed(logits), numbered(labels), loss=mse)
    assert found.loss == pytest.approx(F.mse_loss(logits, F.one_hot(labels, 8).float()).item(), rel=1e-5)


def test_every_part_of_a_network_has_its_own_mode_back() -> None:
    network = nn.Sequential(nn.BatchNorm1d(4), nn.Dropout(0.9), nn.Linear(4, 4)).train()
    network[0].eval()  # frozen
    evaluate(network, [(torch.randn(3, 4), torch.arange(3))])
    assert [part.training for part in network.modules()] == [True, False, True, True]
    with pytest.raises(ValueError, match="label 9"):
        evaluate(network, [(torch.randn(1, 4), torch.tensor([9]))])
    assert [part.training for part in network.modules()] == [True, False, True, True]


@pytest.mark.parametrize(
    ("modules", "batch", "says"),
    [
        ([], (torch.eye(2), torch.arange(2)), "no network"),
        ([nn.Identity()], (torch.eye(3), torch.arange(3)), "3 scores of an image, and there are 2 classes"),
        ([nn.Identity(), nn.Linear(2, 4)], (torch.eye(2), torch.arange(2)), "return 2 and 4"),
        ([nn.Identity()], (torch.eye(2), torch.arange(2)[:, None]), "labels"),
        ([nn.Flatten(0)], (torch.eye(2), torch.arange(2)), "a score for each class"),
    ],
)
def test_what_does_not_fit_is_refused(
    modules: list[nn.Module], batch: tuple[Tensor, Tensor], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        evaluate(modules, [batch], classes=2)


def test_nothing_is_no_score() -> None:
    found = evaluate(nn.Identity(), [], classes=3)
    assert (found.total, found.accuracy, found.per_class, found.mean_iou) == (0, 0.0, (None,) * 3, None)


def test_json_has_names_and_no_nan(drawn: tuple[Tensor, Tensor]) -> None:
    logits, labels = drawn
    told = evaluate(Fixed(logits), numbered(labels)).to_json([f"c{i}" for i in range(8)])
    assert told["classes"][3]["name"] == "c3"
    assert told["classes"][3]["images"] == int((labels == 3).sum())
    assert sum(map(sum, told["confusion"])) == 100
    json.dumps(told, allow_nan=False)
    lost = Evaluation(math.nan, torch.eye(2).long()).to_json(["a", "b"])
    assert json.loads(json.dumps(lost, allow_nan=False))["loss"] is None
