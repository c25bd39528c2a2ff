"""The small networks of the zoo, written by hand from their papers: modules that must equal those of the language."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
import torchvision
from torch import Tensor, nn
from torchvision.ops import StochasticDepth


class UNet(nn.Module):
    """Figure 1 of Ronneberger, Fischer & Brox 2015: 1x572x572 to 2x388x388, nothing padded."""

    def __init__(self, width: int = 64, classes: int = 2) -> None:
        super().__init__()
        widths = [width * n for n in (1, 2, 4, 8, 16)]
        self.down = nn.ModuleList(double(a, b) for a, b in zip([1, *widths], widths, strict=False))
        self.ups = nn.ModuleList(nn.ConvTranspose2d(2 * a, a, 2, 2) for a in widths[-2::-1])
        self.doubles = nn.ModuleList(double(2 * a, a) for a in widths[-2::-1])
        self.dropout = nn.Dropout(0.5)
        self.last = nn.Conv2d(width, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        copied = []
        for level, convolutions in enumerate(self.down):
            x = convolutions(F.max_pool2d(x, 2) if level else x)
            x = self.dropout(x) if level >= 3 else x
            copied.append(x)
        x = copied.pop()
        for up, convolutions in zip(self.ups, self.doubles, strict=True):
            x, left = up(x), copied.pop()
            cut = (left.shape[2] - x.shape[2]) // 2
            left = left[:, :, cut : cut + x.shape[2], cut : cut + x.shape[3]]
            x = convolutions(torch.cat([left, x], 1))
        return self.last(x)


def double(inputs: int, width: int) -> nn.Sequential:
    """Two unpadded convolutions, each with its activation."""
    return nn.Sequential(nn.Conv2d(inputs, width, 3), nn.ReLU(), nn.Conv2d(width, width, 3), nn.ReLU())


class FractalNet(nn.Module):
    """Larsson, Maire & Shakhnarovich 2017, wired step by step as the authors' generator does: no recursion.

    At step s of a block, column c has a convolution if 2^c divides s; the columns that have one are joined, but at
    the last step behind their pooling. What is joined is dropped by `drop`, image by image.
    """

    def __init__(
        self,
        columns: int = 3,
        widths: tuple[int, ...] = (64, 128, 256, 512, 512),
        classes: int = 10,
        drop: float = 0.15,
    ) -> None:
        super().__init__()
        self.drop = StochasticDepth(drop, "row")
        self.columns, self.steps = columns, 2 ** (columns - 1)
        self.convolutions = nn.ModuleDict()
        for block, width in enumerate(widths):
            for column in range(columns):
                entering = 3 if block == 0 else widths[block - 1]
                for step in range(2**column, self.steps + 1, 2**column):
                    parts = [nn.Conv2d(entering, width, 3, padding=1, bias=False), nn.Dropout(0.1 * block)]
                    parts += [nn.BatchNorm2d(width), nn.ReLU()]
                    self.convolutions[f"{block}_{step}_{column}"] = nn.Sequential(*parts)
                    entering = width
        self.blocks = len(widths)
        self.classify = nn.Linear(widths[-1], classes)

    def forward(self, x: Tensor) -> Tensor:
        for block in range(self.blocks):
            ends = [x] * self.columns
            for step in range(1, self.steps + 1):
                now = [c for c in range(self.columns) if step % 2**c == 0]
                for column in now:
                    ends[column] = self.convolutions[f"{block}_{step}_{column}"](ends[column])
                    if step == self.steps:
                        ends[column] = F.max_pool2d(ends[column], 2)
                kept = [self.drop(ends[c]) for c in now] if len(now) > 1 else [ends[c] for c in now]
                joined = sum(kept[1:], kept[0]) / len(now)
                for column in now:
                    ends[column] = joined
            x = ends[0]
        return self.classify(x.flatten(1))


class Siamese(nn.Module):
    """Figure 4 of Koch, Zemel & Salakhutdinov 2015, with a bias in the last layer."""

    def __init__(self) -> None:
        super().__init__()
        parts: list[nn.Module] = []
        for inputs, width, kernel in [(1, 64, 10), (64, 128, 7), (128, 128, 4), (128, 256, 4)]:
            parts += [nn.Conv2d(inputs, width, kernel), nn.ReLU(), nn.MaxPool2d(2)]
        self.twin = nn.Sequential(*parts[:-1], nn.Flatten(), nn.Linear(256 * 6 * 6, 4096), nn.Sigmoid())
        self.compare = nn.Linear(4096, 1)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        distance = torch.abs(self.twin(first) - self.twin(second))
        return torch.sigmoid(self.compare(distance))


class RecurrentLayer(nn.Module):
    """Equations 1 to 4 of Liang & Hu 2015: at step 0 the input alone, then the same recurrent weights at each step."""

    def __init__(self, width: int, steps: int = 3) -> None:
        super().__init__()
        self.steps = steps
        self.feed_forward = nn.Conv2d(width, width, 3, padding=1)
        self.recurrent = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.normalise = nn.LocalResponseNorm(width // 8 + 1, alpha=0.001, beta=0.75, k=1.0)

    def forward(self, u: Tensor) -> Tensor:
        arriving = self.feed_forward(u)
        state = torch.zeros_like(arriving)
        for step in range(self.steps + 1):
            net = arriving + self.recurrent(state) if step else arriving
            state = self.normalise(F.relu(net))
        return state


class RCNN(nn.Module):
    """RCNN-96: a convolution, four recurrent layers, a pooling behind the first layer and in the middle."""

    def __init__(self, width: int = 96, classes: int = 10) -> None:
        super().__init__()
        pool = nn.MaxPool2d(3, 2, 1)
        self.layers = nn.Sequential(
            nn.Conv2d(3, width, 5, padding=2), nn.ReLU(), pool,
            RecurrentLayer(width), nn.Dropout(0.5), RecurrentLayer(width), pool, nn.Dropout(0.5),
            RecurrentLayer(width), nn.Dropout(0.5), RecurrentLayer(width),
        )  # fmt: skip
        self.classify = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.classify(self.layers(x).amax((2, 3)))


class SSD(nn.Module):
    """torchvision's ssd300_vgg16 between the normalised image and the placing of boxes."""

    def __init__(self, classes: int = 91) -> None:
        super().__init__()
        model = torchvision.models.detection.ssd300_vgg16(
            weights=None, weights_backbone=None, num_classes=classes
        )
        self.backbone, self.head = model.backbone, model.head

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return self.head(list(self.backbone(x).values()))


class CharLSTM(nn.Module):
    """char-rnn's LSTM: one-hot characters, two layers, a linear map at each place."""

    def __init__(self, characters: int = 65, width: int = 128, layers: int = 2) -> None:
        super().__init__()
        self.characters = characters
        self.layers = nn.LSTM(characters, width, layers, batch_first=True)
        self.decode = nn.Linear(width, characters)

    def forward(self, text: Tensor) -> Tensor:
        rows = torch.eye(self.characters, dtype=self.decode.weight.dtype)
        return self.decode(self.layers(rows[text])[0])


class TransformerEncoder(nn.Module):
    """torch.nn.TransformerEncoder behind the embedding and the positions of Vaswani et al. 2017, 3.4 and 3.5."""

    def __init__(self, vocabulary: int = 37000, width: int = 512, depth: int = 6, heads: int = 8) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        self.dropout = nn.Dropout(0.1)
        layer = nn.TransformerEncoderLayer(width, heads, 4 * width, 0.1, batch_first=True)
        self.encode = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)

    def forward(self, source: Tensor) -> Tensor:
        x = self.embed(source) * math.sqrt(self.embed.embedding_dim)
        return self.encode(self.dropout(x + positions(x.shape[1], x.shape[2]).to(x)))


def positions(length: int, width: int) -> Tensor:
    """PE(pos, 2i) = sin(pos / 10000^(2i / width)) and PE(pos, 2i + 1) its cosine, number by number."""
    table = torch.zeros(length, width, dtype=torch.float64)
    for pos in range(length):
        for i in range(width // 2):
            angle = pos / 10000 ** (2 * i / width)
            table[pos, 2 * i], table[pos, 2 * i + 1] = math.sin(angle), math.cos(angle)
    return table


def dcgan_generator(latent: int = 100, width: int = 64) -> nn.Module:
    """The generator of PyTorch's example: from 1x1 to 64x64."""
    parts: list[nn.Module] = [nn.ConvTranspose2d(latent, 8 * width, 4, 1, 0, bias=False)]
    for inputs, outputs in [(8, 4), (4, 2), (2, 1)]:
        parts += [nn.BatchNorm2d(inputs * width), nn.ReLU(True)]
        parts += [nn.ConvTranspose2d(inputs * width, outputs * width, 4, 2, 1, bias=False)]
    last = nn.ConvTranspose2d(width, 3, 4, 2, 1, bias=False)
    return nn.Sequential(*parts, nn.BatchNorm2d(width), nn.ReLU(True), last, nn.Tanh())


def dcgan_discriminator(width: int = 64) -> nn.Module:
    """The discriminator of PyTorch's example: from 64x64 to 1x1."""
    parts: list[nn.Module] = [nn.Conv2d(3, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)]
    for inputs, outputs in [(1, 2), (2, 4), (4, 8)]:
        parts += [nn.Conv2d(inputs * width, outputs * width, 4, 2, 1, bias=False)]
        parts += [nn.BatchNorm2d(outputs * width), nn.LeakyReLU(0.2, inplace=True)]
    return nn.Sequential(*parts, nn.Conv2d(8 * width, 1, 4, 1, 0, bias=False), nn.Sigmoid())
