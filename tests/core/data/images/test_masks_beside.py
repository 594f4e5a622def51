"""Masks among images with a class each are no images of the class; what only sounds so is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

PASSED = "masks lie beside their images: passed over"
KEPT = "files are called as masks of others are, and look like images: read as images"
TWICE = "images are there twice, in two formats"


@pytest.fixture
def reads(make: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    def read(**values: Any) -> Any:
        values = {"val_fraction": 0.0, "test_fraction": 0.0, **values}
        data = make(source="folder", root=str(tmp_path), **values)
        data.setup()
        return data

    return read


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., None]:
    """Writes files of two classes, which look like photographs, or like masks."""
    random = np.random.default_rng(0)

    def files(name: str, looks: str, count: int = 5) -> None:
        for kind in ("cat", "dog"):
            for index in range(count):
                path = tmp_path / kind / name.format(index)
                path.parent.mkdir(parents=True, exist_ok=True)
                values = random.integers(0, 256, (16, 16, 3), dtype=np.uint8)
                if looks == "mask":
                    values = np.where(values[..., 0] > 90, 255, 0).astype(np.uint8)
                elif looks == "numbers":
                    values = values[..., 0] // 50
                elif looks == "deep numbers":
                    values = (values[..., 0] // 50).astype(np.uint16)
                Image.fromarray(values).save(path)

    return files


def said(data: Any) -> list[str]:
    return [line.strip() for line in data.summary() if line.startswith("      ")]


@pytest.mark.parametrize("looks", ["mask", "numbers", "deep numbers"])
@pytest.mark.parametrize(
    ("image", "mask"),
    [
        ("benign ({}).png", "benign ({})_mask.png"),
        ("{}.jpg", "{}_mask.png"),
        ("{}.jpg", "{}.png"),
        ("{}.png", "{}_GT.tif"),
        ("{}.png", "{}_seg.png"),
        ("{}.png", "{}_label.png"),
        ("{}.png", "mask_{}.png"),
        ("images/{}.png", "masks/{}.png"),
        ("images/{}.png", "masks/{}_mask.png"),
        ("{}.png", "GT/{}.png"),
    ],
)
def test_masks_are_passed_over(
    reads: Callable[..., Any], write: Callable[..., None], image: str, mask: str, looks: str
) -> None:
    write(image, "photo")
    write(mask, looks)

    data = reads()

    assert len(data.examples("train")) == 10
    assert any(line.startswith(f"{PASSED} (10, the first: ") for line in said(data))
    assert KEPT not in str(said(data))


def test_masks_that_are_jpegs_and_several_of_an_image(
    reads: Callable[..., Any], write: Callable[..., None]
) -> None:
    write("{}.jpg", "photo")
    for name in ("{}_mask.jpg", "{}_mask_1.png", "{}_mask_2.png"):
        write(name, "mask", 2)

    data = reads()

    assert len(data.examples("train")) == 10
    assert said(data)[0].startswith(f"{PASSED} (12, the first: ")


def test_masks_of_what_is_held_out_and_of_what_is_predicted(
    reads: Callable[..., Any], write: Callable[..., None], tmp_path: Path
) -> None:
    write("{}.png", "photo")
    write("{}_mask.png", "mask")
    for split in ("train", "test"):
        (tmp_path / split).mkdir()
    for kind in ("cat", "dog"):
        (tmp_path / kind).rename(tmp_path / "train" / kind)
    write("{}.png", "photo", 2)
    write("{}_mask.png", "mask", 2)
    for kind in ("cat", "dog"):
        (tmp_path / kind).rename(tmp_path / "test" / kind)

    data = reads()

    assert [len(data.examples(split)) for split in ("train", "test")] == [10, 4]
    assert [line.split(",")[0] for line in said(data)] == [f"{PASSED} (10", f"{PASSED} (4"]
    assert len(data.predict_dataset(tmp_path / "test")) == 4


def test_faces_with_masks_are_images(reads: Callable[..., Any], write: Callable[..., None]) -> None:
    write("{}.jpg", "photo")
    write("{}_mask.jpg", "photo", 1)

    data = reads()

    assert len(data.examples("train")) == 12
    assert said(data) == []


@pytest.mark.parametrize("looks", ["photo", "mask"])
def test_many_that_are_called_so_and_do_not_look_so_are_said(
    reads: Callable[..., Any], write: Callable[..., None], looks: str
) -> None:
    """Where the images have few values, too, as drawings have, nothing tells them apart."""
    write("{}.png", looks)
    write("{}_mask.png", looks)

    data = reads()

    assert len(data.examples("train")) == 20
    assert [line.split(" (")[0] for line in said(data)] == [KEPT]


def test_some_that_look_so_and_some_that_do_not(
    reads: Callable[..., Any], write: Callable[..., None], tmp_path: Path
) -> None:
    write("{}.png", "photo")
    write("{}_mask.png", "mask")
    write("{}.png", "photo", 1)
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (16, 16), dtype=np.uint8)).save(
        tmp_path / "cat" / "0_mask.png"
    )

    data = reads()

    assert len(data.examples("train")) == 11
    kinds = [line.partition(" (")[0] for line in said(data)]
    assert kinds == [KEPT, PASSED]


def test_the_same_pictures_in_two_formats_are_said(
    reads: Callable[..., Any], write: Callable[..., None], tmp_path: Path
) -> None:
    write("{}.png", "photo")
    for path in list(tmp_path.rglob("*.png")):
        Image.open(path).save(path.with_suffix(".jpg"), quality=95)

    data = reads()

    assert len(data.examples("train")) == 20
    assert said(data)[0].startswith(TWICE)


def test_other_pictures_of_the_same_names_are_images(
    reads: Callable[..., Any], write: Callable[..., None]
) -> None:
    """Downloaded in the order of their numbers, each as it came."""
    write("{}.png", "photo")
    write("{}.jpg", "photo")

    data = reads()

    assert len(data.examples("train")) == 20
    assert said(data) == []


def test_a_few_drawings_that_have_the_names_of_photographs_are_images(
    reads: Callable[..., Any], write: Callable[..., None]
) -> None:
    write("{}.png", "mask", 1)
    write("{}.jpg", "photo")

    data = reads()

    assert len(data.examples("train")) == 12
    assert said(data) == []


@pytest.mark.parametrize(
    "folders",
    [
        ("images", "masks"),
        ("train/images", "train/masks"),
        ("JPEGImages", "SegmentationClass"),
        ("cats", "cats_masks"),
    ],
)
def test_a_folder_of_masks_is_no_class(
    refusal: Callable[..., str],
    reads: Callable[..., Any],
    write: Callable[..., None],
    tmp_path: Path,
    folders: tuple[str, str],
) -> None:
    """As data for segmentation has them: told apart would be images and masks."""
    write("{}.jpg", "photo")
    write("{}.png", "mask")
    for folder, suffix in zip(folders, ("jpg", "png"), strict=True):
        (tmp_path / folder).mkdir(parents=True)
        for path in tmp_path.glob(f"cat/*.{suffix}"):
            path.rename(tmp_path / folder / path.name)
    for path in [*(tmp_path / "dog").iterdir()]:
        path.unlink()
    (tmp_path / "cat").rmdir()
    (tmp_path / "dog").rmdir()

    message = refusal(reads)

    assert f"{folders[1]} holds nothing but masks of other images: it is no class" in message


@pytest.mark.parametrize("other", ["no_mask", "face"])
def test_classes_that_are_called_as_folders_of_masks(
    reads: Callable[..., Any], write: Callable[..., None], tmp_path: Path, other: str
) -> None:
    """People with masks and without: with the same numbers, and no class is the masks of one."""
    write("{}.jpg", "photo")
    (tmp_path / "cat").rename(tmp_path / "mask")
    (tmp_path / "dog").rename(tmp_path / other)

    data = reads()

    assert len(data.examples("train")) == 10
    assert data.class_names == sorted(["mask", other])
    assert said(data) == []
