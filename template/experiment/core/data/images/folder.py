"""Own images in folders: one folder a class, as torchvision's ImageFolder has it.

Template's file: updates replace it. To read another layout, write a reader in data.py.

    data/train/cat/a.png            or, to be split here:    data/cat/a.png
    data/train/dog/b.jpg                                     data/dog/b.jpg
    data/val/cat/c.png     (optional)
    data/test/cat/d.png    (optional)
"""

import os
from functools import partial
from pathlib import Path

import torch

from ...config.data import ImageDataConfig
from ...errors import UserError
from ...files import shown
from ...spelling import did_you_mean, nearest
from ..folders import files_below, paths_below, split_folders, unwrapped, visible
from ..notes import Notes
from .files import common_channels, open_file
from .labelled_images import LabelledImages

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm")
LAYOUT = "train/CLASS/IMAGE or CLASS/IMAGE"


def load(config: ImageDataConfig, root: Path) -> dict[str, LabelledImages]:
    """The images below ``root`` by split: only "train" where the folder has no splits.

    Raises:
        UserError: There is no such folder, fewer than two classes, a class without images, a class
            that only a later split has, (unless skipped) a file that is no image, or folders that
            can be read in two ways.
    """
    if not root.is_dir():
        raise UserError(f"data.root: there is no folder {shown(root)}; expected {LAYOUT} in it")
    notes = Notes()
    root = unwrapped(root, _has_images)
    found = split_folders(root, config.splits, _has_folders, _has_images, "classes", notes)
    folders = {split: unwrapped(folder, _has_images) for split, folder in found.items()}
    class_names = _classes(folders["train"])
    splits = {
        split: _read(folder, class_names, config.on_error, is_training=split == "train")
        for split, folder in folders.items()
    }
    splits["train"].notes.update(notes)
    paths = splits["train"].paths
    channels = common_channels(len(paths), partial(open_file, paths))
    return {split: files.labelled(class_names, channels) for split, files in splits.items()}


def load_unlabelled(path: Path, class_names: list[str], channels: int) -> LabelledImages:
    """One image, or every image below a folder; the class of each is -1.

    Raises:
        UserError: There is no such file or folder, or no image in it.
    """
    if not path.exists():
        raise UserError(f"--input {path}: there is no such file or folder")
    files = _Files(Notes(shown(path)))
    if path.is_file():
        files.add(str(path), -1)
    else:
        files.add_images_below(str(path), -1, "skip")
    if not files.paths:
        raise UserError(f"--input {path}: holds no image ({', '.join(SUFFIXES)})")
    return files.labelled(class_names, channels)


def images_inside(folder: Path) -> list[Path]:
    """All image files below a folder, in the order of their names."""
    return [file for file in files_below(folder) if _is_image(file.name)]


class _Files:
    """The image files of a split, their classes, and what was passed over."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.paths: list[str] = []
        self.labels: list[int] = []

    def add(self, path: str, label: int) -> None:
        self.paths.append(path)
        self.labels.append(label)

    def add_images_below(self, folder: str, label: int, on_error: str) -> int:
        """Returns how many there are.

        Raises:
            UserError: A file is no image, and ``on_error`` is ``raise``.
        """
        before = len(self.paths)
        for path in paths_below(folder, self.notes):
            if _is_image(path):
                self.add(path, label)
            elif on_error == "skip":
                self.notes.add("files are no images: passed over", shown(path))
            else:
                raise UserError(
                    f"{shown(path)} is no image file ({', '.join(SUFFIXES)}): "
                    "move it away, or set data.on_error=skip"
                )
        return len(self.paths) - before

    def labelled(self, class_names: list[str], channels: int) -> LabelledImages:
        opened = partial(open_file, self.paths)
        labels = torch.tensor(self.labels, dtype=torch.long)
        names = [shown(path) for path in self.paths]
        return LabelledImages(labels, class_names, opened, channels, names, notes=self.notes)


def _classes(folder: Path) -> list[str]:
    """The names of the class folders, of which there must be two."""
    names = [path.name for path in visible(folder) if path.is_dir()]
    if not names:
        raise UserError(f"{shown(folder)} holds no folder for a class; expected {LAYOUT}")
    if len(names) == 1:
        raise UserError(f"{shown(folder)} holds one class only, {names[0]}; expected at least two")
    return names


def _read(folder: Path, class_names: list[str], on_error: str, *, is_training: bool) -> _Files:
    """Each image file of a split with its class number."""
    files = _Files(Notes(shown(folder)))
    inside = visible(folder)
    if not is_training and not any(path.is_dir() for path in inside):
        files.add_images_below(str(folder), -1, on_error)  # nobody knows the labels
        return files
    for path in inside:
        if path.is_dir() and path.name not in class_names:
            hint = did_you_mean(nearest(path.name, class_names))
            raise UserError(f"{shown(path)} is a class that the training images lack{hint}")
        if not path.is_dir():
            kind = (
                "images lie beside the class folders"
                if _is_image(path.name)
                else "files are no images"
            )
            files.notes.add(f"{kind}: passed over", shown(path))
    for label, name in enumerate(class_names):
        count = files.add_images_below(os.path.join(folder, name), label, on_error)
        if is_training and not count:
            raise UserError(
                f"{shown(folder / name)} is a class without images: add some, or remove it"
            )
    return files


def _has_folders(folder: Path) -> bool:
    return any(path.is_dir() for path in visible(folder))


def _has_images(folder: Path) -> bool:
    return any(_is_image(path.name) and path.is_file() for path in visible(folder))


def _is_image(name: str) -> bool:
    return name.lower().endswith(SUFFIXES)
