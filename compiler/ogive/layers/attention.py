"""Attention over all tokens, or over those of a memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from ogive.layers.base import (
    Call,
    Initializer,
    Keyword,
    Layer,
    Look,
    Size,
    Template,
    TensorType,
    Torch,
    arg,
)  # fmt: skip
from ogive.layers.sequences import require_tokens
from ogive.layers.sizes import check_heads
from ogive.layers.weights import setup


@dataclass(frozen=True, eq=False, repr=False)
class Attention(Layer):
    """Multi-head attention (Vaswani et al. 2017, section 3.2), as torch.nn.MultiheadAttention: each token is
    answered by a weighted mean over all of them, or, with `attention(memory)`, over those of a memory.

    The memory may have another length and other features. With projections of query, keys, values and
    output; norm, residual and dropout of the result stand around it.
    """

    kind: ClassVar[str] = "attention"
    example: ClassVar[str] = "input x: 768x14x14; tokens -> residual { ln -> attention(num_heads = 12) }"
    aliases: ClassVar[tuple[str, ...]] = (
        "MultiheadAttention", "multi_head_attention", "mha", "msa", "self_attention", "cross_attention",
        "attn", "scaled_dot_product_attention",
    )  # fmt: skip
    group: ClassVar[str] = "attention"
    arity: ClassVar[tuple[int, int | None]] = (1, 2)

    num_heads: int = arg(8, min=1, doc="heads; they share the features equally")
    is_causal: bool = arg(False, doc="whether a token sees only itself and those before it")
    bias: bool = arg(True, doc="whether the projections add learned constants")
    dropout: float = arg(0.0, min=0, max=1, doc="probability of leaving out a weight in training")
    init: Initializer | None = arg(
        None, named=True, doc="initialiser of the projections; PyTorch's default without one"
    )

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """`[length, C]` to `[length, C]`, whatever the memory `[places, features]`."""
        x = inputs[0]
        require_tokens(x)
        if len(inputs) > 1:
            require_tokens(inputs[1], of="its memory", operand=1)
        check_heads(self.num_heads, x)
        return (x,)

    def parameters(self, inputs: Sequence[TensorType]) -> dict[str, tuple[Size, ...]]:
        """`in_proj_weight [3 C, C]`, or one weight each for query, key and value where the memory has other
        features; `out_proj.weight [C, C]`; and the biases.
        """
        c, memory = inputs[0].channels, inputs[-1].channels
        shapes: dict[str, tuple[Size, ...]]
        if memory == c:
            shapes = {"in_proj_weight": (3 * c, c)}
        else:
            shapes = {
                "q_proj_weight": (c, c), "k_proj_weight": (c, memory), "v_proj_weight": (c, memory)
            }  # fmt: skip
        shapes["out_proj.weight"] = (c, c)
        if self.bias:
            shapes |= {"in_proj_bias": (3 * c,), "out_proj.bias": (c,)}
        return shapes

    def macs(self, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> Size:
        """The projections: query and output of each token, key and value of each of the memory."""
        x, memory = inputs[0], inputs[-1]
        return 2 * x.elements * x.channels + 2 * memory.elements * x.channels

    def products(self, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> Size:
        """The scores and the weighted means, whole rows even where `is_causal` leaves out half."""
        return 2 * inputs[0].elements * inputs[-1].spatial[0]

    def window(self, inputs: Sequence[TensorType]) -> tuple[tuple[Size, Size | Fraction], ...] | None:
        """Everything."""
        return ((inputs[-1].spatial[0], 1),)

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`nn.MultiheadAttention(768, 12, batch_first=True)`, called without the weights as a result."""
        c, memory = inputs[0].channels, inputs[-1].channels
        keywords = (
            Keyword("dropout", self.dropout, 0.0),
            Keyword("bias", self.bias, True),
            Keyword("kdim", None if memory == c else memory, None),
            Keyword("vdim", None if memory == c else memory, None),
            Keyword("batch_first", True),
        )
        names = ["in_proj_weight"] if memory == c else ["q_proj_weight", "k_proj_weight", "v_proj_weight"]
        m = len(inputs) - 1
        mask = f", attn_mask=causal_mask({{0}}, {{{m}}}), is_causal=True" if self.is_causal else ""
        text = f"{{self}}({{0}}, {{{m}}}, {{{m}}}, need_weights=False{mask})[0]"
        return Torch(
            module=Call("nn.MultiheadAttention", (c, self.num_heads), keywords),
            forward=Template(text, atom=True),
            setup=setup(self.init, *names, "out_proj.weight"),
            helpers=(_CAUSAL_MASK,) if self.is_causal else (),
        )

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`causal attention, 12 heads`."""
        name = "cross attention" if len(inputs) > 1 else "attention"
        name = f"causal {name}" if self.is_causal else name
        return Look("attention", f"{name}, {self.num_heads} head{'s' * (self.num_heads > 1)}", name)


_CAUSAL_MASK = '''def causal_mask(x, memory):
    """What each token of x (a row) must not see of the memory: all that comes after it."""
    return x.new_ones(x.shape[1], memory.shape[1], dtype=torch.bool).triu(1)
'''
