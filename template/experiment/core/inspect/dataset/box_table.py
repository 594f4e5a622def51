"""All boxes of a split in one table.

Template's file: updates replace it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .reading import SplitRead

FIRST_PIXEL = 1.01  # where no box reaches farther, they are shares of the image


@dataclass
class BoxTable:
    """The objects of a split, one after the other.

    Args:
        owners: The image of each, by its place among those that were read.
        names: The class of each.
        corners: Left, top, right, bottom in pixels of the image, as it is seen.
        sizes: Width and height of each image, as it is seen; NaN of what cannot be read.

    Shape:
        - owners, names: ``(objects,)``
        - corners: ``(objects, 4)``
        - sizes: ``(images, 2)``
    """

    owners: NDArray[np.int64]
    names: list[str]
    corners: NDArray[np.float64]
    sizes: NDArray[np.float32]

    @property
    def sides(self) -> NDArray[np.float64]:
        """Width and height of each object, ``(objects, 2)``."""
        return self.corners[:, 2:] - self.corners[:, :2]

    def images(self, objects: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which images have one of these objects, ``(images,)``."""
        found = np.zeros(len(self.sizes), dtype=bool)
        found[self.owners[objects]] = True
        return found


def box_table(split: SplitRead) -> BoxTable | None:
    """The boxes of a split; None where it has none."""
    labels = [look.label if isinstance(look.label, list) else [] for look in split.looks]
    owners = np.repeat(np.arange(len(labels)), [len(label) for label in labels])
    if split.kind != "image" or not len(owners):
        return None
    names = [str(name) for label in labels for name, _ in label]
    corners = np.array([box for label in labels for _, box in label], dtype=np.float64)
    sizes = np.stack([split.numbers("width"), split.numbers("height")], axis=1)
    lying = split.numbers("turn") >= 5  # by EXIF a quarter is missing
    sizes = np.where(lying[:, None], sizes[:, ::-1], sizes)
    if np.abs(corners).max() <= FIRST_PIXEL:
        corners = corners * np.tile(sizes[owners], 2)
    return BoxTable(owners, names, corners, sizes)
