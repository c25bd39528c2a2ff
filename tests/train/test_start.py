"""What a training starts from: weights of a file, and frozen parts."""

from __future__ import annotations

import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

import ogive
from ogive.diagnostics import ArchError, Diagnostic
from ogive.train.start import Different, freeze, start_from
from ogive.train.weights import packed, save_weights


def network(classes: int = 3) -> nn.Sequential:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(classes)
        return nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, classes)
        )  # fmt: skip


def stored(path: Path, state: dict[str, Tensor]) -> Path:
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, path)
    return path


def refusal(run: Any) -> Diagnostic:
    with pytest.raises(ArchError) as caught:
        run()
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


# ------------------------------------------------------------------ weights


def test_all_that_fits_is_copied(tmp_path: Path) -> None:
    source, target = network(), network()
    with torch.no_grad():
        for tensor in source.state_dict().values():
            tensor.add_(1)
    save_weights(source, tmp_path / "weights.safetensors", {"name": "net"})
    for path in (tmp_path / "weights.safetensors", tmp_path):  # a run's folder does, too
        started = start_from(target, path)
        assert started.path == tmp_path / "weights.safetensors"
        assert set(started.copied) == set(target.state_dict())
        assert (started.missing, started.unexpected, started.different) == ((), (), ())
        for name, tensor in source.state_dict().items():
            assert torch.equal(target.state_dict()[name], tensor), name
        assert started.lines() == [f"9 of 9 tensors from {tmp_path / 'weights.safetensors'}"]
    assert all(parameter.requires_grad for parameter in target.parameters())
    assert all(parameter.is_leaf for parameter in target.parameters())


def test_what_does_not_fit_is_listed_and_left_alone(tmp_path: Path) -> None:
    state = network(5).state_dict()
    state["head.weight"] = torch.zeros(2)
    del state["1.running_mean"]
    target = network(3)
    before = {name: tensor.clone() for name, tensor in target.state_dict().items()}
    started = start_from(target, stored(tmp_path / "w.safetensors", state))
    assert set(started.copied) == {
        "0.weight", "0.bias", "1.weight", "1.bias", "1.running_var", "1.num_batches_tracked",
    }  # fmt: skip
    assert started.missing == ("1.running_mean",)
    assert started.unexpected == ("head.weight",)
    assert started.different == (Different("3.bias", (3,), (5,)), Different("3.weight", (3, 4), (5, 4)))
    for name in ("1.running_mean", "3.weight", "3.bias"):
        assert torch.equal(target.state_dict()[name], before[name])
    assert torch.equal(target[0].weight, state["0.weight"])
    assert started.lines() == [
        f"6 of 9 tensors from {tmp_path / 'w.safetensors'}",
        "not in the file: 1.running_mean",
        "only in the file: head.weight",
        "of another shape: 3.bias (5 in the file, 3 here), 3.weight (5x4 in the file, 3x4 here)",
    ]


def test_types_are_the_networks(tmp_path: Path) -> None:
    state = {name: t.half() if t.is_floating_point() else t for name, t in network().state_dict().items()}
    target = network()
    start_from(target, stored(tmp_path / "w.safetensors", state))
    assert target[0].weight.dtype == torch.float32
    assert torch.equal(target[0].weight, state["0.weight"].float())


@pytest.mark.parametrize("name", ["0.weight", "1.weight"])
def test_a_shared_weight_may_have_either_name(tmp_path: Path, name: str) -> None:
    target = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    target[1].weight = target[0].weight
    started = start_from(target, stored(tmp_path / "w.safetensors", {name: torch.ones(2, 2)}))
    assert started.copied == (name,)
    assert started.missing == ()
    assert (target[0].weight == 1).all()


def test_weights_of_a_compiled_net(tmp_path: Path) -> None:
    """The same layers in another net: the head is its own."""
    text = "net N(classes = 4) { input x: 3x8x8; conv(4, 3x3) -> bn -> relu; global_avg_pool -> flatten -> linear(classes) }"
    source, target = ogive.loads(text).module(), ogive.loads(text, classes=7).module()
    save_weights(source, tmp_path / "w.safetensors", {})
    started = start_from(target, tmp_path / "w.safetensors")
    assert [each.name for each in started.different] == ["linear1.bias", "linear1.weight"]
    assert torch.equal(target.get_parameter("conv1.weight"), source.get_parameter("conv1.weight"))


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("length", [0x80 + 0x100 * number for number in (2, 3, 4, 5)])
def test_the_length_of_a_header_is_not_taken_for_a_pickle(tmp_path: Path, length: int) -> None:
    """It stands in the first 8 bytes, least first: 0x80 and 2 to 5 begin a pickle, too."""
    path, module = tmp_path / "w.safetensors", network()
    missing = length - len(packed(module, {"x": ""})[8:].partition(b"}}")[0])
    for more in range(missing - 16, missing + 1):
        path.write_bytes(packed(module, {"x": "y" * more}))
        if path.read_bytes()[:2] == bytes([0x80, length >> 8]):
            break
    else:
        pytest.fail("no header of that length")
    assert not start_from(module, path).missing


@pytest.mark.parametrize(
    "name", ["model.pt", "model.ckpt", "model.pth", "model.bin", "model", "model.safetensors"]
)
@pytest.mark.parametrize("how", ["torch", "pickle"])
def test_pickles_are_refused_unread(tmp_path: Path, name: str, how: str) -> None:
    """By their endings, and by what is in them."""
    path, sprung = tmp_path / name, tmp_path / "sprung"
    if how == "torch":
        torch.save({"weight": Trap(sprung)}, path)
        assert zipfile.is_zipfile(path)
    else:
        path.write_bytes(pickle.dumps(Trap(sprung)))
    diagnostic = refusal(lambda: start_from(network(), path))
    assert diagnostic.code == "E561"
    assert "is a pickle, which could run code when it is read" in diagnostic.message
    assert not sprung.exists()


def test_the_conversion_that_is_told_works(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save(network().state_dict(), path)
    diagnostic = refusal(lambda: start_from(network(), path))
    assert diagnostic.help is not None
    code = diagnostic.help.removeprefix("convert it once, in Python: `").removesuffix("`")
    import safetensors.torch

    exec(code, {"safetensors": safetensors, "torch": torch})
    assert len(start_from(network(), tmp_path / "model.safetensors").copied) == 9


def test_a_checkpoint_of_a_run_leads_to_its_weights(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    torch.save({}, tmp_path / "checkpoints" / "last.ckpt")
    save_weights(network(), tmp_path / "weights.safetensors", {})
    diagnostic = refusal(lambda: start_from(network(), tmp_path / "checkpoints" / "last.ckpt"))
    assert diagnostic.help == f"`{tmp_path / 'weights.safetensors'}`"


def test_what_is_no_file_of_weights(tmp_path: Path) -> None:
    good = tmp_path / "good.safetensors"
    save_weights(network(), good, {})
    (tmp_path / "cut.safetensors").write_bytes(good.read_bytes()[:-7])
    (tmp_path / "text.safetensors").write_text("hello")
    (tmp_path / "empty.safetensors").touch()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text(json.dumps({}))
    for name, says, help_ in (
        ("nothing.safetensors", "there is no file", None),
        ("cut.safetensors", "is no file of safetensors, or is damaged", None),
        ("text.safetensors", "is no file of safetensors, or is damaged", None),
        ("empty.safetensors", "is no file of safetensors, or is damaged", None),
        ("run", "holds no `weights.safetensors`: that run has not come so far", None),
        (".", "holds no `weights.safetensors`", f"it has `{tmp_path / 'cut.safetensors'}`"),
    ):
        diagnostic = refusal(lambda name=name: start_from(network(), tmp_path / name))
        assert diagnostic.code == "E561"
        assert says in diagnostic.message
        assert diagnostic.help == help_


def test_nothing_that_fits_is_told(tmp_path: Path) -> None:
    state = network().state_dict()
    wrapped = stored(tmp_path / "wrapped.safetensors", {f"module.{name}": t for name, t in state.items()})
    others = stored(
        tmp_path / "others.safetensors", {"fc.weight": torch.zeros(2, 2), "fc.bias": torch.zeros(2)}
    )
    target = network()
    before = {name: tensor.clone() for name, tensor in target.state_dict().items()}
    diagnostic = refusal(lambda: start_from(target, wrapped))
    assert diagnostic.code == "E562"
    assert diagnostic.message == f"no weight of `{wrapped}` has name and shape in common with the net"
    assert "the names in the file begin with `module.`" in (diagnostic.help or "")
    diagnostic = refusal(lambda: start_from(target, others))
    assert dict(diagnostic.notes)["file"] == "fc.bias, fc.weight"
    assert dict(diagnostic.notes)["net"].startswith("0.weight, 0.bias")
    assert "ogive.transfer" in (diagnostic.help or "")
    small = stored(
        tmp_path / "small.safetensors",
        {"3.weight": torch.zeros(9, 9), "1.num_batches_tracked": torch.tensor(1)},
    )
    diagnostic = refusal(lambda: start_from(network(), small))  # a counter is no weight
    assert dict(diagnostic.notes)["shapes"] == "3.weight (9x9 in the file, 3x4 here)"
    assert "--set" in (diagnostic.help or "")
    assert all(torch.equal(target.state_dict()[name], tensor) for name, tensor in before.items())


# ------------------------------------------------------------------ freezing


class Two(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5), nn.BatchNorm2d(4, affine=False)
        )
        self.conv1 = nn.Conv2d(4, 4, 1)
        self.conv10 = nn.Conv2d(4, 4, 1)
        self.bn1 = nn.BatchNorm2d(4)
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.bn1(self.conv10(self.conv1(self.stem(x)))))


STEM = {"stem.0.weight", "stem.0.bias", "stem.1.weight", "stem.1.bias"}


@pytest.mark.parametrize(
    ("patterns", "parameters", "norms"),
    [
        (["conv1*"], {"conv1.weight", "conv1.bias", "conv10.weight", "conv10.bias"}, set()),
        (["conv1"], {"conv1.weight", "conv1.bias"}, set()),
        (["conv1.*"], {"conv1.weight", "conv1.bias"}, set()),
        (["conv1.weight"], {"conv1.weight"}, set()),
        (["stem"], STEM, {"stem.1", "stem.3"}),
        (["stem.*"], STEM, {"stem.1", "stem.3"}),
        (["stem.1", "bn1.bias"], {"stem.1.weight", "stem.1.bias", "bn1.bias"}, {"stem.1"}),
        (["bn1.weight", "bn1.bias"], {"bn1.weight", "bn1.bias"}, {"bn1"}),
        (["*.bias"], {"stem.0.bias", "stem.1.bias", "conv1.bias", "conv10.bias", "bn1.bias"}, set()),
    ],
)
def test_patterns_freeze(patterns: list[str], parameters: set[str], norms: set[str]) -> None:
    module = Two()
    frozen = freeze(module, patterns)
    assert set(frozen.parameters) == parameters
    assert set(frozen.norms) == norms
    assert {name for name, p in module.named_parameters() if not p.requires_grad} == parameters


def test_frozen_norms_keep_their_statistics() -> None:
    module = Two()
    frozen = freeze(module, ["stem"])
    module.train()
    frozen.hold(module)
    before = {name: buffer.clone() for name, buffer in module.named_buffers()}
    module(torch.randn(8, 1, 5, 5)).sum().backward()
    changed = {
        name.rpartition(".")[0] for name, b in module.named_buffers() if not torch.equal(b, before[name])
    }
    assert changed == {"bn1"}
    assert module.stem[2].training  # dropout is left as it is
    assert {name for name, p in module.named_parameters() if p.grad is None} == STEM


def test_names_of_the_net_freeze_as_well() -> None:
    net = ogive.loads(
        'net N() { input x: 3x8x8; stage "3a" { conv(4, 3x3) -> bn -> relu }; share head = conv(4, 1x1); head -> head;'
        " clique(layers = 2) { bn -> relu -> conv(4, 3x3, padding = 1, bias = false) } }"
    )
    for pattern, expected in (
        ("3a", {"_3a.conv1.weight", "_3a.bn1.weight", "_3a.bn1.bias"}),
        ("_3a.conv*", {"_3a.conv1.weight"}),
        ("3a.conv1.weight", {"_3a.conv1.weight"}),
        ("head", {"head.weight", "head.bias"}),
        ("clique1.link_*", {f"clique1.link_{j}_{i}.weight" for j, i in ((0, 1), (2, 1), (0, 2), (1, 2))}),
    ):
        module = net.module()
        frozen = freeze(module, [pattern], net.ir)
        assert set(frozen.parameters) == expected, pattern
        assert set(frozen.norms) == ({"_3a.bn1"} if pattern == "3a" else set())
        assert {name for name, p in module.named_parameters() if not p.requires_grad} == expected


def test_a_shared_parameter_is_frozen_by_either_name() -> None:
    for name in ("0", "1"):
        module = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
        module[1].weight = module[0].weight
        assert "0.weight" in freeze(module, [name]).parameters
        assert not module[0].weight.requires_grad


@pytest.mark.parametrize(
    ("pattern", "says", "help_"),
    [
        ("conv2", "no part, layer or parameter is called so", "did you mean `conv1`?"),
        ("stemm.*", "no part, layer or parameter is called so", "did you mean `stem`?"),
        ("zebra*", "no part, layer or parameter is called so", None),
        ("act", "act has no parameter", None),
        ("", "no part, layer or parameter is called so", None),
    ],
)
def test_a_pattern_that_freezes_nothing(pattern: str, says: str, help_: str | None) -> None:
    module = Two()
    diagnostic = refusal(lambda: freeze(module, ["stem", pattern]))
    assert diagnostic.code == "E563"
    assert says in diagnostic.message
    assert diagnostic.help == help_
    assert all(p.requires_grad for p in module.parameters())
    if not says.startswith("act"):
        assert dict(diagnostic.notes)["parts"] == "stem, conv1, conv10, bn1, act"


@pytest.mark.parametrize("patterns", [["*"], ["stem", "conv*", "bn1"]])
def test_something_is_left_to_train(patterns: list[str]) -> None:
    module = Two()
    diagnostic = refusal(lambda: freeze(module, patterns))
    assert (diagnostic.code, diagnostic.message) == ("E563", "every parameter of the net is frozen")
    assert all(p.requires_grad for p in module.parameters())
    assert module.training


def test_every_pattern_that_freezes_nothing_is_told() -> None:
    with pytest.raises(ArchError) as caught:
        freeze(Two(), ["x*", "stem", "y*"])
    assert [diagnostic.message[:4] for diagnostic in caught.value.diagnostics] == ["`x*`", "`y*`"]
