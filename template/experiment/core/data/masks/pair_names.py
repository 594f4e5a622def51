"""Which file is an image and which a mask, and which belong together, by what they are called.

Template's file: updates replace it. Where names do not tell, ``data.mask_names`` does.

Folders tell first (``images`` and ``masks``, ``JPEGImages`` and ``SegmentationClass``, ``train``
and ``train_masks``), then what stands before or behind an image's name (``a_mask.png``,
``a_L.png``, ``a_gtFine_labelIds.png``). What is left of a path without these words is what a
pair shares.
"""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..folders import composed
from ..images.mask_names import BEFORE, SAYS_MASK
from ..images.suffixes import SUFFIXES
from ..split_names import word_meaning
from .mask_files import MASK_SUFFIXES

OF_MASKS = {
    *("mask", "masks", "label", "labels", "annotation", "annotations", "annot", "annots", "ann"),
    *("segmentation", "segmentations", "seg", "segs", "gt", "groundtruth", "truth", "trimap"),
    *("trimaps", "target", "targets", "pixelmaps", "stuffthingmaps", "lab", "labs", "semantic"),
    *("manual", "instance", "instances", "panoptic", "colormap", "colormaps"),
}
LABELED = {"labeled", "labelled"}  # of masks, unless images are
OF_IMAGES = {
    *("image", "images", "img", "imgs", "photo", "photos", "jpegimages", "input", "inputs", "rgb"),
}
# Other pictures of the same, for people or for other tasks.
VIEWS = {
    *("object", "objects", "visualization", "visualizations", "viz", "vis", "overlay", "overlays"),
    *("human", "instance", "instances", "instanceids", "instancetrainids", "color", "colors"),
    *("colored", "colour", "colormask", "colormap", "colormaps", "polygons", "panoptic"),
}
GT_FINE = r"(?:[_\-. ]gtFine|[_\-. ]gtCoarse)?"
MASK_BEHIND = re.compile(rf"{GT_FINE}[_\-. ](?:{SAYS_MASK}|color|L|P)$", re.IGNORECASE)
SHOWN_BEHIND = r"leftImg8bit|image|img|rgb|sat|photo|input|training|test|0000"  # 0000: nnU-Net's
IMAGE_BEHIND = re.compile(rf"[_\-. ](?:{SHOWN_BEHIND})$", re.IGNORECASE)
IMAGE_BEFORE = re.compile(r"^(?:image|img|photo|input)s?[_\-. ]*(?=.)", re.IGNORECASE)
PHOTOS = (".jpg", ".jpeg")  # beside which a file of the same name is its mask
ENDINGS = ("annot", "masks", "mask", "labels", "annotations")  # trainannot
SUBSETS = ("default",)  # CVAT's, of a task without any: beside it lies defaultannot
IN_WORDS = {  # nnU-Net's folders
    "imagesTr": "images train",
    "imagesTs": "images test",
    "labelsTr": "labels train",
    "labelsTs": "labels test",
}


@dataclass
class Named:
    """A file by its path's parts.

    Args:
        path: The file.
        group: The folders, without words that say only what kind of file is in them.
        stems: What may be the name that a pair shares, the likeliest first.
        is_view: Whether its words say that it shows a mask, and is none.
    """

    path: str
    group: tuple[str, ...]
    stems: list[str] = field(default_factory=list)
    is_view: bool = False

    @property
    def split(self) -> str | None:
        """The split that one of its folders means."""
        return next((split for part in self.group if (split := word_meaning(part))), None)


def named(root: str, files: Sequence[str]) -> tuple[list[Named], list[Named]]:
    """The images and the masks among some files."""
    pictures = [path for path in files if path.lower().endswith(MASK_SUFFIXES)]
    kinds = {path: _kind(os.path.relpath(path, root)) for path in pictures}
    if "image" not in kinds.values() and None not in kinds.values():
        kinds = dict.fromkeys(pictures)  # a folder of masks around it all says nothing
    there = {name_of(path) for path in pictures}
    photos = {name_of(path) for path in pictures if path.lower().endswith(PHOTOS)}
    images, masks = [], []
    for path in pictures:
        stem = name_of(path)
        kind = kinds[path]
        if kind is None and (_has_image(stem, there) or _beside_photo(path, photos)):
            kind = "mask"
        if kind == "mask":
            masks.append(_mask(root, path))
        elif path.lower().endswith(SUFFIXES):
            images.append(_image(root, path))
    return images, masks


def _has_image(stem: str, there: set[str]) -> bool:
    """Whether a file's name is that of another one with a mask's word behind or before it."""
    folder, name = os.path.split(stem)
    for shorter in _without_mask_words(name):
        tails = ("", "_leftImg8bit", "_sat", "_image", "_img", "_rgb")
        heads = ("", "image", "img", "image_", "img_", "image-", "img-")
        for tail in tails:
            for head in heads:
                if os.path.join(folder, f"{head}{shorter}{tail}") in there - {stem}:
                    return True
    return False


def _beside_photo(path: str, photos: set[str]) -> bool:
    """Whether a file is ``a.png`` beside ``a.jpg``."""
    return not path.lower().endswith(PHOTOS) and name_of(path) in photos


def _without_mask_words(stem: str) -> Iterator[str]:
    for pattern in (MASK_BEHIND, BEFORE):
        shorter = pattern.sub("", stem)
        if shorter != stem and shorter:
            yield shorter


def _mask(root: str, path: str) -> Named:
    folders, stem = _parts(root, path)
    stems = [stem]
    base, suffix = os.path.splitext(stem)
    if suffix.lower() in SUFFIXES:  # a.jpg.png
        stems.append(base)
    stems += [shorter for one in list(stems) for shorter in _without_mask_words(one)]
    return Named(path, _group(folders), list(dict.fromkeys(stems)), _is_view(folders, stem))


def _image(root: str, path: str) -> Named:
    folders, stem = _parts(root, path)
    shorter = [pattern.sub("", stem) for pattern in (IMAGE_BEHIND, IMAGE_BEFORE)]
    return Named(path, _group(folders), list(dict.fromkeys([stem, *filter(None, shorter)])))


def _parts(root: str, path: str) -> tuple[list[str], str]:
    *folders, stem = name_of(os.path.relpath(path, root)).split(os.sep)
    return folders, stem


def name_of(path: str) -> str:
    """A path without its suffix, accents on their letters."""
    return composed(os.path.splitext(path)[0])


def group_of(root: str, path: str) -> tuple[str, ...]:
    """The folders of a file that pairs share."""
    return _group(_parts(root, path)[0])


def _kind(relative: str) -> str | None:
    """What the innermost folder that says it says."""
    for folder in reversed(relative.split(os.sep)[:-1]):
        words = set(_words(folder))
        if words & OF_MASKS or (words & LABELED and not words & OF_IMAGES):
            return "mask"
        if words & OF_IMAGES:
            return "image"
    return None


def in_words(folder: str) -> str:
    """A folder's name as others would call it."""
    return IN_WORDS.get(folder, folder)


def _words(name: str) -> list[str]:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", in_words(name))
    words = [word.lower() for word in re.findall(r"[^\W\d_]+", apart)]
    return [part for word in words for part in _parted(word)]


def _parted(word: str) -> list[str]:
    for ending in ENDINGS:
        start = word.removesuffix(ending)
        if start != word and (word_meaning(start) or start in SUBSETS):
            return [start, ending]
    return [word]


def _group(folders: Sequence[str]) -> tuple[str, ...]:
    kept = []
    for folder in folders:
        words = _words(folder)
        meant = next((split for word in words if (split := word_meaning(word))), None)
        if meant is not None:
            kept.append(meant)
        elif not set(words) & (OF_MASKS | OF_IMAGES | LABELED):
            kept.append(folder)
    return tuple(kept)


def _is_view(folders: Sequence[str], stem: str) -> bool:
    words = [word for folder in folders for word in _words(folder)]
    if folders and {"semantic", "rgb"} <= set(_words(folders[-1])):  # KITTI's, beside semantic/
        return True
    last = re.split(r"[_\-. ]", stem)[-1].lower()
    return bool(VIEWS & set(words)) or last in VIEWS
