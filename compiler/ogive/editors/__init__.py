"""Colours for `.arch` text: Pygments, TextMate and LaTeX listings, all from `rules.py`."""
