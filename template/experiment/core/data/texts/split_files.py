"""Which files of a folder are which split: folders by their names, and files by theirs.

Template's file: updates replace it. Where names do not tell, ``data.splits`` does.

    train/ valid/ test/                           folders, with any files below them
    train.txt valid.txt test.txt                  a file each
    wiki.train.tokens wiki.valid.tokens ...       the same, among words that all of them have
    train-00000-of-00002.parquet ...              several files each: what differs in numbers only
"""

import os
import re
from pathlib import Path
from typing import NamedTuple

from ...errors import UserError
from ...files import shown
from ..folders import (
    NO_SPLIT,
    check_has_train,
    files_below,
    is_left_behind,
    paths_below,
    visible,
)
from ..notes import Notes
from ..split_names import (
    MEANINGS,
    SPLITS,
    Stated,
    as_setting,
    meaning,
    named_splits,
    refuse_ambiguous,
    refuse_held_out,
    stated_splits,
    word_meaning,
)
from .text_files import PACKED, fault_by_name

LAYOUT = "train/FILE.txt, train.txt or FILE.txt"
ABOUT = {"readme", "license", "licence", "copying", "notice", "citation", "changelog", "authors"}
NO_FILE = "files belong to no split: passed over"
SHARD = re.compile(r"([-.])\d+-of-\d+(-[0-9a-f]{8,})?")  # as Hugging Face names them
NAMED = 8  # in a sentence


class SplitFiles(NamedTuple):
    """The files of a split.

    Args:
        place: The folder or file that they are in, or a pattern of their names.
        folder: What their names begin at.
        files: They themselves.
    """

    place: str
    folder: Path
    files: list[Path]


def split_files(root: Path, stated: Stated, notes: Notes) -> dict[str, SplitFiles]:
    """The files of each split; only "train" where there are no splits.

    Args:
        root: ``data.root``: a folder, or one file.
        stated: ``data.splits``.
        notes: Get what belongs to no split.

    Raises:
        UserError: There is no text, what is stated is not there, there are held-out texts but none
            to train on, or names can be read in two ways.
    """
    if root.is_file():
        return {"train": SplitFiles(shown(root), root.parent, [root])}
    if (root / "dataset_dict.json").exists() or (root / "state.json").exists():
        raise UserError(
            f"data.root: {shown(root)} was made by save_to_disk: set data.source=huggingface "
            f"data.dataset={shown(root)}"
        )
    if stated == {}:
        return {"train": _below(root, shown(root), notes)}
    if stated is not None:
        found = stated_splits(stated, lambda name: bool(_matching(root, name)), _labels(root))
    else:
        root = _unwrapped(root)
        found = _named(root, notes)
    if not found:
        return {"train": _below(root, shown(root), notes)}
    _note_others(root, found, notes)
    return {split: _matched(root, name, notes) for split, name in found.items()}


def _named(root: Path, notes: Notes) -> dict[str, str]:
    """From split to name, by the names that there are."""
    labels = _labels(root)
    splits = named_splits(labels, shown(root), stem)
    if not {"val", "test"} <= set(splits):
        refuse_held_out(labels, shown(root), stem)
    if not splits:
        held = {split for name in labels if (split := meaning(stem(name))) is not None}
        if labels and all(word_meaning(stem(name)) in ("val", "test") for name in labels):
            held |= {str(word_meaning(stem(name))) for name in labels}
        check_has_train([split for split in SPLITS if split in held and split != "train"], root)
        _refuse_splits_inside(root)
        return {}
    others = [name for name in labels if name not in splits.values()]
    if documents := [name for name in others if not (root / name).is_dir()]:
        every = ", ".join([*splits.values(), *documents][:NAMED])
        raise refuse_ambiguous(shown(root), splits, f"documents: {every}")
    return splits


def stem(name: str) -> str:
    """What of a file's name may say which split it is: not its suffix, nor which part it is."""
    base = re.sub(r"[-.]\*-of-\*", "", SHARD.sub("", name))
    root, suffix = os.path.splitext(base)
    if suffix.lower() in PACKED:
        base = root
        root, suffix = os.path.splitext(base)
    return base if suffix[1:].lower() in MEANINGS else root


def _labels(root: Path) -> list[str]:
    """Folders and texts right in a folder; files that differ in numbers only are one pattern."""
    parts: dict[str, list[str]] = {}
    with os.scandir(root) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        name = entry.name
        if is_left_behind(name):
            continue
        if entry.is_dir():
            if paths_below(entry.path):
                parts[name] = [name]
        elif entry.is_file() and not fault_by_name(name) and not is_about(name):
            parts.setdefault(_pattern(name), []).append(name)
    return [names[0] if len(names) == 1 else pattern for pattern, names in parts.items()]


def _pattern(name: str) -> str:
    """What files have in common that are parts of one."""
    return re.sub(r"\d+", "*", SHARD.sub(r"\1*-of-*", name))


def is_about(name: str) -> bool:
    """Whether a file speaks of the texts and is none of them: README, LICENSE."""
    return re.split(r"[._-]", name.lower())[0] in ABOUT


def _matching(root: Path, name: str) -> list[Path]:
    """The file or folder of that name, or the files of a pattern."""
    if (root / name).exists():
        return [root / name]
    if parts := [path for path in visible(root) if path.is_file() and _pattern(path.name) == name]:
        return parts
    try:
        return sorted(path for path in root.glob(name) if path.is_file())
    except (ValueError, NotImplementedError):  # no pattern, such as one that begins with /
        return []


def _matched(root: Path, name: str, notes: Notes) -> SplitFiles:
    paths, place = _matching(root, name), shown(root / name)
    if len(paths) == 1 and paths[0].is_dir():
        return _below(paths[0], place, notes)
    return SplitFiles(place, root, paths)


def _below(folder: Path, place: str, notes: Notes) -> SplitFiles:
    """All files below a folder, without those right in it that are about the others."""
    files = files_below(folder, notes)
    about = [file for file in files if is_about(file.name) and file.parent == folder]
    if len(about) == len(files):
        about = []
    for file in about:
        notes.add("files are about the texts: passed over", shown(file))
    if not files:
        raise UserError(f"{place} holds no file; expected {LAYOUT} in data.root")
    return SplitFiles(place, folder, [file for file in files if file not in about])


def _note_others(root: Path, found: dict[str, str], notes: Notes) -> None:
    """Count what is beside the splits."""
    used = {path for name in found.values() for path in _matching(root, name)}
    for path in visible(root):
        if not any(one == path or path in one.parents for one in used):
            notes.add(NO_SPLIT if path.is_dir() else NO_FILE, shown(path))


def _unwrapped(folder: Path) -> Path:
    """The folder itself, or the one inside that is all it holds, beside a README."""
    while (inside := _only_folder(folder)) is not None:
        if meaning(inside.name) is not None and inside.name != folder.name:
            break
        folder = inside
    return folder


def _only_folder(folder: Path) -> Path | None:
    """The one folder that there is; None where there are several, or texts beside it."""
    only = None
    with os.scandir(folder) as entries:
        for entry in entries:
            if is_left_behind(entry.name) or (is_about(entry.name) and not entry.is_dir()):
                continue
            if only is not None or not entry.is_dir():
                return None
            only = folder / entry.name
    return only


def _refuse_splits_inside(root: Path) -> None:
    """Refuse folders that have splits each: they would all be trained on.

    Raises:
        UserError: There is one.
    """
    for folder in _with_training_inside(root):
        splits = named_splits(_labels(folder), shown(folder), stem)
        if len(splits) > 1:
            raise UserError(
                f"data.root: {shown(root)} has no splits itself, but {shown(folder)} has "
                f"({as_setting(splits)}): set data.root={shown(folder)}, or read all texts as one "
                "by data.splits='{}'"
            )


def _with_training_inside(root: Path) -> list[Path]:
    """The folders below in which a name speaks of training; of texts, as there may be millions."""
    found, known = set[str](), {str(root)}
    for path in paths_below(root):
        while path not in known:
            known.add(path)
            folder, name = os.path.split(path)
            if folder != str(root) and word_meaning(stem(name)) == "train":
                found.add(folder)
            path = folder
    return [Path(folder) for folder in sorted(found)]
