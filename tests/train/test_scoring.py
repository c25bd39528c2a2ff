"""Runs scored alone and together, on their data and on others; batch norms recalibrated over data."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from sklearn import metrics

import ogive
from ogive.diagnostics import ArchError, Diagnostic
from ogive.recipes.default import default
from ogive.recipes.flags import with_flags
from ogive.train.machine import Machine
from ogive.train.opened import open_run
from ogive.train.scoring import Contender, of_network, of_run, recalibrated, save, score
from train import made
from train.data.sets import write_image


def refusal(run: Callable[[], object]) -> Diagnostic:
    with pytest.raises(ArchError) as caught:
        run()
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


def digits(seed: int = 0) -> Contender:
    return of_run(open_run(made.digits_run(seed)))


def by_hand(contender: Contender, *, views: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Class probabilities and labels of the test, image by image."""
    rows, labels = [], []
    with torch.no_grad():
        for batch in contender.data.test_batches():
            for image, label in zip(batch.images, batch.labels, strict=True):
                output = contender.run.module(image if views else image[None])
                rows.append(output.double().softmax(1).mean(0).numpy())
                labels.append(int(label))
    return np.array(rows), np.array(labels)


def test_a_run_alone_scores_what_it_said() -> None:
    for path in (made.digits_run(), made.photos_run()):
        run = open_run(path)
        found, (alone,) = score([of_run(run)])
        assert found is alone
        assert (found.loss, found.correct) == (run.record["test"]["loss"], run.record["test"]["correct"])
    assert found.total == 21


def test_ten_crops_are_averaged() -> None:
    contender = of_run(open_run(made.photos_run()))
    shares, labels = by_hand(contender, views=True)
    found, _ = score([contender], batch=2)
    np.testing.assert_array_equal(found.confusion, metrics.confusion_matrix(labels, shares.argmax(1)))
    assert found.loss == pytest.approx(metrics.log_loss(labels, shares), rel=1e-5)


def test_an_ensemble_shows_each_member_its_own_images() -> None:
    members = [digits(0), digits(1)]
    assert members[0].data.statistics != members[1].data.statistics, "the test cannot tell them apart"
    found, alone = score(members)
    by_member = [by_hand(member) for member in members]
    mean, labels = sum(shares for shares, _ in by_member) / 2, by_member[0][1]
    np.testing.assert_array_equal(found.confusion, metrics.confusion_matrix(labels, mean.argmax(1)))
    assert found.loss == pytest.approx(metrics.log_loss(labels, mean), rel=1e-5)
    assert found.top5 == pytest.approx(metrics.top_k_accuracy_score(labels, mean, k=5))
    for one, (shares, _) in zip(alone, by_member, strict=True):
        assert one.correct == int((shares.argmax(1) == labels).sum())
    assert [member.run.record["test"]["correct"] for member in members] == [one.correct for one in alone]


def test_a_part_that_there_is_not() -> None:
    contender = of_run(open_run(made.photos_run()), f'folder("{made.folder() / "data"}/.", resize = 9)')
    said = refusal(lambda: score([contender], "validation"))
    assert said.code == "E526"
    assert "no validation part" in said.message


# --------------------------------------------------------------------------- members that do not agree


def test_members_have_the_same_classes(tmp_path: Path) -> None:
    said = refusal(lambda: score([digits(), of_run(open_run(made.photos_run()))]))
    assert said.code == "E567"
    assert "do not tell the same classes apart" in said.message
    assert dict(said.notes)[str(made.photos_run())] == "cat, dog, emu"


def test_members_have_the_same_images(tmp_path: Path) -> None:
    other = Path(shutil.copytree(made.folder() / "data", tmp_path / "data"))
    photos = open_run(made.photos_run())
    same, moved = of_run(photos), of_run(photos, f'folder("{other}", resize = 9)')
    assert score([same, same])[0].total == 21
    said = refusal(lambda: score([same, moved]))
    assert said.code == "E567"
    assert "`folder` is not the same for both" in said.message
    noise = of_run(open_run(made.digits_run()), "random(50)")
    said = refusal(lambda: score([digits(), noise]))
    assert "`digits` and `random`" in said.message
    assert "--data" in str(said.help)


@pytest.mark.parametrize("part", ["validation", "train"])
def test_runs_of_other_seeds_have_other_parts(part: str) -> None:
    said = refusal(lambda: score([digits(0), digits(1)], part))
    assert said.code == "E567"
    assert "seed" in said.message
    assert "--part test" in str(said.help)
    assert score([digits(0), digits(0)], part)[0].total == (144 if part == "validation" else 1293)


def test_an_image_that_only_one_could_read(tmp_path: Path) -> None:
    photos = open_run(made.photos_run())
    other = Path(shutil.copytree(made.folder() / "data", tmp_path / "data"))
    choice = f'folder("{other}", resize = 9)'
    whole, broken = of_run(photos, choice), of_run(photos, choice)
    broken.data._corrupt = "skip"
    spoilt = other / "test" / "cat" / "3.png"
    batches = whole.data.test_batches

    def later(batch: int | None = None):
        yield from batches(batch)
        spoilt.write_bytes(b"no image")

    whole.data.test_batches = later
    said = refusal(lambda: score([whole, broken]))
    assert said.code == "E567"
    assert broken.data.skipped[0][0] == str(spoilt)


# --------------------------------------------------------------------------- batch norm


def test_batches_of_a_population_are_even_plain_and_in_a_random_order() -> None:
    data = of_run(open_run(made.photos_run())).data
    plain = torch.cat([batch.images for batch in data.plain_batches("train")])
    labels = torch.cat([batch.labels for batch in data.plain_batches("train")])
    assert torch.equal(labels, labels.sort()[0]), "a folder's images stand class by class"
    batches = list(data.even_batches(4))
    assert [len(batch.labels) for batch in batches] == [4] * (len(plain) // 4)
    shown = torch.cat([batch.images for batch in batches])
    where = [int((plain == image).flatten(1).all(1).nonzero()) for image in shown]
    assert len(set(where)) == len(where)
    assert where != sorted(where)
    assert torch.equal(torch.cat([batch.labels for batch in batches]), labels[where])
    again = torch.cat([batch.images for batch in data.even_batches(4)])
    assert torch.equal(shown, again)
    assert len(list(data.even_batches(10_000))) == 1


def test_a_run_is_recalibrated_over_its_training_images() -> None:
    contender = digits()
    norm = contender.run.module.get_submodule("body1.bn1")
    conv = contender.run.module.get_submodule("body1.conv1")
    done = recalibrated(contender, batch=100)
    assert (done.norms, done.batches, done.images, done.left_out) == (("body1.bn1",), 12, 1200, 93)
    means, variances = [], []
    with torch.no_grad():
        for batch in contender.data.even_batches(100):
            entering = conv(batch.images).double().transpose(0, 1).flatten(1).numpy()
            means.append(entering.mean(axis=1))
            variances.append(entering.var(axis=1))
    m = 100 * 64
    np.testing.assert_allclose(norm.running_mean, np.mean(means, axis=0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(norm.running_var, m / (m - 1) * np.mean(variances, axis=0), rtol=1e-4)


def test_recalibration_may_look_at_other_data() -> None:
    contender = digits()
    norm = contender.run.module.get_submodule("body1.bn1")
    recalibrated(contender)
    own = norm.running_mean.clone()
    done = recalibrated(contender, contender.run.data("random(600)"))
    assert (done.batches, done.images) == (2, 512)
    assert not torch.allclose(own, norm.running_mean, rtol=0.01)


def test_a_network_without_batch_norm_is_left_as_it_is() -> None:
    contender = of_run(open_run(made.photos_run()))
    before = {name: value.clone() for name, value in contender.run.module.state_dict().items()}
    assert recalibrated(contender).norms == ()
    assert all(torch.equal(before[name], value) for name, value in contender.run.module.state_dict().items())


def test_a_batch_of_one_value_has_no_variance() -> None:
    network = ogive.loads(
        "net N(classes = 10) { input image: 1x8x8; global_avg_pool -> flatten -> linear(4) -> bn -> linear(classes) }"
    )
    weights = made.folder() / "flat.safetensors"
    from ogive.train.weights import save_weights

    save_weights(network.module(), weights, {})
    contender = of_network(network, weights, with_flags(default(), [("batch", "8")]), Machine(device="cpu"))
    said = refusal(lambda: recalibrated(contender, batch=1))
    assert said.code == "E526"
    assert said.help == "--batch 64"
    assert recalibrated(contender).batches == 1293 // 8


def test_weights_are_written_with_what_was_done(tmp_path: Path) -> None:
    contender = digits()
    save(contender, tmp_path / "same.safetensors")
    ours, own = load_file(tmp_path / "same.safetensors"), load_file(contender.run.weights)
    assert all(torch.equal(ours[name], own[name]) for name in own)
    save(contender, tmp_path / "new.safetensors", recalibrated(contender, batch=64))
    with safe_open(tmp_path / "new.safetensors", "pt") as file:
        about = json.loads(file.metadata()["ogive"])
    assert about["recalibrated"] == {"norms": 1, "batches": 20, "images": 1280, "left_out": 13}
    assert about["name"] == "Tiny"
    again = open_run(made.digits_run(), weights=tmp_path / "new.safetensors")
    assert score([of_run(again)])[0].loss == score([contender])[0].loss


# --------------------------------------------------------------------------- networks without a run


def test_a_network_with_its_weights_scores_as_the_run() -> None:
    network = ogive.load(made.folder() / "tiny.arch", edits=["replace relu with tanh"], width=4)
    path = made.digits_run()
    recipe = with_flags(default(), [("batch", "256"), ("epochs", "2")])
    contender = of_network(network, path / "weights.safetensors", recipe, Machine(device="cpu"))
    assert not contender.is_run
    assert score([contender])[0].loss == pytest.approx(score([digits()])[0].loss, rel=1e-9)


@pytest.mark.parametrize(
    ("arguments", "data", "code"),
    [({"width": 5}, "digits", "E565"), ({"classes": 7}, "digits", "E521"), ({}, "cifar10", "E550")],
)
def test_a_network_that_does_not_fit(
    arguments: dict, data: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    network = ogive.load(made.folder() / "tiny.arch", **({"width": 4} | arguments))
    recipe = with_flags(default(), [("data", data)])
    weights = made.digits_run() / "weights.safetensors"
    assert refusal(lambda: of_network(network, weights, recipe, Machine(device="cpu"))).code == code


def test_memory_that_does_not_suffice(monkeypatch: pytest.MonkeyPatch) -> None:
    contender = digits()

    def full(_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    monkeypatch.setattr(contender.run.module, "forward", full)
    said = refusal(lambda: score([contender], batch=100))
    assert (said.code, said.help) == ("E527", "--batch 50")
    assert refusal(lambda: recalibrated(contender)).code == "E527"


def test_a_grey_photograph_among_colours_is_scored(tmp_path: Path) -> None:
    other = Path(shutil.copytree(made.folder() / "data", tmp_path / "data"))
    write_image(other / "test" / "cat" / "9.png", (15, 15), mode="L")
    found, _ = score([of_run(open_run(made.photos_run()), f'folder("{other}", resize = 9)')])
    assert found.total == 22


def test_weights_replace_no_file(tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_text("mine")
    with pytest.raises(FileExistsError):
        save(digits(), tmp_path / "w.safetensors")
    assert (tmp_path / "w.safetensors").read_text() == "mine"
