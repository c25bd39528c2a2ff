"""Scores of networks as text and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ogive.render import visible
from ogive.train.confusion import most_confused

if TYPE_CHECKING:
    from ogive.train.evaluation import Evaluation
    from ogive.train.recalibration import Recalibrated
    from ogive.train.scoring import Contender

_LISTED = 20
"""Classes that are told one by one; of more, those that are recognised least."""
_WORST = 10
_PAIRS = 5


@dataclass(frozen=True, slots=True)
class Scored:
    """What was scored, and how it did.

    Attributes:
        contenders: one network, or the members of an ensemble.
        part: of the data.
        whole: the score.
        alone: that of each member.
        recalibrated: what was done to the batch norms of each, if it was asked for.
        bn_data: over which other data.
    """

    contenders: tuple[Contender, ...]
    part: str
    whole: Evaluation
    alone: tuple[Evaluation, ...]
    recalibrated: tuple[Recalibrated | None, ...]
    bn_data: str | None = None

    @property
    def name(self) -> str:
        """Of the network, or of the ensemble."""
        names = [each.run.name for each in self.contenders]
        if len(names) == 1:
            return names[0]
        alike = f" {names[0]}" if len(set(names)) == 1 else ""
        return f"ensemble of {len(names)}{alike}"


def title(scored: Scored) -> str:
    """`lenet5 on digits: test accuracy 98.61 % (355 of 360)`."""
    whole = scored.whole
    count = f"({whole.correct:,} of {whole.total:,})"
    data = scored.contenders[0].data.source.name
    return f"{scored.name} on {data}: {scored.part} accuracy {100 * whole.accuracy:.2f} % {count}"


def to_text(scored: Scored) -> str:
    """The score in lines."""
    whole = scored.whole
    top5 = f", top-5 {100 * whole.top5:.2f} %" if whole.top5 is not None else ""
    lines = [f"{visible(title(scored))}{top5}, loss {whole.loss:.4g}"]
    if len(scored.contenders) > 1:
        shown = [each.shown for each in scored.contenders]
        width = max(map(len, shown))
        lines += [
            f"  {name:<{width}}  {100 * each.accuracy:6.2f} %  loss {each.loss:.4g}"
            for name, each in zip(shown, scored.alone, strict=True)
        ]
    for contender, done in zip(scored.contenders, scored.recalibrated, strict=True):
        if done is not None and done.norms:
            lines.append(f"  {_recalibrated(contender, done, scored.bn_data)}")
    return "\n".join([*lines, "", *_classes(scored), *_confused(scored)])


def _recalibrated(contender: Contender, done: Recalibrated, data: str | None) -> str:
    name = data or contender.data.source.name
    norms = f"{len(done.norms)} batch norm" + ("s" if len(done.norms) > 1 else "")
    images = (
        f"{done.images:,} training images of {visible(name)}, in batches of {done.images // done.batches:,}"
    )
    if done.left_out:
        images += f" ({done.left_out:,} that fill no batch left out)"
    left = f"; {len(done.untouched)} not passed by them" if done.untouched else ""
    return f"{contender.shown}: {norms} recalibrated over {images}{left}"


def _classes(scored: Scored) -> list[str]:
    whole, names = scored.whole, scored.contenders[0].run.classes
    images, right = whole.confusion.sum(dim=1).tolist(), whole.confusion.diagonal().tolist()
    order = list(range(len(names)))
    said = "class"
    if len(names) > _LISTED:
        said = "recognised least"
        known = [place for place in order if images[place]]
        order = sorted(known, key=lambda place: right[place] / images[place])[:_WORST]
    shown = [visible(names[place]) for place in order]
    width = max([len(said), *map(len, shown)])
    lines = [f"  {said:<{width}}  accuracy"]
    for place, name in zip(order, shown, strict=True):
        share = f"{100 * right[place] / images[place]:6.2f} %" if images[place] else "     –  "
        lines.append(f"  {name:<{width}}  {share}  ({right[place]:,} of {images[place]:,})")
    return lines


def _confused(scored: Scored) -> list[str]:
    names = scored.contenders[0].run.classes
    pairs = most_confused(scored.whole.confusion, _PAIRS if len(names) <= _LISTED else _WORST)
    if not pairs:
        return []
    shown = [f"{visible(names[pair.true])} → {visible(names[pair.taken])}" for pair in pairs]
    said = "confused most"
    width = max([len(said), *map(len, shown)])
    lines = ["", f"  {said:<{width}}  images"]
    for pair, text in zip(pairs, shown, strict=True):
        lines.append(f"  {text:<{width}}  {pair.count:,} ({100 * pair.share:.1f} %)")
    return lines


def to_json(scored: Scored) -> dict[str, Any]:
    """Everything that is known, with the whole confusion matrix."""
    first = scored.contenders[0]
    return {
        "name": scored.name,
        "data": {
            "name": first.data.source.name,
            "part": scored.part,
            "images": first.data.counts[scored.part],
        },
        **scored.whole.to_json(first.run.classes),
        "networks": [
            {
                "name": contender.run.name,
                "run": str(contender.run.path) if contender.is_run else None,
                "weights": str(contender.run.weights),
                "accuracy": alone.accuracy,
                "recalibrated": _as_json(done, scored.bn_data or contender.data.source.name),
            }
            for contender, alone, done in zip(
                scored.contenders, scored.alone, scored.recalibrated, strict=True
            )
        ],
    }


def _as_json(done: Recalibrated | None, data: str) -> dict[str, Any] | None:
    if done is None:
        return None
    return {
        "norms": list(done.norms),
        "untouched": list(done.untouched),
        "data": data,
        "batches": done.batches,
        "images": done.images,
        "left_out": done.left_out,
    }
