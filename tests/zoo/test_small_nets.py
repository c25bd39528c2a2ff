"""The small networks that take two images, or words, or give several results: equal to theirs, and what they promise.

Those of one image and one result stand in `others.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn

import ogive
from tests.zoo.comparison import assert_same, shapes
from tests.zoo.reference_small import SSD, CharLSTM, Siamese, TransformerEncoder


class Small(NamedTuple):
    """A network of the zoo that somebody else has.

    Attributes:
        build: Makes their module; without `arguments`, of the zoo's size.
        inputs: What both are run on.
        arguments: Of both, which make them small.
        modes: Evaluating and training; one of them where there is neither a norm nor a dropout.
        flat: The scale of a norm has axes of size 1 in one of them.
        slow: The run belongs to `make test-all`.
    """

    build: Callable[..., nn.Module]
    inputs: Callable[[], list[Tensor]]
    arguments: Mapping[str, Any] = {}
    modes: Sequence[bool] = (False, True)
    flat: bool = False
    slow: bool = False


def images(*sizes: int, count: int) -> list[Tensor]:
    """Images of these sizes, a batch of one each."""
    return [torch.randn(1, *sizes, dtype=torch.float64) for _ in range(count)]


def words(different: int, length: int) -> list[Tensor]:
    """Two texts."""
    return [torch.randint(0, different, (2, length))]


SMALL = {
    "siamese": Small(Siamese, partial(images, 1, 105, 105, count=2), modes=[True], slow=True),
    "ssd300_vgg16": Small(
        SSD, partial(images, 3, 300, 300, count=1), {"classes": 3}, modes=[True], flat=True, slow=True
    ),
    "char_lstm": Small(CharLSTM, partial(words, 65, 50)),
    "char_lstm, three layers": Small(
        CharLSTM, partial(words, 20, 9), {"characters": 20, "width": 24, "layers": 3}
    ),
    "transformer_encoder": Small(
        TransformerEncoder, partial(words, 50, 9), {"vocabulary": 50, "width": 64, "depth": 2, "heads": 4}
    ),
}


def of_the_zoo(name: str) -> str:
    return name.partition(",")[0]


@pytest.mark.parametrize("name", [name for name in SMALL if name == of_the_zoo(name)])
def test_the_same_parameters(name: str) -> None:
    with torch.device("meta"):
        ours, theirs = ogive.load(name).module(), SMALL[name].build()
    flat = SMALL[name].flat
    assert shapes(ours, flat=flat) == shapes(theirs, flat=flat)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] if case.slow else []) for name, case in SMALL.items()],
)
def test_the_same_outputs_and_gradients(name: str) -> None:
    torch.manual_seed(0)
    case = SMALL[name]
    ours = ogive.load(of_the_zoo(name), **case.arguments).module().double()
    theirs = case.build(**case.arguments).double()
    assert_same(theirs, ours, *case.inputs(), modes=case.modes, flat=case.flat)


@pytest.mark.parametrize("name", ["char_lstm", "transformer_encoder"])
@pytest.mark.parametrize("length", [1, 5, 64])
def test_a_text_may_be_of_any_length(name: str, length: int) -> None:
    torch.manual_seed(0)
    case = SMALL[name]
    ours, theirs = (
        ogive.load(name, **case.arguments).module().double().eval(),
        case.build(**case.arguments).double().eval(),
    )
    ogive.transfer(theirs, ours, case.inputs(), verbose=False)
    (text,) = words(50, length)
    torch.testing.assert_close(ours(text), theirs(text), rtol=1e-9, atol=1e-12)


def test_the_scale_of_ssd_begins_with_twenty() -> None:
    begins = dict(ogive.load("ssd300_vgg16", classes=3).module().named_parameters())["scaled.weight"]
    assert begins.eq(20).all()


def test_the_twins_of_the_siamese_net_are_one() -> None:
    torch.manual_seed(0)
    module = ogive.load("siamese").module().eval()
    a, b = torch.rand(2, 1, 1, 105, 105)
    with torch.no_grad():
        torch.testing.assert_close(module(a, b), module(b, a))
        torch.testing.assert_close(module(a, a), torch.sigmoid(module.get_parameter("linear1.bias"))[None])
        assert not torch.allclose(module(a, b), module(a, a))


def test_the_results_of_ssd_are_called_as_torchvisions() -> None:
    network = ogive.load("ssd300_vgg16")
    with torch.device("meta"):
        ours, theirs = network.module(), SSD()
        image = torch.empty(1, 3, 300, 300)
        found, expected = ours(image), theirs(image)
    assert [(name, value.shape) for name, value in found.items()] == [
        (name, value.shape) for name, value in expected.items()
    ]
    assert [(name, type_.sizes) for name, type_ in network.outputs] == [
        ("bbox_regression", (8732, 4)),
        ("cls_logits", (8732, 91)),
    ]


def test_the_nets_of_dcgan_fit_together() -> None:
    generator, discriminator = (ogive.load(f"dcgan_{name}") for name in ("generator", "discriminator"))
    assert [type_ for _, type_ in generator.outputs] == [type_ for _, type_ in discriminator.inputs]
    for network in (generator, discriminator):
        for name, parameter in network.module().named_parameters():
            scale, shift = name.endswith("weight") and "bn" in name, name.endswith("bias")
            assert abs(parameter.mean().item() - (1 if scale else 0)) < 0.02, name
            assert shift or 0.01 < parameter.std().item() < 0.03, name
