"""Images as rows of tokens.

Template's file: updates replace it. To change it, subclass ``PatchEmbedding`` in your model.py.
"""

from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn


class PatchEmbedding(nn.Module):
    """Cuts an image into square patches and projects the pixels of each to one token.

    Dosovitskiy et al. 2020 (arXiv:2010.11929, section 3.1). The same as a convolution with
    ``kernel_size = stride = patch_size``; tokens come row by row.

    Args:
        channels: Channels of the image.
        dim: Channels of a token.
        patch_size: Side of a patch in pixels; divides height and width.

    Shape:
        - image: ``(batch, channels, height, width)``
        - output: ``(batch, tokens, dim)``
    """

    def __init__(self, channels: int, dim: int, patch_size: int) -> None:
        super().__init__()
        self.patch_size = patch_size
        self.projection = nn.Linear(channels * patch_size**2, dim)

    def forward(
        self, image: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch tokens dim"]:
        patches = rearrange(
            image,
            "batch channels (rows y) (columns x) -> batch (rows columns) (channels y x)",
            y=self.patch_size,
            x=self.patch_size,
        )
        return self.projection(patches)
