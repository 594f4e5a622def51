"""Boxes as tools export them: each layout trains the right thing, and a start says what it read.

Where the exporter installs, ``make_boxes.py`` had it write the files beside this one; the others
are written here after their sources, which docs/exports-boxes.md names.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from boxed_files import coco, voc_xml, write_images, write_voc, yolo_rows
from modules import Modules, modules_of

HERE = Path(__file__).parent
Told = Callable[..., tuple[Any, list[str]]]


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modules]:
    yield from modules_of("object_detection", tmp_path_factory.mktemp("project"))


@pytest.fixture
def told(experiment: Modules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Told:
    """The images of tmp_path by split, and the lines that a start says of them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PWD", str(tmp_path))

    def read(**values: Any) -> tuple[Any, list[str]]:
        values = {"source": "folder", "root": str(tmp_path / "data"), "image_size": 80, **values}
        config = experiment("config").DataConfig(**values)
        data = experiment("data").ExperimentData(config)
        data.setup()
        return data, [" ".join(line.split()) for line in data.summary()]

    return read


def boxes(data: Any, split: str) -> dict[str, list[Any]]:
    """Class, left, top, right, bottom of each object in whole pixels, by the image's stem."""
    found = data.read_source()[split]
    objects = {}
    for index in range(len(found)):
        width, height = found.open(index).size
        units = (width, height, width, height) if found.sizes is None else (1, 1, 1, 1)
        rows = [
            (name, *(round(side * unit) for side, unit in zip(box, units, strict=True)))
            for name, box in found.record(index).label
        ]
        objects[Path(found.name(index)).stem.rpartition("-")[2]] = rows
    return objects


A, B, D = ("cat", 10, 5, 30, 35), ("dog", 10, 5, 30, 35), ("cat", 10, 5, 30, 35)
FROM_ONE = [(kind, left - 1, top - 1, *end) for kind, left, top, *end in (A, B, D)]


@pytest.mark.parametrize("tool", ["yolo", "coco", "voc"])
def test_datumaro_as_cvat_names_its_subsets(told: Told, tmp_path: Path, tool: str) -> None:
    shutil.copytree(HERE / "datumaro" / tool, tmp_path / "data")

    data, lines = told(test_fraction=0)

    expected = dict(zip("abd", FROM_ONE if tool == "voc" else (A, B, D), strict=True))
    assert boxes(data, "train") == {name: [expected[name]] for name in "ab"}
    assert boxes(data, "val") == {"d": [expected["d"]]}
    assert lines[0].startswith("train 2 examples, 2 objects of 2 classes: cat, dog, from data/")
    assert lines[-1].startswith("val 1 examples, 1 objects of 1 classes: cat, from data/")
    assert len(lines) == 2 or (tool == "yolo" and "found by their ends" in lines[1])


@pytest.mark.parametrize("tool", ["supervision/yolo", "supervision/coco", "supervision/voc"])
def test_supervision(told: Told, tmp_path: Path, tool: str) -> None:
    shutil.copytree(HERE / tool, tmp_path / "data")

    data, lines = told(test_fraction=0, val_fraction=0)

    assert boxes(data, "train") == {"a": [A], "b": [B], "d": [D]}
    assert len(lines) == 1
    assert lines[0].startswith("train 3 examples, 3 objects of 2 classes: cat, dog, from data")


@pytest.mark.parametrize("kind", ["yolo", "voc", "coco"])
def test_label_studio(told: Told, tmp_path: Path, kind: str) -> None:
    shutil.copytree(HERE / "label_studio" / kind, tmp_path / "data")
    if kind == "coco":  # of the converter alone: the images are where they were uploaded
        shutil.copytree(
            HERE / "label_studio" / "upload" / "1", tmp_path / "data" / "images", dirs_exist_ok=True
        )

    data, lines = told(test_fraction=0, val_fraction=0)

    expected = FROM_ONE if kind == "voc" else (A, B, D)
    assert boxes(data, "train") == {n: [one] for n, one in zip("abd", expected, strict=True)}
    assert lines[0].startswith("train 3 examples, 3 objects of 2 classes: cat, dog")
    assert len(lines) == (2 if kind == "coco" else 1)
    if kind == "coco":
        assert (
            "file names lead to folders that are not here: found by their ends (3, the first: "
            in lines[1]
        )


def test_label_studios_labels_beside_images_with_the_names_of_before(
    told: Told, tmp_path: Path
) -> None:
    shutil.copytree(HERE / "label_studio" / "yolo_without_images", tmp_path / "data")
    write_images(tmp_path / "data" / "images", "abd")

    data, lines = told(test_fraction=0, val_fraction=0)

    assert boxes(data, "train") == {"a": [A], "b": [B], "d": [D]}
    assert lines[1].startswith("label files are named as Label Studio does, ")
    assert ": matched (3, the first: " in lines[1]


ROWS = {
    "a": [("cat", 10, 5, 30, 35), ("dog", 40, 0, 80, 40)],
    "b": [("dog", 0, 20, 40, 60)],
    "c": [],
    "d": [("cat", 1, 2, 3, 4), ("cat", 10, 10, 20, 30), ("dog", 30, 30, 50, 50)],
}
SIX = "4 examples, 6 objects of 2 classes: cat, dog; 1 without any"


def test_roboflow_yolo(told: Told, tmp_path: Path) -> None:
    root = tmp_path / "data"
    for split in ("train", "valid", "test"):
        write_images(root / split / "images")
        (root / split / "labels").mkdir()
        for name in "abcd":
            (root / split / "labels" / f"{name}.txt").write_text(yolo_rows(name).rstrip())
    (root / "README.roboflow.txt").write_text("fruits - v1\n==========\n")
    (root / "data.yaml").write_text(
        "train: ../train/images\nval: ../valid/images\ntest: ../test/images\n\nnc: 2\n"
        "names: ['cat', 'dog']\n\nroboflow:\n  workspace: a\n  project: fruits\n"
    )

    data, lines = told()

    assert all(boxes(data, split) == ROWS for split in ("train", "val", "test"))
    assert lines == [
        f"train {SIX}, from data/train/images, in memory",
        f"val {SIX}, from data/valid/images, in memory",
        f"test {SIX}, from data/test/images, in memory",
    ]


def test_roboflow_coco(told: Told, tmp_path: Path) -> None:
    root = tmp_path / "data"
    content = coco()
    content["categories"] = [
        {"id": 0, "name": "animals", "supercategory": "none"},
        {"id": 17, "name": "cat", "supercategory": "animals"},
        {"id": 18, "name": "dog", "supercategory": "animals"},
    ]
    for split in ("train", "valid", "test"):
        write_images(root / split)
        (root / split / "_annotations.coco.json").write_text(json.dumps(content))
    (root / "README.roboflow.txt").write_text("fruits - v1\n")

    data, lines = told()

    assert all(boxes(data, split) == ROWS for split in ("train", "val", "test"))
    assert lines == [
        f"train {SIX}, from data/train/_annotations.coco.json, in memory",
        "categories are groups of others, without annotations: no classes "
        "(1: data/train/_annotations.coco.json: animals)",
        f"val {SIX}, from data/valid/_annotations.coco.json, in memory",
        f"test {SIX}, from data/test/_annotations.coco.json, in memory",
    ]


def test_roboflow_voc(told: Told, tmp_path: Path) -> None:
    root = tmp_path / "data"
    for split in ("train", "valid", "test"):
        write_images(root / split)
        for name in "abcd":
            size = {"a": (80, 40), "b": (40, 80), "c": (64, 64), "d": (50, 50)}[name]
            xml = voc_xml(name, ROWS[name], size).replace(".jpg", ".png")
            (root / split / f"{name}.xml").write_text(xml)

    data, lines = told()

    assert all(boxes(data, split) == ROWS for split in ("train", "val", "test"))
    assert [line.split(",")[-2] for line in lines] == [
        " from data/train",
        " from data/valid",
        " from data/test",
    ]


@pytest.mark.parametrize("suffix", ["", "2017"])
def test_ultralytics(told: Told, tmp_path: Path, suffix: str) -> None:
    """coco8's layout, whose data.yaml names the folder that data sets lie in."""
    root = tmp_path / "data"
    for split in ("train", "val"):
        write_images(root / "images" / f"{split}{suffix}")
        (root / "labels" / f"{split}{suffix}").mkdir(parents=True)
        for name in "abd":
            file = root / "labels" / f"{split}{suffix}" / f"{name}.txt"
            file.write_text(yolo_rows(name))
        (root / "labels" / f"{split}{suffix}.cache").write_bytes(b"\x00")
    (root / "coco8.yaml").write_text(
        f"path: coco8 # dataset root dir\ntrain: images/train{suffix}\nval: images/val{suffix}\n"
        "test: # test images (optional)\n\nnames:\n  0: cat\n  1: dog\n"
        "download: https://github.com/ultralytics/assets/releases/download/v0.0.0/coco8.zip\n"
    )

    data, lines = told(test_fraction=0)

    assert boxes(data, "train") == boxes(data, "val") == ROWS
    assert lines == [
        f"train {SIX}, from data/images/train{suffix}, in memory",
        f"val {SIX}, from data/images/val{suffix}, in memory",
    ]


def test_cvat_ultralytics_yolo_with_lists(told: Told, tmp_path: Path) -> None:
    """CVAT's Ultralytics YOLO: data.yaml names lists, whose lines begin with data/."""
    root = tmp_path / "data"
    for split in ("Train", "Validation"):
        write_images(root / "images" / split)
        (root / "labels" / split).mkdir(parents=True)
        for name in "abd":
            (root / "labels" / split / f"{name}.txt").write_text(yolo_rows(name))
        rows = "".join(f"data/images/{split}/{name}.png\n" for name in "abcd")
        (root / f"{split}.txt").write_text(rows)
    (root / "data.yaml").write_text(
        "Train: Train.txt\nValidation: Validation.txt\nnames:\n  0: cat\n  1: dog\npath: .\n"
    )

    data, lines = told(test_fraction=0)

    assert boxes(data, "train") == boxes(data, "val") == ROWS
    assert lines[0] == f"train {SIX}, from data/Train.txt, in memory"
    assert lines[-1] == f"val {SIX}, from data/Validation.txt, in memory"


def test_fiftyone_coco(told: Told, tmp_path: Path) -> None:
    root = tmp_path / "data"
    write_images(root / "data")
    content = coco()
    for one in content["images"]:
        one["file_name"] = f"{one['file_name']}"
    (root / "labels.json").write_text(json.dumps(content))

    data, lines = told(test_fraction=0, val_fraction=0)

    assert boxes(data, "train") == ROWS
    assert lines == [f"train {SIX}, from data/labels.json, in memory"]


def test_fiftyone_yolov5(told: Told, tmp_path: Path) -> None:
    root = tmp_path / "data"
    for split in ("train", "val"):
        write_images(root / "images" / split)
        (root / "labels" / split).mkdir(parents=True)
        for name in "abd":
            (root / "labels" / split / f"{name}.txt").write_text(yolo_rows(name))
    (root / "dataset.yaml").write_text(
        "names:\n  0: cat\n  1: dog\npath: /home/somebody/exports/fruits\n"
        "train: ./images/train/\nval: ./images/val/\n"
    )

    data, lines = told(test_fraction=0)

    assert boxes(data, "train") == boxes(data, "val") == ROWS
    assert lines == [
        f"train {SIX}, from data/images/train, in memory",
        f"val {SIX}, from data/images/val, in memory",
    ]


def test_labelimg_yolo(told: Told, tmp_path: Path) -> None:
    root = tmp_path / "data"
    write_images(root)
    for name in "abd":
        (root / f"{name}.txt").write_text(yolo_rows(name))
    (root / "classes.txt").write_text("cat\ndog\n")

    data, lines = told(test_fraction=0, val_fraction=0)

    assert boxes(data, "train") == ROWS
    assert lines == [f"train {SIX}, from data, in memory"]


def test_labelimg_voc(told: Told, tmp_path: Path) -> None:
    root = tmp_path / "data"
    write_images(root)
    for name in "abd":
        size = {"a": (80, 40), "b": (40, 80), "d": (50, 50)}[name]
        xml = voc_xml(name, ROWS[name], size).replace(
            f"<filename>{name}.jpg</filename>",
            f"<folder>x</folder><filename>{name}</filename><path>C:\\x\\{name}.png</path>",
        )
        (root / f"{name}.xml").write_text(xml)

    data, lines = told(test_fraction=0, val_fraction=0)

    assert boxes(data, "train") == {name: ROWS[name] for name in "abd"}
    assert lines == [
        "train 3 examples, 6 objects of 2 classes: cat, dog, from data, in memory",
        "images have no XML file: passed over (1: data/c.png)",
    ]


def test_official_coco_2017(told: Told, tmp_path: Path) -> None:
    root = tmp_path / "data"
    content = coco()
    content["annotations"][1]["bbox"][3] = 0.0  # as two of train2017 are
    for split in ("train", "val"):
        write_images(root / f"{split}2017")
        (root / "annotations").mkdir(exist_ok=True)
        made = content if split == "train" else coco()
        for kind in ("instances", "person_keypoints", "captions"):
            file = root / "annotations" / f"{kind}_{split}2017.json"
            file.write_text(json.dumps(made))
    write_images(root / "test2017")
    info = {"images": coco()["images"], "categories": coco()["categories"]}
    for name in ("test2017", "test-dev2017", "unlabeled2017"):
        (root / "annotations" / f"image_info_{name}.json").write_text(json.dumps(info))

    data, lines = told()

    assert boxes(data, "train")["a"] == ROWS["a"][:1]
    assert boxes(data, "val") == ROWS
    train, dropped, val, test = lines
    assert train.startswith("train 4 examples, 5 objects of 2 classes: cat, dog; 1 without any")
    assert dropped == (
        "boxes have no width or no height: dropped "
        "(1: data/annotations/instances_train2017.json: annotations[1] (id 2))"
    )
    assert val.startswith(f"val {SIX}, from data/annotations/instances_val2017.json")
    assert test.startswith("test 4 examples, without labels: for predict alone")


@pytest.mark.parametrize("source", ["folder", "torchvision"])
def test_official_voc_2012(told: Told, tmp_path: Path, source: str) -> None:
    write_voc(tmp_path / "data")
    sets = tmp_path / "data" / "VOCdevkit" / "VOC2012" / "ImageSets" / "Main"
    (sets / "cat_train.txt").write_text("a  1\nb -1\n")

    data, lines = told(source=source, dataset="VOCDetection", test_fraction=0)

    assert boxes(data, "train") == boxes(data, "val") == ROWS
    train, val, shared = lines
    assert [line.split(", from")[0] for line in (train, val)] == [f"train {SIX}", f"val {SIX}"]
    assert shared.startswith("images are for training, too (4, the first: ")
