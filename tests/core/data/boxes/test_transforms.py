"""Boxes of a whole batch move with their images, as torchvision moves those of one."""

from typing import Any

import pytest
import torch
from modules import Modules
from torchvision import tv_tensors
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional

SIDE = 40


@pytest.fixture
def batch(experiment: Modules) -> Any:
    """32 images with one to four bright boxes each, padded to five."""
    torch.manual_seed(0)
    image = torch.zeros(32, 1, SIDE, SIDE)
    boxes, label = torch.zeros(32, 5, 4), torch.full((32, 5), -1)
    for number in range(32):
        for place in range(1 + number % 4):
            left, top = torch.randint(0, 26, (2,)).tolist()
            width, height = torch.randint(5, 14, (2,)).tolist()
            boxes[number, place] = torch.tensor([left, top, left + width, top + height])
            label[number, place] = place
            image[number, :, top : top + height, left : left + width] = 1
    sizes = torch.full((32, 2), SIDE)
    as_boxes = experiment("core.data.boxes.geometry").as_boxes
    Batch = experiment("data").Batch
    return Batch(tv_tensors.Image(image), as_boxes(boxes, SIDE), label, sizes)


def transformed(experiment: Modules, transform: Any, batch: Any, *, whole: bool = True) -> Any:
    form = experiment("core.data.batch_transforms").BatchTransform(transform)
    if whole:
        types = {type(step).__name__ for step in form.steps}
        assert "OneByOne" not in types
    return form(batch)


def of_one(boxes: torch.Tensor) -> Any:
    canvas: Any = {"format": "XYXY", "canvas_size": (SIDE, SIDE)}
    return tv_tensors.BoundingBoxes(boxes.as_subclass(torch.Tensor), **canvas)


@pytest.mark.parametrize(
    ("transform", "change"),
    [
        (v2.RandomHorizontalFlip(0.4), functional.horizontal_flip),
        (v2.RandomVerticalFlip(0.4), functional.vertical_flip),
    ],
)
def test_a_flip_takes_the_boxes_of_the_flipped_images_along(
    experiment: Modules, batch: Any, transform: Any, change: Any
) -> None:
    result = transformed(experiment, transform, batch)

    flipped = [not a.equal(b) for a, b in zip(result.image, batch.image, strict=True)]
    assert 4 < sum(flipped) < 28
    for one, before, was_flipped in zip(result.boxes, batch.boxes, flipped, strict=True):
        expected = change(of_one(before)) if was_flipped else before
        assert one.as_subclass(torch.Tensor).equal(expected.as_subclass(torch.Tensor))


@pytest.mark.parametrize("padding", [None, 6, [2, 4, 6, 8]])
def test_a_crop_moves_boxes_as_torchvision_does(
    experiment: Modules, batch: Any, padding: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[torch.Tensor] = []
    randint = torch.randint
    monkeypatch.setattr(
        torch, "randint", lambda *args, **kw: drawn.append(randint(*args, **kw)) or drawn[-1]
    )
    crop = v2.RandomCrop((24, 30), padding=padding)

    result = transformed(experiment, crop, batch)

    rows, columns = drawn
    left, top, right, bottom = padding if isinstance(padding, list) else [padding or 0] * 4
    assert result.boxes.canvas_size == (24, 30)
    for one, before, row, column in zip(result.boxes, batch.boxes, rows, columns, strict=True):
        padded = functional.pad(of_one(before), [left, top, right, bottom])
        expected = functional.crop(padded, int(row), int(column), 24, 30)
        assert one.as_subclass(torch.Tensor).equal(expected.as_subclass(torch.Tensor))


@pytest.mark.parametrize("center", [None, (10, 14)])
def test_an_affine_map_moves_boxes_as_torchvision_does(
    experiment: Modules, batch: Any, center: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    transforms, drawn = experiment("core.data.batch_transforms"), []
    warp = transforms.warp
    monkeypatch.setattr(transforms, "warp", lambda t, maps: drawn.append(maps) or warp(t, maps))
    affine = v2.RandomAffine((-30, 30), (0.2, 0.1), (0.8, 1.3), (-10, 10, -5, 5), center=center)

    result = transformed(experiment, affine, batch)

    (maps,) = drawn
    for one, before, angle, x, y, scale, *shear in zip(
        result.boxes, batch.boxes, *(draw.tolist() for draw in maps), strict=True
    ):
        expected = functional.affine(of_one(before), angle, [x, y], scale, shear, center=center)
        torch.testing.assert_close(
            one.as_subclass(torch.Tensor), expected.as_subclass(torch.Tensor), atol=1e-3, rtol=0
        )


def test_a_rotation_moves_boxes_as_torchvision_does(
    experiment: Modules, batch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    transforms, drawn = experiment("core.data.batch_transforms"), []
    warp = transforms.warp
    monkeypatch.setattr(transforms, "warp", lambda t, maps: drawn.append(maps) or warp(t, maps))

    result = transformed(experiment, v2.RandomRotation((-60, 60)), batch)

    for one, before, angle in zip(result.boxes, batch.boxes, -drawn[0].angle, strict=True):
        expected = functional.rotate(of_one(before), float(angle))
        torch.testing.assert_close(
            one.as_subclass(torch.Tensor), expected.as_subclass(torch.Tensor), atol=1e-3, rtol=0
        )


def test_a_moved_box_is_still_about_its_object(experiment: Modules, batch: Any) -> None:
    chain = v2.Compose(
        [
            v2.RandomHorizontalFlip(),
            v2.RandomAffine((0, 0), (0.2, 0.2), (0.7, 1.2)),
            v2.RandomCrop((SIDE, SIDE), padding=4),
            experiment("core.data.boxes.transforms").DropLostBoxes(),
        ]
    )

    result = transformed(experiment, chain, batch)

    assert not result.boxes.as_subclass(torch.Tensor).equal(batch.boxes.as_subclass(torch.Tensor))
    for image, boxes, label in zip(result.image, result.boxes, result.label, strict=True):
        covered = torch.zeros(SIDE, SIDE, dtype=torch.bool)
        for left, top, right, bottom in boxes[label >= 0].round().int().tolist():
            covered[max(0, top - 1) : bottom + 1, max(0, left - 1) : right + 1] = True
            assert image[0, top:bottom, left:right].mean() > 0.8  # all of it lit, but for an edge
        assert (image[0][~covered] > 0).sum() < 40  # a sliver of an object that was let go


def test_what_is_the_same_for_all_moves_all_boxes(experiment: Modules, batch: Any) -> None:
    result = transformed(experiment, v2.Compose([v2.Resize(80), v2.Pad(3)]), batch)

    assert result.image.shape == (32, 1, 86, 86)
    assert result.boxes.canvas_size == (86, 86)
    there = batch.label >= 0
    assert result.boxes[there].equal(2 * batch.boxes[there] + 3)


def test_other_transforms_take_one_after_the_other(experiment: Modules, batch: Any) -> None:
    crop = v2.RandomResizedCrop(SIDE, scale=(0.5, 0.6))

    result = transformed(experiment, crop, batch, whole=False)

    assert isinstance(result.boxes, tv_tensors.BoundingBoxes)
    assert result.boxes.shape == (32, 5, 4)
    assert len({tuple(boxes.flatten().tolist()) for boxes in result.boxes}) > 25


def test_boxes_of_another_form_go_one_by_one(experiment: Modules, batch: Any) -> None:
    boxes = functional.convert_bounding_box_format(
        of_one(batch.boxes.as_subclass(torch.Tensor).flatten(0, 1)),
        new_format=tv_tensors.BoundingBoxFormat.CXCYWH,
    )
    like = experiment("core.data.batch_transforms").like
    other = batch._replace(boxes=like(boxes.as_subclass(torch.Tensor).view(32, 5, 4), boxes))

    moved = transformed(experiment, v2.RandomAffine((-20, 20)), other)

    assert moved.boxes.format == tv_tensors.BoundingBoxFormat.CXCYWH
    assert moved.boxes.shape == (32, 5, 4)


@pytest.mark.parametrize("one", [False, True])
def test_lost_boxes_are_dropped_from_a_sample_and_from_a_batch(
    experiment: Modules, batch: Any, one: bool
) -> None:
    corners = torch.tensor(
        [[-5.0, 2, 5, 9], [-9, 2, 1.5, 9], [3, 3, 9, 9], [30, 39, 50, 60], [0, 0, 0, 0]]
    )
    label = torch.tensor([4, 5, 6, 7, -1])
    boxes = experiment("core.data.boxes.geometry").as_boxes(corners, SIDE)
    sample = type(batch)(batch.image[0], boxes, label, batch.size[0])
    lost = experiment("core.data.boxes.transforms").DropLostBoxes(min_side=2)

    if one:
        result = lost(sample)
    else:
        (result,) = experiment("core.data.batches").unstack(
            lost(experiment("core.data.batches").stack([sample]))
        )

    assert result.label.tolist() == [4, -1, 6, -1, -1]
    assert result.boxes.tolist() == [[0, 2, 5, 9], [0] * 4, [3, 3, 9, 9], [0] * 4, [0] * 4]


@pytest.mark.parametrize("size", [(480, 640), (640, 480), (50, 50), (3, 1000)])
def test_into_the_square_and_back(experiment: Modules, size: tuple[int, int]) -> None:
    boxes_module = experiment("core.data.boxes.geometry")
    height, width = size
    boxes = torch.tensor([[0.0, 0.0, width, height], [0.1 * width, 0.2 * height, width, height]])

    square = boxes_module.into_square(boxes, torch.tensor(size), 64)
    back = boxes_module.out_of_square(square, torch.tensor(size), 64)

    assert (square[0, 2:] - square[0, :2]).max() == 64
    assert square.min() >= 0
    assert square.max() <= 64
    torch.testing.assert_close(back, boxes, atol=1e-2, rtol=1e-4)
