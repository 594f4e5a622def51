"""What every detector is: a loss for images with boxes, and detections in images.

Template's file: updates replace it. To have another interface, write your own in model.py.

``TorchvisionDetector`` puts torchvision's Faster R-CNN, RetinaNet, FCOS and SSD behind it, which
by themselves return losses while training and detections otherwise.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torchvision.models import detection, get_model, list_models

from ..errors import UserError
from ..spelling import did_you_mean, nearest
from .published_weights import load_published


class Detections(NamedTuple):
    """What a detector finds in each image, the surest first, padded to equal length.

    Shape:
        - boxes: ``(batch, detections, 4)``: left, top, right, bottom in pixels
        - label: ``(batch, detections)``, class numbers; -1 where there is none
        - confidence: ``(batch, detections)``, from 0 to 1
    """

    boxes: Float[Tensor, "batch detections 4"]
    label: Int64[Tensor, "batch detections"]
    confidence: Float[Tensor, "batch detections"]


class Detector(nn.Module):
    """A network that learns from boxes and finds them."""

    def loss(
        self,
        image: Float[Tensor, "batch channels height width"],
        boxes: Float[Tensor, "batch objects 4"],
        label: Int64[Tensor, "batch objects"],
    ) -> dict[str, Tensor]:
        """The parts of the loss by name, scalars whose sum is learned from.

        Shape:
            - image: ``(batch, channels, height, width)``
            - boxes: ``(batch, objects, 4)``: left, top, right, bottom in pixels
            - label: ``(batch, objects)``, class numbers; -1 where there is no object
        """
        raise NotImplementedError("a detector has loss()")

    def detect(self, image: Float[Tensor, "batch channels height width"]) -> Detections:
        """What is in the images.

        Shape:
            - image: ``(batch, channels, height, width)``
        """
        raise NotImplementedError("a detector has detect()")


class TorchvisionDetector(Detector):
    """A detector of torchvision by its name (pytorch.org/vision/stable/models.html).

    Images come normalised already, and at their size; grey ones are shown to it as RGB. Its classes
    are counted from 1, as 0 is its background. Made for photos of several hundred pixels a side:
    its anchors start at 32 pixels.

    Args:
        name: Such as ``fcos_resnet50_fpn``.
        num_classes: Classes to tell apart.
        image_size: Pixels a side.
        max_detections: At most so many in an image.
        pretrained: Start from weights learned on COCO; what depends on the classes starts anew.

    Raises:
        UserError: There is no such detector, or its weights cannot be downloaded.
    """

    def __init__(
        self,
        name: str,
        num_classes: int,
        image_size: int,
        max_detections: int = 100,
        pretrained: bool = False,
    ) -> None:
        super().__init__()
        known = [
            model for model in list_models(detection) if not model.startswith(("mask", "keypoint"))
        ]
        if name not in known:
            hint = did_you_mean(nearest(name, known, cutoff=0.3)) or f"; it has {', '.join(known)}"
            raise UserError(f"model.name: torchvision has no detector {name}{hint}")
        # Without weights_backbone=None it would download a backbone.
        self.network: Any = get_model(
            name, weights=None, weights_backbone=None, num_classes=num_classes + 1
        )
        self.max_detections = max_detections
        change = self.network.transform
        change.min_size, change.max_size = (image_size,), image_size
        change.image_mean, change.image_std = [0.0] * 3, [1.0] * 3
        if pretrained:
            load_published(self.network, name)

    def forward(self, image: Tensor, targets: list[dict[str, Tensor]] | None = None) -> Any:
        """Losses or detections, as torchvision has them."""
        channels = 3 // image.shape[1]
        return self.network(list(image.repeat(1, channels, 1, 1)), targets)

    def loss(self, image: Tensor, boxes: Tensor, label: Tensor) -> dict[str, Tensor]:
        targets = [
            {"boxes": one[there], "labels": number[there] + 1}
            for one, number, there in zip(boxes, label, label >= 0, strict=True)
        ]
        with _in_mode(self.network, training=True):
            return self(image, targets)

    def detect(self, image: Tensor) -> Detections:
        with _in_mode(self.network, training=False):
            found = self(image)
        rows = [(one["boxes"], one["labels"] - 1, one["scores"]) for one in found]
        most = self.max_detections

        def padded(part: int, value: float) -> Tensor:
            fields = [row[part][:most] for row in rows]
            short = [most - len(field) for field in fields]
            return torch.stack(
                [
                    F.pad(field, (*[0, 0] * (field.ndim - 1), 0, missing), value=value)
                    for field, missing in zip(fields, short, strict=True)
                ]
            )

        return Detections(padded(0, 0.0), padded(1, -1), padded(2, 0.0))


@contextmanager
def _in_mode(network: nn.Module, *, training: bool) -> Iterator[None]:
    """What torchvision's detectors return is decided by ``training``.

    Dropout and normalisation keep theirs: a loss in validation changes no statistics.
    """
    keep = nn.modules.batchnorm._BatchNorm | nn.modules.dropout._DropoutNd
    parts = [part for part in network.modules() if not isinstance(part, keep)]
    before = [part.training for part in parts]
    for part in parts:
        part.training = training
    try:
        yield
    finally:
        for part, was_training in zip(parts, before, strict=True):
            part.training = was_training
