"""Features of several scales, each told what the coarser ones saw.

Template's file: updates replace it. To change it, subclass ``FeaturePyramid`` in your model.py.
"""

from collections.abc import Sequence

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from .convolution import ConvNormAct


class FeaturePyramid(nn.Module):
    """Brings the maps of a backbone to one number of channels, adding the coarse to the fine.

    From the top down, each map is enlarged and added to the next finer one, and a 3x3 convolution
    smooths the sum: Lin et al. 2016 (arXiv:1612.03144, section 3), batch normalisation added.

    Args:
        in_channels: Channels of each map, the finest first.
        out_channels: Channels of each map that leaves.
        num_outputs: How many leave, the finest ones; all when left out.

    Shape:
        - maps: each ``(batch, in_channels, height, width)``, the finest first
        - output: each ``(batch, out_channels, height, width)``, of the same sizes
    """

    def __init__(
        self, in_channels: Sequence[int], out_channels: int, num_outputs: int | None = None
    ) -> None:
        super().__init__()
        linear = nn.Identity()
        self.lateral = nn.ModuleList(
            ConvNormAct(channels, out_channels, 1, activation=linear) for channels in in_channels
        )
        self.smooth = nn.ModuleList(
            ConvNormAct(out_channels, out_channels, activation=linear)
            for _ in in_channels[:num_outputs]
        )

    def forward(
        self, *maps: Float[Tensor, "batch _in_channels _height _width"]
    ) -> list[Float[Tensor, "batch out_channels _height _width"]]:
        sums = [lateral(x) for lateral, x in zip(self.lateral, maps, strict=True)]
        for fine in reversed(range(len(sums) - 1)):
            size = sums[fine].shape[2:]
            sums[fine] = sums[fine] + F.interpolate(sums[fine + 1], size, mode="nearest")
        return [smooth(x) for smooth, x in zip(self.smooth, sums, strict=False)]
