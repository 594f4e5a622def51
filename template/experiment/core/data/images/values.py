"""From the values in an image to numbers from 0 to 1, and to the channels that a model sees.

Template's file: updates replace it. To prepare images otherwise, write a dataset in data.py.

Bytes are divided by 255. What is deeper, 16 bits or floats, is scaled by the data's value range and
stays as deep as it is, in floats: find_range.py finds that range.
"""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ..notes import Notes

GREY_MODES = {"1", "L", "LA", "La", "F"}
TURNS = {  # by the note that a camera leaves in EXIF
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
ORIENTATION = 0x0112
NATIVE_SWAPPED = "16B" if sys.byteorder == "little" else "16L"
SWAPPED = {"16B": "16L", "16L": "16B", "16N": NATIVE_SWAPPED}
RED_GREEN_BLUE = (0.299, 0.587, 0.114)  # of grey, as PIL weighs them: ITU-R BT.601

# What is said of images that were not read just as they are, a bit each.
REMARKS = (
    "images have values outside of data.value_range: clipped",
    "images are transparent in places: laid on white",
    "images have several frames: the first is read",
    "images are in colour, unlike the training images: read as grey",
    "images have 0 as white, in TIFFs of more than 8 bits: inverted, as they are meant",
)
CLIPPED, TRANSPARENT, FRAMES, COLOUR, INVERTED = (1 << bit for bit in range(len(REMARKS)))


@dataclass(frozen=True)
class ValueRange:
    """Which values become 0 and 1.

    Args:
        low: Becomes 0.
        high: Becomes 1.
        stated: By ``data.value_range``, which bytes go by, too.
    """

    low: float = 0.0
    high: float = 255.0
    stated: bool = False

    @property
    def fits_bytes(self) -> bool:
        """Whether nothing is lost where pixels are kept as bytes."""
        return (self.low, self.high, self.stated) == (0, 255, False)

    @property
    def dtype(self) -> torch.dtype:
        """What pixels are kept as."""
        return torch.uint8 if self.fits_bytes else torch.float32

    def as_list(self) -> list[float]:
        """As facts and the configuration have it."""
        return [float(self.low), float(self.high)]


class Seen(NamedTuple):
    """An image as it is to be seen.

    Args:
        layers: One image of bytes, or one of floats from 0 to 1 for each channel.
        remarks: The bits of what was changed for that.
    """

    layers: list[Image.Image]
    remarks: int = 0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.layers[0].size

    def tensor(self, fit: Callable[[Image.Image], Image.Image] | None = None) -> Tensor:
        """Pixels as ``(channels, height, width)``, bytes or floats, after ``fit`` has resized them.

        Args:
            fit: What brings an image to the wanted size; None: it stays as it is.
        """
        layers = [layer if fit is None else fit(layer) for layer in self.layers]
        return torch.cat([_as_tensor(layer) for layer in layers])


def shared_remarks(count: int) -> Tensor:
    """Room for the remarks about so many images; what worker processes write is seen in all."""
    with torch.inference_mode(False):  # in which Lightning asks for loaders to evaluate with
        return torch.zeros(count, dtype=torch.uint8).share_memory_()


def add_remarks(notes: Notes, remarks: NDArray[Any], name: Callable[[int], str]) -> Notes:
    """Count the remarks about images, by kind; returns the notes."""
    for bit, kind in enumerate(REMARKS):
        if len(found := np.flatnonzero(remarks & (1 << bit))):
            notes.add(kind, name(int(found[0])), len(found))
    return notes


def seen(
    image: Image.Image, channels: int, value_range: ValueRange, *, upright: bool = True
) -> Seen:
    """An image grey (1 channel) or RGB (3), in numbers that mean the same in all of them.

    Args:
        image: As it was opened.
        channels: 1 or 3.
        value_range: What becomes 0 and 1.
        upright: Turned as a camera's note says it is to be seen; else as the file holds it.

    Raises:
        ValueError: Its values cannot be read, or are not finite.
    """
    remarks = remarks_about(image)
    if is_deep(image) or not value_range.fits_bytes:
        layers, more = _scaled(image, channels, value_range)
    else:
        flat, more = _opaque(image)
        layers, more = [_in_channels(flat, channels)], more | _lost_colour(flat, channels)
    # Only now: for a PNG's note PIL reads it all, and forgets how deep it was.
    turn = TURNS.get(image.getexif().get(ORIENTATION, 1)) if upright else None
    if turn is not None:
        layers = [layer.transpose(turn) for layer in layers]
    return Seen(layers, remarks | more)


def remarks_about(image: Image.Image) -> int:
    """What is remarked of a file before its pixels are read."""
    return FRAMES * bool(getattr(image, "is_animated", False))


def is_deep(image: Image.Image) -> bool:
    """Whether a channel has more than 8 bits in the file; its pixels are not read for that."""
    if image.mode.startswith("I") or image.mode == "F":
        return True
    bits = getattr(image, "tag_v2", {}).get(258, 8)  # of a TIFF
    tiles: Any = getattr(image, "tile", ())
    return np.max(bits) > 8 or any(";16" in str(tile[3]) for tile in tiles)


def zero_is_white(image: Image.Image) -> bool:
    """Whether a TIFF says so; of grey up to 8 bits PIL turns it about, of deeper grey not."""
    return getattr(image, "tag_v2", {}).get(262) == 0


def raw_values(image: Image.Image) -> NDArray[Any]:
    """What a deep image holds, as ``(height, width)`` or ``(height, width, channels)``.

    PIL reads only the upper byte of colours with 16 bits. Told the other order of bytes, it reads
    the lower one.

    Raises:
        ValueError: It is of a kind that PIL gives the upper bytes of alone.
    """
    if image.mode.startswith("I") or image.mode == "F":
        return np.asarray(image)
    low = _lower_bytes(image)
    return np.asarray(image).astype(np.uint16) << 8 | np.asarray(low)


def _lower_bytes(image: Image.Image) -> Image.Image:
    tiles: Any = getattr(image, "tile", ())
    kind = str(tiles[0][3]) if tiles else ""
    order = next((order for order in SWAPPED if order in kind), None)
    if image.mode not in ("RGB", "RGBA") or order is None or "LA;" in kind:
        raise ValueError(
            f"PIL reads only the upper 8 bits of its 16 ({image.mode}): save it as RGB or as grey"
        )
    file: Any = getattr(image, "fp", None)
    file.seek(0)
    other: Any = Image.open(io.BytesIO(file.read()))
    other.tile = [tile._replace(args=_swapped(tile.args, order)) for tile in other.tile]
    return other


def _swapped(arguments: Any, order: str) -> Any:
    if isinstance(arguments, str):
        return arguments.replace(order, SWAPPED[order])
    return (arguments[0].replace(order, SWAPPED[order]), *arguments[1:])


def _scaled(
    image: Image.Image, channels: int, value_range: ValueRange
) -> tuple[list[Image.Image], int]:
    """The layers of an image by the value range, and remarks."""
    deep, remarks = is_deep(image), 0
    if not deep:
        image, remarks = _opaque(image)
        image = image.convert("L" if image.mode in GREY_MODES else "RGB")
    values = (raw_values(image) if deep else np.asarray(image)).astype(np.float32)
    if not np.isfinite(values).all():
        raise ValueError("it has values that are not finite")
    alpha = values[..., 3:] if values.shape[2:] == (4,) else None
    values = values[..., :3] if values.ndim == 3 else values
    low, high = (value_range.low, value_range.high) if deep or value_range.stated else (0.0, 255.0)
    remarks |= CLIPPED * bool(values.min() < low or values.max() > high)
    scaled = ((values.astype(np.float64) - low) / (high - low)).clip(0, 1)
    if deep and zero_is_white(image):
        scaled, remarks = 1 - scaled, remarks | INVERTED
    if alpha is not None and (alpha < 65535).any():
        scaled, remarks = 1 - (1 - scaled) * (alpha / 65535), remarks | TRANSPARENT
    planes = [scaled] if scaled.ndim == 2 else [scaled[..., band] for band in range(3)]
    if channels == 1 and len(planes) == 3:
        grey = sum(share * plane for share, plane in zip(RED_GREEN_BLUE, planes, strict=True))
        remarks |= COLOUR * bool((np.ptp(scaled, axis=2) > 0).any())
        planes = [np.asarray(grey)]
    if value_range.fits_bytes:
        layers = [Image.fromarray((255 * plane).round().astype(np.uint8)) for plane in planes]
        return [Image.merge("RGB", (layers * 3)[:3]) if channels == 3 else layers[0]], remarks
    layers = [Image.fromarray(plane.astype(np.float32)) for plane in planes]
    return (layers * 3)[:3] if channels == 3 else layers, remarks


def _opaque(image: Image.Image) -> tuple[Image.Image, int]:
    """An image of bytes laid on white, as a browser shows it: what is under it is nobody's work."""
    if not image.has_transparency_data:
        return image, 0
    over = image.convert("RGBA")
    if over.getchannel("A").getextrema()[0] == 255:
        return image, 0
    white = Image.new("RGBA", over.size, "white")
    flat = Image.alpha_composite(white, over).convert("RGB")
    return (flat.convert("L") if image.mode in GREY_MODES else flat), TRANSPARENT


def _in_channels(image: Image.Image, channels: int) -> Image.Image:
    return image.convert("L" if channels == 1 else "RGB")


def _lost_colour(image: Image.Image, channels: int) -> int:
    """A remark where an image that is in colour becomes grey."""
    if channels == 3 or image.mode in GREY_MODES:
        return 0
    bands = np.asarray(image.convert("RGB"))
    return COLOUR * bool((np.ptp(bands, axis=2) > 0).any())


def _as_tensor(image: Image.Image) -> Tensor:
    pixels = torch.from_numpy(np.array(image))
    return pixels.view(image.height, image.width, -1).permute(2, 0, 1)
