"""What `--set` and `--edit` make of a net, as a variant to put into a file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence


def edited_variant(
    name: str, text: str, arguments: Mapping[str, str], edits: Sequence[str]
) -> tuple[str, str]:
    """The name and the text of a variant: a net with arguments and edits, under a name free in the text."""
    free = f"{name}_edited"
    while re.search(rf"\b{free}\b", text):
        free += "_"
    given = f"({', '.join(f'{key} = {value}' for key, value in arguments.items())})" if arguments else ""
    lines = "".join(f"  {edit}\n" for edit in edits)
    return free, f"variant {free} = {name}{given} with {{\n{lines}}}"
