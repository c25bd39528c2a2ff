"""Several nets side by side: which of their stages stand in one row."""

from __future__ import annotations

import re

import pytest

from backends.draw.beside_scenes import opened, text, written, zoo  # fmt: skip
from ogive.backends.draw.styles.beside_column import column
from ogive.backends.draw.styles.beside_parts import Detail
from ogive.backends.draw.styles.beside_rows import rows
from ogive.backends.draw.subject import Subject


def aligned(*names: str) -> list[list[str]]:
    columns = [opened(name) for name in names]
    return [[row[i].text if i in row else "" for i in range(len(names))] for row in rows(columns)]


def test_sizes_that_are_nearly_equal_stand_in_one_row() -> None:
    assert aligned("alexnet", "vgg16") == [
        ["227×227", "224×224"], ["", "224×224"], ["", "112×112"], ["55×55", "56×56"], ["27×27", "28×28"],
        ["13×13", "14×14"], ["6×6", "7×7"], ["1×1", "1×1"],
    ]  # fmt: skip


def test_where_sizes_differ_each_column_says_its_own() -> None:
    scene, _ = zoo("alexnet", "vgg16")
    own = [mark for mark in scene.marks if re.match(r"c\d+\.size", mark.id)]
    assert {text(mark) for mark in own} == {
        "227×227", "224×224", "55×55", "56×56", "27×27", "28×28", "13×13", "14×14", "6×6", "7×7",
    }  # fmt: skip
    for mark in own:
        number, box = re.findall(r"\d+", mark.id)
        beside_ = next(m for m in scene.marks if m.id == f"c{number}.b{box}")
        assert mark.right < beside_.left
        assert mark.centre[1] == pytest.approx(beside_.centre[1])


def test_a_net_may_lack_stages() -> None:
    assert aligned("cifar_resnet20", "resnet18") == [
        ["32×32", "224×224"], ["", "112×112"], ["", "56×56"], ["32×32", "28×28"], ["16×16", "14×14"],
        ["8×8", "7×7"], ["1×1", "1×1"],
    ]  # fmt: skip


def test_a_bottleneck_belongs_to_the_stage_that_it_leads_to() -> None:
    """Table 1 of ResNet: all of conv3_x stands at 28×28, though its first convolution comes before the stride."""
    columns = [opened(name) for name in ("resnet18", "resnet50")]
    row = next(row for row in rows(columns) if row[0].text == "28×28")
    first = columns[1].boxes[row[1].first]
    assert (first.title, first.stage) == ("1×1 conv, 128", "conv3")


def test_unknown_sizes_are_told_and_aligned_by_their_part_of_the_input() -> None:
    body = (
        "conv(16, 3x3, stride = 2, padding = 1) -> relu -> max_pool(2x2) -> conv(8, 1x1) -> global_avg_pool"
    )
    net = written(f"net N() {{ input x: [3, ?h, ?w]; {body} }}")
    found = rows([column(net.structure, Detail()), opened("resnet18")])
    assert [[row[i].text if i in row else "" for i in range(2)] for row in found] == [
        ["h×w", "224×224"], ["⌈h/2⌉×⌈w/2⌉", "112×112"], ["⌊(h+1)/4⌋×⌊(w+1)/4⌋", "56×56"], ["", "28×28"],
        ["", "14×14"], ["", "7×7"], ["1×1", "1×1"],
    ]  # fmt: skip


def test_nets_without_sizes_are_aligned_by_the_names_of_their_stages() -> None:
    def net(more: str) -> Subject:
        ends = "stage body { linear(32) -> relu -> linear(32) -> relu }\n stage head { linear(4) }"
        return written(f"net N() {{ input x: [16]\n stage stem {{ linear(32) -> relu }}\n {more}\n {ends} }}")

    found = rows(
        [column(net(more).structure, Detail()) for more in ("", "stage extra { linear(32) -> relu }")]
    )
    flat = [["" if i not in row else row[i].text for i in range(2)] for row in found]
    assert flat == [["", ""], ["stem", "stem"], ["", "extra"], ["body", "body"], ["head", "head"]]


def test_tokens_do_not_stand_beside_maps() -> None:
    stand = rows([opened("char_lstm"), opened("unet")])
    assert not [row for row in stand if len(row) == 2 and len({len(s.sizes) for s in row.values()}) > 1
                and all(s.kind == "size" for s in row.values())]  # fmt: skip


UNET = """
net U(depth) {
  input image: 1x572x572
  skips = []
  for i in 0..depth { repeat 2 { conv(8 * 2 ** i, 3x3) -> relu }; skips += here; max_pool(2x2) }
  repeat 2 { conv(8 * 2 ** depth, 3x3) -> relu }
  for i in 0..depth {
    let j = depth - 1 - i
    conv_transpose(8 * 2 ** j, 2x2, stride = 2) as up
    skips[j] -> crop(up) -> concat(up) -> conv(8 * 2 ** j, 3x3) -> relu -> conv(8 * 2 ** j, 3x3) -> relu
  }
  conv(2, 1x1)
}
variant net = U(depth = DEPTH)
"""


def sides(*depths: int) -> list[list[str]]:
    """The rows of U-Nets of several depths, by the side of each."""
    columns = [column(written(UNET.replace("DEPTH", str(d))).structure, Detail()) for d in depths]
    found = rows(columns)
    return [[row[i].text.partition("×")[0] if i in row else "" for i in range(len(depths))] for row in found]


@pytest.mark.parametrize("depths", [(4, 2), (2, 4)])
def test_encoders_stand_beside_encoders_and_decoders_beside_decoders(depths: tuple[int, int]) -> None:
    """Ronneberger et al. 2015, figure 1, and one half as deep, whose decoder has other sizes: 272 and 536."""
    deep, shallow = depths.index(4), depths.index(2)
    found = sides(*depths)
    assert [row[deep] for row in found] == [
        "572", "570", "284", "140", "68", "32", "56", "104", "200", "392",
    ]  # fmt: skip
    assert [row[shallow] for row in found] == ["572", "570", "284", "140", "", "", "", "", "272", "536"]


def test_three_u_nets_share_the_rows_that_they_have_in_common() -> None:
    found = sides(2, 4, 3)
    assert [row for row in found if all(row)] == [
        ["572"] * 3, ["570"] * 3, ["284"] * 3, ["140"] * 3, ["272", "200", "248"], ["536", "392", "488"],
    ]  # fmt: skip
    assert ["", "104", "128"] in found


def test_a_decoder_never_stands_beside_an_encoder_of_its_size() -> None:
    pooled = "max_pool(2x2) -> conv(8, 3x3, padding = 1) -> max_pool(2x2) -> conv(8, 3x3, padding = 1)"
    up = "conv_transpose(8, 2x2, stride = 2)"
    nets = [
        written(f"net N() {{ input x: 3x64x64; conv(8, 3x3, padding = 1) -> {body} }}")
        for body in (f"{pooled} -> {up} -> {up}", pooled)
    ]
    found = rows([column(net.structure, Detail()) for net in nets])
    assert [[row[i].text if i in row else "" for i in range(2)] for row in found] == [
        ["64×64", "64×64"], ["32×32", "32×32"], ["16×16", "16×16"], ["32×32", ""], ["64×64", ""],
    ]  # fmt: skip
