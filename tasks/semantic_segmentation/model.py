"""The network: images come, one score a class and pixel leaves.

Yours: edit it, or write another network beside this one and name it in ``build_model``.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from .blocks.convolution import ConvNormAct
from .blocks.unet import UNet
from .config import ModelConfig
from .core.errors import UserError
from .core.module import TorchvisionSegmenter
from .data import Facts


class SegmentationUNet(nn.Module):
    """A U-Net (Ronneberger et al. 2015, arXiv:1505.04597) on patches of pixels.

    The stem puts the pixels of each patch beside each other as channels, the head gives them back
    their places (Shi et al. 2016, arXiv:1609.05158): a score for each pixel of the full size, at a
    fraction of the cost.

    Shape:
        - image: ``(batch, channels, height, width)``
        - output: ``(batch, classes, height, width)``, logits
    """

    def __init__(self, config: ModelConfig, facts: Facts) -> None:
        super().__init__()
        patch, width = config.patch_size, config.width
        if facts.image_size % patch:
            sizes = f"model.patch_size: {patch}, data.image_size: {facts.image_size}"
            raise UserError(f"{sizes}: the first must divide the second")
        self.stem = nn.Sequential(
            nn.PixelUnshuffle(patch), ConvNormAct(facts.channels * patch**2, width)
        )
        widths = [width * 2**level for level in range(config.levels)]
        self.unet = UNet(width, widths, config.depth)
        self.head = nn.Sequential(
            nn.Conv2d(width, facts.num_classes * patch**2, 1), nn.PixelShuffle(patch)
        )

    def forward(
        self, image: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch classes height width"]:
        x = self.stem(image)  # (batch, width, height / patch_size, width / patch_size)
        return self.head(self.unet(x)).float()


def build_model(config: ModelConfig, facts: Facts) -> nn.Module:
    """The network that ``model.name`` asks for, with the data's channels, size and classes."""
    if config.name.startswith("torchvision/"):
        name = config.name.removeprefix("torchvision/")
        return TorchvisionSegmenter(name, facts.num_classes, config.pretrained)
    if config.pretrained:
        raise UserError("model.pretrained: only a torchvision/NAME has published weights")
    return SegmentationUNet(config, facts).to(memory_format=torch.channels_last)  # a third faster
