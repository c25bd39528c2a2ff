"""Layers that work on sequences, and attention: drawn at random, and written by hand in PyTorch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from hypothesis import strategies as st
from torch import nn
from torchvision.models.swin_transformer import ShiftedWindowAttention

from layers.oracle import Inputs, Stricter, anything, case, flat_maps, small, tokens
from ogive.layers.base import Layout, TensorType, tokens_of

rarely = st.integers(0, 5).map(lambda n: n == 5)
sequences = st.one_of(tokens, tokens, tokens, anything)
probability = st.sampled_from([0.0, 0.0, 0.3])


def _no_tokens(layer: Any, inputs: Inputs) -> bool:
    return any(x.layout is not Layout.TOKENS for x in inputs)


# ---------------------------------------------------------------- attention


class _Attention(nn.MultiheadAttention):
    """PyTorch's, with the weights as a result: a path of its own, where softmax and masks are written out."""

    def __init__(self, layer: Any, c: int, memory: int) -> None:
        super().__init__(
            c, layer.num_heads, layer.dropout, layer.bias, kdim=memory, vdim=memory, batch_first=True
        )
        self.layer = layer

    def forward(self, x: torch.Tensor, *rest: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        memory = rest[0] if rest else x
        mask = None
        if self.layer.is_causal:
            mask = torch.full((x.shape[1], memory.shape[1]), -math.inf, dtype=x.dtype, device=x.device).triu(
                1
            )
        fused = self.layer.dropout > 0  # which draws its numbers in another order
        return super().forward(x, memory, memory, attn_mask=mask, need_weights=not fused)[0]


@case(
    "attention",
    lambda layer, inputs: _Attention(layer, inputs[0].channels, inputs[-1].channels),
    {Stricter.READING: _no_tokens},
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    heads = draw(small)
    x = draw(sequences)
    if not draw(rarely):
        x = x.with_channels(heads * draw(small))
    inputs = [x]
    if draw(st.booleans()):
        inputs.append(tokens_of(draw(small), draw(st.sampled_from([x.channels, 5]))))
    arguments = dict(
        num_heads=heads, is_causal=draw(st.booleans()), bias=draw(st.booleans()), dropout=draw(probability)
    )
    return arguments, inputs


class _WindowAttention(ShiftedWindowAttention):
    """torchvision's, which takes channels last."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.qkv.in_features % self.num_heads:
            raise ValueError("heads do not divide the channels")  # else reshaping fails on most sizes only
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def _pair(value: int | tuple[int, ...]) -> list[int]:
    return [value, value] if isinstance(value, int) else list(value)


@case(
    "window_attention",
    lambda layer, inputs: _WindowAttention(
        inputs[0].channels, _pair(layer.window_size), _pair(layer.shift_size), layer.num_heads,
        layer.bias, layer.bias, layer.dropout,
    ),
    {
        Stricter.READING: lambda layer, inputs: inputs[0].layout is not Layout.MAP,
        Stricter.CLIP: lambda layer, inputs: any(
            s >= w for s, w in zip(_pair(layer.shift_size), _pair(layer.window_size), strict=True)
        ),
    },
)  # fmt: skip
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    heads = draw(small)
    x = draw(anything) if draw(rarely) else draw(flat_maps)
    if not draw(rarely):
        x = x.with_channels(heads * draw(small))
    size = draw(st.integers(1, 4))
    both = draw(st.booleans())
    window = size if both else (size, draw(st.integers(1, 4)))
    shift = draw(st.integers(0, size)) if both else (draw(st.integers(0, size)), 0)
    arguments = dict(
        num_heads=heads, window_size=window, shift_size=shift, bias=draw(st.booleans()), dropout=0.0
    )
    return arguments, [x]


# ---------------------------------------------------------------- embeddings


@case(
    "embedding", lambda layer, inputs: nn.Embedding(layer.count, layer.width, padding_idx=layer.padding_idx)
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    count = draw(st.integers(1, 9))
    sizes = tuple(draw(st.lists(small, min_size=1, max_size=4)))
    return dict(
        count=count,
        width=draw(small),
        padding_idx=draw(st.sampled_from([None, None, 0, count - 1, -1, count, -count - 1])),
    ), [TensorType(sizes, Layout.PLAIN, "int")]


@case(
    "one_hot",
    lambda layer, inputs: lambda x: nn.functional.embedding(x, torch.eye(layer.count, dtype=torch.float64)),
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    sizes = tuple(draw(st.lists(small, min_size=1, max_size=4)))
    return dict(count=draw(st.integers(1, 9))), [TensorType(sizes, Layout.PLAIN, "int")]


class _Learned(nn.Module):
    def __init__(self, sizes: tuple[int, ...]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1, *sizes))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.weight


def _sines(x: torch.Tensor) -> torch.Tensor:
    """Vaswani et al. 2017, section 3.5, number by number."""
    _, length, width = x.shape
    table = [
        [
            math.sin(place / 10000 ** (i / width))
            if i % 2 == 0
            else math.cos(place / 10000 ** ((i - 1) / width))
            for i in range(width)
        ]
        for place in range(length)
    ]
    return x + torch.tensor(table, dtype=x.dtype, device=x.device)


@case(
    "positional",
    lambda layer, inputs: _sines if layer.encoding == "sine" else _Learned(inputs[0].sizes),
    {
        Stricter.READING: lambda layer, inputs: (
            inputs[0].layout is Layout.PLAIN
            or (layer.encoding == "sine" and inputs[0].layout is not Layout.TOKENS)
        )
    },
)
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return dict(encoding=draw(st.sampled_from(["learned", "sine"]))), [draw(sequences)]


class _ClassToken(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1, 1, channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([torch.cat([self.weight] * len(x)), x], 1)


@case("class_token", lambda layer, inputs: _ClassToken(inputs[0].channels), {Stricter.READING: _no_tokens})
def _(draw: Any) -> tuple[dict[str, Any], Inputs]:
    return {}, [draw(sequences)]


# ---------------------------------------------------------------- recurrent


def _recurrent(base: type[nn.LSTM | nn.GRU | nn.RNN]) -> Callable[[Any, Inputs], nn.Module]:
    class Recurrent(base):  # type: ignore[misc, valid-type]
        def forward(self, x: torch.Tensor, *state: torch.Tensor) -> tuple[torch.Tensor, ...]:  # type: ignore[override]
            before = tuple(s[None] for s in state)
            given = (before if base is nn.LSTM else before[0]) if before else None
            if given is not None and base is nn.LSTM and len(given) != 2:
                raise ValueError("nn.LSTM takes both states")
            sequence, after = super().forward(x, given)
            after = after if base is nn.LSTM else (after,)
            layers = (s.unflatten(0, (self.num_layers, -1))[-1] for s in after)
            return (sequence, *(torch.cat(list(s), -1) for s in layers))

    def made(layer: Any, inputs: Inputs) -> nn.Module:
        return Recurrent(
            inputs[0].channels, layer.width, num_layers=layer.num_layers, bias=layer.bias, batch_first=True,
            dropout=layer.dropout, bidirectional=layer.bidirectional,
            **({"nonlinearity": layer.nonlinearity} if base is nn.RNN else {}),
        )  # fmt: skip

    return made


def _one_layer_with_dropout(layer: Any, inputs: Inputs) -> bool:
    return layer.dropout > 0 and layer.num_layers == 1  # PyTorch warns


for _kind, _base, _states in (("lstm", nn.LSTM, 2), ("gru", nn.GRU, 1), ("rnn", nn.RNN, 1)):

    @case(
        _kind,
        _recurrent(_base),
        {
            Stricter.READING: lambda layer, inputs: inputs[0].layout is not Layout.TOKENS,
            Stricter.WITHOUT_EFFECT: _one_layer_with_dropout,
        },
    )
    def _(draw: Any, states: int = _states, kind: str = _kind) -> tuple[dict[str, Any], Inputs]:
        width, simple = draw(small), draw(st.booleans())
        arguments = dict(
            width=width,
            num_layers=1 if simple else draw(st.integers(1, 3)),
            bidirectional=False if simple else draw(st.booleans()),
            dropout=0.0 if simple else draw(probability),
            bias=draw(st.booleans()),
        )
        if kind == "rnn":
            arguments["nonlinearity"] = draw(st.sampled_from(["tanh", "relu"]))
        x = draw(sequences)
        inputs = [x]
        if draw(st.booleans()) and draw(st.booleans()):
            given = draw(st.sampled_from([states, states, states, 1]))
            like = TensorType((draw(st.sampled_from([width, width, width, 5])),), Layout.PLAIN)
            inputs += [like] * given
        return arguments, inputs
