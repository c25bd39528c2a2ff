"""Modules of others that compute the same as ours, small enough to be run in float64."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import timm
import torch
import torchvision
from timm.models.mlp_mixer import MlpMixer
from torch import Tensor, nn
from torchvision.models import video


class Same(NamedTuple):
    """Their module, arguments that make ours as small, and an input for both."""

    model: Callable[[], nn.Module]
    inputs: Callable[[], Sequence[Tensor]]
    arguments: dict[str, Any] = {}  # noqa: RUF012 - of a tuple
    slow: bool = False


class Transformer(nn.Module):
    """torch.nn.Transformer with the mask that makes its decoder look back."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.inner = nn.Transformer(width, 8, depth, depth, 4 * width, batch_first=True)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        length = target.shape[1]
        past = torch.ones(length, length, dtype=torch.bool).triu(1)
        return self.inner(source, target, tgt_mask=past)


class Tagger(nn.Module):
    """A bidirectional GRU over words, and a tag for each."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.tags = nn.Embedding(50, 8), nn.Linear(12, 5)
        self.recurrent = nn.GRU(8, 6, bidirectional=True, batch_first=True)

    def forward(self, words: Tensor) -> Tensor:
        return self.tags(self.recurrent(self.table(words))[0])


class Sentiment(nn.Module):
    """The last states of two LSTMs, one from each end."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.classify = nn.Embedding(50, 8), nn.Linear(12, 2)
        self.recurrent = nn.LSTM(8, 6, 2, bidirectional=True, batch_first=True)

    def forward(self, words: Tensor) -> Tensor:
        _, (hidden, _) = self.recurrent(self.table(words))
        return self.classify(hidden[-2:].transpose(0, 1).flatten(1))


def image(*sizes: int) -> Callable[[], Sequence[Tensor]]:
    return lambda: [torch.randn(2, *sizes, dtype=torch.float64)]


def words() -> Sequence[Tensor]:
    return [torch.randint(0, 50, (2, 7))]


def tv(name: str, **more: Any) -> Same:
    return Same(lambda: torchvision.models.get_model(name, weights=None, **more), image(3, 64, 64))


def tm(name: str) -> Same:
    return Same(lambda: timm.create_model(name), image(3, 64, 64))


def slow(case: Same) -> Same:
    return case._replace(slow=True)


SAME: dict[str, Same] = {
    "xception": slow(tm("legacy_xception")),
    "hrnet": slow(tm("hrnet_w18_small")),
    "r3d:r3d_18": slow(Same(lambda: video.r3d_18(weights=None), image(3, 4, 32, 32))),
    "r3d:r2plus1d_18": slow(Same(lambda: video.r2plus1d_18(weights=None), image(3, 4, 32, 32))),
    "mixer": Same(
        lambda: MlpMixer(num_classes=10, img_size=32, patch_size=8, num_blocks=2, embed_dim=32),
        image(3, 32, 32), dict(size=32, patch=8, width=32, depth=2, classes=10),
    ),
    "encoder_decoder": Same(
        lambda: Transformer(32, 2), lambda: [torch.randn(2, n, 32, dtype=torch.float64) for n in (7, 5)],
        dict(width=32, depth=2),
    ),
    "bilstm": Same(Sentiment, words, dict(words=50, width=8, state=6)),
    "gru_tagger": Same(Tagger, words, dict(words=50, width=8, state=6, tags=5)),
}  # fmt: skip
