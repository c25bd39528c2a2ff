"""Recurrent layers: lstm, gru, rnn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Literal

from ogive.layers.base import (
    Call,
    Initializer,
    Keyword,
    Layer,
    Look,
    ShapeError,
    Size,
    Template,
    TensorType,
    Torch,
    arg,
    plain_of,
)  # fmt: skip
from ogive.layers.sequences import require_tokens
from ogive.layers.weights import setup


@dataclass(frozen=True, eq=False, repr=False)
class _Recurrent(Layer):
    """What they share. The flow is the sequence; the state at its end are parts: `as l`, then `l.hidden`.

    Class attributes:
        gates: how many maps of input and state a step computes.
        module: PyTorch's.
        what: the layer in a sentence.
    """

    group: ClassVar[str] = "recurrent"
    parts: ClassVar[tuple[str, ...]] = ("hidden",)
    gates: ClassVar[int]
    module: ClassVar[str]
    what: ClassVar[str]

    width: int = arg(min=1, doc="features of the state, and of the output in each direction")
    num_layers: int = arg(1, min=1, doc="layers on top of each other")
    bidirectional: bool = arg(
        False, doc="whether the sequence is also read from its end; both results stand side by side"
    )
    dropout: float = arg(0.0, min=0, max=1, doc="probability of dropping an element between two layers")
    bias: bool = arg(True, doc="whether each gate has its two learned constants, as PyTorch has them")
    init: Initializer | None = arg(
        None, named=True, doc="initialiser of all weights; PyTorch's default without one"
    )

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """`[length, C]` to `[length, width]` (twice the width in two directions), and for each part a vector:
        the last layer's state behind the end of the sequence.
        """
        x = inputs[0]
        require_tokens(x)
        if self.dropout > 0 and self.num_layers == 1:
            raise ShapeError(
                "dropout acts between layers, and there is one",
                code="E107",
                argument="dropout",
                help=f"`num_layers = 2`, or `-> dropout({self.dropout:g})` behind it",
            )
        state = plain_of(self._directions * self.width)
        self._check_state(inputs[1:], state)
        return (x.with_channels(state.channels), *(state for _ in self.parts))

    def _check_state(self, given: Sequence[TensorType], state: TensorType) -> None:
        """Refuses a state to begin with that this one cannot take."""
        if not given:
            return
        names = " and ".join(self.parts)
        if len(given) != len(self.parts):
            raise ShapeError(
                f"begins with its whole state, {names}, and gets a part of it",
                operand=1,
                help=f"`{self.kind}({', '.join(f'l.{part}' for part in self.parts)}, {self.width})`",
            )
        if self.num_layers > 1 or self.bidirectional:
            raise ShapeError(
                f"a state to begin with is that of one layer in one direction, and this has "
                f"{self.num_layers * self._directions}",
                operand=1,
                argument="num_layers" if self.num_layers > 1 else "bidirectional",
                help=f"one `{self.kind}` for each layer",
            )
        for index, x in enumerate(given, 1):
            if x != state:
                raise ShapeError(
                    f"{self.parts[index - 1]} is a vector of {self.width}, and {x} is given",
                    operand=index,
                    help=f"as wide as its state: `{self.kind}(…, {x.channels})`"
                    if len(x.sizes) == 1
                    else None,
                )

    def parameters(self, inputs: Sequence[TensorType]) -> dict[str, tuple[Size, ...]]:
        """`weight_ih_l0 [gates * width, C]`, `weight_hh_l0 [gates * width, width]` and their biases; then
        those of the other direction (`weight_ih_l0_reverse`) and of the other layers (`weight_ih_l1`).
        """
        rows = self.gates * self.width
        shapes: dict[str, tuple[Size, ...]] = {}
        for layer, features, end in self._parts_of(inputs[0]):
            shapes[f"weight_ih_l{layer}{end}"] = (rows, features)
            shapes[f"weight_hh_l{layer}{end}"] = (rows, self.width)
            if self.bias:
                shapes[f"bias_ih_l{layer}{end}"] = (rows,)
                shapes[f"bias_hh_l{layer}{end}"] = (rows,)
        return shapes

    def _parts_of(self, x: TensorType) -> list[tuple[int, Size, str]]:
        """Layer, features that enter it, and suffix of its names, for each layer and direction."""
        return [
            (layer, self._directions * self.width if layer else x.channels, end)
            for layer in range(self.num_layers)
            for end in ("", "_reverse")[: self._directions]
        ]

    def macs(self, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> Size:
        """Input and state times their weights, at every step."""
        rows = self.gates * self.width
        step = sum(rows * (features + self.width) for _, features, _ in self._parts_of(inputs[0]))
        return inputs[0].spatial[0] * step

    def window(self, inputs: Sequence[TensorType]) -> tuple[tuple[Size, Size | Fraction], ...] | None:
        """Everything, as the last place sees it."""
        return ((inputs[0].spatial[0], 1),)

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`nn.LSTM(64, 128, batch_first=True)`; `self.lstm1(x)[0]` where nobody asks for its state."""
        keywords = (
            *self._own_keywords(),
            Keyword("num_layers", self.num_layers, 1),
            Keyword("bias", self.bias, True),
            Keyword("batch_first", True),
            Keyword("dropout", self.dropout, 0.0),
            Keyword("bidirectional", self.bidirectional, False),
        )
        states = ", ".join(f"{{{i}}}.unsqueeze(0)" for i in range(1, len(inputs)))
        states = f", ({states})" if len(inputs) > 2 else f", {states}" if states else ""
        ends = ", 2" if self.bidirectional else ""
        members = [name for name in self.parameters(inputs) if name.startswith("weight")]
        return Torch(
            module=Call(self.module, (inputs[0].channels, self.width), keywords),
            forward=Template(f"{self.kind}_states({{self}}({{0}}{states}){ends})", atom=True),
            flow=Template(f"{{self}}({{0}}{states})[0]", atom=True),
            setup=setup(self.init, *members),
            helpers=(_STATES[self.kind],),
        )

    def _own_keywords(self) -> tuple[Keyword, ...]:
        """Arguments of PyTorch's module that only this layer has."""
        return ()

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`2 × BiLSTM, 128`."""
        name = f"{'Bi' * self.bidirectional}{self.kind.upper()}"
        many = f"{self.num_layers} × " if self.num_layers > 1 else ""
        return Look("linear", f"{many}{name}, {self.width}", name)


class LSTM(_Recurrent):
    """Long short-term memory (Hochreiter & Schmidhuber 1997), as torch.nn.LSTM: tokens to tokens.

    With `as l`, `l.hidden` and `l.cell` are vectors: the last layer's state at the end of the sequence, the
    directions side by side. `lstm(l.hidden, l.cell, 128)` begins with them.
    """

    kind: ClassVar[str] = "lstm"
    example: ClassVar[str] = (
        "input words: int [128]; embedding(10000, 64) -> lstm(256) as l; l.hidden -> linear(2)"
    )
    aliases: ClassVar[tuple[str, ...]] = ("LSTM", "bilstm", "BiLSTM", "recurrent")
    arity: ClassVar[tuple[int, int | None]] = (1, 3)
    parts: ClassVar[tuple[str, ...]] = ("hidden", "cell")
    gates: ClassVar[int] = 4
    module: ClassVar[str] = "nn.LSTM"
    what: ClassVar[str] = "an LSTM"


class GRU(_Recurrent):
    """Gated recurrent unit (Cho et al. 2014), as torch.nn.GRU: tokens to tokens.

    With `as g`, `g.hidden` is a vector: the last layer's state at the end of the sequence, the directions
    side by side. `gru(g.hidden, 128)` begins with it.
    """

    kind: ClassVar[str] = "gru"
    example: ClassVar[str] = "input words: int [128]; embedding(10000, 64) -> gru(96) -> linear(17)"
    aliases: ClassVar[tuple[str, ...]] = ("GRU", "bigru", "BiGRU")
    arity: ClassVar[tuple[int, int | None]] = (1, 2)
    gates: ClassVar[int] = 3
    module: ClassVar[str] = "nn.GRU"
    what: ClassVar[str] = "a GRU"


@dataclass(frozen=True, eq=False, repr=False)
class RNN(_Recurrent):
    """Simple recurrent layer (Elman 1990), as torch.nn.RNN: tokens to tokens.

    The state is an activation of a linear map of the input and the state before. With `as r`, `r.hidden` is
    a vector: the last layer's state at the end of the sequence, the directions side by side.
    `rnn(r.hidden, 128)` begins with it.
    """

    kind: ClassVar[str] = "rnn"
    example: ClassVar[str] = (
        "input words: int [128]; embedding(10000, 64) -> rnn(96) as r; r.hidden -> linear(2)"
    )
    aliases: ClassVar[tuple[str, ...]] = ("RNN", "elman", "simple_rnn", "SimpleRNN", "birnn", "BiRNN")
    arity: ClassVar[tuple[int, int | None]] = (1, 2)
    gates: ClassVar[int] = 1
    module: ClassVar[str] = "nn.RNN"
    what: ClassVar[str] = "an RNN"

    nonlinearity: Literal["tanh", "relu"] = arg("tanh", named=True, doc="the activation")

    def _own_keywords(self) -> tuple[Keyword, ...]:
        return (Keyword("nonlinearity", self.nonlinearity, "tanh"),)


_STATES = {
    "rnn": '''def rnn_states(result, directions=1):
    """The sequence, then the hidden state of the last layer at its end, the directions side by side."""
    x, hidden = result
    return x, hidden[-directions:].movedim(0, 1).flatten(1)
''',
    "lstm": '''def lstm_states(result, directions=1):
    """The sequence, then hidden state and cell of the last layer at its end, the directions side by side."""
    x, (hidden, cell) = result
    return x, hidden[-directions:].movedim(0, 1).flatten(1), cell[-directions:].movedim(0, 1).flatten(1)
''',
    "gru": '''def gru_states(result, directions=1):
    """The sequence, then the hidden state of the last layer at its end, the directions side by side."""
    x, hidden = result
    return x, hidden[-directions:].movedim(0, 1).flatten(1)
''',
}
