"""Examples as their files have them: neither turned nor resized.

Template's file: updates replace it. Where the dataset has no records, or records that cannot be
drawn, it looks as ``preview`` in data.py makes it.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image

from ...data.datasets import base_of, is_stream
from ...data.records import Record, record_of
from ...data.samples import BoxSample, ImageSample, MaskSample, TextSample
from ..report.room import shortened
from .augmented import Examples, in_short, look_at
from .inspection import ExampleId
from .thumbnails import SIDE

SHARES = 1.5  # no box of pixels is that small: corners below it are shares of width and height


class CannotBeShown(Exception):
    """Why an example cannot be shown."""


def raw_sample(datamodule: Any, example: ExampleId) -> Any:
    """The example in a form that can be drawn.

    Raises:
        CannotBeShown: It cannot be read.
    """
    try:
        dataset = datamodule.examples(example.split)
        record = record_of(dataset, example.index)
        names = getattr(base_of(dataset)[0], "class_names", None) or ()
        sample = None if record is None else _of_record(record, names)
    except Exception as error:  # a file that cannot be read is what findings are about
        raise CannotBeShown(in_short(error)) from None
    if sample is not None:
        return sample
    found = look_at(datamodule, example.split, [example.index], after=False)
    if len(found.before) != 1 or found.remarks:
        raise CannotBeShown((found.remarks or ["preview() in data.py gave none"])[0])
    return found.before[0]


def as_they_lie(datamodule: Any, split: str, found: Examples) -> list[Any]:
    """The examples of ``found`` as their files have them; as they are there, where none knows."""
    if len(found.indices) != len(found.before):  # preview's own choice
        return list(found.before)
    dataset = datamodule.examples(split)
    if is_stream(dataset) or getattr(base_of(dataset)[0], "record", None) is None:
        return list(found.before)
    return [
        _or(datamodule, ExampleId(split, index, ""), known)
        for index, known in zip(found.indices, found.before, strict=True)
    ]


def _or(datamodule: Any, example: ExampleId, known: Any) -> Any:
    """The example as its file has it, if it looks of the same kind as what is known of it."""
    try:
        sample = raw_sample(datamodule, example)
    except CannotBeShown:
        return known
    return sample if type(sample) is type(known) else known


def _of_record(record: Record, class_names: Sequence[str]) -> Any:
    """What can be drawn from a record alone; None: numbers, a thing of the researcher's."""
    if isinstance(record.raw, str):
        return TextSample(record.raw)
    if not isinstance(record.raw, Image.Image):
        return None
    if record.label is None or isinstance(record.label, str | int):
        return ImageSample(_pixels(record.raw), "" if record.label is None else str(record.label))
    if isinstance(record.label, Image.Image):
        return _masked(record, class_names)
    return _boxed(record) if _are_objects(record.label) else None


def _are_objects(label: Any) -> bool:
    """Whether these are names and boxes."""
    return isinstance(label, list) and all(
        isinstance(one, tuple) and len(one) == 2 and np.shape(one[1]) == (4,) for one in label
    )


def _boxed(record: Record) -> BoxSample:
    """Boxes as they are annotated, those outside of the image included."""
    width, height = record.raw.size
    image = _pixels(record.raw)
    boxes = torch.tensor([box for _, box in record.label], dtype=torch.float32).reshape(-1, 4)
    are_shares = bool(len(boxes)) and boxes.abs().max().item() <= SHARES
    now = torch.tensor([image.shape[2], image.shape[1]] * 2)
    boxes = boxes * (now if are_shares else now / torch.tensor([width, height] * 2))
    return BoxSample(image, boxes, [shortened(str(name), 40) for name, _ in record.label])


def _masked(record: Record, class_names: Sequence[str]) -> MaskSample:
    """The mask, as large as the picture is shown."""
    image = _pixels(record.raw)
    size = (image.shape[2], image.shape[1])
    mask = np.array(record.label.resize(size, Image.Resampling.NEAREST), dtype=np.uint8)
    return MaskSample(image, torch.from_numpy(mask), [str(name) for name in class_names])


def _pixels(raw: Image.Image) -> torch.Tensor:
    """The picture in bytes, no larger than it is shown; of more than bytes, darkest is black."""
    raw.draft("RGB", (2 * SIDE, 2 * SIDE))  # a JPEG is read at a fraction of its size
    if raw.mode[:1] in ("I", "F"):
        values = np.asarray(raw, dtype=np.float32)
        low, high = float(values.min()), float(values.max())
        raw = Image.fromarray(np.uint8(255 * (values - low) / max(high - low, 1e-12)))
    if "A" in raw.getbands() or "transparency" in raw.info:
        raw = Image.alpha_composite(Image.new("RGBA", raw.size, "white"), raw.convert("RGBA"))
    small = raw.convert("RGB")
    small.thumbnail((SIDE, SIDE))
    return torch.from_numpy(np.array(small)).permute(2, 0, 1)
