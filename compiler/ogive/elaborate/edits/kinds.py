"""KIND: what an edit speaks of."""

from __future__ import annotations

from dataclasses import dataclass

from ogive.diagnostics import Label, did_you_mean, in_place_of
from ogive.elaborate.context import Context, Frame, Scope, Word
from ogive.elaborate.values import POISON, Block, Callable, describe
from ogive.layers.base import Layer
from ogive.syntax import ast

Target = type[Layer] | Block | Word


@dataclass(frozen=True, slots=True)
class Kind:
    """A KIND, once it is known what its name means.

    Attributes:
        name: as written.
        what: `layer`, `group`, `block`, `net` or `word`.
        targets: the layers, or the block or word, that it stands for.
        callee: what a name of the program stands for, with the arguments that it has; None for the others.
    """

    name: str
    what: str
    targets: tuple[Target, ...]
    callee: Callable | None = None

    def covers(self, target: Target) -> bool:
        """Whether a layer, block or word is of this kind."""
        return any(same_target(target, own) for own in self.targets)


def same_target(a: Target, b: Target) -> bool:
    """Whether both are the same layer, block or word; a block is its definition."""
    if isinstance(a, Block) and isinstance(b, Block):
        return a.definition is b.definition
    return a is b


def key(target: Target) -> object:
    """What tells layers, blocks and words apart in a dictionary."""
    return id(target.definition) if isinstance(target, Block) else target


def target_of(ctx: Context, scope: Scope, name: str) -> Callable | None:
    """The layer, block or word that a name stands for in a scope; None, silently, when it is none of them."""
    binding = scope.find(name)
    if binding is not None:
        return binding.value if isinstance(binding.value, Callable) else None
    if name in ctx.words:
        return Callable(ctx.words[name])
    layer = ctx.library.get(name)
    return Callable(layer) if layer is not None else None


def find_kind(ctx: Context, frame: Frame, selector: ast.Selector) -> Kind | None:
    """What the KIND of an edit stands for where the edit stands, or None when that was reported.

    A name of the program comes first, then words, then groups and layers. A name that is a layer and a group,
    as `conv` is, means the group when it stands alone and the layer when arguments follow, `conv()` too.
    """
    name = selector.kind.id
    binding = frame.scope.find(name)
    if binding is not None:
        binding.used = True
        if isinstance(binding.value, Callable):
            return Kind(name, binding.value.what, (binding.value.target,), binding.value)
        if binding.value is not POISON:
            _no_kind(ctx, frame, selector, describe(binding.value))
        return None
    if name in ctx.words:
        return Kind(name, "word", (ctx.words[name],))
    layer = ctx.library.get(name)
    alone = selector.span.end == selector.kind.span.end
    group = tuple(each for each in ctx.library.layers() if each.group == name)
    if group and (layer is None or alone):
        return Kind(name, "group", group)
    if layer is not None:
        return Kind(name, "layer", (layer,))
    _unknown(ctx, frame, selector)
    return None


def groups(ctx: Context) -> list[str]:
    """The groups that the library knows."""
    return list(ctx.library.groups())


def _no_kind(ctx: Context, frame: Frame, selector: ast.Selector, what: str) -> None:
    binding = frame.scope.find(selector.kind.id)
    labels = (Label(binding.span, "named here"),) if binding is not None and binding.span is not None else ()
    ctx.error(
        "E310",
        f"an edit speaks of a layer, a group, a block or a word, and `{selector.kind.id}` is {what}",
        selector.kind.span,
        what,
        labels=labels,
        frame=frame,
    )


def _unknown(ctx: Context, frame: Frame, selector: ast.Selector) -> None:
    name = selector.kind.id
    ours = ctx.library.alias(name)
    known = {*ctx.library.names(), *ctx.words, *groups(ctx), *frame.scope.visible()}
    guess = ours or did_you_mean(name, known)
    help_ = '`ogive layers` lists the layers there are; a stage is kept to with `in "name"`'
    if guess:
        help_ = f"did you mean `{guess}`?"
    ctx.error(
        "E310",
        f"no layer, group, block or word is called `{name}`",
        selector.kind.span,
        "not known",
        notes=(("note", f"the groups are {', '.join(groups(ctx))}"),),
        help=help_,
        fix=in_place_of(selector.kind.span, name, guess),
    )
