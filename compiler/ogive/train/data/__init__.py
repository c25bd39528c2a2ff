"""Images: sets of them, what a recipe does to them, and the batches of a run.

`open_data` finds a set (`opening`, and one module a kind: `digits`, `noise`, `known`, `folders`, whose files
`files` reads and `looking` opens once before a training); `plan` makes steps (`stages`) of a recipe and looks
at the sizes; `statistics` measures;
`order` says which images are in a batch, `draws` what is drawn for each; `loading` makes batches. `module`
holds it together.
"""

from ogive.train.data.loading import Batch
from ogive.train.data.module import ImageData
from ogive.train.data.opening import open_data
from ogive.train.data.plan import arriving, expected
from ogive.train.data.source import Fit, Images, InMemory, Source, Unreadable

__all__ = [
    "Batch",
    "Fit",
    "ImageData",
    "Images",
    "InMemory",
    "Source",
    "Unreadable",
    "arriving",
    "expected",
    "open_data",
]
