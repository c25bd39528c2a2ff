"""Nets for images and sequences of any size: shapes, counts and fields as expressions of `?h`."""

from __future__ import annotations

from itertools import product

import pytest

import ogive
from elaborate.helpers import codes, net, out, shapes
from ogive.diagnostics import ArchError
from ogive.layers.unknown import Size, substitute, unknown
from ogive.network import Network

h, w = unknown("h"), unknown("w")

UNET = """
block Double(width, padding) {{
  conv(width, 3x3, padding = padding) -> bn -> relu
  conv(width, 3x3, padding = padding) -> bn -> relu
}}
net UNet(depth = 3, width = 4, padding = {padding}) {{
  input image: {shape}
  skips = []
  for i in 0..depth {{
    stage "down{{i + 1}}" {{ Double(width * 2 ** i, padding) }}
    skips += here
    max_pool(2x2)
  }}
  Double(width * 2 ** depth, padding)
  for i in 0..depth {{
    let j = depth - 1 - i
    conv_transpose(width * 2 ** j, 2x2, stride = 2) as up
    skips[j] -> {join} -> Double(width * 2 ** j, padding)
  }}
  conv(2, 1x1)
}}
"""


def unet(shape: str, *, padded: bool = True) -> str:
    join = "concat(up)" if padded else "crop(up.height, up.width) -> concat(up)"
    return UNET.format(shape=shape, padding=int(padded), join=join)


def help_of(text: str, code: str) -> str:
    """The help of the only diagnostic, which has that code."""
    with pytest.raises(ArchError) as problem:
        ogive.loads(text)
    (diagnostic,) = problem.value.diagnostics
    assert diagnostic.code == code
    return diagnostic.help or ""


def facts(network: Network, values: dict[str, Size]) -> dict[str, object]:
    """What is known about a network, at those sizes."""
    summary = network.summary()

    def field(text: str) -> str:
        return "" if any(name in text for name in values) else text

    return {
        "nodes": {n.name: tuple(t.at(values) for t in n.outputs) for n in network.unrolled},
        "params": network.params,
        "macs": substitute(network.macs, values),
        "rows": [(r.name, tuple(substitute(s, values) for s in r.shape)) for r in summary.rows],
        "products": substitute(summary.products, values),
        "kept": substitute(summary.kept, values),
        "fields": {row.name: field(str(row.field)) for row in summary.nodes},
    }


# ---------------------------------------------------------------- a net of unknown sizes is all of its sizes


def opened(name: str) -> str:
    """The file of a zoo net with an input of unknown size, its three channels known."""
    from ogive.loading import find

    program, _ = find(name)
    shape = next(s for s in ("3x224x224", "3x32x32") if f"input image: {s}" in program.source.text)
    return program.source.text.replace(f"input image: {shape}", "input image: [3, ?h, ?w]")


@pytest.mark.parametrize("name", ["resnet18", "densenet121", "cliquenet_k36_t12"])
def test_a_zoo_net_at_every_size(name: str) -> None:
    anywhere = ogive.loads(opened(name), name)
    assert set(anywhere.unknowns) == {"h", "w"}
    for a, b in ((224, 224), (193, 260)):
        there = ogive.load(name, input=(3, a, b))
        values: dict[str, Size] = {"h": a, "w": b}
        mine, theirs = facts(anywhere, values), facts(there, values)
        mine.pop("fields"), theirs.pop("fields")
        assert mine == theirs


def test_binding_is_the_same_as_numbers() -> None:
    text = opened("resnet18")
    bound = ogive.loads(text, "resnet18", input=(3, 96, 130))
    assert facts(bound, {}) == facts(ogive.load("resnet18", input=(3, 96, 130)), {})
    assert bound.unknowns == {}


def test_shapes_are_expressions() -> None:
    found = shapes(net("conv(8, 3x3, stride = 2, padding = 1) -> max_pool(2x2)", "[3, ?h, 32 * ?w]"))
    assert found == {
        "image": "[3, h, 32 * w]",
        "conv1": "[8, ceil(h / 2), 16 * w]",
        "max_pool1": "[8, floor((h + 1) / 4), 8 * w]",
    }


def test_what_is_multiplied_stays_a_multiple() -> None:
    network = ogive.load("resnet18")
    text = opened("resnet18").replace("[3, ?h, ?w]", "[3, 32 * ?h, 32 * ?w]")
    multiple = ogive.loads(text, "resnet18")
    assert multiple.macs == (network.macs - 512_000) // 49 * h * w + 512_000
    assert [str(type_) for _, type_ in multiple.outputs] == ["[1000]"]
    fields = [str(row.field) for row in multiple.summary().stages]
    assert fields == [str(row.field) for row in network.summary().stages]


def test_arithmetic_in_a_shape() -> None:
    assert out(net("max_pool(2x2)", "[3, 2 * ?side + 1, ?side // 2 * 4]")) == "[3, side, 2 * floor(side / 2)]"
    assert out(net("conv(4, 3)", "[2, ?length]")) == "[4, length - 2]"


def test_the_same_name_is_the_same_size() -> None:
    text = "net N() { input a: [3, ?h, ?w]\n input b: [5, ?h, ?w]\n [a, b] -> concat }"
    assert out(ogive.loads(text)) == "[8, h, w]"


def test_tokens_of_any_length() -> None:
    text = (
        'net N() { input t: int [?t]\n embedding(50, 8) -> positional("sine") -> class_token\n'
        " attention(2) -> select(0) -> linear(3) }"
    )
    network = ogive.loads(text)
    assert out(network) == "[3]"
    assert network.summary().products == 2 * 8 * (unknown("t") + 1) * (unknown("t") + 1)


def test_padding_to_a_multiple_makes_any_size_fit() -> None:
    body = (
        "pad([0, -here.width % 8, 0, -here.height % 8]) as whole\n"
        "max_pool(8x8) -> upsample(8) as up\n [whole, up] -> add -> crop(image.height, image.width)"
    )
    assert out(net(body, "[3, ?h, ?w]")) == "[3, h, w]"


# ---------------------------------------------------------------- what must be known about them


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_the_divisor_of_a_unet(depth: int) -> None:
    text = unet("[1, ?h, ?w]").replace("depth = 3", f"depth = {depth}")
    divisor = 2**depth
    expected = f"`input image: [1, {divisor} * ?h, {divisor} * ?w]`"
    assert help_of(text, "E201") == (
        f"the whole net fits where h and w are multiples of {divisor}: {expected}"
    )
    fitting = text.replace("[1, ?h, ?w]", f"[1, {divisor} * ?h, {divisor} * ?w]")
    assert out(ogive.loads(fitting)) == f"[2, {divisor} * h, {divisor} * w]"


def test_the_whole_net_is_asked_for_its_divisor() -> None:
    text = "net N() { input image: [1, ?h, 66]\n space_to_depth(2) -> conv(3, 3x3, padding = 1)\n space_to_depth(3) }"
    assert help_of(text, "E203").startswith("the whole net fits where h is a multiple of 6")


def test_the_help_can_be_pasted() -> None:
    text = "net N() { input image: [3, ?h + 1, ?w]\n space_to_depth(4) -> conv(8, 1x1) }"
    line = help_of(text, "E203").split("`")[1]
    assert line == "input image: [3, 4 * ?h + 4, 4 * ?w]"
    text = f"net N() {{ {line}\n space_to_depth(4) -> conv(8, 1x1) }}"
    assert out(ogive.loads(text)) == "[8, h + 1, w]"


def test_crops_make_a_unet_without_padding_take_any_size() -> None:
    network = ogive.loads(unet("[1, ?h, ?w]", padded=False))
    assert network.unknowns == {"h": 92, "w": 92}
    for size in (92, 93, 107, 108):
        there = ogive.loads(unet("[1, ?h, ?w]", padded=False), input=(1, size, 100))
        assert there.outputs[0][1] == network.outputs[0][1].at({"h": size, "w": 100})
    with pytest.raises(ArchError):
        ogive.loads(unet("[1, ?h, ?w]", padded=False), input=(1, 91, 100))


@pytest.mark.parametrize(
    ("body", "least"),
    [
        ("conv(4, 3x5)", {"h": 3, "w": 5}),
        ("conv(4, 7x7, padding = 3)", {"h": 1, "w": 1}),
        ("max_pool(2x2) -> max_pool(2x2) -> conv(4, 3x3)", {"h": 12, "w": 12}),
        ("conv(4, 3x3, padding = 2, padding_mode = reflect)", {"h": 3, "w": 3}),
        ("crop(here.height - 6, 9)", {"h": 7, "w": 9}),
        ("instance_norm", {"h": 2, "w": 1}),
    ],
)
def test_the_least_sizes(body: str, least: dict[str, int]) -> None:
    found = net(body, "[3, ?h, ?w]").unknowns
    if body == "instance_norm":  # either side may be 1, not both
        assert found in ({"h": 2, "w": 1}, {"h": 1, "w": 2}, {"h": 2, "w": 2})
    else:
        assert found == least
    for smaller in least:
        sizes = {**found, smaller: found[smaller] - 1}
        if sizes[smaller] and body != "instance_norm":
            with pytest.raises(ArchError):
                net(body, "[3, ?h, ?w]", input=(3, sizes["h"], sizes["w"]))
    for a, b in product(range(4), range(4)):
        net(body, "[3, ?h, ?w]", input=(3, found["h"] + a, found["w"] + b))


# ---------------------------------------------------------------- conditions, arguments, binding


def test_conditions_that_hold_for_every_size() -> None:
    shape = "[3, 32 * ?h, ?w]"
    assert out(net("if here.height > 31 { relu } else { max_pool(2x2) }", shape)) == "[3, 32 * h, w]"
    assert out(net("if here.height % 32 == 0 { max_pool(2x2) }", shape)) == "[3, 16 * h, floor(w / 2)]"
    assert out(net("if here.height == 33 { max_pool(2x2) }", shape)) == "[3, 32 * h, w]"
    assert out(net("crop(min(here.height, 32), max(here.width, 1))", shape)) == "[3, 32, w]"
    assert codes("if here.height > 32 { relu }", shape) == ["E211"]
    assert codes("if here.width >= 1 and here.width < 9 { relu }", shape) == ["E211"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("conv(here.height, 3x3)", "E211"),
        ("upsample(here.height)", "E211"),
        ("scale(1.0 / here.height)", "E211"),
        ("dropout(here.height)", "E211"),
        ("reshape(here.height, layout = here.width)", "E106"),
        ("relu -> flatten -> linear(4)", "E210"),
        ("reshape(here.height, 3, here.width) -> conv(4, 1x1)", "E210"),
        ("reshape(here.height, 3, here.width) -> depthwise(3x3)", "E210"),
        ("reshape(here.height, 3, here.width) -> bn", "E210"),
        ("layer_scale -> reshape(here.height, 3, here.width) -> layer_scale", "E210"),
        ("?h", "E212"),
    ],
)
def test_refusals(body: str, code: str) -> None:
    assert codes(body, "[3, ?h, ?w]") == [code]


@pytest.mark.parametrize(
    ("shape", "given", "code"),
    [
        ("[3, 32 * ?h, 32 * ?w]", (3, 64, 96), None),
        ("[3, 32 * ?h, 32 * ?w]", (3, 64, 97), "E213"),
        ("[3, 32 * ?h, 32 * ?w]", (3, 16, 32), "E213"),
        ("[3, ?h, ?h]", (3, 20, 20), None),
        ("[3, ?h, ?h]", (3, 20, 21), "E213"),
        ("[3, ?h, ?h // 2]", (3, 21, 10), None),
        ("[3, ?h, ?h // 2]", (3, 21, 11), "E213"),
        ("[3, ?h + ?w, ?w]", (3, 21, 20), None),
        ("[3, ?h + ?w, ?w]", (3, 20, 20), "E213"),
        ("[3, ?h, ?w]", (3, 20), "E213"),
    ],
)
def test_binding(shape: str, given: tuple[int, ...], code: str | None) -> None:
    text = f"net N() {{ input image: {shape}\n relu }}"
    if code is None:
        network = ogive.loads(text, input=given)
        assert network.inputs[0][1].sizes == given
        assert network.unknowns == {}
        return
    with pytest.raises(ArchError) as problem:
        ogive.loads(text, input=given)
    assert [d.code for d in problem.value.diagnostics] == [code]


def test_the_nearest_shape_is_of_the_form() -> None:
    text = "net N() { input image: [3, 32 * ?h + 5, ?h]\n relu }"
    with pytest.raises(ArchError) as problem:
        ogive.loads(text, input=(3, 70, 2))
    near = (problem.value.diagnostics[0].help or "").split("`")[1]
    assert ogive.loads(text, input=tuple(map(int, near.split("x")))).inputs[0][1].sizes == (3, 69, 2)


def test_an_asserted_shape() -> None:
    assert codes("max_pool(2x2)\nassert here.height == 16 * here.width", "[3, 32 * ?w, 2 * ?w]") == []
    assert codes("assert here.height % 3 == 0", "[3, 9 * ?h, ?w]") == []


def test_many_unknowns_stay_quick() -> None:
    body = "repeat 40 { conv(4, 3x3, stride = 1) -> max_pool(3x3, stride = 1, padding = 1) }"
    network = net(body, "[3, ?h, ?w]")
    assert out(network) == "[4, h - 80, w - 80]"
    assert network.unknowns == {"h": 81, "w": 81}
