"""What a plugin's layers are made of: `from ogive.plugin import Call, Layer, TensorType, Torch, arg`.

A plugin is a Python file. Every class in it that derives from `Layer` and has a `kind` of its own becomes a
layer, as in the compiler's own files of `ogive/layers`. It is used where somebody names it, by
`--plugin my_layers.py` or `ogive.load(…, library=ogive.library_with("my_layers.py"))`; an `.arch` file can
name none.
"""

from ogive.layers.base import (
    Call,
    Channel,
    Initializer,
    Keyword,
    Layer,
    Layout,
    Look,
    Operand,
    Self,
    ShapeError,
    Size,
    Template,
    TensorType,
    Torch,
    Window,
    arg,
    map_of,
    plain_of,
    tokens_of,
)  # fmt: skip
from ogive.layers.code import Operands
from ogive.layers.guard import BadLayer
from ogive.layers.sizes import (
    ceil_div,
    compact,
    per_axis,
    require_float,
    require_map,
    window_size,
    window_too_large,
)  # fmt: skip

__all__ = [
    "BadLayer", "Call", "Channel", "Initializer", "Keyword", "Layer", "Layout", "Look", "Operand", "Operands",
    "Self", "ShapeError", "Size", "Template", "TensorType", "Torch", "Window", "arg", "ceil_div", "compact",
    "map_of", "per_axis", "plain_of", "require_float", "require_map", "tokens_of", "window_size",
    "window_too_large",
]  # fmt: skip
