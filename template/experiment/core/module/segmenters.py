"""Torchvision's networks that give each pixel a class.

Template's file: updates replace it. To have another interface, write your own in model.py.
"""

from typing import Any

from jaxtyping import Float
from torch import Tensor, nn
from torchvision.models import get_model, list_models, segmentation
from torchvision.models.segmentation.deeplabv3 import ASPPPooling

from ..errors import UserError
from ..spelling import did_you_mean, nearest
from .published_weights import load_published


class TorchvisionSegmenter(nn.Module):
    """DeepLabV3, FCN or LR-ASPP of torchvision by its name (pytorch.org/vision/stable/models.html).

    Images come normalised already; grey ones are shown to it as RGB. Its map has an eighth of the
    image's size or less and is enlarged: made for photos of several hundred pixels a side. The
    auxiliary head that some of them have, a second loss on an earlier map, is left out: what
    leaves is one map, of the head that also predicts.

    Args:
        name: Such as ``deeplabv3_resnet50``.
        num_classes: Classes to tell apart.
        pretrained: Start from weights learned on COCO; what depends on the classes starts anew.

    Shape:
        - image: ``(batch, channels, height, width)``
        - output: ``(batch, classes, height, width)``, logits

    Raises:
        UserError: There is no such network, or its weights cannot be downloaded.
    """

    def __init__(self, name: str, num_classes: int, pretrained: bool = False) -> None:
        super().__init__()
        known = list_models(segmentation)
        if name not in known:
            hint = did_you_mean(nearest(name, known, cutoff=0.3)) or f"; it has {', '.join(known)}"
            raise UserError(f"model.name: torchvision has no segmentation network {name}{hint}")
        # Without weights_backbone=None it would download a backbone.
        self.network: Any = get_model(
            name, weights=None, weights_backbone=None, num_classes=num_classes
        )
        pools = any(isinstance(part, ASPPPooling) for part in self.network.modules())
        self.fewest = 2 if pools else 1  # images; one alone has no variance to be normalised by
        if pretrained:
            load_published(self.network, name)

    def forward(
        self, image: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch classes height width"]:
        if self.training and len(image) < self.fewest:
            raise UserError(
                "model.name: this network cannot be trained on a batch of one image, since it "
                "normalises over the images of a batch: set data.batch_size to 2 or more, and "
                "data.drop_last=true where the last batch has one"
            )
        return self.network(image.repeat(1, 3 // image.shape[1], 1, 1))["out"].float()
