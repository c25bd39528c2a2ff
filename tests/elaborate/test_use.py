"""`use`: what a file takes from others, and what it can never read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import ogive
from ogive.diagnostics import ArchError
from ogive.network import Network
from ogive.pipeline import check_program
from ogive.reading import MAX_FILES, read_file, read_text

B = "let k = 2 * j\nlet j = 4\nblock B(w) { conv(w + k, 3x3) -> bn -> relu }\nvariant big = M(9)\nnet M(n) { input x: 3x9x9; conv(n, 1x1) }\n"


def write(folder: Path, **files: str) -> None:
    """Files by name; `sub__b` is sub/b.arch."""
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.arch"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def load(folder: Path, name: str = "N", **files: str) -> Network:
    write(folder, **files)
    return ogive.load(f"{folder / 'net.arch'}:{name}")


def problems(folder: Path, **files: str) -> list[str]:
    """The codes of everything that is wrong with net.arch."""
    write(folder, **files)
    try:
        return [d.code for d in check_program(read_file(folder / "net.arch"))[1]]
    except ArchError as problem:
        return [d.code for d in problem.diagnostics]


NET = "net N() {{ input x: 3x9x9; {} }}"


@pytest.mark.parametrize(
    ("uses", "body", "params"),
    [
        ('use "b.arch"', "B(1)", 3 * 9 * 9 + 18),
        ('use B from "b.arch"', "B(1)", 3 * 9 * 9 + 18),
        ('use B as C from "b.arch"', "C(1)", 3 * 9 * 9 + 18),
        ('use B, k from "b.arch"', "B(k)", 3 * 16 * 9 + 32),
        ('use big from "b.arch"', "big", 3 * 9 + 9),
        ('use M from "b.arch"', "M(2)", 3 * 2 + 2),
        ('use "./b.arch"', "B(1)", 3 * 9 * 9 + 18),
        ('use SE from "se.arch"', "SE(3)", 3 + 1 + 3 + 3),
        ('use Bottleneck from "resnet.arch"', "Bottleneck(1)", 3 + 9 + 4 + 3 * 4 + 2 * (1 + 1 + 4 + 4)),
    ],
)
def test_forms(tmp_path: Path, uses: str, body: str, params: int) -> None:
    assert load(tmp_path, b=B, net=f"{uses}\n{NET.format(body)}").params == params


def test_names_of_parameters_do_not_depend_on_the_file(tmp_path: Path) -> None:
    inside = load(tmp_path, net=B + NET.format("B(1) -> B(2)"))
    outside = load(tmp_path, b=B, net='use B as Other from "b.arch"\n' + NET.format("Other(1) -> Other(2)"))
    assert [n.name for n in inside.ir] == [n.name for n in outside.ir]
    assert list(inside.module().state_dict()) == list(outside.module().state_dict())


def test_names_resolve_in_the_file_of_the_block(tmp_path: Path) -> None:
    net = 'use "b.arch"\nlet j = 100\nlet unused = k\n' + NET.format("B(1) -> conv(j, 1x1)")
    assert load(tmp_path, b=B, net=net).params == 3 * 9 * 9 + 18 + 9 * 100 + 100


def test_a_definition_hides_a_file_used_whole_and_that_the_library(tmp_path: Path) -> None:
    b = "block relu() { conv(5, 1x1) }\nblock tanh() { conv(5, 1x1) }\n"
    net = 'use "b.arch"\nblock tanh() { conv(7, 1x1) }\n' + NET.format("relu -> tanh")
    assert load(tmp_path, b=b, net=net).params == 3 * 5 + 5 + 5 * 7 + 7


def test_a_name_of_two_files_is_a_mistake_only_where_it_is_used(tmp_path: Path) -> None:
    files = {"a": "block A() { relu }\nblock X() { relu }", "b": "block B() { relu }\nblock X() { tanh }"}
    uses = 'use "a.arch"\nuse "b.arch"\n'
    assert problems(tmp_path, **files, net=uses + NET.format("A -> B")) == []
    assert problems(tmp_path, net=uses + NET.format("A -> X")) == ["E508"]
    assert problems(tmp_path, net=uses + 'use X from "b.arch"\n' + NET.format("A -> X")) == []
    assert problems(tmp_path, net='use "a.arch"\nuse "./a.arch"\n' + NET.format("A -> X")) == []


def test_what_a_file_uses_itself_is_not_its_own_to_give(tmp_path: Path) -> None:
    files = {"b": B, "a": 'use "b.arch"\nblock A() { B(1) }'}
    assert problems(tmp_path, **files, net='use "a.arch"\n' + NET.format("A")) == []
    assert problems(tmp_path, net='use "a.arch"\n' + NET.format("A -> B(1)")) == ["E101"]
    assert problems(tmp_path, net='use B from "a.arch"\n' + NET.format("relu")) == ["E320"]


def test_defaults_stay_in_their_file(tmp_path: Path) -> None:
    """Those of the caller do not reach a used block, its own do, and one that comes back as an argument keeps its
    own file's.
    """
    b = "block B(unit) { default conv(bias = false); conv(2, 3x3) -> Inner -> unit }\nblock Inner() { conv(2, 3x3) }\n"
    net = (
        'use B from "b.arch"\nblock Mine() { conv(2, 3x3) }\n'
        "net N() { input x: 2x16x16; default conv(padding = same); conv(2, 3x3) -> B(Mine) }"
    )
    network = load(tmp_path, b=b, net=net)
    assert [str(n.outputs[0]) for n in network.ir] == ["2x16x16", "2x16x16", "2x14x14", "2x12x12", "2x12x12"]
    assert [n.layer.bias for n in network.ir if n.layer.kind == "conv"] == [True, False, False, True]


def test_files_may_use_one_another_in_a_circle(tmp_path: Path) -> None:
    files = {
        "a": 'use "b.arch"\nlet a = 3\nblock A(n) { if n > 0 { conv(a, 1x1) -> B(n - 1) } }',
        "b": 'use A, a as other from "a.arch"\nlet b = other + 1\nblock B(n) { conv(b, 1x1) -> A(n) }',
    }
    network = load(tmp_path, **files, net='use A from "a.arch"\n' + NET.format("A(2)"))
    assert [n.outputs[0].channels for n in network.ir] == [3, 3, 4, 3, 4]
    assert problems(tmp_path, a='use b from "b.arch"\nlet a = b', b='use a from "a.arch"\nlet b = a',
                    net='use a from "a.arch"\n' + NET.format("conv(a, 1x1)")) == ["E401"]  # fmt: skip


def test_a_program_that_is_used_by_what_it_uses(tmp_path: Path) -> None:
    b = 'use k from "net.arch"\nblock B() { conv(k, 1x1) }'
    assert load(tmp_path, b=b, net='use B from "b.arch"\nlet k = 5\n' + NET.format("B")).params == 3 * 5 + 5


def test_unused_definitions_of_used_files_are_left_alone(tmp_path: Path) -> None:
    b = "block B() { relu }\nblock Wrong(unused) { rellu }\nlet bad = 1 / 0\n"
    assert problems(tmp_path, b=b, net='use "b.arch"\n' + NET.format("B")) == []
    assert problems(tmp_path, net='use "b.arch"\n' + NET.format("B -> Wrong(1)")) == ["E101"]
    assert problems(tmp_path, net='use "b.arch"\n' + NET.format("B -> conv(bad, 1x1)")) == ["E113"]


def test_a_definition_that_no_net_uses_knows_used_names(tmp_path: Path) -> None:
    b = 'block U(mode: "x" | "y") { relu }\nlet w = 3\n'
    assert (
        problems(
            tmp_path, b=b, net='use "b.arch"\nblock C(n) { U(x) -> conv(w, 1x1) }\n' + NET.format("relu")
        )
        == []
    )


def test_the_printed_text_names_the_file_of_each_block(tmp_path: Path) -> None:
    from ogive.backends.torch_source import torch_source

    network = load(tmp_path, sub__b=B, net='use B from "sub/b.arch"\n' + NET.format("B(1)"))
    text = torch_source(network.ir)
    assert '"""B, b.arch:3."""' in text
    assert "net.arch:2" in text


# --------------------------------------------------------------------------- what is read


def test_paths_lead_from_the_file_that_uses_them(tmp_path: Path) -> None:
    files = {
        "sub__a": 'use "c.arch"\nuse "../b.arch"\nblock A() { C -> B(1) }',
        "sub__c": "block C() { conv(3, 1x1) }",
        "c": "block C() { conv(99, 1x1) }",
    }
    assert (
        load(tmp_path, b=B, **files, net='use A from "sub/a.arch"\n' + NET.format("A")).params
        == 12 + 243 + 18
    )


@pytest.mark.parametrize(
    "path", ["../out.arch", "sub/../../out.arch", "link.arch", "folder/out.arch", "/tmp/out.arch"]
)
def test_nothing_is_read_outside_of_the_folder(tmp_path: Path, path: str) -> None:
    inside = tmp_path / "inside"
    (inside / "sub").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    for folder in (tmp_path, tmp_path / "elsewhere"):
        (folder / "out.arch").write_text(B)
    (inside / "link.arch").symlink_to(tmp_path / "out.arch")
    (inside / "folder").symlink_to(tmp_path / "elsewhere")
    assert problems(inside, net=f'use B from "{path}"\n' + NET.format("B(1)")) == ["E506"]


def test_links_inside_of_the_folder_are_fine(tmp_path: Path) -> None:
    write(tmp_path, b=B)
    (tmp_path / "link.arch").symlink_to(tmp_path / "b.arch")
    uses = 'use B from "link.arch"\nuse "b.arch"\n'
    assert problems(tmp_path, net=uses + NET.format("B(1)")) == []


def test_a_link_to_itself_is_called_so(tmp_path: Path) -> None:
    (tmp_path / "round.arch").symlink_to(tmp_path / "round.arch")
    write(tmp_path, net='use "round.arch"\n' + NET.format("relu"))
    with pytest.raises(ArchError) as caught:
        read_file(tmp_path / "net.arch")
    (found,) = caught.value.diagnostics
    assert (found.code, found.message) == ("E506", '"round.arch" is a link that leads back to itself')


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.arch")
    assert problems(tmp_path, net='use "pipe.arch"\n' + NET.format("relu")) == ["E501"]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "b.arch").write_bytes(b"block B() { relu } # \xff")
    assert problems(tmp_path, net='use "b.arch"\n' + NET.format("relu")) == ["E501"]
    assert problems(tmp_path, net=f'use "{"b" * 300}.arch"\n' + NET.format("relu")) == ["E505"]


def test_every_missing_file_is_said_at_once(tmp_path: Path) -> None:
    assert problems(tmp_path, net='use "x.arch"\nuse "y.arch"\nuse "../z.arch"\n' + NET.format("relu")) == [
        "E505", "E505", "E506",
    ]  # fmt: skip


def test_how_much_is_read(tmp_path: Path) -> None:
    chain = {f"f{i}": f'use "f{i + 1}.arch"\n' for i in range(MAX_FILES - 1)} | {f"f{MAX_FILES - 1}": ""}
    assert problems(tmp_path, **chain, net='use "f0.arch"\n' + NET.format("relu")) == []
    write(tmp_path, **{f"f{MAX_FILES - 1}": f'use "f{MAX_FILES}.arch"\n', f"f{MAX_FILES}": ""})
    assert problems(tmp_path, net='use "f0.arch"\n' + NET.format("relu")) == ["E507"]
    long = {f"g{i}": "# " + "x" * 100_000 + "\n" for i in range(11)}
    uses = "".join(f'use "g{i}.arch"\n' for i in range(11))
    assert problems(tmp_path, **long, net=uses + NET.format("relu")) == ["E507"]


def test_a_text_uses_the_library_and_a_folder_that_is_given(tmp_path: Path) -> None:
    assert ogive.loads('use SE from "se.arch"\n' + NET.format("SE(3)")).params == 10
    write(tmp_path, b=B)
    text = 'use B from "b.arch"\n' + NET.format("B(1)")
    assert ogive.loads(text, folder=tmp_path).params == 261
    with pytest.raises(ArchError, match="E505"):
        read_text(text)


def test_a_file_that_names_itself_means_the_library(tmp_path: Path) -> None:
    """One's own se.arch may build on the library's."""
    write(tmp_path, se='use SE from "se.arch"\n' + NET.format("SE(3)"))
    assert ogive.load(tmp_path / "se.arch").params == 10
    assert problems(tmp_path, own='use B from "own.arch"\n' + NET.format("relu"))


def test_a_file_of_the_library_reads_no_file_of_the_program(tmp_path: Path) -> None:
    """mbconv.arch uses se.arch: the library's, whatever lies beside the program."""
    write(tmp_path, se="block SE(squeezed, act) { nonsense }")
    net = 'use MBConv from "mbconv.arch"\nnet N() { input x: 16x8x8; MBConv(16) }'
    assert problems(tmp_path, net=net) == []
