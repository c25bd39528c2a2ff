"""Rolls that were drawn once: which node stands for a node of a later copy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence


class Copies:
    """The copies of every roll that was drawn, rolls inside of rolls in the order from outside."""

    def __init__(self) -> None:
        self._firsts: list[tuple[str, ...]] = []  # by roll: the nodes of its first copy
        self._of: dict[str, list[tuple[int, int, int]]] = defaultdict(list)

    def add(self, copies: Sequence[tuple[str, ...]]) -> int:
        """Takes a roll, of whose copies the first is drawn.

        Args:
            copies: the nodes of each, in the same order.

        Returns:
            Its number: 0, 1, ….
        """
        number = len(self._firsts)
        self._firsts.append(copies[0])
        for copy, nodes in enumerate(copies):
            for place, node in enumerate(nodes):
                self._of[node].append((number, copy, place))
        return number

    def around(self, node: str) -> Sequence[tuple[int, int, int]]:
        """The rolls around a node: the number of each, which copy the node is in, and its place there."""
        return self._of[node]

    def resolve(self, node: str) -> tuple[str, dict[int, int]]:
        """The node that is drawn for a node, and which copy it was in each roll around it."""
        path: dict[int, int] = {}
        level = 0
        while level < len(self._of[node]):
            number, copy, place = self._of[node][level]
            path[number] = copy
            node = self._firsts[number][place]
            level += 1
        return node, path
