"""The recipes of the zoo: each is complete, fits the nets that it is for, and names layers that they have.

Nothing here loads torch; what the names of `init` mean is worked out on the graph, not with what trains.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import pytest

import ogive
from ogive import resources
from ogive.catalogue import declared, list_models
from ogive.loading import load_recipe
from ogive.network import Network
from ogive.recipes import whole
from ogive.recipes.augment import RandomCrop, ResizedCrop
from ogive.recipes.data import Data
from ogive.recipes.init import Init
from ogive.recipes.optimizer import Optimizer, Sgd
from ogive.recipes.schedule import Exponential, Plateau, Steps, Warmup

CLIQUENETS = list_models("cliquenet_k*")
RESNETS = declared(resources.zoo() / "resnet.arch")
NETS = {
    "alexnet": ["alexnet"],
    "alexnet_towers": ["alexnet_towers"],
    "inception": ["inception"],
    "bn_baseline": ["bn_baseline", "bn_after"],
    "bn_x5": ["bn_x5"],
    "bn_x30": ["bn_x5"],
    "bn_sigmoid": ["bn_sigmoid"],
    "bn_mnist": ["bn_mnist", "bn_mnist_plain"],
    "resnet": RESNETS,
    "cifar_resnet": list_models("cifar_resnet*"),
    "cifar_resnet_deep": ["cifar_resnet110", "cifar_resnet1202"],
    "densenet": list_models("densenet*"),
    "cifar_densenet": list_models("cifar_densenet*"),
    "cifar_densenet_plain": list_models("cifar_densenet*"),
    "cliquenet_cifar": CLIQUENETS,
    "cliquenet_svhn": CLIQUENETS,
    "cliquenet_imagenet": list_models("cliquenet_s*"),
    "lenet5": ["lenet5", "lenet5_1998"],
}  # fmt: skip
"""Which nets each recipe is for."""
RECIPES = [name for file in resources.zoo_files() for name in declared(file, "recipe")]
PAIRS = [(name, net) for name, nets in NETS.items() for net in nets]


@cache
def network(name: str) -> Network:
    return ogive.load(name)


def test_every_recipe_says_for_which_nets_it_is() -> None:
    assert sorted(RECIPES) == sorted(NETS)
    assert len(RECIPES) == len(set(RECIPES)), "two of one name: only the first is found"
    assert all(NETS.values())


@pytest.mark.parametrize("name", RECIPES)
def test_a_run_can_be_made_from_it(name: str) -> None:
    recipe = whole(load_recipe(name))
    assert isinstance(recipe.value("optimizer"), Optimizer)
    assert isinstance(recipe.value("data"), Data)


@pytest.mark.parametrize("name", RECIPES)
def test_its_images_are_of_the_size_that_its_nets_take(name: str) -> None:
    recipe = load_recipe(name)
    data = recipe.value("data")
    assert isinstance(data, Data)
    crops = [v.size for v in recipe.values("augment") if isinstance(v, RandomCrop | ResizedCrop)]
    for net in NETS[name]:
        ((_, entering),) = network(net).inputs
        channels, height, width = entering.sizes
        if crops:
            assert (height, width) == (crops[-1], crops[-1])
        elif data.kind != "digits":  # which are scaled to whatever the net takes
            assert data.image is not None
            assert (channels, height, width) == data.image
        assert network(net).outputs[0][1].channels == data.classes


# --------------------------------------------------------------------------- init


def layers(net: Network) -> Iterator[tuple[str, str, str, bool]]:
    """Path, kind and group of every layer with weights, and whether it has a bias too."""
    graph = net.unrolled
    for node in graph:
        shapes = graph.parameters(node.name)
        if "weight" in shapes:
            yield node.name, node.layer.kind, node.layer.group, "bias" in shapes


def meant(pattern: str, path: str, kind: str, group: str) -> bool:
    """Whether a pattern is a kind or a group, or the name of a layer or of a part around it."""
    means = re.compile(re.escape(pattern).replace(r"\*", ".*"))
    words = path.split(".")
    around = [".".join(words[:end]) for end in range(1, len(words) + 1)]
    return pattern in (kind, group) or any(means.fullmatch(part) for part in around)


@pytest.mark.parametrize(("name", "net"), PAIRS)
def test_what_its_init_names_is_there(name: str, net: str) -> None:
    found = list(layers(network(net)))
    for init in load_recipe(name).values("init"):
        if not isinstance(init, Init) or init.layers is None:
            continue
        for pattern in [init.layers] if isinstance(init.layers, str) else init.layers:
            hits = [path for path, kind, group, bias in found
                    if meant(pattern, path, kind, group) and (init.of == "weight" or bias)]  # fmt: skip
            assert hits, f"{init} finds nothing under `{pattern}` in {net}"


@pytest.mark.parametrize(("name", "net"), [("alexnet", "alexnet"), ("alexnet_towers", "alexnet_towers")])
def test_the_biases_of_alexnet(name: str, net: str) -> None:
    """As many biases of 1 as conv2, conv4, conv5 and the hidden layers have channels: both forms are one net."""
    one = load_recipe(name).values("init")[-1]
    assert isinstance(one, Init)
    assert isinstance(one.layers, list)
    graph = network(net).ir
    sizes = [
        graph.parameters(node.name)["bias"][0]
        for node in graph
        if "bias" in graph.parameters(node.name)
        and any(meant(p, node.name, node.layer.kind, node.layer.group) for p in one.layers)
    ]
    assert sum(int(str(size)) for size in sizes) == 256 + 384 + 256 + 4096 + 4096


# --------------------------------------------------------------------------- what the papers print


def rate(name: str) -> float:
    optimizer = load_recipe(name).value("optimizer")
    assert isinstance(optimizer, Optimizer)
    return optimizer.lr


def test_the_variants_of_the_batch_normalization_paper() -> None:
    names = ["inception", "bn_baseline", "bn_x5", "bn_x30", "bn_sigmoid"]
    assert [rate(name) for name in names] == [0.0015, 0.0015, 0.0075, 0.045, 0.0075]
    recipes = {name: load_recipe(name) for name in names}
    assert {recipe.value("batch") for recipe in recipes.values()} == {32}
    assert [recipes[name].value("steps") for name in names[:4]] == [31e6, 13.3e6, 2.1e6, 6e6]
    base, x5 = recipes["inception"], recipes["bn_x5"]
    slow, fast = base.value("schedule"), x5.value("schedule")
    assert isinstance(slow, Exponential)
    assert isinstance(fast, Exponential)
    assert (slow.every / fast.every, slow.factor) == (6, fast.factor)
    heavy, light = base.value("optimizer"), x5.value("optimizer")
    assert isinstance(heavy, Sgd)
    assert isinstance(light, Sgd)
    assert heavy.weight_decay / light.weight_decay == pytest.approx(5)
    assert light.momentum == heavy.momentum
    kinds = {node.layer.kind for node in network("bn_x5").ir}
    assert kinds.isdisjoint({"dropout", "lrn"})


def test_alexnet() -> None:
    recipe = load_recipe("alexnet")
    assert recipe.value("optimizer") == Sgd(lr=0.01, momentum=0.9, weight_decay=0.0005)
    assert (recipe.value("batch"), recipe.value("epochs")) == (128, 90)
    assert recipe.value("schedule") == Plateau(factor=0.1, times=3)
    assert str(getattr(recipe.value("evaluate"), "kind", "")) == "ten_crop"


def test_residual_and_dense_nets() -> None:
    for name in ("cifar_densenet", "cliquenet_cifar"):
        recipe = load_recipe(name)
        assert recipe.value("optimizer") == Sgd(lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.0001)
        assert (recipe.value("batch"), recipe.value("epochs")) == (64, 300)
        assert recipe.value("schedule") == Steps(at=[0.5, 0.75], factor=0.1)
    deep = load_recipe("cifar_resnet_deep")
    assert deep.values("schedule") == (Warmup(1.0, start=0.1), Steps(at=[0.5, 0.75], factor=0.1))
    assert (deep.value("batch"), deep.value("steps")) == (128, 64_000)
    assert load_recipe("cliquenet_svhn").value("epochs") == 40
    assert load_recipe("cliquenet_imagenet").value("batch") == 160
