"""Edits: `insert`, `remove`, `replace`, `set`, each a rewriting of the whole net while it is elaborated."""
