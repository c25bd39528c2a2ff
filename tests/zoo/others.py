"""Modules of others that zoo networks must equal: torchvision's, timm's, and those written by hand in `reference_*.py`.

`OTHERS` says for a network of the zoo who else has it, and on what input both are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import timm
import torch
import torchvision
from torch import nn
from torchvision import models

from tests.zoo.reference_bn_inception import BNInception, mnist
from tests.zoo.reference_cliquenet import cifar, imagenet
from tests.zoo.reference_densenet import CifarDenseNet, dense_net_bc
from tests.zoo.reference_early import AlexNet, lenet5_today
from tests.zoo.reference_inception import InceptionV2, googlenet_of_the_paper
from tests.zoo.reference_resnet import CifarResNet, cifar_preresnet, resnet
from tests.zoo.reference_small import RCNN, FractalNet, UNet, dcgan_discriminator, dcgan_generator

Builder = Callable[[], nn.Module]


class Other(NamedTuple):
    """Somebody else's module of a network.

    Attributes:
        build: Makes it, without loading weights.
        input: Sizes of an image for which both are run in float64; small where the network takes any.
        slow: The run belongs to `make test-all`.
        counted: The FlopCounterMode of their module counts what ours must (False: it computes something else beside).
        flat: Theirs has a linear map as a 1x1 convolution, or the other way round: axes of size 1 do not count.
        of: The zoo's network, where the entry is not named after it.
        arguments: What makes ours the same, over the variant's own arguments.
    """

    build: Builder
    input: tuple[int, ...] = (3, 64, 64)
    slow: bool = False
    counted: bool = True
    flat: bool = False
    of: str = ""
    arguments: Mapping[str, Any] = {}


def tv(name: str, *, size: int = 75, slow: bool = False, **more: Any) -> Other:
    """torchvision's."""
    return Other(lambda: models.get_model(name, weights=None, **more), (3, size, size), slow)


def tm(name: str, *, size: int = 75, slow: bool = False, **more: Any) -> Other:
    """timm's."""
    return Other(lambda: timm.create_model(name, pretrained=False, **more), (3, size, size), slow)


def own(
    build: Builder,
    input: tuple[int, ...] = (3, 32, 32),  # noqa: A002
    *,
    slow: bool = False,
    of: str = "",
    **arguments: Any,
) -> Other:
    """Written by hand here."""
    return Other(build, input, slow, of=of, arguments=arguments)


DEEP = {"cifar_resnet1202", "cifar_preresnet1001"}
"""A thousand layers and more: even to count them takes long."""

OTHERS: dict[str, Other] = {
    "lenet5": own(lenet5_today, (1, 32, 32)),
    "alexnet": own(AlexNet, (3, 227, 227), slow=True),
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
    "googlenet": own(googlenet_of_the_paper, (3, 224, 224), slow=True),
    "bn_inception": own(partial(BNInception, 576, eps=1e-3, drop=0.2), (3, 64, 64)),
    "bn_inception, separable": own(
        partial(BNInception, 576, eps=1e-3, separable=True, drop=0.2),
        (3, 79, 79),
        of="bn_inception",
        separable=True,
    ),
    "bn_inception_608": own(partial(BNInception, 608, "caffe"), (3, 64, 64)),
    "inception": own(partial(BNInception, 576, order="conv act", lrn=True, drop=0.4), (3, 64, 64)),
    "bn_baseline": own(partial(BNInception, 576, drop=0.4), (3, 64, 64)),
    "bn_x5": own(partial(BNInception, 576), (3, 64, 64)),
    "bn_sigmoid": own(partial(BNInception, 576, act=torch.sigmoid), (3, 64, 64)),
    "bn_after": own(partial(BNInception, 576, order="conv act norm", drop=0.4), (3, 64, 64)),
    "bn_mnist": own(partial(mnist, norms=True), (1, 28, 28)),
    "bn_mnist_plain": own(partial(mnist, norms=False), (1, 28, 28)),
    "inception_v2": own(InceptionV2, (3, 299, 299), slow=True),
    "inception_v3": tv("inception_v3", init_weights=False, size=299, slow=True),  # its head needs all of it
    "inception_v4": tm("inception_v4", size=107, slow=True, drop_rate=0.2),
    "inception_resnet_v2": tm("inception_resnet_v2", size=107, slow=True, drop_rate=0.2),
    "resnet18": tv("resnet18"),
    "resnet34": tv("resnet34", slow=True),
    "resnet50": tv("resnet50"),
    "resnet101": tv("resnet101", slow=True),
    "resnet152": tv("resnet152", slow=True),
    "resnet34_b": tv("resnet34", slow=True),
    "plain18": own(lambda: resnet("plain", [2, 2, 2, 2]), (3, 64, 64)),
    "plain34": own(lambda: resnet("plain", [3, 4, 6, 3]), (3, 64, 64), slow=True),
    "resnet34_a": own(lambda: resnet("A", [3, 4, 6, 3]), (3, 64, 64), slow=True),
    "resnet34_c": own(lambda: resnet("C", [3, 4, 6, 3]), (3, 64, 64), slow=True),
    "resnet50_paper": own(lambda: resnet("bottleneck", [3, 4, 6, 3]), (3, 64, 64), slow=True),
    "resnet101_paper": own(lambda: resnet("bottleneck", [3, 4, 23, 3]), (3, 64, 64), slow=True),
    "resnet152_paper": own(lambda: resnet("bottleneck", [3, 8, 36, 3]), (3, 64, 64), slow=True),
    "cifar_resnet20": own(lambda: CifarResNet(20)),
    "cifar_resnet32": own(lambda: CifarResNet(32)),
    "cifar_resnet44": own(lambda: CifarResNet(44)),
    "cifar_resnet56": own(lambda: CifarResNet(56), slow=True),
    "cifar_resnet110": own(lambda: CifarResNet(110), slow=True),
    "cifar_resnet1202": own(lambda: CifarResNet(1202), (3, 16, 16), slow=True),
    "cifar_resnet20, option B": own(lambda: CifarResNet(20, "B"), of="cifar_resnet20", shortcut="auto"),
    "cifar_resnet20, option C": own(lambda: CifarResNet(20, "C"), of="cifar_resnet20", shortcut="project"),
    "cifar_preresnet110": own(lambda: cifar_preresnet(110), slow=True),
    "cifar_preresnet164": own(lambda: cifar_preresnet(164), slow=True),
    "cifar_preresnet1001": own(lambda: cifar_preresnet(1001), (3, 16, 16), slow=True),
    "resnetv2_50": tm("resnetv2_50", slow=True),
    "resnext50": tv("resnext50_32x4d", slow=True),
    "wide_resnet50_2": tv("wide_resnet50_2", slow=True),
    "seresnet50": tm("seresnet50", slow=True),
    "densenet121": tv("densenet121"),
    "densenet161": tv("densenet161", slow=True),
    "densenet169": tv("densenet169", slow=True),
    "densenet201": tv("densenet201", slow=True),
    "densenet264": Other(lambda: torchvision.models.DenseNet(32, (6, 12, 64, 48), 64), slow=True),
    "cifar_densenet_40_12": own(lambda: CifarDenseNet(40, 12), (3, 16, 16)),
    "cifar_densenet_100_12": own(lambda: CifarDenseNet(100, 12), (3, 16, 16), slow=True),
    "cifar_densenet_100_24": own(lambda: CifarDenseNet(100, 24), (3, 16, 16), slow=True),
    "cifar_densenet_bc_100_12": own(lambda: dense_net_bc(100, 12), (3, 16, 16), slow=True),
    "cifar_densenet_bc_250_24": own(lambda: dense_net_bc(250, 24), (3, 16, 16), slow=True),
    "cifar_densenet_bc_190_40": own(lambda: dense_net_bc(190, 40), (3, 16, 16), slow=True),
    "cifar_densenet_bc_40_36": own(lambda: dense_net_bc(40, 36), (3, 16, 16)),
    "cifar_densenet_bc_40_48": own(lambda: dense_net_bc(40, 48), (3, 16, 16)),
    "cifar_densenet_bc_40_60": own(lambda: dense_net_bc(40, 60), (3, 16, 16)),
    "cifar_densenet_40_12 from 2k": Other(
        lambda: CifarDenseNet(40, 12, first=24),
        (3, 16, 16),
        of="cifar_densenet_40_12",
        arguments={"init": 24},
    ),
    "cifar_densenet_40_12 with B": Other(
        lambda: CifarDenseNet(40, 12, bottleneck=True),
        (3, 16, 16),
        of="cifar_densenet_40_12",
        arguments={"form": "B"},
    ),
    "cifar_densenet_40_12 with C": Other(
        lambda: CifarDenseNet(40, 12, compression=0.5),
        (3, 16, 16),
        of="cifar_densenet_40_12",
        arguments={"form": "C"},
    ),
    "dpn68": tm("dpn68")._replace(flat=True),
    "dpn92": tm("dpn92", slow=True)._replace(flat=True),
    "dpn98": tm("dpn98", slow=True)._replace(flat=True),
    "dpn107": tm("dpn107", slow=True)._replace(flat=True),
    "dpn131": tm("dpn131", slow=True)._replace(flat=True),
    "dpn68_timm": tm("dpn68", slow=True),
    "dpn92_timm": tm("dpn92", slow=True),
    "dpn98_timm": tm("dpn98", slow=True),
    "dpn107_timm": tm("dpn107", slow=True),
    "dpn131_timm": tm("dpn131", slow=True),
    "cliquenet_k36_t12": own(lambda: cifar(36, 12), (3, 8, 8)),
    "cliquenet_k64_t15": own(lambda: cifar(64, 15), (3, 8, 8), slow=True),
    "cliquenet_k80_t15": own(lambda: cifar(80, 15), (3, 8, 8), slow=True),
    "cliquenet_k80_t18": own(lambda: cifar(80, 18), (3, 8, 8), slow=True),
    "cliquenet_k12_t36": own(lambda: cifar(12, 36), (3, 8, 8), slow=True),
    "cliquenet_k24_t18": own(lambda: cifar(24, 18), (3, 8, 8)),
    "cliquenet_k36_t12_a": own(lambda: cifar(36, 12, a=True), (3, 8, 8)),
    "cliquenet_k36_t12_b": own(lambda: cifar(36, 12, b=True), (3, 8, 8)),
    "cliquenet_k36_t12_c": own(lambda: cifar(36, 12, c=True), (3, 8, 8)),
    "cliquenet_k36_t12_abc": own(lambda: cifar(36, 12, a=True, b=True, c=True), (3, 8, 8)),
    "cliquenet_k36_t12_i_i": own(lambda: cifar(36, 12, stages="I+I"), (3, 8, 8)),
    "cliquenet_k36_t12_i_ii": own(lambda: cifar(36, 12, stages="I+II"), (3, 8, 8)),
    "cliquenet_k64_t15_x0": own(lambda: cifar(64, 15, x=0), (3, 8, 8)),
    "cliquenet_k64_t15_x1": own(lambda: cifar(64, 15, x=1), (3, 8, 8)),
    "cliquenet_k64_t15_x2": own(lambda: cifar(64, 15, x=2), (3, 8, 8)),
    "cliquenet_k64_t15_x3": own(lambda: cifar(64, 15, x=3), (3, 8, 8)),
    "cliquenet_k64_t15_x4": own(lambda: cifar(64, 15, x=4), (3, 8, 8)),
    "cliquenet_s0": own(lambda: imagenet(0), (3, 64, 64)),
    "cliquenet_s1": own(lambda: imagenet(1), (3, 64, 64), slow=True),
    "cliquenet_s2": own(lambda: imagenet(2), (3, 64, 64), slow=True),
    "cliquenet_s3": own(lambda: imagenet(3), (3, 64, 64), slow=True),
    "cliquenet_s0_a": own(lambda: imagenet(0, a=True), (3, 64, 64)),
    "cliquenet_s1_a": own(lambda: imagenet(1, a=True), (3, 64, 64), slow=True),
    "cliquenet_s2_a": own(lambda: imagenet(2, a=True), (3, 64, 64), slow=True),
    "cliquenet_s3_a": own(lambda: imagenet(3, a=True), (3, 64, 64), slow=True),
    "squeezenet1_1": tv("squeezenet1_1"),
    "mobilenet_v2": tv("mobilenet_v2"),
    "mobilenet_v3_large": tv("mobilenet_v3_large"),
    "mobilenet_v3_small": tv("mobilenet_v3_small"),
    "shufflenet_v2_x0_5": tv("shufflenet_v2_x0_5"),
    "shufflenet_v2_x1_0": tv("shufflenet_v2_x1_0"),
    "efficientnet_b0": tv("efficientnet_b0"),
    "regnet_y_400mf": tv("regnet_y_400mf"),
    "regnet_x_400mf": tv("regnet_x_400mf"),
    "regnetx_004": tm("regnetx_004"),
    "convnext_tiny": tv("convnext_tiny", slow=True),
    "vit_b_16": tv("vit_b_16", size=224, slow=True),
    "vit_b_16, small": Other(
        lambda: models.VisionTransformer(32, 8, 2, 4, 64, 256, num_classes=10),
        (3, 32, 32),
        of="vit_b_16",
        arguments={"size": 32, "patch": 8, "width": 64, "depth": 2, "heads": 4, "classes": 10},
    ),
    "swin_t, small": Other(
        lambda: models.SwinTransformer(
            [4, 4], 24, [2, 2, 2, 2], [1, 2, 4, 8], [7, 7], stochastic_depth_prob=0.2
        ),
        of="swin_t",
        arguments={"width": 24, "depths": [2, 2, 2, 2], "heads": [1, 2, 4, 8]},
    ),
    "convnext_tiny, small": Other(
        lambda: models.ConvNeXt(
            [models.convnext.CNBlockConfig(8, 16, 2), models.convnext.CNBlockConfig(16, None, 3)], 0.1
        ),
        of="convnext_tiny",
        arguments={"depths": [2, 3], "widths": [8, 16]},
    ),
    "swin_t": tv("swin_t", size=64, slow=True),
    "unet": own(UNet, (1, 188, 188), slow=True),
    "unet, narrow": own(lambda: UNet(4), (1, 188, 188), of="unet", width=4),
    "fractalnet": own(FractalNet, slow=True),
    "fractalnet, four columns": own(lambda: FractalNet(4), of="fractalnet", columns=4, slow=True),
    "rcnn_96": own(RCNN),
    "dcgan_generator": own(dcgan_generator, (100, 1, 1)),
    "dcgan_discriminator": own(dcgan_discriminator, (3, 64, 64)),
}
