"""The module that runs is the text that is printed: this executes what `torch_source` wrote.

The text is registered with `linecache`, so that a traceback shows its lines. A module pickles as its text and
its state, and so loads in any process that has ogive; `torch.save` of a `state_dict` needs not even that.
"""

from __future__ import annotations

import hashlib
import linecache
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from torch import nn

from ogive.backends.torch_source import class_of, torch_source
from ogive.graph import Graph

PREFIX = "ogive_text_"
"""How the modules of Python that hold a text are called, before a digest of it."""


def torch_module(graph: Graph, *, features: Sequence[str] | None = None) -> nn.Module:
    """Makes the network, with weights as its layers initialise them.

    Args:
        graph: the network.
        features: as for `torch_source`.

    Returns:
        An instance of the last class of `torch_source(graph)`; that text is its attribute `source_text`.

    Raises:
        ArchError: E118, a feature that the network does not have; E545, the text of a layer of the user's own
            does not run.
    """
    source = torch_source(graph, features=features)
    if not any(node.layer.origin for node in graph):
        return instantiate(source)
    from ogive.backends.own_layers import check_functions, check_parameters, explain_failure

    check_functions(graph)
    try:
        module = instantiate(source)
    except Exception as problem:
        failure = explain_failure(graph, problem)
        raise failure if failure is not None else problem from None
    if features is None:
        check_parameters(graph, module)
    return module


def instantiate(source: str) -> nn.Module:
    """Executes a text of `torch_source` and makes its net."""
    made: nn.Module = net_class(source)()
    return made


def net_class(source: str) -> type[nn.Module]:
    """Executes a text of `torch_source`, once a process, and returns the class of its net."""
    return getattr(load_text(source), class_of(source))


def load_text(source: str) -> ModuleType:
    """The text as a module of Python. The same text is the same module."""
    digest = hashlib.sha256(source.encode()).hexdigest()[:16]
    name = f"{PREFIX}{digest}"
    known = sys.modules.get(name)
    if known is not None:
        return known
    file = f"<ogive {digest}>"
    module = ModuleType(name)
    module.__file__ = file
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    sys.modules[name] = module
    try:
        exec(compile(source, file, "exec"), module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    for cls in vars(module).values():
        if isinstance(cls, type) and issubclass(cls, nn.Module) and cls.__module__ == name:
            _make_portable(cls, source)
    return module


def _make_portable(cls: type[nn.Module], source: str) -> None:
    """Lets the instances of a class be pickled with the text that defines it."""

    def __reduce_ex__(self: nn.Module, protocol: Any) -> tuple[Any, ...]:  # noqa: N807
        del protocol
        state = self.__getstate__() if hasattr(self, "__getstate__") else self.__dict__
        return _empty, (source, type(self).__qualname__), state

    cls.__reduce_ex__ = __reduce_ex__  # pyright: ignore[reportAttributeAccessIssue]
    cls.source_text = source  # pyright: ignore[reportAttributeAccessIssue]


def _empty(source: str, name: str) -> nn.Module:
    """An instance without state, to be filled by pickle or copy."""
    cls: type[nn.Module] = getattr(load_text(source), name)
    return cls.__new__(cls)
