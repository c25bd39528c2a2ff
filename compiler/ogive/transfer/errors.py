"""Why a transfer was refused."""

from __future__ import annotations

from ogive.diagnostics import ArchError, Diagnostic


class TransferError(ArchError):
    """The weights cannot be copied: the dataflows differ, the match is not unique, or the outputs disagree.

    The target is as it was. It carries one diagnostic, E530, which says where, with the paths of both.

    Args:
        message: what is wrong; each line after the first is a place, of which the message keeps the first.
        help: what to do, where that is known.
    """

    def __init__(self, message: str, help: str | None = None) -> None:  # noqa: A002 - the diagnostic's word
        self._given = message, help
        first, *places = (line.strip() for line in message.split("\n"))
        if first.endswith(":") and places:  # the message suffices alone
            first = f"{first} {places.pop(0)}"
        notes = tuple(("also", place.removeprefix("and ")) for place in places)
        super().__init__([Diagnostic("E530", first, (), notes, help)])

    def __reduce__(self) -> tuple[type[TransferError], tuple[str, str | None]]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return type(self), self._given
