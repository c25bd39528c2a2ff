"""What cannot be had from random arguments: `same` padding, initialisers, receptive fields, looks."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import nn

from layers.cases import CASES, LIBRARY
from layers.evaluate import module, outputs, source, weights
from ogive.layers.base import Initializer, Layer, Layout, TensorType, map_of, plain_of, tokens_of

INTS = TensorType((6,), Layout.PLAIN, "int")


def make(kind: str, **arguments: Any) -> Layer:
    layer = LIBRARY.get(kind)
    assert layer is not None
    return layer(**arguments)


@pytest.mark.parametrize("size", [(7, 8), (8, 8), (9, 5), (1, 2), (3, 10)])
@pytest.mark.parametrize("kernel", [1, 2, 3, (3, 4), 5])
@pytest.mark.parametrize("stride", [1, 2, 3, (2, 1)])
@pytest.mark.parametrize("dilation", [1, 2])
def test_same_padding_is_that_of_timm(size: Any, kernel: Any, stride: Any, dilation: int) -> None:
    from timm.layers import Conv2dSame

    layer = make("conv", out_channels=4, kernel_size=kernel, stride=stride, padding="same", dilation=dilation)
    x = map_of(3, *size)
    (found,) = layer.infer([x])
    steps = (stride, stride) if isinstance(stride, int) else stride
    assert found.spatial == tuple(-(-n // s) for n, s in zip(size, steps, strict=True))
    ours = module(layer, [x])
    theirs = Conv2dSame(3, 4, kernel, stride, dilation=dilation)
    theirs.load_state_dict({k.removeprefix("layer."): v for k, v in ours.state_dict().items()})
    value = torch.randn(2, *x.sizes)
    torch.testing.assert_close(ours(value), theirs(value))
    assert tuple(ours(value).shape[1:]) == found.sizes


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
def test_same_padding_in_every_mode_and_dimension(axes: int, mode: str) -> None:
    layer = make("conv", out_channels=2, kernel_size=4, stride=2, padding="same", padding_mode=mode)
    x = map_of(3, *(7, 8, 9)[:axes])
    result = module(layer, [x])(torch.randn(2, *x.sizes))
    assert tuple(result.shape[1:]) == layer.infer([x])[0].sizes == (2, *(4, 4, 5)[:axes])


def test_the_plain_same_is_plain_text() -> None:
    text = source(make("conv", out_channels=8, kernel_size=3, padding="same").torch([map_of(3, 9, 9)]), 1)
    assert "nn.Conv2d(3, 8, 3, padding=1)" in text


@pytest.mark.parametrize("size", [(7, 8), (8, 8), (9, 5), (1, 2)])
@pytest.mark.parametrize("kernel", [1, 2, 3, (3, 4)])
@pytest.mark.parametrize("stride", [None, 1, 2, (2, 1)])
def test_same_pooling_is_that_of_timm(size: Any, kernel: Any, stride: Any) -> None:
    from timm.layers import create_pool2d

    x = map_of(3, *size)
    value = torch.randn(2, *x.sizes)
    for kind in ("max", "avg"):
        layer = make(f"{kind}_pool", kernel_size=kernel, stride=stride, padding="same")
        result = module(layer, [x])(value)
        assert tuple(result.shape[1:]) == layer.infer([x])[0].sizes
        theirs = create_pool2d(kind, kernel, kernel if stride is None else stride, padding="SAME")
        torch.testing.assert_close(result, theirs(value))


@pytest.mark.parametrize("sizes", [(7,), (6,), (5, 8), (4, 5, 3), (1, 2, 1)])
@pytest.mark.parametrize("kernel", [1, 2, 3])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("counts", [True, False])
def test_same_pooling_window_by_window(
    sizes: tuple[int, ...], kernel: int, stride: int, counts: bool
) -> None:
    value = torch.randn(2, 3, *sizes, dtype=torch.float64)
    axes: list[list[list[int]]] = []  # for each axis and window the places in it
    for size in sizes:
        windows = -(-size // stride)
        before = max((windows - 1) * stride + kernel - size, 0) // 2
        starts = [window * stride - before for window in range(windows)]
        axes.append([[i for i in range(start, start + kernel) if 0 <= i < size] for start in starts])

    def pooled(reduce: Any) -> torch.Tensor:
        return torch.stack(
            [
                reduce(value[(..., *torch.meshgrid(*map(torch.tensor, places), indexing="ij"))].flatten(2))
                for places in itertools.product(*axes)
            ],
            2,
        ).unflatten(2, [len(axis) for axis in axes])

    x = map_of(3, *sizes)
    found = module(make("max_pool", kernel_size=kernel, stride=stride, padding="same"), [x])(value)
    torch.testing.assert_close(found, pooled(lambda window: window.amax(2)))
    layer = make("avg_pool", kernel_size=kernel, stride=stride, padding="same", count_include_pad=counts)
    whole = kernel ** len(sizes)
    mean = pooled(lambda window: window.sum(2) / (whole if counts else window.shape[2]))
    torch.testing.assert_close(module(layer, [x])(value), mean)


def test_the_plain_same_pooling_is_plain_text() -> None:
    layer = make("max_pool", kernel_size=3, stride=1, padding="same")
    assert "F.max_pool2d(x0, 3, stride=1, padding=1)" in source(layer.torch([map_of(3, 9, 9)]), 1)


@pytest.mark.parametrize(
    ("kind", "arguments", "x"),
    [
        ("conv", {"out_channels": 8, "kernel_size": 3}, map_of(3, 9, 9)),
        ("conv", {"out_channels": 8, "kernel_size": 4, "padding": "same"}, map_of(3, 9, 9)),
        ("conv_transpose", {"out_channels": 8, "kernel_size": 3}, map_of(3, 9, 9)),
        ("depthwise", {"kernel_size": 3}, map_of(3, 9, 9)),
        ("linear", {"out_features": 3}, plain_of(5)),
        ("bn", {}, map_of(3, 9, 9)),
        ("ln", {}, map_of(3, 9, 9)),
        ("ln", {}, tokens_of(4, 8)),
        ("gn", {"num_groups": 1}, map_of(3, 9)),
        ("instance_norm", {"affine": True}, map_of(3, 9)),
        ("rms_norm", {}, tokens_of(4, 8)),
        ("prelu", {}, plain_of(5)),
        ("embedding", {"count": 5, "width": 3}, INTS),
        ("class_token", {}, tokens_of(4, 8)),
        ("positional", {}, tokens_of(4, 8)),
    ],
)
def test_initialisers_set_the_weight(kind: str, arguments: dict[str, Any], x: TensorType) -> None:
    layer = make(kind, **arguments, init=Initializer("constant", (("val", 0.625),)))
    layer.infer([x])
    net = module(layer, [x])
    weight = dict(net.named_parameters())["layer.weight"]
    assert torch.equal(weight, torch.full_like(weight, 0.625))


@pytest.mark.parametrize(
    ("kind", "arguments", "inputs", "others"),
    [
        ("attention", {"num_heads": 2}, [tokens_of(4, 8)], {"in_proj_bias", "out_proj.bias"}),
        (
            "attention",
            {"num_heads": 2},
            [tokens_of(4, 8), tokens_of(3, 6)],
            {"in_proj_bias", "out_proj.bias"},
        ),
        (
            "window_attention",
            {"num_heads": 2},
            [map_of(8, 9, 9)],
            {"relative_position_bias_table", "qkv.bias", "proj.bias"},
        ),
        ("gru", {"width": 3, "num_layers": 2, "bias": False}, [tokens_of(4, 8)], set()),
        ("lstm", {"width": 3, "bidirectional": True, "bias": False}, [tokens_of(4, 8)], set()),
    ],
)
def test_initialisers_set_all_weights(
    kind: str, arguments: dict[str, Any], inputs: list[TensorType], others: set[str]
) -> None:
    layer = make(kind, **arguments, init=Initializer("constant", (("val", 0.625),)))
    layer.infer(inputs)
    net = module(layer, inputs)
    assert weights(net) == layer.parameters(inputs)
    left = {name.removeprefix("layer.") for name, p in net.named_parameters() if (p != 0.625).any()}
    assert left == others


def test_the_vector_of_padding_stays_zero() -> None:
    init = Initializer("normal")
    net = module(make("embedding", count=5, width=3, padding_idx=-2, init=init), [INTS])
    assert [bool(row.any()) for row in net.layer.weight] == [True, True, True, False, True]


def test_every_layer_with_a_weight_takes_an_initialiser() -> None:
    inputs = [map_of(4, 6, 6), tokens_of(4, 6), plain_of(4), INTS]
    for layer_class in LIBRARY.layers():
        names = {argument.name for argument in layer_class.arguments()}
        required = {a.name: 1 for a in layer_class.arguments() if a.required}
        for x in inputs:
            try:
                layer = layer_class(**required)
                layer.infer([x])
            except Exception:
                continue
            if layer.parameters([x]):
                assert "init" in names, layer_class.kind
                break


@pytest.mark.parametrize(
    ("kind", "arguments", "x"),
    [
        ("conv", {"out_channels": 1, "kernel_size": (3, 5), "stride": 2, "dilation": 2}, map_of(1, 21, 23)),
        ("conv", {"out_channels": 1, "kernel_size": 4, "stride": 3, "padding": 1}, map_of(1, 25)),
        ("avg_pool", {"kernel_size": 3, "stride": 2}, map_of(1, 17, 19)),
        ("depthwise", {"kernel_size": 3, "stride": 2, "padding": "same"}, map_of(1, 17, 19)),
        ("conv_transpose", {"out_channels": 1, "kernel_size": 5, "stride": 2}, map_of(1, 9)),
        ("conv_transpose", {"out_channels": 1, "kernel_size": 2, "stride": 2}, map_of(1, 9)),
        ("global_avg_pool", {}, map_of(1, 5, 7)),
        ("global_avg_pool", {}, tokens_of(5, 1)),
        ("adaptive_avg_pool", {"output_size": 5}, map_of(1, 7)),
        ("adaptive_avg_pool", {"output_size": 4}, map_of(1, 14)),
        ("adaptive_avg_pool", {"output_size": 7}, map_of(1, 3)),
        ("adaptive_avg_pool", {"output_size": 6}, map_of(1, 9)),
        ("upsample", {"scale_factor": 2}, map_of(1, 7)),
        ("upsample", {"scale_factor": 2, "mode": "linear"}, map_of(1, 7)),
        ("upsample", {"scale_factor": 2, "mode": "bicubic"}, map_of(1, 9, 9)),
        ("space_to_depth", {"downscale_factor": 2}, map_of(1, 6, 8)),
        ("pixel_shuffle", {"upscale_factor": 1}, map_of(1, 6, 8)),
        ("subsample", {"stride": 2}, map_of(1, 9)),
        ("attention", {"num_heads": 1}, tokens_of(5, 1)),
        ("window_attention", {"num_heads": 1, "window_size": (4, 3)}, map_of(1, 8, 9)),
        ("lstm", {"width": 2}, tokens_of(5, 1)),
        ("gru", {"width": 2, "bidirectional": True}, tokens_of(5, 1)),
        ("avg_pool", {"kernel_size": 3, "stride": 2, "padding": "same"}, map_of(1, 9, 8)),
    ],
)
def test_windows_are_what_the_gradient_reaches(kind: str, arguments: dict[str, Any], x: TensorType) -> None:
    layer = make(kind, **arguments)
    net = module(layer, [x]).double()
    for parameter in net.parameters():
        nn.init.ones_(parameter)
    value = torch.randn(1, *x.sizes, dtype=torch.float64, requires_grad=True)
    result = outputs(net(value))[0]
    window = layer.window([x])
    assert window is not None
    offset = 2 if x.layout.value == "map" else 1
    for axis, (extent, stride) in enumerate(window):
        widest = 0
        centres: list[float] = []
        for place in range(result.shape[axis + offset]):
            (reached,) = torch.autograd.grad(
                result.select(axis + offset, place).sum(), value, retain_graph=True
            )
            places = reached.movedim(axis + offset, 0).flatten(1).abs().sum(1).nonzero().flatten()
            widest = max(widest, int(places[-1] - places[0]) + 1)
            centres.append(float(places[-1] + places[0]) / 2)
        assert widest == extent
        # windows at the edges are cut off, by less than their extent
        assert abs(centres[-1] - centres[0] - float(stride) * (len(centres) - 1)) < max(extent, 2)


@pytest.mark.parametrize("kind", sorted(CASES))
def test_every_layer_has_a_look(kind: str) -> None:
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st

    @given(data=st.data())
    @settings(
        max_examples=15,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def look(data: Any) -> None:
        from ogive.layers.base import ShapeError

        layer, inputs = CASES[kind].draw(data)
        try:
            layer.infer(inputs)
        except ShapeError:
            return
        seen = layer.look(inputs)
        assert seen.kind in {
            "conv",
            "norm",
            "act",
            "pool",
            "linear",
            "attention",
            "merge",
            "dropout",
            "shape",
        }
        assert seen.label
        assert seen.short
        assert "\n" not in seen.label

    look()


@pytest.mark.parametrize(
    ("kind", "arguments", "inputs", "label"),
    [
        (
            "conv",
            {"out_channels": 128, "kernel_size": 3, "stride": 2},
            [map_of(64, 56, 56)],
            "3×3 conv, 128, /2",
        ),
        ("max_pool", {"kernel_size": 3, "stride": 2}, [map_of(64, 56, 56)], "3×3 max pool, /2"),
        ("depthwise", {"kernel_size": 3, "stride": 2}, [map_of(32, 56, 56)], "3×3 dw conv, 32, /2"),
        (
            "conv_transpose",
            {"out_channels": 64, "kernel_size": 2, "stride": 2},
            [map_of(128, 28, 28)],
            "2×2 up-conv, 64, ×2",
        ),
        ("linear", {"out_features": 1000}, [plain_of(512)], "linear, 1000"),
        ("bn", {}, [map_of(64, 56, 56)], "BN"),
        ("dropout", {"p": 0.5}, [plain_of(4096)], "dropout, 0.5"),
        ("upsample", {"scale_factor": 2}, [map_of(64, 56, 56)], "upsample ×2"),
        ("attention", {"num_heads": 12}, [tokens_of(197, 768)], "attention, 12 heads"),
        ("attention", {"is_causal": True}, [tokens_of(9, 64)], "causal attention, 8 heads"),
        ("attention", {"num_heads": 1}, [tokens_of(9, 64), tokens_of(4, 8)], "cross attention, 1 head"),
        (
            "window_attention",
            {"num_heads": 3, "shift_size": 3},
            [map_of(96, 56, 56)],
            "7×7 window attention, 3 heads, shift 3",
        ),
        ("embedding", {"count": 99, "width": 64}, [INTS], "embedding, 64"),
        ("one_hot", {"count": 65}, [INTS], "one-hot, 65"),
        ("positional", {"encoding": "sine"}, [tokens_of(9, 64)], "sine positions"),
        (
            "lstm",
            {"width": 256, "num_layers": 2, "bidirectional": True},
            [tokens_of(9, 64)],
            "2 × BiLSTM, 256",
        ),
        ("select", {"index": -1}, [tokens_of(9, 64)], "last token"),
    ],
)
def test_looks(kind: str, arguments: dict[str, Any], inputs: list[TensorType], label: str) -> None:
    assert make(kind, **arguments).look(inputs).label == label
