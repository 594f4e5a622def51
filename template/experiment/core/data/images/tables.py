"""Images whose classes stand in tables beside them, as in many of Kaggle's competitions.

Template's file: updates replace it. Read where no folder can be a class's.

    data/train.csv, train_images/1000.jpg, test_images/2000.jpg
    data/labels.csv, train/000bec180eb1.jpg, test/...
    data/train.csv, test.csv, images/0.png

Images of a held-out split that no table names are without a class: ``predict --input`` has them.
"""

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import torch

from ...config.data import ImageDataConfig
from ...errors import UserError
from ...files import shown, writable_names
from ...spelling import did_you_mean, nearest
from ..folders import paths_below
from ..named_images import by_stems, images_named
from ..notes import Notes
from ..split_lists import by_lists, may_list, states_lists
from ..split_names import word_meaning, words_of
from .files import common_channels, open_file
from .find_range import deep_files
from .label_table import DELIMITERS, LabelTable, read_table
from .labelled_images import LabelledImages
from .suffixes import is_image
from .table_splits import by_folders, by_tables, pooled, refuse_parts, splits_of_folders

NO_ROW = "images are in no row of a table: passed over"
NOT_READ = "tables name no image with a class: passed over"
OTHERS = "files are neither images nor tables: passed over"
NO_SPLIT = "images are in no split: passed over"
OF_EXAMPLES = {"submission", "submit"}
EXAMPLES = "tables are examples of a submission: passed over"

NO_COLUMN = ImageDataConfig.label_column  # the default: nobody has named one
ByStem = Mapping[str, list[str]]


def load(config: ImageDataConfig, root: Path) -> dict[str, LabelledImages] | None:
    """The images by split; None where tables do not say the classes, or folders may.

    Raises:
        UserError: A table cannot be understood, or a class is of held-out images alone.
    """
    with os.scandir(root) as entries:
        files = sorted(e.path for e in entries if _suffix(e.name) in DELIMITERS and e.is_file())
    if not files:
        return None
    notes = Notes(shown(root))
    below = paths_below(root, notes)
    images = [path for path in below if is_image(path)]
    stated = config.splits if states_lists(config) else None
    splits = splits_of_folders(root, images, None if stated else config.splits)
    if splits is None and not config.splits and config.label_column != NO_COLUMN:
        splits = {os.path.dirname(path): "train" for path in images}  # tables are asked for
    if splits is None:
        if config.splits is None:
            refuse_parts(root, images, files, config.image_column)
        return None
    there = [path for path in images if os.path.dirname(path) in splits]
    tables = _read_tables(files, there, splits, config, notes)
    if not tables:
        return None
    if set(splits.values()) != {"train"}:
        parts = by_folders(tables, there, splits)
    elif config.splits is not None:
        parts = {"train": pooled(tables)}
    else:
        parts = by_tables(tables)
    named = {path for part in parts.values() for path in part}
    _note_rest(NO_ROW, [path for path in there if path not in named], notes)
    _note_rest(NO_SPLIT, [path for path in images if os.path.dirname(path) not in splits], notes)
    lists = [path for path in below if _suffix(path) == ".txt" and (stated or may_list(path))]
    read = {*images, *files, *lists}
    _note_rest(OTHERS, [path for path in below if path not in read], notes)
    return by_lists(_labelled(parts, notes), config, root, lists, stated=stated)


def _read_tables(
    files: Sequence[str],
    images: Sequence[str],
    splits: Mapping[str, str],
    config: ImageDataConfig,
    notes: Notes,
) -> list[LabelTable]:
    """Those tables that say the classes of images; notes what the others are."""
    every = by_stems(images)
    of_split = {
        split: by_stems([path for path in images if splits[os.path.dirname(path)] == split])
        for split in splits.values()
    }
    tables = []
    for file in files:
        words = words_of(Path(file).stem)
        own = of_split.get(word_meaning(Path(file).stem) or "train", {})
        if OF_EXAMPLES & set(words):
            notes.add(EXAMPLES, shown(file))
        elif table := read_table(file, partial(_named, own, every), config):
            tables.append(table)
        else:
            notes.add(NOT_READ, shown(file))
    return tables


def _named(own: ByStem, every: ByStem, name: str) -> list[str]:
    """The images that a name in a table means: of the table's own split, if they are there."""
    return images_named(name, own) or images_named(name, every)


def _note_rest(kind: str, paths: Sequence[str], notes: Notes) -> None:
    if paths:
        notes.add(kind, shown(paths[0]), len(paths))


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _labelled(parts: Mapping[str, Mapping[str, str]], notes: Notes) -> dict[str, LabelledImages]:
    classes = _classes([*parts["train"].values()], notes.place)
    numbers = {word: number for number, word in enumerate(classes)} | {"": -1}
    training = [*parts["train"]]
    channels = common_channels(len(training), partial(open_file, training))
    found = {}
    for split, part in parts.items():
        paths = [*part]
        for path, word in part.items():
            if word not in numbers:
                hint = did_you_mean(nearest(word, classes))
                raise UserError(f"{shown(path)} is {word}, a class that train lacks{hint}")
        found[split] = LabelledImages(
            torch.tensor([numbers[word] for word in part.values()], dtype=torch.long),
            classes,
            partial(open_file, paths),
            channels,
            writable_names([shown(path) for path in paths]),
            notes=Notes(notes.place),
            maybe_deep=partial(deep_files, paths),
        )
    found["train"].notes.update(notes)
    found["train"].notes.add_alike(classes)
    return found


def _classes(words: Sequence[str], place: str) -> list[str]:
    """The classes, numbers in their order.

    Raises:
        UserError: These are no classes: there is one alone, or they measure something.
    """
    found = sorted(set(words))
    if len(found) < 2:
        raise UserError(f"{place}: tables name one class only, {found[0]}; expected at least two")
    if len(found) == len(words) > 2 or any(map(_is_measured, found)):
        raise UserError(
            f"{place}: tables have {found[0]}, {found[1]}, ... for a class, {len(found):,} of "
            f"{len(words):,} images; expected words or whole numbers that several images share: "
            "data.label_column says where they stand"
        )
    return sorted(found, key=float) if all(map(_is_number, found)) else found


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _is_measured(word: str) -> bool:
    return _is_number(word) and not float(word).is_integer()
