"""A transform that is written for one example, applied to a whole batch.

Template's file: updates replace it. To transform otherwise, override ``DataModule.fetch`` in
data.py. Nothing needs to be registered: a transform that is not known here is right, only slower.

torchvision's v2 transforms draw once a call, so that on a batch they would flip all images or none.
Here each example has its own draw:

- what is not random runs once, on the whole tensor (``SAME_FOR_ALL``);
- a change that happens or not runs once, and is kept where the draw says so (``BY_CHANCE``);
- crops, rotations and affine maps move all images at once, each by its own draw (``GEOMETRY``);
- what says of itself that it ``takes_batches`` gets one, and draws for each example itself; what
  has ``for_batches()``, such as ``Views``, gives the transform that does;
- everything else, the researcher's own too, runs on one example after the other.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torchvision import tv_tensors
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional

from .affine import AffineMaps, clipped, fill_for, warp
from .batches import fields_of, like, stack, unstack, with_fields
from .seeding import seed_all, seed_torch

BatchT = TypeVar("BatchT", bound=tuple[Any, ...])
Step = Callable[[Any], Any]


class BatchTransform:
    """Transforms a batch as ``transform`` would have transformed each of its examples.

    Args:
        transform: From a sample to a sample, such as a ``v2.Compose``.

    Attributes:
        seed: Seeds, by a position, what may be drawn from; None: nothing is drawn.
    """

    def __init__(self, transform: Callable[[BatchT], BatchT]) -> None:
        self.steps: list[Step] = []
        one_by_one: list[Step] = []
        kinds = {type(part) for part in _parts(transform)}
        known = SAME_FOR_ALL | BY_CHANCE | GEOMETRY.keys()  # which draw from torch alone
        self.seed = seed_torch if kinds <= known else seed_all  # Python and NumPy cost 4 us more
        if kinds <= SAME_FOR_ALL:
            self.seed = None
        for part in _parts(transform):
            whole = _whole_batch_form(part)
            if whole is None:
                one_by_one.append(part)
                continue
            self._add_one_by_one(one_by_one)
            self.steps.append(whole)
        self._add_one_by_one(one_by_one)

    def __call__(self, batch: BatchT) -> BatchT:
        for step in self.steps:
            batch = step(batch)
        return batch

    def _add_one_by_one(self, parts: list[Step]) -> None:
        """Neighbours share one taking apart and putting together of the batch."""
        if parts:
            self.steps.append(OneByOne(list(parts)))
            parts.clear()


def _parts(transform: Any) -> list[Step]:
    """What a chain of transforms consists of, chains in chains laid flat."""
    if type(transform) is v2.Compose:
        links = transform.transforms
    elif type(transform) is nn.Sequential:
        links = transform
    else:
        return [transform]
    return [part for link in links for part in _parts(link)]


def _whole_batch_form(part: Step) -> Step | None:
    """The step for a whole batch; a subclass may differ in anything, so exact types count."""
    if getattr(part, "takes_batches", False):
        return part
    if for_batches := getattr(part, "for_batches", None):
        return for_batches()
    if type(part) in SAME_FOR_ALL:
        return SameForAll(part)
    if type(part) in BY_CHANCE:
        return ByChance(part)
    if type(part) in GEOMETRY:
        return Geometry(part)
    return None


class OneByOne:
    """Takes the batch apart, transforms each example, and puts them together again."""

    def __init__(self, parts: list[Step]) -> None:
        self.parts = parts

    def __call__(self, batch: BatchT) -> BatchT:
        return stack([self._transformed(sample) for sample in unstack(batch)])

    def _transformed(self, sample: BatchT) -> BatchT:
        for part in self.parts:
            sample = part(sample)
        return sample


class WholeBatch:
    """Changes all images of a batch at once, and masks and boxes with them; subclasses say how.

    Boxes are ``(batch, objects, 4)``, padded rows included. Other kinds of boxes and points go one
    by one.
    """

    def __init__(self, transform: Any) -> None:
        self.transform, self.one_by_one = transform, OneByOne([transform])

    def __call__(self, batch: BatchT) -> BatchT:
        fields = fields_of(batch)
        known = [field for field in fields if isinstance(field, tv_tensors.TVTensor)]
        images = [field for field in known if isinstance(field, tv_tensors.Image | tv_tensors.Mask)]
        alike = all(is_boxes(field) for field in known if not any(field is i for i in images))
        change = self.change(images[0]) if images and alike else None
        if change is None:
            return self.one_by_one(batch)
        changed = [
            _changed(change, field) if isinstance(field, tv_tensors.TVTensor) else field
            for field in fields
        ]
        return with_fields(batch, changed)

    def change(self, image: Tensor) -> Step | None:
        """The change of each image, mask and boxes of a batch that holds this image.

        None: one by one.
        """
        raise NotImplementedError

    def same(self, field: Tensor, params: dict[str, Any]) -> Tensor:
        """The transform with one draw for all; for it, all boxes may be those of one image."""
        if not isinstance(field, tv_tensors.BoundingBoxes):
            return self.transform.transform(field, params)
        of_one = like(field.as_subclass(Tensor).flatten(0, 1), field)
        moved = self.transform.transform(of_one, params)
        return like(moved.as_subclass(Tensor).view(field.shape), moved)


def is_boxes(field: Tensor) -> bool:
    """Whether these are the boxes of a batch, upright and by their corners."""
    if not isinstance(field, tv_tensors.BoundingBoxes):
        return False
    return field.format == tv_tensors.BoundingBoxFormat.XYXY and field.ndim == 3


def _changed(change: Step, field: Tensor) -> Tensor:
    """A changed field of the type that it was; a change of boxes may say a new canvas."""
    result = change(field)
    return result if isinstance(result, tv_tensors.BoundingBoxes) else like(result, field)


class SameForAll(WholeBatch):
    """Nothing is drawn."""

    def change(self, image: Tensor) -> Step:
        return lambda field: self.same(field, {})


class ByChance(WholeBatch):
    """Makes the change in all examples, and keeps it in those that drew it."""

    def change(self, image: Tensor) -> Step:
        params = self.transform.make_params([image])
        chosen = torch.rand(len(image)) < self.transform.p

        def changed(field: Tensor) -> Tensor:
            here = chosen.view(-1, *[1] * (field.ndim - 1))
            return torch.where(here, self.same(field, params), field)

        return changed


class Geometry(WholeBatch):
    """Moves every image by its own draw; masks and boxes move with their image."""

    def change(self, image: Tensor) -> Step | None:
        return GEOMETRY[type(self.transform)](self.transform, image)


def random_crop(crop: Any, image: Tensor) -> Step | None:
    """``v2.RandomCrop``: all windows are one view of the padded images; each picks its own."""
    height, width = crop.size
    left, right, top, bottom = crop.padding or (0, 0, 0, 0)
    spare_rows = image.shape[-2] + top + bottom - height
    spare_columns = image.shape[-1] + left + right - width
    if spare_rows < 0 or spare_columns < 0:
        return None  # v2 pads further, or says that the crop is too large
    example = torch.arange(len(image))
    row = torch.randint(spare_rows + 1, example.shape)
    column = torch.randint(spare_columns + 1, example.shape)

    def move(field: Tensor) -> Tensor:
        if isinstance(field, tv_tensors.BoundingBoxes):
            corner = torch.stack([column - left, row - top], dim=1)  # (batch, 2)
            moved = field.as_subclass(Tensor) - corner.repeat(1, 2).unsqueeze(1)
            moved = like(clipped(moved, height, width), field)
            vars(moved)["canvas_size"] = (height, width)
            return moved
        if crop.padding:
            border = [left, top, right, bottom]
            fill, mode = fill_for(crop, field), crop.padding_mode
            field = functional.pad(field, border, fill=fill, padding_mode=mode)
        windows = field.as_subclass(Tensor).unfold(-2, height, 1).unfold(-2, width, 1)
        return windows[example, ..., row, column, :, :]

    return move


def random_affine(affine: Any, image: Tensor) -> Step | None:
    """``v2.RandomAffine``, with its draws made for all examples at once."""
    batch, (height, width) = len(image), image.shape[-2:]
    angle = _uniform(batch, affine.degrees)
    across, down = affine.translate or (0.0, 0.0)
    shift_x = _uniform(batch, (-across * width, across * width)).round()
    shift_y = _uniform(batch, (-down * height, down * height)).round()
    scale = _uniform(batch, affine.scale or (1.0, 1.0))
    shear = tuple(affine.shear or (0.0, 0.0))
    shear_x, shear_y = _uniform(batch, shear[:2]), _uniform(batch, shear[2:] or (0.0, 0.0))
    return warp(affine, AffineMaps(angle, shift_x, shift_y, scale, shear_x, shear_y))


def random_rotation(rotation: Any, image: Tensor) -> Step | None:
    """``v2.RandomRotation``; where images grow with the angle they differ in size: no batch."""
    if rotation.expand:
        return None
    angle, zero = _uniform(len(image), rotation.degrees), torch.zeros(len(image))
    return warp(rotation, AffineMaps(-angle, zero, zero, torch.ones(len(image)), zero, zero))


def _uniform(count: int, bounds: Sequence[float]) -> Tensor:
    return torch.empty(count).uniform_(bounds[0], bounds[1])


SAME_FOR_ALL = {
    v2.CenterCrop,
    v2.ConvertImageDtype,
    v2.Grayscale,
    v2.Identity,
    v2.Normalize,
    v2.Pad,
    v2.Resize,
    v2.RGB,
    v2.ToDtype,
    v2.ToImage,
    v2.ToPureTensor,
}
BY_CHANCE = {
    v2.RandomAdjustSharpness,
    v2.RandomAutocontrast,
    v2.RandomEqualize,
    v2.RandomGrayscale,
    v2.RandomHorizontalFlip,
    v2.RandomInvert,
    v2.RandomPosterize,
    v2.RandomSolarize,
    v2.RandomVerticalFlip,
}
GEOMETRY: dict[type, Callable[[Any, Tensor], Step | None]] = {
    v2.RandomAffine: random_affine,
    v2.RandomCrop: random_crop,
    v2.RandomRotation: random_rotation,
}
