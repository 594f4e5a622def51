"""Images of a Hugging Face data set, by its name on the hub or the folder it was saved to.

Template's file: updates replace it. To read a data set of another shape, write a reader in data.py.
"""

from functools import partial
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from ...config.data import ImageDataConfig
from ...errors import UserError
from ..errors import DataError
from ..huggingface import column_feature, splits_of
from .files import UNREADABLE, common_channels, unreadable
from .labelled_images import LabelledImages


def download(config: ImageDataConfig, root: Path) -> None:
    """Download what is not there yet.

    Raises:
        UserError: The package is missing, or there is no such data set.
    """
    splits_of(str(config.dataset), root, None, config.splits)


def load(config: ImageDataConfig, root: Path) -> dict[str, LabelledImages]:
    """The data set by split: those that it has, "train" in any case.

    Args:
        config: Its name as on huggingface.co, or a folder made by ``save_to_disk``; and the columns
            that hold the images and their classes, as numbers or words.
        root: Where downloads are kept.

    Raises:
        UserError: The package, the data set or a column is missing, or a column holds other things.
    """
    name, image_column, label_column = str(config.dataset), config.image_column, config.label_column
    splits = splits_of(name, root, None, config.splits)
    class_names = _class_names(splits["train"], name, label_column)
    for split in splits.values():
        _check_images(split, name, image_column)
    open_image = partial(_open, splits["train"], name, image_column)
    channels = common_channels(len(splits["train"]), open_image)
    return {
        split: LabelledImages(
            _labels(data, name, label_column, class_names),
            class_names,
            partial(_open, data, name, image_column),
            channels,
        )
        for split, data in splits.items()
    }


def _check_images(data: Any, name: str, column: str) -> None:
    kind = type(column_feature(data, name, "image_column", column)).__name__
    if kind != "Image":
        raise UserError(f"data.image_column: {column} of {name} holds {kind}, expected Image")


def _class_names(data: Any, name: str, column: str) -> list[str]:
    """The names that the data set gives its classes, else the words or numbers in the column."""
    feature = column_feature(data, name, "label_column", column)
    if hasattr(feature, "names"):  # a ClassLabel
        return list(feature.names)
    values = sorted(set(data[column]))
    if not values or not all(isinstance(value, str | int) for value in values):
        kind = getattr(feature, "dtype", type(feature).__name__)
        raise UserError(f"data.label_column: {column} of {name} holds {kind}, expected one class")
    return [str(value) for value in values]


def _labels(data: Any, name: str, column: str, class_names: list[str]) -> torch.Tensor:
    values = list(data[column])
    if hasattr(column_feature(data, name, "label_column", column), "names"):
        labels = torch.tensor(values, dtype=torch.long)
        if (labels < 0).any():
            raise UserError(
                f"data.label_column: {column} of {name} has no class (-1) for some images"
            )
        return labels
    number = {value: place for place, value in enumerate(class_names)}
    for value in values:
        if str(value) not in number:
            raise UserError(f"data.label_column: {value} in {name} is a class that train lacks")
    return torch.tensor([number[str(value)] for value in values])


def _open(data: Any, name: str, column: str, index: int) -> Image.Image:
    try:
        image = data[index][column]
    except UNREADABLE as error:
        raise DataError(unreadable(f"image {index} of {name}", error)) from None
    if image is None:
        raise DataError(f"image {index} of {name} is empty: remove it, or set data.on_error=skip")
    return image
