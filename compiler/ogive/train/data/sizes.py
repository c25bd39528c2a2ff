"""What is known of the sizes of images on their way to a network."""

from __future__ import annotations

from dataclasses import dataclass

from ogive.train.data.source import Shape


class TooSmall(Exception):
    """An image, read, is smaller than what is cut out of it; its text says how."""


class Impossible(Exception):
    """A step that cannot be done with what arrives.

    Attributes:
        message: why, with the sizes.
        help: what to write instead.
    """

    def __init__(self, message: str, help: str | None = None) -> None:  # noqa: A002  # the diagnostic's word
        super().__init__(message)
        self.message = message
        self.help = help


@dataclass(frozen=True, slots=True)
class Arriving:
    """The images at a place of a pipeline.

    Attributes:
        channels: of each.
        size: height and width of each; None where they differ.
        shorter: what the shorter side is, where sizes differ and that is known.
    """

    channels: int
    size: tuple[int, int] | None
    shorter: int | None = None

    @property
    def least(self) -> tuple[int, int] | None:
        """The least height and width that there may be, where that is known."""
        if self.size is not None:
            return self.size
        return (self.shorter, self.shorter) if self.shorter is not None else None

    @property
    def shape(self) -> Shape | None:
        """Channels, height and width, where all have the same."""
        return (self.channels, *self.size) if self.size is not None else None

    def __str__(self) -> str:
        if self.size is not None:
            return "x".join(map(str, (self.channels, *self.size)))
        side = f", the shorter side {self.shorter}" if self.shorter is not None else ""
        return f"{self.channels} channels of different sizes{side}"


def large_enough(size: tuple[int, int], taken: tuple[int, int]) -> bool:
    """Whether something of size `taken` can be cut out."""
    return size[0] >= taken[0] and size[1] >= taken[1]


def require_large_enough(size: tuple[int, int], taken: tuple[int, int]) -> None:
    """Refuses an image that was read.

    Raises:
        TooSmall: nothing of size `taken` can be cut out of it.
    """
    if not large_enough(size, taken):
        raise TooSmall(
            f"it is {size[0]}x{size[1]}, and {taken[0]}x{taken[1]} is cut out of it (height x width)"
        )
