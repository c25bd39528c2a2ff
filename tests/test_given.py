"""What Python gives `load`, `loads` and `format`: refused with what is wanted, where it cannot be meant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ogive
from ogive.diagnostics import ArchError
from ogive.given import sizes_of

TEXT = "net A() {\n  input x: [3, ?h, ?w]\n  conv(4, 3x3, stride = 2) -> max_pool(2x2) -> conv(4, 1x3)\n}\n"


def test_a_shape_may_be_a_text_or_a_sequence():
    meant = ogive.loads(TEXT, input=(3, 16, 20))
    assert meant.inputs[0][1].sizes == (3, 16, 20)
    for shape in ("3x16x20", [3, 16, 20], iter((3, 16, 20))):
        assert ogive.loads(TEXT, input=shape).macs == meant.macs
    assert ogive.load("resnet18", input="3x64x64").macs == ogive.load("resnet18", input=(3, 64, 64)).macs


@given(st.lists(st.integers(1, 10**9 - 1), min_size=1, max_size=5))
def test_the_text_of_a_shape_is_read_back(sizes: list[int]):
    assert sizes_of("x".join(map(str, sizes))) == tuple(sizes)


@pytest.mark.parametrize("text", ["", "3x", "x3", "3x0x1", "3,4", "03", "3X4", "٣x٤", "3x4\n", "1x2x3x4x5x6"])
def test_a_text_of_another_form_is_no_shape(text: str):
    assert sizes_of(text) is None
    with pytest.raises(ValueError, match="3x320x320"):
        ogive.loads(TEXT, input=text)


@pytest.mark.parametrize(
    ("call", "wanted", "got"),
    [
        (lambda: ogive.loads(b"net"), "text is a str", "bytes"),
        (lambda: ogive.loads(Path("x.arch")), "text is a str", "Path"),
        (lambda: ogive.loads(TEXT, 3), "name is a str", "int"),
        (lambda: ogive.loads(TEXT, folder=3), "folder is a str or a path", "int"),
        (lambda: ogive.loads(TEXT, input=3), "(3, 320, 320)", "int"),
        (lambda: ogive.loads(TEXT, input=b"3x4"), "(3, 320, 320)", "bytes"),
        (lambda: ogive.loads(TEXT, input=(3, 1.5)), "a size of input is an int", "float"),
        (lambda: ogive.loads(TEXT, input=(3, True)), "a size of input is an int", "bool"),
        (lambda: ogive.loads(TEXT, edits=[3]), "an edit is a str", "int"),
        (lambda: ogive.loads(TEXT, edits=3), "edits is a list of str", "int"),
        (lambda: ogive.loads(TEXT, library="mine.py"), "ogive.library_with('mine.py')", "str"),
        (lambda: ogive.load(3), "target is a str or a path", "int"),
        (lambda: ogive.load(b"resnet18"), "target is a str or a path", "bytes"),
        (lambda: ogive.library_with(3), "a plugin is a str or a path", "int"),
        (lambda: ogive.format(3), "text is a str", "int"),
    ],
)  # fmt: skip
def test_another_type_is_refused_with_what_is_wanted(call: Callable[[], object], wanted: str, got: str):
    with pytest.raises(TypeError) as caught:
        call()
    assert wanted in str(caught.value)
    assert str(caught.value).split()[-1].endswith(got)  # the class of a path depends on the system


def test_one_edit_may_be_a_text():
    text = "net A() {\n  input x: 3x8x8\n  conv(4, 3x3) -> relu\n}\n"
    assert ogive.loads(text, edits="remove relu").edits == ("remove relu",)


@pytest.mark.parametrize("target", ["a" * 300, "a/" * 3000, "a/" * 3000 + ":b", "a/" * 3000 + ".arch"])
def test_a_target_longer_than_a_name_can_be_is_no_file(target: str):
    with pytest.raises(ArchError, match=r"E50[12]"):
        ogive.load(target)


def test_the_text_of_a_program_is_no_target():
    with pytest.raises(ArchError, match=r"`net A\(\) \{ …` is a text, and no file\n.*`ogive\.loads\(text\)`"):
        ogive.load("net A() {\n  input x: 3\n}\n")
