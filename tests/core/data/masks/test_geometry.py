"""Masks move with their images, by one draw; what comes in from beyond an edge does not count."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import torch
from modules import Modules
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms import v2

NEAREST = v2.InterpolationMode.NEAREST
MOVES: dict[str, Callable[[], Any]] = {
    "affine": lambda: v2.RandomAffine((-40, 40), (0.3, 0.3), (0.6, 1.4), interpolation=NEAREST),
    "rotation": lambda: v2.RandomRotation((-60, 60), interpolation=NEAREST),
    "crop": lambda: v2.RandomCrop((24, 24), padding=6),
    "pad": lambda: v2.Pad(3),
    "perspective": lambda: v2.RandomPerspective(0.6, p=1, interpolation=NEAREST),
    "zoom": lambda: v2.RandomZoomOut(p=1.0, side_range=(1.5, 1.5)),
    "by chance": lambda: v2.RandomApply([v2.RandomRotation((30, 60), interpolation=NEAREST)], 1.0),
    "a chain": lambda: v2.Compose([v2.RandomHorizontalFlip(), v2.RandomCrop(20, padding=9)]),
}


class Masked(NamedTuple):
    image: Tensor
    mask: Tensor


class Square(NamedTuple):
    image: Tensor
    mask: Tensor
    size: Tensor


def numbered(count: int = 24) -> Masked:
    """Images whose values are the classes of their masks, none of them 0."""
    values = torch.randint(1, 255, (count, 1, 24, 24), dtype=torch.uint8)
    return Masked(tv_tensors.Image(values), tv_tensors.Mask(values[:, 0].clone()))


@pytest.mark.parametrize("name", MOVES)
def test_each_mask_moves_as_its_image(experiment: Modules, name: str) -> None:
    ignore_outside = experiment("core.data.masks").ignore_outside
    batch_transform = experiment("core.data.batch_transforms").BatchTransform

    image, mask = batch_transform(v2.Compose(ignore_outside([MOVES[name]()])))(numbered())

    image, mask = image.as_subclass(Tensor)[:, 0], mask.as_subclass(Tensor)
    outside = image == 0  # torchvision's own fill
    assert 0.02 < outside.float().mean() < 0.9
    assert (mask[outside] == 255).all()
    assert mask[~outside].equal(image[~outside])
    assert len({row.numpy().tobytes() for row in mask}) == 24


@pytest.mark.parametrize("name", ["affine", "rotation", "crop"])
def test_it_is_the_same_for_a_single_image(experiment: Modules, name: str) -> None:
    (transform,) = experiment("core.data.masks").ignore_outside([MOVES[name]()])
    image, mask = numbered(1)

    for _ in range(20):
        moved = transform(Masked(tv_tensors.Image(image[0]), tv_tensors.Mask(mask[0])))

        shown, classes = (field.as_subclass(Tensor) for field in moved)
        assert classes.equal(torch.where(shown[0] == 0, 255, shown[0]))


def test_the_fill_of_images_stays(experiment: Modules) -> None:
    ignore_outside = experiment("core.data.masks").ignore_outside
    pad = v2.Pad(2, fill=[1.0, 2.0, 3.0])
    own = v2.Pad(2, fill={tv_tensors.Mask: 9, "others": 4})

    for transform in ignore_outside([pad, own]):
        image = tv_tensors.Image(torch.zeros(3, 4, 4, dtype=torch.uint8))
        mask = tv_tensors.Mask(torch.zeros(4, 4, dtype=torch.uint8))
        shown, classes = transform(Masked(image, mask))
        first = (shown[:, 0, 0].tolist(), classes[0, 0].item())
        assert first == (([1, 2, 3], 255) if transform is pad else ([4, 4, 4], 9))


def test_what_has_no_fill_is_left_alone(experiment: Modules) -> None:
    parts = [v2.RandomHorizontalFlip(), v2.RandomResizedCrop(8), lambda sample: sample]

    assert experiment("core.data.masks").ignore_outside(parts) == parts


@pytest.mark.parametrize("size", [(40, 90), (90, 40), (7, 7), (64, 64), (33, 200)])
def test_a_mask_comes_back_out_of_its_square(experiment: Modules, size: tuple[int, int]) -> None:
    masks = experiment("core.data.masks")
    height, width = size
    row, column = torch.arange(height) * 4 // height, torch.arange(width) * 4 // width
    mask = (4 * row.view(-1, 1) + column).byte().unsqueeze(0)
    pixels = (mask * 10).unsqueeze(1)
    found = masks.from_pixels(pixels, mask, [str(number) for number in range(16)])
    config = experiment("core.config").BaseDataConfig()

    image, square, known = found.dataset(Square, 64, config)[0]
    back, shown = masks.out_of_square(square, known), masks.out_of_square(image, known)

    assert known.tolist() == [height, width]
    assert back.shape == mask.shape[1:]
    assert shown.shape == pixels.shape[1:]
    assert not (back == 255).any()
    assert (back == mask[0]).float().mean() > (0.85 if max(size) > 64 else 0.99)


def test_a_number_of_no_class_is_refused(experiment: Modules) -> None:
    masks, error = experiment("core.data.masks"), experiment("core.errors").UserError
    numbers = torch.tensor([0, 1, 2, 255], dtype=torch.uint8).view(1, 2, 2)

    with pytest.raises(error, match=r"^a mask has 2 in it; .* of the 2 classes.* and 255"):
        masks.from_pixels(torch.zeros(1, 3, 2, 2, dtype=torch.uint8), numbers, ["a", "b"])
    assert len(masks.from_pixels(torch.zeros(1, 3, 2, 2), numbers, ["a", "b", "c"])) == 1


def test_the_demo_has_a_digit_where_there_is_ink(experiment: Modules) -> None:
    scenes = experiment("core.data.boxes.demo_scenes").load(train=30, test=20)
    splits = experiment("core.data.masks.demo").load(train=30, test=20)

    for split, found in splits.items():
        assert found.class_names == ["background", *"0123456789"]
        assert found.pixels.equal(scenes[split].image)
        known = scenes[split]
        for mask, boxes, labels in zip(found.masks, known.boxes, known.label, strict=True):
            there = sorted(set(labels[labels >= 0].tolist()))
            assert mask.unique().tolist() == [0, *(digit + 1 for digit in there)]
            for box, label in zip(boxes, labels, strict=True):
                left, top, right, bottom = box.int().tolist()
                if label >= 0:
                    assert mask[top:bottom, left:right].max() == label + 1
                mask[top:bottom, left:right] = 0
            assert mask.max() == 0  # nothing lies outside of the boxes
