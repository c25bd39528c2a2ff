"""Modules of others that zoo networks must equal: torchvision's, timm's, and those written by hand in `reference_*.py`.

`OTHERS` says for a network of the zoo who else has it, and on what input both are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import timm
import torchvision
from torch import nn
from torchvision import models

Builder = Callable[[], nn.Module]


class Other(NamedTuple):
    """Somebody else's module of a network.

    Attributes:
        build: Makes it, without loading weights.
        input: Sizes of an image for which both are run in float64; small where the network takes any.
        slow: The run belongs to `make test-all`.
        counted: The FlopCounterMode of their module counts what ours must (False: it computes something else beside).
        of: The zoo's network, where the entry is not named after it.
        arguments: What makes ours the same, over the variant's own arguments.
    """

    build: Builder
    input: tuple[int, ...] = (3, 64, 64)
    slow: bool = False
    counted: bool = True
    of: str = ""
    arguments: Mapping[str, Any] = {}


def tv(name: str, *, size: int = 64, slow: bool = False, **more: Any) -> Other:
    """torchvision's."""
    return Other(lambda: models.get_model(name, weights=None, **more), (3, size, size), slow)


def tm(name: str, *, size: int = 64, slow: bool = False, **more: Any) -> Other:
    """timm's."""
    return Other(lambda: timm.create_model(name, pretrained=False, **more), (3, size, size), slow)


def own(build: Builder, input: tuple[int, ...] = (3, 32, 32), *, slow: bool = False) -> Other:  # noqa: A002
    """Written by hand here."""
    return Other(build, input, slow)


OTHERS: dict[str, Other] = {
    "alexnet_torchvision": tv("alexnet", slow=True),
    "vgg11": tv("vgg11", slow=True),
    "vgg13": tv("vgg13", slow=True),
    "vgg16": tv("vgg16", slow=True),
    "vgg19": tv("vgg19", slow=True),
    "vgg11_bn": tv("vgg11_bn", slow=True),
    "vgg13_bn": tv("vgg13_bn", slow=True),
    "vgg16_bn": tv("vgg16_bn", slow=True),
    "vgg19_bn": tv("vgg19_bn", slow=True),
    "googlenet_torchvision": tv("googlenet", aux_logits=True, init_weights=False),
    "inception_v3": tv("inception_v3", init_weights=False, size=107, slow=True),
    "inception_v4": tm("inception_v4", size=107, slow=True),
    "inception_resnet_v2": tm("inception_resnet_v2", size=107, slow=True),
    "resnet18": tv("resnet18"),
    "resnet34": tv("resnet34", slow=True),
    "resnet50": tv("resnet50"),
    "resnet101": tv("resnet101", slow=True),
    "resnet152": tv("resnet152", slow=True),
    "resnet34_b": tv("resnet34", slow=True),
    "resnetv2_50": tm("resnetv2_50", slow=True),
    "resnext50": tv("resnext50_32x4d", slow=True),
    "wide_resnet50_2": tv("wide_resnet50_2", slow=True),
    "seresnet50": tm("seresnet50", slow=True),
    "densenet121": tv("densenet121"),
    "densenet161": tv("densenet161", slow=True),
    "densenet169": tv("densenet169", slow=True),
    "densenet201": tv("densenet201", slow=True),
    "densenet264": Other(lambda: torchvision.models.DenseNet(32, (6, 12, 64, 48), 64), slow=True),
    "dpn68_timm": tm("dpn68"),
    "dpn92_timm": tm("dpn92", slow=True),
    "dpn98_timm": tm("dpn98", slow=True),
    "dpn107_timm": tm("dpn107", slow=True),
    "dpn131_timm": tm("dpn131", slow=True),
    "squeezenet1_1": tv("squeezenet1_1"),
    "mobilenet_v2": tv("mobilenet_v2"),
    "mobilenet_v3_large": tv("mobilenet_v3_large"),
    "mobilenet_v3_small": tv("mobilenet_v3_small"),
    "shufflenet_v2_x0_5": tv("shufflenet_v2_x0_5"),
    "shufflenet_v2_x1_0": tv("shufflenet_v2_x1_0"),
    "efficientnet_b0": tv("efficientnet_b0"),
    "regnet_y_400mf": tv("regnet_y_400mf"),
    "regnet_x_400mf": tv("regnet_x_400mf"),
    "convnext_tiny": tv("convnext_tiny", slow=True),
    "vit_b_16": tv("vit_b_16", size=224, slow=True),
    "swin_t": tv("swin_t", slow=True),
}
