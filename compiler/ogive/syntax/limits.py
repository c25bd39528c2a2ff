"""How much text is read. Whatever stands in a file, it is answered in seconds and little memory."""

DEEPEST = 100
"""Brackets and operators in one another: later passes recurse."""
MOST_REPORTED = 100
"""Mistakes; behind that many nothing is read any more."""
MOST_LEXEMES = 225_000
"""Words, numbers, signs and line ends of a file, with the pieces of its strings: about 20,000 statements."""
LONGEST_LINE = 2**17
"""Characters. No lexeme that repeats goes over a line, and `re` takes half a kilobyte for each repetition."""
