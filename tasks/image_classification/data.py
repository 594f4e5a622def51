"""The images: where they come from, which are for what, how they change, and what a batch is.

This file is yours. Splitting, sampling, batching and loaders come from ``core/data.py``, whose
docstring says how to override each.
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
from .core.data import DataModule
from .core.demo import digits
from .core.formats import huggingface_images, image_folder, torchvision_images
from .core.formats.labelled_images import LabelledImages
from .core.pixel_statistics import pixel_statistics
from .core.samples import ImageSample


class Batch(NamedTuple):
    """What a step gets. A sample is the same without the first axis.

    Shape:
        - image: ``(batch, channels, height, width)``, normalised by the facts' mean and std
        - label: ``(batch,)``, class numbers; -1 where the class is not known
    """

    image: Float[Tensor, "batch channels height width"]
    label: Int64[Tensor, " batch"]


@dataclass
class Facts:
    """What the data tells the model; stored with the run, so plain values only."""

    class_names: list[str]
    channels: int  # 1 grey, 3 RGB
    image_size: int  # pixels a side
    mean: list[float]  # of each channel, for values from 0 to 1
    std: list[float]

    @property
    def num_classes(self) -> int:
        return len(self.class_names)


class ExperimentData(DataModule[Facts]):
    """Images with one class each, from ``data.source``."""

    config: DataConfig
    facts_type = Facts

    def prepare_data(self) -> None:
        """Download what is not there yet."""
        match self.config:
            case DataConfig(source="torchvision", dataset=str(name)):
                torchvision_images.download(name, self.root)
            case DataConfig(source="huggingface", dataset=str(name)):
                huggingface_images.download(name, self.root)

    def setup(self, stage: str | None = None) -> None:
        """Read the images; what the source has no split for is taken from its training images."""
        sources = self.images()
        self.class_names = sources["train"].class_names
        for split, images in sources.items():
            self.datasets[split] = self.resized(images)
        for split in ("test", "val"):
            if split not in self.datasets:
                parts = self.split(self.datasets["train"], self.config.val_fraction)
                self.datasets["train"], self.datasets[split] = parts

    def images(self) -> dict[str, LabelledImages]:
        """The images of the source by split, as they are."""
        match self.config:
            case DataConfig(source="torchvision", dataset=str(name)):
                return torchvision_images.load(name, self.root)
            case DataConfig(source="huggingface", dataset=str(name)):
                columns = self.config.image_column, self.config.label_column
                return huggingface_images.load(name, self.root, *columns)
            case DataConfig(source="folder"):
                return image_folder.load(self.root, self.config.on_error)
        return digits.load()

    def resized(self, images: LabelledImages) -> Dataset[Batch]:
        """Squares of one size, as bytes: in memory if they fit, else read when they are needed."""
        config = self.config
        return images.dataset(Batch, config.image_size, config.in_memory_mb, config.on_error)

    def find_facts(self) -> Facts:
        """Count and measure, on up to 2000 training images."""
        mean, std = pixel_statistics(self, most=2000)
        return Facts(self.class_names, len(mean), self.config.image_size, mean, std)

    def transforms(self, split: str) -> v2.Compose:
        """What happens to an image. Write it for one; each image of a batch gets its own draw."""
        augment = split == "train" and self.config.augment
        return v2.Compose(
            [
                *(self.augmentations() if augment else ()),
                v2.ToDtype(torch.float32, scale=True),
                v2.Normalize(self.facts.mean, self.facts.std),
            ]
        )

    def augmentations(self) -> list[v2.Transform]:
        """Changes after which an image still shows the same; for photos, add a horizontal flip."""
        return [
            v2.RandomAffine(
                degrees=(-10, 10),
                translate=(0.1, 0.1),
                scale=(0.9, 1.1),
                interpolation=v2.InterpolationMode.BILINEAR,
            ),
        ]

    def predict_dataset(self, path: Path) -> Dataset[Batch]:
        """The images of ``predict --input``: one file, or all in a folder."""
        facts = self.facts
        return self.resized(image_folder.load_unlabelled(path, facts.class_names, facts.channels))

    def preview(self, n: int, split: str = "train") -> list[ImageSample]:
        """Images as they come from the source, with the name of their class."""
        batch = self.some(n, split)
        pairs = zip(batch.image, batch.label.tolist(), strict=True)
        return [ImageSample(image, self.facts.class_names[label]) for image, label in pairs]
