"""Several nets side by side: what branches is one box, and what folds where the space is small."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from backends.draw.beside_scenes import (
    PAGE,
    SETS,
    arcs,
    boxes,
    drawn,
    subject,
    text,
    texts,
    written,
    zoo,
)  # fmt: skip
from ogive.backends.draw import Options, drawing
from ogive.backends.draw.colours import look
from ogive.backends.draw.fitting.space import PAD
from ogive.backends.draw.styles.beside_column import column
from ogive.backends.draw.styles.beside_parts import Detail
from ogive.diagnostics import ArchError
from ogive.report import counts

# --------------------------------------------------------------------------- what branches


@pytest.mark.parametrize(
    ("name", "some"),
    [
        ("googlenet", ["Inception 192→256", "Inception 832→1024"]),
        ("densenet121", ["dense 64→256 ×6", "dense 512→1024 ×16"]),
        ("cliquenet_k36_t12", ["clique 64→144", "clique 144"]),
        ("dpn92", ["Fork 64→256", "DualPath 1024"]),
        ("seresnet50", ["SE 256", "SE 2048"]),
    ],
)
def test_what_branches_is_one_box_with_its_name(name: str, some: list[str]) -> None:
    scene, _ = drawn([subject(name)], None if name != "dpn92" else PAGE)
    assert set(some) <= {re.sub(r" ×\d+$", "", t) if "dense" not in t else t for t in texts(scene, 0)}
    named = [mark for mark in boxes(scene, 0) if text(mark).startswith(some[0].split()[0])]
    assert all(mark.lines[0][0].bold and mark.pen > look.PEN for mark in named)


def test_auxiliary_heads_are_left_out_and_that_is_said() -> None:
    scene, notes = zoo("googlenet")
    assert "googlenet: the auxiliary heads are not drawn" in notes
    assert not [mark for mark in boxes(scene, 0) if "softmax" in text(mark) or "aux" in text(mark)]


@pytest.mark.parametrize("name", sorted({name for names in SETS for name in names}))
@pytest.mark.parametrize("detail", [Detail(), Detail(True), Detail(True, True), Detail(True, True, True)])
def test_every_layer_with_weights_is_in_a_box_or_an_arc(name: str, detail: Detail) -> None:
    net = subject(name)
    made = column(net.structure, detail)
    held = [node for part in made.boxes for node in part.nodes] + [
        node for arc in made.arcs for node in arc.nodes
    ]
    kinds = {"conv", "linear", "attention", "pool", "clique", "recurrent"}
    path = counts.main_path(net.graph)
    needed = {n.name for n in net.graph if n.name in path and n.layer.group in kinds}
    looks = {name: net.graph.node(name).layer.look(net.graph.operand_types(name)) for name in needed}
    missing = {name for name in needed if looks[name].place != "nowhere"} - set(held)
    outputs = len(net.graph.outputs) > 1
    assert not missing or outputs, sorted(missing)[:5]
    assert len(held) == len(set(held))


def test_what_leads_to_other_outputs_is_left_out_and_that_is_said() -> None:
    _, notes = zoo("ssd300_vgg16")
    assert "ssd300_vgg16: 7 layers that lead to other outputs are not drawn" in notes


# --------------------------------------------------------------------------- how much is shown


def test_what_repeats_is_rolled_where_a_page_is_too_small() -> None:
    scene, notes = zoo("resnet18", "resnet50", "resnet152")
    assert notes == ("what repeats is drawn once, with ×N, for all layers do not fit at 6 pt",)
    said = [text(mark) for mark in scene.marks if re.fullmatch(r"c2\.f\d+\.n", mark.id)]
    assert sorted(said) == ["×2", "×2", "×35", "×7"]


def test_what_is_rolled_stands_for_all_layers() -> None:
    made = column(subject("resnet152").structure, Detail(rolled=True))
    times = [part.badge for part in made.boxes]
    for bracket in made.brackets:
        for i in range(bracket.first, bracket.last + 1):
            times[i] *= bracket.count
    weighted = (
        n
        for part, n in zip(made.boxes, times, strict=True)
        for _ in range(n)
        if part.kind in {"conv", "linear"}
    )
    assert sum(1 for _ in weighted) == 152


def test_a_frame_holds_the_arcs_of_what_it_repeats() -> None:
    scene, _ = zoo("cifar_resnet20", "cifar_resnet1202")
    frames = [frame for frame in scene.frames if frame.id.startswith("c1.f")]
    assert len(frames) == 3
    for frame in frames:
        held = [m for m in boxes(scene, 1) if frame.bottom < m.centre[1] < frame.top]
        inside = [
            a
            for a in arcs(scene)
            if a.tip and a.end.startswith("c1.") and frame.bottom < a.tip[1] < frame.top
        ]
        assert len(held) == 2
        (arc,) = inside
        assert all(frame.left < x < frame.right and frame.bottom < y < frame.top for x, y in arc.points)


def test_blocks_and_stages_fold_where_repeats_alone_do_not_help() -> None:
    scene, notes = drawn([subject("resnet152")], (PAGE[0], 225.0))
    assert notes[0].startswith("every use of a block is one box")
    assert "Bottleneck 1024 ×35" in texts(scene, 0)
    assert len(arcs(scene)) == 8
    scene, notes = drawn([subject("resnet152")], (PAGE[0], 140.0))
    assert notes == ("every stage is one box, for all layers do not fit at 6 pt",)


def test_the_middle_of_a_long_stage_is_left_out_in_the_end() -> None:
    long = written("net N() { input x: 8x4x4; for i in 0..500 { conv(8 + i, 1x1) } }")
    scene, notes = drawn([long])
    (more,) = [t for t in texts(scene, 0) if t.startswith("…")]
    number = int(re.findall(r"\d+", more)[0])
    assert number + len(texts(scene, 0)) - 2 == 500
    assert f"{number} boxes of N are left out: its stages are too long for the space" in notes
    assert texts(scene, 0)[-1] == "1×1 conv, 507"


def test_too_many_nets_are_refused_with_the_space_that_they_need() -> None:
    nets = [subject("resnet34")] * 12
    with pytest.raises(ArchError) as caught:
        drawn(nets)
    (found,) = caught.value.diagnostics
    assert found.code == "E589"
    width, height = (float(v) for v in re.findall(r"at least ([\d.]+) × ([\d.]+) inches", found.message)[0])
    assert found.message.endswith("at 6 pt, and 6.5 × 9 inches are given")
    assert found.help == f"draw fewer nets, or give more space: `--fit {width:g}x{height:g}in`"
    scene, _ = drawn(nets, (width * 72 - 2 * PAD, height * 72 - 2 * PAD))
    assert len(boxes(scene, 11)) > 0


def test_a_space_that_is_too_low_is_refused_too() -> None:
    with pytest.raises(ArchError) as caught:
        drawn([subject("resnet34")], (PAGE[0], 60.0))
    (found,) = caught.value.diagnostics
    assert re.fullmatch(
        r"resnet34 needs at least 1\.\d × 1\.\d inches at 6 pt, and 6.5 × 0.917 inches are given",
        found.message,
    )
    assert re.fullmatch(r"give more space: `--fit 1\.\dx1\.\din`", found.help or "")


def test_names_are_never_cut() -> None:
    """Nets are told apart by them."""
    scene, notes = zoo(
        "resnet34",
        "googlenet",
        "resnet18",
        "cliquenet_k36_t12",
        "resnet50",
        "inception_resnet_v2",
        "resnet101",
    )
    titles = [
        "".join(run.text for one in mark.lines for run in one)
        for mark in scene.marks
        if mark.id.endswith(".title")
    ]
    assert titles[3] == "cliquenet_k36_t12"
    assert titles[5] == "inception_resnet_v2"
    assert "some text is cut, for the nets are wider than the space at 6 pt" in notes


def test_without_a_space_the_width_is_free() -> None:
    scene, notes = drawn([subject("resnet34")] * 9, None)
    assert scene.width > 6.5 * 72
    assert scene.height <= 9 * 72
    assert not notes


@pytest.mark.parametrize("options", [Options(legend=True), Options(colour_by="macs")], ids=["kinds", "macs"])
@pytest.mark.parametrize("fit", [(1.5, 0.75), (1.5, 1.5)])
def test_the_space_that_is_asked_for_has_room_for_the_key(options: Options, fit: tuple[float, float]) -> None:
    nets = [subject("alexnet")] * 4
    with pytest.raises(ArchError) as caught:
        drawing(nets, "dot", replace(options, fit=fit))
    (found,) = caught.value.diagnostics
    needed, given = re.findall(r"([\d.]+) × ([\d.]+) inches", found.message)
    assert given == tuple(f"{length:.3g}" for length in fit)
    assert "its key included" in found.message
    enough = float(needed[0]), float(needed[1])
    assert found.help == f"draw fewer nets, or give more space: `--fit {needed[0]}x{needed[1]}in`"
    made = drawing(nets, "dot", replace(options, fit=enough))
    assert made.size[0] <= enough[0]
    assert made.size[1] <= enough[1]
