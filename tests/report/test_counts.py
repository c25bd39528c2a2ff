"""Parameters, multiply-accumulates, activations and receptive fields, against torch and against published
numbers.
"""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torchvision import models

import ogive
from ogive.report import counts
from ogive.report.field import fields
from ogive.report.memory import kept_for_backward, peak_in_inference

TABLE = "net Tiny() {{ input x: 3x16x16\n {} }}"


def tiny(body: str) -> ogive.Network:
    return ogive.loads(TABLE.format(body))


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "resnet152", "densenet121"])
def test_parameters_are_those_of_torchvision(name: str):
    with torch.device("meta"):
        reference = models.get_model(name)
    assert ogive.load(name).params == sum(p.numel() for p in reference.parameters())


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "densenet121"])
def test_macs_are_those_that_torchvision_performs(name: str):
    with torch.device("meta"):
        reference = models.get_model(name).eval()
        total = 0

        def count(module: nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
            nonlocal total
            if isinstance(module, nn.Conv2d):
                total += output[0].numel() * module.weight[0].numel()
            elif isinstance(module, nn.Linear):
                total += module.weight.numel()

        for module in reference.modules():
            module.register_forward_hook(count)
        reference(torch.empty(1, 3, 224, 224))
    assert ogive.load(name).macs == total


def test_heads_are_told_apart():
    net = ogive.load("googlenet")
    with torch.device("meta"):
        reference = models.googlenet(aux_logits=False, init_weights=False)
    # torchvision's 5x5 branch is really 3x3: add the difference of the paper's kernels
    wider = sum(
        module.conv.weight.shape[0] * module.conv.weight.shape[1] * (25 - 9)
        for name, module in reference.named_modules()
        if name.endswith("branch3.1")
    )
    norms = sum(m.weight.numel() for m in reference.modules() if isinstance(m, nn.BatchNorm2d))
    plain = sum(p.numel() for p in reference.parameters())
    # a norm has two numbers for each channel, the paper's biases one
    assert net.params == plain + wider - norms
    assert counts.params(net.unrolled, heads=True) > net.params
    head_nodes = counts.with_heads(net.unrolled) - counts.main_path(net.unrolled)
    assert head_nodes


def test_shared_weights_count_once_and_work_at_every_use():
    net = ogive.load("cliquenet_k36_t12")
    owned = sum(counts.node_params(net.unrolled, node) for node in net.unrolled)
    assert net.params == owned
    assert net.macs == sum(counts.node_macs(net.unrolled, node) for node in net.unrolled)


def last_field(net: ogive.Network) -> str:
    return str(fields(net.unrolled)[net.unrolled.outputs[0][1].node])


@pytest.mark.parametrize(
    ("body", "sees"),
    [
        ("conv(4, 3x3)", "3"),
        ("conv(4, 3x3) -> conv(4, 3x3)", "5"),
        ("conv(4, 3x3, stride = 2) -> conv(4, 3x3)", "7"),
        ("conv(4, 3x3, dilation = 2)", "5"),
        ("conv(4, 1x5)", "1x5"),
        ("concat { | conv(4, 3x3, padding = 1) | conv(4, 5x5, padding = 2) }", "5"),
        ("conv(4, 3x3) -> bn -> relu", "3"),
        ("global_avg_pool", "all"),
        ("flatten -> linear(4)", "all"),
    ],
)
def test_receptive_fields(body: str, sees: str):
    assert last_field(tiny(body)) == sees


@pytest.mark.parametrize(
    ("body", "module"),
    [
        ("conv(4, 3x3, stride = 2, padding = 1) -> conv(4, 3x3, padding = 1)", (3, 2, 1, 1)),
        ("conv(4, 3x3, dilation = 2, padding = 2) -> conv(4, 3x3, padding = 1)", (3, 1, 2, 2)),
    ],
)
def test_a_receptive_field_is_where_the_gradient_arrives(body: str, module: tuple[int, int, int, int]):
    kernel, stride, padding, dilation = module
    reference = nn.Sequential(
        nn.Conv2d(3, 4, kernel, stride, padding, dilation), nn.Conv2d(4, 4, 3, padding=1)
    ).double()
    for p in reference.parameters():
        nn.init.constant_(p, 1.0)
    x = torch.zeros(1, 3, 16, 16, dtype=torch.double, requires_grad=True)
    y = reference(x)
    y[0, 0, y.shape[2] // 2, y.shape[3] // 2].backward()
    assert x.grad is not None
    rows = x.grad.abs().sum((0, 1, 3)).nonzero().flatten()
    first, last = int(rows[0]), int(rows[-1])
    assert last_field(tiny(body)) == str(last - first + 1)


def saved_by_autograd(module: nn.Module, x: torch.Tensor) -> int:
    """Bytes of float activations that the backward pass of torch keeps, parameters left out, each storage
    once.
    """
    own = {p.data_ptr() for p in module.parameters()} | {b.data_ptr() for b in module.buffers()}
    seen: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.data_ptr() not in own and tensor.is_floating_point() and tensor.dim() > 1:
            seen[tensor.data_ptr()] = tensor.numel() * tensor.element_size()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        keep = module(x)
    assert keep.requires_grad
    return sum(seen.values())


def test_kept_activations_agree_with_autograd_on_plain_layers():
    net = tiny(
        "conv(8, 3x3, padding = 1) -> bn -> relu -> conv(8, 3x3, padding = 1) -> tanh -> flatten -> linear(5)"
    )
    reference = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding=1), nn.Tanh(), nn.Flatten(), nn.Linear(2048, 5),
    )  # fmt: skip
    x = torch.randn(1, 3, 16, 16)
    # the flattened tensor is the same storage as tanh's output: the estimate counts it again, and says so
    assert kept_for_backward(net.unrolled) == saved_by_autograd(reference, x) + 4 * 2048


def test_peak_in_inference():
    # input 3x16x16 and the first result of 8x16x16 together, then two results of 8x16x16
    assert peak_in_inference(tiny("conv(8, 3x3, padding = 1) -> relu").unrolled) == 4 * 256 * (8 + 8)
    # a skip is kept alive over the branch
    body = "conv(8, 3x3, padding = 1) -> residual { relu -> relu }"
    assert peak_in_inference(tiny(body).unrolled) == 4 * 256 * (8 + 8 + 8)


def test_counting_leaves_the_graph_alone():
    net = ogive.load("resnet18")
    before = {node.name: node for node in net.unrolled}
    (
        counts.params(net.unrolled),
        counts.macs(net.unrolled),
        kept_for_backward(net.unrolled),
        fields(net.unrolled),
    )
    assert {node.name: node for node in net.unrolled} == before
