"""Training recipes: what may stand in one, what a program's recipes say, and how they are printed.

A recipe changes no shape and runs nothing here; `ogive.train` is what it speaks to. Nothing loads torch.
"""

from ogive.recipes.default import default
from ogive.recipes.flags import with_flags
from ogive.recipes.lines import Stated
from ogive.recipes.resolve import Recipe, read_back, resolve_all
from ogive.recipes.whole import whole

__all__ = ["Recipe", "Stated", "default", "read_back", "resolve_all", "whole", "with_flags"]
