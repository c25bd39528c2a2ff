"""The files that travel with the compiler are found beside it and inside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ogive import resources


def test_in_a_checkout():
    assert (resources.zoo() / "resnet.arch").is_file()
    assert resources.grammar().is_file()
    assert [path.suffix for path in resources.zoo_files()] == [".arch"] * len(resources.zoo_files())


def test_in_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    package = tmp_path / "site-packages" / "ogive"
    (package / "archs").mkdir(parents=True)
    (package / "grammar").mkdir()
    (package / "archs" / "a.arch").write_text("", encoding="utf-8")
    (tmp_path / "archs").mkdir()  # another project's folder of that name, two levels up
    monkeypatch.setattr(resources, "_PACKAGE", package)
    assert resources.zoo_files() == [package / "archs" / "a.arch"]
    assert resources.grammar() == package / "grammar" / "arch.lark"


def test_the_font_brings_its_licence():
    names = {path.suffix for path in resources.fonts().iterdir()}
    assert ".ttf" in names
    assert any("LICEN" in path.name.upper() for path in resources.fonts().iterdir())
