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
from ..folders import folder_names, paths_below
from ..named_images import by_stems, images_named
from ..notes import Notes
from ..split_lists import by_lists
from ..split_names import FILLERS, named_splits, word_meaning, words_of
from .files import common_channels, open_file
from .find_range import deep_files
from .label_table import DELIMITERS, LabelTable, read_table
from .labelled_images import LabelledImages
from .suffixes import is_image

NO_ROW = "images are in no row of a table: passed over"
NOT_READ = "tables name no image with a class: passed over"
OTHERS = "files are neither images nor tables: passed over"
EXAMPLES = "tables are examples of a submission: passed over"

ByStem = Mapping[str, list[str]]


def load(config: ImageDataConfig, root: Path) -> dict[str, LabelledImages] | None:
    """The images by split; None where tables do not say the classes, or folders may.

    Raises:
        UserError: A table cannot be understood, or a class is of held-out images alone.
    """
    with os.scandir(root) as entries:
        files = sorted(e.path for e in entries if _suffix(e.name) in DELIMITERS and e.is_file())
    if not files or config.splits is not None:
        return None
    notes = Notes(shown(root))
    below = paths_below(root, notes)
    images = [path for path in below if is_image(path)]
    of_folders = _splits_of_folders(root, images)
    if of_folders is None:
        return None
    of_split = {
        split: by_stems([path for path in images if of_folders[os.path.dirname(path)] == split])
        for split in of_folders.values()
    }
    every = by_stems(images)
    tables = []
    for file in files:
        if {"submission", "submit"} & set(words_of(Path(file).stem)):
            notes.add(EXAMPLES, shown(file))
        elif table := read_table(file, partial(_named, of_split, every, file), config):
            tables.append(table)
        else:
            notes.add(NOT_READ, shown(file))
    if not tables:
        return None
    if set(of_folders.values()) == {"train"}:
        parts = _by_tables(tables)
    else:
        parts = _by_folders(tables, images, of_folders)
    named = {path for part in parts.values() for path in part}
    _note_rest(NO_ROW, [path for path in images if path not in named], notes)
    _note_rest(OTHERS, sorted(set(below) - set(images) - set(files)), notes)
    found = _labelled(parts, notes)
    return by_lists(found, config, root, [path for path in below if _suffix(path) == ".txt"])


def _named(of_split: Mapping[str, ByStem], every: ByStem, file: str, name: str) -> list[str]:
    """The images that a name in a table means: of the table's own split, if they are there."""
    split = word_meaning(Path(file).stem) or "train"
    return images_named(name, of_split.get(split, {})) or images_named(name, every)


def _note_rest(kind: str, paths: Sequence[str], notes: Notes) -> None:
    if paths:
        notes.add(kind, shown(paths[0]), len(paths))


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _splits_of_folders(root: Path, images: Sequence[str]) -> dict[str, str] | None:
    """The split of each folder that has images right in it; None where one may be a class."""
    folders = {os.path.dirname(path) for path in images}
    if len(folders) == 1:
        (folder,) = folders
        name = os.path.basename(folder)
        is_one = folder == str(root) or name.lower() in FILLERS or word_meaning(name) == "train"
        others = [other for other in folder_names(root) if other != name]
        return {folder: "train"} if is_one and not any(map(word_meaning, others)) else None
    if any(os.path.dirname(folder) != str(root) for folder in folders):
        return None
    names = {os.path.basename(folder): folder for folder in folders}
    splits = named_splits(names, shown(root))
    is_clear = set(splits.values()) == set(names)
    return {names[name]: split for split, name in splits.items()} if is_clear else None


def _by_tables(tables: Sequence[LabelTable]) -> dict[str, dict[str, str]]:
    """The class of each image by split, as tables are called.

    Raises:
        UserError: Two say something else of an image, or it is in two splits.
    """
    stems = {Path(table.file).stem: table for table in tables}
    splits = named_splits(stems, os.path.dirname(tables[0].file))
    if set(splits.values()) != set(stems):
        return {"train": _pooled(tables)}
    parts = {split: stems[stem] for split, stem in splits.items()}
    for split, table in parts.items():
        both = parts["train"].words.keys() & table.words.keys()
        if split != "train" and both:
            place = f"{shown(table.file)}:{table.lines[min(both)]}"
            raise UserError(f"{place}: {shown(min(both))} is in {shown(parts['train'].file)}, too")
    return {split: table.words for split, table in parts.items()}


def _by_folders(
    tables: Sequence[LabelTable], images: Sequence[str], splits: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """The class of each image by split, as folders are called; "" where nobody knows it.

    Raises:
        UserError: Some of a held-out split's have a class, and others none.
    """
    words = _pooled(tables)
    parts: dict[str, dict[str, str]] = {split: {} for split in splits.values()}
    for path in images:
        split = splits[os.path.dirname(path)]
        if path in words or split != "train":
            parts[split][path] = words.get(path, "")
    for split, part in parts.items():
        without = [path for path, word in part.items() if not word]
        if without and len(without) < len(part):
            raise UserError(
                f"{shown(without[0])} is in no row of a table, as {len(without):,} of the "
                f"{len(part):,} images for {split}: name all, or none"
            )
    return parts


def _pooled(tables: Sequence[LabelTable]) -> dict[str, str]:
    words: dict[str, str] = {}
    for table in tables:
        for path, word in table.words.items():
            if words.setdefault(path, word) != word:
                place = f"{shown(table.file)}:{table.lines[path]}"
                raise UserError(f"{place}: {shown(path)} is {word} here, {words[path]} elsewhere")
    return words


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
