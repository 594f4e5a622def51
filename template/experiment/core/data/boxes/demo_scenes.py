"""Scenes of several handwritten digits, each with its box, its mask and its class.

Template's file: updates replace it. To train on your own data, set ``data.source``.

Real digits, turned and slanted a little, lie on a noisy ground without touching. The digits of the
scenes to test on are others than those to train on. Nothing is stored: a scene is a function of
the seed, drawn in whole tensors, some thousand a second.
"""

from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from ..images import demo_digits
from ..images.files import open_pixels
from ..images.labelled_images import LabelledImages
from ..notes import Notes
from .boxed_images import BoxedImages

SIDE = 64  # pixels of a scene, both ways
FEWEST, MOST = 2, 5  # digits in a scene
SMALLEST, LARGEST = 8.0, 20.0  # pixels a side of the square that a digit is drawn in
TURN, SLANT = 0.15, 0.15  # radians; sideways for each pixel down
INK, NOISE = 0.3, 0.15  # from where on a pixel belongs to its digit; standard deviation
ROOM = 1.15  # of that square's side; what turns needs more than the square
TRIES = 24  # for a place that is free, the second half for a smallest digit
WINDOW = 28  # pixels a side; a digit of any size, turned, fits inside


@dataclass
class Scenes:
    """Scenes in memory, the digits of each in rows padded to the fullest scene.

    Shape:
        - image: ``(scenes, 1, height, width)``, bytes
        - boxes: ``(scenes, objects, 4)``: left, top, right, bottom in pixels, tight to the ink
        - label: ``(scenes, objects)``, digits; -1 where there is none
        - center: ``(scenes, objects, 2)``: x and y of the square that a digit is drawn in
        - size: ``(scenes, objects)``, side of that square in pixels
        - owner: ``(scenes, height, width)``, bytes: the object that a pixel belongs to, or 255
    """

    image: Tensor
    boxes: Tensor
    label: Tensor
    center: Tensor
    size: Tensor
    owner: Tensor

    def __len__(self) -> int:
        return len(self.image)

    def boxed(self) -> BoxedImages:
        """The scenes as images with boxes about their digits."""
        names = [str(digit) for digit in range(10)]
        boxes, label = self.boxes, self.label
        opened, notes = partial(open_pixels, self.image), Notes("scenes of scikit-learn's digits")
        return BoxedImages(boxes, label, names, opened, 1, pixels=self.image, notes=notes)

    def classes(self, ground: int = 10) -> Tensor:
        """The class of each pixel, ``(scenes, height, width)``; ``ground`` where there is none."""
        ground_last = F.pad(self.label, (0, 1), value=ground)  # (scenes, objects + 1)
        owner = self.owner.long().clamp(max=self.label.shape[1]).flatten(1)
        return ground_last.gather(1, owner).view(self.owner.shape)


def load(train: int = 4400, test: int = 500) -> dict[str, Scenes]:
    """Scenes to train on and to test on, which show different digits; always the same ones."""
    splits = demo_digits.load()
    return {"train": compose(splits["train"], train, 0), "test": compose(splits["test"], test, 1)}


def compose(images: LabelledImages, count: int, seed: int) -> Scenes:
    """Draw ``count`` scenes with these digits; a longer list begins with the shorter one."""
    parts = [_compose(images, seed, number) for number in range(-(-count // 500))]
    fields = zip(*(vars(part).values() for part in parts), strict=True)
    return Scenes(*(torch.cat(field)[:count] for field in fields))


def _compose(images: LabelledImages, seed: int, number: int, count: int = 500) -> Scenes:
    """The part of the list with a number."""
    draw = torch.Generator().manual_seed(1000 * seed + number)
    size, center, placed = _places(count, draw)
    chosen = torch.randint(len(images), (count, MOST), generator=draw)
    turn = TURN * (2 * torch.rand(count, MOST, generator=draw) - 1)
    slant = SLANT * (2 * torch.rand(count, MOST, generator=draw) - 1)
    strength = 0.6 + 0.4 * torch.rand(count, MOST, 1, generator=draw)
    ground = 0.15 * torch.rand(count, 1, 1, generator=draw)
    noise = NOISE * torch.randn(count, SIDE, SIDE, generator=draw)

    # From here on the digits of all scenes stand in one row, those without a place left out.
    scene, place = placed.nonzero().unbind(1)
    corner = (center[placed] - WINDOW / 2).floor().clamp(0, SIDE - WINDOW).long()
    assert images.pixels is not None
    pixels = images.pixels[chosen[placed]].float() / 255
    windows = _drawn(pixels, center[placed] - corner, size[placed], turn[placed], slant[placed])
    mask = windows > INK
    boxes = torch.zeros(count, MOST, 4)
    boxes[placed] = _tight(mask, corner).float()

    # Of each window the places of its pixels among all pixels of all scenes.
    window = SIDE * torch.arange(WINDOW).view(-1, 1) + torch.arange(WINDOW)
    first = SIDE * SIDE * scene + SIDE * corner[:, 1] + corner[:, 0]
    pixel = (first.unsqueeze(1) + window.flatten()).flatten()
    ink = torch.zeros(count * SIDE * SIDE)
    ink.index_add_(0, pixel, (windows.flatten(1) * strength[placed]).flatten())
    owner = torch.full((count * SIDE * SIDE,), 255, dtype=torch.uint8)
    owner[pixel[mask.flatten()]] = place.byte().repeat_interleave(mask.flatten(1).sum(1))
    image = 0.2 + 0.6 * (ink.view(count, SIDE, SIDE) + ground + noise)
    image = image.clamp_(0, 1).mul_(255).round_().byte().unsqueeze(1)
    label = images.labels[chosen].where(placed, -1)
    return Scenes(image, boxes, label, center, size, owner.view(count, SIDE, SIDE))


def _places(count: int, draw: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Sizes and centres of digits that do not touch, and which of them there are."""
    size = SMALLEST + (LARGEST - SMALLEST) * torch.rand(count, MOST, generator=draw)
    center, placed = torch.zeros(count, MOST, 2), torch.zeros(count, MOST, dtype=torch.bool)
    wanted = torch.randint(FEWEST, MOST + 1, (count,), generator=draw)
    for place in range(MOST):
        for attempt in range(TRIES):
            if attempt == TRIES // 2:
                size[~placed[:, place], place] = SMALLEST
            room = ROOM * size
            side = room[:, place, None]
            spot = side / 2 + torch.rand(count, 2, generator=draw) * (SIDE - side)
            distance = (spot.unsqueeze(1) - center).abs().amax(2)  # (scenes, objects)
            free = ~(placed & (distance < (room + side) / 2)).any(1)
            takes = free & ~placed[:, place] & (place < wanted)
            center[takes, place] = spot[takes]
            placed[:, place] |= takes
    return size, center, placed


def _drawn(pixels: Tensor, center: Tensor, size: Tensor, turn: Tensor, slant: Tensor) -> Tensor:
    """Each digit in a window of its own, turned and slanted about a centre in it."""
    half, scale = WINDOW / 2, WINDOW / size
    away = half - center.T  # from the digit's centre to the window's, x and y
    rows = [
        (scale * turn.cos(), scale * (turn.sin() + slant)),
        (-scale * turn.sin(), scale * turn.cos()),
    ]
    maps = [torch.stack([a, b, (a * away[0] + b * away[1]) / half], dim=1) for a, b in rows]
    shape = [len(pixels), 1, WINDOW, WINDOW]
    grid = F.affine_grid(torch.stack(maps, dim=1), shape, align_corners=False)
    return F.grid_sample(pixels, grid, mode="bilinear", align_corners=False).squeeze(1)


def _tight(mask: Tensor, corner: Tensor) -> Tensor:
    """The box about the ink of each digit, (digits, 4)."""
    sides = []
    for axis in (1, 2):  # columns, then rows
        there = mask.any(axis).byte()  # (digits, window)
        sides += [there.argmax(1), WINDOW - there.flip(1).argmax(1)]
    left, right, top, bottom = sides
    return torch.stack([left, top, right, bottom], dim=1) + corner.repeat(1, 2)
