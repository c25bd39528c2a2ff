"""Every layer against PyTorch: what it accepts, its shapes, weights, numbers, multiply-accumulates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from layers.cases import CASES, LIBRARY
from layers.evaluate import module, outputs, tensors, weights, zeros
from layers.oracle import Stricter
from ogive.layers.base import Channel, Layer, ShapeError, TensorType

EXAMPLES = 25
WINDOWED = (
    *("conv", "conv_transpose", "depthwise", "max_pool", "avg_pool", "upsample", "pad"),
    *("attention", "window_attention", "lstm", "gru", "rnn"),
)
"""Layers with so many arguments that PyTorch's conditions on them are seldom met: drawn more often."""
KINDS = sorted(CASES)
examples = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


def infer(layer: Layer, inputs: Sequence[TensorType]) -> tuple[TensorType, ...] | ShapeError:
    try:
        return layer.infer(inputs)
    except ShapeError as error:
        return error


def drawn(data: Any, kind: str) -> tuple[Layer, list[TensorType], tuple[TensorType, ...]]:
    """A layer on inputs that it takes, and what it makes of them."""
    layer, inputs = CASES[kind].draw(data)
    found = infer(layer, inputs)
    if isinstance(found, ShapeError):
        return layer, inputs, ()
    return layer, inputs, found


def test_every_layer_of_the_library_has_a_case() -> None:
    assert set(LIBRARY.names()) == set(KINDS)


STRICTER = {
    Stricter.BATCH: "flatten",
    Stricter.BROADCAST: "add",
    Stricter.READING: "attention",
    Stricter.BEYOND: "slice",
    Stricter.WITHOUT_EFFECT: "lstm",
    Stricter.ONE_IMAGE: "gn",
    Stricter.NOTHING_LEFT: "select",
    Stricter.FLOATS: "sigmoid",
    Stricter.CLIP: "window_attention",
}
"""For each reason to refuse what PyTorch takes a layer that does."""


@pytest.mark.parametrize("reason", list(Stricter))
def test_every_reason_to_be_stricter_is_needed(reason: Stricter) -> None:
    kind = STRICTER[reason]
    taken = 0

    @given(data=st.data())
    @settings(examples, max_examples=4 * EXAMPLES)
    def meet(data: Any) -> None:
        nonlocal taken
        layer, inputs = CASES[kind].draw(data)
        if CASES[kind].stricter(layer, inputs) is reason:
            taken += reference(kind, layer, inputs)[1] is None

    meet()
    assert taken, f"PyTorch takes nothing that {kind} refuses for this reason"


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@examples
def test_accepts_what_torch_accepts(kind: str, data: Any) -> None:
    compare(kind, data)


@pytest.mark.parametrize("kind", WINDOWED)
@given(data=st.data())
@settings(examples, max_examples=5 * EXAMPLES)
def test_accepts_the_windows_that_torch_accepts(kind: str, data: Any) -> None:
    compare(kind, data)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(examples, max_examples=50 * EXAMPLES)
def test_accepts_what_torch_accepts_at_length(kind: str, data: Any) -> None:
    compare(kind, data)


def compare(kind: str, data: Any) -> None:
    layer, inputs = CASES[kind].draw(data)
    found = infer(layer, inputs)
    reason = CASES[kind].stricter(layer, inputs)
    if reason is not None:
        assert isinstance(found, ShapeError), f"{layer} on {inputs} should be refused: {reason.value}"
        return
    result, refusal = reference(kind, layer, inputs)
    if refusal is not None:
        assert isinstance(found, ShapeError), f"PyTorch refuses {layer} on {inputs}: {refusal}"
        return
    if any(0 in tensor.shape for tensor in result):
        assert isinstance(found, ShapeError), f"{layer} on {inputs} is empty"
        return
    assert not isinstance(found, ShapeError), f"PyTorch accepts {layer} on {inputs}: {found.message}"
    assert [tuple(tensor.shape[1:]) for tensor in result] == [x.sizes for x in found]
    assert_shapes(layer, inputs, found)


def reference(
    kind: str, layer: Layer, inputs: Sequence[TensorType]
) -> tuple[tuple[torch.Tensor, ...], Exception | None]:
    """What PyTorch makes of it, or why it refuses. Not on the meta device, which refuses less."""
    try:
        call = CASES[kind].reference(layer, list(inputs))
        return outputs(call(*zeros(inputs))), None
    except (RuntimeError, ValueError, IndexError, NotImplementedError, TypeError, AssertionError) as refusal:
        return (), refusal


def assert_shapes(layer: Layer, inputs: Sequence[TensorType], found: Sequence[TensorType]) -> None:
    net = module(layer, inputs)
    result = outputs(net(*zeros(inputs)))
    assert [tuple(tensor.shape[1:]) for tensor in result] == [x.sizes for x in found]
    assert weights(net) == layer.parameters(inputs)


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_share_is_accepted(kind: str) -> None:
    accepted = total = 0

    @given(data=st.data())
    @settings(examples, max_examples=3 * EXAMPLES)
    def count(data: Any) -> None:
        nonlocal accepted, total
        total += 1
        accepted += bool(drawn(data, kind)[2])

    count()
    assert accepted >= total / 5, f"{accepted} of {total}"


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@examples
def test_computes_what_torch_computes(kind: str, data: Any) -> None:
    layer, inputs, found = drawn(data, kind)
    if not found:
        return
    net = module(layer, inputs).double()
    reference = CASES[kind].reference(layer, inputs)
    if isinstance(reference, nn.Module):
        copy_weights(reference.double(), net)
    values = tensors(inputs, below=getattr(layer, "count", 9))
    torch.manual_seed(0)
    expected = outputs(reference(*values))
    torch.manual_seed(0)
    result = outputs(net(*values))
    for ours, theirs in zip(result, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-6)  # float32 constants in between


@pytest.mark.parametrize("kind", [k for k in KINDS if getattr(LIBRARY.get(k), "parts", ())])
@given(data=st.data())
@examples
def test_the_flow_alone_is_the_first_of_the_outputs(kind: str, data: Any) -> None:
    layer, inputs, found = drawn(data, kind)
    if not found:
        return
    whole, alone = module(layer, inputs).double().eval(), module(layer, inputs, flow=True).double().eval()
    alone.load_state_dict(whole.state_dict())
    values = tensors(inputs)
    torch.testing.assert_close(alone(*values), whole(*values)[0])
    assert len(found) == 1 + len(layer.parts)


def copy_weights(reference: nn.Module, net: nn.Module) -> None:
    """Gives both the same random weights, by name; all of them, or none where PyTorch calls them otherwise."""
    own = {name.removeprefix("layer."): parameter for name, parameter in net.named_parameters()}
    theirs = dict(reference.named_parameters())
    if not theirs:
        return
    assert own.keys() == theirs.keys()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in own.items():
            theirs[name].copy_(nn.init.normal_(parameter, generator=generator))


OF_TWO_ACTIVATIONS = (torch.ops.aten.bmm, torch.ops.aten.baddbmm)
"""What multiplies matrices that are no weights, where attention is written out."""


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(examples, max_examples=EXAMPLES // 3)
def test_multiply_accumulates(kind: str, data: Any) -> None:
    """PyTorch's own counter, on the reference, on the meta device: weights and products apart."""
    layer, inputs, found = drawn(data, kind)
    if not found:
        return
    with torch.device("meta"):
        call = CASES[kind].reference(layer, inputs)
        if isinstance(call, nn.Module):
            call.eval()
        with FlopCounterMode(display=False) as counter:
            call(*zeros(inputs))
    flops = counter.get_flop_counts().get("Global", {})
    products = sum(count for operation, count in flops.items() if operation in OF_TWO_ACTIVATIONS)
    # two images, and two floating-point operations in each multiply-accumulate
    assert 4 * layer.macs(inputs, found) == counter.get_total_flops() - products
    assert 4 * layer.products(inputs, found) == products


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@examples
def test_channel_rule(kind: str, data: Any) -> None:
    assert not elsewhere(kind, data)


@pytest.mark.parametrize("kind", ["max_pool", "avg_pool", "pad"])
@given(data=st.data())
@settings(examples, max_examples=5 * EXAMPLES)
def test_channel_rule_of_windows(kind: str, data: Any) -> None:
    assert not elsewhere(kind, data)


def elsewhere(kind: str, data: Any) -> list[str]:
    """Adds a constant to each channel of one input: in which outputs it is not where the rule says."""
    layer, inputs, found = drawn(data, kind)
    if not found or layer.channel_rule(inputs) == Channel.BREAKS:
        return []
    if any(x.layout.value == "plain" and len(x.sizes) > 1 for x in (*inputs, *found)):
        return []  # nothing there is a channel
    if any(x.dtype != "float" for x in inputs):
        return []
    net = module(layer, inputs).double()
    values = tensors(inputs, batch=4)
    before = outputs(net(*values))
    wrong: list[str] = []
    for index, x in enumerate(inputs):
        constant = torch.arange(1, x.channels + 1, dtype=torch.float64).sqrt()
        shape = [1] * (len(x.sizes) + 1)
        shape[x.channel_axis] = -1
        moved = [v + constant.view(shape) if i == index else v for i, v in enumerate(values)]
        for number, (y, old, new) in enumerate(zip(found, before, outputs(net(*moved)), strict=True)):
            if not old.isfinite().all():
                continue  # a dilated window of nothing but padding has no maximum
            difference = (new - old).movedim(y.channel_axis, 0).flatten(1)
            absorbed = layer.channel_rule(inputs) == Channel.ABSORBS
            expected = torch.zeros_like(difference) if absorbed else difference[:, :1].expand_as(difference)
            if not torch.allclose(difference, expected, rtol=1e-7, atol=1e-7):
                wrong.append(f"output {number} where input {index} has it")
    return wrong


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data(), training=st.booleans())
@examples
def test_the_output_may_be_overwritten_where_the_layer_says_so(kind: str, data: Any, training: bool) -> None:
    layer, inputs, found = drawn(data, kind)
    if not found or layer.output_saved or any(x.dtype != "float" for x in found):
        return
    net = module(layer, inputs).double().train(training)

    def gradients(after: Callable[[torch.Tensor], torch.Tensor]) -> list[torch.Tensor]:
        leaves = [
            value.requires_grad_(value.is_floating_point())
            for value in tensors(inputs, below=getattr(layer, "count", 9))
        ]
        torch.manual_seed(0)
        entered = [leaf * 1 for leaf in leaves]
        copies = [value.detach().clone() for value in entered]
        total = sum((after(out) * 0.5).sum() for out in outputs(net(*entered)))
        assert all(torch.equal(a, b) for a, b in zip(entered, copies, strict=True)), (
            "the input was overwritten"
        )
        if not isinstance(total, torch.Tensor) or not total.requires_grad:
            return []
        sources = [*(leaf for leaf in leaves if leaf.requires_grad), *net.parameters()]
        return list(torch.autograd.grad(total, sources, allow_unused=True))

    for ours, theirs in zip(gradients(F.relu_), gradients(F.relu), strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("kind", [k for k in KINDS if getattr(LIBRARY.get(k), "overwrites", False)])
@given(data=st.data())
@examples
def test_overwriting_the_input_gives_the_same(kind: str, data: Any) -> None:
    layer, inputs, found = drawn(data, kind)
    if not found or layer.torch(inputs).inplace is None:
        return

    def run(inplace: bool) -> tuple[torch.Tensor, torch.Tensor]:
        (leaf,) = tensors(inputs)
        leaf.requires_grad_()
        entered = leaf * 1
        result = module(layer, inputs, inplace=inplace)(entered)
        assert (result.data_ptr() == entered.data_ptr()) is inplace
        return result, torch.autograd.grad(result.sum(), leaf)[0]

    for ours, theirs in zip(run(inplace=True), run(inplace=False), strict=True):
        torch.testing.assert_close(ours, theirs)
