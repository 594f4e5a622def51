"""The U-Net: features of every pixel that know what lies around it.

Template's file: updates replace it. To change it, subclass ``UNet`` in your model.py.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from .convolution import ConvNormAct, ResidualBlock


class UNet(nn.Module):
    """Down to coarse maps that see much, and back up, beside what each size saw on the way down.

    Ronneberger et al. 2015 (arXiv:1505.04597), with residual blocks in place of plain convolutions
    (Zhang et al. 2017, arXiv:1711.10684), batch normalisation, and padding, so that the size stays.
    On the way up a map is enlarged by repeating its pixels, which leaves no checkerboard as
    transposed convolutions do.

    Args:
        in_channels: Channels that come.
        widths: Channels of each size, the finest first; each next map is half as large.
        depth: Residual blocks of each size, on the coarsest twice as many: there they cost least.

    Shape:
        - x: ``(batch, in_channels, height, width)``
        - output: ``(batch, out_channels, height, width)``, the first of ``widths``
    """

    def __init__(self, in_channels: int, widths: Sequence[int], depth: int = 1) -> None:
        super().__init__()
        self.down, self.lateral, self.up = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for level, width in enumerate(widths):
            coarser = ConvNormAct(in_channels, width, stride=2 if level else 1)
            blocks = depth if level + 1 < len(widths) else 2 * depth
            self.down.append(nn.Sequential(coarser, *(ResidualBlock(width) for _ in range(blocks))))
            in_channels = width
        for fine, coarse in pairwise(widths):
            self.lateral.append(ConvNormAct(coarse, fine, 1))
            self.up.append(ConvNormAct(2 * fine, fine))

    def forward(
        self, x: Float[Tensor, "batch in_channels height width"]
    ) -> Float[Tensor, "batch out_channels height width"]:
        seen = []
        for stage in self.down:
            x = stage(x)
            seen.append(x)  # (batch, widths[0], height, width), then half of both, ...
        for fine in reversed(range(len(self.up))):
            coarse = F.interpolate(self.lateral[fine](x), seen[fine].shape[2:], mode="nearest")
            x = self.up[fine](torch.cat([seen[fine], coarse], dim=1))
        return x
