"""Attention within windows of a map."""

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
    ShapeError,
    Size,
    TensorType,
    Torch,
    Window,
    arg,
)  # fmt: skip
from ogive.layers.sizes import ceil_div, check_heads, compact, per_axis, require_float, require_map, show
from ogive.layers.weights import setup


@dataclass(frozen=True, eq=False, repr=False)
class WindowAttention(Layer):
    """Multi-head attention of the places of a map within windows, with a learned bias for each relative
    position (Liu et al. 2021, Swin Transformer, section 3.2).

    With a shift, the map is moved round cyclically before it is cut into windows, and places that are no
    neighbours do not see each other. As in torchvision, a map is padded behind with zeros to whole windows,
    and an axis of a single window is not shifted.
    """

    kind: ClassVar[str] = "window_attention"
    example: ClassVar[str] = (
        "input x: 96x56x56; residual { ln -> "
        "window_attention(num_heads = 3, window_size = 7, shift_size = 3) }"
    )
    aliases: ClassVar[tuple[str, ...]] = (
        "WindowAttention", "ShiftedWindowAttention", "shifted_window_attention", "swin_attention", "wmsa",
        "w_msa", "swmsa", "sw_msa", "local_attention",
    )  # fmt: skip
    group: ClassVar[str] = "attention"

    num_heads: int = arg(min=1, doc="heads; they share the channels equally")
    window_size: Window = arg(7, min=1, doc="size of the windows, `7x7`, or `7` for both axes")
    shift_size: Window = arg(0, min=0, doc="how far the map is moved, less than the window")
    bias: bool = arg(True, doc="whether the projections add learned constants")
    dropout: float = arg(0.0, min=0, max=1, doc="probability of leaving out a weight in training")
    init: Initializer | None = arg(
        None, named=True, doc="initialiser of the projections; PyTorch's default without one"
    )

    def _axes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Window and shift on each axis."""
        return per_axis(self.window_size, 2, "window_size"), per_axis(self.shift_size, 2, "shift_size")

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """`[C, H, W]` to `[C, H, W]`."""
        (x,) = inputs
        require_map(x, axes=(2,))
        require_float(x)
        window, shift = self._axes()
        if any(s >= w for s, w in zip(shift, window, strict=True)):
            raise ShapeError(
                f"a shift of {show(shift)} is not less than the window of {show(window)}",
                code="E107",
                argument="shift_size",
                help=f"half a window: `shift_size = {'x'.join(str(w // 2) for w in window)}`",
            )
        check_heads(self.num_heads, x)
        return (x,)

    def parameters(self, inputs: Sequence[TensorType]) -> dict[str, tuple[Size, ...]]:
        """`qkv.weight [3 C, C]`, `proj.weight [C, C]`, their biases, and a number for each relative position
        and head.
        """
        c = inputs[0].channels
        rows, columns = self._axes()[0]
        positions = (2 * rows - 1) * (2 * columns - 1)
        shapes: dict[str, tuple[Size, ...]] = {
            "relative_position_bias_table": (positions, self.num_heads),
            "qkv.weight": (3 * c, c),
            "proj.weight": (c, c),
        }
        if self.bias:
            shapes |= {"qkv.bias": (3 * c,), "proj.bias": (c,)}
        return shapes

    def _places(self, x: TensorType) -> Size:
        """Places of the padded map."""
        (rows, columns), (height, width) = self._axes()[0], x.spatial
        return ceil_div(height, rows) * rows * (ceil_div(width, columns) * columns)

    def macs(self, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> Size:
        """The projections of every place of the padded map."""
        c = inputs[0].channels
        return 4 * c * c * self._places(inputs[0])

    def products(self, inputs: Sequence[TensorType], outputs: Sequence[TensorType]) -> Size:
        """The scores and the weighted means, within each window."""
        rows, columns = self._axes()[0]
        return 2 * inputs[0].channels * rows * columns * self._places(inputs[0])

    def window(self, inputs: Sequence[TensorType]) -> tuple[tuple[Size, Size | Fraction], ...] | None:
        """A window of attention."""
        return tuple((w, 1) for w in self._axes()[0])

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`WindowAttention(96, 3, 7, shift=3)`."""
        window, shift = self._axes()
        keywords = (
            Keyword("shift", compact(shift), 0),
            Keyword("bias", self.bias, True),
            Keyword("dropout", self.dropout, 0.0),
        )
        call = Call("WindowAttention", (inputs[0].channels, self.num_heads, compact(window)), keywords)
        return Torch(
            module=call, setup=setup(self.init, "qkv.weight", "proj.weight"), helpers=(_WINDOW_ATTENTION,)
        )

    def look(self, inputs: Sequence[TensorType]) -> Look:
        """`7×7 window attention, 3 heads, shift 3`."""
        window, shift = self._axes()
        name = f"{show(window)} window attention"
        label = f"{name}, {self.num_heads} head{'s' * (self.num_heads > 1)}"
        if any(shift):
            label += f", shift {shift[0] if len(set(shift)) == 1 else show(shift)}"
        return Look("attention", label, name)


_WINDOW_ATTENTION = '''@torch.fx.wrap
def strangers(x, window, shift):
    """Which places of a window, of each two, a shift brought together: [windows, 1, places, places]."""
    parts = []
    for axis in (0, 1):
        place = torch.arange(x.shape[2 + axis], device=x.device)
        size = x.shape[2 + axis]
        parts.append((place >= size - window[axis]).int() + (place >= size - shift[axis]))
    part = (3 * parts[0][:, None] + parts[1])[None, None]
    part = to_windows(part, window).flatten(0, 1)
    return part.ne(part.transpose(1, 2))[:, None]


def to_windows(x, window):
    """Cuts a map [batch, channels, height, width] into windows: [batch, windows, places, channels]."""
    x = x.unflatten(3, (-1, window[1])).unflatten(2, (-1, window[0]))
    return x.permute(0, 2, 4, 3, 5, 1).flatten(3, 4).flatten(1, 2)


class WindowAttention(nn.Module):
    """Attention within the windows of a map (channels first), with a bias for each relative position."""

    def __init__(self, channels, heads, window, shift=0, bias=True, dropout=0.0):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.window = (window, window) if isinstance(window, int) else window
        self.shift = (shift, shift) if isinstance(shift, int) else shift
        rows, columns = self.window
        positions = (2 * rows - 1) * (2 * columns - 1)
        self.relative_position_bias_table = nn.Parameter(torch.empty(positions, heads))
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)
        row = torch.arange(rows).repeat_interleave(columns)
        column = torch.arange(columns).repeat(rows)
        index = (row[:, None] - row + rows - 1) * (2 * columns - 1) + column[:, None] - column + columns - 1
        self.register_buffer("relative_position_index", index, persistent=False)
        self.qkv = nn.Linear(channels, 3 * channels, bias=bias)
        self.proj = nn.Linear(channels, channels, bias=bias)

    def forward(self, x):
        height, width = x.shape[2], x.shape[3]
        rows, columns = self.window
        down, across = (height + rows - 1) // rows, (width + columns - 1) // columns
        behind = (0, across * columns - width, 0, down * rows - height)
        x = F.pad(x, behind)
        bias = self.relative_position_bias_table[self.relative_position_index].permute(2, 0, 1)
        if self.shift != (0, 0):  # not where a single window holds the whole axis
            shift = [torch.sym_min(s, x.shape[2 + i] - self.window[i]) for i, s in enumerate(self.shift)]
            x = torch.roll(x, (-shift[0], -shift[1]), (2, 3))
            bias = bias - 100 * strangers(x, self.window, shift)
        x = to_windows(x, self.window)
        q, k, v = self.qkv(x).unflatten(3, (3, self.heads, -1)).permute(3, 0, 1, 4, 2, 5).unbind()
        dropout = self.dropout if self.training else 0.0
        x = F.scaled_dot_product_attention(q, k, v, attn_mask=bias, dropout_p=dropout)
        x = self.proj(x.transpose(2, 3).flatten(3))
        x = x.unflatten(1, (down, across)).unflatten(3, (rows, columns))
        x = x.permute(0, 5, 1, 3, 2, 4).flatten(4).flatten(2, 3)
        if self.shift != (0, 0):
            x = torch.roll(x, (shift[0], shift[1]), (2, 3))
        return F.pad(x, [-n for n in behind])

    def extra_repr(self):
        return f"heads={self.heads}, window={self.window}, shift={self.shift}"
'''
