"""Parameters and multiply-accumulates of the zoo: one table, each figure with where it comes from.

An entry is a variant of the zoo, or one changed by arguments or edits. `params` are those of the inference path, `heads` those
with auxiliary heads, `macs` one image's. A figure that its origin prints rounded is kept as it prints it: `"0.7244G"`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

Figure = int | str
UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}


class Count(NamedTuple):
    """What a network must count, and the origin of the figures."""

    params: Figure
    macs: Figure | None
    origin: str
    heads: int | None = None
    of: str = ""
    """The variant that is changed, where the entry is none itself."""
    arguments: Mapping[str, Any] = {}
    edits: Sequence[str] = ()


def agrees(found: int, stated: Figure) -> bool:
    """Whether a count is the stated one, or rounds to it."""
    if isinstance(stated, int):
        return found == stated
    unit = stated[-1] if stated[-1] in UNITS else ""
    number = Decimal(stated.removesuffix(unit))
    return (Decimal(found) / UNITS[unit]).quantize(number) == number


_TV = "torchvision's model of this name, counted by torch and by FlopCounterMode"
_TIMM = "timm's model of this name, counted by torch and by FlopCounterMode"
_CLIQUE = "hand count from the authors' code; their README prints these rounded, FLOPs as twice the multiply-accumulates"
_PUBLISHED = "layer by layer; the paper prints it rounded"
_HAND = "layer by layer, by hand"

COUNTS: dict[str, Count] = {
    "lenet5": Count(61_706, 416_520, "156 + 2,416 + 48,120 + 10,164 + 850, by hand"),
    "lenet5_1998": Count(60_000, None, "156 + 12 + 1,516 + 32 + 48,120 + 10,164, as the paper prints it"),
    "alexnet": Count(60_965_224, "0.7244G", "layer by layer, 227 pixels; the paper prints 60 million"),
    "alexnet_towers": Count(60_965_224, "0.7244G", "the same net as alexnet"),
    "alexnet_torchvision": Count(61_100_840, "0.7142G", _TV),
    "vgg11": Count(132_863_336, None, _TV),
    "vgg13": Count(133_047_848, None, _TV),
    "vgg16": Count(138_357_544, None, _TV),
    "vgg19": Count(143_667_240, None, _TV),
    "vgg11_bn": Count(132_863_336 + 5_504, None, _TV),
    "vgg13_bn": Count(133_047_848 + 5_888, None, _TV),
    "vgg16_bn": Count(138_357_544 + 8_448, None, _TV),
    "vgg19_bn": Count(143_667_240 + 11_008, None, _TV),
    "googlenet": Count(6_998_552, 1_582_671_872, "the widths of table 1, counted by hand", heads=13_378_280),
    "googlenet_torchvision": Count(6_624_904, "1.4984G", _TV, heads=13_004_888),
    "bn_inception": Count(11_194_984, "2.0189G", "figure 5 with projections of 96 in 4c and 4d: 576 channels, as slim"),
    "bn_inception_608": Count(11_285_224, "2.0326G", "the widths of figure 5 as printed: 608 channels, as Caffe's port"),
    "bn_mnist": Count(100_010, None, "784-100-100-100-10, by hand"),
    "bn_mnist_plain": Count(99_710, None, "784-100-100-100-10, by hand"),
    "inception_v3": Count(23_834_568, "5.7132G", _TV, heads=27_161_264),
    "inception_v4": Count(42_679_816, "12.254G", _TIMM),
    "inception_resnet_v2": Count(55_843_464, "13.156G", _TIMM),
    "resnet18": Count(11_689_512, 1_814_073_344, _TV),
    "resnet34": Count(21_797_672, 3_663_761_408, _TV),
    "resnet50": Count(25_557_032, 4_089_184_256, _TV),
    "resnet101": Count(44_549_160, 7_801_405_440, _TV),
    "resnet152": Count(60_192_808, 11_513_626_624, _TV),
    "resnet50_paper": Count(25_557_032, "3.858G", "the places of the strides in the authors' release, layer by layer"),
    "resnet101_paper": Count(44_549_160, "7.570G", "the places of the strides in the authors' release, layer by layer"),
    "resnet152_paper": Count(60_192_808, "11.282G", "the places of the strides in the authors' release, layer by layer"),
    "resnet34_a": Count(21_623_848, None, "resnet34 without its three projections, by hand"),
    "resnet34_b": Count(21_797_672, None, "torchvision's resnet34"),
    "resnet34_c": Count(22_716_840, None, "resnet34 with a projection in each block, by hand"),
    "cifar_resnet20": Count(269_722, None, f"{_PUBLISHED}: 0.27M"),
    "cifar_resnet32": Count(464_154, None, f"{_PUBLISHED}: 0.46M"),
    "cifar_resnet44": Count(658_586, None, f"{_PUBLISHED}: 0.66M"),
    "cifar_resnet56": Count(853_018, None, f"{_PUBLISHED}: 0.85M"),
    "cifar_resnet110": Count(1_727_962, None, f"{_PUBLISHED}: 1.7M"),
    "cifar_resnet1202": Count(19_421_274, None, f"{_PUBLISHED}: 19.4M"),
    "cifar_preresnet110": Count(1_727_962, None, _HAND),
    "cifar_preresnet164": Count(1_703_258, None, _HAND),
    "cifar_preresnet1001": Count(10_327_706, None, _HAND),
    "resnetv2_50": Count(25_549_352, None, _TIMM),
    "resnext50": Count(25_028_904, None, "torchvision's resnext50_32x4d"),
    "wide_resnet50_2": Count(68_883_240, None, _TV),
    "seresnet50": Count(28_088_024, None, _TIMM),
    "densenet121": Count(7_978_856, 2_834_161_664, _TV),
    "densenet161": Count(28_681_000, None, _TV),
    "densenet169": Count(14_149_480, 3_359_843_328, _TV),
    "densenet201": Count(20_013_928, 4_291_365_888, _TV),
    "densenet264": Count(33_337_704, None, "torchvision's class DenseNet with the paper's blocks"),
    "cifar_densenet_40_12": Count(1_019_722, "0.2648G", f"{_PUBLISHED}: 1.0M; CliqueNet's README 1.02M, 0.53G FLOPs"),
    "cifar_densenet_100_12": Count("7.0M", "1.7695G", f"{_PUBLISHED}: 7.0M; CliqueNet's README 3.54G FLOPs"),
    "cifar_densenet_100_24": Count(27_249_082, "6.889G", f"{_PUBLISHED}: 27.2M; CliqueNet's README 13.78G FLOPs"),
    "cifar_densenet_bc_100_12": Count(769_162, None, f"{_PUBLISHED}: 0.8M"),
    "cifar_densenet_bc_250_24": Count(15_324_406, None, f"{_PUBLISHED}: 15.3M"),
    "cifar_densenet_bc_190_40": Count(25_624_430, None, f"{_PUBLISHED}: 25.6M"),
    "cifar_densenet_bc_40_36": Count("1.5M", None, f"{_PUBLISHED}: 1.5M"),
    "cifar_densenet_bc_40_48": Count("2.7M", None, f"{_PUBLISHED}: 2.7M"),
    "cifar_densenet_bc_40_60": Count("4.3M", None, f"{_PUBLISHED}: 4.3M"),
    "dpn68": Count(12_611_602, "2.326G", "timm's dpn68, which differs in an activation"),
    "dpn92": Count(37_668_392, "6.502G", "timm's dpn92; the authors' README prints 6.5 G"),
    "dpn98": Count(61_570_728, "11.671G", "timm's dpn98; the authors' README prints 11.7 G"),
    "dpn107": Count(86_917_800, "18.299G", "timm's dpn107; the authors' README prints 18.3 G"),
    "dpn131": Count(79_254_504, "16.014G", "timm's dpn131; the authors' README prints 16.0 G"),
    "dpn68_timm": Count(12_611_602, "2.326G", "timm's dpn68"),
    "dpn92_timm": Count(37_668_392, "6.502G", "timm's dpn92"),
    "dpn98_timm": Count(61_570_728, "11.671G", "timm's dpn98"),
    "dpn107_timm": Count(86_917_800, "18.299G", "timm's dpn107"),
    "dpn131_timm": Count(79_254_504, "16.014G", "timm's dpn131"),
    "cliquenet_k36_t12": Count(935_994, 455_149_216, f"{_CLIQUE}: 0.94M, 0.91G"),
    "cliquenet_k64_t15": Count(4_485_706, "2.103G", f"{_CLIQUE}: 4.49M, 4.21G"),
    "cliquenet_k80_t15": Count(6_937_546, "3.226G", f"{_CLIQUE}: 6.94M, 6.45G"),
    "cliquenet_k80_t18": Count(10_135_594, 4_727_021_632, f"{_CLIQUE}: 10.14M, 9.45G"),
    "cliquenet_k12_t36": Count(1_045_306, None, f"{_CLIQUE}: 1.05M"),
    "cliquenet_k24_t18": Count(986_650, None, f"{_CLIQUE}: 0.99M"),
    "cliquenet_k36_t12_a": Count(977_898, None, "hand count from the authors' code"),
    "cliquenet_k36_t12_abc": Count(151_434, None, "hand count from the authors' code"),
    "cliquenet_s0": Count(5_703_728, "2.225G", "the authors' PyTorch code"),
    "cliquenet_s1": Count(7_956_776, "2.906G", "the authors' PyTorch code"),
    "cliquenet_s2": Count(10_003_756, "3.028G", "the authors' PyTorch code"),
    "cliquenet_s3": Count(13_170_904, "4.073G", "the authors' PyTorch code, run"),
    "cliquenet_s0_a": Count(6_245_330, None, "the authors' PyTorch code"),
    "cliquenet_s1_a": Count(8_740_046, None, "the authors' PyTorch code"),
    "cliquenet_s2_a": Count(11_008_376, None, "the authors' PyTorch code"),
    "cliquenet_s3_a": Count(14_383_024, None, "the authors' PyTorch code, run"),
    "squeezenet1_1": Count(1_235_496, None, _TV),
    "mobilenet_v2": Count(3_504_872, None, _TV),
    "mobilenet_v3_large": Count(5_483_032, None, _TV),
    "mobilenet_v3_small": Count(2_542_856, None, _TV),
    "shufflenet_v2_x0_5": Count(1_366_792, None, _TV),
    "shufflenet_v2_x1_0": Count(2_278_604, None, _TV),
    "efficientnet_b0": Count(5_288_548, None, _TV),
    "regnet_y_400mf": Count(4_344_144, None, _TV),
    "regnet_x_400mf": Count(5_495_976, None, _TV),
    "convnext_tiny": Count(28_589_128, None, _TV),
    "vit_b_16": Count(86_567_656, None, _TV),
    "swin_t": Count(28_288_354, None, _TV),
    "unet": Count(31_030_658, None, "figure 1, convolution by convolution"),
    "fractalnet": Count(33_724_618, None, "f(C + 1) = f(C) f(C) beside a convolution, by hand"),
    "siamese": Count(38_951_745, None, "figure 4, layer by layer"),
    "rcnn_96": Count(672_202, None, f"{_PUBLISHED}: 0.67M"),
    "ssd300_vgg16": Count(35_641_826, None, "torchvision's detection model of this name"),
    "dcgan_generator": Count(3_576_704, None, "PyTorch's example of DCGAN"),
    "dcgan_discriminator": Count(2_765_568, None, "PyTorch's example of DCGAN"),
}
