"""An example that a finding speaks of, as its file has it: neither turned nor resized.

Template's file: updates replace it. Where the dataset has no records, or records that cannot be
drawn, it looks as ``preview`` in data.py makes it.
"""

from typing import Any

import numpy as np
import torch
from PIL import Image

from ...data.records import Record, record_of
from ...data.samples import BoxSample, ImageSample, TextSample
from ..report.room import shortened
from .augmented import in_short, look_at
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
        record = record_of(datamodule.examples(example.split), example.index)
        sample = None if record is None else _of_record(record)
    except Exception as error:  # a file that cannot be read is what findings are about
        raise CannotBeShown(in_short(error)) from None
    if sample is not None:
        return sample
    found = look_at(datamodule, example.split, [example.index], after=False)
    if len(found.before) != 1 or found.remarks:
        raise CannotBeShown((found.remarks or ["preview() in data.py gave none"])[0])
    return found.before[0]


def _of_record(record: Record) -> Any:
    """What can be drawn from a record alone; None: a mask, numbers, a thing of the researcher's."""
    if isinstance(record.raw, str):
        return TextSample(record.raw)
    if not isinstance(record.raw, Image.Image):
        return None
    if record.label is None or isinstance(record.label, str | int):
        return ImageSample(_pixels(record.raw), "" if record.label is None else str(record.label))
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
