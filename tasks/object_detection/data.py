"""The images and their boxes: where from, which are for what, how they change, what a batch is.

This file is yours. Splitting, sampling, batching and loaders come from ``core/data/datamodule.py``,
whose docstring says how to override each.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.utils.data import Dataset
from torchvision.transforms import v2

from .config import DataConfig
from .core.data import BoxSample, DataModule, boxes, images


class Batch(NamedTuple):
    """What a step gets. A sample is the same without the first axis.

    Images differ in their number of objects: rows are filled up to ``objects``, the same for all
    batches of a split, and where there is no object the label is -1 and the box zero.

    Shape:
        - image: ``(batch, channels, height, width)``, normalised by the facts' mean and std
        - boxes: ``(batch, objects, 4)``: left, top, right, bottom in pixels of ``image``
        - label: ``(batch, objects)``, class numbers; -1 where there is no object
        - size: ``(batch, 2)``, height and width before the image was fitted into its square
    """

    image: Float[Tensor, "batch channels height width"]
    boxes: Float[Tensor, "batch objects 4"]
    label: Int64[Tensor, "batch objects"]
    size: Int64[Tensor, "batch 2"]


@dataclass
class Facts:
    """What the data tells the model; stored with the run, so plain values only."""

    class_names: list[str]
    channels: int  # 1 grey, 3 RGB
    value_range: list[float]  # of the files: what is 0 and 1 from then on
    image_size: int  # pixels a side
    mean: list[float]  # of each channel, for values from 0 to 1
    std: list[float]

    @property
    def num_classes(self) -> int:
        return len(self.class_names)


class ExperimentData(DataModule[Facts]):
    """Images with a box and a class for each object, from ``data.source``."""

    config: DataConfig
    facts_type = Facts

    def prepare_data(self) -> None:
        """Download what is not there yet."""
        boxes.download(self.config, self.root)

    def setup(self, stage: str | None = None) -> None:
        """Read the images; what the source has no split for is taken from its training images."""
        sources = self.read_source()
        train = sources["train"]
        self.class_names, self.value_range = train.class_names, train.value_range.as_list()
        most = max(found.most_objects for found in sources.values())
        for split, found in sources.items():
            self.datasets[split] = self.squares(found, most)
        self.hold_out(self.datasets)

    def read_source(self) -> dict[str, boxes.BoxedImages]:
        """The images of the source by split, as they are; a source of your own is read here."""
        return boxes.load(self.config, self.root, self.known_facts)

    def squares(self, found: boxes.BoxedImages, objects: int) -> Dataset[Batch]:
        """Images fitted into squares: in memory if they fit, else read when needed."""
        found = found.with_room_for(objects)
        return found.dataset(Batch, self.config.image_size, self.config)

    def find_facts(self) -> Facts:
        """Count and measure, on up to 2000 training images."""
        mean, std = images.pixel_statistics(self, most=2000)
        size, values = self.config.image_size, self.value_range
        return Facts(self.class_names, len(mean), values, size, mean, std)

    def transforms(self, split: str) -> v2.Compose:
        """What happens to an image and its boxes; write it for one, each of a batch draws anew."""
        config, train = self.config, split == "train"
        return v2.Compose(
            [
                *(self.augmentations() if train and config.augment else ()),
                boxes.FirstObjects(config.max_objects if train else None),
                v2.ToDtype(torch.float32, scale=True),
                v2.Normalize(self.facts.mean, self.facts.std),
            ]
        )

    def augmentations(self) -> list[v2.Transform | boxes.DropLostBoxes]:
        """Changes after which an image still shows the same; for photos, add a horizontal flip.

        Boxes move with their image. One that turns stays upright and so becomes looser, which is
        why scenes are not turned here.
        """
        moved = v2.RandomAffine(
            degrees=(0, 0),
            translate=(0.1, 0.1),
            scale=(0.9, 1.1),
            interpolation=v2.InterpolationMode.BILINEAR,
        )
        return [moved, boxes.DropLostBoxes()]

    def predict_dataset(self, path: Path) -> Dataset[Batch]:
        """The images of ``predict --input``: one file, or all in a folder."""
        return self.squares(boxes.load_unlabelled(path, self.facts, self.config), objects=1)

    def preview(self, n: int, split: str = "train") -> list[BoxSample]:
        """Images in their own size, with a box and the name of its class about each object."""
        samples = []
        for image, box, label, size in zip(*self.some(n, split), strict=True):
            corners = boxes.out_of_square(box, size, image.shape[-1])[label >= 0]
            names = [self.facts.class_names[number] for number in label[label >= 0].tolist()]
            samples.append(BoxSample(boxes.image_out_of_square(image, size), corners, names))
        return samples
