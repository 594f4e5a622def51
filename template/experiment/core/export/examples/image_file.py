import sys
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps


def opened(path: str | Path, channels: int) -> Any:
    """An image upright, grey or RGB, where it is transparent on white."""
    image = Image.open(path)
    if image.mode.startswith(("I", "F")):
        sys.exit(f"{path}: more than 8 bits; this example reads bytes")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return ImageOps.exif_transpose(image.convert("L" if channels == 1 else "RGB"))
