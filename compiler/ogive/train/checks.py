"""Whether a network fits a data set, told before anything is trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ogive.diagnostics import ArchError, Diagnostic
from ogive.layers.solve import at_least, solve
from ogive.layers.unknown import SizeExpr, substitute, symbols_of

Shape = Sequence[int | str | SizeExpr | None]  # without the batch; a size that is not known is a name or None
Image = tuple[int, int, int]


def image_shape(
    inputs: Sequence[tuple[str, Shape]],
    data: str,
    size: Image | None,
    least: Mapping[str, int] | None = None,
    fits: Callable[[Image], bool] | None = None,
) -> Image:
    """(C, H, W) of a network's only input, which has to be an image.

    Args:
        inputs: name and shape of each input. Unknown sizes become those of the data set's images, or the
            nearest that their form admits.
        data: the name of the data set.
        size: of its images; None where they differ.
        least: the least that each unknown size may be.
        fits: whether the network would take images of another shape, for advice.

    Raises:
        ArchError: E520, images cannot be given to it.
    """
    if len(inputs) != 1:
        names = ", ".join(f"`{name}`" for name, _ in inputs) or "none"
        message = f"`{data}` gives one image, and the network has {len(inputs)} inputs ({names})"
        raise ArchError([Diagnostic("E520", message, help="a net with one input: `input image: 1x32x32`")])
    name, shape = inputs[0]
    if size is not None:
        shape = _known(shape, size, least or {})
    sizes = [each for each in shape if isinstance(each, int)]
    channels = shape[0] if len(shape) == 3 and isinstance(shape[0], int) else size[0] if size else 3
    if len(shape) == len(sizes) == 3:
        return sizes[0], sizes[1], sizes[2]
    _, height, width = size or (3, 224, 224)
    example = (channels, height, width)
    message = f"input `{name}` is {written(shape)}, and `{data}` gives images: channels x height x width"
    if len(shape) == 3:
        message = f"input `{name}` is {written(shape)}: for training every size has to be known"
    if fits is not None and fits(example):
        raise ArchError([Diagnostic("E520", message, help=f"--input {written(example)}")])
    raise ArchError([Diagnostic("E520", message, help=for_images(example))])


def for_images(example: Image) -> str:
    """The help for a net that takes no images."""
    return f"a net that takes images: `input image: {written(example)}`"


def _known(shape: Shape, size: Image, least: Mapping[str, int]) -> Shape:
    declared = [each for each in shape if isinstance(each, int | SizeExpr)]
    if len(declared) != 3 or not symbols_of(declared):
        return shape
    values, _ = solve(declared, size)
    return [substitute(each, at_least(values, least)) for each in declared]


def check_outputs(
    outputs: Sequence[tuple[str, Shape]], data: str, classes: int, parameters: Sequence[str] = ()
) -> None:
    """Whether the declared outputs are one score for each class.

    Args:
        outputs: name and shape of each.
        data: the name of the data set.
        classes: how many it has.
        parameters: of the net, those that advice may tell to set.

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
    if shape and all(size == 1 for size in shape[1:]) and shape[0] in (None, classes):
        return
    if len(shape) == 1 or (shape and all(size == 1 for size in shape[1:])):
        message = f"the network tells {shape[0]} classes apart, and `{data}` has {classes}"
        counted = next((name for name in parameters if "classes" in name), None)
        help_ = f"--set {counted}={classes}" if counted else f"end the net in `linear({classes})`"
        raise ArchError([Diagnostic("E521", message, help=help_)])
    message = f"the output is {written(shape)}, and `{data}` needs a score for each of its {classes} classes"
    help_ = f"end the net in `global_avg_pool -> flatten -> linear({classes})`"
    raise ArchError([Diagnostic("E521", message, help=help_)])


def try_once(network: nn.Module, shape: Image, data: str, classes: int) -> int:
    """Runs a module of which nothing is known, in evaluation mode, on two empty images.

    Returns:
        the multiply-accumulates of one image.

    Raises:
        ArchError: E520, it cannot take them; E521, it does not return one score for each class.
    """
    was_training = network.training
    network.cpu().eval()
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            output: object = network(torch.zeros(2, *shape))
    except (RuntimeError, ValueError, TypeError) as error:
        reason = str(error).strip().split("\n", 1)[0]
        message = f"the network cannot take images of {written(shape)}: {reason}"
        raise ArchError(
            [Diagnostic("E520", message, help="images of the shape it was made for: `input=(C, H, W)`")]
        ) from error
    finally:
        network.train(was_training)
    if not isinstance(output, torch.Tensor):
        message = (
            f"training needs one output, the scores of the classes; the network returns a "
            f"{type(output).__name__}"
        )
        raise ArchError([Diagnostic("E521", message, help="a network that returns one tensor")])
    check_outputs([("out", tuple(output.shape[1:]))], data, classes)
    return counter.get_total_flops() // 4  # two images, and two operations to a multiply-accumulate


def check_smallest_batch(network: nn.Module, smallest: int) -> None:
    """Whether batch norm has something to normalise over.

    Args:
        network: what is trained.
        smallest: images in the smallest batch that one device gets.

    Raises:
        ArchError: E526, a batch of one image in a network with batch norm.
    """
    if smallest == 1 and any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in network.modules()):  # pyright: ignore[reportPrivateUsage]
        message = "a batch of 1 image: batch norm takes mean and variance over a batch, and needs at least 2"
        raise ArchError([Diagnostic("E526", message, help="--batch 64")])


def choose_device(device: str) -> str:
    """`cpu` or `cuda`; `auto` is cuda where there is one.

    Raises:
        ArchError: E523, it is not there.
    """
    available = torch.cuda.is_available()
    if device == "cuda" and not available:
        built = "" if torch.backends.cuda.is_built() else " (this PyTorch was built without it)"
        raise ArchError([Diagnostic("E523", f"CUDA is not available here{built}", help="--device cpu")])
    return "cuda" if available and device != "cpu" else "cpu"


def enough_devices(device: str, devices: int) -> None:
    """Whether this node has so many devices; a CPU has as many as are asked for.

    Raises:
        ArchError: E523, it has not.
    """
    there = torch.cuda.device_count()
    if device == "cuda" and devices > there:
        what = "device" if there == 1 else "devices"
        message = f"{devices} devices, and this machine has {there} CUDA {what}"
        raise ArchError([Diagnostic("E523", message, help=f"--devices {there}")])


def written(shape: Shape) -> str:
    """`3x224x224`."""
    return "x".join("?" if size is None else str(size) for size in shape) or "a scalar"
