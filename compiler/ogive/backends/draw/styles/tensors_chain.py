"""A net as tensors in a row: the operations between neighbours, and what goes past some of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ogive.backends.draw.styles.tensors_operations import Operation
from ogive.layers.base import Size, TensorType

_LOOSELY = 3
"""From here on of what counts as equal, layers count as equal whose channels differ."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A box.

    Attributes:
        type: its sizes.
        made_by: the layers of the operation that makes it.
        copied: the channels of those maps, before its own, that are copies of earlier ones.
        together: the channels of tensors that are handed on side by side, where there are several.
        names: of the input or the outputs that it is.
    """

    type: TensorType
    made_by: tuple[str, ...]
    copied: tuple[Size, ...] = ()
    together: tuple[Size, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """An arrow between neighbours: an operation, so many times."""

    operation: Operation
    count: int = 1


@dataclass(frozen=True, slots=True)
class Skip:
    """An arrow past some steps.

    Attributes:
        start: the index of the tensor where it begins.
        end: the index of the tensor that it is a part of, or is added to.
        operation: what is done on the way.
        projection: whether that has weights.
        copy: which of the copies in that tensor it makes; None: it makes none.
    """

    start: int
    end: int
    operation: Operation
    projection: bool = False
    copy: int | None = None


@dataclass(frozen=True, slots=True)
class Aside:
    """An input or an output beside the row.

    Attributes:
        name: its name.
        type: its type.
        operation: what is done on the way to the row, or from it.
        given: whether it is an input.
        end: the index of the tensor that an input joins; None: it joins none of the row.
    """

    name: str
    type: TensorType
    operation: Operation
    given: bool = False
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Chain:
    """Tensors in a row; step i leads from tensor i to tensor i + 1.

    Attributes:
        tensors: the boxes.
        steps: the arrows between them.
        skips: the arrows past some of them.
        asides: what has no place in the row.
        gathered: how many operations are hidden in arrows that say no more than their number.
        lost: the skips that went with them, in words.
    """

    tensors: tuple[Tensor, ...]
    steps: tuple[Step, ...]
    skips: tuple[Skip, ...] = ()
    asides: tuple[Aside, ...] = ()
    gathered: int = 0
    lost: tuple[str, ...] = ()

    def operations(self) -> list[Operation]:
        """Those that occur, each once: the steps, then what goes past them, then what is beside."""
        every = [s.operation for s in (*self.steps, *self.skips, *self.asides)]
        return [operation for operation in dict.fromkeys(every) if operation.text]


def rolled(given: Chain, *, alike: int = 0) -> Chain:
    """The same with equal steps between equal tensors as one, so many times.

    Args:
        given: the tensors.
        alike: what counts as equal where only channels differ: 1 or 2, blocks; 3 or more, layers too.
    """
    held = {i for s in given.skips for i in (s.start, s.end)}
    held |= {aside.end for aside in given.asides if aside.end is not None}
    tensors, steps = [given.tensors[0]], list[Step]()
    at = [0]
    for i, step in enumerate(given.steps):
        before, after = given.tensors[i], given.tensors[i + 1]
        if (
            steps and steps[-1].operation == step.operation and i not in held and not before.names
            and _counted(step, before, after, alike)
        ):  # fmt: skip
            steps[-1] = replace(steps[-1], count=steps[-1].count + step.count)
            tensors[-1] = replace(after, made_by=(*tensors[-1].made_by, *after.made_by))
        else:
            steps.append(step)
            tensors.append(after)
        at.append(len(tensors) - 1)
    skips = tuple(replace(s, start=at[s.start], end=at[s.end]) for s in given.skips)
    asides = tuple(replace(a, end=None if a.end is None else at[a.end]) for a in given.asides)
    return Chain(tuple(tensors), tuple(steps), skips, asides)


def _counted(step: Step, before: Tensor, after: Tensor, alike: int) -> bool:
    """Whether a step is counted with the one before, which made the tensor that it takes."""
    if replace(before, made_by=()) == replace(after, made_by=(), names=()):
        return True
    level = before.type.spatial == after.type.spatial and not (before.copied or after.copied)
    return level and alike >= (1 if step.operation.folded else _LOOSELY)
