"""Which runs are the same but for their seed, and what tells the others apart. Imports no torch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ogive.train.recorded import Recorded

_TELLS_NOTHING = ("seed",)
"""Settings of a recipe that do not make another experiment."""


@dataclass(frozen=True)
class Group:
    """Runs that are one experiment, each with a seed of its own.

    Attributes:
        label: what tells it from the other groups, or the network's name where there is no other.
        runs: in the order in which they were given.
    """

    label: str
    runs: tuple[Recorded, ...]

    @property
    def count(self) -> str:
        """`3 seeds`; empty for one run."""
        if len(self.runs) == 1:
            return ""
        seeds = {run.seed for run in self.runs}
        return f"{len(self.runs)} {'seeds' if len(seeds) == len(self.runs) else 'runs'}"


def grouped(runs: Sequence[Recorded]) -> list[Group]:
    """The runs by experiment, in the order in which each experiment comes first."""
    found: dict[str, list[Recorded]] = {}
    for run in runs:
        found.setdefault(_experiment(run), []).append(run)
    groups = [tuple(group) for group in found.values()]
    labels = labels_of([facts_of(group[0]) for group in groups], [group[0].name for group in groups])
    return [
        Group(label if labels.count(label) == 1 else f"{label}, {group[0].path}", group)
        for label, group in zip(labels, groups, strict=True)
    ]


def _experiment(run: Recorded) -> str:
    """Everything that makes a run but its seed, and the machine it ran on."""
    data = run.record.get("data")
    parts: dict[str, Any] = {
        "net": run.name,
        "target": {key: value for key, value in run.target.items() if key != "file"},
        "recipe": {key: value for key, value in run.recipe.items() if key not in _TELLS_NOTHING},
        "data": {key: data.get(key) for key in ("name", "input", "classes")}
        if isinstance(data, Mapping)
        else data,
        "parameters": run.record.get("parameters"),
    }
    parts |= {key: run.record.get(key) for key in ("init_from", "freeze", "monitor")}
    return json.dumps(parts, sort_keys=True)


# --------------------------------------------------------------------------- labels

Facts = Mapping[str, str]
"""What a run is made of: a heading (`width`, `optimizer`; empty for what says itself what it is), a text."""


def facts_of(run: Recorded) -> Facts:
    """Net, arguments, edits, input, and the settings of the recipe."""
    target = run.target
    facts = {"": run.name}
    facts |= {f"set {name}": f"{name} = {value}" for name, value in _mapping(target.get("set")).items()}
    edits = target.get("edits")
    facts["edit"] = "; ".join(map(str, edits)) if isinstance(edits, list) and edits else "as written"
    facts["input"] = f"input {target.get('input') or 'as declared'}"
    facts["recipe"] = str(run.record.get("recipe") or "no recipe")
    facts["begin"] = f"begins with {run.record.get('init_from') or 'weights that were drawn'}"
    facts["freeze"] = f"frozen: {', '.join(map(str, run.record.get('freeze') or ())) or 'nothing'}"
    for name, text in run.recipe.items():
        if name not in _TELLS_NOTHING:
            facts[f"recipe {name}"] = f"{name} {text}"
    return facts


def labels_of(facts: Sequence[Facts], names: Sequence[str]) -> list[str]:
    """For each of several experiments what tells it from the others; its name where it is the only one."""
    if len(facts) == 1:
        return [names[0]]
    keys = sorted(dict.fromkeys(key for each in facts for key in each), key=_order)
    differing = [key for key in keys if len({each.get(key) for each in facts}) > 1]
    settings = [key for key in differing if key.startswith("recipe ")]
    if "recipe" in differing:
        told = {(each.get("recipe"), *(each.get(key) for key in settings)) for each in facts}
        named = len(told) == len({each.get("recipe") for each in facts})
        differing = [key for key in differing if key not in (settings if named else ["recipe"])]
    shortened = [_only_arguments([each.get(key) for each in facts]) for key in differing]
    texts = [[column[i] or _absent(key) for key, column in zip(differing, shortened, strict=True)]
             for i in range(len(facts))]  # fmt: skip
    return [", ".join(filter(None, each)) or name for each, name in zip(texts, names, strict=True)]


def _order(key: str) -> int:
    """The net, then its arguments, then edits, then the rest as it comes."""
    return 0 if not key else 1 if key.startswith("set ") else 2 if key == "edit" else 3


def _absent(key: str) -> str:
    """What is said of an experiment without something that others have."""
    return f"{key.partition(' ')[2]} not set" if key.startswith(("set ", "recipe ")) else ""


def _only_arguments(texts: Sequence[str | None]) -> list[str | None]:
    """`optimizer sgd(lr = 0.1, momentum = 0.9)` as `lr = 0.1` where only that argument differs."""
    calls = [_call(text) for text in texts]
    heads = {call[0] if call else None for call in calls}
    if len(heads) != 1 or None in heads:
        return list(texts)
    arguments = [call[1] for call in calls if call]
    keys = list(dict.fromkeys(key for each in arguments for key in each))
    differing = [key for key in keys if len({each.get(key) for each in arguments}) > 1]
    return [", ".join(each[key] for key in differing if key in each) or text
            for each, text in zip(arguments, texts, strict=True)]  # fmt: skip


def _call(text: str | None) -> tuple[str, dict[str, str]] | None:
    """`optimizer sgd(0.1, momentum = 0.9)` as its head and its arguments, by name or place."""
    head, bracket, inside = (text or "").partition("(")
    if not bracket or not inside.endswith(")"):
        return None
    arguments: dict[str, str] = {}
    for place, argument in enumerate(split_list(inside[:-1])):
        name, equals, _ = argument.partition("=")
        arguments[name.strip() if equals else str(place)] = argument
    return head, arguments


def split_list(text: str) -> list[str]:
    """`a, f(b, c), [d, e]` at the commas that stand in no brackets and in no string; pieces without the space
    around them.
    """
    pieces: list[str] = [""]
    depth, quoted, escaped = 0, False, False
    for sign in text:
        if quoted:
            quoted = escaped or sign != '"'
            escaped = sign == "\\" and not escaped
        elif sign == '"':
            quoted = True
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        elif sign == "," and depth <= 0:
            pieces.append("")
            continue
        pieces[-1] += sign
    return [piece.strip() for piece in pieces]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
