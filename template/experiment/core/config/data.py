"""What can be set of the data, of every kind and of those that core has readers for.

Template's file: updates replace it. To change a default, override its field in your config.py. The
readers get the whole of it, so that a setting that is new here works in projects made before it.
"""

import math
from dataclasses import dataclass, field
from typing import Any, Literal

from .meaning import BELOW_ROOT, NAME_OR_PATH, PATH
from .range_checks import at_least, fraction


@dataclass
class BaseDataConfig:
    """What every DataModule understands; yours adds where its data comes from."""

    source: Any = "demo"  # where from; yours narrows it: Literal["demo", "folder", ...]
    # Folder that downloads go to and own files lie in.
    root: str = field(default="data", metadata=PATH)
    # Which folder, file or key of the source is which split, as {train: Training, val: null, test:
    # Testing}; {}: it has no splits; null: their names tell.
    splits: dict[str, str | None] | None = field(default=None, metadata=BELOW_ROOT)
    batch_size: int = 128  # samples a step on each device
    drop_last: bool = False  # leave out a last training batch that is not full
    num_workers: int = 0  # processes that prepare batches; 0: in the training process
    # Of the training data, where the source has no test split; null: 0.15, unless it has one that
    # nobody knows the labels of.
    test_fraction: float | None = None
    val_fraction: float = 0.15  # the same for validation, of what is left then; 0: none
    # File that lists examples to leave out; `inspect data --exclude` writes one.
    exclude: str = field(default="", metadata=PATH)
    split_seed: int = 0  # decides which samples validate; `seed` does not move them
    fold: int | None = None  # of `folds`, from 0: it validates, the others train; null: no folds
    folds: int = 5  # parts for cross-validation, fixed by split_seed; sweeps/folds.yaml runs all
    limit: int | None = None  # samples to use of each split; null: all
    indices: list[int] | None = None  # exactly these training samples; null: all
    overfit_batches: int | None = None  # train and validate on so many, without augmentation
    sampler: Literal["shuffle", "balanced", "sequential"] = "shuffle"  # order of training samples
    in_memory_mb: int = 1024  # MiB; a smaller data set is held as whole tensors
    on_error: Literal["raise", "skip"] = "raise"  # at a sample that cannot be read

    def __post_init__(self) -> None:
        at_least(self, 1, "batch_size", "limit", "overfit_batches")
        at_least(self, 0, "num_workers", "split_seed", "in_memory_mb", "fold")
        at_least(self, 2, "folds")
        fraction(self, "test_fraction", "val_fraction")
        if self.fold is not None and self.fold >= self.folds:
            raise ValueError(f"fold is {self.fold}; it must be below folds, which is {self.folds}")
        if unknown := set(self.splits or ()) - {"train", "val", "test"}:
            raise ValueError(f"splits has {min(unknown)}; it may have train, val and test")
        if self.splits and not self.splits.get("train"):
            raise ValueError("splits names none for train; {} says that there are no splits")
        if self.indices == []:
            raise ValueError("indices is []; it must name samples, or be null: all")


@dataclass
class ImageDataConfig(BaseDataConfig):
    """Where images with a class each come from; see ``core.data.images``."""

    # Torchvision's class (CIFAR10) or Hugging Face's name (user/name).
    dataset: str | None = field(default=None, metadata=NAME_OR_PATH)
    image_column: str = "image"  # of huggingface, or of a table beside images: what holds the image
    label_column: str = "label"  # the same: what holds the class
    # Which values are black and white; null: 0 and 255 of bytes, of deeper ones what is measured.
    value_range: list[float] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_value_range(self.value_range)
        needs_dataset(self, "torchvision", "huggingface")


@dataclass
class BoxDataConfig(BaseDataConfig):
    """Where images with boxes come from; see ``core.data.boxes``."""

    dataset: str | None = None  # torchvision's class: VOCDetection or CocoDetection
    year: str = "2012"  # of VOCDetection, 2007 to 2012
    # Which values are black and white; null: 0 and 255 of bytes, of deeper ones what is measured.
    value_range: list[float] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_value_range(self.value_range)
        needs_dataset(self, "torchvision")


@dataclass
class MaskDataConfig(BaseDataConfig):
    """Where images with a class for each pixel come from; see ``core.data.masks``."""

    dataset: str | None = None  # torchvision's class: VOCSegmentation or OxfordIIITPet
    year: str = "2012"  # of VOCSegmentation, 2007 to 2012
    # The classes in the order of their numbers, background first where there is one; null: a file
    # beside the masks names them (classes.txt, labelmap.txt, data.yaml), else their numbers do.
    class_names: list[str] | None = None
    class_values: list[int] | None = None  # what a mask holds for each class; null: 0, 1, 2, ...
    # The colour of each class in masks that are RGB, such as {sky: [128, 128, 128]}; null: a file
    # beside the masks says it.
    colors: dict[str, list[int]] | None = None
    ignore_values: list[int] | None = None  # in masks, of pixels that do not count; null: 255
    ignore_classes: list[str] | None = None  # classes whose pixels do not count, such as [void]
    # What masks are called by their image's name, such as "{}_mask.png" or "masks/{}.png"; null:
    # found by the usual names.
    mask_names: str | None = None
    # Folder for what was found in masks; may be deleted.
    cache: str = field(default="data/.masks", metadata=PATH)
    # Which values are black and white; null: 0 and 255 of bytes, of deeper ones what is measured.
    value_range: list[float] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_value_range(self.value_range)
        needs_dataset(self, "torchvision")
        self._check_names()
        for name, color in (self.colors or {}).items():
            if len(color) != 3 or not all(0 <= part <= 255 for part in color):
                raise ValueError(f"colors has {name}: {color}; it must be red, green, blue: 0..255")
        colors = [tuple(color) for color in (self.colors or {}).values()]
        if self.colors is not None and len(set(colors)) < max(len(colors), 2):
            raise ValueError(f"colors is {self.colors}; it must be 2 colours or more, each once")
        if self.mask_names is not None and self.mask_names.count("{}") != 1:
            raise ValueError(
                f"mask_names is {self.mask_names}; it must have one {{}}, as {{}}_mask.png has"
            )

    def _check_names(self) -> None:
        names, values = self.class_names, self.class_values
        if names is not None and (len(set(names)) < max(len(names), 2) or len(names) > 255):
            raise ValueError(f"class_names is {names}; it must be 2 to 255 names, each once")
        if values is not None and (len(set(values)) < max(len(values), 2) or len(values) > 255):
            raise ValueError(f"class_values is {values}; it must be 2 to 255 numbers, each once")
        if names is not None and values is not None and len(names) != len(values):
            raise ValueError(
                f"class_values has {len(values)} numbers; it must have one for each of the "
                f"{len(names)} class_names"
            )
        if both := set(values or ()) & set(self.ignore_values or ()):
            raise ValueError(f"ignore_values has {min(both)}; it must be none of class_values")
        if self.colors is not None and (names is not None or values is not None):
            raise ValueError("colors names the classes; class_names and class_values must be null")


@dataclass
class TextDataConfig(BaseDataConfig):
    """Where texts come from, and how they become tokens; see ``core.data.texts``."""

    # huggingface: the name of a data set (user/name), or a folder.
    dataset: str | None = field(default=None, metadata=NAME_OR_PATH)
    subset: str | None = None  # huggingface: which part, such as wikitext-103-raw-v1; null: the one
    text_column: str = "text"  # the column that holds the text: huggingface; .jsonl, .csv, .parquet
    rows_are_documents: bool = True  # of those: false where rows are lines of one text: wikitext
    document_mark: str | None = None  # folder: between documents of a file: <|endoftext|>
    encoding: str = "utf-8"  # folder: of the files
    vocab_size: int = 1024  # tokens; the tokenizer is trained on the training text
    window: int = 128  # tokens that the model sees at once
    # Folder for tokenizers and encoded texts; may be deleted.
    cache: str = field(default="data/.tokens", metadata=PATH)

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, 257, "vocab_size")  # the 256 bytes, and the end of a text
        at_least(self, 2, "window")
        needs_dataset(self, "huggingface")
        if self.document_mark is not None and not self.document_mark.strip():
            raise ValueError("document_mark is blank; it must be a text, such as <|endoftext|>")
        try:
            "".encode(self.encoding)
        except (LookupError, UnicodeError):
            raise ValueError(
                f"encoding is {self.encoding}; Python knows no encoding of texts by that name"
            ) from None


def needs_dataset(config: Any, *sources: str) -> None:
    """Raise ValueError where one of ``sources`` is asked for a data set without a name."""
    if config.source in sources and not config.dataset:
        raise ValueError(f"dataset is null; data.source={config.source} needs the name of one")


def check_value_range(stated: list[float] | None) -> None:
    """Raise ValueError unless these are two numbers, the lower one first."""
    if stated is None:
        return
    if len(stated) != 2 or not all(map(math.isfinite, stated)) or stated[0] >= stated[1]:
        raise ValueError(
            f"value_range is {stated}; it must be two numbers, black and white, the lower one first"
        )
