"""The library: names, aliases, groups, and what a plugin may add."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import pytest

from ogive.elaborate.parameters import expected
from ogive.layers.base import Layer, Template, TensorType, Torch
from ogive.layers.library import Library


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("batchnorm", "bn"),
        ("BatchNorm2d", "bn"),
        ("batch_norm", "bn"),
        ("BatchNormalization", "bn"),
        ("Conv2D", "conv"),
        ("conv2d", "conv"),
        ("Conv1d", "conv"),
        ("maxpool", "max_pool"),
        ("MaxPool2d", "max_pool"),
        ("max_pool2d", "max_pool"),
        ("avgpool", "avg_pool"),
        ("AvgPool2d", "avg_pool"),
        ("Dense", "linear"),
        ("fc", "linear"),
        ("Linear", "linear"),
        ("dense_layer", "linear"),
        ("ReLU", "relu"),
        ("gap", "global_avg_pool"),
        ("GlobalAveragePooling2D", "global_avg_pool"),
        ("AdaptiveAvgPool2d", "global_avg_pool"),
        ("cat", "concat"),
        ("Concat", "concat"),
        ("concatenate", "concat"),
        ("groupnorm", "gn"),
        ("GroupNorm", "gn"),
        ("layernorm", "ln"),
        ("swish", "silu"),
        ("Flatten", "flatten"),
        ("dropout2d", "dropout"),
        ("ConvTranspose2d", "conv_transpose"),
        ("deconv", "conv_transpose"),
        ("LeakyReLU", "leaky_relu"),
        ("RELU", "relu"),
        ("max-pool", "max_pool"),
        ("MultiheadAttention", "attention"),
        ("mha", "attention"),
        ("cross_attention", "attention"),
        ("ShiftedWindowAttention", "window_attention"),
        ("LSTM", "lstm"),
        ("GRU", "gru"),
        ("SimpleRNN", "rnn"),
        ("Embedding", "embedding"),
        ("onehot", "one_hot"),
        ("pos_embed", "positional"),
        ("PositionalEncoding", "positional"),
        ("cls_token", "class_token"),
    ],
)
def test_what_users_of_other_tools_type(typed: str, meant: str) -> None:
    assert Library.standard().alias(typed) == meant


def test_nonsense_is_no_alias() -> None:
    library = Library.standard()
    assert library.alias("frobnicate") is None
    assert library.get("frobnicate") is None
    assert library.get("batchnorm") is None, "an alias is a suggestion, not a name"
    assert "batchnorm" not in library


def test_no_alias_belongs_to_two_layers_or_is_a_name() -> None:
    library = Library.standard()
    plain = {name.replace("_", ""): name for name in library.names()}
    owners: dict[str, str] = {}
    for layer in library.layers():
        for alias in layer.aliases:
            key = alias.lower().replace("_", "")
            assert plain.get(key, layer.kind) == layer.kind, f"{alias} is a layer of its own"
            assert owners.setdefault(key, layer.kind) == layer.kind, f"{alias} is claimed twice"


def test_groups_hold_every_layer_once() -> None:
    library = Library.standard()
    groups = library.groups()
    assert {"conv", "norm", "act", "pool", "dropout", "linear", "merge", "shape"} <= set(groups)
    assert sorted(name for names in groups.values() for name in names) == sorted(library.names())
    assert groups["attention"] == ("attention", "window_attention")
    assert groups["recurrent"] == ("lstm", "gru", "rnn")
    assert groups["embedding"] == ("embedding", "one_hot", "positional", "class_token")
    assert groups["dropout"] == ("dropout", "drop_path")
    assert set(groups["norm"]) == {"bn", "ln", "gn", "instance_norm", "rms_norm", "l2_norm", "lrn"}


@pytest.mark.parametrize("layer", Library.standard().layers(), ids=lambda layer: layer.kind)
def test_every_layer_is_documented_and_frozen(layer: type[Layer]) -> None:
    assert layer.__doc__
    assert not layer.__doc__.startswith(f"{layer.__name__}("), "only the signature that dataclass writes"
    names = [argument.name for argument in layer.arguments()]
    assert len(set(names)) == len(names)
    for argument in layer.arguments():
        assert argument.doc, f"{layer.kind}.{argument.name}"
        assert expected(argument)
        assert argument.types or argument.choices
    example = layer(**{argument.name: 1 for argument in layer.arguments() if argument.required})
    assert example == dataclasses.replace(example)
    assert hash(example) == hash(dataclasses.replace(example))
    with pytest.raises(dataclasses.FrozenInstanceError):
        example.kind = "other"  # type: ignore[misc]


def test_layers_of_different_kinds_differ() -> None:
    library = Library.standard()
    relu, tanh = library.get("relu"), library.get("tanh")
    assert relu is not None
    assert tanh is not None
    assert relu() != tanh()
    assert relu() == relu()


@dataclass(frozen=True)
class Square(Layer):
    """x²."""

    kind: ClassVar[str] = "square"
    group: ClassVar[str] = "act"
    aliases: ClassVar[tuple[str, ...]] = ("pow2", "cat")

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """The shape stays."""
        return (inputs[0],)

    def torch(self, inputs: Sequence[TensorType]) -> Torch:
        """`x.square()`."""
        return Torch(forward=Template("{0}.square()", atom=True))


def test_a_plugin_adds_to_its_own_library() -> None:
    library = Library.standard()
    held = library.add(Square)
    assert library.get("square") is held
    assert issubclass(held, Square)
    assert held.origin is not None
    assert held.origin.rpartition(":")[0].endswith("test_library.py")
    assert library.alias("pow2") == "square"
    assert library.alias("cat") == "concat", "who came first keeps an alias"
    assert "square" in library.groups()["act"]
    assert Library.standard().get("square") is None


def test_two_libraries_hold_the_same_layer() -> None:
    one, other = Library.standard().add(Square), Library.standard().add(Square)
    assert one is other
    assert one() == other()
    assert hash(one()) == hash(other())
    assert dataclasses.replace(one()) == one()


def test_two_layers_of_one_name_are_refused() -> None:
    library = Library.standard()
    library.add(Square)
    with pytest.raises(ValueError, match="two layers called `square`"):
        library.add(Square)


def test_a_layer_without_a_name_is_refused() -> None:
    class Nameless(Layer):
        """Nothing."""

    class Spaced(Layer):
        """A name that cannot be typed."""

        kind: ClassVar[str] = "two words"

    for layer in (Nameless, Spaced):
        with pytest.raises(ValueError, match="needs a class attribute"):
            Library().add(layer)


def test_importing_it_does_not_import_torch() -> None:
    code = "import sys, ogive.layers.library as m; m.Library.standard(); print('torch' in sys.modules)"
    environment = {"PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert result.stdout.strip() == "False"
