"""Modules of nets with unknown sizes: right at every size, and dynamic when they are exported."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import ogive
from elaborate.test_unknown_sizes import opened, unet
from ogive.layers.readoff import Unreadable, express, formula
from ogive.layers.unknown import Size, SizeExpr, substitute, unknown
from ogive.network import Network

h, w = unknown("h"), unknown("w")


def of(body: str, shape: str = "[3, ?h, ?w]", before: str = "") -> Network:
    return ogive.loads(f"{before}\nnet N() {{ input image: {shape}\n{body}\n}}", "N")


def example(network: Network, *values: int) -> tuple[torch.Tensor, ...]:
    """Random inputs of two samples at these sizes."""
    sizes: dict[str, Size] = dict(zip(network.unknowns, values, strict=True))
    tensors: list[torch.Tensor] = []
    for _, type_ in network.inputs:
        shape = [int(size) for size in type_.at(sizes).sizes if isinstance(size, int)]
        tensors.append(torch.randn(2, *shape) if type_.dtype == "float" else torch.randint(0, 9, (2, *shape)))
    return tuple(tensors)


def text(network: Network) -> str:
    """The classes of its source."""
    source = network.source()
    return source[source.index("class ") :]


MAPS = [
    "conv(4, 3x3, stride = 2, padding = 1) -> upsample(size = [in.height, in.width])",
    "conv(4, 3x3, stride = 2, padding = 1) as grid\n tokens -> ln -> map(grid.height, grid.width)",
    "conv(4, 3x3) as grid\n tokens -> ln -> map(in.height - 2, in.width - 2)",
    "slice(1, here.height // 2 + 1, axis = 2) -> slice(here.width - 3, axis = 3)",
    "crop(here.height - 2, here.width // 2 + 1)",
    "crop(5) -> pad([1, image.width - 5, here.height - 5, 2])",
    "pad([0, -here.width % 8, 0, -here.height % 8]) -> space_to_depth(8)",
    "flatten(2) -> reshape(in.height, 3, in.width, layout = plain)",
    "reshape(3 * here.height, here.width)",
    "split([1, 2]) as [a, b]\n [a, b] -> concat -> split(here.height // 2, here.height - here.height // 2, axis = 2) as [c, d]\n c",
    "avg_pool(3x3, stride = 2, padding = 1) as skip\n conv(3, 1x1) -> upsample(3) -> crop(skip.height, skip.width) -> concat(skip)",
    "global_avg_pool -> conv(8, 1x1) -> upsample(size = [in.height, in.width], mode = bilinear)",
    "conv(8, 3x3, stride = 2, padding = same) -> max_pool(3x3, stride = 2, padding = same)",
    "window_attention(3, window_size = 4)",
    "tokens -> positional(\"sine\") -> attention(3)",
    "max_pool(3x3, stride = 2, padding = 1) -> max_pool(2x2, ceil = true) -> avg_pool(3x3, stride = 3, ceil = true)",
    "avg_pool(3x2, stride = 2, padding = 1, count_include_pad = false) -> avg_pool(2x2, padding = 1, ceil = true)",
]  # fmt: skip


@pytest.mark.parametrize("body", MAPS)
def test_the_module_at_every_size_is_the_module_of_that_size(body: str) -> None:
    network = of(body)
    net = network.module().eval()
    (_, out), *_ = network.outputs
    for a, b in product((14, 15, 24), (13, 16)):
        (x,) = example(network, a, b)
        there = ogive.loads(network.text, input=(3, a, b))
        fixed = there.module().eval()
        fixed.load_state_dict(net.state_dict())
        found = net(x)
        assert tuple(found.shape[1:]) == out.at({"h": a, "w": b}).sizes == there.outputs[0][1].sizes
        torch.testing.assert_close(found, fixed(x))


def exported(network: Network, net: nn.Module, *values: int) -> nn.Module:
    program = torch.export.export(net, example(network, *values), dynamic_shapes=network.dynamic_shapes())
    return program.module()


@pytest.mark.parametrize("body", [body for body in MAPS if "window_attention" not in body])
def test_what_is_exported_is_dynamic(body: str) -> None:
    network = of(body)
    net = network.module().eval()
    for start in ((14, 17), (21, 20)):
        other = exported(network, net, *start)
        for a, b in product((15, 22), (13, 18, 24)):
            (x,) = example(network, a, b)
            torch.testing.assert_close(other(x), net(x))


def test_tokens_of_any_length() -> None:
    network = ogive.loads(
        'net N() { input t: int [?t]\n embedding(9, 8) -> positional("sine") -> class_token\n'
        " attention(2) -> ln -> select(0) -> linear(3) }"
    )
    net = network.module().eval()
    other = exported(network, net, 12)
    for length in (5, 12, 31):
        (tokens,) = example(network, length)
        assert net(tokens).shape == (2, 3)
        torch.testing.assert_close(other(tokens), net(tokens))


@pytest.mark.parametrize("layer", ["lstm", "gru"])
def test_torch_fixes_the_length_in_front_of_a_recurrent_layer(layer: str) -> None:
    network = ogive.loads(f"net N() {{ input x: [?n, 3]; {layer}(5) }}")
    net = network.module().eval()
    other = exported(network, net, 12)
    x = torch.randn(3, 12, 3)
    torch.testing.assert_close(other(x), net(x))
    assert net(x[:, :9]).shape == (3, 9, 5)
    with pytest.raises(AssertionError, match="12"):
        other(x[:, :9])


@pytest.mark.parametrize("name", ["resnet18", pytest.param("densenet121", marks=pytest.mark.slow)])
def test_a_zoo_net_at_any_size(name: str) -> None:
    network = ogive.loads(opened(name), name)
    net = network.module().eval()
    other = exported(network, net, 75, 64)
    for a, b in ((66, 97), (64, 64)):
        (x,) = example(network, a, b)
        torch.testing.assert_close(other(x), net(x), rtol=1e-3, atol=1e-4)
    fixed = ogive.load(name).module().eval()
    fixed.load_state_dict(net.state_dict())
    torch.testing.assert_close(fixed(x), net(x), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("shape", "padded", "sizes"), [
    ("[1, 8 * ?h, 8 * ?w]", True, ((3, 2), (2, 5))),
    ("[1, ?h, ?w]", False, ((96, 101), (93, 108))),
])  # fmt: skip
def test_a_unet_at_any_size(shape: str, padded: bool, sizes: tuple[tuple[int, int], ...]) -> None:
    network = ogive.loads(unet(shape, padded=padded))
    net = network.module().eval()
    other = exported(network, net, *sizes[0])
    for values in sizes:
        (x,) = example(network, *values)
        out = network.outputs[0][1].at(dict(zip("hw", values, strict=True)))
        assert tuple(net(x).shape[1:]) == out.sizes
        torch.testing.assert_close(other(x), net(x), rtol=1e-3, atol=1e-5)


def test_uses_at_other_sizes_share_a_class() -> None:
    block = "block Up() { upsample(size = [2 * in.height, 2 * in.width]) -> conv(4, 3x3, padding = 1) }"
    source = text(of("conv(4, 1x1) -> Up -> Up -> max_pool(2x2) -> Up", before=block))
    assert source.count("class Up") == 1
    assert "size=(2 * x.shape[2], 2 * x.shape[3])" in source


def test_numbers_beside_a_size_are_parameters() -> None:
    block = "block Cut(k) { conv(k, 1x1) -> crop(here.height - k, here.width // 2) }"
    source = text(of("Cut(4) -> Cut(5)", before=block))
    assert source.count("class Cut") == 1
    assert "center_crop(x, (x.shape[2] - self.k, x.shape[3] // 2))" in source


def test_a_size_from_afar_is_an_operand() -> None:
    before = "block To(height, width) { upsample(size = [height, width]) -> conv(4, 1x1) }"
    network = of("max_pool(3x3) -> To(image.height, image.width)", before=before)
    source = text(network)
    assert "def forward(self, x, x2):" in source
    assert "size=(x2.shape[2], x2.shape[3])" in source
    (node,) = [node for node in network.ir if node.layer.kind == "upsample"]
    assert node.own == 1
    assert len(network.ir.operands(node.name)) == 1
    assert len(network.ir.reads(node.name)) == 2
    assert network.module()(torch.randn(2, 3, 10, 11)).shape == (2, 4, 10, 11)


def test_a_known_remainder_keeps_the_pooling_as_it_is() -> None:
    assert "F.max_pool2d(x, 2)" in text(of("max_pool(2x2)", "[3, 2 * ?h, 8]"))
    assert "F.max_pool2d" not in text(of("max_pool(2x2)")).split("class N")[1]


def test_dynamic_shapes() -> None:
    network = ogive.loads("net N() { input a: [3, ?h, 8]\n input b: [5, ?h, 8]\n [a, b] -> concat }")
    auto: Any = torch.export.Dim.AUTO
    assert network.dynamic_shapes() == ({0: auto, 2: auto}, {0: auto, 2: auto})
    assert network.dynamic_shapes(batch=False) == ({2: auto}, {2: auto})


# ---------------------------------------------------------------- sizes from others

SOURCES: list[SizeExpr] = [
    h, 32 * h + 4, (h + 1) // 2, (h - 3) // 4, 3 * ((h + 1) // 2) - 1, h + w,
]  # type: ignore[list-item]  # fmt: skip


@given(
    st.sampled_from(SOURCES), st.integers(-3, 3), st.integers(-9, 9), st.integers(1, 5), st.integers(-4, 4)
)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_a_size_follows_from_another(source: SizeExpr, a: int, b: int, d: int, e: int) -> None:
    wanted = (a * source + b) // d + e
    if not isinstance(wanted, SizeExpr):
        return
    found = express(wanted, [("x", source)])
    assert found is not None
    python = formula(wanted, [("x", source)])
    for n, m in product(range(1, 40), (1, 17)):
        values: dict[str, Size] = {"h": n, "w": m}
        x = substitute(source, values)
        assert substitute(found, {"x": x}) == substitute(wanted, values) == eval(python, {"x": x})


def test_a_size_that_does_not_follow() -> None:
    for wanted, source in ((w, h), (h, (h + 1) // 2), (h, h + w), (h * w, h)):
        with pytest.raises(Unreadable):
            formula(wanted, [("x", source)])  # type: ignore[arg-type]
    assert formula(h * w, [("a", 2 * h), ("b", w + 1)]) == "(a // 2) * b - a // 2"  # type: ignore[arg-type]


def test_a_drawing_has_expressions() -> None:
    from ogive.backends.draw import draw

    dot = draw(of("max_pool(2x2) -> conv(8, 3x3, stride = 2, padding = 1)").ir, "dot").decode()
    assert "3×h×w" in dot
    assert "8×⌈⌊h/2⌋/2⌉" not in dot  # a quotient of a quotient is one
    assert "8×⌊(h+2)/4⌋×⌊(w+2)/4⌋" in dot


def test_a_cliques_module_at_any_size() -> None:
    network = ogive.loads(opened("cliquenet_k36_t12"), "cliquenet_k36_t12")
    net = network.module().eval()
    (x,) = example(network, 37, 44)
    fixed = ogive.load("cliquenet_k36_t12").module().eval()
    fixed.load_state_dict(net.state_dict())
    torch.testing.assert_close(fixed(x), net(x))
    assert net(*example(network, *network.unknowns.values())).shape == (2, 10)
