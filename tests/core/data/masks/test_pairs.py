"""Images and masks that are files: which belong together, which are which split, how they lie."""

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from masked_files import Read, classes, mask, said, stems
from PIL import Image

Write = Callable[..., Path]
Refused = Callable[..., str]

# Of two splits: the image of each, the mask of each.
LAYOUTS = {
    "images and masks": (
        "images/train/a.jpg",
        "masks/train/a.png",
        "images/val/b.jpg",
        "masks/val/b.png",
    ),
    "split first": (
        "train/images/a.jpg",
        "train/labels/a.png",
        "valid/images/b.jpg",
        "valid/labels/b.png",
    ),
    "VOC": (
        "JPEGImages/train/a.jpg",
        "SegmentationClass/train/a.png",
        "JPEGImages/val/b.jpg",
        "SegmentationClass/val/b.png",
    ),
    "Cityscapes": (
        "leftImg8bit/train/ulm/ulm_0_1_leftImg8bit.png",
        "gtFine/train/ulm/ulm_0_1_gtFine_labelIds.png",
        "leftImg8bit/val/bonn/bonn_0_1_leftImg8bit.png",
        "gtFine/val/bonn/bonn_0_1_gtFine_labelIds.png",
    ),
    "Kaggle's CamVid": (
        "train/a.png",
        "train_labels/a_L.png",
        "val/b.png",
        "val_labels/b_L.png",
    ),
    "SegNet's CamVid": (
        "train/a.png",
        "trainannot/a.png",
        "val/b.png",
        "valannot/b.png",
    ),
    "LIP": (
        "train_images/a.jpg",
        "train_segmentations/a.png",
        "val_images/b.jpg",
        "val_segmentations/b.png",
    ),
    "ADE20K": (
        "images/training/a.jpg",
        "annotations/training/a.png",
        "images/validation/b.jpg",
        "annotations/validation/b.png",
    ),
    "MMSegmentation": (
        "img_dir/train/a.jpg",
        "ann_dir/train/a.png",
        "img_dir/val/b.jpg",
        "ann_dir/val/b.png",
    ),
    "ISIC": (
        "ISIC_Training_Input/a.jpg",
        "ISIC_Training_GroundTruth/a_segmentation.png",
        "ISIC_Validation_Input/b.jpg",
        "ISIC_Validation_GroundTruth/b_segmentation.png",
    ),
    "Carvana": (
        "train/a_01.jpg",
        "train_masks/a_01_mask.gif",
        "val/b.jpg",
        "val_masks/b_mask.gif",
    ),
    "beside": (
        "train/a.jpg",
        "train/a_mask.png",
        "val/b.jpg",
        "val/b_mask.png",
    ),
    "DeepGlobe": (
        "train/7_sat.jpg",
        "train/7_mask.png",
        "valid/8_sat.jpg",
        "valid/8_mask.png",
    ),
    "numbered": (
        "train/images/image_01.png",
        "train/masks/mask_01.png",
        "val/images/image_02.png",
        "val/masks/mask_02.png",
    ),
    "two suffixes": (
        "images/train/a.jpg",
        "masks/train/a.jpg.png",
        "images/val/b.jpg",
        "masks/val/b.jpg.png",
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_pairs_and_splits_by_name(read: Read, write: Write, layout: str) -> None:
    image, its_mask, held, held_mask = LAYOUTS[layout]
    write(image)
    write(its_mask, mask(0, 1))
    write(held)
    write(held_mask, mask(1, 0))

    found = read()

    assert stems(found) == {"train": [Path(image).stem], "val": [Path(held).stem]}
    assert classes(found["train"]) == mask(0, 1).tolist()
    assert classes(found["val"]) == mask(1, 0).tolist()


def test_lists_of_voc(read: Read, write: Write) -> None:
    for name in "abc":
        write(f"JPEGImages/{name}.jpg")
    for name in "ab":
        write(f"SegmentationClass/{name}.png", mask(0, 1, 255))
        write(f"SegmentationObject/{name}.png", mask(0, 1, 2))
    write("ImageSets/Segmentation/train.txt", "a\n")
    write("ImageSets/Segmentation/val.txt", "b\n")
    write("ImageSets/Segmentation/trainval.txt", "a\nb\n")
    write("ImageSets/Main/cat_train.txt", "c  1\n")

    found = read()

    assert stems(found) == {"train": ["a"], "val": ["b"]}
    assert "images are in no split: passed over (1: " in said(found)
    assert "masks hold class numbers 0, 1, 255 ignored (2, the first: " in said(found)

    write("ImageSets/Segmentation/train.txt", "a\nz\n")
    with pytest.raises(Exception, match=r"train.txt:2: the image z is not there"):
        read()


def test_lists_in_a_folder_of_their_own(read: Read, write: Write) -> None:
    for name in "abc":
        write(f"images/{name}.jpg")
        write(f"masks/{name}.png", mask(0, 1))
    write("README.txt", "about the data\n")
    write("splits/train.txt", "a\nb\n")
    write("splits/val.txt", "c\n")

    assert stems(read()) == {"train": ["a", "b"], "val": ["c"]}

    write("folds/1/train.txt", "b\nc\n")
    write("folds/1/val.txt", "a\n")
    assert stems(read()) == {"train": ["a", "b", "c"]}
    assert "lists of images are in several folders: passed over, unless data.splits" in said(read())
    stated = {"train": "folds/1/train.txt", "val": "folds/1/val.txt"}
    assert stems(read(splits=stated)) == {"train": ["b", "c"], "val": ["a"]}


def test_accents_beside_their_letters(read: Read, write: Write) -> None:
    """As macOS and its archives write them."""
    apart, together = (
        unicodedata.normalize("NFD", "Zürich é"),
        unicodedata.normalize("NFC", "Zürich é"),
    )
    write(f"images/{together} 1.JPG")
    write(f"masks/{apart} 1.PNG", mask(0, 1))
    write(f"images/{apart} 2.jpg")
    write(f"masks/{together} 2_mask.png", mask(1, 0))
    write("train.txt", f"{apart} 1\n")
    write("val.txt", f"{together} 2.jpg\n")

    found = read()

    assert stems(found) == {"train": [f"{together} 1"], "val": [f"{apart} 2"]}
    assert classes(found["val"]) == mask(1, 0).tolist()
    stated = read(mask_names="masks/{}_mask.png", on_error="skip", splits={})
    assert stems(stated) == {"train": [f"{apart} 2"]}


@pytest.mark.parametrize("stated", ["images/one", "one", "one.txt"])
def test_stated_splits(read: Read, write: Write, stated: str) -> None:
    for folder, name in (("one", "a"), ("two", "b")):
        write(f"images/{folder}/{name}.jpg")
        write(f"masks/{folder}/{name}.png", mask(0, 1))
    write("one.txt", "a.jpg\n")

    found = read(splits={"train": stated, "test": "two"})

    assert stems(found) == {"train": ["a"], "test": ["b"]}


def test_test_images_without_masks_are_for_predict(read: Read, write: Write) -> None:
    write("images/train/a.jpg")
    write("masks/train/a.png", mask(0, 1))
    write("images/test/b.jpg")

    found = read()

    assert (found["train"].labelled, found["test"].labelled) == (True, False)


def test_what_lacks_its_other_half_is_named(refused: Refused, read: Read, write: Write) -> None:
    for name in "ab":
        write(f"images/{name}.jpg")
        write(f"masks/{name}.png", mask(0, 1))
    lone = write("images/c.jpg")

    assert "c.jpg has no mask, expected one by its name" in refused()
    assert stems(read(on_error="skip")) == {"train": ["a", "b"]}
    assert "images have no mask: left out (1: " in said(read(on_error="skip"))

    lone.unlink()
    write("masks/d.png", mask(0, 1))
    assert "d.png is the mask of no image" in refused()
    assert "masks belong to no image: passed over (1: " in said(read(on_error="skip"))


def test_two_masks_for_one_image(refused: Refused, read: Read, write: Write) -> None:
    write("images/a_leftImg8bit.png")
    write("gtFine/a_gtFine_labelIds.png", mask(0, 7))
    write("gtFine/a_gtFine_color.png", np.zeros((6, 8, 3), np.uint8))
    write("gtFine/a_gtFine_instanceIds.png", mask(0, 7000, dtype=np.uint16))
    write("gtFine/a_gtFine_labelTrainIds.png", mask(0, 1, 255))

    message = refused()

    assert "a_gtFine_labelIds.png and " in message
    assert "a_gtFine_labelTrainIds.png are both masks for " in message
    assert 'data.mask_names, such as "{}_gtFine_labelIds.png"' in message
    found = read(mask_names="{}_gtFine_labelTrainIds.png", on_error="skip")
    assert classes(found["train"]) == mask(0, 1, 255).tolist()


def test_two_masks_of_one_name_are_told_apart_by_their_folders(
    refused: Refused, read: Read, write: Write
) -> None:
    write("images/a.jpg")
    write("labels/coarse/a.png", mask(0, 1))
    write("labels/fine/a.png", mask(1, 0))

    assert 'data.mask_names, such as "coarse/{}.png"' in refused()
    assert classes(read(mask_names="coarse/{}.png")["train"]) == mask(0, 1).tolist()


def test_a_mask_for_each_object(refused: Refused, write: Write) -> None:
    for image in ("ab12", "cd34"):
        write(f"stage1_train/{image}/images/{image}.png")
        for name in ("x", "y"):
            write(f"stage1_train/{image}/masks/{image}{name}.png", mask(0, 255))

    assert "a mask for each object, as Kaggle's Data Science Bowl has" in refused()


def test_a_folder_without_masks(refused: Refused, write: Write) -> None:
    write("images/a.jpg")

    assert "holds no image with a mask; expected images/a.jpg and masks/a.png" in refused()


@pytest.mark.parametrize("size", [(8, 7), (16, 15), (6, 8)])
def test_a_mask_of_another_shape(
    refused: Refused, read: Read, write: Write, size: tuple[int, int]
) -> None:
    for name in "ab":
        write(f"images/{name}.png")
        write(f"masks/{name}.png", mask(0, 1))
    write("masks/b.png", Image.new("L", size))

    message = refused()

    assert f"b.png is {size[0]} x {size[1]} pixels, its image " in message
    assert "8 x 6, expected the same" in message
    assert stems(read(on_error="skip")) == {"train": ["a"]}


def test_a_mask_of_another_scale(read: Read, write: Write) -> None:
    write("images/a.png")
    write("masks/a.png", np.repeat(np.repeat(mask(0, 1), 2, axis=0), 2, axis=1))

    image, found, size = read()["train"].read(0, 8)

    assert size.tolist() == [6, 8]
    assert found[1:7].tolist() == mask(0, 1).tolist()
    assert found[[0, 7]].unique().tolist() == [255]
    assert image[:, [0, 7]].unique().tolist() == [0]


def turned_photo(note: int) -> tuple[Image.Image, Image.Exif]:
    exif = Image.Exif()
    exif[0x0112] = note
    return Image.fromarray(np.full((6, 8, 3), 90, np.uint8)), exif


@pytest.mark.parametrize("as_stored", [False, True])
def test_masks_of_photographs_that_exif_turns(read: Read, write: Write, as_stored: bool) -> None:
    photo, exif = turned_photo(6)
    stored = mask(0, 1, 1, 1)
    seen = np.rot90(stored, -1)
    write("images/a.jpg", photo, exif=exif)
    write("masks/a.png", stored if as_stored else seen)

    found = read()

    assert classes(found["train"]) == seen.tolist()
    note = "masks lie as their photographs are stored: turned with them (1: "
    assert (note in said(found)) == as_stored
    assert found["train"].read(0, 8)[2].tolist() == [8, 6]


def test_upside_down_photographs_go_by_the_others(
    refused: Refused, read: Read, write: Write
) -> None:
    stored = mask(0, 1, 1, 1)
    photo, exif = turned_photo(3)
    write("images/a.jpg", photo, exif=exif)
    write("masks/a.png", stored)
    assert "a.png may lie as its photograph " in refused()

    photo, exif = turned_photo(8)
    write("images/b.jpg", photo, exif=exif)
    write("masks/b.png", stored)

    assert classes(read()["train"], 0) == np.rot90(stored, 2).tolist()


def test_a_second_start_reads_no_mask(
    read: Read, write: Write, experiment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("images/a.jpg")
    write("masks/a.png", mask(0, 1))
    before = said(read())
    monkeypatch.setattr(experiment("core.data.masks.survey"), "read_mask", None)

    assert said(read()) == before

    monkeypatch.undo()
    write("masks/a.png", mask(0, 1, 2))
    assert "0..2" in said(read())


@pytest.mark.parametrize("name", ["splits/train.csv", "split.json", "train_test_split.txt"])
def test_files_that_may_say_splits_and_are_not_read_are_said(
    read: Read, write: Write, name: str
) -> None:
    for stem in "ab":
        write(f"images/{stem}.jpg")
        write(f"masks/{stem}.png", mask(0, 1))
    write(name, "image\n")

    found = read()

    assert list(found) == ["train"]
    assert "files may say which images are of which split, and are not read" in said(found)
    assert "may say" not in said(read(splits={}))


def test_lists_that_are_called_lists(read: Read, write: Write) -> None:
    for stem in "abc":
        write(f"images/{stem}.jpg")
        write(f"masks/{stem}.png", mask(0, 1))
    write("trainlist.txt", "a\nb\n")
    write("vallist.txt", "c\n")

    assert stems(read()) == {"train": ["a", "b"], "val": ["c"]}


@pytest.mark.parametrize("folders", [("imagesTr", "labelsTr"), ("images", "masks")])
@pytest.mark.parametrize("on_error", ["raise", "skip"])
def test_channels_in_files_of_their_own_are_refused(
    refused: Refused, write: Write, folders: tuple[str, str], on_error: str
) -> None:
    """With ``skip``, all but the first would be left out as images without a mask."""
    for stem in "ab":
        for channel in range(2):
            write(f"{folders[0]}/{stem}_000{channel}.png", mask(9, 80))
        write(f"{folders[1]}/{stem}.png", mask(0, 1))

    message = refused(on_error=on_error)

    assert "a_0000.png and" in message
    assert "a_0001.png are channels of one image, as nnU-Net has them" in message


def test_frames_that_are_numbered_as_channels_are(read: Read, write: Write) -> None:
    for number in range(3):
        write(f"images/a_000{number}.png", mask(9, 80))
        write(f"masks/a_000{number}.png", mask(0, 1))

    assert stems(read()) == {"train": ["a_0000", "a_0001", "a_0002"]}
