"""Transformers, Swin and recurrent nets: their counts are the published ones, and they compute what PyTorch's
and torchvision's do once the weights are copied.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torchvision
from torch import Tensor, nn

import ogive

NETS = Path(__file__).parent / "transformers"


def network(target: str) -> ogive.Network:
    return ogive.load(f"{NETS}/{target}")


def difference(a: Tensor, b: Tensor) -> float:
    """Largest difference over largest value."""
    return ((a - b).abs().max() / b.abs().max()).item()


def randomise(module: nn.Module) -> None:
    """Weights in which every mistake would show: biases and tokens are zeros at first."""
    generator = torch.Generator().manual_seed(1)
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.1, generator=generator)


def ints(below: int, *sizes: int) -> Tensor:
    return torch.randint(below, sizes, generator=torch.Generator().manual_seed(2))


# ---------------------------------------------------------------- counts


@pytest.mark.parametrize(
    ("target", "parameters"),
    [
        ("vit.arch:vit_b_16", 86_567_656),  # torchvision
        ("vit.arch:vit_l_32", 306_535_400),
        ("swin.arch:swin_t", 28_288_354),
        ("swin.arch:swin_s", 49_606_258),
        ("swin.arch:swin_b", 87_768_224),
        ("text.arch:GPT2", 124_439_808 + 50_257 * 768),  # the published count ties the head to the embedding
        (
            "text.arch:Transformer",
            44_140_544 + 2 * 37_000 * 512 + 512 * 37_000 + 37_000,
        ),  # torch.nn.Transformer
    ],
)
def test_published_counts(target: str, parameters: int) -> None:
    assert network(target).params == parameters


@pytest.mark.parametrize("name", ["vit_b_16", "vit_l_32", "swin_t", "swin_s", "swin_b"])
def test_counts_are_those_of_torchvision(name: str) -> None:
    with torch.device("meta"):
        theirs = getattr(torchvision.models, name)()
    file = "vit" if name.startswith("vit") else "swin"
    assert network(f"{file}.arch:{name}").params == sum(p.numel() for p in theirs.parameters())


# ---------------------------------------------------------------- against torchvision


def test_vit_is_that_of_torchvision() -> None:
    """The weights move by `ogive.transfer`, which knows nothing of names."""
    theirs, ours = torchvision.models.vit_b_16().eval(), network("vit.arch:vit_b_16").module().eval()
    randomise(theirs)
    image = torch.randn(1, 3, 224, 224)
    report = ogive.transfer(theirs, ours, image, verbose=False)
    assert not report.unmatched_source
    assert not report.unmatched_target
    with torch.no_grad():
        assert difference(ours(image), theirs(image)) < 1e-5  # single precision


def merged(tensor: Tensor) -> Tensor:
    """Features of torchvision's patch merging (place by place: all channels of the first, then of the next, down
    before across) in the order of `space_to_depth` (channel by channel: its four places, across before down).
    """
    return tensor.unflatten(-1, (2, 2, -1)).movedim(-1, -3).transpose(-1, -2).flatten(-3)


def in_our_order(block: nn.Module) -> Iterator[Tensor]:
    """The weights of a torchvision Swin in the order in which ours have them."""
    for child in block.children():
        if isinstance(child, torchvision.models.swin_transformer.PatchMerging):
            yield from (merged(child.norm.weight), merged(child.norm.bias), merged(child.reduction.weight))
        else:
            own = list(child.parameters(recurse=False))
            yield from own or ()
            yield from in_our_order(child)


@pytest.mark.parametrize("size", [(224, 224), (64, 64), (96, 160)])
def test_swin_is_that_of_torchvision(size: tuple[int, int]) -> None:
    """At the size that it was written for, and where windows are padded, or hold a whole map."""
    theirs, ours = (
        torchvision.models.swin_t().double().eval(),
        network("swin.arch:swin_t").module().double().eval(),
    )
    randomise(theirs)
    with torch.no_grad():
        for mine, yours in zip(ours.parameters(), in_our_order(theirs), strict=True):
            mine.copy_(yours.reshape(mine.shape))
        image = torch.randn(1, 3, *size, dtype=torch.float64)
        assert difference(ours(image), theirs(image)) < 1e-9


# ---------------------------------------------------------------- against torch.nn


def test_the_transformer_is_that_of_torch() -> None:
    ours = network("text.arch:Transformer").module().double().eval()
    theirs = nn.Transformer(512, 8, 6, 6, 2048, batch_first=True).double().eval()
    randomise(ours)
    with torch.no_grad():
        for kind in (nn.MultiheadAttention, nn.LayerNorm, nn.Linear):  # of each kind they stand in one order
            inside = (m for m in ours.modules() if type(m) is kind and m is not ours.linear1)
            for mine, yours in zip(inside, (m for m in theirs.modules() if type(m) is kind), strict=True):
                yours.load_state_dict(mine.state_dict())
        source, target = ints(37_000, 2, 20), ints(37_000, 2, 12)

        def encoded(embedding: nn.Module, words: Tensor) -> Tensor:
            vectors = embedding(words)
            for place in range(words.shape[1]):
                for i in range(0, 512, 2):
                    angle = place / 10000 ** (i / 512)
                    vectors[:, place, i] += math.sin(angle)
                    vectors[:, place, i + 1] += math.cos(angle)
            return vectors

        mask = nn.Transformer.generate_square_subsequent_mask(12, dtype=torch.float64)
        expected = theirs(encoded(ours.embedding1, source), encoded(ours.embedding2, target), tgt_mask=mask)
        assert difference(ours(source, target), ours.linear1(expected)) < 1e-6  # sines in single precision


def test_the_language_model_sees_nothing_that_comes_later() -> None:
    net = ogive.load(f"{NETS}/text.arch:GPT2", words=50, length=16, width=32, depth=2, heads=4).module()
    net = net.double().eval()
    randomise(net)
    first = ints(50, 1, 16)
    second = first.clone()
    second[:, 9:] = (second[:, 9:] + 7) % 50
    a, b = net(first), net(second)
    torch.testing.assert_close(a[:, :9], b[:, :9])
    assert (a[:, 9:] - b[:, 9:]).abs().amin() > 1e-6


class TextLSTM(nn.Module):
    """By hand."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(10_000, 128, padding_idx=0)
        self.lstm = nn.LSTM(128, 256, 2, batch_first=True, dropout=0.5, bidirectional=True)
        self.linear = nn.Linear(512, 4)

    def forward(self, x: Tensor) -> Tensor:
        _, (hidden, _) = self.lstm(self.embedding(x))
        return self.linear(torch.cat((hidden[-2], hidden[-1]), 1))


class CharGRU(nn.Module):
    """By hand."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(96, 64)
        self.gru = nn.GRU(64, 128, 2, batch_first=True)
        self.linear = nn.Linear(128, 96)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.gru(self.embedding(x))[0])


class Seq2Seq(nn.Module):
    """By hand; its attention, of one head, is written out."""

    def __init__(self) -> None:
        super().__init__()
        self.source = nn.Embedding(1000, 32)
        self.encoder = nn.LSTM(32, 64, batch_first=True)
        self.target = nn.Embedding(1000, 32)
        self.decoder = nn.LSTM(32, 64, batch_first=True)
        self.attention = nn.MultiheadAttention(64, 1)
        self.mix = nn.Linear(128, 64)
        self.linear = nn.Linear(64, 1000)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        memory, state = self.encoder(self.source(source))
        x, _ = self.decoder(self.target(target), state)
        (wq, wk, wv), (bq, bk, bv) = (
            self.attention.in_proj_weight.chunk(3),
            self.attention.in_proj_bias.chunk(3),
        )
        q, k, v = x @ wq.T + bq, memory @ wk.T + bk, memory @ wv.T + bv
        context = torch.softmax(q @ k.transpose(1, 2) / 8, 2) @ v
        context = self.attention.out_proj(context)
        return self.linear(torch.tanh(self.mix(torch.cat((x, context), 2))))


class Siamese(nn.Module):
    """By hand."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(1000, 32)
        self.lstm = nn.LSTM(32, 16, batch_first=True)
        self.linear = nn.Linear(32, 1)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        _, (first, _) = self.lstm(self.embedding(a))
        second, _ = self.lstm(self.embedding(b))
        return self.linear(torch.cat((first[0], second[:, -1]), 1))


@pytest.mark.parametrize(
    ("made", "words", "lengths"),
    [(TextLSTM, 10_000, (128,)), (CharGRU, 96, (100,)), (Seq2Seq, 1000, (20, 12)), (Siamese, 1000, (12, 9))],
)
def test_recurrent_nets_are_those_of_torch(
    made: type[nn.Module], words: int, lengths: tuple[int, ...]
) -> None:
    theirs, found = made().double().eval(), network(f"text.arch:{made.__name__}")
    ours = found.module().double().eval()
    randomise(theirs)
    assert found.params == sum(p.numel() for p in theirs.parameters())
    with torch.no_grad():
        for mine, yours in zip(ours.parameters(), theirs.parameters(), strict=True):
            mine.copy_(yours)
    values = [ints(words, 2, length) for length in lengths]
    assert difference(ours(*values), theirs(*values)) < 1e-9


# ---------------------------------------------------------------- the text


def test_only_what_is_read_is_written() -> None:
    """The plain module where nobody asks for the state, and its names where somebody does."""
    text = network("text.arch:CharGRU").source()
    assert "self.gru1(self.embedding1(x))[0]" in text or "self.gru1(x)[0]" in text
    assert "gru_states" not in text
    text = network("text.arch:Seq2Seq").source()
    assert "x, hidden, cell = lstm_states(self.encoder(x))" in text
    assert "(hidden.unsqueeze(0), cell.unsqueeze(0)))[0]" in text


def test_attention_is_called_as_by_hand() -> None:
    text = network("vit.arch:vit_b_16").source()
    assert "nn.MultiheadAttention(768, 12, batch_first=True)" in text
    assert "self.attention1(y, y, y, need_weights=False)[0]" in text
    assert "self.linear1(x[:, 0])" in text
    text = network("text.arch:Transformer").source()
    assert "need_weights=False, attn_mask=causal_mask(" in text


def test_tokens_that_become_a_map_again_are_not_turned_twice() -> None:
    program = """net N() {
      input x: 8x6x6
      conv(8, 1x1) -> tokens -> map(4, 9) -> conv(8, 1x1)
    }
    """
    net = ogive.loads(program)
    assert "transpose" not in net.source()
    module = net.module()
    x = torch.randn(2, 8, 6, 6)
    torch.testing.assert_close(module(x), module.conv2(module.conv1(x).reshape(2, 8, 4, 9)))


@pytest.mark.parametrize(
    "target", ["vit.arch:vit_b_16", "swin.arch:swin_t", "text.arch:Seq2Seq", "text.arch:TextLSTM"]
)
def test_it_can_be_traced(target: str) -> None:
    found = network(target)
    net = found.module().eval()
    values = [
        ints(1000, 1, *type_.sizes) if type_.dtype == "int" else torch.randn(1, *type_.sizes)
        for _, type_ in found.inputs
    ]
    with torch.no_grad():
        torch.testing.assert_close(torch.fx.symbolic_trace(net)(*values), net(*values))
        exported = torch.export.export(net, tuple(values)).module()
        torch.testing.assert_close(exported(*values), net(*values), rtol=1e-4, atol=1e-4)
