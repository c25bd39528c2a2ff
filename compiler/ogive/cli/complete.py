"""What a shell offers for the beginning of a TARGET: files, and networks of the zoo.

`eval "$(_OGIVE_COMPLETE=bash_source ogive)"` in bash; `zsh_source` and `fish_source` for the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ogive.catalogue import zoo_names

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem


def complete_target(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Files as the shell completes them, and the names of the zoo that begin so."""
    from click.shell_completion import CompletionItem

    del context, parameter
    # bash forgets what came before an item for files
    names = [CompletionItem(name) for name in zoo_names() if name.startswith(incomplete)]
    return [CompletionItem(incomplete, type="file"), *names]
