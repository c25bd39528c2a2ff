"""Poolings in the boxes that they lead to, so that stages, and the skips between them, have room.

`2×2 max pool, /2 → down2 · Double 64→128` is one box where there were two. A pooling whose result goes
elsewhere, too, stays as it is.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from ogive.backends.draw.fold import flow
from ogive.backends.draw.fold.picture import Box, Picture, order

_LONGEST = 60


def with_pools(picture: Picture) -> Picture:
    """The picture with each pooling that one folded box alone takes in the box of that."""
    boxes = {item.id: item for item in picture.items if isinstance(item, Box)}
    out = Counter(e.tail for e in picture.edges)
    into: dict[str, str] = {}  # by pooling: the box that takes it
    whole: dict[str, Box] = {}
    for edge in picture.edges:
        pool, taker = boxes.get(edge.tail), boxes.get(edge.head)
        if pool is None or taker is None or taker.id in whole or edge.style != "flow":
            continue
        if pool.kind != "pool" or pool.region is not None or out[pool.id] > 1:
            continue
        title = f"{pool.text.title} → {taker.text.title}"
        plain = pool.badge == taker.badge == 1 and not pool.text.before and not pool.text.after
        if taker.region is None or not plain or len(title) > _LONGEST:
            continue
        text = replace(taker.text, title=title, label=(*pool.text.label, *taker.text.label))
        every = (*pool.every, *taker.every)
        whole[taker.id] = replace(taker, text=text, nodes=(*pool.nodes, *taker.nodes), every=every)
        into[pool.id] = taker.id
    items = tuple(whole.get(item.id, item) for item in picture.items if item.id not in into)
    edges = [replace(e, head=into.get(e.head, e.head)) for e in picture.edges if e.tail not in into]
    return replace(picture, items=items, edges=tuple(edges), spine=flow.spine(order(items), edges))
