"""A transform that is written for one example, applied to a whole batch: each draws for itself."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from harness.image_batches import batch_of, distinct
from modules import Modules
from torchvision import tv_tensors
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional


class BlackOut(v2.Transform):
    """A researcher's own: blackens the image by chance."""

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        return {"keep": float(torch.rand(()) < 0.5)}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return inpt * params["keep"] if isinstance(inpt, tv_tensors.Image) else inpt


def test_color_jitter_differs_for_every_image_of_a_batch(experiment: Modules) -> None:
    batch = batch_of(experiment)
    transform = experiment("core.data.batch_transforms").BatchTransform(
        v2.ColorJitter(0.5, 0.5, 0.5)
    )

    result = transform(batch)

    assert distinct(result.image) == len(batch.label)
    assert isinstance(result.image, tv_tensors.Image)
    assert result.label.equal(batch.label)


def test_a_transform_of_ones_own_draws_for_every_image(experiment: Modules) -> None:
    batch = batch_of(experiment, count=400)

    black = (
        experiment("core.data.batch_transforms").BatchTransform(BlackOut())(batch).image == 0
    ).all(-1)

    assert 150 < black.all(-1).all(-1).sum() < 250


@pytest.mark.parametrize(
    ("transform", "change"),
    [
        (v2.RandomHorizontalFlip(0.3), functional.horizontal_flip),
        (v2.RandomVerticalFlip(0.3), functional.vertical_flip),
        (v2.RandomInvert(0.3), functional.invert),
        (v2.RandomGrayscale(0.3), lambda x: functional.rgb_to_grayscale(x, 3)),
    ],
)
def test_by_chance_each_image_is_changed_exactly_or_not_at_all(
    experiment: Modules, transform: Any, change: Callable[[Any], Any]
) -> None:
    batch = batch_of(experiment, count=2000)
    form = experiment("core.data.batch_transforms").BatchTransform(transform)

    image = form(batch).image

    changed = (image == change(batch.image)).flatten(1).all(1)
    same = (image == batch.image).flatten(1).all(1)
    assert (changed ^ same).all()
    assert abs(changed.float().mean().item() - 0.3) < 4 * math.sqrt(0.3 * 0.7 / 2000)


def test_random_crop_takes_one_whole_window_for_each_image(experiment: Modules) -> None:
    batch = batch_of(experiment, count=300)
    crop = v2.RandomCrop((8, 9), padding=(2, 1), fill=7)
    padded = functional.pad(batch.image[0], [2, 1, 2, 1], fill=7)
    rows, columns = range(padded.shape[1] - 8 + 1), range(padded.shape[2] - 9 + 1)
    windows = {padded[:, y : y + 8, x : x + 9].numpy().tobytes() for y in rows for x in columns}

    image = experiment("core.data.batch_transforms").BatchTransform(crop)(batch).image

    drawn = {one.numpy().tobytes() for one in image.as_subclass(torch.Tensor)}
    assert drawn <= windows
    assert len(drawn) > 0.8 * len(windows)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
@pytest.mark.parametrize("fill", [0, [10.0, 20.0, 30.0]])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_affine_moves_every_image_as_torchvision_does(
    experiment: Modules, interpolation: Any, fill: Any, dtype: Any, monkeypatch: Any
) -> None:
    transforms, drawn = experiment("core.data.batch_transforms"), []
    warp = transforms.warp
    monkeypatch.setattr(transforms, "warp", lambda t, maps: drawn.append(maps) or warp(t, maps))
    batch = batch_of(experiment, count=32)
    batch = batch._replace(image=functional.to_dtype(batch.image, dtype))
    affine = v2.RandomAffine(
        (-30, 30),
        (0.2, 0.1),
        (0.8, 1.3),
        (-10, 10, -5, 5),
        interpolation=v2.InterpolationMode(interpolation),
        fill=fill,
    )

    image = transforms.BatchTransform(affine)(batch).image

    (maps,) = drawn
    assert distinct(image) == 32
    for one, moved, angle, x, y, scale, *shear in zip(
        batch.image, image, *(draw.tolist() for draw in maps), strict=True
    ):
        one, shift = tv_tensors.Image(one), [float(x), float(y)]
        expected = functional.affine(
            one, angle, shift, scale, shear, v2.InterpolationMode(interpolation), fill
        )
        error = (moved.float() - expected.float()).abs()
        assert error.mean() < 0.01  # one grey level here and there, where a half is rounded
        assert error.max() <= 1


def test_rotation_moves_masks_with_their_image(experiment: Modules) -> None:
    batch = batch_of(experiment, count=16, channels=1)
    batch = batch._replace(label=tv_tensors.Mask(batch.image[:, 0].clone()))

    result = experiment("core.data.batch_transforms").BatchTransform(v2.RandomRotation((-60, 60)))(
        batch
    )

    assert result.image[:, 0].equal(result.label.as_subclass(torch.Tensor))
    assert distinct(result.image) > 10


def test_boxes_move_with_their_image(experiment: Modules) -> None:
    transforms = experiment("core.data.batch_transforms")
    corners: Any = [[1, 2, 5, 6]]
    box = tv_tensors.BoundingBoxes(corners, format="XYXY", canvas_size=(12, 14))  # pyright: ignore[reportCallIssue]
    image = tv_tensors.Image(torch.zeros(1, 12, 14, dtype=torch.uint8))
    image[:, 2:6, 1:5] = 255
    batch = experiment("core.data.batches").stack([experiment("data").Batch(image, box)] * 40)
    chain = v2.Compose([v2.RandomHorizontalFlip(), v2.RandomCrop((12, 14), padding=2)])

    result = transforms.BatchTransform(chain)(batch)

    assert isinstance(result.label, tv_tensors.BoundingBoxes)
    assert len({tuple(box) for box in result.label[:, 0].tolist()}) > 10
    for moved, (left, top, right, bottom) in zip(
        result.image[:, 0], result.label[:, 0].tolist(), strict=True
    ):
        assert moved[top:bottom, left:right].eq(255).all()
        assert moved.eq(255).sum() == (bottom - top) * (right - left)


def test_what_is_not_random_runs_once_on_the_whole_tensor(experiment: Modules) -> None:
    batch = batch_of(experiment)
    chain = v2.Compose(
        [v2.Resize(8), v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5], [2])]
    )
    form = experiment("core.data.batch_transforms").BatchTransform(chain)

    result = form(batch)

    assert form.seed is None
    expected = torch.stack([chain(tv_tensors.Image(one)) for one in batch.image])
    torch.testing.assert_close(result.image.as_subclass(torch.Tensor), expected)
