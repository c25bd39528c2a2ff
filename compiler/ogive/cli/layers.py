"""`ogive layers`: the library of layers, read off their definitions."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import click

from ogive.cli.target import Settings, plugin_option, with_plugins
from ogive.render import visible

if TYPE_CHECKING:
    from ogive.elaborate.context import Word
    from ogive.layers.base import Layer
    from ogive.layers.library import Library


@click.command(short_help="List the layers and their arguments.", epilog="Example: ogive layers conv")
@click.argument("name", required=False)
@plugin_option
def command(name: str | None, plugins: tuple[str, ...]) -> None:
    """List the layers; with NAME, its arguments with their defaults."""
    from ogive.layers.library import Library

    library = with_plugins(Settings({}, None), plugins).library or Library.standard()
    if name is None:
        _print_all(library)
        return
    from ogive.elaborate.words import WORDS

    layer = library.get(name)
    if layer is None and name in WORDS:
        click.echo(describe_word(WORDS[name], library))
        return
    if layer is None:
        close = _meant(library, name)
        hint = f" Did you mean {close!r}?" if close else ""
        message = f"There is no layer {visible(name)!r}.{hint} `ogive layers` lists them all."
        raise click.ClickException(message)
    click.echo(describe(layer, library))


def describe(layer: type[Layer], library: Library) -> str:
    """The page of a layer: its call, what it does, each argument, and a net that uses it."""
    from ogive import reference
    from ogive.elaborate.parameters import expected

    arguments = layer.arguments()
    lines = [reference.signature(layer), "", inspect.cleandoc(layer.__doc__ or "")]
    if arguments:
        heads = [reference.head(argument) for argument in arguments]
        width = max(map(len, heads))
        lines.append("")
        lines += [
            f"  {head:<{width}}  {'; '.join(part for part in (argument.doc, expected(argument)) if part)}"
            for head, argument in zip(heads, arguments, strict=True)
        ]
    if layer.aliases:
        lines += ["", f"Elsewhere it is called {', '.join(layer.aliases)}."]
    shown = reference.shown(layer, library)
    if shown is not None:
        lines += [
            "",
            *(f"  {line}" for line in shown.program.splitlines()),
            "",
            f"gives {shown.result}. In PyTorch:",
        ]
        lines += ["", *(f"  {line}".rstrip() for line in shown.torch)]
    return "\n".join(lines)


def describe_word(word: Word, library: Library) -> str:
    """What a word of the language takes: `residual`, `dense`, `unit`."""
    from ogive import reference

    extra = library.get(word.extra) if word.extra else None
    arguments = [*word.arguments, *(extra.arguments() if extra else ())]
    heads = ", ".join(map(reference.head, arguments))
    call = f"{word.name}({heads})" if heads else word.name
    lines = [
        f"{call} {{ … }}" if word.body else call,
        "",
        f"A {word.what} of the language: see docs/language.md.",
    ]
    width = max((len(argument.name) for argument in arguments), default=0)
    lines += ["", *(f"  {a.name:<{width}}  {a.doc}".rstrip() for a in arguments)] if arguments else []
    return "\n".join(lines)


def _print_all(library: Library) -> None:
    from ogive.reference import first_sentence

    layers = library.layers()
    width = max(len(layer.kind) for layer in layers)
    family = None
    for layer in layers:
        if layer.__module__ != family:
            if family is not None:
                click.echo()
            family = layer.__module__
            click.echo(first_sentence(inspect.getdoc(inspect.getmodule(layer)) or ""))
        click.echo(f"  {layer.kind:<{width}}  {first_sentence(inspect.getdoc(layer) or '')}")


def _meant(library: Library, name: str) -> str | None:
    from ogive.diagnostics import did_you_mean

    return library.alias(name) or did_you_mean(name, library.names())
