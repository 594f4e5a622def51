"""What is dropped, clipped or worked out is counted; all else is refused with its place."""

import json
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from boxed_files import IMAGES, coco, voc_xml, write_coco, write_images, write_yolo, yolo_rows
from PIL import Image

Read = Callable[..., tuple[dict[str, Any], str]]
SIX = {
    "a": [("cat", 10, 5, 30, 35), ("dog", 40, 0, 80, 40)],
    "b": [("dog", 0, 20, 40, 60)],
    "c": [],
    "d": [("cat", 1, 2, 3, 4), ("cat", 10, 10, 20, 30), ("dog", 30, 30, 50, 50)],
}


def objects(images: Any) -> dict[str, list[Any]]:
    """Class and corners in pixels of each object, by the image's stem."""
    found = {}
    for index in range(len(images)):
        width, height = images.open(index).size
        units = (width, height, width, height) if images.sizes is None else (1, 1, 1, 1)
        found[Path(images.name(index)).stem] = [
            (name, *(round(side * unit, 2) for side, unit in zip(box, units, strict=True)))
            for name, box in images.record(index).label
        ]
    return found


@pytest.fixture
def load(experiment: Any, tmp_path: Path) -> Callable[..., tuple[dict[str, Any], str]]:
    """The objects of each split of tmp_path, and what was noted of the training images."""

    def boxed(**values: Any) -> tuple[dict[str, Any], str]:
        config = experiment("config").DataConfig(source="folder", root=str(tmp_path), **values)
        found = experiment("core.data.boxes.folder").load(config, tmp_path)
        lines = "\n".join(found["train"].notes.lines())
        return {split: objects(images) for split, images in found.items()}, lines

    return boxed


# --- YOLO -----------------------------------------------------------------------------------------

NEW = ("cat", 16.0, 8.0, 48.0, 24.0)  # what the row says in pixels of 80 x 40
MENDED = [
    ("0.0 0.4 0.4 0.4 0.4", NEW, "class numbers are written with a point, as 0.0"),
    ("0 0.2 0.2 0.6 0.2 0.6 0.6", NEW, "rows are polygons: the box about each was taken"),
    ("0 0.2 0.4 0.4 0.2 0.6 0.4 0.4 0.6", NEW, "rows are polygons: the box about each was taken"),
    ("0 0.2 0.4 0.4 0.2 0.6 0.4 0.4 0.6 0.3 0.4", NEW, "rows are polygons"),
    ("0 0.5 0.5 0.0 0.2", None, "boxes have no width or no height: dropped"),
    ("0 0.5 0.5 0.2 0", None, "boxes have no width or no height: dropped"),
    ("0 0.5 0.5 -0.2 0.2", None, "boxes have no width or no height: dropped"),
    (yolo_rows("a").splitlines()[0], None, "boxes are said twice, with the same class: one kept"),
    ("0 0.9 0.4 0.2125 0.4", ("cat", 63.5, 8.0, 80.0, 24.0), "by at most 1 % or 2 pixels: clipped"),
    ("0 0.905 0.4 0.23 0.4", ("cat", 63.2, 8.0, 80.0, 24.0), "by at most 1 % or 2 pixels: clipped"),
    ("0 0.9 0.4 0.200001 0.4", ("cat", 64.0, 8.0, 80.0, 24.0), ""),
    ("\t0  0.4\t0.4 0.4 0.4  \r", NEW, ""),
]


@pytest.mark.parametrize(("row", "box", "sentence"), MENDED, ids=[row[0] for row in MENDED])
def test_rows_of_yolo(load: Read, tmp_path: Path, row: str, box: Any, sentence: str) -> None:
    write_yolo(tmp_path)
    with open(tmp_path / "labels" / "train" / "a.txt", "ab") as file:
        file.write(row.encode() + b"\n")

    found, lines = load()

    assert found["val"] == SIX
    assert found["train"] == {**SIX, "a": [*SIX["a"], *([box] if box else [])]}
    if sentence:
        (line,) = lines.splitlines()
        kind, _, first = line.partition(" (1: ")
        assert sentence in kind
        assert first.endswith("labels/train/a.txt:3)")
    else:
        assert lines == ""


def test_two_pixels_of_a_small_image_and_no_more(
    load: Read, refused: Callable[..., str], tmp_path: Path
) -> None:
    write_yolo(tmp_path)
    file = tmp_path / "labels" / "train" / "a.txt"
    file.write_text("0 0.9 0.5 0.25 0.5\n")  # 2 of 80 pixels
    assert "clipped" in load()[1]

    file.write_text("0 0.9 0.5 0.26 0.5\n")

    assert "a.txt:1: the box from (0.77, 0.25) to (1.03, 0.75) reaches out" in refused(tmp_path)


def test_files_of_yolo_that_are_empty_or_end_otherwise(load: Read, tmp_path: Path) -> None:
    labels = write_yolo(tmp_path) / "labels" / "train"
    (labels / "c.txt").write_text("")
    (labels / "d.txt").write_bytes(b"\xef\xbb\xbf" + yolo_rows("d").replace("\n", "\r\n").encode())

    assert load() == ({"train": SIX, "val": SIX}, "")


POSE = "0 0.4 0.4 0.4 0.4 0.3 0.3 2 0.5 0.5 1 0 0 0\n"


def test_rows_of_poses(load: Read, refused: Callable[..., str], tmp_path: Path) -> None:
    write_yolo(tmp_path)
    for split in ("train", "val"):
        for name in "abd":
            (tmp_path / "labels" / split / f"{name}.txt").write_text(POSE)
    assert "the second by kpt_shape: [points, numbers for each]" in refused(tmp_path)

    with open(tmp_path / "data.yaml", "a") as file:
        file.write("kpt_shape: [3, 3]\n")
    found, lines = load()

    assert found["train"]["a"] == [NEW]
    assert "rows go on with the points of a body: their boxes were taken (3, the first: " in lines


def test_rows_that_may_be_polygons_or_poses(
    load: Read, refused: Callable[..., str], tmp_path: Path
) -> None:
    write_yolo(tmp_path)
    for name in "abd":
        file = tmp_path / "labels" / "train" / f"{name}.txt"
        file.write_text("0 0.4 0.4 0.4 0.4 0.3 0.3 0.5 0.5\n")

    message = refused(tmp_path)

    assert "a.txt:1" in message
    assert "kpt_shape: null" in message
    with open(tmp_path / "data.yaml", "a") as file:
        file.write("kpt_shape: null\n")
    assert load()[0]["train"]["a"] == [("cat", 24.0, 12.0, 40.0, 20.0)]


def test_labels_with_label_studios_names(load: Read, tmp_path: Path) -> None:
    write_yolo(tmp_path)
    for split in ("train", "val"):
        images, labels = tmp_path / "images" / split, tmp_path / "labels" / split
        (images / "a.png").rename(images / "a b ä.png")
        (labels / "a.txt").rename(labels / "a%20b%20%C3%A4.txt")
        (labels / "b.txt").rename(labels / "0a1b2c3d-b.txt")

    found, lines = load()

    assert found["train"] == {"a b ä": SIX["a"], **{name: SIX[name] for name in "bcd"}}
    assert "label files are named as Label Studio does, " in lines
    assert ": matched (2, the first: " in lines


def test_two_labels_for_one_image(refused: Callable[..., str], tmp_path: Path) -> None:
    write_yolo(tmp_path)
    (tmp_path / "images" / "train" / "a.txt").write_text("0 0.5 0.5 0.1 0.1\n")

    assert "train/a.txt are both for" in refused(tmp_path)


# --- COCO -----------------------------------------------------------------------------------------


def annotation(content: dict[str, Any], **values: Any) -> None:
    """Change a's second annotation, a dog; None takes a key away."""
    one = content["annotations"][1]
    one.update(values)
    for key in [key for key, value in values.items() if value is None and key != "bbox"]:
        del one[key]


def image(content: dict[str, Any], **values: Any) -> None:
    """Change a's entry; None takes a key away."""
    content["images"][0].update(values)
    for key in [key for key, value in values.items() if value is None]:
        del content["images"][0][key]


SQUARE = [[50, 10, 70, 10, 70, 30, 50, 30]]
DOG = ("dog", 50.0, 10.0, 70.0, 30.0)
COCO: list[tuple[str, Callable[[dict[str, Any]], object], Any, str]] = [
    ("height 0", lambda c: annotation(c, bbox=[50, 10, 20, 0]), None, "no height: dropped"),
    ("width 0", lambda c: annotation(c, bbox=[50, 10, 0.0, 20]), None, "no height: dropped"),
    ("negative", lambda c: annotation(c, bbox=[50, 10, -5, 20]), None, "no height: dropped"),
    ("all 0", lambda c: annotation(c, bbox=[0, 0, 0, 0]), None, "no height: dropped"),
    ("texts", lambda c: annotation(c, bbox=["50", "10", "20", "20.0"]), DOG, ""),
    ("polygon", lambda c: annotation(c, bbox=None, segmentation=SQUARE), DOG, "no bbox: the box"),
    ("no bbox", lambda c: annotation(c, bbox=[], segmentation=SQUARE), DOG, "no bbox: the box"),
    ("flat", lambda c: annotation(c, bbox=[], segmentation=SQUARE[0]), DOG, "no bbox: the box"),
    (
        "two polygons",
        lambda c: annotation(c, bbox=[], segmentation=[SQUARE[0][:6], SQUARE[0][2:]]),
        DOG,
        "no bbox: the box about them was taken",
    ),
    (
        "a mask beside the box",
        lambda c: annotation(
            c, bbox=[50, 10, 20, 20], segmentation={"counts": "x", "size": [40, 80]}
        ),
        DOG,
        "",
    ),
    (
        "a body's points",
        lambda c: annotation(c, bbox=[50, 10, 20, 20], keypoints=[1, 2, 2], num_keypoints=1),
        DOG,
        "",
    ),
    ("crowd", lambda c: annotation(c, iscrowd=1), None, "(iscrowd): passed over"),
    ("crowd, true", lambda c: annotation(c, iscrowd=True), None, "(iscrowd): passed over"),
    ("no iscrowd", lambda c: annotation(c, bbox=[50, 10, 20, 20], iscrowd=None), DOG, ""),
    ("category as text", lambda c: annotation(c, bbox=[50, 10, 20, 20], category_id="18"), DOG, ""),
    (
        "over the edge",
        lambda c: annotation(c, bbox=[60, 10, 22, 20]),
        ("dog", 60.0, 10.0, 80.0, 30.0),
        "clipped",
    ),
    (
        "before the edge",
        lambda c: annotation(c, bbox=[-1.5, 10, 21.5, 20]),
        ("dog", 0.0, 10.0, 20.0, 30.0),
        "clipped",
    ),
    (
        "twice",
        lambda c: c["annotations"].append({**c["annotations"][1], "id": 9}),
        ("dog", 40.0, 0.0, 80.0, 40.0),
        "said twice",
    ),
    ("no size", lambda c: image(c, width=None, height=None), SIX["a"][1], "taken from the files"),
    ("size 0", lambda c: image(c, width=0, height=0), SIX["a"][1], "taken from the files"),
    ("size null", lambda c: c["images"][0].update(width=None), SIX["a"][1], "from the files"),
    ("size as text", lambda c: image(c, width="80", height="40"), SIX["a"][1], ""),
    ("id as text", lambda c: image(c, id="100"), SIX["a"][1], "numbered as text in one list"),
    ("backslash", lambda c: image(c, file_name=".\\a.png"), SIX["a"][1], "written with \\"),
    ("folders", lambda c: image(c, file_name="/x/y/a.png"), SIX["a"][1], "found by their ends"),
    ("of Windows", lambda c: image(c, file_name="C:\\x\\a.png"), SIX["a"][1], "written with \\"),
    (
        "an address",
        lambda c: image(c, file_name="https://s3.example/x/a.png?signed=1"),
        SIX["a"][1],
        "found by their ends",
    ),
    ("encoded", lambda c: image(c, file_name="%61.png"), SIX["a"][1], "percent-encoded: decoded"),
    (
        "Label Studio's",
        lambda c: image(c, file_name="images/0a1b2c3d-a.png"),
        SIX["a"][1],
        "begin with Label Studio's number",
    ),
]


@pytest.mark.parametrize(
    ("change", "box", "sentence"), [row[1:] for row in COCO], ids=[row[0] for row in COCO]
)
def test_annotations_of_coco(
    load: Read, tmp_path: Path, change: Any, box: Any, sentence: str
) -> None:
    content = coco()
    change(content)
    write_coco(tmp_path)
    (tmp_path / "annotations" / "instances_train2017.json").write_text(json.dumps(content))

    found, lines = load()

    assert found["val"] == SIX
    assert found["train"] == {**SIX, "a": [SIX["a"][0], *([box] if box else [])]}
    if sentence:
        assert sentence in lines
    else:
        assert lines == ""


REFUSED: list[tuple[str, Callable[[dict[str, Any]], object], str]] = [
    (
        "a mask alone",
        lambda c: annotation(c, bbox=None, segmentation={"counts": "x", "size": [40, 80]}),
        "annotations[1] (id 2) is incomplete, expected image_id, category_id, bbox of 4 numbers (a",
    ),
    ("null", lambda c: annotation(c, bbox=None), "annotations[1] (id 2) is incomplete"),
    ("a text", lambda c: annotation(c, bbox="1234"), "annotations[1] (id 2) is incomplete"),
    ("no class", lambda c: annotation(c, category_id=None), "annotations[1] (id 2) is incomplete"),
    ("half", lambda c: annotation(c, category_id=17.5), "annotations[1] (id 2) is incomplete"),
    ("a line", lambda c: annotation(c, bbox=[], segmentation=[[1, 2, 3, 4]]), "is incomplete"),
    ("three pixels", lambda c: annotation(c, bbox=[60, 10, 23.5, 20]), "(83.5, 30) reaches out"),
    (
        "an address",
        lambda c: image(c, file_name="http://x.example/other.png"),
        "images[0]: the image http://x.example/other.png is an address: download it into",
    ),
    (
        "one file for two",
        lambda c: image(c, file_name="x/b.png"),
        "images[1] has the file b.png again, as images[0], expected once",
    ),
]


@pytest.mark.parametrize(
    ("change", "sentence"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_what_coco_may_not_say(
    refused: Callable[..., str],
    left_out: Callable[..., str],
    tmp_path: Path,
    change: Any,
    sentence: str,
) -> None:
    content = coco()
    change(content)
    write_coco(tmp_path, content)

    assert sentence in refused(tmp_path)

    out, objects = (2, 3) if "again" in sentence else (1, 4)
    said = left_out(tmp_path, objects, images=4 - out)
    counted = "1: " if out == 1 else f"{out}, the first: "
    assert f"images have an annotation that cannot be used: left out ({counted}" in said


def test_images_in_folders_below(load: Read, refused: Callable[..., str], tmp_path: Path) -> None:
    """The same name in two folders: told apart by the folder, refused without one."""
    content = coco("ab")
    for number, name in enumerate("ab"):
        write_images(tmp_path / "images" / f"cam{number}", name)
        (tmp_path / "images" / f"cam{number}" / f"{name}.png").rename(
            tmp_path / "images" / f"cam{number}" / "1.png"
        )
        content["images"][number]["file_name"] = f"cam{number}/1.png"
    file = tmp_path / "labels.json"
    file.write_text(json.dumps(content))
    assert load()[1] == ""

    content["images"][0]["file_name"] = "1.png"
    file.write_text(json.dumps(content))

    assert "the image 1.png may be" in refused(tmp_path)
    (tmp_path / "images" / "cam0" / "1.png").rename(tmp_path / "images" / "cam0" / "0.png")
    content["images"][0]["file_name"] = "0.png"
    file.write_text(json.dumps(content))
    assert "images lie in a folder below: found by their names (1: 0.png)" in load()[1]


def test_keypoints_alone_have_boxes(load: Read, tmp_path: Path) -> None:
    folder = write_coco(tmp_path) / "annotations"
    for split in ("train", "val"):
        name = f"{split}2017.json"
        (folder / f"instances_{name}").rename(folder / f"person_keypoints_{name}")

    assert load()[0]["train"] == SIX


def test_categories_that_are_groups(load: Read, experiment: Any, tmp_path: Path) -> None:
    """Only one that others name as theirs, and that nothing is annotated as."""
    content = coco()
    content["categories"] += [
        {"id": 0, "name": "animals", "supercategory": "none"},
        {"id": 40, "name": "person", "supercategory": "person"},
        {"id": 41, "name": "none", "supercategory": None},
    ]
    for one in content["categories"][:2]:
        one["supercategory"] = "animals"
    write_coco(tmp_path, content)
    config = experiment("config").DataConfig(source="folder", root=str(tmp_path))

    def names() -> list[str]:
        return experiment("core.data.boxes.folder").load(config, tmp_path)["val"].class_names

    assert names() == ["cat", "dog", "person", "none"]
    assert "categories are groups of others, without annotations: no classes (1: " in load()[1]

    content["annotations"][0]["category_id"] = 0
    (tmp_path / "annotations" / "instances_val2017.json").write_text(json.dumps(content))

    assert names() == ["animals", "cat", "dog", "person", "none"]


# --- VOC ------------------------------------------------------------------------------------------


def write_voc_folder(root: Path, **changed: str) -> None:
    """XML beside images; ``changed`` holds the XML of some of them."""
    write_images(root)
    for name, (size, boxes) in IMAGES.items():
        xml = changed.get(name, voc_xml(name, boxes, size).replace(".jpg", ".png"))
        (root / f"{name}.xml").write_text(xml)


BNDBOX = "<bndbox><xmin>51</xmin><ymin>11</ymin><xmax>70</xmax><ymax>30</ymax></bndbox>"
POLYGON = "<polygon>" + "".join(
    f"<x{n}>{x}</x{n}><y{n}>{y}</y{n}>"
    for n, (x, y) in enumerate([(51, 11), (70, 11), (60, 30)], 1)
)
VOC = [
    ("plain", BNDBOX, DOG, ""),
    ("floats", BNDBOX.replace("51", "51.0").replace(">30<", ">30.00<"), DOG, ""),
    ("blanks", BNDBOX.replace("51", "\n 51 "), DOG, ""),
    ("polygon", f"{POLYGON}</polygon>", DOG, "polygons or turned boxes: the upright box"),
    ("polygon, too", f"{POLYGON}</polygon>{BNDBOX}", DOG, ""),
    (
        "points",
        "<polygon><pt><x>51</x><y>11</y></pt><pt><x>70</x><y>11</y></pt><pt><x>60</x><y>30</y></pt>"
        "</polygon>",
        DOG,
        "polygons or turned boxes",
    ),
    (
        "turned",
        "<robndbox><cx>60.5</cx><cy>20.5</cy><w>19</w><h>19</h><angle>1.5707963</angle></robndbox>",
        DOG,
        "polygons or turned boxes",
    ),
    ("difficult", f"<difficult>1</difficult>{BNDBOX}", None, "difficult: passed over"),
    ("empty", BNDBOX.replace(">70<", ">50<"), None, "no height: dropped"),
    ("over", BNDBOX.replace(">70<", ">82<"), ("dog", 50.0, 10.0, 80.0, 30.0), "clipped"),
]


@pytest.mark.parametrize(("xml", "box", "sentence"), [r[1:] for r in VOC], ids=[r[0] for r in VOC])
def test_objects_of_voc(load: Read, tmp_path: Path, xml: str, box: Any, sentence: str) -> None:
    extra = f"<object><name>dog</name>{xml}</object>"
    a = voc_xml("a", IMAGES["a"][1][:1], (80, 40), extra=extra).replace(".jpg", ".png")
    write_voc_folder(tmp_path, a=a)

    found, lines = load()

    assert found["train"] == {**SIX, "a": [SIX["a"][0], *([box] if box else [])]}
    if sentence:
        assert sentence in lines
        assert "a.xml: object 2" in lines
    else:
        assert lines == ""


NAMES = [
    ("<filename>a.png</filename>", ""),
    ("<filename>a</filename>", ""),
    ("<path>C:\\somewhere\\a.png</path>", ""),
    ("<filename>IMG_0001.JPG</filename>", "name an image that is not there"),
    ("", ""),
]


@pytest.mark.parametrize(("name", "sentence"), NAMES)
def test_the_image_of_an_xml_file(load: Read, tmp_path: Path, name: str, sentence: str) -> None:
    xml = voc_xml("a", IMAGES["a"][1], (80, 40)).replace("<filename>a.jpg</filename>", name)
    write_voc_folder(tmp_path, a=xml.replace("<depth>3</depth>", ""))

    found, lines = load()

    assert found["train"] == SIX
    assert sentence in lines
    assert bool(sentence) == bool(lines)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("kind", ["COCO", "VOC", "YOLO"])
def test_accents_beside_their_letters(load: Read, tmp_path: Path, kind: str, form: str) -> None:
    """As macOS and its archives write them, of images or of labels."""
    apart, together = unicodedata.normalize("NFD", "ä"), unicodedata.normalize("NFC", "ä")
    name, other = (together, apart) if form == "NFC" else (apart, together)
    if kind == "COCO":
        write_images(tmp_path / "images", "abcd")
        (tmp_path / "images" / "a.png").rename(tmp_path / "images" / f"{other}.png")
        text = json.dumps(coco("abcd"), ensure_ascii=False)
        (tmp_path / "labels.json").write_text(text.replace("a.png", f"{name}.png"))
    elif kind == "YOLO":
        write_yolo(tmp_path)
        for file in (*tmp_path.rglob("a.png"), *tmp_path.rglob("a.txt")):
            file.rename(file.with_stem(name if file.suffix == ".txt" else other))
    else:
        write_voc_folder(tmp_path)
        for file in (*tmp_path.rglob("a.png"), *tmp_path.rglob("a.xml")):
            file.rename(file.with_stem(name if file.suffix == ".xml" else other))
        for file in tmp_path.rglob("*.xml"):
            file.write_text(re.sub(r"<filename>.*</filename>", "", file.read_text()))

    found, lines = load()

    assert found["train"] == {other: SIX["a"], **{one: SIX[one] for one in "bcd"}}
    assert "Label Studio" not in lines
    assert "lie in a folder below" not in lines


def test_two_images_for_an_xml_file(refused: Callable[..., str], tmp_path: Path) -> None:
    write_voc_folder(tmp_path, a=voc_xml("b", IMAGES["a"][1], (80, 40)).replace(".jpg", ".png"))

    assert "names the image b.png, and a.png is there, too" in refused(tmp_path)


@pytest.mark.parametrize("size", ["", "<size><width>0</width><height>0</height></size>"])
def test_xml_without_a_size(load: Read, tmp_path: Path, size: str) -> None:
    xml = voc_xml("a", IMAGES["a"][1], (80, 40)).replace(".jpg", ".png")
    start, end = xml.index("<size>"), xml.index("</size>") + len("</size>")
    write_voc_folder(tmp_path, a=xml[:start] + size + xml[end:])

    found, lines = load()

    assert found["train"] == SIX
    assert "images have no size in their annotations: taken from the files (1" in lines


def test_tools_that_count_pixels_from_0(load: Read, tmp_path: Path) -> None:
    xml = voc_xml("b", IMAGES["b"][1], (40, 80)).replace(".jpg", ".png")
    write_voc_folder(tmp_path, b=xml.replace("<xmin>1<", "<xmin>0<"))

    found, lines = load()

    assert found["train"]["a"][0] == ("cat", 11.0, 6.0, 30.0, 35.0)
    assert "boxes begin at 0: pixels are counted from 0 here, not from 1 as in VOC (1: " in lines


# --- nothing left ---------------------------------------------------------------------------------


def test_nothing_left_to_train_on(refused: Callable[..., str], tmp_path: Path) -> None:
    write_yolo(tmp_path)
    for name in "abd":
        (tmp_path / "labels" / "train" / f"{name}.txt").write_text("0 0.5 0.5 0.2\n")
    message = refused(tmp_path, on_error="skip")
    assert "no object is left to train on" in message
    assert "images have an annotation that cannot be used: left out (3, the first: " in message

    (tmp_path / "images" / "train" / "c.png").unlink()
    assert "no image is left" in refused(tmp_path, on_error="skip")

    for name in "abd":
        (tmp_path / "labels" / "train" / f"{name}.txt").write_text("")
    assert "no object is left to train on" in refused(tmp_path)


def test_skip_leaves_out_whole_images_in_every_split(
    experiment: Any, make: Callable[..., Any], tmp_path: Path
) -> None:
    write_yolo(tmp_path)
    for split, names in (("train", "ad"), ("val", "a")):
        for name in names:
            with open(tmp_path / "labels" / split / f"{name}.txt", "a") as file:
                file.write("5 0.5 0.5 0.2 0.2\n")

    data = make(
        source="folder", root=str(tmp_path), on_error="skip", image_size=16, test_fraction=0
    )
    data.setup()
    lines = data.summary()

    assert lines[0].split(",")[0].split() == ["train", "2", "examples"]
    assert (
        lines[1]
        .strip()
        .startswith("images have an annotation that cannot be used: left out (2, the first: ")
    )
    assert lines[2].strip() == "classes have no object to train on (1: cat)"
    assert lines[3].split(",")[0].split() == ["val", "3", "examples"]
    assert (
        lines[4].strip().startswith("images have an annotation that cannot be used: left out (1: ")
    )
    assert torch.equal(data.some(3, "val").label[:, 0], torch.tensor([1, -1, 0]))


def test_an_image_without_a_size_that_is_no_image(
    refused: Callable[..., str], left_out: Callable[..., str], tmp_path: Path
) -> None:
    content = coco()
    image(content, width=None, height=None)
    write_coco(tmp_path, content)
    (tmp_path / "train2017" / "a.png").write_bytes(b"no image")

    assert "a.png cannot be read" in refused(tmp_path)

    said = left_out(tmp_path, 4, images=3)
    assert "images have an annotation that cannot be used: left out (1: " in said


def test_a_turned_photo_without_a_size(load: Read, tmp_path: Path) -> None:
    content = coco("a")
    image(content, width=None, height=None, file_name="a.jpg")
    write_coco(tmp_path, content)
    turned = Image.Exif()
    turned[0x0112] = 6
    for split in ("train", "val"):
        Image.new("RGB", (40, 80)).save(tmp_path / f"{split}2017" / "a.jpg", exif=turned)

    assert load()[0]["train"] == {"a": SIX["a"]}


@pytest.mark.parametrize("on_error", ["raise", "skip"])
def test_shares_where_coco_has_pixels_are_refused(
    refused: Callable[..., str], tmp_path: Path, on_error: str
) -> None:
    """Each box would be a corner pixel of its image, and nothing would be learned."""
    content = coco()
    for one in content["annotations"]:
        one["bbox"] = [0.1, 0.2, 0.5, 0.4]
    write_coco(tmp_path, content)

    sentence = refused(tmp_path, on_error=on_error)

    assert "annotations[0] (id 1): the box from (0.1, 0.2) to (0.6, 0.6)" in sentence
    assert sentence.endswith("as shares of an image are; expected pixels")


def test_classes_without_an_object_are_said(make: Callable[..., Any], tmp_path: Path) -> None:
    """Rows that count classes from 1 where names count from 0."""
    write_yolo(tmp_path)
    for file in (tmp_path / "labels").rglob("*.txt"):
        rows = (row.split(" ", 1)[1] for row in file.read_text().splitlines())
        file.write_text("".join(f"1 {row}\n" for row in rows))

    data = make(source="folder", root=str(tmp_path), image_size=16, test_fraction=0)
    lines = [line.strip() for line in data.summary()]

    assert "classes have no object to train on (1: cat)" in lines


def test_masks_beside_the_images_are_no_images(load: Read, tmp_path: Path) -> None:
    """They would teach that nothing is there, or have the same labels as their image."""
    write_yolo(tmp_path, split=False)
    (tmp_path / "data.yaml").write_text("names: [cat, dog]\n")
    noise = np.random.default_rng(0)
    for path in (tmp_path / "images").iterdir():
        size = Image.open(path).size[::-1]
        Image.fromarray(noise.integers(0, 256, (*size, 3), dtype=np.uint8)).save(path)
        flat = Image.fromarray(noise.integers(0, 2, size, dtype=np.uint8))
        flat.save(path.with_name(f"{path.stem}_mask.png"))

    splits, said = load()

    assert len(splits["train"]) == 4
    assert "masks lie beside their images: passed over (4, the first: " in said


@pytest.mark.parametrize(("names", "is_said"), [("cat, Cat", True), ("a, A", False)])
def test_classes_that_differ_in_capitals_alone_are_said(
    load: Read, tmp_path: Path, names: str, is_said: bool
) -> None:
    write_yolo(tmp_path, split=False)
    (tmp_path / "data.yaml").write_text(f"names: [{names}]\n")

    _, said = load()

    assert ("differ in capitals or blanks alone" in said) == is_said
