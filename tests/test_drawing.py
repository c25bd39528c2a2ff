"""`ogive.draw`: several networks in one figure, from Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import ogive
from ogive.diagnostics import ArchError


def test_two_networks_stand_side_by_side(tmp_path: Path):
    nets = [ogive.load("vgg11"), ogive.load("resnet18")]
    made = ogive.draw(iter(nets), tmp_path / "both.svg", titles=["VGG", "ResNet"])
    text = (tmp_path / "both.svg").read_text()
    assert made.path == tmp_path / "both.svg"
    assert made.data.decode() == text
    assert all(f">{title}</text>" in text for title in ("VGG", "ResNet"))


def test_one_network_needs_no_list():
    net = ogive.load("lenet5")
    assert ogive.draw(net).data == net.draw().data
    assert ogive.draw(net, titles="LeNet").data != net.draw().data


@pytest.mark.parametrize(
    ("networks", "options", "error", "said"),
    [
        ([], {}, ValueError, "no network to draw"),
        (3, {}, TypeError, "networks is a Network, or several of them"),
        (["lenet5"], {}, TypeError, r"a network is a Network, such as ogive.load\('resnet50'\)"),
        ("one", {"titles": ["a", "b"]}, ValueError, "2 titles for 1 networks"),
        ("one", {"style": "overveiw"}, ValueError, "style is one of overview"),
        ("one", {"fit": "3in"}, ValueError, "3in"),
        ("one", {"path": "x.jpg"}, ArchError, "E513"),
        ("one", {"path": "x"}, ArchError, "E513"),
        ("one", {"path": "no/such/folder/x.svg"}, OSError, "no/such/folder"),
    ],
)
def test_what_cannot_be_drawn(networks: Any, options: Any, error: type[Exception], said: str):
    given = ogive.load("lenet5") if networks == "one" else networks
    with pytest.raises(error, match=said):
        ogive.draw(given, **options)


@pytest.mark.parametrize("how", ["a network", "networks"])
def test_what_cannot_be_written_whole_leaves_the_old_file(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    net = ogive.load("lenet5")
    path = tmp_path / "net.svg"
    path.write_text("old", encoding="utf-8")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        net.draw(path) if how == "a network" else ogive.draw([net, net], path)
    assert path.read_text(encoding="utf-8") == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["net.svg"], "nothing lies beside it"
