"""What numbers and colours in masks mean: stated, named by a file, plain, or refused."""

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
COLORS = {0: (0, 0, 0), 1: (128, 0, 0), 2: (0, 128, 0)}


def colored(values: Any, colors: Any = None) -> Any:
    table = np.zeros((256, 3), np.uint8)
    for number, color in (colors or COLORS).items():
        table[number] = color
    return table[values]


def with_palette(values: Any, *colors: tuple[int, int, int], **info: Any) -> Image.Image:
    image = Image.fromarray(values)
    image.putpalette([part for color in colors for part in color])
    image.info |= info
    return image


def one_bit(values: Any) -> Image.Image:
    return Image.fromarray(values * 255).convert("1")


RED, GREEN = (128, 0, 0), (0, 128, 0)
HIDDEN = (Image.fromarray(mask(255, 0, 255)), Image.fromarray(mask(255, 255, 0)))
PLAIN = {
    "bytes": ("a.png", mask(0, 1, 2), mask(0, 1, 2)),
    "a palette": ("a.png", with_palette(mask(0, 1, 2), (9, 9, 9), RED, GREEN), mask(0, 1, 2)),
    "an ignored border": ("a.png", mask(0, 1, 2, 255), mask(0, 1, 2, 255)),
    "16 bits": ("a.png", mask(0, 1, 2, dtype=np.uint16), mask(0, 1, 2)),
    "one bit": ("a.png", one_bit(mask(0, 1)), mask(0, 1)),
    "0 and 255": ("a.png", mask(0, 255), mask(0, 1)),
    "grey as RGB": ("a.png", np.repeat(mask(0, 1, 2)[..., None], 3, axis=2), mask(0, 1, 2)),
    "white as RGB": ("a.png", np.repeat(mask(0, 255)[..., None], 3, axis=2), mask(0, 1)),
    "an array": ("a.npy", mask(0, 1, 2, dtype=np.int64), mask(0, 1, 2)),
    "an array of bools": ("a.npy", mask(0, 1, dtype=bool), mask(0, 1)),
    "an array of floats": ("a.npy", mask(0, 1, dtype=np.float32)[None], mask(0, 1)),
    "half hidden": ("a.png", Image.merge("LA", HIDDEN), mask(1, 0, 0)),
    "a palette with transparency": (
        "a.png",
        with_palette(mask(0, 1, 2), (9, 9, 9), RED, GREEN, transparency=b"\0\x80\xff"),
        mask(0, 1, 2),
    ),
    "TIFF": ("a.tif", mask(0, 1, 2, dtype=np.int32), mask(0, 1, 2)),
}


@pytest.mark.parametrize("kind", PLAIN)
def test_plain_numbers(read: Read, write: Write, kind: str) -> None:
    name, written, expected = PLAIN[kind]
    write("images/a.jpg")
    write(f"masks/{name}", written)

    found = read()["train"]

    assert classes(found) == expected.tolist()
    counted = sorted(set(np.unique(expected).tolist()) - {255})
    names = ["background", "foreground"] if len(counted) == 2 else ["0", "1", "2"]
    assert found.class_names == names
    assert "masks hold class numbers 0" in said({"train": found})


def test_grey_of_four_bits_is_not_stretched(read: Read, write: Write) -> None:
    """PIL reads 1 as 17 and 15 as 255."""
    import struct
    import zlib

    rows = b"".join(b"\0" + bytes([0x01, 0x2F, 0x01, 0x2F]) for _ in range(6))

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    header = struct.pack(">IIBBBBB", 8, 6, 4, 0, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows))
    write("images/a.jpg")
    write("masks/a.png", mask(0)).write_bytes(png + chunk(b"IEND", b""))

    found = read(class_names=[f"c{number}" for number in range(16)])["train"]

    assert classes(found)[0] == [0, 1, 2, 15, 0, 1, 2, 15]


@pytest.mark.parametrize("most", [3, 255, 300])
def test_a_pgm_whose_white_is_another(read: Read, write: Write, most: int) -> None:
    """PIL reads the most as 255, or 65535."""
    values = mask(0, 1, 2, 3).astype(np.uint8 if most < 256 else ">u2")
    write("images/a.jpg")
    write("masks/a.pgm", mask(0)).write_bytes(f"P5\n8 6\n{most}\n".encode() + values.tobytes())

    assert classes(read()["train"]) == mask(0, 1, 2, 3).tolist()


def test_all_masks_are_looked_at_not_the_first(read: Read, write: Write) -> None:
    for number in range(20):
        write(f"images/{number:02}.jpg")
        write(f"masks/{number:02}.png", mask(0, 1) if number < 19 else mask(0, 1, 2, 3))

    assert read()["train"].class_names == ["0", "1", "2", "3"]


def test_numbers_with_gaps_are_stated(refused: Refused, read: Read, write: Write) -> None:
    write("images/a.jpg")
    write("masks/a.png", mask(0, 7, 11))

    message = refused()

    assert "the masks hold 0, 7, 11, such as " in message
    assert "as 3 classes, state it by data.class_values='[0, 7, 11]'" in message
    assert "some of the numbers 0..11, name all of these by data.class_names" in message
    found = read(class_values=[7, 11], class_names=["road", "wall"], ignore_values=[0])["train"]
    assert (found.class_names, classes(found)) == (["road", "wall"], mask(255, 0, 1).tolist())
    named = read(class_names=[f"c{number}" for number in range(12)])["train"]
    assert classes(named) == mask(0, 7, 11).tolist()
    assert "classes have no pixel to train on (9, the first: c1)" in said({"train": named})


@pytest.mark.parametrize("kind", ["numbers", "colours"])
def test_unknown_values_are_named_by_file(
    refused: Refused, read: Read, write: Write, kind: str
) -> None:
    values: dict[str, Any] = {"class_names": ["sky", "road"]}
    for name, numbers in (("a", (0, 1)), ("b", (0, 1, 2))):
        write(f"images/{name}.jpg")
        written = mask(*numbers)
        if kind == "colours":
            written = colored(written)
            values = {"colors": {"sky": [0, 0, 0], "road": [128, 0, 0]}}
        write(f"masks/{name}.png", written)

    message = refused(**values)

    if kind == "numbers":
        assert "b.png holds 2, expected class numbers 0, 1, 255 ignored" in message
    else:
        assert (
            "b.png holds the colour [0, 128, 0], expected colours [0, 0, 0], [128, 0, 0]" in message
        )
    skipped = read(on_error="skip", **values)
    assert len(skipped["train"]) == 1
    assert "masks cannot be used: left out (1: " in said(skipped)


def test_colours_need_a_table(refused: Refused, read: Read, write: Write) -> None:
    write("images/a.jpg")
    write("masks/a.png", colored(mask(0, 1, 2)))

    message = refused()

    assert "a.png holds colours where class numbers were expected" in message
    typed = "{class_0: [0, 0, 0], class_1: [0, 128, 0], class_2: [128, 0, 0]}"
    assert f"data.colors='{typed}'" in message
    colors = {"void": [0, 0, 0], "road": [128, 0, 0], "sky": [0, 128, 0]}
    found = read(colors=colors, ignore_classes=["void"])["train"]
    assert (found.class_names, classes(found)) == (["road", "sky"], mask(255, 0, 1).tolist())
    assert "colours [0, 128, 0], [128, 0, 0], [0, 0, 0] ignored" in said({"train": found})


TABLES = {
    "labelmap.txt": "# label:color_rgb::\nbackground:0,0,0::\ncat:128,0,0::\ndog:0,128,0::\n",
    "label_colors.txt": "0 0 0\t\tbackground\n128 0 0\t\tcat\n0 128 0\tdog\n",
    "class_dict.csv": "name,r,g,b\nbackground,0,0,0\ncat,128,0,0\ndog,0,128,0\n",
    "class_dict_seg.csv": "name, r, g, b\nbackground, 0, 0, 0\ncat, 128, 0, 0\ndog, 0, 128, 0\n",
    "obj_class_to_machine_color.json": json.dumps({"cat": RED, "dog": GREEN}),
}


@pytest.mark.parametrize("file", TABLES)
def test_tables_of_colours(read: Read, write: Write, file: str) -> None:
    write("images/a.jpg")
    write("masks/a.png", colored(mask(0, 1, 2)))
    write(file, TABLES[file])

    found = read()["train"]

    assert found.class_names == ["background", "cat", "dog"]
    assert classes(found) == mask(0, 1, 2).tolist()


NAMES = {
    "_classes.csv": "Pixel Value, Class\n0, background\n1, cat\n2, dog\n",
    "class_names.txt": "__ignore__\nbackground\ncat\ndog\n",
    "codes.txt": "background\ncat\ndog",
    "obj_class_to_machine_color.json": json.dumps({"cat": (1, 1, 1), "dog": (2, 2, 2)}),
    "labelmap.txt": TABLES["labelmap.txt"],
}


@pytest.mark.parametrize("file", NAMES)
def test_files_that_name_numbers(read: Read, write: Write, file: str) -> None:
    write("images/a.jpg")
    write("masks/a.png", mask(0, 2))
    write(file, NAMES[file])

    found = read()["train"]

    assert found.class_names == ["background", "cat", "dog"]
    assert classes(found) == mask(0, 2).tolist()


def test_tables_that_differ_or_are_broken(refused: Refused, write: Write) -> None:
    write("train/a.jpg")
    write("train/a_mask.png", mask(0, 1))
    write("train/_classes.csv", "Pixel Value, Class\n0, background\n1, cat\n")
    other = write("valid/_classes.csv", "Pixel Value, Class\n0, background\n1, dog\n")

    message = refused()

    assert "_classes.csv names the classes background, cat, " in message
    other.write_text("Pixel Value, Class\nzero, background\n")
    assert "names the classes in another form than expected (" in refused()


def test_a_palette_for_each_file(refused: Refused, read: Read, write: Write) -> None:
    """As converting RGB to a palette makes them: the number says nothing, the colour does."""
    write("images/a.jpg")
    write("images/b.jpg")
    write("masks/a.png", with_palette(mask(0, 1), COLORS[0], RED))
    write("masks/b.png", with_palette(mask(0, 1), COLORS[0], GREEN))

    message = refused()

    assert "a.png shows 1 as [128, 0, 0], " in message
    assert "b.png as [0, 128, 0]: each file has a palette of its own" in message
    colors = {"background": [0, 0, 0], "cat": [128, 0, 0], "dog": [0, 128, 0]}
    found = read(colors=colors)["train"]
    assert classes(found, 0) == mask(0, 1).tolist()
    assert classes(found, 1) == mask(0, 2).tolist()


def test_jpegs(refused: Refused, read: Read, write: Write) -> None:
    values = np.kron(np.array([[0, 1], [1, 0]], np.uint8), np.ones((32, 32), np.uint8))
    write("images/a.png", np.zeros((64, 64, 3), np.uint8))
    write("masks/a.jpg", values * 255, quality=60)

    assert "a.jpg is a JPEG, which blurs class numbers" in refused()
    colors = {"background": [0, 0, 0], "foreground": [255, 255, 255]}
    assert classes(read(colors=colors)["train"]) == values.tolist()

    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    write("masks/a.jpg", noise)
    colors = {"background": [0, 0, 0], "cat": [10, 0, 0]}
    with pytest.raises(Exception, match=r"a.jpg has \d+% of its pixels far from all colours"):
        read(colors=colors)["train"].read(0, 64)


def test_a_webp_that_loses_values(refused: Refused, read: Read, write: Write) -> None:
    values = np.kron(np.array([[0, 1], [1, 0]], np.uint8), np.ones((32, 32), np.uint8))
    write("images/a.png", np.zeros((64, 64, 3), np.uint8))
    write("masks/a.webp", Image.fromarray(colored(values)), quality=60)

    assert "colours or more: is it a mask?" in refused()
    found = read(colors={"background": [0, 0, 0], "cat": [128, 0, 0]})["train"]
    assert (np.asarray(classes(found)) == values).mean() > 0.95

    write("masks/a.webp", Image.fromarray(colored(values)), lossless=True)
    found = read(colors={"background": [0, 0, 0], "cat": [128, 0, 0]})["train"]
    assert classes(found) == values.tolist()


BAD = {
    "overlay": (np.full((6, 8, 4), 90, np.uint8), "is half transparent in places: an overlay?"),
    "nothing": (mask(255), "hold nothing but 255"),
    "one class": (mask(3), "hold nothing but 3"),
    "softened": (
        np.arange(256, dtype=np.uint8).reshape(16, 16),
        "the masks hold 255 different numbers",
    ),
    "a photograph": (
        np.random.default_rng(0).integers(0, 255, (6, 8, 3), np.uint8),
        "colours or more: is it a mask?",
    ),
    "CMYK": (Image.new("CMYK", (8, 6)), "expected class numbers, a palette or colours"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_mask(refused: Refused, write: Write, kind: str) -> None:
    written, expected = BAD[kind]
    write("images/a.jpg", np.zeros((16, 16) if kind == "softened" else (6, 8), np.uint8))
    write("masks/a.tif" if kind == "CMYK" else "masks/a.png", written)

    message = refused()

    assert expected in message


def test_unreadable_files_and_arrays(refused: Refused, read: Read, write: Write) -> None:
    for name in "ab":
        write(f"images/{name}.jpg")
        write(f"masks/{name}.png", mask(0, 1))
    broken = write("masks/b.png", "no picture")

    assert "b.png cannot be read (it is no image, or a damaged one)" in refused()
    assert len(read(on_error="skip")["train"]) == 1

    broken.unlink()
    write("masks/b.npy", np.zeros((6, 8, 5), np.uint8))
    assert "b.npy is an array of 6 x 8 x 5, expected (height, width)" in refused()
    write("masks/b.npy", np.full((6, 8), 0.5))
    assert "b.npy holds numbers that are not whole" in refused()


def test_a_mask_without_a_pixel_that_counts_is_said(read: Read, write: Write) -> None:
    for name, numbers in (("a", (0, 1)), ("b", (255,))):
        write(f"images/{name}.jpg")
        write(f"masks/{name}.png", mask(*numbers))

    assert "masks have no pixel that counts (1: " in said(read())


SETTINGS = {
    "class_names": (["a"], "2 to 255 names"),
    "class_values": ([1, 1], "2 to 255 numbers"),
    "colors": ({"a": [0, 0]}, "must be red, green, blue"),
    "colors that are the same": (
        {"a": [0, 0, 0], "b": [0, 0, 0]},
        "must be 2 colours or more, each once",
    ),
    "mask_names": ("a_mask.png", "must have one {}"),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_that_cannot_be_meant(experiment: Any, name: str) -> None:
    value, expected = SETTINGS[name]

    with pytest.raises(ValueError, match=expected):
        experiment("core.config").MaskDataConfig(**{name.split()[0]: value})


@pytest.mark.parametrize(("values", "dtype"), [((0, 255), np.uint8), ((0, 1), np.uint16)])
def test_a_tiff_whose_zero_is_white_is_refused(
    refused: Refused, write: Write, values: tuple[int, ...], dtype: Any
) -> None:
    """ImageJ's inverting table: foreground and background would change places in some programs."""
    write("images/a.png")
    write("masks/a.tif", Image.fromarray(mask(*values, dtype=dtype)), tiffinfo={262: 0})

    assert "masks/a.tif says that 0 is white" in refused()


def test_a_tiff_of_one_bit_is_read_as_it_is_shown(read: Read, write: Write) -> None:
    """Scanners and fax coding write black as 1."""
    write("images/a.png")
    shown = Image.fromarray(mask(0, 255)).convert("1")
    write("masks/a.tif", shown, tiffinfo={262: 0}, compression="group4")

    assert classes(read()["train"]) == mask(0, 1).tolist()
