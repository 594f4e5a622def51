"""Own images in folders: one folder a class, as torchvision's ImageFolder has it.

Template's file: updates replace it. To read another layout, write a reader in data.py.

    data/train/cat/a.png            or, to be split here:    data/cat/a.png
    data/train/dog/b.jpg                                     data/dog/b.jpg
    data/val/cat/c.png     (optional)
    data/test/cat/d.png    (optional)
"""

import logging
from functools import partial
from pathlib import Path

import torch

from ...config.data import ImageDataConfig
from ...errors import UserError
from ...files import shown
from ...spelling import did_you_mean, nearest
from ..folders import files_below, split_folders, visible
from .files import common_channels, open_file
from .labelled_images import LabelledImages

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm")
log = logging.getLogger(__name__)
LAYOUT = "train/CLASS/IMAGE or CLASS/IMAGE"


def load(config: ImageDataConfig, root: Path) -> dict[str, LabelledImages]:
    """The images below ``root`` by split: only "train" where the folder has no splits.

    Raises:
        UserError: There is no such folder, fewer than two classes, a class without images, a class
            that only a later split has, or (unless skipped) a file that is no image.
    """
    if not root.is_dir():
        raise UserError(f"data.root: there is no folder {shown(root)}; expected {LAYOUT} in it")
    folders = split_folders(root)
    class_names = _classes(folders["train"])
    files = {
        split: _files(folder, class_names, config.on_error, complete=split == "train")
        for split, folder in folders.items()
    }
    paths = [path for path, _ in files["train"]]
    channels = common_channels(len(paths), partial(open_file, paths))
    return {split: _labelled(found, class_names, channels) for split, found in files.items()}


def load_unlabelled(path: Path, class_names: list[str], channels: int) -> LabelledImages:
    """One image, or every image below a folder; the class of each is -1.

    Raises:
        UserError: There is no such file or folder, or no image in it.
    """
    if not path.exists():
        raise UserError(f"--input {path}: there is no such file or folder")
    files = [path] if path.is_file() else images_inside(path)
    if not files:
        raise UserError(f"--input {path}: holds no image ({', '.join(SUFFIXES)})")
    return _labelled([(file, -1) for file in files], class_names, channels)


def images_inside(folder: Path) -> list[Path]:
    """All image files below a folder, in the order of their names."""
    return [file for file in files_below(folder) if _is_image(file)]


def _classes(folder: Path) -> list[str]:
    """The names of the class folders, of which there must be two."""
    names = [path.name for path in visible(folder) if path.is_dir()]
    if not names:
        raise UserError(f"{shown(folder)} holds no folder for a class; expected {LAYOUT}")
    if len(names) == 1:
        raise UserError(f"{shown(folder)} holds one class only, {names[0]}; expected at least two")
    return names


def _files(
    folder: Path, class_names: list[str], on_error: str, *, complete: bool
) -> list[tuple[Path, int]]:
    """Each image file with its class number; ``complete``: every class must have one."""
    for path in visible(folder):
        if path.is_dir() and path.name not in class_names:
            hint = did_you_mean(nearest(path.name, class_names))
            raise UserError(f"{shown(path)} is a class that the training images lack{hint}")
    found: list[tuple[Path, int]] = []
    others = 0
    for label, name in enumerate(class_names):
        before = len(found)
        for file in files_below(folder / name):
            if _is_image(file):
                found.append((file, label))
            elif on_error == "skip":
                others += 1
            else:
                raise UserError(
                    f"{shown(file)} is no image file ({', '.join(SUFFIXES)}): "
                    "move it away, or set data.on_error=skip"
                )
        if complete and len(found) == before:
            raise UserError(
                f"{shown(folder / name)} is a class without images: add some, or remove it"
            )
    if others:
        log.warning(f"{others} files below {shown(folder)} are no images: left out")
    return found


def _labelled(
    files: list[tuple[Path, int]], class_names: list[str], channels: int
) -> LabelledImages:
    paths = [path for path, _ in files]
    labels = torch.tensor([label for _, label in files], dtype=torch.long)
    names = [shown(path) for path in paths]
    return LabelledImages(labels, class_names, partial(open_file, paths), channels, names)


def _is_image(file: Path) -> bool:
    return file.suffix.lower() in SUFFIXES
