"""Sizes that are read off a tensor: the module follows the tensor when the input is another."""

from __future__ import annotations

import torch

import ogive
from tests.elaborate.helpers import codes, net, out

UNET = """
block Double(width) { conv(width, 3x3) -> relu -> conv(width, 3x3) -> relu }
net UNet(classes = 2, depth = 2, width = 4) {
  input image: 1x60x60
  skips = []
  for i in 0..depth {
    stage "down{i + 1}" { Double(width * 2 ** i) }
    skips += here
    max_pool(2x2)
  }
  stage bottom { Double(width * 2 ** depth) }
  for i in 0..depth {
    let j = depth - 1 - i
    stage "up{i + 1}" {
      conv_transpose(width * 2 ** j, 2x2, stride = 2) as up
      skips[j] -> crop(up.height, up.width) -> concat(up) -> Double(width * 2 ** j)
    }
  }
  conv(classes, 1x1)
}
"""


def test_a_crop_to_a_tensor_follows_it() -> None:
    module = ogive.loads(UNET).module().eval()
    for size in (60, 76, 92):
        again = ogive.loads(UNET, input=(1, size, size))
        assert tuple(module(torch.zeros(2, 1, size, size)).shape[1:]) == again.outputs[0][1].sizes


def test_a_tensor_can_stand_for_its_sizes() -> None:
    assert out(net("small = max_pool(2x2)\ncrop(small) -> add(small)")) == "3x16x16"
    assert codes("small = max_pool(2x2)\ncrop(small, 3)") == ["E206"]
    assert codes("crop()") == ["E206"]


def test_arithmetic_on_a_size_gives_a_number() -> None:
    network = net(
        "small = max_pool(2x2)\ncrop(small.height // 2, small.width + 0) -> conv(1, 1x1)\nconv(small.height, 1x1)"
    )
    assert out(network) == "16x8x16"


def test_sizes_in_another_order_are_numbers() -> None:
    network = net("crop(here.width, here.height)", "3x20x20")
    assert [ref.node for ref in network.ir.operands("crop1")] == ["image"]
