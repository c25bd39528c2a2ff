"""Edits nobody chose, on a net that uses every word: refused with a diagnostic, or what was promised runs."""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ogive
from ogive.diagnostics import ArchError

PROGRAM = """
block SE(r = 4) {
  mul {
    | identity
    | global_avg_pool -> conv(max(in.channels // r, 1), 1x1) -> relu -> conv(in.channels, 1x1) -> sigmoid
  }
}
block Basic(width, stride = 1) {
  residual {
    conv(width, 3x3, stride = stride, padding = 1) -> bn -> relu
    conv(width, 3x3, padding = 1) -> bn
  } -> relu
}
let wide = conv(8, 3x3, padding = 1)
net Every() {
  input image: 3x16x16
  stage stem { wide -> bn -> relu as first }
  repeat 2 { Basic(8) -> SE(r = 2) }
  stage s1 { Basic(16, stride = 2); dense(layers = 2) { bn -> relu -> conv(4, 3x3, padding = 1) } }
  concat { | max_pool(3x3, stride = 1, padding = 1) | avg_pool(1x1) -> unit(4, 1x1) }
  stage s2 { clique(layers = 2) { bn -> relu -> conv(6, 3x3, padding = 1) } as c; c.transit }
  share f = conv(12, 3x3, padding = 1)
  f -> f -> dropout(0.1)
  aux(weight = 0.3) { flatten -> linear(3) }
  here -> add(here) -> global_avg_pool -> flatten -> linear(5)
}
"""
KINDS = st.sampled_from("""
conv|conv()|conv(3x3)|conv(1x1)|conv(stride = 2)|depthwise|bn|norm|relu|act|sigmoid|max_pool|pool|pool(3x3)|dropout|add
concat|mul|merge|linear|flatten|global_avg_pool|SE|Basic|Basic(stride = 2)|residual|dense|clique|aux|unit|wide|lrn
""".strip().replace("\n", "|").split("|"))  # fmt: skip
LAYERS = st.sampled_from("""
bn|relu|silu|gn(2)|lrn(3)|dropout(0.1)|identity|here|conv(3x3)|conv(here.channels, 3x3, padding = 1)|conv(3x3) -> relu -> conv(1x1)
depthwise(3x3)|depthwise(3x3) -> conv(1x1)|avg_pool|max_pool(2x2)|unit|unit(8, 3x3)|wide|SE|SE(r = 2)|Basic(8)|Basic|add|concat|linear
residual { conv(here.channels, 1x1) }|concat { \x00 identity \x00 relu }|dense(layers = 2) { conv(3, 1x1) }|(bn if here.channels > 4 else relu)
aux { flatten -> linear(2) }|clique(layers = 2) { bn -> conv(4, 1x1) }|flatten -> linear(4)|nothing
""".strip().replace("\n", "|").split("|")).map(lambda text: text.replace("\x00", "|"))  # fmt: skip
SETTINGS = st.sampled_from("""
conv(stride = 1)|conv(3x3, padding = same)|conv(bias = false)|conv(out_channels = here.channels)|bn(eps = 1e-3)|norm(affine = false)
residual(shortcut = pad)|residual(shortcut = project)|residual(shortcut = { conv(8, 1x1) })|dense(layers = 3)|clique(stages = 3)
clique(updates = 1)|unit(order = "norm act conv")|unit(norm = gn(2))|SE(r = 1)|Basic(width = 4)|Basic(stride = 1)|linear(out_features = 2)
aux(weight = 1)|pool(stride = 2)|dropout(p = 0.9)|max_pool(kernel_size = 5x5, padding = 2)|conv(kernel_size = -1)
""".strip().replace("\n", "|").split("|"))  # fmt: skip
STAGES = st.sampled_from([""] * 9 + [' in "s*"', ' in "s1"'])
EDITS = st.one_of(
    st.builds("insert {} {} {}{}".format, LAYERS, st.sampled_from(["before", "after"]), KINDS, STAGES),
    st.builds("remove {}{}".format, KINDS, STAGES),
    st.builds("replace {} with {}{}".format, KINDS, LAYERS, STAGES),
    st.builds("set {}{}".format, SETTINGS, STAGES),
)
accepted: list[bool] = []


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(EDITS, min_size=1, max_size=3))
def test_any_edits(edits: list[str]):
    try:
        network = ogive.loads(PROGRAM, "Every", edits=edits)
    except ArchError as problem:
        accepted.append(False)
        str(problem)  # it can be shown
        return
    accepted.append(True)
    module = network.module()
    image = torch.randn(2, 3, 16, 16)
    (_, type_) = network.outputs[0]
    for training in (True, False):
        module.train(training)
        result = module(image)
        result = result[0] if isinstance(result, tuple) else result
        assert tuple(result.shape) == (2, *type_.sizes)
    if not network.ir.heads:
        assert sum(p.numel() for p in module.parameters()) == network.params


def test_enough_of_them_are_accepted():
    if not accepted:
        pytest.skip("the edits were not tried")
    assert sum(accepted) >= 0.15 * len(accepted)
