"""Programs that grow: whatever becomes of them, it is said, and soon."""

from __future__ import annotations

import pytest

from ogive.network import Network
from tests.guard import ends
from tests.programs.judge import check_diagnostics, judge

DEEP = (
    "repeat TURNS { max_pool(3x3, stride = 2, padding = 1)"
    " -> upsample(size = [2 * here.height + 1, here.width + here.height]) }"
)
"""Each size a quotient of one of the turn before."""
FLEXIBLE = "input x: [4, ?h, ?w]"


def net(*lines: str) -> str:
    """A net with these statements."""
    return "\n  ".join(["net N() {", *lines]) + "\n}\n"


def turns(count: int, text: str) -> list[str]:
    """The text as often, `{i}` and `{j}` being the number of the turn and of the one before."""
    return [text.replace("{i}", str(i)).replace("{j}", str(i - 1)) for i in range(1, count + 1)]


QUICK = {
    "a size that doubles": net(
        FLEXIBLE, "repeat 200 { conv(4, 3, stride = 2, padding = 1) -> upsample(scale_factor = 3) }"
    ),
    "a size that triples": net(
        "input x: [3, ?h, ?w]",
        "repeat 14 { conv(4, 3x3, stride = 2, padding = 1) -> upsample(scale_factor = 3) }",
    ),
    "quotients in quotients": net("input x: [3, ?h, ?w]", DEEP.replace("TURNS", "30")),
    "a divisor of quotients in quotients": net(
        "input x: [3, ?h, ?w]",
        DEEP.replace("TURNS", "22"),
        "conv(3, 1) as a",
        "max_pool(2x2) -> upsample(scale_factor = 2) -> add(a)",
    ),
    "products of three long sizes": net(
        "input x: [3, ?d, ?h, ?w]",
        "repeat 5 { conv(4, 3, stride = 2, padding = 1) -> upsample(scale_factor = 3) }",
        "repeat 30 { conv(4, 3, padding = 1) }",
        "flatten",
    ),
    "a value that doubles": "block F(n, v) { if n > 0 { F(n - 1, 3 * ((v + 1) // 2)) } else { assert v > 0 } }\n"
    + net(FLEXIBLE, "F(60, here.height)"),
    "many conditions on products": net(
        FLEXIBLE, *turns(200, "assert here.height * here.width > {i}"), "conv(4, 1)"
    ),
    "a power": net(FLEXIBLE, "let a = (here.height + here.width + 1) ** 200", "assert a > 0", "conv(4, 1)"),
    "products of products": net(
        FLEXIBLE, "let a0 = here.height + here.width", *turns(40, "let a{i} = a{j} * a{j}"), "conv(4, 1)"
    ),
    "remainders": net(
        FLEXIBLE,
        "repeat 12 as i { assert (here.height % (i + 2)) < 20; conv(4, 3, stride = i + 1) -> upsample(scale_factor = i + 1) }",
    ),
    "many unknown sizes": net(*turns(60, "input x{i}: [4, ?a{i}, ?b{i}]"), "x1 -> conv(4, 1)"),
    "a dense block": net(FLEXIBLE, "dense(layers = 300) { conv(4, 3, padding = 1) }"),
    "a clique": net(FLEXIBLE, "clique(layers = 40) { conv(4, 3, padding = 1) }"),
    "places that grow": net(
        FLEXIBLE, "repeat 30 { pixel_shuffle(2) -> conv(4, 3, padding = 1) }", "flatten(2)"
    ),
    "many edits": net("input x: 4x8x8", *turns(400, "insert relu before conv"), "conv(4, 1)"),
    "stages in stages": net("input x: [3]", *turns(70, "stage s{i} {"), "linear(2)", "}" * 70),
    "labels": net("input x: [3]", *turns(3000, 'label "{i} {x.channels}"'), "linear(2)"),
}
LONG = {
    "edits of edits": net("input x: 4x8x8", *turns(14, "insert conv(4, 1) before conv"), "conv(4, 1)"),
    "replacements": net(
        "input x: 4x8x8", *turns(30, "replace conv with conv(4, 1) -> conv(4, 1)"), "conv(4, 1)"
    ),
    "shares of shares": net(
        "input x: 4x8x8", "share f0 = conv(4, 1)", *turns(40, "share f{i} = f{j} -> f{j}"), "f40"
    ),
    "shared repeats": net("input x: 4x8x8", "repeat 300 share { repeat 300 share { conv(4, 1) } }"),
    "variants of variants": net("input x: [3]", "linear(3)")
    + "variant v0 = N()\n"
    + "\n".join(turns(120, "variant v{i} = v{j} with { insert relu after linear }")),
    "recipes of recipes": "recipe r0 { batch 3 }\n"
    + "\n".join(turns(1500, "recipe r{i} extends r{j} { epochs {i} }"))
    + "\n"
    + net("input x: [3]", "linear(2)"),
}


@pytest.mark.parametrize("name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in LONG)])
def test_it_ends_soon(name: str) -> None:
    with ends():
        verdict = judge({**QUICK, **LONG}[name])
        check_diagnostics(verdict.diagnostics)
        for compiled in verdict.compiled[:1] if verdict.accepted else ():
            network = Network(compiled)
            assert all(value >= 1 for value in network.unknowns.values())
            assert str(network.summary())
            assert network.source()
    assert verdict.accepted or verdict.errors
