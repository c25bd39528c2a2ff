"""The versions, in one place: of the package (the wheel reads it here, too) and of the language."""

__version__ = "0.1.0"

LANGUAGE = 1
"""The version of the language that this package reads; a file may name it: `language 1`."""
OLDEST_LANGUAGE = 1
"""The oldest one whose files it still reads as they were meant."""
