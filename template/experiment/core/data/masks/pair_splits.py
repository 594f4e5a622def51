"""Which images are which split: as stated, by lists, or by the names of folders on either level.

Template's file: updates replace it. Where names do not tell, ``data.splits`` does.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import UserError
from ...files import shown
from ..boxes.tree import Tree
from ..folders import NO_SPLIT, check_has_train
from ..named_images import begins_with_image, by_stems, listed_in
from ..split_lists import OUTSIDE, REST, SEVERAL
from ..split_names import SPLITS, Stated, meaning, named_splits, stated_splits, word_meaning
from .pair_names import in_words

SETS = "ImageSets"  # VOC's; in it Segmentation, or SegmentationContext


@dataclass
class Part:
    """The images of a split, and the folder or list that they are from."""

    place: str
    images: list[str]


def split_images(tree: Tree, stated: Stated, images: Sequence[str]) -> dict[str, Part]:
    """The images of each split; only "train" where there are none.

    Raises:
        UserError: What is stated is not there, a list names what is not there, or two names mean
            the same split.
    """
    if stated is not None:
        parts = _stated(tree, stated, images)
    else:
        parts = _by_lists(tree, images) or _by_folders(tree, images)
    used = {image for part in parts.values() for image in part.images}
    for image in images:
        if image not in used:
            tree.notes.add(OUTSIDE, shown(image))
    for split, part in parts.items():
        if not part.images:
            raise UserError(f"{part.place} names no image for {split}, expected one or more")
    return {split: parts[split] for split in SPLITS if split in parts}


def lists(tree: Tree) -> list[str]:
    """The text files that may list images: VOC's, and those right in the root."""
    found = tree.ending(".txt")
    in_sets = [path for path in found if f"{SETS}/Segmentation" in tree.relative(path)]
    if in_sets:
        return in_sets
    return [path for path in found if os.path.dirname(path) == str(tree.root)]


def _stated(tree: Tree, stated: Stated, images: Sequence[str]) -> dict[str, Part]:
    by_name = {tree.relative(path): path for path in tree.ending(".txt")}
    by_name |= {name: path for path in lists(tree) for name in _spellings(tree, path)}
    named = {name: _below(tree, name, images) for name in (stated or {}).values() if name}
    folders = {tree.relative(os.path.dirname(image)) for image in images}
    chosen = stated_splits(
        stated or {}, lambda name: name in by_name or bool(named[name]), [*folders, *by_name]
    )
    if not chosen:
        return {"train": Part(tree.place, list(images))}
    by_stem = by_stems(images)
    return {
        split: _listed(by_name[name], by_stem)
        if name in by_name
        else Part(shown(tree.root / name), named[name])
        for split, name in chosen.items()
    }


def _spellings(tree: Tree, path: str) -> list[str]:
    return [tree.relative(path), os.path.basename(path), Path(path).stem]


def _below(tree: Tree, name: str, images: Sequence[str]) -> list[str]:
    """The images in a folder of this name, be it inside of images/."""
    within = f"/{Path(name).as_posix()}/"
    return [image for image in images if within in f"/{tree.relative(image)}"]


def _by_lists(tree: Tree, images: Sequence[str]) -> dict[str, Part]:
    by_stem = by_stems(images)
    listing = [path for path in lists(tree) if _is_list(tree, path, by_stem)]
    if not any(word_meaning(Path(path).stem) for path in listing):
        listing += _deeper(tree, by_stem)
    files = {Path(path).stem: path for path in listing}
    is_set = {stem for stem, path in files.items() if f"{SETS}/" in tree.relative(path)}
    meant = [stem for stem in files if word_meaning(stem) is not None]
    if any(word_meaning(stem) == "train" and "trainval" not in stem.lower() for stem in meant):
        meant = [stem for stem in meant if "trainval" not in stem.lower()]  # it is both
    found = named_splits(meant, tree.place)
    if found:
        parts = {split: _listed(files[stem], by_stem) for split, stem in found.items()}
        return {**_unlisted_test(tree, images, parts), **parts}
    if len(files) == 1 and is_set:  # CVAT's default.txt
        return {"train": _listed(next(iter(files.values())), by_stem)}
    held = {split: stem for stem in meant if (split := word_meaning(stem))}
    parts = {split: _listed(files[stem], by_stem) for split, stem in held.items()}
    if not parts:
        return {}
    used = {image for part in parts.values() for image in part.images}
    rest = [image for image in images if image not in used]
    tree.notes.add(REST, shown(rest[0]) if rest else "", len(rest))
    return {"train": Part(tree.place, rest), **parts}


def _is_list(tree: Tree, path: str, by_stem: Mapping[str, list[str]]) -> bool:
    """Whether a text file lists images: by its place, its name, or its first line."""
    if f"{SETS}/" in tree.relative(path) or meaning(Path(path).stem) is not None:
        return True
    return begins_with_image(path, by_stem)


def _deeper(tree: Tree, by_stem: Mapping[str, list[str]]) -> list[str]:
    """Lists in a folder of their own, such as splits/train.txt; none if there are several such."""
    found = [
        path
        for path in tree.ending(".txt")
        if meaning(Path(path).stem) is not None and begins_with_image(path, by_stem)
    ]
    folders = sorted({os.path.dirname(path) for path in found})
    if len(folders) < 2:
        return found
    tree.notes.add(SEVERAL, shown(found[0]), len(found))
    return []


def _unlisted_test(tree: Tree, images: Sequence[str], parts: dict[str, Part]) -> dict[str, Part]:
    """The images of a folder for testing that no list names, as LIP has them."""
    if "test" in parts:
        return {}
    listed = {image for part in parts.values() for image in part.images}
    folders = {image: tree.relative(os.path.dirname(image)) for image in images}
    inside = [i for i, folder in folders.items() if i not in listed and _is_test(folder)]
    return {"test": Part(shown(os.path.dirname(inside[0])), inside)} if inside else {}


def _is_test(folder: str) -> bool:
    return any(meaning(part) == "test" for part in folder.split("/"))


def _listed(file: str, by_stem: Mapping[str, list[str]]) -> Part:
    return Part(shown(file), listed_in(file, by_stem))


def _by_folders(tree: Tree, images: Sequence[str]) -> dict[str, Part]:
    """By the outermost folders whose names mean splits together."""
    folders = [tree.relative(image).split("/")[:-1] for image in images]
    meant: set[str] = set()
    for depth in range(max(map(len, folders), default=0)):
        names = {parts[depth] for parts in folders if len(parts) > depth}
        meaning_one = [name for name in names if word_meaning(in_words(name))]
        found = named_splits(meaning_one, tree.place, in_words)
        if found:
            parts = {
                split: Part(
                    _place(tree, name, depth, images, folders),
                    [
                        image
                        for image, inside in zip(images, folders, strict=True)
                        if len(inside) > depth and inside[depth] == name
                    ],
                )
                for split, name in found.items()
            }
            for name in sorted(names - set(found.values())):
                if name not in meaning_one:
                    tree.notes.add(NO_SPLIT, name)
            return parts
        meant |= {split for name in meaning_one if (split := word_meaning(in_words(name)))}
    check_has_train(meant, tree.root)
    return {"train": Part(tree.place, list(images))}


def _place(
    tree: Tree, name: str, depth: int, images: Sequence[str], folders: Sequence[Sequence[str]]
) -> str:
    inside = next(parts for parts in folders if len(parts) > depth and parts[depth] == name)
    return shown(tree.root.joinpath(*inside[: depth + 1]))
