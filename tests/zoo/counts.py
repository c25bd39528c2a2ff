"""Parameters and multiply-accumulates of the zoo, each with where the figure comes from.

`params` are those of the inference path, `heads` those with auxiliary heads, `macs` one image's.
"""

from __future__ import annotations

from typing import NamedTuple


class Count(NamedTuple):
    """What a variant must count, and the origin of the figures."""

    params: int
    macs: int | None
    origin: str
    heads: int | None = None


_TORCHVISION = "torchvision's model of the same name, and FlopCounterMode"
_CLIQUE = "hand count from the authors' code; the paper's README prints 0.94M, 0.91G and 10.14M, 9.45G (two per MAC)"

COUNTS: dict[str, Count] = {
    "lenet5": Count(61_706, 416_520, "156 + 2,416 + 48,120 + 10,164 + 850, by hand"),
    "resnet18": Count(11_689_512, 1_814_073_344, _TORCHVISION),
    "resnet34": Count(21_797_672, 3_663_761_408, _TORCHVISION),
    "resnet50": Count(25_557_032, 4_089_184_256, _TORCHVISION),
    "resnet101": Count(44_549_160, 7_801_405_440, _TORCHVISION),
    "resnet152": Count(60_192_808, 11_513_626_624, _TORCHVISION),
    "densenet121": Count(7_978_856, 2_834_161_664, _TORCHVISION),
    "densenet169": Count(14_149_480, 3_359_843_328, _TORCHVISION),
    "densenet201": Count(20_013_928, 4_291_365_888, _TORCHVISION),
    "googlenet": Count(6_998_552, 1_582_671_872, "the widths of table 1, counted by hand", heads=13_378_280),
    "cliquenet_k36_t12": Count(935_994, 455_149_216, _CLIQUE),
    "cliquenet_k80_t18": Count(10_135_594, 4_727_021_632, _CLIQUE),
}
