"""What is different between two networks: by layers, arguments and connections, not by text.

Both become trees of parts (`tree`). Rows of parts are aligned so that most stays, trees inside rows
(`align`), which tells what corresponds (`match`); what corresponds is compared, argument by argument, and
what arrives at it (`wires`). So a stage that is renamed, or a layer put in between, changes nothing else.
Changes that are alike are told once (`roll`, `text`, `json`).
"""

from ogive.report.difference.changes import Argument, Change, Difference, Item, difference

__all__ = ["Argument", "Change", "Difference", "Item", "difference"]
