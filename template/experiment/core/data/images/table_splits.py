"""Which split an image is of whose class stands in a table: by its folder, or by the table.

Template's file: updates replace it. What tables are and where they lie: tables.py.
"""

import os
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from ...errors import UserError
from ...files import shown
from ..folders import folder_names
from ..named_images import by_stems, images_named
from ..split_names import FILLERS, named_splits, word_meaning
from .class_folders import few
from .label_table import LabelTable, columns_beside


def splits_of_folders(
    root: Path, images: Sequence[str], stated: Mapping[str, str | None] | None
) -> dict[str, str] | None:
    """The split of each folder that has images right in it; None where one may be a class."""
    folders = {os.path.dirname(path) for path in images}
    if stated:
        found = {str(root / name): split for split, name in stated.items() if name}
        return found if found.keys() <= folders else None
    if len(folders) == 1:
        (folder,) = folders
        name = os.path.basename(folder)
        is_one = folder == str(root) or name.lower() in FILLERS or word_meaning(name) == "train"
        others = [other for other in folder_names(root) if other != name]
        return {folder: "train"} if is_one and not any(map(word_meaning, others)) else None
    if stated is not None or any(os.path.dirname(folder) != str(root) for folder in folders):
        return None
    names = {os.path.basename(folder): folder for folder in folders}
    splits = named_splits(names, shown(root))
    is_clear = set(splits.values()) == set(names)
    return {names[name]: split for split, name in splits.items()} if is_clear else None


def refuse_parts(root: Path, images: Sequence[str], files: Sequence[str], wanted: str) -> None:
    """See that what seem to be classes are no parts of a data set whose classes stand in a table.

    HAM10000 has ``HAM10000_images_part_1`` and ``..._part_2``, ChestX-ray14 ``images_001`` to
    ``images_012``: names that differ in their numbers alone. A table whose column goes with the
    folders says that they are classes all the same.

    Args:
        root: ``data.root``.
        images: All below it.
        files: The tables.
        wanted: The column of a table that names images, if there is one of that name.

    Raises:
        UserError: They may be.
    """
    if any(os.path.dirname(path) == str(root) for path in images):
        return
    folder_of = {path: Path(os.path.relpath(path, root)).parts[0] for path in images}
    folders = sorted(set(folder_of.values()))
    alike = {re.sub(r"\d+", "", name) for name in folders}
    if len(folders) < 2 or len(alike) > 1 or not re.search(r"[^\W_]", alike.pop()):
        return
    every = by_stems(images)
    for file in files:
        columns = columns_beside(file, partial(images_named, by_stem=every), wanted)
        if not columns:
            continue
        for values in columns.values():
            pairs = {(folder_of[path], value) for path, value in values.items()}
            if len(pairs) == len({value for _, value in pairs}) == len(folders):
                return
        raise UserError(
            f"data.root: {shown(root)} can be read in two ways, as the classes {few(folders)}, or "
            f"by {shown(file)}, which names the images: state the first by data.splits='{{}}', the "
            f"second by data.label_column=COLUMN, such as {next(iter(columns))}"
        )


def by_tables(tables: Sequence[LabelTable]) -> dict[str, dict[str, str]]:
    """The class of each image by split, as tables are called.

    Raises:
        UserError: Two say something else of an image, or it is in two splits.
    """
    stems = {Path(table.file).stem: table for table in tables}
    splits = named_splits(stems, shown(Path(tables[0].file).parent))
    if set(splits.values()) != set(stems):
        return {"train": pooled(tables)}
    parts = {split: stems[stem] for split, stem in splits.items()}
    seen: dict[str, str] = {}  # from each image to its table
    for table in parts.values():
        if both := seen.keys() & table.words.keys():
            image = min(both)
            place = f"{shown(table.file)}:{table.lines[image]}"
            raise UserError(f"{place}: {shown(image)} is in {shown(seen[image])}, too")
        seen.update(dict.fromkeys(table.words, table.file))
    return {split: table.words for split, table in parts.items()}


def by_folders(
    tables: Sequence[LabelTable], images: Sequence[str], splits: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """The class of each image by split, as folders are called; "" where nobody knows it.

    Raises:
        UserError: Some of a held-out split's have a class, and others none.
    """
    words = pooled(tables)
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


def pooled(tables: Sequence[LabelTable]) -> dict[str, str]:
    words: dict[str, str] = {}
    for table in tables:
        for path, word in table.words.items():
            if words.setdefault(path, word) != word:
                place = f"{shown(table.file)}:{table.lines[path]}"
                raise UserError(f"{place}: {shown(path)} is {word} here, {words[path]} elsewhere")
    return words
