"""An example of the loader that is not the example of the file: another image, or another class.

Template's file: updates replace it. Each of 32 held-out images is compared with the small copies of
all of them, cut to a square, fitted into one or squeezed; another one's is closer by a correlation
of 0.2, and close itself (0.8). Classes are compared by name.
"""

from collections.abc import Iterable

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ...report.seriousness import Seriousness
from ..evidence import Evidence
from ..inspection import Finding
from ..loaded import Loaded, loaded, scored
from ..looks.image_look import SIDE
from ..reading import SplitRead

CLOSER, CLOSE = 0.2, 0.8
LEAST = 0.1  # of the images: one that was moved may happen to look like another
ADVICE = "See how files, labels and numbers are put together in data.py: one list was sorted anew."


def find(evidence: Evidence) -> Iterable[Finding]:
    for name in scored(evidence):
        split = evidence.splits[name]
        examples = None if name == "train" or not split.has_records else loaded(evidence, name)
        if examples is None:
            continue
        fields = examples.tensors()
        if "image" in fields and split.kind == "image":
            yield from _images(evidence, split, examples, fields["image"].as_subclass(Tensor))
        if "label" in fields and fields["label"].ndim == 1:
            yield from _classes(evidence, split, examples, fields["label"].tolist())


def _images(
    evidence: Evidence, split: SplitRead, examples: Loaded, image: Tensor
) -> Iterable[Finding]:
    if image.ndim != 4 or not image.is_floating_point():
        return
    shown = _unit(F.interpolate(image.float().mean(1, keepdim=True), (SIDE, SIDE), mode="area"))
    alike = torch.stack([shown @ _unit(files).T for files in _squares(split, examples.places)])
    best = alike.max(dim=0).values.numpy()  # (examples, files)
    own, nearest = best.diagonal(), best.argmax(axis=1)
    closest = best.max(axis=1)
    upright = split.numbers("turn")[examples.places] <= 1
    wrong = (closest > own + CLOSER) & (closest > CLOSE) & upright
    if wrong.mean() >= LEAST:
        pairs = [
            [(split.name, int(examples.places[row])), (split.name, int(examples.places[mate]))]
            for row, mate in enumerate(nearest)
            if wrong[row]
        ]
        text = f"{split.name}: {len(pairs)} of {len(own)} images that the loader gives are those "
        text += "of another file"
        yield evidence.grouped("unlike_file", Seriousness.ERROR, text, ADVICE, pairs)


def _classes(
    evidence: Evidence, split: SplitRead, examples: Loaded, numbers: list[int]
) -> Iterable[Finding]:
    names = getattr(evidence.facts, "class_names", None)
    if not names or len(numbers) != len(examples.places):
        return
    wrong = [
        place
        for place, number in zip(examples.places.tolist(), numbers, strict=True)
        if isinstance(said := split.looks[place].label, str)
        and 0 <= number < len(names)
        and names[number] != said
    ]
    if wrong:
        text = f"{split.name}: {len(wrong)} of {len(numbers)} examples have another class in the "
        text += "loader than in the source"
        groups = [[(split.name, place)] for place in wrong]
        yield evidence.grouped("unlike_file", Seriousness.ERROR, text, ADVICE, groups)


def _squares(split: SplitRead, places: NDArray[np.int64]) -> list[Tensor]:
    """The small copies squeezed, as they are, cut to a square, and fitted into one."""
    found: list[list[Tensor]] = [[], [], []]
    for place in places.tolist():
        copy = torch.from_numpy(split.small[place].astype(np.float32))[None, None]
        width, height = (float(split.numbers(name)[place]) for name in ("width", "height"))
        rows, columns = min(1.0, width / height), min(1.0, height / width)  # what is cut out
        down, right = (max(1, round(SIDE * part)) for part in (rows, columns))
        top, left = (SIDE - down) // 2, (SIDE - right) // 2
        cut = copy[..., top : top + down, left : left + right]
        fitted = F.interpolate(copy, (right, down), mode="area")  # the shorter side shrinks
        top, left = (SIDE - right) // 2, (SIDE - down) // 2
        padding = (left, SIDE - down - left, top, SIDE - right - top)
        found[0].append(copy)
        found[1].append(F.interpolate(cut, (SIDE, SIDE), mode="bilinear"))
        found[2].append(F.pad(fitted, padding))
    return [torch.cat(part) for part in found]


def _unit(images: Tensor) -> Tensor:
    flat = images.flatten(1)
    flat = flat - flat.mean(dim=1, keepdim=True)
    return flat / flat.norm(dim=1, keepdim=True).clamp(min=1e-6)
