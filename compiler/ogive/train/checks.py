"""Whether a network fits a data set, told before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ogive.diagnostics import ArchError, Diagnostic, did_you_mean
from ogive.layers.solve import at_least, solve
from ogive.layers.unknown import SizeExpr, substitute, symbols_of
from ogive.train.data import DataSet
from ogive.train.heads import as_logits, split_heads

Shape = Sequence[int | str | SizeExpr | None]  # without the batch; a size that is not known is a name or None

DEVICES = ("auto", "cpu", "cuda")


def image_shape(
    inputs: Sequence[tuple[str, Shape]], data_set: DataSet, least: Mapping[str, int] | None = None
) -> tuple[int, int, int]:
    """(C, H, W) of a network's only input, which has to be an image.

    Args:
        inputs: name and shape of each input. Unknown sizes become those of the data set's images, or the
            nearest that their form admits.
        data_set: what it is trained on.
        least: the least that each unknown size may be.

    Raises:
        ArchError: E520, the data set's images cannot be given to it.
    """
    if len(inputs) != 1:
        names = ", ".join(f"`{name}`" for name, _ in inputs) or "none"
        message = f"`{data_set.name}` gives one image, and the network has {len(inputs)} inputs ({names})"
        raise ArchError([Diagnostic("E520", message, help="a net with one input: `input image: 1x32x32`")])
    name, shape = inputs[0]
    shape = _known(shape, data_set, least or {})
    written = _written(shape)
    sizes = [size for size in shape if isinstance(size, int)]
    if len(sizes) < len(shape) and len(shape) == 3:
        channels = shape[0] if shape[0] in (1, 3) else 1
        message = f"input `{name}` is {written}: for training every size has to be known"
        raise ArchError([Diagnostic("E520", message, help=f"--input {channels}x32x32")])
    if len(sizes) != 3:
        message = (
            f"input `{name}` is {written}, and `{data_set.name}` gives images: channels x height x width"
        )
        raise ArchError([Diagnostic("E520", message, help="--input 1x32x32")])
    channels, height, width = sizes
    if channels not in (1, 3):
        message = (
            f"input `{name}` is {written}, and the images of `{data_set.name}` have 1 channel, or 3 alike"
        )
        raise ArchError([Diagnostic("E520", message, help=f"--input 1x{height}x{width}")])
    return channels, height, width


def _known(shape: Shape, data_set: DataSet, least: Mapping[str, int]) -> Shape:
    declared = [size for size in shape if isinstance(size, int | SizeExpr)]
    if len(declared) != 3 or not symbols_of(declared):
        return shape
    images, _ = data_set.load()
    values, _ = solve(declared, tuple(images.shape[1:]))
    return [substitute(size, at_least(values, least)) for size in declared]


def check_outputs(
    outputs: Sequence[tuple[str, Shape]], data_set: DataSet, parameters: Sequence[str] = ()
) -> None:
    """Whether the declared outputs are one score for each class; `parameters` are those that can be set.

    Raises:
        ArchError: E521, they are not.
    """
    if len(outputs) != 1:
        names = ", ".join(f"`{name}`" for name, _ in outputs) or "none"
        message = (
            f"training needs one output, the scores of the classes; the network has {len(outputs)} ({names})"
        )
        raise ArchError(
            [Diagnostic("E521", message, help="a net with one result: end it in `linear(classes)`")]
        )
    shape = outputs[0][1]
    if not shape or any(size != 1 for size in shape[1:]):
        raise _wrong_output(shape, data_set, parameters)
    if isinstance(shape[0], int) and shape[0] != data_set.classes:
        raise _wrong_output(shape, data_set, parameters)


def try_once(
    network: nn.Module, shape: tuple[int, int, int], data_set: DataSet, parameters: Sequence[str] = ()
) -> int:
    """Runs the network, in evaluation mode, on two empty images, and looks at what it returns.

    Returns:
        the multiply-accumulates of one image.

    Raises:
        ArchError: E520, it cannot take them; E521, it does not return one score for each class.
    """
    was_training = network.training
    network.cpu().eval()
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            output = network(torch.zeros(2, *shape))
    except (RuntimeError, ValueError, TypeError) as error:
        reason = str(error).strip().split("\n", 1)[0]
        message = f"the network cannot take images of {_written(shape)}: {reason}"
        raise ArchError(
            [Diagnostic("E520", message, help="--input with the shape it was made for")]
        ) from error
    finally:
        network.train(was_training)
    try:
        logits = as_logits(split_heads(output)[0])
    except TypeError as error:
        message = f"training needs one output, the scores of the classes; the network returns {error}"
        help_ = "a net with one result: end it in `linear(classes)`"
        raise ArchError([Diagnostic("E521", message, help=help_)]) from None
    except ValueError:
        main = split_heads(output)[0]
        raise _wrong_output(tuple(main.shape[1:]), data_set, parameters) from None
    if logits.shape[1] != data_set.classes:
        raise _wrong_output(tuple(logits.shape[1:]), data_set, parameters)
    return counter.get_total_flops() // 4  # two images, and two operations to a multiply-accumulate


def check_smallest_batch(network: nn.Module, smallest: int) -> None:
    """Whether batch norm has something to normalise over.

    Raises:
        ArchError: E526, a batch of one image in a network with batch norm.
    """
    if smallest == 1 and any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in network.modules()):  # pyright: ignore[reportPrivateUsage]
        message = "a batch of 1 image: batch norm takes mean and variance over a batch, and needs at least 2"
        raise ArchError([Diagnostic("E526", message, help="--batch 64")])


def choose_device(device: str) -> str:
    """`cpu` or `cuda`; `auto` is cuda where there is one.

    Raises:
        ArchError: E523, it is not there, or there is no such thing.
    """
    if device not in DEVICES:
        meant = did_you_mean(device, DEVICES) or "auto"
        message = f"there is no device `{device}`: it is one of {', '.join(DEVICES)}"
        raise ArchError([Diagnostic("E523", message, help=f"--device {meant}")])
    available = torch.cuda.is_available()
    if device == "cuda" and not available:
        built = "" if torch.backends.cuda.is_built() else " (this PyTorch was built without it)"
        raise ArchError([Diagnostic("E523", f"CUDA is not available here{built}", help="--device cpu")])
    return "cuda" if available and device != "cpu" else "cpu"


def _written(shape: Shape) -> str:
    return "x".join("?" if size is None else str(size) for size in shape) or "a scalar"


def _wrong_output(shape: Shape, data_set: DataSet, parameters: Sequence[str]) -> ArchError:
    classes = data_set.classes
    if len(shape) == 1 or (shape and all(size == 1 for size in shape[1:])):
        message = f"the network tells {shape[0]} classes apart, and `{data_set.name}` has {classes}"
        counted = next((name for name in parameters if "classes" in name), None)
        help_ = f"--set {counted}={classes}" if counted else f"end the net in `linear({classes})`"
        return ArchError([Diagnostic("E521", message, help=help_)])
    needed = f"`{data_set.name}` needs a score for each of its {classes} classes"
    message = f"the output is {_written(shape)}, and {needed}"
    return ArchError(
        [
            Diagnostic(
                "E521", message, help=f"end the net in `global_avg_pool -> flatten -> linear({classes})`"
            )
        ]
    )
