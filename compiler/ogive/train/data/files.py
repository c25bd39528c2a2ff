"""Images in files, decoded when they are read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ogive.train.data.source import Unreadable

if TYPE_CHECKING:
    from PIL.Image import Image

_LOOKED_AT = 64
"""Files whose sizes tell whether all have one size."""


@dataclass(frozen=True)
class OnDisk:
    """Images in files below a folder.

    Attributes:
        folder: that they are below.
        names: their paths from there, as bytes [N]: one array, so that worker processes share its memory.
        labels: the class of each [N], int64.
        channels: 3, or 1 for shades of grey.
        resize: what the shorter side is scaled to, or None.
        size: height and width that every image should have then, or None.
    """

    folder: Path
    names: NDArray[np.bytes_]
    labels: Tensor
    channels: int = 3
    resize: int | None = None
    size: tuple[int, int] | None = None

    @classmethod
    def of(cls, folder: Path, files: Sequence[tuple[str, int]], channels: int, resize: int | None) -> Self:
        """Those of a list of paths with their classes, as torchvision's `make_dataset` gives it."""
        names = np.array([os.fsencode(os.path.relpath(path, folder)) for path, _ in files], dtype=np.bytes_)
        labels = torch.tensor([label for _, label in files], dtype=torch.int64)
        return cls(folder, names, labels, channels, resize)

    def __len__(self) -> int:
        return len(self.labels)

    def path(self, index: int) -> Path:
        """The file of an image."""
        return self.folder / os.fsdecode(self.names[index])

    def unscaled(self) -> Self:
        """The same images in the size that their files have."""
        return replace(self, resize=None, size=None)

    def read(self, index: int) -> Tensor:
        """An image [C, H, W], uint8, its shorter side scaled to `resize`, smoothly.

        Raises:
            Unreadable: the file is not there, or damaged, or no image, or of another size than the others.
        """
        from torchvision.transforms.v2 import functional

        path = self.path(index)
        image = torch.from_numpy(decode(path, self.channels)).permute(2, 0, 1).contiguous()
        if self.resize is not None:
            image = functional.resize(image, [self.resize], antialias=True)
        height, width = image.shape[1:]
        if self.size not in (None, (height, width)):
            expected = "x".join(map(str, self.size or ()))
            raise Unreadable(path, f"it is {height}x{width}, and others are {expected} (height x width)")
        return image

    def common_size(self) -> tuple[int, int] | None:
        """Height and width of every image after scaling, if a few that are looked at have the same.

        Only the headers of those files are read; one that cannot be read says nothing here.
        """
        from PIL import Image

        found: set[tuple[int, int]] = set()
        for index in np.unique(np.linspace(0, len(self) - 1, _LOOKED_AT).astype(int)):
            try:
                with Image.open(self.path(int(index))) as image:
                    found.add(scaled(image.height, image.width, self.resize))
            except Exception:  # decoders of damaged files raise nearly anything
                continue
            if len(found) > 1:
                return None
        return found.pop() if found else None


def scaled(height: int, width: int, shorter: int | None) -> tuple[int, int]:
    """Height and width after the shorter side was scaled, rounded as torchvision's `resize` does."""
    if shorter is None:
        return height, width
    longer = int(shorter * max(height, width) / min(height, width))
    return (shorter, longer) if height <= width else (longer, shorter)


def decode(path: Path, channels: int) -> NDArray[np.uint8]:
    """The pixels of a file [H, W, C], `channels` 3 or 1, as Pillow decodes them.

    Transparency is dropped; of 16 bits a channel the upper 8 are kept.

    Raises:
        Unreadable: it is not there, or damaged, or no image.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            pixels = np.array(_converted(image, "RGB" if channels == 3 else "L"))
    except Unreadable:
        raise
    except UnidentifiedImageError:
        empty = path.stat().st_size == 0
        reason = "the file is empty" if empty else "it is no image of a format that Pillow knows"
        raise Unreadable(path, reason) from None
    except FileNotFoundError:
        raise Unreadable(path, "it is not there any more") from None
    except MemoryError:
        raise
    except Exception as error:  # decoders of damaged files raise nearly anything
        reason = str(error).strip().split("\n", 1)[0] or type(error).__name__
        raise Unreadable(path, reason) from error
    return pixels.reshape(*pixels.shape[:2], channels)


def _converted(image: Image, mode: str) -> Any:
    if image.mode.startswith("I;16"):  # Pillow would clip what is above 255
        from PIL import Image as Pillow

        image = Pillow.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    elif image.mode in ("I", "F"):
        message = f"its pixels are numbers of 32 bits (mode `{image.mode}`), and nothing says what is white"
        raise Unreadable(image.filename, message)  # pyright: ignore[reportAttributeAccessIssue]
    return image.convert(mode)
