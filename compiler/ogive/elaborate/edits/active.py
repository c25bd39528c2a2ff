"""An edit that holds: what it selects is known, and what it brings is looked up where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from ogive.elaborate import expressions
from ogive.elaborate.context import Context, Frame, Scope
from ogive.elaborate.edits.arguments import effective, same_value
from ogive.elaborate.edits.kinds import Kind, Target, find_kind, key
from ogive.elaborate.edits.selection import Wanted, no_argument, parameters, wanted_arguments
from ogive.elaborate.values import POISON, Callable, Value
from ogive.source import Span
from ogive.syntax import ast

MAX_EDITS = 100
"""How many edits may hold in one place."""


@dataclass(frozen=True, slots=True, eq=False)
class ActiveEdit:
    """An edit in its place.

    Attributes:
        edit: as written.
        kind: what it speaks of.
        wanted: the arguments that it asks for; targets of the kind that cannot have them are missing.
        settings: of `set`, the arguments that it sets.
        within: the pattern of the stages that it keeps to; None: everywhere.
        scope: the names that it may use.
        definition: the block or net in whose body it stands; None for a variant's and the command's.
        variant: the variant that it stands in, if it does.
    """

    edit: ast.Edit
    kind: Kind
    wanted: Wanted
    settings: tuple[ast.Argument, ...]
    within: str | None
    scope: Scope
    definition: ast.Definition | None
    variant: ast.Variant | None = None

    @property
    def sets(self) -> set[str]:
        """Of `set`, the names of the arguments that it sets."""
        return {setting.name for setting in self.settings if setting.name is not None}

    def holds_in(self, stages: Sequence[str]) -> bool:
        """Whether one of the stages around is meant."""
        return self.within is None or any(fnmatchcase(stage, self.within) for stage in stages)

    def selects(self, ctx: Context, frame: Frame, callee: Callable, span: Span) -> bool:
        """Whether something that is about to be applied is meant, by its kind and its arguments."""
        wanted = self.wanted.get(key(callee.target))
        if not wanted:
            return wanted is not None
        values = effective(ctx, frame, callee, span)
        return values is not None and self.agrees(callee.target, values)

    def agrees(self, target: Target, values: Mapping[str, Value]) -> bool:
        """Whether these are the values of the arguments that it asks for."""
        wanted = self.wanted.get(key(target))
        return wanted is not None and all(
            name in values and same_value(values[name], value) for name, value in wanted.items()
        )


def short_text(edit: ast.Edit) -> str:
    """An edit on one line, for a message."""
    text = " ".join(edit.span.text.split())
    return text if len(text) <= 60 else f"{text[:59]}…"


@dataclass(frozen=True, slots=True)
class Taken:
    """Something that an edit removed or replaced.

    Attributes:
        target: what.
        stages: the names of the stages around, outermost first.
        span: where it was written.
        missed: the edits behind it that would have acted on it.
    """

    target: Target
    stages: tuple[str, ...]
    span: Span
    missed: frozenset[int]


@dataclass(slots=True)
class Acted:
    """What came of an edit in one elaboration.

    Attributes:
        active: the edit, as it was taken up first.
        hits: how often it acted.
        took: what it removed or replaced.
        places: where that on which it acted was written.
    """

    active: ActiveEdit
    hits: int = 0
    places: set[Span] = field(default_factory=set)
    took: list[Taken] = field(default_factory=list)


def run_edit(ctx: Context, frame: Frame, edit: ast.Edit) -> None:
    """An edit in a body: it holds from there to the body's end, and acts before those of bodies around."""
    active = take_up(ctx, frame, edit, frame.definition)
    if active is None:
        return
    own = frame.own_edits
    frame.edits = hold(ctx, (*frame.edits[:own], active, *frame.edits[own:]))
    frame.own_edits = own + 1


def take_up(
    ctx: Context,
    frame: Frame,
    edit: ast.Edit,
    definition: ast.Definition | None = None,
    variant: ast.Variant | None = None,
) -> ActiveEdit | None:
    """Finds out what an edit speaks of; None when something about that is wrong, which was reported.

    Args:
        frame: the body, or the file, where it stands.
        definition: the block or net around it, if it stands in one.
        variant: the variant that it stands in, if it does.
    """
    ctx.spend(1, edit.span)
    kind = find_kind(ctx, frame, edit.selector)
    within = None if edit.within is None else expressions.string(ctx, frame, edit.within)
    if kind is None or within is POISON:
        return None
    arguments = edit.selector.arguments
    settings: tuple[ast.Argument, ...] = ()
    if isinstance(edit, ast.Set):
        settings = tuple(argument for argument in arguments if argument.name is not None)
        arguments = tuple(argument for argument in arguments if argument.name is None)
    wanted = wanted_arguments(ctx, frame, kind, arguments)
    if wanted is None:
        return None
    specs = parameters(ctx, kind)
    for setting in settings:
        name = setting.name or ""
        wanted = {each: values for each, values in wanted.items() if any(s.name == name for s in specs[each])}
        if not wanted:
            no_argument(ctx, kind, specs, name, setting.span)
            return None
    return ActiveEdit(edit, kind, wanted, settings, within, frame.scope, definition, variant)


def hold(ctx: Context, edits: tuple[ActiveEdit, ...]) -> tuple[ActiveEdit, ...]:
    """The edits of a body, noted, so that one that matches nothing is reported.

    Raises:
        Stop: there are too many.
    """
    if len(edits) > MAX_EDITS:
        ctx.stop(
            "E315",
            f"more than {MAX_EDITS} edits act at the same time",
            edits[MAX_EDITS].edit.span,
            "one more",
            help="write what they make into the net itself",
        )
    for each in edits:
        ctx.acted.setdefault(id(each.edit), Acted(each))
    return edits
