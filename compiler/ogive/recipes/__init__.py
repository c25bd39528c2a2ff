"""Training recipes: what may stand in one, what a program's recipes say, and how they are printed.

A recipe changes no shape and runs nothing here; `ogive.train` is what it speaks to. Nothing loads torch.
"""

from ogive.recipes.lines import Stated
from ogive.recipes.resolve import Recipe, resolve_all

__all__ = ["Recipe", "Stated", "resolve_all"]
