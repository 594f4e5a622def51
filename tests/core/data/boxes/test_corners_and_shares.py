"""Four numbers that are another box than the format's: corners for sides, shares for pixels."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from boxed_files import IMAGES, coco, voc_xml, write_images

Refused = Callable[..., str]
Read = Callable[..., tuple[dict[str, list[str]], str]]


def small(folder: Path, change: Callable[[dict[str, Any]], Any] | None = None) -> Path:
    """COCO's file with boxes in the upper left, so that corners, read as sides, are inside."""
    content = coco()
    for one in content["annotations"]:
        left, top, width, height = (side // 4 + 1 for side in one["bbox"])
        one["bbox"], one["area"] = [left, top, width, height], width * height
        if change is not None:
            change(one)
    write_images(folder / "images")
    (folder / "annotations.json").write_text(json.dumps(content))
    return folder


def as_corners(one: dict[str, Any]) -> None:
    left, top, width, height = one["bbox"]
    one["bbox"] = [left, top, left + width, top + height]


def with_outlines(one: dict[str, Any]) -> None:
    left, top, width, height = one["bbox"]
    points = [left, top, left + width, top, left + width, top + height]
    one["segmentation"], one["area"] = [points], width * height / 2


@pytest.mark.parametrize("evidence", ["area", "polygons"])
@pytest.mark.parametrize("on_error", ["raise", "skip"])
def test_corners_in_coco_are_refused(
    refused: Refused, tmp_path: Path, evidence: str, on_error: str
) -> None:
    """All of them are inside of their images, where nothing else would tell."""

    def change(one: dict[str, Any]) -> None:
        if evidence == "polygons":
            with_outlines(one)
        as_corners(one)

    message = refused(small(tmp_path, change), on_error=on_error)

    assert f"annotations[0] has the bbox [3, 2, 9, 10], which by its {evidence} is left" in message
    assert "expected left, top, width, height" in message


@pytest.mark.parametrize(
    "change",
    [
        None,
        with_outlines,
        lambda one: one.pop("area"),
        lambda one: one.update(area=0),
        lambda one: one.update(area=one["area"] * 0.4),  # of an outline that was left out
        lambda one: one.update(segmentation={"size": [1, 1], "counts": [1]}, area=3),
        lambda one: one.update(area=None, segmentation=[]),
    ],
)
def test_sides_are_read_whatever_their_area(
    read: Read, tmp_path: Path, change: Callable[[dict[str, Any]], Any] | None
) -> None:
    names, _ = read(small(tmp_path, change))

    assert names == {"train": ["a", "b", "c", "d"]}


def test_one_that_tells_otherwise_by_chance_is_read(read: Read, tmp_path: Path) -> None:
    def change(one: dict[str, Any]) -> None:
        if one["id"] == 1:
            left, top, right, bottom = one["bbox"]
            one["area"] = (right - left) * (bottom - top)

    names, _ = read(small(tmp_path, change))

    assert names == {"train": ["a", "b", "c", "d"]}


def test_shares_of_some_images_in_coco(
    refused: Refused, left_out: Callable[..., str], tmp_path: Path
) -> None:
    """Beside boxes in pixels, so that not all are within the first one."""

    def change(one: dict[str, Any]) -> None:
        if one["image_id"] == 100:
            one["bbox"] = [side / 80 for side in one["bbox"]]

    root = small(tmp_path, change)

    assert "is within one pixel, as shares of an image are; expected pixels" in refused(root)
    assert "have an annotation that cannot be used: left out (1: " in left_out(root, 4, images=3)


def test_shares_of_some_images_in_voc(
    refused: Refused, left_out: Callable[..., str], tmp_path: Path
) -> None:
    """They begin below 1, which says nothing of where the others count from."""
    write_images(tmp_path)
    for name, (size, objects) in IMAGES.items():
        xml = voc_xml(name, objects, size).replace(".jpg", ".png")
        if name == "a":
            xml = re.sub(r"<([xy]m..)>(\d+)<", lambda m: f"<{m[1]}>{int(m[2]) / 80:.3f}<", xml)
        (tmp_path / f"{name}.xml").write_text(xml)

    assert "a.xml: object 1: the box from (0.138, 0.075) to (0.375" in refused(tmp_path)
    said = left_out(tmp_path, 4, images=3)
    assert "left out (1: " in said
    assert "counted from 0" not in said


def test_a_box_of_one_whole_pixel_is_read(read: Read, tmp_path: Path) -> None:
    def change(one: dict[str, Any]) -> None:
        if one["id"] == 1:
            one.update(bbox=[0, 0, 1, 1], area=1)

    names, _ = read(small(tmp_path, change))

    assert names == {"train": ["a", "b", "c", "d"]}


def test_annotations_with_a_score_are_said(read: Read, tmp_path: Path) -> None:
    """Of a model, perhaps: YOLO's are refused, by their six numbers."""
    _, said = read(small(tmp_path, lambda one: one.update(score=0.5)))

    assert "annotations have a score, as predictions have: read as objects (6, the first: " in said
