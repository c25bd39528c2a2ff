"""What the tests of the language say often."""

from __future__ import annotations

import ogive
from ogive.diagnostics import ArchError
from ogive.network import Network


def net(body: str, shape: str = "3x32x32", before: str = "", **arguments: object) -> Network:
    """A network with one input and this body."""
    return ogive.loads(f"{before}\nnet N() {{\n  input image: {shape}\n{body}\n}}", "N", **arguments)


def codes(body: str, shape: str = "3x32x32", before: str = "") -> list[str]:
    """The codes of everything that is wrong with a body."""
    try:
        return [d.code for d in net(body, shape, before).warnings]
    except ArchError as problem:
        return [d.code for d in problem.diagnostics]


def shapes(network: Network) -> dict[str, str]:
    """Name -> type of every node."""
    return {node.name: str(node.outputs[0]) for node in network.ir}


def kinds(network: Network) -> list[str]:
    """The layers' kinds, in program order, without inputs."""
    return [node.layer.kind for node in network.ir if node.layer.group != "input"]


def out(network: Network) -> str:
    """The type of the only output."""
    ((_, type_),) = network.outputs
    return str(type_)
