"""From the numbers or colours in masks to class numbers.

Template's file: updates replace it. Which mean what is found once for all masks: understand.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...files import shown
from ..errors import DataError
from ..images.values import TURNS
from .mask_files import RawMask, packed, read_mask, unpacked
from .masked_images import IGNORED

FEW = 8  # values that a sentence names
BLURRED = 0.05  # of a JPEG's pixels, that may be far from all colours


@dataclass(frozen=True)
class Encoding:
    """What the pixels of masks mean.

    Args:
        class_names: By class number.
        numbers: From a number in a mask, or a colour as one number, to the class number, or to
            ``IGNORED``.
        in_colors: Whether they are colours.
    """

    class_names: list[str]
    numbers: Mapping[int, int]
    in_colors: bool = False

    def unknown(self, values: Sequence[int]) -> list[int]:
        """Those among some values that mean nothing."""
        return [value for value in values if value not in self.numbers]

    def classes(self, mask: RawMask, path: str) -> NDArray[np.uint8]:
        """The class number of each pixel.

        Raises:
            DataError: The mask holds a value that means nothing.
        """
        if mask.is_lossy:
            return self._nearest(mask, path)
        if not self.in_colors and not mask.is_grey:
            raise self.refusal(path, "holds colours")
        values = mask.colors() if self.in_colors else mask.numbers()
        known = np.array(sorted(self.numbers), dtype=np.int64)
        meant = np.array([self.numbers[value] for value in known.tolist()], dtype=np.uint8)
        if known[0] >= 0 and known[-1] < 2**16 and values.dtype.itemsize <= 2:
            table = np.full(2**16, -1, np.int16)  # ten times as fast as a search
            table[known] = meant
            found = table[values]
            strange = found < 0
        else:
            places = np.searchsorted(known, values).clip(max=len(known) - 1)
            found, strange = meant[places], known[places] != values
        if strange.any():
            raise self.refusal(path, f"holds {self.said(int(values[strange][0]))}")
        return found.astype(np.uint8)

    def _nearest(self, mask: RawMask, path: str) -> NDArray[np.uint8]:
        """The classes of the colours that a JPEG's are nearest to; IGNORED between two of them."""
        if not self.in_colors:
            raise self.refusal(path, f"is a {lossy_kind(path)}, which blurs class numbers")
        known = np.array([unpacked(color) for color in self.numbers], dtype=np.int32)
        meant = np.array(list(self.numbers.values()), dtype=np.uint8)
        colors, where = np.unique(mask.colors(), return_inverse=True)
        there = np.array([unpacked(color) for color in colors.tolist()], dtype=np.int32)
        distances = np.linalg.norm(there[:, None] - known[None], axis=2)
        between = np.linalg.norm(known[:, None] - known[None], axis=2)
        half = between[between > 0].min(initial=442) / 2
        classes = np.where(distances.min(axis=1) < half, meant[distances.argmin(axis=1)], IGNORED)
        far = (distances.min(axis=1) >= half)[where]
        if far.mean() > BLURRED:
            raise self.refusal(path, f"has {far.mean():.0%} of its pixels far from all colours")
        return classes[where].reshape(mask.pixels.shape[:2]).astype(np.uint8)

    def refusal(self, path: str, what: str) -> DataError:
        state = "" if self.in_colors else "state data.ignore_values, "
        return DataError(
            f"{shown(path)} {what}, expected {self.expected()}: mend it, {state}or set "
            "data.on_error=skip"
        )

    def said(self, value: int) -> str:
        """A value as a person would write it."""
        return f"the colour {unpacked(value)}" if self.in_colors else str(value)

    def expected(self) -> str:
        """What a mask may hold."""
        counted = [value for value, number in self.numbers.items() if number != IGNORED]
        ignored = [value for value, number in self.numbers.items() if number == IGNORED]
        what = f"{'colours' if self.in_colors else 'class numbers'} {self._listed(counted)}"
        return f"{what}, {self._listed(ignored)} ignored" if ignored else what

    def _listed(self, values: list[int]) -> str:
        values = sorted(values)
        if not self.in_colors:
            return ranges(values)
        few = ", ".join(str(unpacked(value)) for value in values[:FEW])
        return few + (", ..." if len(values) > FEW else "")


def ranges(values: list[int]) -> str:
    """Numbers as a person would list them: ``0..20, 255``."""
    parts: list[list[int]] = []
    for value in sorted(values):
        if parts and value == parts[-1][-1] + 1:
            parts[-1].append(value)
        else:
            parts.append([value])
    texts = [
        f"{part[0]}..{part[-1]}" if len(part) > 2 else ", ".join(map(str, part)) for part in parts
    ]
    return ", ".join(texts[:FEW]) + (", ..." if len(texts) > FEW else "")


def lossy_kind(path: str) -> str:
    """What a file is whose values are near what was meant."""
    return "lossy WebP" if path.lower().endswith(".webp") else "JPEG"


def of_colors(colors: Mapping[str, list[int]], ignored: set[str]) -> Encoding:
    """The encoding of classes with a colour each, some of which do not count."""
    names = [name for name in colors if name not in ignored]
    numbers = {
        int(packed(np.array(color))): names.index(name) if name in names else IGNORED
        for name, color in colors.items()
    }
    return Encoding(names, numbers, in_colors=True)


def of_values(values: Mapping[int, str], ignored: set[str], ignored_values: set[int]) -> Encoding:
    """The encoding of classes with a number each, some of which do not count."""
    names = [name for name in values.values() if name not in ignored]
    numbers = {
        value: names.index(name) if name in names else IGNORED for value, name in values.items()
    }
    return Encoding(names, {**numbers, **dict.fromkeys(ignored_values, IGNORED)})


@dataclass(frozen=True)
class EncodedFiles:
    """Opens the mask with a number: class numbers in bytes, as its image is seen.

    Args:
        paths: Of the masks.
        encoding: What they hold.
        turns: EXIF's number of how each is turned, as its photograph is; 1: as it lies.
    """

    paths: list[str]
    encoding: Encoding
    turns: NDArray[np.uint8]

    def __call__(self, index: int) -> Image.Image:
        path = self.paths[index]
        mask = Image.fromarray(self.encoding.classes(read_mask(path), path))
        turn = TURNS.get(int(self.turns[index]))
        return mask if turn is None else mask.transpose(turn)
