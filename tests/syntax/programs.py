"""The programs of the language's description, and one for every word that they lack."""

LENET = """\
# Gradient-Based Learning Applied to Document Recognition (LeCun et al., 1998)
net LeNet5(classes = 10) {
  input image: 1x32x32

  conv(6, 5x5) -> tanh -> avg_pool(2x2)
  conv(16, 5x5) -> tanh -> avg_pool(2x2)
  conv(120, 5x5) -> tanh -> flatten
  linear(84) -> tanh
  linear(classes)
}
"""

RESNET = """\
block Basic(width, stride = 1) {
  residual {
    conv(width, 3x3, stride = stride, padding = 1) -> bn -> relu
    conv(width, 3x3, padding = 1) -> bn
  } -> relu
}

block Bottleneck(width, stride = 1) {
  residual {
    conv(width, 1x1) -> bn -> relu
    conv(width, 3x3, stride = stride, padding = 1) -> bn -> relu
    conv(4 * width, 1x1) -> bn
  } -> relu
}

net ResNet(unit, layers, classes = 1000) {
  input image: 3x224x224
  stage conv1 { conv(64, 7x7, stride = 2, padding = 3) -> bn -> relu -> max_pool(3x3, stride = 2, padding = 1) }
  for i, n in layers {
    stage "conv{i + 2}" { repeat n as j { unit(64 * 2 ** i, stride = 2 if i > 0 and j == 0 else 1) } }
  }
  global_avg_pool -> flatten -> linear(classes)
}

variant resnet18  = ResNet(Basic, [2, 2, 2, 2])
variant resnet50  = ResNet(Bottleneck, [3, 4, 6, 3])
variant resnet152 = ResNet(Bottleneck, [3, 8, 36, 3])
"""

INCEPTION_DENSENET_UNET = """\
block Inception(c1, c3r, c3, c5r, c5, pool) {        # GoogLeNet, straight from the table
  concat {
    | conv(c1, 1x1) -> relu
    | conv(c3r, 1x1) -> relu -> conv(c3, 3x3, padding = 1) -> relu
    | conv(c5r, 1x1) -> relu -> conv(c5, 5x5, padding = 2) -> relu
    | max_pool(3x3, stride = 1, padding = 1) -> conv(pool, 1x1) -> relu
  }
}

block Transition(compression = 0.5) {                # DenseNet-BC
  bn -> relu -> conv(floor(here.channels * compression), 1x1) -> avg_pool(2x2)
}
net DenseNet(k, layers, init, classes = 1000) {
  input image: 3x224x224
  conv(init, 7x7, stride = 2, padding = 3) -> bn -> relu -> max_pool(3x3, stride = 2, padding = 1)
  for i, n in layers {
    if i > 0 { Transition }
    stage "dense{i + 1}" {
      dense(layers = n) { bn -> relu -> conv(4 * k, 1x1) -> bn -> relu -> conv(k, 3x3, padding = 1) }
    }
  }
  bn -> relu -> global_avg_pool -> flatten -> linear(classes)
}

block SE(r = 16) {                                   # squeeze and excitation, a gate
  mul {
    | identity
    | global_avg_pool -> conv(in.channels // r, 1x1) -> relu -> conv(in.channels, 1x1) -> sigmoid
  }
}

net UNet(classes = 2, depth = 4, width = 64) {
  input image: 1x572x572
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
  conv(classes, 1x1)
}
"""

CLIQUENET = """\
net CliqueNet(k, layers, attention = false, compress = false, classes = 10) {
  input image: 3x32x32
  conv(64, 3x3, padding = 1)
  heads = []
  for i in 0..3 {
    stage "block{i + 1}" { clique(layers = layers) { bn -> relu -> conv(k, 3x3, padding = 1) } as b }
    heads += b.features -> Head(compress)
    if i < 2 { b.transit -> Transition(attention) }
  }
  heads -> concat -> flatten -> linear(classes)
}
"""

VARIANTS = """\
variant inception = Inception()
variant wide      = inception
"""

EDITS = """\
variant inception   = Inception()
variant bn_baseline = inception with { remove lrn; insert bn before relu }
variant bn_sigmoid  = bn_baseline with { replace relu with sigmoid }
variant bn_after    = inception with {
  remove lrn
  insert bn after relu in "conv*"
  set conv(5x5, bias = true)
  assert params < 1.5M, "more than the paper has"
}
"""

RECIPES = """\
language 1
use "resnet.arch"
use Bottleneck, Basic as Unit from "blocks/resnet.arch"

recipe alexnet {
  data       imagenet(resize = 256)
  augment    random_crop(224), hflip, pca_lighting(0.1)
  batch      128
  epochs     90
  optimizer  sgd(lr = 0.01, momentum = 0.9, weight_decay = 0.0005)
  schedule   plateau(factor = 0.1, times = 3)
  init       normal(std = 0.01)
  evaluate   ten_crop
}
recipe bn_x5  extends baseline { optimizer sgd(lr = 0.0075) }
recipe bn_x30 extends baseline { optimizer sgd(lr = 0.045) }
"""

SHARED = """\
net Siamese(width = 8) {
  input left: [3, 32 * ?h, 32 * ?w]
  input right: [3, ?h, ?w]
  share f = conv(64, 3x3)
  share(except = norm) g = conv(64, 3x3) -> bn
  left -> f -> g as l
  right -> f -> g -> add(l)
  repeat 3 share { conv(64, 3x3, padding = same) -> relu }
  repeat 3 share(except = norm) as i { residual { bn -> conv(64, 3x3, padding = same) } }
  label "as in the paper, {width} wide"
  assert params < 1.5M
  assert out.shape == [64, 8, 8], "the head is made for 8x8"
  insert bn before relu
  replace relu with sigmoid in "head*"
}
"""

PROGRAMS = [LENET, RESNET, INCEPTION_DENSENET_UNET, CLIQUENET, VARIANTS, EDITS, RECIPES, SHARED]
