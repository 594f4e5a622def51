"""Images of a Hugging Face data set, by its name on the hub or a folder.

Template's file: updates replace it. To read a data set of another shape, write a reader in data.py.

Images are opened from their files' bytes, however a column holds them: so nothing is decoded to
learn how deep they are, and 16 bits stay 16. Labels are numbers with names, words, whole numbers.
"""

import base64
import binascii
import io
from collections.abc import Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from ...config.data import ImageDataConfig
from ...errors import UserError
from ...spelling import did_you_mean, nearest
from ..errors import DataError
from ..huggingface import column_feature, splits_of
from ..notes import Notes
from .files import UNREADABLE, common_channels, unreadable
from .find_range import HEAD, may_be_deep
from .labelled_images import LabelledImages

BINARY = {"binary", "large_binary"}
TEXT = {"string", "large_string"}
PART = 1000  # rows looked at together


def download(config: ImageDataConfig, root: Path) -> None:
    """Download what is not there yet.

    Raises:
        UserError: The package is missing, or there is no such data set.
    """
    splits_of(str(config.dataset), root, None, config.splits)


def load(config: ImageDataConfig, root: Path) -> dict[str, LabelledImages]:
    """The data set by split: those that it has, "train" in any case.

    Args:
        config: Its name as on huggingface.co, or a folder; and the columns that hold the images and
            their classes, as numbers or words.
        root: Where downloads are kept.

    Raises:
        UserError: The package, the data set or a column is missing, or a column holds other things.
    """
    name, column = str(config.dataset), config.image_column
    notes = Notes()
    splits = {
        split: _undecoded(data, name, column)
        for split, data in splits_of(name, root, None, config.splits, notes).items()
    }
    column_feature(splits["train"], name, "label_column", config.label_column)
    places = {split: f"{name} ({data.split or split})" for split, data in splits.items()}
    training = _words(splits["train"], places["train"], config.label_column, None) or []
    class_names = _class_names(splits["train"], training, config.label_column)
    channels = common_channels(len(splits["train"]), partial(_open, splits["train"], name, column))
    found = {}
    for split, data in splits.items():
        words = training
        if split != "train":
            words = _words(data, places[split], config.label_column, class_names)
        found[split] = LabelledImages(
            _numbers(words, class_names, len(data), places[split]),
            [str(word) for word in class_names],
            partial(_open, data, places[split], column),
            channels,
            notes=Notes(places[split]),
            maybe_deep=partial(_maybe_deep, data, column),
        )
    found["train"].notes.update(notes)
    return found


# --- images --------------------------------------------------------------------------------------


def _undecoded(data: Any, name: str, column: str) -> Any:
    """The data set with its images as their files' bytes or paths.

    Raises:
        UserError: The column holds no images.
    """
    feature: Any = column_feature(data, name, "image_column", column)
    kind = type(feature).__name__
    if kind == "Image":
        return data.cast_column(column, type(feature)(decode=False))
    dtype = str(getattr(feature, "dtype", None))
    is_of_files = isinstance(feature, dict) and bool({"bytes", "path"} & set(feature))
    if is_of_files or dtype in BINARY or (dtype in TEXT and _is_picture_text(data, column)):
        return data
    held = f"{kind} ({dtype})" if kind == "Value" else kind
    raise UserError(f"data.image_column: {column} of {name} holds {held}, expected Image")


def _is_picture_text(data: Any, column: str) -> bool:
    """Whether the first text there is an image's path, or an image in base 64."""
    first = next((row[column] for row in data.select(range(min(len(data), 20))) if row[column]), "")
    try:
        with _from_text(first):
            return True
    except UNREADABLE:
        return False


def _open(data: Any, name: str, column: str, index: int) -> Image.Image:
    value = data[index][column]
    try:
        if isinstance(value, Mapping):
            value = value.get("bytes") or value.get("path")
        if not value:
            raise OSError("it is empty")
        if isinstance(value, str):
            return _from_text(value)
        return Image.open(io.BytesIO(value))
    except UNREADABLE as error:
        raise DataError(unreadable(f"row {index} of {name}: {column}", error)) from None


def _from_text(text: str) -> Image.Image:
    """An image by its path, or of its bytes in base 64, with or without ``data:image/png;base64,``.

    Raises:
        OSError: There is no such file, or it is no image.
        ValueError: It is neither.
    """
    if len(text) < 4096 and Path(text).is_file():
        return Image.open(text)
    try:
        content = base64.b64decode(text.rpartition(",")[2], validate=True)
    except binascii.Error:
        raise OSError(f"there is no file {text[:80]}") from None
    return Image.open(io.BytesIO(content))


def _maybe_deep(data: Any, column: str) -> list[int]:
    """Which images may hold more than 8 bits a channel, by the first bytes of each."""
    found: list[int] = []
    for start in range(0, len(data), PART):
        rows = data.with_format("arrow")[start : start + PART][column]
        found += [start + index for index, head in enumerate(_heads(rows)) if may_be_deep(head)]
    return found


def _heads(rows: Any) -> Sequence[bytes]:
    """The first bytes of each, without reading the rest; none of what is no bytes: to be opened."""
    compute: Any = import_module("pyarrow.compute")  # comes with datasets
    types: Any = import_module("pyarrow.types")
    if types.is_struct(rows.type):
        names = [field.name for field in rows.type]
        rows = compute.struct_field(rows, "bytes") if "bytes" in names else None
    if rows is None or not (types.is_binary(rows.type) or types.is_large_binary(rows.type)):
        return [b""] * (0 if rows is None else len(rows))
    return [head or b"" for head in compute.binary_slice(rows, 0, HEAD).to_pylist()]


# --- labels --------------------------------------------------------------------------------------


def _words(data: Any, place: str, column: str, known: Sequence[Any] | None) -> list[Any] | None:
    """The class of each image, as a word or a whole number; None where nobody knows any.

    Args:
        data: A split.
        place: What to call it in a message.
        column: Of the classes.
        known: The classes of the training images; None: these are they.

    Raises:
        UserError: Something else stands in a row, or nothing.
    """
    if known is not None and column not in data.features:
        return None  # held out, as for a competition
    names = getattr(data.features[column], "names", None)
    values = list(data[column])
    no_class = {None, ""} | ({-1} if names or (known is not None and -1 not in known) else set())
    missing = [row for row, value in enumerate(values) if _hashable(value) and value in no_class]
    if known is not None and len(missing) == len(values):
        return None
    if missing:
        count = f"{len(missing):,} of {len(values):,} rows have none"
        raise _refusal(missing[0], place, column, values[missing[0]], f"a class ({count})")
    return [_word(value, names, row, place, column) for row, value in enumerate(values)]


def _word(value: Any, names: Sequence[str] | None, row: int, place: str, column: str) -> Any:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, str | int):
        raise _refusal(row, place, column, value, "one class, as a word or a whole number")
    if names is None or isinstance(value, str):
        return value
    if not 0 <= value < len(names):
        raise _refusal(row, place, column, value, f"a class from 0 to {len(names) - 1}")
    return names[value]


def _refusal(row: int, place: str, column: str, value: Any, expected: str) -> UserError:
    held = repr(value) if len(repr(value)) < 80 else f"{repr(value)[:80]}..."
    return UserError(
        f"data.label_column: row {row} of {place} has {column}={held}, expected {expected}"
    )


def _hashable(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


def _class_names(data: Any, words: Sequence[Any], column: str) -> list[Any]:
    """The names that the data set gives its classes, else the words or numbers in the column."""
    return list(getattr(data.features[column], "names", None) or sorted(set(words)))


def _numbers(words: Sequence[Any] | None, class_names: list[Any], count: int, place: str) -> Any:
    """The class numbers by their words; -1 where nobody knows them."""
    if words is None:
        return torch.full((count,), -1)
    number = {word: place for place, word in enumerate(class_names)}
    for row, word in enumerate(words):
        if word not in number:
            raise UserError(
                f"data.label_column: row {row} of {place} has {word}, a class that train lacks"
                f"{did_you_mean(nearest(str(word), [str(name) for name in class_names]))}"
            )
    return torch.tensor([number[word] for word in words], dtype=torch.long)
