"""Published networks: torchvision's, timm's and hand-written ones give the same outputs after a transfer."""

import pytest
import timm
import torch
import torchvision.models as tv
from rich.console import Console
from timm.models.vision_transformer import VisionTransformer as TimmViT
from torch import nn

from ogive.transfer import transfer
from transfer.modules import HandDenseNet, HandGoogLeNet, HandResNet, randomised

CASES = {
    "resnet18 from timm to torchvision": (lambda: timm.create_model("resnet18"), tv.resnet18, 64),
    "resnet18 by hand": (tv.resnet18, lambda: HandResNet((2, 2, 2, 2), 1000), 64),
    "densenet121": (tv.densenet121, lambda: timm.create_model("densenet121"), 64),
    "small densenet by hand": (
        lambda: tv.DenseNet(8, (2, 3, 2), 16, num_classes=10),
        lambda: HandDenseNet(8, (2, 3, 2), 16, 10),
        32,
    ),
    "googlenet by hand": (
        lambda: tv.googlenet(aux_logits=False, init_weights=False, num_classes=10),
        lambda: HandGoogLeNet(10),
        64,
    ),
    "mobilenet_v2": (tv.mobilenet_v2, lambda: timm.create_model("mobilenetv2_100"), 64),
    "regnet": (tv.regnet_y_400mf, lambda: timm.create_model("regnety_004"), 64),
    "vision transformer": (
        lambda: tv.VisionTransformer(32, 8, 2, 4, 32, 64, num_classes=10),
        lambda: TimmViT(32, 8, num_classes=10, embed_dim=32, depth=2, num_heads=4, mlp_ratio=2),
        32,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_outputs_agree_after_a_transfer(case: str) -> None:
    torch.manual_seed(0)
    source, target, size = CASES[case]
    source, target, image = randomised(source()), target().double(), torch.randn(2, 3, size, size).double()
    report = transfer(source, target, image, verbose=False)
    # Checked here, and not only by transfer: its own verification is what is under test.
    with torch.no_grad():
        expected, actual = source.eval()(image), target.eval()(image)
    assert float((expected - actual).abs().max() / expected.abs().max()) < 1e-9
    assert float(expected.std()) > 1e-3
    assert report.max_error < 1e-9
    assert report.unmatched_source == report.unmatched_target == ()
    assert len(report.pairs) == len(list(source.state_dict())) == len(list(target.state_dict()))


def test_batch_counts_go_with_the_statistics() -> None:
    source, target = randomised(tv.resnet18()), HandResNet((2, 2, 2, 2), 1000)
    transfer(source, target, torch.randn(1, 3, 32, 32), verbose=False, rtol=1e-3)
    counts = [buffer for name, buffer in target.named_buffers() if name.endswith("num_batches_tracked")]
    assert len(counts) == 20
    assert all(int(count) == 7 for count in counts)


def test_auxiliary_heads_are_left_alone() -> None:
    source = randomised(tv.googlenet(aux_logits=True, init_weights=False, num_classes=10))
    target = HandGoogLeNet(10).double()
    report = transfer(source, target, torch.randn(1, 3, 64, 64), verbose=False)
    assert {name.partition(".")[0] for name in report.unmatched_source} == {"aux1", "aux2"}
    assert report.unmatched_target == ()
    back = transfer(target, source, torch.randn(1, 3, 64, 64), verbose=False)
    assert back.unmatched_target == report.unmatched_source


def test_the_map_of_a_residual_block_is_by_structure() -> None:
    source, target = randomised(tv.resnet18()), HandResNet((2, 2, 2, 2), 1000).double()
    pairs = {
        pair.source: pair for pair in transfer(source, target, torch.randn(1, 3, 64, 64), verbose=False).pairs
    }
    assert pairs["layer2.0.downsample.0.weight"].target == "blocks.2.project.0.weight"
    assert pairs["layer2.0.conv1.weight"].target == "blocks.2.conv_a.weight"
    assert pairs["layer2.0.bn2.running_var"].target == "blocks.2.norm_b.running_var"
    assert (pairs["fc.weight"].source_shape, pairs["fc.weight"].target_shape) == (
        (1000, 512),
        (1000, 512, 1, 1),
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet152", "densenet201"])
def test_deep_networks(name: str) -> None:
    source, target = randomised(getattr(tv, name)()), timm.create_model(name).double()
    report = transfer(source, target, torch.randn(1, 3, 64, 64), verbose=False)
    assert report.max_error < 1e-9
    assert len(report.pairs) == len(source.state_dict())


def test_float32_and_mixed_dtypes() -> None:
    torch.manual_seed(0)
    image = torch.randn(1, 3, 64, 64)
    source, target = randomised(tv.resnet18()), HandResNet((2, 2, 2, 2), 1000)
    report = transfer(source, target, image, verbose=False)
    assert 0 < report.max_error < 1e-4
    assert all(parameter.dtype == torch.float32 for parameter in target.parameters())
    assert transfer(target, tv.resnet18(), image, verbose=False).max_error < 1e-4


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_across_devices() -> None:
    source = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 4, 1))
    target = (
        nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 4, 1)).double().cuda()
    )
    transfer(randomised(source), target, torch.randn(1, 3, 8, 8), verbose=False)
    assert target[0].weight.is_cuda
    assert torch.equal(target[0].weight.cpu(), source[0].weight)


def test_the_map_shows_every_name_whole(capsys: pytest.CaptureFixture[str]) -> None:
    name = "a_name_of_a_submodule_that_is_longer_than_a_third_of_eighty_columns_" * 2
    source, target = nn.Sequential(), nn.Sequential()
    source.add_module(name, nn.Linear(8, 8))
    target.add_module(f"{name}too", nn.Linear(8, 8))
    report = transfer(source, target, torch.randn(2, 8))
    heading, row, *_ = capsys.readouterr().out.splitlines()
    assert heading.split() == ["source", "target", "tensors"]
    assert row.split()[:2] == [name, f"{name}too"]
    narrow = Console(width=40, force_terminal=True, color_system=None)
    with narrow.capture() as shown:
        narrow.print(report)
    assert "…" not in shown.get()
