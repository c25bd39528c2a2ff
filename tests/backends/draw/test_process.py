"""The process that lays out and renders: many requests, one limit each, its own fonts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ogive.backends.draw.layout import fonts, process
from ogive.backends.draw.layout.process import Graphviz, TooSlow
from ogive.diagnostics import ArchError

SMALL = "digraph { a -> b }"
LARGE = "digraph {" + ";".join(f"n{i} -> n{j}" for i in range(90) for j in range(i)) + "}"
PLACED = 'digraph { a [pos="10,10"]; b [pos="100,60"]; a -> b [pos="e,80,50 20,20 40,30 50,40 75,48"] }'


def test_one_process_answers_many_requests() -> None:
    with Graphviz() as graphviz:
        first = graphviz.lay_out(SMALL)
        assert {o["name"] for o in first["objects"]} == {"a", "b"}
        assert graphviz.lay_out(SMALL) == first
        assert graphviz.render(PLACED, "svg").startswith(b"<?xml")
        assert graphviz.render(PLACED, "png", 50) != graphviz.render(PLACED, "png", 100)


def test_a_text_that_is_wrong_is_told_and_the_next_is_answered() -> None:
    with Graphviz() as graphviz:
        with pytest.raises(ArchError) as caught:
            graphviz.lay_out("digraph { a -> ")
        assert [d.code for d in caught.value.diagnostics] == ["E512"]
        assert graphviz.lay_out(SMALL)["objects"]


def test_the_time_limit_ends_a_layout_and_the_next_is_answered() -> None:
    with Graphviz(time_limit=0.4) as graphviz:
        with pytest.raises(TooSlow):
            graphviz.lay_out(LARGE)
        graphviz.time_limit = 60.0
        assert graphviz.lay_out(SMALL)["objects"]


def test_a_process_that_dies_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "worker.py"
    file.write_text("import sys; sys.stdin.buffer.readline(); sys.exit(1)\n")
    monkeypatch.setattr(process.worker, "__file__", str(file))
    with Graphviz() as graphviz, pytest.raises(ArchError) as caught:
        graphviz.lay_out(SMALL)
    assert [d.code for d in caught.value.diagnostics] == ["E512"]


def test_without_pygraphviz(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # found before the packages: it says that there is no pygraphviz
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['pygraphviz'] = None\n")
    monkeypatch.setattr(fonts, "environment", lambda _: {**os.environ, "PYTHONPATH": str(tmp_path)})
    with Graphviz() as graphviz, pytest.raises(ArchError) as caught:
        graphviz.lay_out(SMALL)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E511"
    assert diagnostic.help is not None
    assert "pip install pygraphviz" in diagnostic.help


def test_nothing_is_left_behind() -> None:
    with Graphviz() as graphviz:
        folder = Path(graphviz._folder.name)
        child = graphviz._child
        graphviz.lay_out(SMALL)
        assert folder.is_dir()
    assert not folder.exists()
    assert child is not None
    assert child.returncode is not None
