"""Files that say which number or colour is which class, and masks that hold either."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from masked_files import Read, classes, mask, said
from PIL import Image

Write = Callable[..., Path]
Refused = Callable[..., str]
BLACK, RED, GREEN = (0, 0, 0), (128, 0, 0), (0, 128, 0)
LABELMAP = "background:0,0,0::\ncat:128,0,0::\ndog:0,128,0::\n"


def in_order(values: Any, *colors: tuple[int, int, int]) -> Image.Image:
    image = Image.fromarray(values)
    image.putpalette([part for color in colors for part in color])
    return image


def grey(values: Any, *levels: int) -> Any:
    """RGB in which each number is a level of grey."""
    return np.repeat(np.array(levels, np.uint8)[values][..., None], 3, axis=2)


def one_bit(values: Any) -> Image.Image:
    return Image.fromarray(values * 255).convert("1")


ROADS = "name,r,g,b\nroad,255,255,255\nbackground,0,0,0\n"
GREYS = "name,r,g,b\nsky,128,128,128\nroad,64,64,64\nvoid,0,0,0\n"
# What the mask of the numbers 0, 1, 2 is in the order of the file.
SHOWN = {
    "DeepGlobe's roads, white first": ("class_dict.csv", ROADS, mask(0, 255), (1, 0)),
    "the same, as RGB": ("class_dict.csv", ROADS, grey(mask(0, 1), 0, 255), (1, 0)),
    "the same, in one bit": ("class_dict.csv", ROADS, one_bit(mask(0, 1)), (1, 0)),
    "levels of grey": ("class_dict.csv", GREYS, grey(mask(0, 1, 2), 0, 64, 128), (2, 1, 0)),
    "a palette in an order of its own": (
        "labelmap.txt",
        LABELMAP,
        in_order(mask(0, 1, 2), BLACK, GREEN, RED),
        (0, 2, 1),
    ),
}


@pytest.mark.parametrize("kind", SHOWN)
def test_masks_that_hold_what_the_table_shows(read: Read, write: Write, kind: str) -> None:
    file, table, written, expected = SHOWN[kind]
    write("images/a.jpg")
    write("masks/a.png", written)
    write(file, table)

    found = read()["train"]

    assert classes(found) == mask(*expected).tolist()
    assert "masks hold colours [0, 0, 0], " in said({"train": found})


def test_a_palette_as_the_table_has_it_is_read_by_its_numbers(read: Read, write: Write) -> None:
    """So that 255, VOC's border, counts for nothing, whatever it is shown in."""
    palette = [BLACK, RED, GREEN, *[(9, 9, 9)] * 252, (224, 224, 192)]
    write("images/a.jpg")
    write("masks/a.png", in_order(mask(0, 1, 2, 255), *palette))
    write("labelmap.txt", LABELMAP)

    assert classes(read()["train"]) == mask(0, 1, 2, 255).tolist()


def test_a_palette_that_contradicts_its_table(refused: Refused, read: Read, write: Write) -> None:
    write("images/a.jpg")
    write("masks/a.png", in_order(mask(0, 1, 2), BLACK, GREEN, (9, 9, 9)))
    write("labelmap.txt", LABELMAP)

    message = refused()

    assert "a.png shows 1 as [0, 128, 0], which " in message
    assert "labelmap.txt says is 2: state data.colors, or data.class_names" in message
    named = read(class_names=["background", "cat", "dog"])["train"]
    assert classes(named) == mask(0, 1, 2).tolist()


def test_numbers_beside_colours_in_a_table(read: Read, write: Write) -> None:
    """Not the order of the rows: masks hold the column of numbers."""
    rows = "id,name,r,g,b\n2,sky,128,0,0\n7,road,0,128,0\n0,void,0,0,0\n"
    write("images/a.jpg")
    write("masks/a.png", mask(0, 2, 7))
    write("classes.csv", rows)

    found = read()["train"]

    assert found.class_names == ["sky", "road", "void"]
    assert classes(found) == mask(2, 0, 1).tolist()


NNUNET = {
    "version 2": {"background": 0, "cat": 1, "dog": 2, "ignore": 3},
    "version 1": {"0": "background", "1": "cat", "2": "dog", "3": "ignore"},
}


@pytest.mark.parametrize("version", NNUNET)
def test_nnunet(read: Read, write: Write, version: str) -> None:
    for name in "ab":
        write(f"imagesTr/case_{name}_0000.png")
        write(f"labelsTr/case_{name}.png", mask(0, 1, 2, 3))
    write("imagesTs/case_c_0000.png")
    write("dataset.json", json.dumps({"channel_names": {"0": "R"}, "labels": NNUNET[version]}))

    found = read()

    assert {split: (len(one), one.labelled) for split, one in found.items()} == {
        "train": (2, True),
        "test": (1, False),
    }
    assert found["train"].class_names == ["background", "cat", "dog"]
    assert classes(found["train"]) == mask(0, 1, 2, 255).tolist()


def test_nnunets_regions_are_no_classes(refused: Refused, write: Write) -> None:
    write("imagesTr/a_0000.png")
    write("labelsTr/a.png", mask(0, 1, 2))
    write("dataset.json", json.dumps({"labels": {"background": 0, "whole": [1, 2], "core": 2}}))

    assert "in another form than expected (regions of several numbers each)" in refused()


@pytest.mark.parametrize("white", [255, 65535])
def test_black_and_white(read: Read, write: Write, white: int) -> None:
    """Kaggle's salt has 65535 in 16 bits."""
    write("images/a.png")
    write("masks/a.png", mask(0, white, dtype=np.uint8 if white == 255 else np.uint16))

    plain, named = read()["train"], read(class_names=["sand", "salt"])["train"]

    assert (plain.class_names, classes(plain)) == (
        ["background", "foreground"],
        mask(0, 1).tolist(),
    )
    assert (named.class_names, classes(named)) == (["sand", "salt"], mask(0, 1).tolist())


MIXED = {
    "two tools": (mask(0, 1), mask(0, 255)),
    "one bit and eight": (one_bit(mask(0, 1)), mask(0, 255)),
    "nearly black and white": (np.where(np.arange(48) == 5, 1, mask(0, 255).ravel()),),
}


@pytest.mark.parametrize("kind", MIXED)
@pytest.mark.parametrize("names", [None, ["sand", "salt"]])
def test_white_is_not_taken_for_what_does_not_count(
    refused: Refused, read: Read, write: Write, kind: str, names: list[str] | None
) -> None:
    for number, written in enumerate(MIXED[kind]):
        is_image = isinstance(written, Image.Image)
        write(f"images/{number}.png")
        values = written if is_image else np.asarray(written, np.uint8).reshape(6, 8)
        write(f"masks/{number}.png", values)

    message = refused(class_names=names)

    assert "the masks hold 0, 1 and, such as " in message
    assert "if its pixels do not count, state data.ignore_values='[255]'" in message
    stated = read(class_names=names, ignore_values=[255])["train"]
    assert {*np.unique(classes(stated, len(MIXED[kind]) - 1)).tolist()} >= {0, 255}


def test_a_border_that_does_not_count_needs_no_word(read: Read, write: Write) -> None:
    for name, numbers in (("a", (0, 1, 1, 255)), ("b", (255,))):
        write(f"images/{name}.jpg")
        write(f"masks/{name}.png", mask(*numbers))

    assert classes(read()["train"]) == mask(0, 1, 1, 255).tolist()


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_table_with_another_mark_between_its_cells(read: Read, write: Write, mark: str) -> None:
    """As spreadsheets save it where the comma is in numbers."""
    write("images/a.jpg")
    write("masks/a.png", mask(0, 1))
    write("classes.csv", "Pixel Value, Class\n0, ground\n1, road\n".replace(",", mark))

    assert read()["train"].class_names == ["ground", "road"]
