"""Boxes in the formats that people have them in, from small files made here."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from boxed_files import (
    Box,
    coco,
    voc_xml,
    write_coco,
    write_images,
    write_voc,
    write_yolo,
)
from modules import Modules
from PIL import Image


def check(data: Any, split: str = "val", side: int = 80) -> None:
    """The images and boxes of the table above, in squares of one size."""
    batch = data.some(10, split)
    assert data.class_names == ["cat", "dog"]
    assert batch.image.shape == (4, 3, side, side)
    assert batch.label.tolist() == [[0, 1, -1], [1, -1, -1], [-1] * 3, [0, 0, 1]]
    assert batch.size.tolist() == [[40, 80], [80, 40], [64, 64], [50, 50]]
    expected = torch.tensor([[10.0, 25, 30, 55], [40, 20, 80, 60], [0, 0, 0, 0]])
    torch.testing.assert_close(batch.boxes[0].as_subclass(torch.Tensor), expected)
    torch.testing.assert_close(
        batch.boxes[1, 0].as_subclass(torch.Tensor), torch.tensor([20.0, 20, 60, 60])
    )
    for image, boxes, label in zip(batch.image, batch.boxes, batch.label, strict=True):
        lit = torch.zeros(side, side, dtype=torch.bool)
        for left, top, right, bottom in boxes[label >= 0].round().int().tolist():
            lit[top:bottom, left:right] = True
        assert (image[0] > 127).logical_xor(lit).float().mean() < 0.02


@pytest.mark.parametrize("in_memory_mb", [0, 100])
def test_coco(make: Callable[..., Any], tmp_path: Path, in_memory_mb: int) -> None:
    root = write_coco(tmp_path)

    data = make(source="folder", root=str(root), image_size=80, in_memory_mb=in_memory_mb)
    data.setup()

    check(data)


def test_coco_by_torchvisions_name_reads_what_its_class_reads(
    make: Callable[..., Any], tmp_path: Path, capsys: Any
) -> None:
    from torchvision.datasets import CocoDetection

    root = write_coco(tmp_path)
    file = root / "annotations" / "instances_val2017.json"

    data = make(source="torchvision", dataset="CocoDetection", root=str(root), image_size=80)
    data.prepare_data()
    data.setup()

    assert capsys.readouterr().out == ""
    check(data)
    theirs: Any = CocoDetection(str(root / "val2017"), str(file))
    for index, (image, objects) in enumerate(theirs):
        ours = data.read_source()["val"]
        assert ours.open(index).tobytes() == image.tobytes()
        for place, one in enumerate(objects):
            left, top, width, height = one["bbox"]
            box = ours.boxes[index, place].tolist()
            assert box == [left, top, left + width, top + height]


def test_coco_in_one_file_is_split_here(make: Callable[..., Any], tmp_path: Path) -> None:
    write_images(tmp_path / "images")
    (tmp_path / "labels.json").write_text(json.dumps(coco()))

    data = make(source="folder", root=str(tmp_path), image_size=16, val_fraction=0.3)
    data.setup()

    assert [len(data.datasets[split]) for split in ("train", "val", "test")] == [2, 1, 1]


def test_coco_beside_its_images(make: Callable[..., Any], tmp_path: Path) -> None:
    for split in ("train", "valid"):
        write_images(tmp_path / split)
        (tmp_path / split / "_annotations.coco.json").write_text(json.dumps(coco()))

    data = make(source="folder", root=str(tmp_path), image_size=80)
    data.setup()

    check(data)


def test_groups_in_coco_are_left_out(make: Callable[..., Any], tmp_path: Path) -> None:
    content = coco()
    content["annotations"][0]["iscrowd"] = 1
    root = write_coco(tmp_path, content)

    data = make(source="folder", root=str(root), image_size=80)
    data.setup()

    assert data.some(1, "val").label.tolist() == [[1, -1, -1]]


@pytest.mark.parametrize("in_memory_mb", [0, 100])
def test_yolo(make: Callable[..., Any], tmp_path: Path, in_memory_mb: int) -> None:
    root = write_yolo(tmp_path)

    data = make(source="folder", root=str(root), image_size=80, in_memory_mb=in_memory_mb)
    data.setup()

    check(data)


def test_yolo_with_a_list_of_classes_is_split_here(
    make: Callable[..., Any], tmp_path: Path
) -> None:
    root = write_yolo(tmp_path, split=False)
    (root / "data.yaml").unlink()
    (root / "classes.txt").write_text("cat\ndog\n\n")

    data = make(source="folder", root=str(root), image_size=80, val_fraction=0.3)
    data.setup()

    assert data.class_names == ["cat", "dog"]
    assert [len(data.datasets[split]) for split in ("train", "val", "test")] == [2, 1, 1]


@pytest.mark.parametrize("in_memory_mb", [0, 100])
def test_voc_through_torchvisions_class(
    make: Callable[..., Any], tmp_path: Path, in_memory_mb: int
) -> None:
    root = write_voc(tmp_path)
    values = {"source": "torchvision", "dataset": "VOCDetection", "in_memory_mb": in_memory_mb}

    data = make(root=str(root), image_size=80, **values)
    data.setup()

    check(data)


def test_difficult_objects_of_voc_are_left_out(make: Callable[..., Any], tmp_path: Path) -> None:
    root = write_voc(tmp_path)
    file = root / "VOCdevkit" / "VOC2012" / "Annotations" / "a.xml"
    file.write_text(file.read_text().replace("<difficult>0<", "<difficult>1<", 1))

    data = make(source="torchvision", dataset="VOCDetection", root=str(root), image_size=80)
    data.setup()

    assert data.some(1, "val").label.tolist() == [[1, -1, -1]]


def test_grey_images_stay_grey(make: Callable[..., Any], tmp_path: Path) -> None:
    write_yolo(tmp_path)
    for part in ("train", "val"):
        write_images(tmp_path / "images" / part, mode="L")

    data = make(source="folder", root=str(tmp_path), image_size=16)

    assert data.facts.channels == 1


def test_every_split_has_the_channels_of_the_training_images(
    make: Callable[..., Any], tmp_path: Path
) -> None:
    write_yolo(tmp_path)
    write_images(tmp_path / "images" / "val", mode="L")

    data = make(source="folder", root=str(tmp_path), image_size=16)
    data.setup()

    assert data.some(4, "train").image.shape[1] == data.some(4, "val").image.shape[1] == 3


@pytest.mark.parametrize("annotated", ["as seen", "as stored"])
def test_a_photo_that_its_camera_turned(
    make: Callable[..., Any], tmp_path: Path, annotated: str
) -> None:
    stored = Image.new("RGB", (40, 20))
    stored.paste((255, 255, 255), (0, 0, 10, 20))  # at the left; seen, it is at the top
    turned = Image.Exif()
    turned[0x0112] = 6
    size, box = ((20, 40), [0, 0, 20, 10]) if annotated == "as seen" else ((40, 20), [0, 0, 10, 20])
    content = coco("a")
    content["images"][0].update(width=size[0], height=size[1], file_name="a.jpg")
    content["annotations"] = [{**content["annotations"][0], "bbox": box}]
    root = write_coco(tmp_path, content)
    for split in ("train", "val"):
        stored.save(root / f"{split}2017" / "a.jpg", exif=turned, quality=95)

    data = make(source="folder", root=str(root), image_size=40)
    data.setup()

    batch = data.some(1, "val")
    left, top, right, bottom = batch.boxes[0, 0].int().tolist()
    assert batch.image[0, :, top + 1 : bottom - 1, left + 1 : right - 1].min() > 200
    assert batch.size[0].tolist() == [size[1], size[0]]


@pytest.mark.parametrize("in_memory_mb", [0, 100])
def test_fewer_objects_than_there_are_train_and_all_are_scored(
    make: Callable[..., Any], tmp_path: Path, in_memory_mb: int
) -> None:
    root = write_coco(tmp_path)

    data = make(source="folder", root=str(root), max_objects=1, in_memory_mb=in_memory_mb)

    train, val = next(iter(data.train_dataloader())), next(iter(data.val_dataloader()))
    assert (train.boxes.shape, train.label.shape) == ((3, 1, 4), (3, 1))  # one is for testing
    assert (train.label >= 0).sum() >= 2
    assert val.label.tolist() == [[0, 1, -1], [1, -1, -1], [-1] * 3, [0, 0, 1]]


def test_a_box_may_end_a_pixel_beyond_its_image(make: Callable[..., Any], tmp_path: Path) -> None:
    content = coco()
    content["annotations"][1]["bbox"] = [40, 0, 40.7, 40]

    data = make(source="folder", root=str(write_coco(tmp_path, content)), image_size=80)
    data.setup()

    assert data.some(4, "val").boxes[0, 1].tolist() == [40, 20, 80, 60]


# --- bad input: where, what, and what was expected ------------------------------------------------


def test_a_folder_that_is_missing_or_empty(refused: Callable[..., str], tmp_path: Path) -> None:
    assert "there is no folder" in refused(tmp_path / "none")
    message = refused(tmp_path)
    assert "no annotations" in message
    assert "instances_train2017.json" in message
    assert "images/train" in message
    assert "JPEGImages" in message
    (tmp_path / "classes.txt").write_text("cat\n")
    assert "holds no image" in refused(tmp_path)
    (tmp_path / "images").mkdir()
    assert "holds no image" in refused(tmp_path)
    write_images(tmp_path / "images")
    assert "labels/a.txt" in refused(tmp_path)
    (tmp_path / "labels").mkdir()
    assert "has images, but no text file for any of them" in refused(tmp_path)


def test_coco_and_voc_that_are_not_there(refused: Callable[..., str], tmp_path: Path) -> None:
    coco_message = refused(tmp_path, source="torchvision", dataset="CocoDetection")
    voc = refused(tmp_path, source="torchvision", dataset="VOCDetection")
    year = refused(tmp_path, source="torchvision", dataset="VOCDetection", year="1999")
    name = refused(tmp_path, source="torchvision", dataset="VOCDetecton")

    assert "instances_train2017.json" in coco_message
    assert "cannot get VOCDetection 2012" in voc
    assert "data.source=demo" in voc
    assert "1999 is no year" in year
    assert "did you mean VOCDetection?" in name


def changed(root: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    content = coco()
    change(content)
    return write_coco(root, content)


COCO_FAULTS: list[tuple[str, Callable[[dict[str, Any]], object], str, int]] = [
    (
        "unknown class",
        lambda c: c["annotations"][1].update(category_id=99),
        "annotations[1] (id 2): the class 99 is unknown, expected one of cat, dog",
        4,
    ),
    (
        "missing image",
        lambda c: c["annotations"][1].update(image_id=999),
        "annotations[1] (id 2) is of the image 999, which is missing from images",
        5,
    ),
    (
        "outside",
        lambda c: c["annotations"][1].update(bbox=[70, 5, 20, 20]),
        "(70, 5) to (90, 25) reaches out of its image, which is 80 wide and 40 high",
        4,
    ),
    (
        "a sliver beyond the edge",
        lambda c: c["annotations"][1].update(bbox=[80.2, 5, 0.5, 20]),
        "(80.2, 5) to (80.7, 25) lies beyond its image, which is 80 wide and 40 high",
        4,
    ),
    (
        "not finite",
        lambda c: c["annotations"][1].update(bbox=[10, 5, float("nan"), 20]),
        "is not finite",
        4,
    ),
    (
        "three numbers",
        lambda c: c["annotations"][1].update(bbox=[10, 5, 20]),
        "annotations[1] (id 2) is incomplete, expected image_id, category_id, bbox of 4 numbers",
        4,
    ),
    (
        "duplicate image",
        lambda c: c["images"].append(c["images"][0]),
        "images[4] has the id 100 again",
        4,
    ),
    (
        "the same file again",
        lambda c: c["images"].append({**c["images"][0], "id": 7}),
        "images[4] has the file a.png again",
        4,
    ),
    (
        "image that is a list",
        lambda c: c["annotations"][1].update(image_id=[101]),
        "annotations[1] (id 2) is incomplete",
        5,
    ),
    ("nameless image", lambda c: c["images"][2].pop("file_name"), "images[2] is incomplete", 6),
    ("file missing", lambda c: c["images"][1].update(file_name="z.png"), "z.png is not there", 5),
]


@pytest.mark.parametrize(
    ("change", "sentence", "objects"),
    [row[1:] for row in COCO_FAULTS],
    ids=[row[0] for row in COCO_FAULTS],
)
def test_a_fault_in_coco(
    refused: Callable[..., str],
    left_out: Callable[..., str],
    tmp_path: Path,
    change: Any,
    sentence: str,
    objects: int,
) -> None:
    root = changed(tmp_path, change)

    message = refused(root)

    assert "instances_train2017.json: " in message
    assert sentence in message
    assert "data.on_error=skip" in message
    keeps_all = "missing from images" in sentence or "again" in sentence or "(id 2) is" in sentence
    said = left_out(root, objects, images=4 if keeps_all and objects > 4 else 3)
    assert re.search(
        r"^ +(images|annotations) .+: (left out|passed over) \((1|2, the first): ",
        said,
        re.MULTILINE,
    )
    assert sentence in said


def test_a_file_that_is_no_coco(refused: Callable[..., str], tmp_path: Path) -> None:
    file = write_coco(tmp_path) / "annotations" / "instances_train2017.json"
    whole = file.read_text()
    file.write_text(whole[:200])
    assert "instances_train2017.json:1: no JSON (" in refused(tmp_path)
    file.write_text("[]")
    assert "is JSON of another kind, expected COCO's" in refused(tmp_path)
    file.write_text(whole.replace('"name": "cat"', '"name": "dog"'))
    assert "has the category dog twice" in refused(tmp_path)
    file.write_text(whole.replace('"id": 18', '"id": 17'))
    assert "has the category number 17 twice" in refused(tmp_path)
    file.write_text(whole)
    val = file.with_name("instances_val2017.json")
    val.write_text(whole.replace('"id": 18', '"number": 18'))
    assert "val2017.json: categories[0] is incomplete, expected id" in refused(tmp_path)
    val.write_text(whole)
    file.write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in refused(tmp_path)


YOLO_FAULTS = [
    ("7 0.5 0.5 0.2 0.2", "a.txt:3: the class number 7 is unknown, expected one of cat, dog"),
    ("0 0.9 0.5 0.4 0.2", "a.txt:3: the box from (0.7, 0.4) to (1.1, 0.6) reaches out"),
    ("0 0.5 0.5 0.2", "a.txt:3: '0 0.5 0.5 0.2' is no box, expected class, x, y, width, height"),
    ("cat 0.5 0.5 0.2 0.2", "a.txt:3: 'cat 0.5 0.5 0.2 0.2' is no box"),
    ("0 nan 0.5 0.2 0.2", "is not finite"),
    ("0 40 20 16 8", "a.txt:3: '0 40 20 16 8' is in pixels, expected class, x, y, width, height"),
    ("0,0.5,0.5,0.2,0.2", "a.txt:3: '0,0.5,0.5,0.2,0.2' is no box"),
    ("0.5 0.5 0.5 0.2 0.2", "has the class 0.5, expected a whole number"),
    ("-1 0.5 0.5 0.2 0.2", "the class number -1 is unknown"),
    ("0 0.5 0.5 0.2 0.2 0.93", "as it has six numbers: a prediction and its confidence"),
    (
        "0 0.5 0.5 0.2 0.2 0.5 0.5 2 0.4 0.4 2 .6 .6 2 .5 .5 2",
        "points of a body follow: then data.yaml needs",
    ),
    ("0.1 0.1 0.4 0.1 0.4 0.4 0.1 0.4 cat 0", "is no box"),
]


@pytest.mark.parametrize(("row", "sentence"), YOLO_FAULTS)
def test_a_fault_in_yolo(
    refused: Callable[..., str],
    left_out: Callable[..., str],
    tmp_path: Path,
    row: str,
    sentence: str,
) -> None:
    root = write_yolo(tmp_path)
    with open(root / "labels" / "train" / "a.txt", "a") as file:
        file.write(row + "\n")

    message = refused(root)

    assert sentence in message
    assert "data.on_error=skip" in message
    said = left_out(root, 4, images=3)
    assert "images have an annotation that cannot be used: left out (1: " in said
    assert sentence in said


def test_labels_without_names(refused: Callable[..., str], tmp_path: Path) -> None:
    root = write_yolo(tmp_path)
    for name in ("classes.txt", "data.yaml"):
        (root / name).unlink(missing_ok=True)

    assert "has labels, but neither data.yaml nor classes.txt" in refused(root)


def test_labels_without_an_image_and_labels_that_are_no_text(
    refused: Callable[..., str], left_out: Callable[..., str], tmp_path: Path
) -> None:
    labels = write_yolo(tmp_path) / "labels" / "train"
    (labels / "z.txt").write_text("0 0.5 0.5 0.2 0.2\n")
    assert "train/z.txt belongs to no image" in refused(tmp_path)
    assert "label files belong to no image: passed over (1: " in left_out(tmp_path, 6)
    (labels / "z.txt").unlink()
    (labels / "b.txt").write_bytes(b"\xff\xfe0 0.5")

    assert "b.txt is not text in UTF-8" in refused(tmp_path)
    assert "b.txt is not text in UTF-8" in left_out(tmp_path, 5, images=3)


def test_names_that_are_none(refused: Callable[..., str], tmp_path: Path) -> None:
    root = write_yolo(tmp_path)
    for text in ("nc: 2\n", "names: [cat, cat]\n", "names: [\n", "names: 3\n"):
        (root / "data.yaml").write_text(text)
        assert "data.yaml" in refused(root)
    (root / "data.yaml").unlink()
    (root / "classes.txt").write_bytes("cat\nhérisson\n".encode("latin-1"))
    assert "classes.txt is not text in UTF-8" in refused(root)
    (root / "classes.txt").write_text("cat\n\ndog\n")
    assert "classes.txt:2 is empty, expected the name of the class 1" in refused(root)


def test_numbers_of_classes_keep_their_names(make: Callable[..., Any], tmp_path: Path) -> None:
    root = write_yolo(tmp_path)
    names = [f"kind {number}" for number in range(12)]
    rows = "".join(f"  '{number}': {name}\n" for number, name in enumerate(names))

    (root / "data.yaml").write_text(f"names:\n{rows}")

    assert make(source="folder", root=str(root)).read_source()["train"].class_names == names


def test_files_that_begin_with_a_byte_order_mark(make: Callable[..., Any], tmp_path: Path) -> None:
    mark = b"\xef\xbb\xbf"
    yolo, coco_root = write_yolo(tmp_path / "yolo"), write_coco(tmp_path / "coco")
    for file in [*tmp_path.rglob("*.txt"), *tmp_path.rglob("*.json"), yolo / "data.yaml"]:
        file.write_bytes(mark + file.read_bytes())

    for root in (yolo, coco_root):
        data = make(source="folder", root=str(root), image_size=80)
        data.setup()
        check(data)


def test_names_beside_coco_do_not_make_it_yolo(make: Callable[..., Any], tmp_path: Path) -> None:
    root = write_coco(tmp_path)
    (root / "classes.txt").write_text("cat\ndog\n")

    data = make(source="folder", root=str(root), image_size=80)
    data.setup()

    check(data)


def test_the_other_files_that_coco_comes_with(make: Callable[..., Any], tmp_path: Path) -> None:
    folder = write_coco(tmp_path) / "annotations"
    for name in ("stuff_train2017", "panoptic_val2017", "person_keypoints_train2017"):
        (folder / f"{name}.json").write_text('{"images": []}')

    data = make(source="folder", root=str(tmp_path), image_size=80)
    data.setup()

    check(data)


def test_two_files_for_one_split(refused: Callable[..., str], tmp_path: Path) -> None:
    folder = write_coco(tmp_path) / "annotations"
    (folder / "instances_train2014.json").write_text(json.dumps(coco()))

    message = refused(tmp_path)

    assert "instances_train2014.json and annotations/instances_train2017.json, each" in message
    assert "data.splits=" in message


def test_what_is_held_out_alone_is_not_trained_on(
    refused: Callable[..., str], tmp_path: Path
) -> None:
    yolo = write_yolo(tmp_path / "yolo")
    for kind in ("images", "labels"):
        (yolo / kind / "train").rename(yolo / kind / "test")
    (yolo / "data.yaml").write_text("names: [cat, dog]\n")
    folder = write_coco(tmp_path / "coco") / "annotations"
    (folder / "instances_train2017.json").rename(folder / "instances_test2017.json")

    for root in (yolo, folder.parent):
        assert "has examples for val and test, but none to train on" in refused(root)


def test_a_fault_in_voc(
    refused: Callable[..., str], left_out: Callable[..., str], tmp_path: Path
) -> None:
    root = write_voc(tmp_path)
    file = root / "VOCdevkit" / "VOC2012" / "Annotations" / "a.xml"
    whole = file.read_text()
    values = {"source": "torchvision", "dataset": "VOCDetection"}

    outside: list[Box] = [("cat", 70, 5, 90, 20), ("dog", 40, 0, 80, 40)]
    file.write_text(voc_xml("a", outside, (80, 40)))
    assert "a.xml: object 1: the box from (70, 5) to (90, 20) reaches out" in refused(
        root, **values
    )
    file.write_text(whole.replace("<xmin>11</xmin>", ""))
    assert "a.xml cannot be read (no bndbox/xmin), expected VOC's size" in refused(root, **values)
    file.write_text(whole[:100])
    assert "a.xml cannot be read" in refused(root, **values)
    assert "a.xml cannot be read" in left_out(root, 4, images=3, **values)


@pytest.mark.parametrize("in_memory_mb", [0, 100])
def test_an_image_that_cannot_be_read(
    experiment: Modules, make: Callable[..., Any], tmp_path: Path, in_memory_mb: int, caplog: Any
) -> None:
    root = write_yolo(tmp_path)
    (root / "images" / "train" / "b.png").write_bytes(b"\x89PNG nothing more")
    values = {"source": "folder", "root": str(root), "in_memory_mb": in_memory_mb}

    def read(**more: Any) -> Any:
        data = make(**values, **more)
        loader = data.train_dataloader()
        batches = list(loader)
        experiment("core.data.read_report").warn_of_unreadable({"train": {"train": loader}})
        told.extend(data.summary())
        return batches

    told: list[str] = []
    with pytest.raises(experiment("core.errors").UserError, match=r"train/b\.png cannot be read"):
        read()
    (batch,) = read(on_error="skip")
    assert 2 <= len(batch.label) <= 3  # where it lies in memory, none of the three is for testing
    told.extend(line.message for line in caplog.records)
    at_the_start = "images of 4 cannot be read: left out (1: "
    assert any(at_the_start in line for line in told) == bool(in_memory_mb)
    assert any(line.startswith("1 of ") for line in told) == (not in_memory_mb)  # at the end


def test_an_image_of_another_size_than_its_annotations(
    refused: Callable[..., str], tmp_path: Path
) -> None:
    root = write_coco(tmp_path)
    Image.new("RGB", (81, 40)).save(root / "train2017" / "a.png")

    assert "a.png is 81 x 40 pixels, its annotations are for 80 x 40" in refused(root)
