"""How a command starts: with what it needs, and without looking for garbage that there is not."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import ogive as package
from ogive import resources


def test_a_check_imports_only_what_it_needs():
    file = resources.zoo() / "vgg.arch"  # which has no recipe
    program = (
        "import sys\nfrom ogive.cli import run\n"
        f"sys.argv[1:] = ['check', {str(file)!r}]\n"
        "try:\n    run()\nfinally:\n"
        "    print(*(n for n in sys.modules if n in UNWANTED or n.startswith('ogive.recipes')), file=sys.stderr)\n"
    )
    unwanted = (
        "torch", "rich", "numpy", "ogive.plugin.files", "ogive.report.summary", "ogive.cli.check_fix",
        "ogive.fixing", "ogive.syntax.format", "ogive.train.run",
    )  # fmt: skip
    folder = str(Path(package.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", f"UNWANTED = {unwanted!r}\n{program}"],
        capture_output=True, text=True, check=True, env={"PYTHONPATH": folder},
    )  # fmt: skip
    assert "vgg16: " in done.stdout
    assert done.stderr.split() == []


@pytest.mark.parametrize(("command", "usual"), [("check", False), ("train", True), ("bench", True)])
def test_garbage_waits_only_where_no_network_runs(
    command: str, usual: bool, ogive: Callable, monkeypatch: pytest.MonkeyPatch
):
    before, meanwhile = gc.get_threshold(), []
    monkeypatch.setattr("ogive.loading.find", lambda _: meanwhile.append(gc.get_threshold()) or sys.exit(3))
    assert ogive(command, "lenet5").code == 3
    assert [threshold == before for threshold in meanwhile] == [usual]
    assert gc.get_threshold() == before


def test_the_names_of_the_package_are_there():
    assert set(package.__all__) <= set(dir(package))
    for name in set(package.__all__) - {"transfer", "TransferError"}:  # these need torch
        assert getattr(package, name).__module__ if name != "__version__" else package.__version__
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        _ = package.lod
