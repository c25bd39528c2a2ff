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
    printed: tuple[str, str | None] = ("", None)
    """What the paper or its authors' page prints, rounded: parameters, and FLOPs. Both must agree with the counts."""
    flops: int = 1
    """How many of those FLOPs are a multiply-accumulate."""


def agrees(found: int, stated: Figure) -> bool:
    """Whether a count is the stated one, or rounds to it."""
    if isinstance(stated, int):
        return found == stated
    unit = stated[-1] if stated[-1] in UNITS else ""
    number = Decimal(stated.removesuffix(unit))
    return (Decimal(found) / UNITS[unit]).quantize(number) == number


_TV = "torchvision's model of this name, counted by torch and by FlopCounterMode"
_TIMM = "timm's model of this name, counted by torch and by FlopCounterMode"
_CLIQUE = "hand count from the authors' code, and their README, which prints it rounded"
_CLIQUE_A = "the authors' PyTorch code, S3 run; in each transition two maps, C to C / 2 and back"
_PUBLISHED = "layer by layer, and the paper, which prints it rounded"
_HAND = "layer by layer, by hand"
_STRIDES = "a stride at the first 1x1, as in the authors' release, layer by layer: 3.858, 7.570, 11.282 G"

COUNTS: dict[str, Count] = {
    "lenet5": Count(61_706, 416_520, "156 + 2,416 + 48,120 + 10,164 + 850, by hand"),
    "lenet5_1998": Count(60_000, None, "156 + 12 + 1,516 + 32 + 48,120 + 10,164, as the paper prints it"),
    "alexnet": Count(60_965_224, "0.7244G", "layer by layer, 227 pixels; the paper prints 60 million"),
    "alexnet, ungrouped": Count(
        62_378_344, None, "layer by layer", of="alexnet", edits=["set conv(groups = 1)"]
    ),
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
    "bn_inception": Count(
        11_194_984, "2.0189G", "figure 5 with projections of 96 in 4c and 4d: 576 channels, as slim"
    ),
    "bn_inception, separable": Count(
        11_188_288,
        "1.9349G",
        "figure 5 with 576 channels, the first convolution separable",
        of="bn_inception",
        arguments={"separable": True},
    ),
    "bn_inception_608": Count(
        11_285_224, "2.0326G", "the widths of figure 5 as printed: 608 channels, as Caffe's port"
    ),
    "bn_inception_608, biases": Count(
        11_295_240,
        "2.0326G",
        "Caffe's port, and Cadene's to PyTorch",
        of="bn_inception_608",
        edits=["set conv(bias = true)"],
    ),
    "inception": Count(11_185_032, "2.0189G", "figure 5 with 576 channels, biases in the place of norms"),
    "bn_baseline": Count(11_194_984, "2.0189G", "figure 5 with 576 channels"),
    "bn_x5": Count(11_194_984, "2.0189G", "figure 5 with 576 channels"),
    "bn_sigmoid": Count(11_194_984, "2.0189G", "figure 5 with 576 channels"),
    "bn_after": Count(11_204_936, "2.0189G", "bn_baseline with its 9,952 biases, as no norm cancels them"),
    "bn_mnist": Count(100_010, 99_400, "784-100-100-100-10, by hand"),
    "bn_mnist_plain": Count(99_710, 99_400, "784-100-100-100-10, by hand"),
    "inception_v2": Count(
        25_954_248,
        6_352_562_784,
        "table 1, with the widths of torchvision's inception_v3, built of its parts",
        heads=29_280_176,
    ),
    "inception_v3": Count(23_834_568, "5.7132G", _TV, heads=27_161_264),
    "inception_v4": Count(42_679_816, "12.254G", _TIMM),
    "inception_resnet_v2": Count(55_843_464, "13.156G", _TIMM),
    "resnet18": Count(11_689_512, 1_814_073_344, _TV),
    "resnet34": Count(21_797_672, 3_663_761_408, _TV),
    "resnet50": Count(25_557_032, 4_089_184_256, _TV),
    "resnet101": Count(44_549_160, 7_801_405_440, _TV),
    "resnet152": Count(60_192_808, 11_513_626_624, _TV),
    "resnet50_paper": Count(25_557_032, 3_857_973_248, _STRIDES),
    "resnet101_paper": Count(44_549_160, 7_570_194_432, _STRIDES),
    "resnet152_paper": Count(60_192_808, 11_282_415_616, _STRIDES),
    "plain18": Count(11_515_688, 1_794_805_760, "torchvision's resnet18 without its three projections"),
    "plain34": Count(
        21_623_848,
        3_644_493_824,
        "torchvision's resnet34 without its three projections; the paper, figure 3, prints 3.6 billion",
        printed=("", "3.6G"),
    ),
    "resnet34_a": Count(21_623_848, 3_644_493_824, "resnet34 without its three projections, by hand"),
    "resnet34_b": Count(21_797_672, 3_663_761_408, "torchvision's resnet34"),
    "resnet34_c": Count(22_716_840, 3_830_747_136, "resnet34 with a projection in each block, by hand"),
    "resnet18, option A": Count(
        11_515_688,
        1_794_805_760,
        "resnet18 without its three projections, by hand",
        of="resnet18",
        edits=["set residual(shortcut = pad)"],
    ),
    "resnet18, option C": Count(
        12_043_816,
        1_878_298_624,
        "resnet18 with a projection in each block, by hand",
        of="resnet18",
        edits=["set residual(shortcut = project)"],
    ),
    "cifar_resnet20": Count(269_722, 40_551_040, _PUBLISHED, printed=("0.27M", None)),
    "cifar_resnet32": Count(464_154, 68_862_592, _PUBLISHED, printed=("0.46M", None)),
    "cifar_resnet44": Count(658_586, 97_174_144, _PUBLISHED, printed=("0.66M", None)),
    "cifar_resnet56": Count(853_018, 125_485_696, _PUBLISHED, printed=("0.85M", None)),
    "cifar_resnet110": Count(1_727_962, 252_887_680, _PUBLISHED, printed=("1.7M", None)),
    "cifar_resnet1202": Count(19_421_274, 2_829_238_912, _PUBLISHED, printed=("19.4M", None)),
    "cifar_resnet20, option B": Count(
        272_474,
        40_813_184,
        "cifar_resnet20 and two projections, by hand",
        of="cifar_resnet20",
        arguments={"shortcut": "auto"},
    ),
    "cifar_resnet110, option B": Count(
        1_730_714,
        253_149_824,
        "cifar_resnet110 and two projections, by hand",
        of="cifar_resnet110",
        arguments={"shortcut": "auto"},
    ),
    "cifar_preresnet110": Count(1_727_962, 252_887_680, _HAND),
    "cifar_preresnet164": Count(1_703_258, 244_500_992, _HAND),
    "cifar_preresnet1001": Count(10_327_706, 1_487_849_984, _HAND),
    "resnetv2_50": Count(25_549_352, 4_089_184_256, _TIMM),
    "resnext50": Count(25_028_904, 4_230_479_872, "torchvision's resnext50_32x4d"),
    "wide_resnet50_2": Count(68_883_240, 11_398_021_120, _TV),
    "seresnet50": Count(28_088_024, 4_091_699_200, _TIMM),
    "densenet121": Count(7_978_856, 2_834_161_664, _TV),
    "densenet161": Count(28_681_000, 7_727_907_072, _TV),
    "densenet169": Count(14_149_480, 3_359_843_328, _TV),
    "densenet201": Count(20_013_928, 4_291_365_888, _TV),
    "densenet264": Count(33_337_704, 5_751_653_376, "torchvision's class DenseNet with the paper's blocks"),
    "cifar_densenet_40_12": Count(1_019_722, "0.2648G", _PUBLISHED, printed=("1.02M", "0.53G"), flops=2),
    "cifar_densenet_100_12": Count(6_979_642, "1.7695G", _PUBLISHED, printed=("7.0M", "3.54G"), flops=2),
    "cifar_densenet_100_24": Count(27_249_082, "6.889G", _PUBLISHED, printed=("27.2M", "13.78G"), flops=2),
    "cifar_densenet_bc_100_12": Count(769_162, None, _PUBLISHED, printed=("0.8M", None)),
    "cifar_densenet_bc_250_24": Count(15_324_406, None, _PUBLISHED, printed=("15.3M", None)),
    "cifar_densenet_bc_190_40": Count(25_624_430, None, _PUBLISHED, printed=("25.6M", None)),
    "cifar_densenet_bc_40_36": Count(1_542_682, None, _PUBLISHED, printed=("1.5M", None)),
    "cifar_densenet_bc_40_48": Count(2_733_130, None, _PUBLISHED, printed=("2.7M", None)),
    "cifar_densenet_bc_40_60": Count(4_261_690, None, _PUBLISHED, printed=("4.3M", None)),
    "cifar_densenet of k = 24, T = 18": Count(
        988_042,
        None,
        "layer by layer, and CliqueNet's README",
        of="cifar_densenet_40_12",
        arguments={"depth": 22, "k": 24},
        printed=("0.99M", None),
    ),
    "cifar_densenet of k = 36, T = 12": Count(
        961_930,
        None,
        "layer by layer, and CliqueNet's README",
        of="cifar_densenet_40_12",
        arguments={"depth": 16, "k": 36},
        printed=("0.96M", None),
    ),
    "cifar_densenet_40_12 from 2k": Count(
        1_059_298,
        None,
        "layer by layer, of the authors' Lua code, which starts from 24 channels here",
        of="cifar_densenet_40_12",
        arguments={"init": 24},
    ),
    "dpn68": Count(12_611_602, "2.326G", "timm's dpn68"),
    "dpn92": Count(
        37_668_392,
        "6.502G",
        "timm's dpn92, and the authors' README, whose FLOPs are multiply-accumulates",
        printed=("", "6.5G"),
    ),
    "dpn98": Count(
        61_570_728,
        "11.671G",
        "timm's dpn98, and the authors' README, whose FLOPs are multiply-accumulates",
        printed=("", "11.7G"),
    ),
    "dpn107": Count(
        86_917_800,
        "18.299G",
        "timm's dpn107, and the authors' README, whose FLOPs are multiply-accumulates",
        printed=("", "18.3G"),
    ),
    "dpn131": Count(
        79_254_504,
        "16.014G",
        "timm's dpn131, and the authors' README, whose FLOPs are multiply-accumulates",
        printed=("", "16.0G"),
    ),
    "dpn68_timm": Count(12_611_602, "2.326G", "timm's dpn68"),
    "dpn92_timm": Count(37_668_392, "6.502G", "timm's dpn92"),
    "dpn98_timm": Count(61_570_728, "11.671G", "timm's dpn98"),
    "dpn107_timm": Count(86_917_800, "18.299G", "timm's dpn107"),
    "dpn131_timm": Count(79_254_504, "16.014G", "timm's dpn131"),
    "cliquenet_k36_t12": Count(935_994, 455_149_216, _CLIQUE, printed=("0.94M", "0.91G"), flops=2),
    "cliquenet_k64_t15": Count(4_485_706, 2_102_870_272, _CLIQUE, printed=("4.49M", "4.21G"), flops=2),
    "cliquenet_k80_t15": Count(6_937_546, 3_225_751_712, _CLIQUE, printed=("6.94M", "6.45G"), flops=2),
    "cliquenet_k80_t18": Count(10_135_594, 4_727_021_632, _CLIQUE, printed=("10.14M", "9.45G"), flops=2),
    "cliquenet_k12_t36": Count(1_045_306, 517_854_880, _CLIQUE, printed=("1.05M", None)),
    "cliquenet_k24_t18": Count(986_650, 486_502_048, _CLIQUE, printed=("0.99M", None)),
    "cliquenet_k36_t12_a": Count(
        977_898,
        455_149_216 + 2 * 2 * 144 * 72,
        "hand count from the authors' code: two maps each, 144 to 72 and back",
    ),
    "cliquenet_k36_t12_b": Count(
        112_562, 82_717_840, "hand count, n = 2: 1,728 + 31,288 + 2 * 31,896 + 2 * 5,328 + 848 + 4,250"
    ),
    "cliquenet_k36_t12_c": Count(
        935_994 + 101_440,
        490_567_504,
        "three maps, 208, 288 and 288 to half, with norms; half the norms behind, and of 784",
    ),
    "cliquenet_k36_t12_abc": Count(151_434, 95_513_800, "hand count from the authors' code, n = 2"),
    "cliquenet_k36_t12_i_i": Count(
        935_994 - 3 * 70_848,
        267_032_224,
        "the net without 6 kernels of 36 to 36 and 4 norms of 108 in each block",
    ),
    "cliquenet_k36_t12_i_ii": Count(935_994 - 70_848, 446_191_264, "the net without those of the last block"),
    **{
        f"cliquenet_k64_t15_x{x}": Count(
            4_485_706 - 3 * sum(2 * 256 + (5 - j) * 36_864 for j in range(x + 1, 6)),
            2_102_870_272 - (5 - x) * 4 * 36_864 * (32**2 + 16**2 + 8**2),
            "the net without a norm of 256 and the kernels from later layers, 64 to 64, for each layer behind the X-th",
        )
        for x in range(5)
    },
    "cliquenet_s0": Count(5_703_728, 2_225_215_936, "the authors' PyTorch code: 2.225G"),
    "cliquenet_s1": Count(7_956_776, 2_906_459_440, "the authors' PyTorch code: 2.906G"),
    "cliquenet_s2": Count(10_003_756, 3_028_227_640, "the authors' PyTorch code: 3.028G"),
    "cliquenet_s3": Count(13_170_904, 4_072_720_000, "the authors' PyTorch code, run: 4.073G"),
    "cliquenet_s0_a": Count(6_245_330, 2_225_215_936 + 180**2 + 384**2 + 600**2, _CLIQUE_A),
    "cliquenet_s1_a": Count(8_740_046, 2_906_459_440 + 180**2 + 480**2 + 720**2, _CLIQUE_A),
    "cliquenet_s2_a": Count(11_008_376, 3_028_227_640 + 180**2 + 400**2 + 900**2, _CLIQUE_A),
    "cliquenet_s3_a": Count(14_383_024, 4_072_720_000 + 240**2 + 480**2 + 960**2, _CLIQUE_A),
    "squeezenet1_1": Count(1_235_496, 349_151_936, _TV),
    "mobilenet_v2": Count(3_504_872, 300_774_272, _TV),
    "mobilenet_v3_large": Count(5_483_032, 216_589_760, _TV),
    "mobilenet_v3_small": Count(2_542_856, 56_510_400, _TV),
    "shufflenet_v2_x0_5": Count(1_366_792, 40_476_448, _TV),
    "shufflenet_v2_x1_0": Count(2_278_604, 144_907_992, _TV),
    "efficientnet_b0": Count(5_288_548, 385_814_752, _TV),
    "regnet_y_400mf": Count(4_344_144, 401_842_848, _TV),
    "regnet_x_400mf": Count(5_495_976, 413_812_608, _TV),
    "regnetx_004": Count(5_157_512, 397_677_568, _TIMM),
    "convnext_tiny": Count(28_589_128, 4_455_531_264, _TV),
    "vit_b_16": Count(86_567_656, 16_848_500_736, _TV),
    "swin_t": Count(28_288_354, 4_350_425_088, _TV),
    "unet": Count(31_030_658, 150_428_424_448, "figure 1, convolution by convolution"),
    "fractalnet": Count(
        33_724_618,
        845_222_912,
        "three convolutions from the block before and four more, five times; norms of 2 * width",
    ),
    "siamese": Count(
        38_951_745, 1_817_251_840, "figure 4, layer by layer: the twins twice, and a map of 4,096"
    ),
    "rcnn_96": Count(672_202, 219_710_400, _HAND),
    "ssd300_vgg16": Count(
        35_641_826, "34.858G", "torchvision's detection model of this name: what its weights say"
    ),
    "char_lstm": Count(240_321, 11_910_400, "99,840 + 132,096 + 8,385 by hand; 50 characters"),
    "transformer_encoder": Count(
        37_000 * 512 + 6 * 3_152_384,
        64 * 6 * (4 * 512**2 + 2 * 512 * 2048),
        "by hand; 64 tokens",
        arguments={"input": (64,)},
    ),
    "dcgan_generator": Count(3_576_704, 104_628_224, "PyTorch's example of DCGAN, layer by layer"),
    "dcgan_discriminator": Count(2_765_568, 103_817_216, "PyTorch's example of DCGAN, layer by layer"),
}
