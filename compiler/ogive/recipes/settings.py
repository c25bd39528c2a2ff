"""Every setting of a recipe, in the order in which a recipe is printed."""

from __future__ import annotations

from ogive.layers.base import Argument
from ogive.recipes.augment import AUGMENT
from ogive.recipes.base import Setting
from ogive.recipes.data import DATA
from ogive.recipes.evaluate import EVALUATIONS
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


SETTINGS = (
    Setting("data", "what the net is trained on", DATA),
    Setting("validation", "the part of the training set that chooses the best epoch", (),
            _plain("validation", int, float, least=0, most=0.9), default=(0.1,)),
    Setting("augment", "what is done to a training image, in order; `none` for nothing", AUGMENT,
            _plain("augment", type(None), optional=True), most=MANY),
    Setting("batch", "images in a step, over all devices", (), _plain("batch", int, least=1)),
    Setting("accumulate", "batches whose gradients are added before a step", (),
            _plain("accumulate", int, least=1), default=(1,)),
    Setting("epochs", "how often the training set is gone through", (),
            _plain("epochs", int, least=1)),
    Setting("steps", "how many steps there are, in place of `epochs`", (),
            _plain("steps", int, least=1), instead_of="epochs"),
    Setting("optimizer", "how gradients become steps", OPTIMIZERS),
    Schedule("schedule", "how the learning rate goes", SCHEDULES, most=2, default=(Constant(),)),
    Setting("clip", "the greatest norm of all gradients together; `none` for any", (),
            _plain("clip", int, float, least=0, optional=True), default=(None,)),
    Setting("ema", "what an exponential mean of the weights keeps at each step; `none` for no mean", (),
            _plain("ema", int, float, least=0, most=1, optional=True), default=(None,)),
    Setting("loss", "what is made small", LOSSES, default=(CrossEntropy(),)),
    Setting("init", "how weights begin; a later value beats an earlier one", INITIALISERS, most=MANY),
    Setting("evaluate", "what the net sees of a test image", EVALUATIONS),
    Setting("precision", "of the arithmetic", (), _plain("precision", choices=("fp32", "bf16")),
            default=("fp32",)),
    Setting("channels_last", "whether maps lie in memory with their channels last", (),
            _plain("channels_last", bool), default=(False,)),
    Setting("compile", "whether `torch.compile` is used", (), _plain("compile", bool), default=(False,)),
    Setting("sync_bn", "whether batch norms see the batches of all devices", (),
            _plain("sync_bn", bool), default=(False,)),
    Setting("seed", "of the weights, the order and the augmentation", (),
            _plain("seed", int, least=0), default=(0,)),
)  # fmt: skip

BY_NAME = {setting.name: setting for setting in SETTINGS}
"""The settings, by their names."""
