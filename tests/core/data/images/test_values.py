"""Which values of an image are black and white: bytes, deeper integers, floats, and odd kinds."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from modules import Modules
from PIL import Image


def png16(values: np.ndarray) -> bytes:
    """A PNG of 16 bits a channel, which PIL cannot write in colour."""
    height, width, channels = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)

    def chunk(kind: bytes, content: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + crc

    color = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 16, color, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def tiff16(values: np.ndarray, order: str) -> bytes:
    """An uncompressed TIFF in colour of 16 bits a channel, in either order of bytes."""
    height, width, channels = values.shape
    pixels = values.astype(f"{order}u2").tobytes()
    entries = [
        (256, 3, 1, width),
        (257, 3, 1, height),
        (258, 3, 3, 8 + len(pixels)),
        (259, 3, 1, 1),
        (262, 3, 1, 2),
        (273, 4, 1, 8),
        (277, 3, 1, channels),
        (278, 4, 1, height),
        (279, 4, 1, len(pixels)),
    ]
    bits = struct.pack(f"{order}3H", 16, 16, 16)
    begin = 8 + len(pixels) + len(bits)
    table = struct.pack(f"{order}H", len(entries))
    for tag, kind, count, value in entries:
        short = kind == 3 and count == 1
        held = struct.pack(
            f"{order}HH" if short else f"{order}I", *((value, 0) if short else (value,))
        )
        table += struct.pack(f"{order}HHI", tag, kind, count) + held
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", begin)
    return head + pixels + bits + table + struct.pack(f"{order}I", 0)


def deep(root: Path, dtype: Any, top: int, suffix: str = "png", count: int = 5) -> Path:
    """Two classes of grey images, a dark one and a bright one; the greatest value is ``top``."""
    for split in ("train", "val", "test"):
        for number, name in enumerate(("dark", "light")):
            folder = root / split / name
            folder.mkdir(parents=True)
            for index in range(count if split == "train" else 4):
                values = np.full((8, 8), (number + 1) * top // 2, dtype=dtype)
                values[0, 0] = index * top // (4 * count)
                Image.fromarray(values).save(folder / f"{index}.{suffix}")
    return root


def pixels(data: Any, split: str = "train") -> torch.Tensor:
    """What the examples of a split hold, in numbers from 0 to 1."""
    image = data.some(1000, split).image.as_subclass(torch.Tensor)
    return image / 255 if image.dtype == torch.uint8 else image


@pytest.mark.parametrize("in_memory_mb", [0, 100])
@pytest.mark.parametrize(
    ("dtype", "suffix", "top", "white"),
    [
        (np.uint16, "png", 200, 255),
        (">u2", "tiff", 255, 255),
        ("<u2", "tiff", 900, 1023),
        ("i4", "tiff", 4095, 4095),
        (np.uint16, "png", 9000, 16383),
        (np.uint16, "tiff", 65535, 65535),
    ],
)
def test_deep_images_go_by_the_power_of_two_that_covers_them(
    make: Callable[..., Any],
    tmp_path: Path,
    dtype: Any,
    suffix: str,
    top: int,
    white: int,
    in_memory_mb: int,
) -> None:
    deep(tmp_path, dtype, top, suffix)

    data = make(source="folder", root=str(tmp_path), in_memory_mb=in_memory_mb)

    assert data.facts.value_range == [0.0, float(white)]
    assert data.facts.channels == 1
    assert pixels(data).max() == pytest.approx(top / white, abs=1e-6)
    assert data.facts.mean[0] == pytest.approx(float(pixels(data).mean()), abs=1e-4)
    assert data.some(1).image.dtype == (torch.uint8 if white == 255 else torch.float32)
    (batch,) = data.val_dataloader()
    wanted = (pixels(data, "val") - data.facts.mean[0]) / data.facts.std[0]
    torch.testing.assert_close(batch.image.as_subclass(torch.Tensor), wanted)


def test_the_greys_of_16_bits_are_not_rounded_to_8(
    make: Callable[..., Any], tmp_path: Path
) -> None:
    """A step of one in 65535 is still there."""
    for number, name in enumerate(("a", "b")):
        (tmp_path / name).mkdir()
        for index in range(20):
            values = np.full((8, 8), 30000 + number, dtype=np.uint16)
            values[0, 0] = 65535
            Image.fromarray(values).save(tmp_path / name / f"{index}.png")

    data = make(source="folder", root=str(tmp_path))
    batch = data.some(1000)

    levels = batch.image[:, 0, 4, 4].double() * 65535
    assert levels.round().long().tolist() == (30000 + batch.label).tolist()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", ["png", "little", "big", "packed"])
def test_colours_of_16_bits_keep_both_their_bytes(
    experiment: Modules, tmp_path: Path, kind: str, channels: int
) -> None:
    values = np.random.default_rng(0).integers(0, 65536, (6, 5, 3))
    files = {
        "png": png16(values),
        "little": tiff16(values, "<"),
        "big": tiff16(values, ">"),
    }
    file = tmp_path / "deep.tiff"
    if kind == "packed":
        file = tmp_path / "deep.png"
        file.write_bytes(png16(np.concatenate([values, np.full((6, 5, 1), 65535)], axis=2)))
    else:
        file.write_bytes(files[kind])
    of_values = experiment("core.data.images.values")

    image = Image.open(file)
    found = of_values.seen(image, channels, of_values.ValueRange(0.0, 65535.0)).tensor().numpy()

    assert of_values.is_deep(Image.open(file))
    wanted = values.transpose(2, 0, 1) / 65535
    if channels == 1:
        wanted = np.tensordot([0.299, 0.587, 0.114], wanted, axes=1)[None]
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_what_pil_gives_half_of_is_refused(
    experiment: Modules, refusal: Callable[..., str], tmp_path: Path
) -> None:
    values = np.random.default_rng(0).integers(0, 65536, (6, 5, 2))
    (tmp_path / "a.png").write_bytes(png16(values))
    images = experiment("core.data.images.folder").load_unlabelled(tmp_path, ["one"], 1)

    message = refusal(lambda: images.read(0, 4))

    assert "PIL reads only the upper 8 bits of its 16" in message
    assert "a.png cannot be read" in message


@pytest.mark.parametrize("in_memory_mb", [0, 100])
def test_deep_images_are_augmented_and_shown(
    experiment: Modules, make: Callable[..., Any], tmp_path: Path, in_memory_mb: int
) -> None:
    deep(tmp_path, np.uint16, 4095)
    data = make(source="folder", root=str(tmp_path), in_memory_mb=in_memory_mb, batch_size=4)

    batches = list(data.train_dataloader())
    samples = data.preview(3)

    assert sum(len(batch.label) for batch in batches) == 10
    seen = torch.cat([batch.image for batch in batches]) * data.facts.std[0] + data.facts.mean[0]
    assert seen.dtype == torch.float32
    assert -1e-5 < seen.min() < seen.max() < 1 + 1e-5
    assert seen.max() > 0.9
    experiment("core.inspect.drawing").save_grid(samples, tmp_path / "grid.png")
    assert np.asarray(Image.open(tmp_path / "grid.png").convert("L")).max() > 200


def test_memory_is_counted_by_what_a_pixel_takes(make: Callable[..., Any], tmp_path: Path) -> None:
    """One MiB holds 10 images of 256 x 256 bytes, and not as many floats."""
    deep(tmp_path / "bytes", np.uint8, 200)
    deep(tmp_path / "floats", np.uint16, 4095)

    def held(name: str) -> bool:
        values = {"root": str(tmp_path / name), "image_size": 256, "in_memory_mb": 1}
        data = make(source="folder", **values)
        data.setup()
        return hasattr(data.examples("train"), "get_batch")

    assert held("bytes")
    assert not held("floats")


def test_what_shows_only_when_files_are_read_is_said_at_the_end(
    experiment: Modules, make: Callable[..., Any], tmp_path: Path, caplog: Any
) -> None:
    deep(tmp_path, np.uint16, 4000)
    bright = np.full((8, 8), 60000, dtype=np.uint16)
    Image.fromarray(bright).save(tmp_path / "test" / "light" / "0.png")
    data = make(source="folder", root=str(tmp_path), in_memory_mb=0)
    loader = data.test_dataloader()
    caplog.set_level("INFO")

    list(loader)
    experiment("core.data.read_report").say_late_notes({"test": {"test": loader}})

    said = [record.message for record in caplog.records if "value_range" in record.message]
    assert len(said) == 1
    assert said[0].startswith("images have values outside of data.value_range: clipped (1: ")
    assert "light/0.png" in said[0]


def test_what_is_brighter_than_the_training_images_is_clipped_and_counted(
    make: Callable[..., Any], tmp_path: Path
) -> None:
    deep(tmp_path, np.uint16, 4000)
    values = np.full((8, 8), 60000, dtype=np.uint16)
    Image.fromarray(values).save(tmp_path / "test" / "light" / "0.png")

    data = make(source="folder", root=str(tmp_path))

    assert data.facts.value_range == [0.0, 4095.0]
    assert pixels(data, "test").max() == 1
    assert any(
        "images have values outside of data.value_range: clipped (1: " in line
        for line in data.summary()
    )
    data.predict_path = tmp_path / "test" / "light"
    dataset = data.predict_dataset(data.predict_path)
    assert dataset.notes.counts == {"images have values outside of data.value_range: clipped": 1}


def test_a_run_keeps_its_range_when_the_images_become_brighter(
    experiment: Modules, make: Callable[..., Any], tmp_path: Path
) -> None:
    deep(tmp_path / "data", np.uint16, 4000)
    run: Any = SimpleNamespace(facts_file=tmp_path / "facts.json", seed=0, folder=tmp_path)
    values = {"source": "folder", "root": str(tmp_path / "data")}
    assert make(run, **values).facts.value_range == [0.0, 4095.0]
    brighter = np.full((8, 8), 60000, dtype=np.uint16)
    Image.fromarray(brighter).save(tmp_path / "data" / "train" / "light" / "0.png")

    later = make(run, **values)
    later.setup()

    assert later.value_range == [0.0, 4095.0]
    assert make(**values).facts.value_range == [0.0, 65535.0]


@pytest.mark.parametrize("limit", [None, 2])
def test_the_range_is_that_of_all_training_images(
    make: Callable[..., Any], tmp_path: Path, limit: int | None
) -> None:
    """A limit, a fold or what is held out do not move it."""
    deep(tmp_path, np.uint16, 900)
    Image.fromarray(np.full((8, 8), 5000, dtype=np.uint16)).save(tmp_path / "train/light/4.png")

    data = make(source="folder", root=str(tmp_path), limit=limit)

    assert data.facts.value_range == [0.0, 16383.0]


@pytest.mark.parametrize(
    ("dtype", "kind"), [("f4", "floats"), ("i2", "values below 0"), ("i4", "values above 65535")]
)
def test_floats_and_signed_values_need_a_stated_range(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path, dtype: str, kind: str
) -> None:
    low, high = {"f4": (-1, 1), "i2": (-1000, 3000), "i4": (0, 10**6)}[dtype]
    for split, name, level in (
        (split, name, level)
        for split in ("train", "val", "test")
        for name, level in (("dark", low), ("light", high))
    ):
        (tmp_path / split / name).mkdir(parents=True)
        for index in range(4):
            values = np.full((8, 8), level, dtype=dtype)
            Image.fromarray(values).save(tmp_path / split / name / f"{index}.tiff")
    values = {"source": "folder", "root": str(tmp_path)}

    message = refusal(make(**values).setup)

    assert kind in message
    assert f"data.value_range='[{low:g}, {high:g}]'" in message
    data = make(value_range=[float(low), float(high)], **values)
    assert data.facts.value_range == [low, high]
    assert pixels(data).unique().tolist() == [0, 1]
    assert data.some(2).image.dtype == torch.float32


def test_a_stated_range_wins_over_bytes_and_over_what_is_measured(
    make: Callable[..., Any], tmp_path: Path
) -> None:
    deep(tmp_path / "deep", np.uint16, 4000)
    deep(tmp_path / "bytes", np.uint8, 16)

    wide = make(source="folder", root=str(tmp_path / "deep"), value_range=[0.0, 8000.0])
    narrow = make(source="folder", root=str(tmp_path / "bytes"), value_range=[0.0, 16.0])
    plain = make(source="folder", root=str(tmp_path / "bytes"))
    digits = make(value_range=[0.0, 510.0])

    assert pixels(wide).max() == 0.5
    assert pixels(narrow).max() == 1
    assert pixels(plain).max() == pytest.approx(16 / 255)  # bytes, whatever is in them
    assert pixels(digits).max() == 0.5


def test_bytes_beside_deeper_images_stay_bytes(make: Callable[..., Any], tmp_path: Path) -> None:
    deep(tmp_path, np.uint16, 4095)
    Image.new("L", (8, 8), 255).save(tmp_path / "train" / "light" / "0.png")

    data = make(source="folder", root=str(tmp_path))

    assert pixels(data).max() == 1
    flat = "images have 8 bits beside deeper ones: 0 to 255 are black to white"
    deeper = "images are deeper than 8 bits, and go up to 4095: 0 to 4095 are black to white"
    assert any(f"{flat} (1: " in line for line in data.summary())
    assert any(f"{deeper} (9, the first: " in line for line in data.summary())


@pytest.mark.parametrize("suffix", ["jpg", "png", "bmp", "webp"])
def test_files_of_8_bits_are_not_scanned(
    experiment: Modules, make: Callable[..., Any], tmp_path: Path, monkeypatch: Any, suffix: str
) -> None:
    deep(tmp_path, np.uint8, 200, suffix)
    find_range = experiment("core.data.images.find_range")

    def scanned(*_: Any) -> None:
        raise AssertionError("an image was opened")

    monkeypatch.setattr(find_range, "_opens_deep", scanned)
    monkeypatch.setattr(find_range, "_extremes", scanned)

    assert make(source="folder", root=str(tmp_path)).facts.value_range == [0.0, 255.0]


@pytest.mark.parametrize(
    "stated", [[1.0], [2.0, 1.0], [0.0, 0.0], [0.0, float("inf")], [0.0, 1.0, 2.0]]
)
def test_a_range_is_two_numbers(make: Callable[..., Any], stated: list[float]) -> None:
    with pytest.raises(ValueError, match="two numbers, black and white, the lower one first"):
        make(value_range=stated)


@pytest.mark.parametrize("level", [0, 77])
def test_pixels_that_are_all_alike_are_refused(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path, level: int
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for index in range(10):
            Image.new("L", (8, 8), level).save(tmp_path / name / f"{index}.png")
    data = make(source="folder", root=str(tmp_path))

    assert "pixels of all training images are alike" in refusal(lambda: data.facts)


def test_floats_that_are_no_numbers_are_no_image(
    make: Callable[..., Any], refusal: Callable[..., str], tmp_path: Path
) -> None:
    deep(tmp_path, "f4", 1, "tiff")
    Image.fromarray(np.full((8, 8), np.nan, "f4")).save(tmp_path / "train" / "light" / "0.tiff")
    values = {"source": "folder", "root": str(tmp_path), "value_range": [0.0, 1.0]}

    assert "light/0.tiff cannot be read (it has values that are not finite)" in refusal(
        make(**values).setup
    )
    assert len(make(on_error="skip", **values).examples("train")) == 9


def odd_images() -> dict[str, tuple[Image.Image, list[int], str | None]]:
    """Images of many modes, the colour to see in their middle, and what is to be said of them."""
    red = (200, 40, 40)
    palette = Image.new("RGB", (8, 8), red).convert("P", palette=Image.Palette.ADAPTIVE)
    clear_red = Image.new("RGBA", (8, 8), (*red, 0))
    half_black = Image.new("LA", (8, 8), (0, 0))
    opaque = Image.new("RGBA", (8, 8), (*red, 255))
    clear = "images are transparent in places: laid on white"
    return {
        "rgb": (Image.new("RGB", (8, 8), red), [*red], None),
        "palette": (palette, [*red], None),
        "one_bit": (Image.new("1", (8, 8), 1), [255] * 3, None),
        "opaque": (opaque, [*red], None),
        "clear": (clear_red, [255] * 3, clear),
        "clear_grey": (half_black, [255] * 3, clear),
    }


@pytest.mark.parametrize("kind", odd_images())
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("stated", [False, True])
def test_modes_of_images(
    experiment: Modules, kind: str, channels: int, stated: bool, tmp_path: Path
) -> None:
    of_values = experiment("core.data.images.values")
    image, color, said = odd_images()[kind]
    image.save(tmp_path / "odd.png")

    found = of_values.seen(
        Image.open(tmp_path / "odd.png"), channels, of_values.ValueRange(stated=stated)
    )

    middle = found.tensor()[:, 4, 4] * (255 if stated else 1)
    wanted = color if channels == 3 else [sum(np.multiply(color, (0.299, 0.587, 0.114)))]
    assert middle.tolist() == pytest.approx(wanted, abs=1)
    remarks = [text for bit, text in enumerate(of_values.REMARKS) if found.remarks & (1 << bit)]
    grey = "images are in colour, unlike the training images: read as grey"
    is_lost = channels == 1 and len(set(color)) > 1
    assert remarks == [said] * (said is not None) + [grey] * is_lost


def test_cmyk_and_animations(experiment: Modules, tmp_path: Path) -> None:
    of_values = experiment("core.data.images.values")
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "a.jpg")
    frames = [Image.new("L", (8, 8), level) for level in (10, 200)]
    frames[0].save(tmp_path / "b.gif", save_all=True, append_images=frames[1:])

    ink = of_values.seen(Image.open(tmp_path / "a.jpg"), 3, of_values.ValueRange())
    film = of_values.seen(Image.open(tmp_path / "b.gif"), 1, of_values.ValueRange())

    assert ink.tensor()[:, 4, 4].tolist() == pytest.approx([255, 0, 0], abs=3)
    assert film.tensor()[0, 4, 4] == 10
    assert film.remarks == of_values.FRAMES


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("mode", ["L", "I;16"])
def test_deep_images_are_turned_as_bytes_are(
    experiment: Modules, orientation: int, mode: str
) -> None:
    from PIL import ImageOps

    of_values = experiment("core.data.images.values")
    levels = np.arange(12).reshape(3, 4)
    wanted_image = Image.fromarray(levels.astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray((levels * 16).astype(np.uint16 if mode == "I;16" else np.uint8))
    content, plain = io.BytesIO(), io.BytesIO()
    image.save(content, "PNG", exif=exif)
    wanted_image.save(plain, "PNG", exif=exif)

    white = of_values.ValueRange(0.0, 1023.0) if mode == "I;16" else of_values.ValueRange()
    found = of_values.seen(Image.open(content), 1, white)
    flat = of_values.seen(Image.open(content), 1, white, upright=False)

    scale = 1023 if mode == "I;16" else 1
    wanted = np.asarray(ImageOps.exif_transpose(Image.open(plain)))
    np.testing.assert_allclose(found.tensor()[0] * scale / 16, wanted, atol=1e-3)
    np.testing.assert_allclose(flat.tensor()[0] * scale / 16, levels, atol=1e-3)


@pytest.mark.parametrize(("dtype", "top"), [(np.uint8, 255), (np.uint16, 4095)])
@pytest.mark.parametrize("zero", ["black", "white"])
def test_a_tiff_whose_zero_is_white_is_read_as_it_is_meant(
    make: Callable[..., Any], tmp_path: Path, dtype: Any, top: int, zero: str
) -> None:
    """PIL turns bytes about, when it saves them, too, and leaves deeper values as they are."""
    root = deep(tmp_path, dtype, top, "tiff")
    for file in root.rglob("*.tiff"):
        values = np.asarray(Image.open(file))
        if zero == "white" and dtype == np.uint16:
            values = top - values
        tags = {262: 0 if zero == "white" else 1}
        Image.fromarray(values).save(file, tiffinfo=tags)

    data = make(source="folder", root=str(root), image_size=8)
    data.setup()

    batch = data.some(1000, "train")
    means = pixels(data).flatten(1).mean(dim=1)
    assert means[batch.label == 0].max() < 0.6 < means[batch.label == 1].min()
    inverted = any("images have 0 as white" in line for line in data.summary())
    assert inverted == (zero == "white" and dtype == np.uint16)
