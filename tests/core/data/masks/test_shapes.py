"""Polygons and run lengths as COCO, YOLO and their tools write them, and the masks they make."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from masked_files import Read, classes, said, stems
from modules import Modules
from PIL import Image

Write = Callable[..., Path]
Refused = Callable[..., str]
SQUARE = [2, 1, 7, 1, 7, 4, 2, 4]  # x and y: columns 2 to 6 of rows 1 to 3


def coco(*annotations: dict[str, Any], images: str = "a", **size: int) -> str:
    content = {
        "images": [
            {"id": n, "file_name": f"{name}.png", **({"height": 6, "width": 8} | size)}
            for n, name in enumerate(images)
        ],
        "categories": [{"id": 7, "name": "cat"}, {"id": 9, "name": "dog"}],
        "annotations": [{"id": 5, "image_id": 0, "category_id": 7, **a} for a in annotations],
    }
    return json.dumps(content)


def square(number: int = 1) -> Any:
    found = np.zeros((6, 8), np.uint8)
    found[1:4, 2:7] = number
    return found


def test_polygons_fill_the_pixels_whose_centres_they_hold(experiment: Modules) -> None:
    """Against a test of each centre by itself, on stars whose sides cross."""
    fill = experiment("core.data.masks.shapes").fill
    draws = np.random.default_rng(0)
    for _ in range(20):
        points = draws.uniform(-4, 24, (7, 2))
        found = np.zeros((15, 20), np.bool_)

        fill(found, points)

        for row, column in np.ndindex(15, 20):
            x, y, inside = column + 0.5, row + 0.5, False
            for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
                if (y0 <= y) != (y1 <= y) and x0 + (y - y0) * (x1 - x0) / (y1 - y0) <= x:
                    inside = not inside
            assert found[row, column] == inside


# Written by pycocotools 2.0.11.
PACKED = {
    "a square and a pixel": ("5172L00000005", (6, 8), 16),
    "a frame": ("kb0[3=TNM33MM33i1e_9", (120, 90), 107 * 4 - 20),
}


@pytest.mark.parametrize("name", PACKED)
def test_packed_run_lengths(experiment: Modules, name: str) -> None:
    shapes = experiment("core.data.masks.shapes")
    text, size, count = PACKED[name]

    found = shapes.from_runs(shapes.unpack(text.encode()), size)

    assert (found.shape, found.sum()) == (size, count)
    if name == "a frame":
        expected = np.zeros(size, np.bool_)
        expected[3:110, 5:9] = True
        expected[50:60, 6:8] = False
    else:
        expected = square().astype(bool)
        expected[5, 0] = True
    assert (found == expected).all()


RUNS = [13, 3, 3, 3, 3, 3, 3, 3, 3, 3, 8]  # of the square, column by column
SEGMENTATIONS = {
    "a polygon": [SQUARE],
    "not in a list": SQUARE,
    "two parts": [[2, 1, 4, 1, 4, 4, 2, 4], [4, 1, 7, 1, 7, 4, 4, 4]],
    "run lengths": {"size": [6, 8], "counts": RUNS},
    "a text": {"size": [6, 8], "counts": ""},
}


@pytest.mark.parametrize("kind", SEGMENTATIONS)
def test_coco(read: Read, write: Write, experiment: Modules, kind: str) -> None:
    found = SEGMENTATIONS[kind]
    if kind == "a text":
        found = {"size": [6, 8], "counts": packed(RUNS)}
        assert experiment("core.data.masks.shapes").unpack(found["counts"].encode()) == RUNS
    write("train/a.png")
    write("train/_annotations.coco.json", coco({"segmentation": found}))

    images = read()["train"]

    assert images.class_names == ["background", "cat", "dog"]
    assert classes(images) == square().tolist()
    assert "classes have no object to train on (1: dog)" in said({"train": images})


def packed(counts: list[int]) -> str:
    """COCO's text of run lengths, after rleToString of its maskApi.c."""
    text = ""
    for number, count in enumerate(counts):
        value, more = count - (counts[number - 2] if number > 2 else 0), True
        while more:
            bits = value & 31
            value >>= 5
            more = value != (-1 if bits & 16 else 0)
            text += chr(48 + (bits | 32 if more else bits))
    return text


def test_smaller_objects_lie_on_larger_ones_and_groups_under_all(read: Read, write: Write) -> None:
    small = {"segmentation": [[3, 2, 5, 2, 5, 3, 3, 3]], "category_id": 9}
    crowd = {"segmentation": {"size": [6, 8], "counts": [0, 24, 24]}, "iscrowd": 1}
    write("train/a.png")
    write("train/_annotations.coco.json", coco(small, {"segmentation": [SQUARE]}, crowd))

    found = read()["train"]

    expected = np.where(square() > 0, 1, np.repeat([[255] * 4 + [0] * 4], 6, axis=0))
    expected[2, 3:5] = 2
    assert classes(found) == expected.tolist()
    assert "annotations are groups of objects (iscrowd): their pixels do not count (1" in said(
        {"train": found}
    )


BAD = {
    "a box": ({"bbox": [1, 1, 2, 2]}, "has no outline, expected segmentation: polygons"),
    "two points": ({"segmentation": [[1, 1, 2, 2]]}, "has no outline (4 numbers), expected"),
    "nan": ({"segmentation": [[1, 1, 2, 2, 3, float("nan")]]}, "numbers that are not finite"),
    "another size": (
        {"segmentation": {"size": [8, 6], "counts": [48]}},
        "run lengths for 6 x 8 pixels, its image is 8 x 6",
    ),
    "beyond": ({"segmentation": [[9, 1, 12, 1, 12, 4]]}, "lies beyond its image "),
    "a class": ({"segmentation": [SQUARE], "category_id": 3}, "has the category_id 3, expected"),
}


@pytest.mark.parametrize("kind", BAD)
def test_annotations_that_cannot_be_used(
    refused: Refused, read: Read, write: Write, kind: str
) -> None:
    wrong, expected = BAD[kind]
    for name in "ab":
        write(f"train/{name}.png")
    right = {"segmentation": [SQUARE], "image_id": 1}
    write("train/_annotations.coco.json", coco(wrong, right, images="ab"))

    message = refused()

    assert "_annotations.coco.json: annotations[0] " in message.replace("(id 5) ", "")
    assert expected in message
    assert stems(read(on_error="skip")) == {"train": ["b"]}


@pytest.mark.parametrize("counts", ["5172", "~~", [1, 2]])
def test_run_lengths_that_are_not_of_the_image(read: Read, write: Write, counts: Any) -> None:
    write("train/a.png")
    wrong = {"segmentation": {"size": [6, 8], "counts": counts}}
    write("train/_annotations.coco.json", coco(wrong))

    with pytest.raises(Exception, match=r"coco.json: annotations\[0\] has run lengths "):
        read()["train"].read(0, 8)


def test_shares_where_coco_has_pixels_are_refused(refused: Refused, write: Write) -> None:
    shares = [value / (8 if n % 2 == 0 else 6) for n, value in enumerate(SQUARE)]
    write("train/a.png")
    write("train/_annotations.coco.json", coco({"segmentation": [shares]}))

    assert "the points of all 1 polygons are from 0 to 1, as shares of an image" in refused()


def test_shares_among_pixels_are_refused(read: Read, refused: Refused, write: Write) -> None:
    """A polygon of theirs is within the first pixel, where nobody sees it."""
    shares = [0.1, 0, 0.5, 0, 0.5, 0.7]
    parts = ({"segmentation": [shares]}, {"segmentation": [SQUARE], "image_id": 1})
    write("train/a.png")
    write("train/b.png")
    write("train/_annotations.coco.json", coco(*parts, images="ab"))

    assert "annotations[0] has points from 0 to 1, as shares of an image are" in refused()
    assert stems(read(on_error="skip")) == {"train": ["b"]}


def test_an_image_of_another_size_than_its_annotations(read: Read, write: Write) -> None:
    write("train/a.png")
    write("train/_annotations.coco.json", coco({"segmentation": [SQUARE]}, width=80))

    with pytest.raises(Exception, match="is 8 x 6 pixels, its annotations are for 80 x 6"):
        read()["train"].read(0, 8)


def test_sizes_that_are_missing_are_the_files(read: Read, write: Write) -> None:
    write("train/a.png")
    write("train/_annotations.coco.json", coco({"segmentation": [SQUARE]}, width=0))

    assert classes(read()["train"]) == square().tolist()


def test_annotations_of_what_the_file_holds_are_turned_with_it(read: Read, write: Write) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    write("train/a.png", Image.fromarray(np.zeros((6, 8, 3), np.uint8)), exif=exif)
    write("train/_annotations.coco.json", coco({"segmentation": [SQUARE]}))

    assert classes(read()["train"]) == np.rot90(square(), -1).tolist()


def test_a_named_background_is_class_0(read: Read, write: Write) -> None:
    content = json.loads(coco({"segmentation": [SQUARE]}))
    content["categories"].append({"id": 12, "name": "Background"})
    write("train/a.png")
    write("train/_annotations.coco.json", json.dumps(content))

    assert read()["train"].class_names == ["Background", "cat", "dog"]


def test_classes_that_do_not_count(refused: Refused, read: Read, write: Write) -> None:
    dog = {"segmentation": [[0, 0, 1, 0, 1, 6, 0, 6]], "category_id": 9}
    write("train/a.png")
    write("train/_annotations.coco.json", coco({"segmentation": [SQUARE]}, dog))

    found = read(ignore_classes=["cat"])["train"]

    assert found.class_names == ["background", "dog"]
    assert classes(found)[1] == [1, 0, 255, 255, 255, 255, 255, 0]
    assert "ignore_classes has bird, which is no class of cat, dog" in refused(
        ignore_classes=["bird"]
    )
    assert "data.class_names is for masks that are pictures" in refused(class_names=["a", "b"])


def write_yolo(write: Write, rows: str, name: str = "a") -> None:
    write(f"images/train/{name}.png")
    write(f"labels/train/{name}.txt", rows)
    write("data.yaml", "names: [cat, dog]\n")


def test_yolo(read: Read, write: Write) -> None:
    shares = [value / (8 if n % 2 == 0 else 6) for n, value in enumerate(SQUARE)]
    write_yolo(write, f"1 {' '.join(map(str, shares))}\n")
    write("images/val/b.png")
    write("labels/val/b.txt", "")
    write("images/test/c.png")

    found = read()

    assert found["train"].class_names == ["background", "cat", "dog"]
    assert classes(found["train"]) == square(2).tolist()
    assert [found[split].labelled for split in ("train", "val", "test")] == [True, False, False]
    assert "classes have no object to train on (1: cat)" in said(found)


WRONG_ROWS = {
    "0 0.5 0.5 0.2 0.2": "is a box, which says nothing of pixels",
    "0 0.1 0.1 0.2 0.2 0.3": "has 5 numbers after its class",
    "5 0.1 0.1 0.2 0.2 0.3 0.1": "has the class 5, and there are 2",
    "0 10 10 20 20 30 10": "is in pixels",
    "0 0.1 0.1 0.2 0.2 0.3 nan": "has a number that is not finite",
    "0 0.1 1.1 0.2 1.2 0.3 1.1": "lies beyond its image",
}


@pytest.mark.parametrize("row", WRONG_ROWS)
def test_rows_that_are_no_polygons(refused: Refused, read: Read, write: Write, row: str) -> None:
    right = "0 0.1 0.1 0.9 0.1 0.9 0.9\n"
    write_yolo(write, right + row)
    write_yolo(write, right, "b")

    message = refused()

    assert f"a.txt:2: {row!r} {WRONG_ROWS[row]}, expected class, x1, y1, x2" in message
    assert stems(read(on_error="skip")) == {"train": ["b"]}


def test_two_formats_at_once(refused: Refused, read: Read, write: Write) -> None:
    write("train/a.png")
    write("train/a_mask.png", square())
    write("train/_annotations.coco.json", coco({"segmentation": [SQUARE]}))

    message = refused()

    assert "holds masks (" in message
    assert "and COCO (" in message
    assert classes(read(mask_names="{}_mask.png")["train"]) == square().tolist()
    by_coco = read(splits={"train": "train/_annotations.coco.json"})["train"]
    assert by_coco.class_names == ["background", "cat", "dog"]


def test_worker_processes_get_shapes_in_a_few_arrays(experiment: Modules) -> None:
    shapes = experiment("core.data.masks.shapes")
    one = shapes.Shape(1, shapes.POLYGON, [[0, 0, 1, 0, 1, 1], [2, 2, 3, 2, 3, 3]], 4)
    other = shapes.Shape(255, shapes.PACKED_RUNS, [b"5172L"], 5)

    stored = shapes.store([[one], [], [other, one]])

    assert [len(stored.of(image)) for image in range(3)] == [1, 0, 2]
    assert stored.of(0)[0].parts == one.parts
    assert bytes(map(int, stored.of(2)[0].parts[0])) == b"5172L"
    assert stored.of(2)[1].parts == one.parts
