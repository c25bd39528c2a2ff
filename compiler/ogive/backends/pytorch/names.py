"""Names of a program as names of Python.

The rule for attributes, whatever the string: every character outside `A-Z a-z 0-9 _` becomes `_`; what is
left is cut after 60 characters; a leading `_` gets an `n` before it (`_modules` is `n_modules`), a leading
digit a `_` (`3a` is `_3a`); Python's keywords and the attributes of `nn.Module` and `nn.Sequential` get a `_`
behind them (`train` is `train_`); and where two names of one module meet, the later gets `_2`, `_3` and so
on. So a name is its own attribute wherever it can be, and nothing that a program says can leave the place
that a name has.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable

LONGEST = 60
"""Characters of an attribute that are kept."""

MODULE_ATTRIBUTES = frozenset(
    [
        "T_destination", "add_module", "append", "apply", "bfloat16", "buffers", "call_super_init",
        "children", "clear", "compile", "cpu", "cuda", "double", "dump_patches", "eval", "extend",
        "extra_repr", "float", "forward", "get_buffer", "get_extra_state", "get_parameter",
        "get_submodule", "half", "insert", "ipu", "items", "keys", "load_state_dict", "modules", "mtia",
        "named_buffers", "named_children", "named_modules", "named_parameters", "parameters", "pop",
        "register_backward_hook", "register_buffer", "register_forward_hook",
        "register_forward_pre_hook", "register_full_backward_hook", "register_full_backward_pre_hook",
        "register_load_state_dict_post_hook", "register_load_state_dict_pre_hook", "register_module",
        "register_parameter", "register_state_dict_post_hook", "register_state_dict_pre_hook",
        "requires_grad_", "set_extra_state", "set_submodule", "share_memory", "state_dict", "to",
        "to_empty", "train", "training", "type", "update", "values", "xpu", "zero_grad",
    ]
)  # fmt: skip
"""What `nn.Module` and its containers already have under a public name."""

RESERVED = frozenset(
    {
        "self",
        "nn",
        "F",
        "torch",
        "math",
        "OrderedDict",
        "named",
        "numbered",
        "name",
        "block",
        "i",
        "use",
        *dir(builtins),
    }
)
"""What the text speaks of itself, so that no variable, parameter or class may be called so."""


def attribute(name: str) -> str:
    """The attribute for a name, before collisions are settled."""
    safe = re.sub(r"[^A-Za-z0-9_]", "_", name)[:LONGEST] or "_"
    if safe[0] == "_":
        safe = f"n{safe}"
    elif safe[0].isdigit():
        safe = f"_{safe}"
    return f"{safe}_" if keyword.iskeyword(safe) or safe in MODULE_ATTRIBUTES else safe


def variable(name: str, taken: Iterable[str] = ()) -> str:
    """A variable or parameter for a name; it hides none of `taken`. Capitals are for classes."""
    safe = attribute(name)
    safe = f"{safe}_" if safe[0].isupper() else safe
    while safe in RESERVED or safe in taken or keyword.issoftkeyword(safe):
        safe += "_"
    return safe


def class_name(name: str) -> str:
    """`Bottleneck` stays, `conv3` is `Conv3`, `bn_x5` is `BnX5`, `3a` is `N3a`."""
    words = re.findall(r"[A-Za-z0-9]+", name[: 4 * LONGEST])
    joined = "".join(w[0].upper() + w[1:] for w in words)[:LONGEST] or "Net"
    if joined[0].isdigit():
        joined = f"N{joined}"
    return f"{joined}Block" if joined in RESERVED or keyword.iskeyword(joined) else joined


def unique(name: str, taken: set[str], joint: str = "_") -> str:
    """The name, or the name with the first of `_2`, `_3` … that is free; it is taken afterwards.

    Between name and number stands `joint`.
    """
    fresh, count = name, 1
    while fresh in taken:
        count += 1
        fresh = f"{name}{joint}{count}"
    taken.add(fresh)
    return fresh


def comment(text: str) -> str:
    """A text that can stand in a comment or a docstring: one line of plain characters.

    Blanks and line breaks become one space, `"` becomes `'` and a backslash `/`; what is left is `?`.
    """
    line = re.sub(r"\s+", " ", text[:400]).translate(_PLAIN_MARKS)
    return re.sub(r"[^\x20-\x7e\u00a1-\u024f\u2010-\u2027\u2190-\u21ff]", "?", line)[:200].strip()


_PLAIN_MARKS = str.maketrans({'"': "'", "\\": "/"})
