"""Lists beside the images that say which of them are of which split: a name a line.

Template's file: updates replace it. Where several could be meant, ``data.splits`` states them.

    data/train.txt   cat/0.jpg              or   data/splits/train.txt,  data/meta/test.txt, ...
    data/test.txt    cat/7.jpg 0

Tables and JSON that are named for splits are not read, and said: the author's split is then not
ours; so are lists beside ``data.root``. What a line may be: named_images.py; flags by number, as
CUB-200-2011 has them: split_flags.py.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..config.data import BaseDataConfig
from ..errors import UserError
from ..files import shown
from .named_images import begins_with_image, by_stems, listed_in, stem_of
from .notes import Notes
from .split_flags import MEANT, flagged, flags_among
from .split_names import (
    SPLITS,
    Stated,
    meaning,
    named_splits,
    stated_splits,
    word_meaning,
    words_of,
)

REST = "images are in no list of what is held out: to train on"
SEVERAL = "lists of images are in several folders: passed over, unless data.splits states them"
OUTSIDE = "images are in no split: passed over"
SHARED = "images are for training, too"
NO_IMAGE = "classes have no image to train on"
UNREAD = (
    "files may say which images are of which split, and are not read: it is drawn here, unless "
    "train.txt and test.txt have a name a line"
)
BESIDE = (
    "files beside data.root may say which images are of which split, and are not read: it is drawn "
    "here, unless data.root is the folder they are in"
)
TABLES = (".txt", ".csv", ".tsv", ".json")
SPLITTING = {"split", "splits", "fold", "folds"}
LISTING = re.compile(r"(?<=.)[_\-. ]?(?:lists?|ids|names|filenames|files)$", re.IGNORECASE)
OF_ANNOTATIONS = (b'"images"', b'"annotations"', b'"shapes"', b'"regions"')


def by_lists(
    splits: dict[str, Any],
    config: BaseDataConfig,
    root: Path,
    files: Sequence[str],
    *,
    stated: Stated = None,
    in_classes: bool = False,
) -> dict[str, Any]:
    """The images by split, as lists below ``data.root`` say, where nothing else told splits.

    Args:
        splits: What a reader found, each with ``name(index)``, ``among(kept)`` and ``notes``.
        config: The section ``data``.
        root: Its folder.
        files: Those below it that may be lists.
        stated: ``data.splits``, where it names lists that the reader has not read.
        in_classes: Whether folders are classes: ``test/0.jpg`` then is not ``cat/0.jpg``.

    Raises:
        UserError: A list names what is not there, two are for the same split, or one is empty.
    """
    if set(splits) != {"train"} or (config.splits is not None and stated is None):
        return splits
    every = splits["train"]
    files = [path for path in files if path.lower().endswith(TABLES)]
    beside = _beside(root)
    if not files and not beside and stated is None:  # and 50,000 names are not made
        return splits
    names = [every.name(index) for index in range(len(every))]
    by_stem = by_stems(names)
    if stated is None:
        chosen = _found(files, root, by_stem, every.notes, in_classes=in_classes)
    else:
        chosen = _stated(stated, files, root)
    if not chosen:
        lists, flags = _telling(beside, by_stem, in_classes=in_classes)
        for path in [*lists, flags] if flags else lists:
            every.notes.add(BESIDE, shown(path))
        return splits
    images = _read(chosen, by_stem, in_classes=in_classes)
    notes = {split: Notes(shown(path)) for split, path in chosen.items()}
    notes.setdefault("train", Notes(every.notes.place)).update(every.notes)
    note_unlisted(images, names, notes["train"])
    training = set(images["train"])
    for split in images.keys() - {"train"}:
        both = [name for name in images[split] if name in training]
        if both:
            notes[split].add(SHARED, both[0], len(both))
    places = {name: place for place, name in enumerate(names)}
    found = {}
    for split in SPLITS:
        if split in images:
            kept = np.array([places[name] for name in images[split]])
            found[split] = replace(every.among(kept), notes=notes[split])
    _note_classes(found["train"])
    return found


def states_lists(config: BaseDataConfig) -> bool:
    """Whether ``data.splits`` names text files, and no folders."""
    names = _names(config.splits)
    return bool(names) and all(name.lower().endswith(".txt") for name in names)


def may_list(path: str | Path) -> bool:
    """Whether a file is called as if it said which images are of which split."""
    stem, suffix = os.path.splitext(os.path.basename(path))
    if suffix.lower() not in TABLES:
        return False
    return meaning(without_list(stem)) is not None or bool(SPLITTING & set(words_of(stem)))


def without_list(stem: str) -> str:
    """``trainlist`` and ``val_ids`` as ``train`` and ``val``."""
    return LISTING.sub("", stem)


def note_unlisted(images: dict[str, list[str]], every: Sequence[str], notes: Notes) -> None:
    """Have what no list names be to train on where lists hold out alone, else be passed over.

    Args:
        images: Those that lists name, by split; gets "train" where it has none.
        every: All images.
        notes: Where it is counted.

    Raises:
        UserError: A split is left without images.
    """
    listed = {image for some in images.values() for image in some}
    rest = [image for image in every if image not in listed]
    if rest:
        notes.add(OUTSIDE if "train" in images else REST, shown(rest[0]), len(rest))
    images.setdefault("train", rest)
    for split, some in images.items():
        if not some:
            raise UserError(
                f"{notes.place}: lists leave no image for {split}, expected one or more; "
                "data.splits='{}' says that such lists do not count"
            )


def _found(
    files: Sequence[str],
    root: Path,
    by_stem: Mapping[str, list[str]],
    notes: Notes,
    *,
    in_classes: bool,
) -> dict[str, str]:
    """The list of each split; what is called so and is none is noted."""
    told = [path for path in files if may_list(path) and stem_of(path) not in by_stem]
    lists, flags = _telling(told, by_stem, in_classes=in_classes)
    if flags:
        _refuse_both(flags, lists)
        return dict.fromkeys(MEANT.values(), flags)
    inside = {os.path.dirname(path) for path in lists}
    if len(inside) > 1:
        if SEVERAL not in notes.counts:
            notes.add(SEVERAL, shown(lists[0]), len(lists))
        return {}
    called = {Path(path).stem: path for path in lists}
    meant = {stem: word_meaning(without_list(stem)) for stem in called}
    if any(split == "train" and not _is_both(stem) for stem, split in meant.items()):
        meant = {stem: split for stem, split in meant.items() if not _is_both(stem)}
    alone = [] if "train" in meant.values() else ["train"]  # what is left, where it has no list
    splits = named_splits([*filter(meant.get, meant), *alone], shown(root), without_list)
    splits = {split: stem for split, stem in splits.items() if stem in called}
    for path in () if splits else told:
        if not _is_annotations(path):
            notes.add(UNREAD, shown(path))
    return {split: called[stem] for split, stem in splits.items()}


def _telling(
    files: Sequence[str], by_stem: Mapping[str, list[str]], *, in_classes: bool
) -> tuple[list[str], str | None]:
    """The lists of these images among some files, and the file of flags."""
    flags = flags_among(files)
    texts = [path for path in files if _is_text(path) and path != flags]
    lists = [path for path in texts if begins_with_image(path, by_stem, in_classes=in_classes)]
    return lists, flags


def _beside(root: Path) -> list[str]:
    """What is called as such a list and lies beside ``data.root``, where nobody looks for it."""
    try:
        with os.scandir(root.absolute().parent) as entries:
            found = sorted(entry.path for entry in entries if may_list(entry.name))
    except OSError:  # not ours to read
        return []
    return [path for path in found if os.path.isfile(path) and os.access(path, os.R_OK)]


def _refuse_both(flags: str, lists: Sequence[str]) -> None:
    """See that flags are all that says what is of which split.

    Raises:
        UserError: There are lists, too.
    """
    if lists:
        both = f"{shown(flags)} and {shown(lists[0])}"
        raise UserError(
            f"{both} may both say which images are of which split: state the lists by "
            "data.splits='{train: ..., test: ...}', or move the one away that does not count"
        )


def _read(
    chosen: Mapping[str, str], by_stem: Mapping[str, list[str]], *, in_classes: bool
) -> dict[str, list[str]]:
    """The images of each split, as its list names them, or one file of flags for all."""
    if flags := flags_among([*set(chosen.values())]):
        return flagged(flags, by_stem, in_classes=in_classes)
    return {
        split: listed_in(path, by_stem, in_classes=in_classes) for split, path in chosen.items()
    }


def _stated(stated: Stated, files: Sequence[str], root: Path) -> dict[str, str]:
    """The list of each split, by its path below the root, or by its end alone."""
    there = [Path(os.path.relpath(path, root)).as_posix() for path in files if _is_text(path)]
    found = {
        name: [one for one in there if f"/{one}".endswith(f"/{name}")] for name in _names(stated)
    }
    chosen = stated_splits(stated or {}, lambda name: len(found[name]) == 1, there)
    return {split: str(root / found[name][0]) for split, name in chosen.items()}


def _names(stated: Stated) -> list[str]:
    return [name for name in (stated or {}).values() if name]


def _is_text(path: str) -> bool:
    return path.lower().endswith(".txt")


def _is_both(stem: str) -> bool:
    """Whether a list is of what is to train on and of what validates: VOC's trainval."""
    return "trainval" in stem.lower()


def _is_annotations(path: str) -> bool:
    """Whether a file holds what readers read, or said why they do not."""
    with open(path, "rb") as file:
        start = file.read(20000)
    return path.lower().endswith(".json") and any(word in start for word in OF_ANNOTATIONS)


def _note_classes(images: Any) -> None:
    """Say which classes no image to train on has any more."""
    seen = set(images.labels.unique().tolist()) if hasattr(images, "labels") else None
    for number, name in enumerate(images.class_names):
        if seen is not None and number not in seen:
            images.notes.add(NO_IMAGE, name)
