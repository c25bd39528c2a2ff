"""Every setting of a recipe, in the order in which a recipe is printed."""

from __future__ import annotations

from ogive.elaborate.values import show
from ogive.layers.base import Argument
from ogive.recipes.augment import AUGMENT, Augmentation
from ogive.recipes.base import LARGEST, Setting, Value
from ogive.recipes.data import DATA
from ogive.recipes.evaluate import EVALUATIONS, CenterCrop
from ogive.recipes.init import INITIALISERS
from ogive.recipes.loss import LOSSES, CrossEntropy
from ogive.recipes.optimizer import OPTIMIZERS
from ogive.recipes.schedule import SCHEDULES, Constant, Schedule

MANY = 64
"""Values of a setting that takes several."""


def _plain(
    name: str,
    *types: type,
    choices: tuple[str, ...] = (),
    least: float | None = None,
    most: float | None = None,
    optional: bool = False,
) -> Argument:
    """A plain value, described as an argument of that name."""
    return Argument(name, types, choices, optional, True, None, False, False, least, most, "")


class _Clip(Setting):
    """The norm that gradients are cut to."""

    def problem(self, values: tuple[Value, ...]) -> tuple[int, str, str | None] | None:
        """A norm of 0 leaves no gradient."""
        norm = values[0]
        if not isinstance(norm, int | float) or norm > 0:
            return None
        return 0, f"`clip` is above 0, and {show(norm)} leaves nothing of any gradient", "`clip none`"


class _Ema(Setting):
    """The mean of the weights, which moves, and yet remembers."""

    def problem(self, values: tuple[Value, ...]) -> tuple[int, str, str | None] | None:
        """A mean that keeps all never moves, one that keeps nothing is none."""
        if values[0] == 1:
            return 0, "a mean that keeps all of itself stays at the first weights", "`ema 0.999`"
        if values == (0,):
            return 0, "a mean that keeps nothing of itself is the weights themselves", "`ema none`"
        return None


SETTINGS = (
    Setting("data", "what the net is trained on", DATA, example="cifar10"),
    Setting("validation", "the part of the training set that chooses the best epoch", (),
            _plain("validation", int, float, least=0, most=0.9), default=(0.1,)),
    Augmentation("augment", "what is done to a training image, in order; `none` for nothing", AUGMENT,
                 _plain("augment", type(None), optional=True), most=MANY, default=(None,)),
    Setting("batch", "images in a batch, over all devices together", (),
            _plain("batch", int, least=1), example="128"),
    Setting("accumulate", "batches whose gradients make one step", (),
            _plain("accumulate", int, least=1), default=(1,)),
    Setting("epochs", "how often the training set is gone through", (),
            _plain("epochs", int, least=1), example="30"),
    Setting("steps", "how many steps there are, in place of `epochs`", (),
            _plain("steps", int, least=1), instead_of="epochs", example="64k"),
    Setting("optimizer", "how gradients become steps", OPTIMIZERS,
            example="sgd(lr = 0.1, momentum = 0.9)"),
    Schedule("schedule", "how the learning rate goes", SCHEDULES, most=2, default=(Constant(),)),
    _Clip("clip", "the greatest norm of all gradients together, above 0; `none` for any", (),
            _plain("clip", int, float, most=LARGEST, optional=True), default=(None,)),
    _Ema("ema", "what an exponential mean of the weights keeps at each step; `none` for no mean", (),
            _plain("ema", int, float, least=0, most=1, optional=True), default=(None,)),
    Setting("loss", "what is made small", LOSSES, default=(CrossEntropy(),)),
    Setting("init", "how weights begin, a later value beating an earlier one; `none` for PyTorch's own way",
            INITIALISERS, _plain("init", type(None), optional=True), most=MANY, default=(None,)),
    Setting("evaluate", "what the net sees of a test image", EVALUATIONS, default=(CenterCrop(),)),
    Setting("precision", "how exact arithmetic is; bf16 is PyTorch's autocast", (),
            _plain("precision", choices=("fp32", "bf16")), default=("fp32",)),
    Setting("channels_last", "whether maps lie in memory with their channels last", (),
            _plain("channels_last", bool), default=(False,)),
    Setting("compile", "whether `torch.compile` is used", (), _plain("compile", bool), default=(False,)),
    Setting("sync_bn", "whether batch norms see the batches of all devices", (),
            _plain("sync_bn", bool), default=(False,)),
    Setting("seed", "what weights, order and augmentation are drawn by", (),
            _plain("seed", int, least=0), default=(0,)),
)  # fmt: skip

BY_NAME = {setting.name: setting for setting in SETTINGS}
"""The settings, by their names."""
