"""The bench: who is measured, in which order, and what is reported."""

from __future__ import annotations

import time
from itertools import groupby

import pytest
import torch

import ogive
from ogive import bench


def test_turns_are_taken_and_the_median_reported():
    order: list[str] = []

    def run(name: str, seconds: float) -> None:
        order.append(name)
        time.sleep(seconds)

    times = bench.interleaved(
        {"a": lambda: run("a", 0.03), "b": lambda: run("b", 0.06)}, rounds=4, threads=torch.get_num_threads()
    )
    # each is tried twice, then four rounds, every other one the other way round: ab ba ab ba
    assert [name for name, _ in groupby(order)] == [*"abab", *"ababa"]
    assert times["b"] > times["a"]


def test_what_takes_no_time_is_repeated():
    calls = 0

    def run() -> None:
        nonlocal calls
        calls += 1

    bench.interleaved({"a": run}, rounds=1, threads=1)
    assert calls > 100


def test_a_network_beside_torchvision():
    cpu = torch.device("cpu")
    net = ogive.load("resnet18", input=(3, 32, 32))
    result = bench.compare(net, batch=2, device=cpu, threads=1, rounds=1)
    assert result.reference == "torchvision's resnet18"
    for seconds in result.seconds.values():
        assert set(seconds) == {"ogive", "torchvision"}
        assert all(s > 0 for s in seconds.values())
    text = bench.to_text(result)
    assert text.startswith("resnet18: cpu, input 2x3x32x32, 1 thread, median of 1\n")
    assert text.count("x as fast") == 2


@pytest.mark.parametrize(
    ("name", "has"),
    [
        ("resnext50", True),
        ("googlenet_torchvision", True),
        ("googlenet", False),
        ("alexnet", False),
        ("swin_t", True),
    ],
)
def test_only_the_same_network_is_compared_with(name: str, has: bool):
    assert (bench._torchvision(ogive.load(name)) is not None) == has


def test_a_network_that_torchvision_does_not_have():
    result = bench.compare(ogive.load("lenet5"), batch=1, device=torch.device("cpu"), threads=1, rounds=1)
    assert result.reference is None
    assert "no network of this name" in bench.to_text(result)


def test_devices():
    assert bench.device("cpu") == torch.device("cpu")
    assert (bench.device("cuda") is None) is not torch.cuda.is_available()
    assert bench.device("auto") is not None
