"""Cliques stage by stage: every arrow is there, named, in its place and in the colour of where it leads."""

from __future__ import annotations

from collections import Counter

import pytest

import ogive
from backends.draw.places import (
    circles,
    crossed,
    from_border,
    named,
    outline_of,
    outside,
    overlapping,
    sizes,
    texts,
)
from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.colours.destinations import GREYS, HUES, tint
from ogive.backends.draw.measure import line_width
from ogive.backends.draw.scene import Arrow, Mark, Scene
from ogive.backends.draw.styles import clique_figures, unfolded
from ogive.backends.draw.styles.sketch import along
from ogive.backends.draw.styles.unfolded_key import LABELLED, w
from ogive.backends.draw.styles.wired import cliques
from ogive.backends.draw.subject import Subject
from ogive.diagnostics import Diagnostic
from ogive.graph import CliqueBody, Graph
from ogive.passes.unroll import unroll_cliques


def subject(given: str, body: str = "bn -> relu -> conv(8, 3x3, padding = 1)", end: str = "") -> Subject:
    graph = ogive.loads(
        f"""net Tiny() {{
  input image: 8x16x16
  stage block {{ clique({given}) {{ {body} }} as b }}
  {end or "b.features -> conv(4, 1x1)"}
}}"""
    ).ir
    return Subject(graph, unroll_cliques(graph))


def zoo(name: str) -> Subject:
    net = ogive.load(name)
    return Subject(net.ir, net.unrolled)


def drawn(given: Subject, theme: str = "paper", **more: object) -> Scene:
    return clique_figures.scene(given, Colours(theme), "unfolded", **more)  # pyright: ignore[reportArgumentType]


def wires(scene: Scene) -> list[Arrow]:
    """The arrows between layers: without those to the results and the samples of the key."""
    found = [a for a in scene.arrows if a.kind in {"source", "forward", "backward"} and a.end]
    return [a for a in found if ".x" in a.end]


def body_of(graph: Graph) -> CliqueBody:
    return next(region.clique for region in graph.regions.values() if region.clique)


def expected(body: CliqueBody, prefix: str = "c0") -> Counter[tuple[str, str]]:
    """From which circle to which: a layer that a stage does not compute is there as it was."""
    found: Counter[tuple[str, str]] = Counter()
    for stage in range(1, body.stages + 1):
        for i in range(1, body.updated(stage) + 1):
            for j in body.sources(stage, i):
                same = stage == 1 or (j < i and j <= body.updated(stage))
                found[f"{prefix}.x{j}.{stage if same else stage - 1}", f"{prefix}.x{i}.{stage}"] += 1
    return found


GIVEN = [
    "layers = 2", "layers = 3", "layers = 4", "layers = 5", "layers = 6", "layers = 9", "layers = 14", "layers = 20",
    "layers = 4, stages = 1", "layers = 4, stages = 3", "layers = 5, updates = 2",
    "layers = 5, stages = 3, updates = 3", "layers = 6, updates = 1",
]  # fmt: skip


@pytest.mark.parametrize("given", GIVEN)
def test_every_arrow_is_there(given: str) -> None:
    one = subject(given)
    scene, body = drawn(one), body_of(one.graph)
    assert Counter((a.tail, a.end) for a in wires(scene)) == expected(body)
    n, later = body.layers, (body.stages - 1) * body.updates
    assert len(wires(scene)) == n * (n + 1) // 2 + later * (n - 1)


@pytest.mark.parametrize("given", ["layers = 4", "layers = 6, stages = 3", "layers = 5, updates = 2"])
def test_the_arrows_are_the_edges_of_the_unrolled_graph(given: str) -> None:
    """A layer with several sources concatenates them: what the pass made has as many operands as arrows arrive."""
    one = subject(given)
    arriving = Counter(a.end for a in wires(drawn(one)))
    for (_, layer, stage), count in {tuple(end.split(".")): n for end, n in arriving.items()}.items():
        if count > 1:
            node = f"block.clique1.concat_{stage}_{layer[1:]}"
            assert len(one.unrolled.operands(node)) == count


@pytest.mark.parametrize("given", GIVEN)
def test_arrows_end_at_their_circles(given: str) -> None:
    scene = drawn(subject(given))
    marks = named(scene)
    for arrow in wires(scene):
        assert arrow.tip is not None
        assert from_border(arrow.tip, marks[arrow.end]) == pytest.approx(0, abs=0.05)
        assert from_border(arrow.points[0], marks[arrow.tail]) == pytest.approx(0, abs=0.05)
        assert from_border(arrow.points[-1], marks[arrow.end]) == pytest.approx(5, abs=0.05)


@pytest.mark.parametrize("given", GIVEN)
def test_nothing_covers_anything(given: str) -> None:
    scene = drawn(subject(given))
    assert overlapping(circles(scene)) == []
    assert overlapping([mark for mark in scene.marks if ".w." not in mark.id]) == []
    assert outside(scene) == []
    for mark in scene.marks:
        assert max(map(line_width, mark.lines), default=0) <= mark.width + 1e-6


@pytest.mark.parametrize("stages", [2, 3])
@pytest.mark.parametrize("layers", range(2, 9))
@pytest.mark.parametrize("width", [unfolded.COLUMN, unfolded.PAGE])
def test_names_of_weights_stand_on_their_arrows_and_on_nothing_else(
    layers: int, stages: int, width: float
) -> None:
    """No name covers another, a circle, a border, or an arrow that is not its own; of more layers than five
    the names are in a table, which nothing passes either.
    """
    scene = drawn(subject(f"layers = {layers}, stages = {stages}"), fit=(width, 640.0))
    names = {mark.id.removeprefix("c0.w."): mark for mark in scene.marks if ".w." in mark.id}
    table = [mark for mark in scene.marks if ".t" in mark.id]
    arrows = wires(scene)
    assert len(names) == (len(arrows) if layers <= LABELLED else 0)
    assert bool(table) == (layers > LABELLED)
    assert overlapping([*circles(scene), *names.values(), *table]) == []
    for arrow in scene.arrows:
        own = names.get(f"{arrow.tail}.{arrow.end}")
        others = [mark for mark in (*names.values(), *table) if mark is not own]
        points = along(arrow, 400)
        assert [m.id for m in others if any(from_border(p, m) <= 0 for p in points)] == []
    for mark in names.values():
        for frame in map(outline_of, scene.frames):
            assert mark.left > frame.left or mark.right < frame.left
            assert all(not mark.bottom <= y <= mark.top for y in (frame.bottom, frame.top))
    for arrow in arrows if names else []:
        mark = names[f"{arrow.tail}.{arrow.end}"]
        (source, layer) = (int(id.split(".")[1][1:]) for id in (arrow.tail, arrow.end))
        assert texts_of(mark) == [w(source, layer)]
        assert crossed(arrow, [mark], margin=-9.0), "a name is on its arrow, or beside it"


def texts_of(mark: Mark) -> list[str]:
    return ["".join(run.text for run in line) for line in mark.lines]


def test_weights_have_one_name_in_all_stages() -> None:
    """W_ji is the same in every stage: the pairs are those of the body's links."""
    one = subject("layers = 4, stages = 3")
    names = {texts_of(mark)[0] for mark in drawn(one).marks if ".w." in mark.id}
    assert names == {w(j, i) for j, i in body_of(one.graph).links()}


@pytest.mark.parametrize("layers", [6, 9])
def test_the_weights_of_larger_cliques_stand_in_a_table(layers: int) -> None:
    one = subject(f"layers = {layers}")
    scene = drawn(one)
    assert not [mark for mark in scene.marks if ".w." in mark.id]
    rows = [line for line in texts(scene) if line.startswith("W₀")]
    assert rows[-1] == " ".join(w(j, layers) for j in range(layers))
    later = [line for line in texts(scene) if line.startswith("W₁₂ W₃₂")]
    assert later == [" ".join(w(j, 2) for j in range(1, layers + 1) if j != 2)]


def test_colours_lead_to_their_destination() -> None:
    scene = drawn(subject("layers = 9"))
    marks = named(scene)
    for arrow in wires(scene):
        layer = int(arrow.end.split(".")[1][1:])
        assert arrow.stroke == HUES[(layer - 1) % len(HUES)] == marks[arrow.end].stroke
        assert arrow.dashed == (arrow.kind == "backward")
    grey = drawn(subject("layers = 4"), theme="grey")
    assert {arrow.stroke for arrow in wires(grey)} == set(GREYS)


def test_stages_stand_below_one_another() -> None:
    scene = drawn(subject("layers = 4, stages = 3"))
    marks = named(scene)
    for layer in range(1, 5):
        column = [marks[f"c0.x{layer}.{stage}"].centre for stage in (1, 2, 3)]
        assert len({x for x, _ in column}) == 1
        assert [y for _, y in column] == sorted((y for _, y in column), reverse=True)
    titles = ["".join(run.text for run in frame.lines[0]) for frame in scene.frames]
    assert titles == ["Stage I", "Stage II", "Stage III"]


@pytest.mark.parametrize(
    "name", ["cliquenet_k36_t12", "cliquenet_k64_t15", "cliquenet_s3", "cliquenet_k12_t36"]
)
def test_cliques_that_are_alike_are_drawn_once_and_legible(name: str) -> None:
    scene = drawn(zoo(name))
    assert len([mark for mark in scene.marks if mark.id.endswith(".x0.1")]) == 1
    assert min(sizes(scene)) >= look.LEAST_TYPE
    assert scene.width <= (unfolded.COLUMN if name.endswith(("t12", "t15")) else unfolded.PAGE) + 8
    assert any("block1, block2, block3" in line for line in texts(scene))


def test_numbers_that_differ_have_letters() -> None:
    (clique,) = cliques(zoo("cliquenet_s3"), None)
    assert clique.names == ("block1", "block2", "block3", "block4")
    assert any("(k = 40, 80, 160)" in line for line in texts(drawn(zoo("cliquenet_s3"))))


def test_where_results_go() -> None:
    scene = drawn(zoo("cliquenet_k36_t12"))
    marks = named(scene)
    assert texts_of(marks["c0.features"]) == ["features [X₀, X₁ … X₄]", "→ Head"]
    assert texts_of(marks["c0.transit"]) == ["transit [X₁ … X₄]", "→ Transition"]
    into = {(a.tail, a.end) for a in scene.arrows if a.end in {"c0.features", "c0.transit"}}
    assert into == {("c0.x0.1", "c0.features"), ("c0.stage2", "c0.features"), ("c0.stage2", "c0.transit")}


def test_features_of_the_first_stage() -> None:
    """I+II: blocks of another kind than the last, which has one stage; its feature leaves stage I."""
    scene = drawn(zoo("cliquenet_k36_t12_i_ii"))
    marks = named(scene)
    assert {id for id in marks if id.endswith((".stage1", ".transit", ".features"))} == {
        "c0.stage1", "c0.transit", "c1.stage1",
    }  # fmt: skip
    assert {(a.tail, a.end) for a in scene.arrows if a.end == "c0.stage1"} == {("c0.stage1", "c0.stage1")}
    assert overlapping([mark for mark in scene.marks if ".w." not in mark.id]) == []


def test_a_layer_that_is_not_computed_again_is_there_dashed() -> None:
    scene = drawn(subject("layers = 5, updates = 2"))
    marks = named(scene)
    assert [marks[f"c0.x{i}.2"].dashed for i in range(1, 6)] == [False, False, True, True, True]
    assert not any(marks[f"c0.x{i}.1"].dashed for i in range(1, 6))


def test_of_very_many_layers_the_first_and_last_are_drawn() -> None:
    one = subject("layers = 200", body="conv(1, 1x1)", end="b.transit")
    scene = drawn(one)
    drawn_layers = {int(mark.id.split(".")[1][1:]) for mark in circles(scene)}
    assert drawn_layers == {0, 1, 2, 3, 4, 198, 199, 200}
    assert texts(scene).count("⋯") == 2
    inside = [(j, i) for (j, i) in body_of(one.graph).links() if {j, i} <= drawn_layers]
    assert len(wires(scene)) == len(inside) + sum(1 for j, i in inside if 0 < j < i)


def test_one_part_of_a_net() -> None:
    scene = drawn(zoo("cliquenet_s3"), block="block2")
    assert scene.name == "block2"
    assert any(line.startswith("block2") for line in texts(scene))
    assert not any("block1" in line for line in texts(scene))


@pytest.mark.parametrize("width", [180.0, 228.0, 300.0, 462.0])
def test_it_fits_where_it_can(width: float) -> None:
    scene = drawn(subject("layers = 4"), fit=(width, 600.0))
    assert scene.width <= max(width, 232.0) + 2
    assert min(sizes(scene)) >= look.LEAST_TYPE


def test_the_same_net_gives_the_same_scene() -> None:
    assert drawn(zoo("cliquenet_s0")) == drawn(zoo("cliquenet_s0"))


def refused(name: str, block: str | None = None) -> Diagnostic:
    with pytest.raises(ogive.ArchError) as caught:
        drawn(zoo(name), block=block)
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


def test_a_net_without_cliques() -> None:
    told = refused("lenet5")
    assert (told.code, told.message) == ("E591", "`lenet5` has no clique")
    told = refused("densenet121")
    assert told.help == (
        "it has 4 dense blocks, `dense1`, `dense2`, `dense3` and `dense4`; draw with `--style arcs`"
    )


def test_a_part_without_cliques() -> None:
    told = refused("cliquenet_s3", "transition1")
    assert (told.code, told.message) == ("E591", "`transition1` holds no clique")
    assert told.help == "cliques are in `block1`, `block2`, `block3` and `block4`"
    assert refused("cliquenet_s3", "blok1").code == "E514"


# --------------------------------------------------------------------------- many layers, many stages


def test_names_of_weights_are_clear_where_numbers_have_two_digits() -> None:
    assert [w(1, 3), w(1, 12), w(11, 2)] == ["W₁₃", "W₁,₁₂", "W₁₁,₂"]
    assert len({w(j, i) for j in range(150) for i in range(150)}) == 150 * 150


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("layers = 12", ["stage I has Wⱼ,ᵢ for all 0 ≤ j < i ≤ 12: W₀₁ … W₁₁,₁₂",
                         "stage II has Wⱼ,ᵢ for all pairs j ≠ i, 1 ≤ i, j ≤ 12", "144 in all"]),
        ("layers = 12, stages = 1", ["stage I has Wⱼ,ᵢ for all 0 ≤ j < i ≤ 12: W₀₁ … W₁₁,₁₂", "78 in all"]),
        ("layers = 12, updates = 3", ["stage II has Wⱼ,ᵢ for all pairs j ≠ i, 1 ≤ i ≤ 3, j ≤ 12"]),
        ("layers = 12, stages = 3", ["later stages have Wⱼ,ᵢ for all pairs j ≠ i, 1 ≤ i, j ≤ 12"]),
    ],
)  # fmt: skip
def test_weights_too_many_for_a_table_are_told_in_words(given: str, expected: list[str]) -> None:
    said = "   ".join(texts(drawn(subject(given))))
    for words in expected:
        assert words in said


def test_stages_that_are_alike_stand_in_one_row() -> None:
    def titles(stages: int) -> list[str]:
        return [frame.lines[0][0].text for frame in drawn(subject(f"layers = 5, stages = {stages}")).frames]

    assert titles(3) == ["Stage I", "Stage II", "Stage III"]
    assert titles(6) == ["Stage I", "Stages II–VI"]
    scene = drawn(subject("layers = 5, stages = 6"))
    assert len(wires(scene)) == len(wires(drawn(subject("layers = 5, stages = 2"))))
    assert "5 layers, 6 stages" in " ".join(texts(scene))


@pytest.mark.parametrize(
    "given", ["layers = 2", "layers = 5", "layers = 7", "layers = 7, stages = 3", "layers = 12"]
)
def test_no_arrow_touches_the_title_of_a_stage(given: str) -> None:
    scene = drawn(subject(given), fit=(unfolded.COLUMN, 640.0))
    for frame in scene.frames:
        assert frame.title_at is not None
        (x, y), wide = frame.title_at, line_width(frame.lines[0])
        title = Mark("title", (x, y), wide, look.TYPE, frame.lines)
        assert [a.end for a in wires(scene) if crossed(a, [title])] == []
        assert overlapping([title, *circles(scene)]) == []


def test_names_of_weights_have_the_colour_of_their_arrows() -> None:
    scene = drawn(subject("layers = 5"))
    fills = {mark.id: mark.fill for mark in scene.marks if ".w." in mark.id}
    assert {fills[f"c0.w.{a.tail}.{a.end}"] == tint(a.stroke) for a in wires(scene)} == {True}
