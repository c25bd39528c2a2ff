"""Programs that bring every construct of the language to the PyTorch back end, each as small as it can be."""

from __future__ import annotations

BASIC = """
block Basic(width, stride = 1) {
  residual {
    conv(width, 3x3, stride = stride, padding = 1) -> bn -> relu
    conv(width, 3x3, padding = 1) -> bn
  } -> relu
}
"""

PROGRAMS: dict[str, str] = {
    "straight": """net N() {
  input image: 1x12x12
  conv(4, 3x3) -> relu -> max_pool(2x2)
  flatten -> linear(6) -> relu -> dropout(0.5)
  linear(3)
}""",
    "residual": BASIC
    + """net N() {
  input image: 3x16x16
  conv(8, 3x3, padding = 1) -> bn -> relu
  stage a { repeat 2 { Basic(8) } }
  stage b { Basic(16, stride = 2); Basic(16) }
  stage c { Basic(32, 2); Basic(32, 1) }
  global_avg_pool -> flatten -> linear(3)
}""",
    "padded": """
block Basic(width, stride = 1) {
  residual(shortcut = "pad") {
    conv(width, 3x3, stride = stride, padding = 1) -> bn -> relu -> conv(width, 3x3, padding = 1) -> bn
  } -> relu
}
net N() {
  input image: 3x16x16
  conv(8, 3x3, padding = 1)
  repeat 2 as i { repeat 3 as j { Basic(8 * 2 ** i, stride = 2 if i > 0 and j == 0 else 1) } }
  global_avg_pool -> flatten -> linear(3)
}""",
    "varying repeats": BASIC
    + """
block Group(n, width, stride = 1) { repeat n as i { Basic(width, stride = stride if i == 0 else 1) } }
net N() {
  input image: 3x16x16
  conv(8, 3x3, padding = 1)
  Group(2, 8)
  Group(5, 16, stride = 2)
  Group(4, 32, stride = 2)
  global_avg_pool -> flatten -> linear(3)
}""",
    "inception": """
block Inception(c1, c3r, c3, pool) {
  concat {
    | conv(c1, 1x1) -> relu
    | conv(c3r, 1x1) -> relu -> conv(c3, 3x3, padding = 1) -> relu
    | max_pool(3x3, stride = 1, padding = 1) -> conv(pool, 1x1) -> relu
  }
}
net N() {
  input image: 3x12x12
  conv(8, 3x3)
  stage "3a" { Inception(4, 2, 4, 2) }
  stage "3b" { Inception(6, 3, 5, 1) ; max_pool(2x2) }
  aux(weight = 0.3) { global_avg_pool -> flatten -> linear(3) }
  stage "4a" { Inception(8, 4, 6, 2) }
  global_avg_pool -> flatten -> linear(3)
}""",
    "aux in a stage": """net N() {
  input image: 3x8x8
  stage one {
    conv(4, 3x3, padding = 1) -> relu
    aux(weight = 0.5) { global_avg_pool -> flatten -> linear(2) }
    conv(4, 3x3, padding = 1) -> relu
  }
  stage two { conv(4, 3x3) -> bn; aux { flatten -> linear(2) } }
  flatten -> linear(2)
}""",
    "dense": """
block Transition() { bn -> relu -> conv(floor(here.channels * 0.5), 1x1) -> avg_pool(2x2) }
net N() {
  input image: 3x16x16
  conv(8, 3x3, padding = 1)
  for i, n in [3, 5] {
    if i > 0 { Transition }
    stage "dense{i + 1}" { dense(layers = n) { bn -> relu -> conv(8, 1x1) -> bn -> relu -> conv(4, 3x3, padding = 1) } }
  }
  bn -> relu -> global_avg_pool -> flatten -> linear(3)
}""",
    "gate": """
block SE(r = 2) {
  mul {
    | identity
    | global_avg_pool -> conv(in.channels // r, 1x1) -> relu -> conv(in.channels, 1x1) -> sigmoid
  }
}
net N() {
  input image: 3x8x8
  conv(8, 3x3) -> bn -> SE -> relu
  conv(12, 3x3) -> bn -> SE(3) -> relu
  residual { conv(12, 3x3, padding = 1) -> bn -> SE(4) } -> relu
  flatten -> linear(3)
}""",
    "unet": """
block Double(width) { conv(width, 3x3, padding = 1) -> relu -> conv(width, 3x3, padding = 1) -> relu }
net N(depth = 3, width = 4) {
  input image: 1x16x16
  skips = []
  for i in 0..depth {
    stage "down{i + 1}" { Double(width * 2 ** i) }
    skips += here
    max_pool(2x2)
  }
  stage bottom { Double(width * 2 ** depth) }
  for i in 0..depth {
    let j = depth - 1 - i
    stage "up{i + 1}" {
      conv_transpose(width * 2 ** j, 2x2, stride = 2) as up
      skips[j] -> crop(up.height, up.width) -> concat(up) -> Double(width * 2 ** j)
    }
  }
  conv(2, 1x1)
}""",
    "bundles": """
block Dual[r, d](width, grow) {
  [r, d] -> concat -> bn -> relu -> conv(width + grow, 3x3, padding = 1) -> split(width, grow) as [a, b]
  u = r -> add(a)
  v = d -> concat(b)
  output [u, v]
}
net N() {
  input image: 3x8x8
  conv(12, 3x3, padding = 1) -> split(8, 4) as [r, d]
  [r, d] -> Dual(8, 4)
  stage two { repeat 5 { Dual(8, 4) } }
  concat -> global_avg_pool -> flatten -> linear(3)
}""",
    "several inputs and outputs": """net N() {
  input image: 3x8x8
  input other: 2x8x8
  image -> conv(4, 3x3) -> relu as a
  other -> conv(4, 3x3) -> relu as b
  [a, b] -> concat -> conv(4, 1x1) as c
  output left = c -> add(a)
  output right = c -> mul(b) -> flatten -> linear(2)
}""",
    "clique": """
block Transition() { bn -> relu -> conv(here.channels, 1x1) -> avg_pool(2x2) }
net N() {
  input image: 3x12x12
  conv(6, 3x3, padding = 1)
  heads = []
  for i in 0..3 {
    stage "block{i + 1}" { clique(layers = 3) { bn -> relu -> conv(4, 3x3, padding = 1) } as b }
    heads += b.features -> bn -> relu -> global_avg_pool
    if i < 2 { b.transit -> Transition }
  }
  heads -> concat -> flatten -> linear(3)
}""",
    "cliques of all sizes": """net N() {
  input image: 3x6x6
  clique(layers = 3) { bn -> relu -> conv(4, 3x3, padding = 1) }
  clique(layers = 5) { bn -> relu -> conv(6, 3x3, padding = 1) }
  clique(layers = 2, stages = 3) { bn -> relu -> conv(5, 3x3, padding = 1) }
  bn -> global_avg_pool -> flatten -> linear(2)
}""",
    "cliques with and without a bias": """
block C(b) { clique(layers = 3) { relu -> conv(4, 3x3, padding = 1, bias = b) } }
net N() {
  input image: 3x6x6
  C(true); C(false); C(true)
  flatten -> linear(2)
}""",
    "clique with a bias, even kernel": """net N() {
  input image: 4x6x6
  clique(layers = 3) { gn(2) -> prelu -> dropout(0.5) -> conv(4, 2x2, padding = same, bias = true, init = normal(0.1)) }
  clique(layers = 3) { conv(4, 3x3, padding = 1, bias = true) -> relu -> dropout(0.5) }
  clique(layers = 3) { conv(4, 3x3, padding = 1, padding_mode = reflect) -> bn }
  flatten -> linear(2)
}""",
    "awkward parameters": """
block Unit(name, block, i, stage = 2) { repeat block { conv(name, 1x1) -> bn }; conv(i, 1x1) -> relu; repeat 5 as t { conv(stage, 1x1) } }
net N() {
  input image: 3x6x6
  Unit(4, 4, 5); Unit(6, 5, 7); Unit(8, 6, 9, stage = 3)
  flatten -> linear(2)
}""",
    "clique with a rest": """net N() {
  input image: 3x6x6
  clique(layers = 3, stages = 3, updates = 2) {
    relu -> conv(4, 1x1) -> bn
    residual { relu -> conv(4, 3x3, padding = 1) -> bn }
    mul { | identity | global_avg_pool -> conv(4, 1x1) -> sigmoid }
  } as b
  [b.features, b.stage1] -> concat -> conv(2, 1x1) -> flatten -> linear(2)
}""",
    "clique, first stage alone": """net N() {
  input image: 3x6x6
  clique(layers = 4) { bn -> relu -> conv(2, 3x3, padding = same) } as b
  b.stage1 -> flatten -> linear(2)
}""",
    "hostile names": """net N() {
  input image: 3x8x8
  stage "train" { conv(4, 3x3, padding = 1) -> relu }
  stage "3a" { conv(4, 3x3, padding = 1) -> bn }
  stage "_3a" { conv(4, 3x3, padding = 1) -> bn }
  stage "class" { conv(4, 3x3, padding = 1) -> bn }
  stage "_modules" { conv(4, 3x3, padding = 1) -> bn }
  stage "__init__" { conv(4, 3x3, padding = 1) -> bn }
  stage "a.b c" { conv(4, 3x3, padding = 1) -> bn }
  stage "a_b_c" { conv(4, 3x3, padding = 1) -> bn }
  stage "insert" { conv(4, 3x3, padding = 1) -> bn }
  stage "schön" { conv(4, 3x3, padding = 1) -> bn }
  stage "x\\"\\"\\"); import os; os.abort() #" { conv(4, 3x3, padding = 1) -> bn }
  conv(4, 3x3) as forward
  relu as self
  conv(4, 3x3) as torch
  torch -> conv(4, 3x3, padding = 2) as half
  [self, half] -> concat
  flatten -> linear(2) as children
}""",
    "hostile blocks": """
block F(nn, torch = 1) { conv(nn, 3x3, padding = torch) -> bn -> relu }
block Module(self, F = 1) { F(self, F) }
block range(x) { conv(x, 1x1) -> relu }
net OrderedDict() {
  input torch: 3x8x8
  F(4); F(6, 1); F(8, torch = 0)
  range(4); range(5)
  flatten -> linear(2)
}""",
    "mixed kernels": """
block Factor(width, across, down) { conv(width, across, padding = same) -> relu -> conv(width, down, padding = same) -> relu }
net N() {
  input image: 3x9x9
  conv(4, 3x3, padding = same, stride = 2)
  conv(4, 2x2, padding = same) -> relu
  upsample(scale_factor = 2)
  Factor(4, 1x3, 3x1); Factor(6, 1x5, 5x1); Factor(6, 1x7, 7x1)
  flatten -> linear(2)
}""",
    "nested": """
block Inner(w) { residual { conv(w, 3x3, padding = 1) -> bn -> relu } }
block Outer(w, n) {
  residual {
    concat {
      | repeat n { Inner(w) }
      | residual { conv(w, 1x1) -> bn } -> relu
      | identity
    }
    conv(w, 1x1)
  }
}
net N() {
  input image: 4x8x8
  Outer(4, 2); Outer(6, 2); Outer(6, 5)
  flatten -> linear(2)
}""",
    "inverted": """
block Inverted(width, expand = 6, stride = 1) {
  let hidden = in.channels * expand
  residual {
    if expand > 1 { conv(hidden, 1x1) -> bn -> relu6 }
    depthwise(3x3, stride = stride, padding = 1) -> bn -> relu6
    conv(width, 1x1) -> bn
  }
}
net N() {
  input image: 3x16x16
  conv(8, 3x3, padding = 1) -> bn -> relu6
  for [t, c, n, s] in [[1, 8, 1, 1], [6, 12, 2, 2], [6, 16, 3, 2]] {
    repeat n as i { Inverted(c, expand = t, stride = s if i == 0 else 1) }
  }
  global_avg_pool -> flatten -> linear(3)
}""",
    "long repeat": BASIC
    + """net N() {
  input image: 3x8x8
  conv(4, 3x3, padding = 1)
  repeat 40 { Basic(4) }
  stage deep { max_pool(2x2); repeat 30 { conv(4, 3x3, padding = 1) -> bn -> relu } }
  flatten -> linear(2)
}""",
}
