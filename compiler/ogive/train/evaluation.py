"""How well networks do on images that they were not trained on: of one network, or of several together."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ogive.recipes.loss import Bce, CrossEntropy, Mse
from ogive.train.losses import IGNORED, Loss, main_and_heads

TOP = 5
"""How many guesses count for the second score, where there are more classes than that."""

Link = Literal["softmax", "sigmoid", "identity"]
"""How outputs become class probabilities, which the loss of training decides: cross entropy makes logits of a
softmax, binary cross entropy those of a sigmoid each, and the mean square probabilities themselves (Bishop,
"Neural networks for pattern recognition", 1995, sections 6.1 and 6.6 to 6.9).
"""


LossFunction = Callable[[Any, Tensor], tuple[Tensor, Any]]
_LOSSES: Mapping[Link, Loss] = {
    "softmax": Loss(CrossEntropy()),
    "sigmoid": Loss(Bce()),
    "identity": Loss(Mse()),
}


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What networks made of some images.

    Attributes:
        loss: the mean over the images: cross entropy in nats, or what else belongs to the outputs.
        confusion: [C, C] int64 on the CPU: how many images of a class (row) were taken for one (column).
        top5_correct: images whose class is among the five most probable; None where there are at most five.
    """

    loss: float
    confusion: Tensor
    top5_correct: int | None = None

    @property
    def correct(self) -> int:
        """Images whose most probable class is the right one."""
        return int(self.confusion.diagonal().sum())

    @property
    def total(self) -> int:
        """Images; places, where each place of an image has a class."""
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float:
        """The share of images with the right class first, 0 to 1 (top-1)."""
        return self.correct / self.total if self.total else 0.0

    @property
    def top5(self) -> float | None:
        """The share of images with the right class among the first five; None for at most five classes."""
        if self.top5_correct is None:
            return None
        return self.top5_correct / self.total if self.total else 0.0

    @property
    def per_class(self) -> tuple[float | None, ...]:
        """For each class the share of its images that were recognised; None for one without images."""
        images, right = self.confusion.sum(dim=1).tolist(), self.confusion.diagonal().tolist()
        return tuple(r / n if n else None for r, n in zip(right, images, strict=True))

    @property
    def mean_iou(self) -> float | None:
        """The mean over the classes of intersection over union, which segmentation is judged by; None without
        images. A class that neither stands in the images nor was seen in them is left out.
        """
        right = self.confusion.diagonal().double()
        union = self.confusion.sum(dim=0) + self.confusion.sum(dim=1) - right
        there = union > 0
        return float((right[there] / union[there]).mean()) if bool(there.any()) else None

    def to_json(self, classes: Sequence[str]) -> dict[str, Any]:
        """Everything as JSON; `classes` are the names in the order of the confusion matrix. A loss that is no
        number is null.
        """
        images = self.confusion.sum(dim=1).tolist()
        return {
            "loss": self.loss if math.isfinite(self.loss) else None,
            "accuracy": self.accuracy,
            "top5": self.top5,
            "correct": self.correct,
            "total": self.total,
            "classes": [
                {"name": name, "images": count, "correct": int(right), "accuracy": share}
                for name, count, right, share in zip(
                    classes, images, self.confusion.diagonal(), self.per_class, strict=True
                )
            ],
            "confusion": self.confusion.tolist(),
        }


def evaluate(
    module: nn.Module | Sequence[nn.Module],
    batches: Iterable[Any],
    device: torch.device | str = "cpu",
    *,
    classes: int | None = None,
    loss: LossFunction | None = None,
    link: Link = "softmax",
    crops: bool | None = None,
) -> Evaluation:
    """Loss, accuracies and confusion matrix over batches.

        evaluation = evaluate(network.module(), data.test_batches(), "cuda")
        evaluation.accuracy, evaluation.per_class, evaluation.confusion

        evaluate(ogive.load("unet", classes=2).module(), my_loader, classes=2).mean_iou

    Several networks are taken as an ensemble: the mean of their class probabilities (as in Krizhevsky,
    Sutskever & Hinton 2012, section 6, and in Ioffe & Szegedy 2015, section 4.2.3). Ten crops of an image are
    taken likewise. The networks are moved to the device and evaluated in evaluation mode; every part of them
    has its own mode back afterwards.

    Args:
        module: a network, or several, each with one output of class scores: logits [N, C], [N, C, 1, 1], or a
            map [N, C, …] with a score for every place.
        batches: pairs, or tuples that begin so: images [N, C, H, W] (or whatever the networks take) and
            labels [N], or [N, …] for maps, int64. A negative label (PyTorch's `ignore_index`) is not counted.
        device: where to run.
        classes: how many classes there are; as many as the networks have scores, unless given.
        loss: a loss of outputs and labels, as `ogive.train.losses.Loss`, that also returns the main output.
            Of an ensemble, and of crops, it gets what `combine` makes of them. Unless given it is the plain
            one that belongs to the link: cross entropy, binary cross entropy, or the mean square.
        link: how outputs become probabilities.
        crops: whether a batch of images is [N, K, C, H, W], K views of every image. Unless given, the batches
            of `ogive.train.data` are where they have five axes.

    Raises:
        ValueError: no networks; an output with no score, or another number of them, for each label; a label
            beyond the classes.
        TypeError: a network has several outputs.
    """
    modules = [module] if isinstance(module, nn.Module) else list(module)
    if not modules:
        raise ValueError("no network to evaluate")
    sums = _Sums(classes)
    with evaluating(modules, device), torch.inference_mode():
        for batch in batches:
            views = _has_views(batch) if crops is None else crops
            outputs = run_all(modules, batch[0].to(device), views=views)
            output = combine(outputs, link)
            # a loss of the user's gets what the network returned, as in training
            single = len(outputs) == 1 and outputs[0].shape[1] == 1
            returned = outputs[0][:, 0] if single and loss is not None else output
            sums.add(output, batch[1], loss or _LOSSES[link], returned)
    return sums.evaluation()


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """A network of an ensemble, with the images that all members are shown, prepared for it.

    Attributes:
        module: one output of class scores.
        batches: as `evaluate` takes them; batches of any size, the images in the same order for all members.
        link: how its outputs become probabilities.
    """

    module: nn.Module
    batches: Iterable[Any]
    link: Link = "softmax"


def evaluate_members(
    members: Sequence[Member], device: torch.device | str = "cpu", *, classes: int | None = None
) -> tuple[Evaluation, tuple[Evaluation, ...]]:
    """An ensemble whose members take their images as they were trained: normalised by statistics of their
    own, cut to sizes of their own. The device has one of them at a time.

    Args:
        members: networks that tell the same classes apart.
        device: where to run; they are on the CPU afterwards.
        classes: how many classes there are; as many as there are scores, unless given.

    Returns:
        the evaluation of the mean of their class probabilities, and that of each member alone.

    Raises:
        ValueError: no members; members whose images have other labels, or another number of scores than
            others; and as `evaluate`.
    """
    if not members:
        raise ValueError("no network to evaluate")
    sums = [_Sums(classes) for _ in members]
    mean: Tensor | None = None
    expected = torch.zeros(0, dtype=torch.int64)
    for member, own in zip(members, sums, strict=True):
        found: list[Tensor] = []
        labels: list[Tensor] = []
        with evaluating([member.module], device), torch.inference_mode():
            for batch in member.batches:
                outputs = run_all([member.module], batch[0].to(device), views=_has_views(batch))
                output = combine(outputs, member.link)
                own.add(output, batch[1], _LOSSES[member.link], output)
                found.append(probabilities(output, member.link).cpu())
                labels.append(batch[1].cpu())
        member.module.cpu()
        if not found:
            raise ValueError("a member was shown no images")
        shares, shown = torch.cat(found), torch.cat(labels)
        if mean is None:
            mean, expected = shares, shown
        elif mean.shape != shares.shape or not torch.equal(expected, shown):
            raise ValueError("the members were shown images of different classes")
        else:
            mean += shares
    assert mean is not None
    alike = all(member.link == members[0].link for member in members)
    link: Link = members[0].link if alike else "softmax"
    output = _output_of(mean / len(members), link)
    together = _Sums(classes)
    together.add(output, expected, _LOSSES[link], output)
    return together.evaluation(), tuple(own.evaluation() for own in sums)


def combine(outputs: Sequence[Tensor], link: Link = "softmax") -> Tensor:
    """The output whose class probabilities are the mean over networks and views, in float64.

    Args:
        outputs: the outputs [N, K, C, …] of each network, K views of an image.
        link: how they become probabilities.

    Returns:
        [N, C, …]: logarithms of probabilities for `softmax`, logits for `sigmoid`, else probabilities.
    """
    every = torch.cat([output.double() for output in outputs], dim=1)
    alone = every.shape[1] == 1  # nothing is rounded that was told apart
    if link == "softmax":
        every = every.log_softmax(dim=2)
        return every[:, 0] if alone else every.logsumexp(dim=1) - math.log(every.shape[1])
    if alone or link == "identity":
        return every.mean(dim=1)
    return _output_of(every.sigmoid().mean(dim=1), link)


def _output_of(mean: Tensor, link: Link) -> Tensor:
    """What has these probabilities."""
    if link == "softmax":
        return mean.log()
    return mean.logit(eps=1e-12) if link == "sigmoid" else mean


def probabilities(output: Tensor, link: Link = "softmax") -> Tensor:
    """The class probabilities [N, C, …] of what `combine` gave."""
    if link == "softmax":
        return output.exp()
    return output.sigmoid() if link == "sigmoid" else output.clamp(0, 1)


@contextmanager
def evaluating(modules: Sequence[nn.Module], device: torch.device | str | None = None) -> Generator[None]:
    """Modules on a device and in evaluation mode; each part of them gets its own mode back.

    That of frozen norms may differ from that of the whole.
    """
    before = [(part, part.training) for module in modules for part in module.modules()]
    try:
        for module in modules:
            module.eval()
            if device is not None:
                module.to(device)
        yield
    finally:
        for part, training in before:
            part.training = training


def _has_views(batch: Any) -> bool:
    """Whether a batch of ours holds several views of each image."""
    return hasattr(batch, "share") and batch[0].dim() == 5


def run_all(modules: Sequence[nn.Module], images: Tensor, *, views: bool = False) -> list[Tensor]:
    """The main output [N, K, C, …] of each network for N images, K views of each.

    Args:
        modules: networks with one output of class scores.
        images: [N, …]; with `views` [N, K, …].
        views: whether there are several of each image.

    Raises:
        ValueError: a network returns no score for each class, or another number of them than another.
        TypeError: a network has several outputs.
    """
    inputs = images.flatten(0, 1) if views else images
    shape = tuple(images.shape[:2]) if views else (len(images), 1)
    outputs = [_main(module(inputs)).unflatten(0, shape) for module in modules]
    if any(output.shape != outputs[0].shape for output in outputs):
        found = " and ".join(dict.fromkeys("x".join(map(str, o.shape[2:])) for o in outputs))
        raise ValueError(f"the networks return {found} for an image")
    return outputs


def _main(output: object) -> Tensor:
    """[N, C] or [N, C, …] of what a network returned; a map of one place is a vector."""
    main, _ = main_and_heads(output)
    if not isinstance(main, Tensor):
        raise TypeError(f"a network returned a {type(main).__name__}, and one tensor of scores is needed")
    if main.dim() < 2:
        raise ValueError(f"a network returned {tuple(main.shape)}, and a score for each class is needed")
    return main.flatten(1) if all(size == 1 for size in main.shape[2:]) else main


class _Sums:
    """Sums over batches. They stay on the device, so that adding a batch hardly waits for it."""

    def __init__(self, classes: int | None) -> None:
        self.classes = classes
        self.total = 0
        self.loss = torch.zeros((), dtype=torch.float64)
        self.top5 = torch.zeros((), dtype=torch.int64)
        self.confusion = torch.zeros((classes or 0) ** 2, dtype=torch.int64)

    def add(self, output: Tensor, labels: Tensor, loss: LossFunction, returned: Tensor) -> None:
        """Counts a batch: output [N, C, …] and labels [N, …]; `returned` is what the loss gets."""
        self._begin(output)
        assert self.classes is not None
        if labels.shape != (output.shape[0], *output.shape[2:]):
            raise ValueError(f"labels {tuple(labels.shape)} for outputs {tuple(output.shape)}")
        flat, expected = output.movedim(1, -1).flatten(0, -2), labels.flatten()
        if expected.numel():  # looked at where they are: that is the CPU, mostly, and nothing waits
            least, most = (int(bound) for bound in expected.aminmax())
            if most >= self.classes:
                raise ValueError(f"label {most}, and there are {self.classes} classes")
            if least < 0:
                counted = expected >= 0
                flat, expected = flat[counted.to(flat.device)], expected[counted]
                labels = labels.masked_fill(labels < 0, IGNORED)
        if not len(expected):
            return
        expected = expected.to(flat.device)
        self.loss += loss(returned, labels.to(flat.device))[0].double() * len(expected)
        places = expected * self.classes + flat.argmax(dim=1)
        self.confusion.scatter_add_(0, places, torch.ones_like(places))
        if self.classes > TOP:
            self.top5 += (flat.topk(TOP, dim=1).indices == expected[:, None]).sum()
        self.total += len(expected)

    def _begin(self, output: Tensor) -> None:
        """Moves the sums to where the outputs are; looks whether these are a score for each class."""
        if self.classes is None:
            self.classes = output.shape[1]
            self.confusion = self.confusion.new_zeros(self.classes**2)
        if output.shape[1] != self.classes:
            raise ValueError(f"{output.shape[1]} scores of an image, and there are {self.classes} classes")
        for name in ("loss", "top5", "confusion"):
            setattr(self, name, getattr(self, name).to(output.device))

    def evaluation(self) -> Evaluation:
        """What was counted so far. This waits for the device."""
        classes = self.classes or 0
        return Evaluation(
            float(self.loss) / max(1, self.total),
            self.confusion.cpu().reshape(classes, classes),
            int(self.top5) if classes > TOP else None,
        )
