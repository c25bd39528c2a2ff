"""What layers say when they cannot take their inputs: the code, the words, the operand, the help."""

from __future__ import annotations

from typing import Any

import pytest

import ogive
from ogive.layers.base import Initializer, Layout, ShapeError, TensorType, map_of, plain_of, tokens_of
from ogive.layers.library import Library

LIBRARY = Library.standard()
MAP, TOKENS, VECTOR = map_of(64, 56, 56), tokens_of(196, 768), plain_of(512)
INDICES = TensorType((128,), Layout.PLAIN, "int")


def refusal(kind: str, *inputs: TensorType, **arguments: Any) -> ShapeError:
    layer = LIBRARY.get(kind)
    assert layer is not None
    with pytest.raises(ShapeError) as caught:
        layer(**arguments).infer(inputs)
    return caught.value


@pytest.mark.parametrize(
    ("kind", "inputs", "message", "operand"),
    [
        ("add", (MAP, map_of(256, 56, 56)), "64x56x56 and 256x56x56 differ in channels", 1),
        ("add", (MAP, map_of(64, 28, 28)), "64x56x56 and 64x28x28 differ in height and width", 1),
        ("add", (MAP, map_of(64, 1, 1)), "64x56x56 and 64x1x1 differ in height and width", 1),
        ("add", (map_of(8, 5), MAP), "8x5 and 64x56x56 differ in their number of axes: 2 and 3", 1),
        ("add", (MAP, MAP, map_of(64, 28, 56), MAP), "64x56x56 and 64x28x56 differ in height", 2),
        ("add", (map_of(32, 56, 56), MAP, MAP), "32x56x56 and 64x56x56 differ in channels", 0),
        ("sub", (tokens_of(4, 8), tokens_of(5, 8)), "4x8 and 5x8 differ in length", 1),
        ("mean", (tokens_of(4, 8), tokens_of(4, 9)), "4x8 and 4x9 differ in features", 1),
        ("max", (map_of(4, 8), tokens_of(4, 8)), "4x8 and 4x8 differ in layout: a map and tokens", 1),
        ("stack", (plain_of(128), INDICES), "[128] and int [128] differ in dtype: float and int", 1),
        ("concat", (MAP, map_of(8, 28, 56)), "64x56x56 and 8x28x56 differ in height", 1),
        ("mul", (MAP, map_of(32, 1, 1)), "64x56x56 and 32x1x1 differ in channels", 1),
        ("mul", (map_of(32, 1, 1), MAP), "32x1x1 and 64x56x56 differ in channels", 0),
        ("mul", (MAP, map_of(64, 28, 28)), "64x56x56 and 64x28x28 differ in height and width", 1),
        ("matmul", (tokens_of(4, 8), tokens_of(9, 2)), "4x8 and 9x2 do not fit: 8 columns and 9 rows", 1),
    ],
)
def test_disagreements_name_the_axis_and_the_operand(
    kind: str, inputs: tuple[TensorType, ...], message: str, operand: int
) -> None:
    error = refusal(kind, *inputs)
    assert (error.code, error.message, error.operand) == ("E201", message, operand)


def test_a_gate_that_was_flattened_says_how_to_give_it_places() -> None:
    for inputs in ((MAP, plain_of(64)), (plain_of(64), MAP)):
        error = refusal("mul", *inputs)
        assert error.code == "E201"
        assert error.help is not None
        assert "reshape(64, 1, 1, layout = map)" in error.help


def test_the_gate_spreads() -> None:
    mul = LIBRARY.get("mul")
    assert mul is not None
    gate = map_of(64, 1, 1)
    assert mul().infer([gate, MAP]) == mul().infer([MAP, gate, MAP]) == (MAP,)
    assert mul().infer([gate, gate]) == (gate,)


@pytest.mark.parametrize(
    ("kind", "arguments", "x", "message"),
    [
        (
            "conv",
            {"out_channels": 8, "kernel_size": 7},
            map_of(3, 5, 9),
            "a kernel of 7 is larger than the height of 3x5x9",
        ),
        (
            "conv",
            {"out_channels": 8, "kernel_size": (1, 7), "padding": 1},
            map_of(3, 9, 4),
            "a kernel of 7 is larger than the width of 3x9x4 plus 2 of padding",
        ),
        (
            "conv",
            {"out_channels": 8, "kernel_size": 3, "dilation": 4},
            map_of(3, 5),
            "a kernel of 3 (dilated to 9) is larger than the length of 3x5",
        ),
        (
            "conv",
            {"out_channels": 8, "kernel_size": 3, "padding": 3, "padding_mode": "reflect"},
            map_of(3, 3, 9),
            "reflect padding of 3 needs 4 elements, and the height of 3x3x9 is 3",
        ),
        ("max_pool", {"kernel_size": 2}, map_of(3, 1, 1), "a window of 2 is larger than the height of 3x1x1"),
        (
            "avg_pool",
            {"kernel_size": 2, "padding": 1},
            map_of(3, 1, 1, 1),
            "a window of 2 is larger than the depth of 3x1x1x1",
        ),
        ("crop", {"sizes": (60, 56)}, MAP, "60 is more than the height of 64x56x56"),
    ],
)
def test_windows_that_do_not_fit(kind: str, arguments: dict[str, Any], x: TensorType, message: str) -> None:
    error = refusal(kind, x, **arguments)
    assert (error.code, error.message, error.operand) == ("E202", message, 0)


@pytest.mark.parametrize(
    ("size", "arguments"),
    [
        (1, {"kernel_size": 4}),
        (5, {"kernel_size": 7}),
        (5, {"kernel_size": 3, "dilation": 4}),
        (2, {"kernel_size": 7, "padding": 1}),
    ],
)
def test_the_help_names_the_smallest_input_that_would_do(size: int, arguments: dict[str, Any]) -> None:
    error = refusal("conv", map_of(3, size), out_channels=1, **arguments)
    assert error.help is not None
    least = int(error.help.split("at least ")[1].split()[0])
    conv = LIBRARY.get("conv")
    assert conv is not None
    layer = conv(out_channels=1, **arguments)
    assert layer.infer([map_of(3, least)]) == (map_of(1, 1),)
    with pytest.raises(ShapeError):
        layer.infer([map_of(3, least - 1)])


@pytest.mark.parametrize(
    ("kind", "arguments", "x", "message", "helps"),
    [
        (
            "conv",
            {"out_channels": 32, "kernel_size": 3, "groups": 6},
            MAP,
            "groups = 6 does not divide the 64 input channels",
            "groups that divide both 64 and 32: 1, 2, 4",
        ),
        (
            "conv",
            {"out_channels": 33, "kernel_size": 3, "groups": 4},
            MAP,
            "groups = 4 does not divide the 33 output channels",
            "groups that divide both 64 and 33: 1",
        ),
        (
            "gn",
            {"num_groups": 6},
            MAP,
            "6 groups do not divide the 64 channels of 64x56x56",
            "groups that divide 64: 1, 2, 4",
        ),
        ("chunk", {"chunks": 3}, MAP, "cannot cut the 64 channels of 64x56x56 into 3 equal parts", "split"),
        ("channel_shuffle", {"groups": 3}, MAP, "3 groups do not divide the 64 channels of 64x56x56", None),
        (
            "pixel_shuffle",
            {"upscale_factor": 3},
            MAP,
            "3 x 3 places need a multiple of 9 channels, and 64x56x56 has 64",
            None,
        ),
        ("space_to_depth", {"downscale_factor": 3}, MAP, "3 does not divide the height of 64x56x56", None),
        (
            "prelu",
            {"num_parameters": 3},
            MAP,
            "num_parameters = 3 is neither 1 nor the 64 channels of 64x56x56",
            "prelu(64)",
        ),
    ],
)
def test_what_does_not_divide(
    kind: str, arguments: dict[str, Any], x: TensorType, message: str, helps: str | None
) -> None:
    error = refusal(kind, x, **arguments)
    assert (error.code, error.message) == ("E203", message)
    assert error.argument in arguments
    assert helps is None or helps in (error.help or "")


MAP_ONLY = {
    "conv": {"out_channels": 8, "kernel_size": 1},
    "conv_transpose": {"out_channels": 8, "kernel_size": 1},
    "depthwise": {"kernel_size": 1},
    "instance_norm": {},
    "lrn": {"size": 5},
    "max_pool": {"kernel_size": 1},
    "avg_pool": {"kernel_size": 1},
    "adaptive_avg_pool": {"output_size": 1},
    "upsample": {"scale_factor": 2},
    "pad": {"padding": 1},
    "crop": {"sizes": (1,)},
    "tokens": {},
    "pixel_shuffle": {"upscale_factor": 1},
    "space_to_depth": {"downscale_factor": 1},
    "channel_shuffle": {"groups": 1},
    "subsample": {},
}


@pytest.mark.parametrize("kind", MAP_ONLY)
@pytest.mark.parametrize("x", [TOKENS, VECTOR], ids=["tokens", "vector"])
def test_layers_of_maps_refuse_anything_else(kind: str, x: TensorType) -> None:
    error = refusal(kind, x, **MAP_ONLY[kind])
    assert (error.code, error.operand) == ("E204", 0)
    assert ("tokens" if x is TOKENS else "vector") in error.message


def test_linear_refuses_a_map_and_says_what_to_do() -> None:
    error = refusal("linear", MAP, out_features=10)
    assert (error.code, error.message) == ("E204", "needs a vector or tokens, and 64x56x56 is a map")
    assert (
        error.help
        == "flatten it first: `flatten -> linear(10)`, or `global_avg_pool -> flatten -> linear(10)`"
    )


@pytest.mark.parametrize("kind", ["bn", "gn"])
def test_norms_of_channels_refuse_tokens(kind: str) -> None:
    arguments = {"num_groups": 1} if kind == "gn" else {}
    assert refusal(kind, TOKENS, **arguments).code == "E204"
    assert refusal(kind, TensorType((4, 8), Layout.PLAIN), **arguments).code == "E204"


@pytest.mark.parametrize(
    "kind", ["bn", "ln", "relu", "softmax", "linear", "dropout", "scale", "layer_scale", "mean", "abs"]
)
def test_indices_are_no_numbers(kind: str) -> None:
    arguments = {"linear": {"out_features": 3}, "scale": {"constant": 2.0}}.get(kind, {})
    error = refusal(kind, INDICES, **arguments)
    assert error.code == "E204"
    assert "int [128]" in error.message


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("conv", {"out_channels": 8, "kernel_size": (3, 3, 3)}),
        ("max_pool", {"kernel_size": (3,)}),
        ("conv_transpose", {"out_channels": 8, "kernel_size": 2, "stride": (2, 2, 2)}),
        ("pad", {"padding": (1, 2, 3)}),
        ("crop", {"sizes": (1, 2, 3)}),
        ("upsample", {"size": (1, 2, 3)}),
        ("softmax", {"axis": 4}),
        ("softmax", {"axis": 0}),
        ("concat", {"axis": 0}),
        ("concat", {"axis": -4}),
        ("slice", {"start": 0, "axis": 4}),
        ("permute", {"axes": (1, 1, 2)}),
        ("permute", {"axes": (1, 2)}),
        ("upsample", {"scale_factor": 2, "mode": "linear"}),
        ("flatten", {"start_dim": 3, "end_dim": 2}),
        ("reshape", {"sizes": (64, 56, 1, 1, 56), "layout": "map"}),
        ("pixel_shuffle", {"upscale_factor": 1}),
    ],
)
def test_axes_that_are_not_there(kind: str, arguments: dict[str, Any]) -> None:
    x = map_of(64, 56) if kind == "pixel_shuffle" else MAP
    assert refusal(kind, x, **arguments).code == "E205"


@pytest.mark.parametrize(
    ("kind", "arguments", "x"),
    [
        ("slice", {"start": 0, "stop": 65}, MAP),
        ("slice", {"start": 5, "stop": 5}, MAP),
        ("slice", {"start": -65}, MAP),
        ("split", {"sizes": (32, 16)}, MAP),
        ("reshape", {"sizes": (-1, -1)}, MAP),
        ("reshape", {"sizes": (5, -1)}, MAP),
        ("reshape", {"sizes": (0, -1)}, MAP),
        ("map", {"sizes": (14, 15)}, TOKENS),
        ("instance_norm", {}, map_of(3, 1, 1)),
        ("max_pool", {"kernel_size": 3, "padding": 2}, MAP),
        ("conv_transpose", {"out_channels": 8, "kernel_size": 2, "output_padding": 1}, MAP),
    ],
)
def test_arguments_that_do_not_fit_the_input(kind: str, arguments: dict[str, Any], x: TensorType) -> None:
    error = refusal(kind, x, **arguments)
    assert error.code == "E206"
    assert str(x) in error.message or error.argument in arguments


def test_split_says_what_is_left_over() -> None:
    assert refusal("split", MAP, sizes=(32, 16)).help == "`split(32, 16, 16)`"


@pytest.mark.parametrize("kind", ["bn", "ln", "gn", "instance_norm", "rms_norm", "prelu"])
def test_a_vector_cannot_be_initialised_as_a_matrix(kind: str) -> None:
    arguments = {"gn": {"num_groups": 2}, "instance_norm": {"affine": True}}.get(kind, {})
    error = refusal(kind, MAP, init=Initializer("kaiming_normal"), **arguments)
    assert (error.code, error.argument) == ("E107", "init")


@pytest.mark.parametrize("kind", ["bn", "ln", "gn", "instance_norm", "rms_norm"])
def test_no_weight_cannot_be_initialised(kind: str) -> None:
    switch = "elementwise_affine" if kind in ("ln", "rms_norm") else "affine"
    arguments = {"num_groups": 2} if kind == "gn" else {}
    error = refusal(kind, MAP, init=Initializer("zeros"), **{switch: False}, **arguments)
    assert (error.code, error.argument) == ("E107", "init")


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("upsample", {}),
        ("upsample", {"scale_factor": 2, "size": 3}),
        ("hardtanh", {"min_val": 1.0, "max_val": 1.0}),
        ("upsample", {"scale_factor": 2, "align_corners": True}),
        ("softplus", {"beta": 0.0}),
    ],
)
def test_arguments_that_contradict_each_other(kind: str, arguments: dict[str, Any]) -> None:
    assert refusal(kind, MAP, **arguments).code == "E107"


@pytest.mark.parametrize("layer", ["gn(999M)", "conv(8, 1x1, groups = 999M)"])
def test_a_number_far_too_large_is_answered(layer: str) -> None:
    with pytest.raises(ogive.ArchError, match="divide"):
        ogive.loads(f"net N() {{ input x: 64x8x8; {layer} }}")
