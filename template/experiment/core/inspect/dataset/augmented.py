"""Examples as a person sees them: as they lie there, and as the model gets them.

Template's file: updates replace it. How an example looks is said once, by ``preview`` in data.py:
it takes its examples from ``self.some()``, and here that hands it the ones to look at, untouched,
and then once more after ``transforms``.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms import v2

from ...data.batches import fields_of, with_fields
from ...data.datasets import Subset, is_stream
from ...data.errors import DataError
from ...data.fetch import Fetch
from ...data.sampling import BatchKey
from ...data.streams import StreamBatches


@dataclass
class Examples:
    """Some examples of a split.

    Args:
        indices: Which they are; those of a stream are counted from its start.
        before: How each looks, in the forms of data/samples.py.
        after: The same past the split's transforms, as a step gets it; empty: not known.
        remarks: Why something is missing, or is not what it seems, in words.
    """

    indices: list[int] = field(default_factory=list)
    before: Sequence[Any] = ()
    after: Sequence[Any] = ()
    remarks: list[str] = field(default_factory=list)


def look_at(datamodule: Any, split: str, indices: Sequence[int], after: bool = True) -> Examples:
    """Some examples of a split, those that can be read.

    Args:
        datamodule: Whose they are.
        split: Where.
        indices: Which.
        after: Whether they are augmented, too.
    """
    dataset = datamodule.examples(split)
    if is_stream(dataset):
        return _start_of_stream(datamodule, split, dataset, len(indices))
    read = Fetch(Subset(dataset, indices), None, datamodule.seed, datamodule.collate, True)
    try:
        batch = read.untransformed(np.arange(len(indices)))
    except DataError as error:
        return Examples(remarks=[str(error)])
    kept = [i for i, missing in zip(indices, read.skipped.tolist(), strict=True) if not missing]
    found = Examples(kept)
    _preview(datamodule, split, batch, found)
    if after and not found.remarks:
        changing = datamodule.fetch(split, Subset(dataset, kept))
        _augment(
            datamodule, split, lambda: changing[BatchKey(0, 0, np.arange(len(kept)))], batch, found
        )
    return found


def _start_of_stream(datamodule: Any, split: str, stream: Any, count: int) -> Examples:
    """A stream has only a beginning that can be looked at."""
    parts = (datamodule.seed, datamodule.collate)

    def first(transforms: Any) -> Any:
        return next(iter(StreamBatches(stream, transforms, *parts, batch_size=count)))

    found = Examples(list(range(count)), remarks=[])
    batch = first(None)
    _preview(datamodule, split, batch, found)
    if not found.remarks:
        transforms = datamodule.transforms(split)
        _augment(datamodule, split, lambda: first(transforms), batch, found)
    return found


def _preview(datamodule: Any, split: str, batch: Any, found: Examples) -> None:
    """Let ``preview`` make samples of the batch."""
    lens = _Lens(datamodule, batch)
    try:
        found.before = list(lens.module.preview(len(found.indices), split))
    except NotImplementedError as error:
        found.remarks.append(str(error))
        return
    except Exception as error:
        found.remarks.append(f"preview() in data.py failed: {in_short(error)}")
        return
    if not lens.asked:
        found.remarks.append(
            "preview() in data.py does not take its examples from self.some(): these are those "
            "that it chose, and how they look after transforms is not known"
        )
    elif len(found.before) != len(found.indices):
        found.remarks.append(
            f"preview() in data.py made {len(found.before)} samples of {len(found.indices)}"
        )


def _augment(datamodule: Any, split: str, fetch: Any, before: Any, found: Examples) -> None:
    """The same examples past the transforms, drawn by the same ``preview``."""
    try:
        batch, remark = _visible(datamodule.transforms(split), fetch(), before)
        found.after = list(_Lens(datamodule, batch).module.preview(len(found.indices), split))
        if len(found.after) != len(found.before):
            raise ValueError(f"{len(found.after)} samples, of {len(found.before)}")
    except Exception as error:
        found.after = ()
        found.remarks.append(f"after transforms they cannot be drawn: {in_short(error)}")
        return
    if remark:
        found.remarks.append(remark)


class _Lens:
    """A view of a DataModule whose ``some`` gives one batch, whatever is asked for."""

    def __init__(self, datamodule: Any, batch: Any) -> None:
        self.batch, self.asked = batch, False
        self.module = copy.copy(datamodule)
        vars(self.module)["some"] = self.some  # not by setattr, which refuses to hide core's names

    def some(self, count: int, split: str = "train") -> Any:
        """What ``preview`` asks for."""
        self.asked = True
        return self.batch


def _visible(transforms: Any, batch: Any, before: Any) -> tuple[Any, str]:
    """A transformed batch with images whose values are from 0 to 1 again, and a remark on that.

    What ``v2.Normalize`` did is undone; whatever else has left 0 to 1 is stretched. A field called
    ``size`` says how large an image was before it was fitted into a square: here the square itself
    is to be seen, as the model gets it.
    """
    fields, remark, side = fields_of(batch), "", None
    for place, image in _images(fields, fields_of(before)):
        values = image.float()
        for step in reversed(_normalizing(transforms)):
            mean, std = torch.tensor(step.mean), torch.tensor(step.std)
            values = values * std.view(-1, 1, 1) + mean.view(-1, 1, 1)
        low, high = values.min().item(), values.max().item()
        if not (low >= -0.01 and high <= 1.01):
            remark = f"values from {low:.3g} to {high:.3g}, here from darkest to brightest"
            values = (values - low) / max(high - low, 1e-12)
        fields[place], side = values.clamp(0, 1), image.shape[-2:]
    names = getattr(batch, "_fields", None) or (list(batch) if isinstance(batch, dict) else [])
    for place, name in enumerate(names):
        known = fields[place]
        if side and name == "size" and isinstance(known, Tensor) and known.shape[1:] == (2,):
            fields[place] = torch.tensor(side, dtype=known.dtype).expand_as(known)
    return with_fields(batch, fields), remark


def _images(fields: Sequence[Any], before: Sequence[Any]) -> list[tuple[int, Tensor]]:
    """The fields of floats that are images: known to be, or else shaped as some."""
    floats = [
        (place, value)
        for place, value in enumerate(fields)
        if isinstance(value, Tensor) and value.is_floating_point() and value.ndim == 4
    ]
    known = {place for place, value in enumerate(before) if isinstance(value, tv_tensors.Image)}
    return [(p, v) for p, v in floats if p in known or (not known and v.shape[1] in (1, 3))]


def _normalizing(transform: Any) -> list[v2.Normalize]:
    if isinstance(transform, v2.Normalize):
        return [transform]
    inner = getattr(transform, "transforms", ())
    return [step for part in inner for step in _normalizing(part)]


def in_short(error: BaseException) -> str:
    """The first line of an error, or its name."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
