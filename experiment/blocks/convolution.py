"""The convolutional network's blocks.

Template's file: updates replace it. To change one, subclass it in your model.py.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from .drop_path import DropPath


class ConvNormAct(nn.Module):
    """Convolution, batch normalisation, activation.

    Ioffe & Szegedy 2015 (arXiv:1502.03167); the normalisation's shift takes the place of the
    convolution's bias. An odd kernel is padded to keep the image's size at stride 1.

    Args:
        in_channels: Channels that come.
        out_channels: Channels that leave.
        kernel_size: Side of the kernel in pixels; odd.
        stride: 2 halves the image, rounding up.
        groups: Groups of channels that do not see each other; ``in_channels`` is depthwise.
        activation: Last step; ``nn.Identity()`` for none, SiLU when left out.

    Shape:
        - x: ``(batch, in_channels, height, width)``
        - output: ``(batch, out_channels, out_height, out_width)``
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 3,
        stride: int = 1,
        groups: int = 1,
        activation: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding=kernel_size // 2,
            groups=groups,
            bias=False,
        )
        self.norm = nn.BatchNorm2d(out_channels)
        self.activation = nn.SiLU() if activation is None else activation

    def forward(
        self, x: Float[Tensor, "batch in_channels height width"]
    ) -> Float[Tensor, "batch out_channels out_height out_width"]:
        return self.activation(self.norm(self.convolution(x)))


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions whose result is added to what came in.

    The basic block of He et al. 2015 (arXiv:1512.03385), with SiLU in place of ReLU. Where
    channels or size change, a 1x1 convolution brings the shortcut to the same shape.

    Args:
        in_channels: Channels that come.
        out_channels: Channels that leave; ``in_channels`` when left out.
        stride: 2 halves the image, rounding up.
        drop_path: Probability that a sample skips the convolutions while training.

    Shape:
        - x: ``(batch, in_channels, height, width)``
        - output: ``(batch, out_channels, out_height, out_width)``
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int | None = None,
        stride: int = 1,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        out_channels = out_channels or in_channels
        self.first = ConvNormAct(in_channels, out_channels, stride=stride)
        self.second = ConvNormAct(out_channels, out_channels, activation=nn.Identity())
        self.drop_path = DropPath(drop_path)
        self.shortcut = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = ConvNormAct(
                in_channels, out_channels, 1, stride, activation=nn.Identity()
            )

    def forward(
        self, x: Float[Tensor, "batch in_channels height width"]
    ) -> Float[Tensor, "batch out_channels out_height out_width"]:
        return F.silu(self.shortcut(x) + self.drop_path(self.second(self.first(x))))
