"""Two networks compared: what users call `ogive.diff`."""

from __future__ import annotations

from ogive.given import wrong_type
from ogive.network import Network
from ogive.report.difference import Difference, difference


def diff(a: Network, b: Network) -> Difference:
    """What is different between two networks: `print(ogive.diff(ogive.load("vgg16"), ogive.load("vgg19")))`.

    They are compared by what they mean, layers, arguments and connections, not as text: a stage that is
    renamed, or a layer put in between, makes nothing else different.

    Args:
        a: what is compared with.
        b: what is looked at.

    Raises:
        TypeError: one of them is no Network.
    """
    for name, net in (("a", a), ("b", b)):
        if not isinstance(net, Network):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
            raise wrong_type(name, "a Network, such as ogive.load('resnet50')", net)
    return difference(a.ir, a.unrolled, b.ir, b.unrolled, names=names_of(a, b))


def names_of(a: Network, b: Network) -> tuple[str, str]:
    """What two networks are called beside each other: by their names; of one name, what was done to one from
    outside.
    """
    first, second = (given_name(net, net.name) for net in (a, b))
    return (first, second) if a.name == b.name else (a.name, b.name)


def given_name(net: Network, name: str) -> str:
    """A name, and what was given beside the program: `resnet50, edited`, `resnet50, at 3x64x64`.

    Args:
        net: it.
        name: what it is called.
    """
    compiled = net.compiled
    told = [
        name,
        *(["edited"] if net.edits else []),
        *(["with other settings"] if compiled.arguments else []),
        *([f"at {'x'.join(map(str, compiled.shape))}"] if compiled.shape else []),
    ]
    return ", ".join(told)
