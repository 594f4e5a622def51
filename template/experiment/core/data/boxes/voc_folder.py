"""Own images with VOC's XML files: VOC's folders, or XML beside images, as labelImg has them.

Template's file: updates replace it. To read another layout, write a reader in data.py.

    data/Annotations/a.xml                 or:   data/train/a.xml   or, to be split here: data/a.xml
    data/JPEGImages/a.jpg                        data/train/a.jpg                         data/a.jpg
    data/ImageSets/Main/train.txt (optional)

VOC counts pixels from 1. Most other tools write 0 for the first one: where any box begins there,
all are counted from 0.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

from ...config.data import BoxDataConfig
from ...errors import UserError
from ...files import shown
from ..folders import NO_SPLIT, check_has_train, composed
from ..notes import Notes
from ..split_names import Stated, as_setting, meaning, named_splits, stated_splits
from .annotations import gather, together
from .boxed_images import BoxedImages
from .checks import in_shares
from .found import Faults, FoundImage
from .tree import Tree, folders_above
from .voc_images import ImagesOfXml
from .voc_xml import XML, Annotation, from_zero, read

LAYOUT = "Annotations/*.xml and JPEGImages/*.jpg, or train/*.xml beside train/*.jpg"
SETS = Path("ImageSets", "Main")
FROM_ZERO = "boxes begin at 0: pixels are counted from 0 here, not from 1 as in VOC"
NO_XML = "images have no XML file: passed over"


@dataclass
class Part:
    """The XML files of a split; without any, its images."""

    place: str
    files: list[str]
    images: list[str] = field(default_factory=list)


def load(config: BoxDataConfig, tree: Tree) -> dict[str, BoxedImages]:
    """The images of a folder by split: only "train" where there are no splits.

    Raises:
        UserError: No images, no object, or (unless skipped) an annotation that cannot be used.
    """
    parts = _parts(tree, config.splits)
    images = ImagesOfXml(tree)
    read = {
        split: _read(part, images, Faults(config.on_error, part.place, Notes(part.place)))
        for split, part in parts.items()
    }
    names = {one.class_name for image, _ in read["train"][0] for one in image.objects}
    if not names:
        raise UserError(f"{parts['train'].place} has no object to train on; expected {LAYOUT}")
    _count_from(read)
    used = {str(image.file) for found, _ in read.values() for image, _ in found}
    for path in tree.images:
        if path not in used:
            tree.notes.add(NO_XML, shown(path))
    splits = {
        split: gather(
            (image for image, _ in found),
            sorted(names),
            faults,
            split=split,
            labelled=bool(parts[split].files),
        )
        for split, (found, faults) in read.items()
    }
    splits["train"].notes.update(tree.notes)
    return together(splits)


Found = list[tuple[FoundImage, Annotation | None]]


def _read(part: Part, images: ImagesOfXml, faults: Faults) -> tuple[Found, Faults]:
    found: Found = [(FoundImage(Path(path), None), None) for path in part.images]
    for path in part.files:
        image = FoundImage(Path(path), None)
        annotation = None
        try:
            annotation = read(Path(path), faults.notes)
            image.objects, image.size = annotation.objects, annotation.size
            image.file = images.of(Path(path), annotation.names, faults.notes)
        except ValueError as error:
            faults.of(image, f"{shown(path)} cannot be read ({error}), {XML}")
        found.append((image, annotation))
    return found, faults


def _count_from(read: dict[str, tuple[Found, Faults]]) -> None:
    """Have all boxes count pixels from 0, whatever they counted from."""
    first = 1
    for found, faults in read.values():
        for image, _ in found:
            for one in image.objects:
                if min(one.box[:2]) < 1 and image.fault is None and not in_shares(one.box):
                    faults.notes.add(FROM_ZERO, one.place)
                    first = 0
    for found, _ in read.values():
        for _, annotation in found:
            if annotation is not None:
                from_zero(annotation, first)


def _parts(tree: Tree, stated: Stated) -> dict[str, Part]:
    if stated is not None:
        return _stated(tree, stated)
    return _by_lists(tree) or _by_folders(tree)


def _stated(tree: Tree, stated: Stated) -> dict[str, Part]:
    bases = [tree.root, tree.root / SETS]
    lists = {path.stem: path for path in _lists(tree)}

    def place(name: str) -> Path:
        return lists.get(name) or next((b / name for b in bases if (b / name).exists()), tree.root)

    def there(name: str) -> bool:
        return name in lists or any((base / name).exists() for base in bases)

    known = [*lists, *(path.name for path in sorted(tree.root.iterdir()) if path.is_dir())]
    chosen = stated_splits(stated or {}, there, known)
    if not chosen:
        return {"train": Part(tree.place, tree.ending(".xml"))}
    return {
        split: _listed(tree, place(name)) if place(name).is_file() else _inside(tree, place(name))
        for split, name in chosen.items()
    }


def _lists(tree: Tree) -> list[Path]:
    folder = tree.root / SETS
    return sorted(folder.glob("*.txt")) if folder.is_dir() else []


def _by_lists(tree: Tree) -> dict[str, Part]:
    """By ImageSets/Main; those of single classes (cat_train.txt) are VOC's for another task."""
    lists = {path.stem: path for path in _lists(tree)}
    meant = [stem for stem in lists if meaning(stem) is not None]
    if any(stem.lower() in ("train", "training") for stem in meant):
        meant = [stem for stem in meant if stem.lower() != "trainval"]  # it is both
    found = named_splits(meant, shown(tree.root / SETS))
    if meant and not found:
        check_has_train(meant, tree.root)
    if not found:
        return {"train": _listed(tree, *lists.values())} if len(lists) == 1 else {}
    return {split: _listed(tree, lists[stem]) for split, stem in found.items()}


def _listed(tree: Tree, *lists: Path) -> Part:
    """The XML files that a list names, without their suffix."""
    by_name = {}
    for path in tree.ending(".xml"):
        by_name.setdefault(composed(Path(path).stem), []).append(path)
    files, images = [], []
    pictures = {composed(Path(path).stem): path for path in tree.images}
    for file in lists:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
        for number, line in enumerate(lines, start=1):
            name = composed(line.strip().strip('"'))
            if not name:
                continue
            name = Path(name).name if Path(name).name in by_name else name.split()[0]
            place = by_name.get(Path(name).name, [])
            if len(place) == 1:
                files += place
            elif not place and meaning(file.stem) == "test" and Path(name).name in pictures:
                images.append(pictures[Path(name).name])
            else:
                what = "has no XML file" if not place else f"may be {place[0]} or {place[1]}"
                raise UserError(f"{shown(file)}:{number}: {name} {what}, expected one")
    if files and images:
        raise UserError(f"{shown(lists[0])}: {shown(images[0])} has no XML file, others have")
    return Part(" and ".join(map(shown, lists)), files, images)


def _by_folders(tree: Tree) -> dict[str, Part]:
    """By the names of folders with XML files, in the root or in Annotations, at any depth.

    Raises:
        UserError: There are such folders in several places: only one would be read.
    """
    holding = folders_above(tree.ending(".xml"), tree.root)
    places: dict[Path, dict[str, str]] = {}
    for base in map(Path, sorted([str(tree.root), *holding])):
        if not any(place in base.parents for place in places):
            inside = [Path(path).name for path in holding if Path(path).parent == base]
            if splits := named_splits(inside, shown(base)):
                places[base] = splits
    if len(places) > 1:
        both = " and ".join(f"{shown(one)} ({as_setting(places[one])})" for one in places)
        raise UserError(
            f"data.root: {tree.place} has splits in several places, {both}: set data.root to one, "
            "or state the splits by data.splits"
        )
    if not places:
        held = {meaning(name) for name in _names(tree) if str(tree.root / name) in holding}
        check_has_train([split for split in held if split], tree.root)
        return {"train": Part(tree.place, tree.ending(".xml"))}
    base, found = next(iter(places.items()))
    parts = {split: _inside(tree, base / name) for split, name in found.items()}
    for path in sorted(holding):
        if Path(path).parent == base and Path(path).name not in found.values():
            tree.notes.add(NO_SPLIT, shown(path))
    pictured = folders_above(tree.images, tree.root)
    for folder in sorted(pictured):
        if meaning(os.path.basename(folder)) == "test" and "test" not in parts:
            parts["test"] = Part(shown(folder), [], tree.images_below(folder))
    return parts


def _names(tree: Tree) -> list[str]:
    return [path.name for path in sorted(tree.root.iterdir()) if path.is_dir()]


def _inside(tree: Tree, folder: Path) -> Part:
    start = os.path.join(str(folder), "")
    return Part(shown(folder), [path for path in tree.ending(".xml") if path.startswith(start)])
