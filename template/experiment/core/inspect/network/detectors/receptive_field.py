"""A receptive field that is smaller than the objects that are to be found.

Template's file: updates replace it. Measured: the gradient of the middle of an output map reaches
so many pixels of the image. Of detection and segmentation by convolutions; as soon as one of the
maps sees half of the usual object's longer side, it is enough.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from ...report.seriousness import Seriousness
from ..evidence import Evidence
from ..look import Finding
from ..node import Node
from ..tensors import tensors_in

ENOUGH = 0.5  # of the median object
ADVICE = "Add levels or strides, or dilate convolutions, until a unit sees what it shall name."


def find(evidence: Evidence) -> Iterable[Finding]:
    fields = dict(evidence.witness.batch)
    sides = _sides(fields)
    image = fields.get("image")
    if sides is None or not len(sides) or image is None or image.ndim != 4:
        return
    network = _network(evidence, image)
    if network is None:
        return
    seen = _field(evidence.trace.modules[network.number], image[:1])
    usual = sides.float().median().item()
    if seen is None or seen >= ENOUGH * usual:
        return
    yield Finding(
        "receptive_field",
        Seriousness.WARNING,
        f"{network.made or network.line}: a unit of {network.label} sees {seen:,} pixels a side, "
        f"and the usual object has {usual:,.0f}",
        ADVICE,
        tuple(filter(None, (network.made, network.line))),
        (network.number,),
    )


def _sides(fields: dict[str, Tensor]) -> Tensor | None:
    """The longer side of each object, in pixels of the network's image."""
    boxes, label = fields.get("boxes"), fields.get("label")
    if boxes is not None and label is not None and boxes.shape[-1:] == (4,):
        there = boxes[label >= 0]
        return (there[:, 2:] - there[:, :2]).amax(dim=1)
    mask = fields.get("mask")
    if mask is None or mask.ndim != 3:
        return None
    found = []
    for one in mask[:16]:  # the rest is like these
        for value in one.unique().tolist():
            rows, columns = torch.where(one == value)
            if value not in (0, 255):  # background, and what does not count
                found.append(max(int(rows.max() - rows.min()), int(columns.max() - columns.min())))
    return torch.tensor(found) + 1 if found else None


def _network(evidence: Evidence, image: Tensor) -> Node | None:
    """The outermost module that takes the image alone, and gives maps."""
    shape = tuple(image.shape)
    for node in evidence.trace.root.walk():
        if node.is_module and node.inputs == [shape] and any(len(one) == 4 for one in node.outputs):
            return node
    return None


def _field(module: Any, image: Tensor) -> int | None:
    """The pixels a side that the middle of an output map depends on; the most of all maps."""
    was = {part: part.training for part in module.modules()}
    module.eval()
    image = torch.rand_like(image).requires_grad_()
    try:
        maps = [one for one in tensors_in(module(image)) if one.ndim == 4 and one.requires_grad]
        found = [_reach(one, image) for one in maps]
    finally:
        for part, training in was.items():
            part.training = training
    return max(found, default=None)


def _reach(output: Tensor, image: Tensor) -> int:
    middle = output[0, :, output.shape[2] // 2, output.shape[3] // 2].sum()
    (gradient,) = torch.autograd.grad(middle, image, retain_graph=True)
    touched = gradient[0].abs().amax(dim=0) > 0
    spans = [torch.where(touched.any(dim=axis))[0] for axis in (0, 1)]
    return max((int(span.max() - span.min()) + 1 for span in spans if len(span)), default=0)
