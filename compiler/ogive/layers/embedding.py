"""What stands before a transformer or a recurrent net: embedding, one_hot, positional, class_token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from ogive.layers.base import (
    Call,
    Channel,
    Initializer,
    Keyword,
    Layer,
    Layout,
    Look,
    Self,
    ShapeError,
    Size,
    Template,
    TensorType,
    Torch,
    arg,
)  # fmt: skip
from ogive.layers.sequences import require_tokens
from ogive.layers.sizes import require_float
from ogive.layers.weights import setup


@dataclass(frozen=True, eq=False, repr=False)
class Embedding(Layer):
    """A learned vector for each int (torch.nn.Embedding): ints from 0 to `count` - 1 become tokens."""

    kind: ClassVar[str] = "embedding"
    example: ClassVar[str] = "input words: int [128]; embedding(10000, 256)"
    aliases: ClassVar[tuple[str, ...]] = (
        "Embedding", "embed", "token_embedding", "word_embedding", "lookup", "EmbeddingBag",
    )  # fmt: skip
    group: ClassVar[str] = "embedding"
    output_saved: ClassVar[bool] = False

    count: int = arg(min=1, doc="how many different ints there are")
    width: int = arg(min=1, doc="features of each vector")
    padding_idx: int | None = arg(None, doc="the int that fills up sequences; its vector stays zero")
    init: Initializer | None = arg(
        None, named=True, doc="initialiser of the vectors; PyTorch's, the normal distribution, without one"
    )

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """`int [length]` to `[length, width]`; with more axes, one more behind them."""
        found = _vectors_of(inputs[0], self.width)
        if self.padding_idx is not None and not -self.count <= self.padding_idx < self.count:
            raise ShapeError(
                f"padding_idx = {self.padding_idx} is not among the ints from 0 to {self.count - 1}",
                code="E107",
                argument="padding_idx",
            )
        return (found,)

    def parameters(self, inputs: Sequence[TensorType]) -> dict[str, tuple[Size, ...]]:
        """`weight [count, width]`."""
        return {"weight": (self.count, self.width)}

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`nn.Embedding(10000, 128)`."""
        call = Call(
            "nn.Embedding", (self.count, self.width), (Keyword("padding_idx", self.padding_idx, None),)
        )
        steps = setup(self.init)
        if steps and self.padding_idx is not None:
            steps += (Call("nn.init.zeros_", (Self(f"weight[{self.padding_idx}]"),)),)
        return Torch(module=call, setup=steps)

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`embedding, 128`."""
        return Look("linear", f"embedding, {self.width}", "embedding")


@dataclass(frozen=True, eq=False, repr=False)
class OneHot(Layer):
    """Each int as a token that is one in the place of that int and zero elsewhere
    (torch.nn.functional.one_hot, in the net's float numbers): ints from 0 to `count` - 1. There is no weight.
    """

    kind: ClassVar[str] = "one_hot"
    example: ClassVar[str] = "input text: int [50]; one_hot(65) -> lstm(128) -> linear(65)"
    aliases: ClassVar[tuple[str, ...]] = (
        "OneHot", "onehot", "one_hot_encoding", "OneHotEncoding", "to_categorical", "CategoryEncoding",
    )  # fmt: skip
    group: ClassVar[str] = "embedding"
    output_saved: ClassVar[bool] = False

    count: int = arg(min=1, doc="how many different ints there are")

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """`int [length]` to `[length, count]`; with more axes, one more behind them."""
        return (_vectors_of(inputs[0], self.count),)

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`OneHot(65)`."""
        return Torch(module=Call("OneHot", (self.count,)), helpers=(_ONE_HOT,))

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`one-hot, 65`."""
        return Look("linear", f"one-hot, {self.count}", "one-hot")


_ONE_HOT = '''class OneHot(nn.Module):
    """A one in the place that an int names, zeros elsewhere, in the type of the module's numbers."""

    def __init__(self, count):
        super().__init__()
        self.count = count
        self.register_buffer("one", torch.ones(()), persistent=False)

    def forward(self, x):
        return F.one_hot(x, self.count).to(self.one.dtype)
'''


def _vectors_of(x: TensorType, width: int) -> TensorType:
    """What becomes of ints that are vectors of `width` features each."""
    if x.dtype != "int":
        raise ShapeError(
            f"looks up ints, and {x} holds {x.dtype}s",
            code="E204",
            operand=0,
            help="declare the input so: `input tokens: int [128]`",
        )
    return TensorType((*x.sizes, width), Layout.TOKENS if len(x.sizes) < 4 else Layout.PLAIN)


@dataclass(frozen=True, eq=False, repr=False)
class Positional(Layer):
    """Adds to each place a vector that says where it is.

    `learned` learns one vector for each place of tokens or of a map, and so ties the net to that size;
    `sine` computes them for tokens of any length (Vaswani et al. 2017, section 3.5).
    """

    kind: ClassVar[str] = "positional"
    example: ClassVar[str] = 'input words: int [128]; embedding(10000, 256) -> positional("learned")'
    aliases: ClassVar[tuple[str, ...]] = (
        "positional_encoding", "PositionalEncoding", "positional_embedding", "position_embedding",
        "pos_embed", "pos_embedding", "pos_encoding", "PositionEmbedding",
    )  # fmt: skip
    group: ClassVar[str] = "embedding"
    output_saved: ClassVar[bool] = False

    encoding: Literal["learned", "sine"] = arg("learned", doc="where the vectors come from")
    init: Initializer | None = arg(
        None, named=True, doc="initialiser of the learned vectors; `normal(std = 0.02)` without one"
    )

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """The shape stays."""
        (x,) = inputs
        if self.encoding == "sine":
            require_tokens(x, of="the input of sines")
            if self.init is not None:
                raise ShapeError(
                    "there is no weight to initialise: a sine encoding is computed",
                    code="E107",
                    argument="init",
                )
            return (x,)
        require_float(x)
        if x.layout is Layout.PLAIN:
            raise ShapeError(f"needs tokens or a map, and {x} has no places", code="E204", operand=0)
        return (x,)

    def parameters(self, inputs: Sequence[TensorType]) -> dict[str, tuple[Size, ...]]:
        """`weight [1, length, C]` on tokens, `weight [1, C, *places]` on a map; nothing for sines."""
        return {"weight": (1, *inputs[0].sizes)} if self.encoding == "learned" else {}

    def channel_rule(self, inputs: Sequence[TensorType]) -> str:
        """Another constant is added to it."""
        return Channel.KEEPS

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`Positions((197, 768))`, or `x + sine_positions(x)`."""
        if self.encoding == "sine":
            return Torch(forward=Template("{0} + sine_positions({0})"), helpers=(_SINE_POSITIONS,))
        call = Call("Positions", (inputs[0].sizes,))
        return Torch(module=call, setup=setup(self.init), helpers=(_POSITIONS,))

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`learned positions`."""
        return Look("linear", f"{self.encoding} positions", "positions")


_POSITIONS = '''class Positions(nn.Module):
    """Adds a learned vector to each place."""

    def __init__(self, sizes):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(1, *sizes))
        nn.init.normal_(self.weight, std=0.02)

    def forward(self, x):
        return x + self.weight
'''
_SINE_POSITIONS = '''@torch.fx.wrap
def sine_positions(x):
    """Sines and cosines of the place of each token, in turn (Vaswani et al. 2017, section 3.5)."""
    kind = torch.promote_types(x.dtype, torch.float32)
    place = torch.arange(x.shape[1], dtype=kind, device=x.device)[:, None]
    rate = 10000.0 ** (-torch.arange(0, x.shape[2], 2, dtype=kind, device=x.device) / x.shape[2])
    angle = place * rate
    return torch.stack((angle.sin(), angle.cos()), 2).flatten(1)[:, : x.shape[2]].to(x.dtype)
'''


@dataclass(frozen=True, eq=False, repr=False)
class ClassToken(Layer):
    """Puts a learned token before the others (Devlin et al. 2018; Dosovitskiy et al. 2020).

    Behind the transformer `select(0)` takes it out again.
    """

    kind: ClassVar[str] = "class_token"
    example: ClassVar[str] = "input x: 768x14x14; tokens -> class_token"
    aliases: ClassVar[tuple[str, ...]] = ("cls_token", "ClassToken", "cls", "classtoken", "prepend_token")
    group: ClassVar[str] = "embedding"
    output_saved: ClassVar[bool] = False

    init: Initializer | None = arg(None, named=True, doc="initialiser of the token; zeros without one")

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """`[length, C]` to `[length + 1, C]`."""
        (x,) = inputs
        require_tokens(x)
        return (x.with_spatial(x.spatial[0] + 1),)

    def parameters(self, inputs: Sequence[TensorType]) -> dict[str, tuple[Size, ...]]:
        """`weight [1, 1, C]`."""
        return {"weight": (1, 1, inputs[0].channels)}

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`ClassToken(768)`."""
        call = Call("ClassToken", (inputs[0].channels,))
        return Torch(module=call, setup=setup(self.init), helpers=(_CLASS_TOKEN,))

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`class token`."""
        return Look("linear", "class token", "class token")


_CLASS_TOKEN = '''class ClassToken(nn.Module):
    """Puts a learned token before the others."""

    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1, 1, channels))

    def forward(self, x):
        return torch.cat((self.weight.expand(x.shape[0], -1, -1), x), 1)
'''
