"""Lists beside annotated images that say which are of which split, whatever the format."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from boxed_files import IMAGES, coco, voc_xml, write_images, write_yolo

Read = Callable[..., tuple[dict[str, list[str]], str]]
UNREAD = "files may say which images are of which split, and are not read"


def write(root: Path, kind: str) -> None:
    """Four images without splits."""
    if kind == "YOLO":
        write_yolo(root, split=False)
        (root / "data.yaml").write_text("names: [cat, dog]\n")
        return
    write_images(root / "images")
    if kind == "COCO":
        (root / "annotations.json").write_text(json.dumps(coco()))
        return
    for name, (size, objects) in IMAGES.items():
        xml = voc_xml(name, objects, size).replace(".jpg", ".png")
        (root / "images" / f"{name}.xml").write_text(xml)


@pytest.mark.parametrize("kind", ["YOLO", "COCO", "VOC"])
@pytest.mark.parametrize("folder", ["", "splits", "ImageSets", "ImageSets/Layout"])
@pytest.mark.parametrize("line", ["{}", "images/{}.png", "/home/you/{}.png"])
def test_a_list_a_split(read: Read, tmp_path: Path, kind: str, folder: str, line: str) -> None:
    write(tmp_path, kind)
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    for split, names in {"train": "ad", "val": "b"}.items():
        text = "\n".join(line.format(name) for name in names)
        (tmp_path / folder / f"{split}.txt").write_text(text)

    names, said = read()

    assert names == {"train": ["a", "d"], "val": ["b"]}
    assert "images are in no split: passed over (1: " in said
    assert read(splits={})[0] == {"train": ["a", "b", "c", "d"]}


@pytest.mark.parametrize("kind", ["YOLO", "COCO", "VOC"])
@pytest.mark.parametrize("name", ["train.csv", "splits.json", "splits/fold_1.txt"])
def test_what_is_not_read_is_said(read: Read, tmp_path: Path, kind: str, name: str) -> None:
    write(tmp_path, kind)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("{}")

    names, said = read()

    assert names == {"train": ["a", "b", "c", "d"]}
    assert f"{UNREAD}: it is drawn here, unless train.txt and test.txt have a name a line" in said


def test_annotations_that_are_called_as_splits_are_no_lists(read: Read, tmp_path: Path) -> None:
    write_images(tmp_path / "images")
    (tmp_path / "train.json").write_text(json.dumps(coco()))

    names, said = read()

    assert names == {"train": ["a", "b", "c", "d"]}
    assert UNREAD not in said


def test_labels_of_an_image_that_is_called_test_are_no_list(read: Read, tmp_path: Path) -> None:
    write(tmp_path, "YOLO")
    (tmp_path / "images" / "a.png").rename(tmp_path / "images" / "0.png")
    (tmp_path / "labels" / "a.txt").rename(tmp_path / "labels" / "0.txt")
    (tmp_path / "images" / "b.png").rename(tmp_path / "images" / "test.png")
    (tmp_path / "labels" / "b.txt").rename(tmp_path / "labels" / "test.txt")
    (tmp_path / "labels" / "test.txt").write_text("0 0.5 0.5 0.5 0.5\n")

    names, said = read()

    assert names == {"train": ["0", "c", "d", "test"]}
    assert UNREAD not in said
