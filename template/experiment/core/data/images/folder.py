"""Own images in folders: one folder a class, as torchvision's ImageFolder has it.

Template's file: updates replace it. To read another layout, write a reader in data.py.

    data/train/cat/a.png            or, to be split here:    data/cat/a.png
    data/train/dog/b.jpg                                     data/dog/b.jpg
    data/val/cat/c.png     (optional)
    data/test/cat/d.png    (optional)
"""

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch

from ...config.data import ImageDataConfig
from ...errors import UserError
from ...files import shown, writable, writable_names
from ...spelling import did_you_mean, nearest
from ..folders import is_left_behind, note_hidden, paths_below, split_folders, unwrapped
from ..notes import Notes
from ..split_lists import by_lists, may_list, states_lists
from ..split_names import as_setting, meaning
from . import tables
from .class_folders import (
    LAYOUT,
    NO_CLASS,
    as_spelled,
    beside_others,
    class_folders,
    classes_of,
    few,
    has_folders,
    has_images,
    has_no_labels,
)
from .files import common_channels, open_file
from .find_range import deep_files
from .labelled_images import LabelledImages
from .masks_beside import without_masks
from .suffixes import OTHER_PICTURES, SUFFIXES, is_image

DEEPER = "images lie in folders inside their class's folder: of that class, too"


def load(config: ImageDataConfig, root: Path) -> dict[str, LabelledImages]:
    """The images below ``root`` by split: only "train" where the folder has no splits.

    Raises:
        UserError: There is no such folder, fewer than two classes, a class without images, a class
            that only a later split has, (unless skipped) a file that is no image, or folders that
            can be read in two ways.
    """
    if not root.is_dir():
        raise UserError(f"data.root: there is no folder {shown(root)}; expected {LAYOUT} in it")
    notes, top = Notes(), root
    root = unwrapped(root, has_images)
    if (of_tables := tables.load(config, root)) is not None:
        return of_tables
    root = beside_others(root, notes)
    stated = config.splits if states_lists(config) else None
    folders_stated = {} if stated else config.splits
    found = split_folders(root, folders_stated, has_folders, has_images, "classes", notes)
    folders = {split: unwrapped(folder, has_images) for split, folder in found.items()}
    classes = classes_of(folders["train"])
    lists = set(found) == {"train"} and bool(config.splits is None or stated)
    splits = {
        split: _read(split, folder, classes, config.on_error, lists=lists)
        for split, folder in folders.items()
    }
    for files in splits.values():
        files.leave_out_masks()
    _refuse_classes_of_masks(splits["train"], classes)
    if config.splits is None and splits["train"].deeper:
        _refuse_classes_inside(splits["train"], classes, root)
    if set(found) != {"train"}:
        _note_files(root, notes, "files lie beside the splits: passed over")
    splits["train"].notes.update(notes)
    paths = splits["train"].paths
    channels = common_channels(len(paths), partial(open_file, paths))
    names = [writable(name) for name in classes]
    splits["train"].notes.add_alike(names)
    images = {split: files.labelled(names, channels) for split, files in splits.items()}
    inside = {os.path.join(folders["train"], name) for name in classes}
    files = [*paths_below(top, without=inside), *splits["train"].others] if lists else []
    return by_lists(images, config, top, files, stated=stated, in_classes=True)


def load_unlabelled(path: Path, class_names: list[str], channels: int) -> LabelledImages:
    """One image, or every image below a folder; the class of each is -1.

    Raises:
        UserError: There is no such file or folder, or no image in it.
    """
    if not path.exists():
        raise UserError(f"--input {path}: there is no such file or folder")
    files = _Files(path)
    if path.is_file():
        files.paths, files.labels = [str(path)], [-1]
    else:
        files.add_images_below(str(path), -1, "skip")
        files.leave_out_masks()
    if not files.paths:
        raise UserError(f"--input {path}: holds no image ({', '.join(SUFFIXES)})")
    return files.labelled(class_names, channels)


class _Files:
    """The image files of a split, their classes, and what was passed over.

    Args:
        folder: All of them are in it, or it is the one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.notes = str(folder), Notes(shown(folder))
        self.paths: list[str] = []
        self.labels: list[int] = []
        self.deeper: list[str] = []  # inside of folders of their class's folder
        self.others: list[str] = []  # no images

    def add_images_below(self, folder: str, label: int, on_error: str) -> int:
        """Returns how many there are.

        Raises:
            UserError: A file is no image, and ``on_error`` is ``raise``.
        """
        paths = paths_below(folder, self.notes)
        found = [path for path in paths if path.lower().endswith(SUFFIXES)]
        self.paths += found
        self.labels += [label] * len(found)
        begins = len(folder) + 1
        self.deeper += [path for path in found if label >= 0 and path.rfind(os.sep) >= begins]
        for path in paths if len(found) < len(paths) else ():
            if is_image(path):
                continue
            if on_error == "raise":
                raise UserError(
                    f"{shown(path)} is no image file ({', '.join(SUFFIXES)}): "
                    f"{_advice(path)}, or set data.on_error=skip"
                )
            self.others.append(path)
            self.notes.add(_kind(path), shown(path))
        return len(found)

    def leave_out_masks(self) -> None:
        """Leave out the masks of others; what then lies deeper than its class's folder is noted."""
        kept = without_masks(self.paths, self.notes)
        if len(kept) < len(self.paths):
            self.paths = [self.paths[place] for place in kept]
            self.labels = [self.labels[place] for place in kept]
            self.deeper = sorted(set(self.deeper) & set(self.paths))
        if self.deeper:
            self.notes.add(DEEPER, shown(self.deeper[0]), len(self.deeper))

    def labelled(self, class_names: list[str], channels: int) -> LabelledImages:
        opened = partial(open_file, self.paths)
        labels = torch.tensor(self.labels, dtype=torch.long)
        place, given = self.notes.place, len(self.folder)  # once for all: names as they were given
        names = writable_names([place + path[given:] for path in self.paths])
        if place == ".":
            names = [name.removeprefix("./") for name in names]
        images = LabelledImages(labels, class_names, opened, channels, names, notes=self.notes)
        images.maybe_deep = partial(deep_files, self.paths)
        return images


def _read(
    split: str, folder: Path, classes: Sequence[str], on_error: str, *, lists: bool
) -> _Files:
    """Each image file of a split with its class number."""
    files, is_training = _Files(folder), split == "train"
    there = as_spelled(class_folders(folder), classes)
    folders = list(there)
    if not is_training and has_no_labels(split, folders, classes):
        files.add_images_below(str(folder), -1, on_error)
        return files
    for name in folders:
        if name.lower() in NO_CLASS:
            inside = paths_below(folder / name, files.notes)
            files.notes.add("files have no class: passed over", shown(folder / name), len(inside))
        elif name not in classes:
            hint = did_you_mean(nearest(name, classes))
            raise UserError(
                f"{shown(folder / name)} is a class that the training images lack{hint}"
            )
    kind = "files lie beside the class folders: passed over"
    _note_files(folder, files.notes, kind, lists=lists)
    for label, name in enumerate(classes):
        place = os.path.join(folder, there.get(name, name))
        count = files.add_images_below(place, label, on_error)
        if count:
            continue
        if is_training:
            raise UserError(
                f"{shown(folder / name)} is a class without images: add some, or remove it"
            )
        files.notes.add(f"classes have no images in {split}", writable(name))
    return files


def _refuse_classes_of_masks(files: _Files, classes: Sequence[str]) -> None:
    """See that each class has something else than masks of the images of others.

    Raises:
        UserError: One has not.
    """
    there = set(files.labels)
    for label in range(len(classes)):
        if label not in there:
            place = shown(os.path.join(files.folder, classes[label]))
            raise UserError(
                f"{place} holds nothing but masks of other images: it is no class, move it away; "
                "or is it data for task=semantic_segmentation?"
            )


def _refuse_classes_inside(files: _Files, classes: Sequence[str], root: Path) -> None:
    """See that class folders are no folds or copies, each with the classes themselves inside.

    One name that all share says nothing (``n01443537/images``), two or more do, and so do splits.

    Raises:
        UserError: They may be: then ``fold_1`` and ``fold_2`` would be told apart, not cat and dog.
    """
    within: dict[str, set[str]] = {}  # from a folder's name to the classes in which it is
    folders = map(os.path.dirname, files.paths)
    for path, label in set(zip(folders, files.labels, strict=True)):
        if path != os.path.join(files.folder, classes[label]):
            within.setdefault(os.path.basename(path), set()).add(classes[label])
    shared = [name for name in sorted(within) if len(within[name]) > 1]
    if len(shared) < 2:
        return
    place = os.path.relpath(files.folder, root)
    one = Path(place, classes[0]).as_posix()
    first = "{}" if place == "." else as_setting({"train": Path(place).as_posix()})
    second = f"data.splits='{{train: {one}, ...}}'"
    if all(meaning(name) is not None for name in shared):
        second = f"folders such as {shared[0]}/{classes[0]}"
    raise UserError(
        f"data.root: {shown(files.folder)} can be read in two ways, as the classes "
        f"{few(classes)}, or as folders that each hold {few(shared)}: state the first by "
        f"data.splits='{first}', the second by {second}"
    )


def _note_files(folder: Path, notes: Notes, kind: str, *, lists: bool = False) -> None:
    """Count the files right in a folder where only folders are read, and, it may be, lists."""
    for path in sorted(folder.iterdir()):
        if lists and may_list(path.name):  # split_lists.py reads it, or says why not
            continue
        if is_left_behind(path.name):
            note_hidden(path.name, str(path), notes)
        elif not path.is_dir():
            notes.add(f"image {kind}" if is_image(path.name) else kind, shown(path))


def _kind(path: str) -> str:
    if path.lower().endswith(OTHER_PICTURES):
        return "files are pictures of a kind that PIL does not read: passed over"
    return "files are no images: passed over"


def _advice(path: str) -> str:
    if path.lower().endswith(OTHER_PICTURES):
        return "PIL does not read it, convert it to PNG or TIFF"
    return "move it away"
