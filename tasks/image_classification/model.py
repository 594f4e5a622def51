"""The network: images come, one score a class leaves.

Yours: edit it, or write another network beside these and name it in ``build_model``.
"""

import difflib
import math
from typing import Any

from einops import reduce
from jaxtyping import Float
from torch import Tensor, nn

from .blocks.convolution import ConvNormAct, ResidualBlock
from .blocks.patches import PatchEmbedding
from .blocks.positions import SinCosPositions2d
from .blocks.transformer import EncoderBlock
from .config import ModelConfig
from .core.errors import UserError
from .data import Facts


class ConvNet(nn.Module):
    """A small ResNet (He et al. 2015, arXiv:1512.03385) for images of any size.

    Three stages of ``depth`` residual blocks; the second and the third halve the image and double
    the channels. Before them, the stem halves an image until its side is shorter than 64 pixels.

    Shape:
        - image: ``(batch, channels, height, width)``
        - output: ``(batch, classes)``, logits
    """

    def __init__(self, config: ModelConfig, facts: Facts) -> None:
        super().__init__()
        width, channels = config.width, facts.channels
        halvings = max(0, int(math.log2(facts.image_size / 32)))
        self.stem = nn.Sequential()
        for stride in [2] * halvings or [1]:
            self.stem.append(ConvNormAct(channels, width, stride=stride))
            channels = width
        self.stages = nn.Sequential()
        for channels in (width, 2 * width, 4 * width):
            if channels > width:
                self.stages.append(ConvNormAct(channels // 2, channels, stride=2))
            self.stages.extend(ResidualBlock(channels) for _ in range(config.depth))
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(channels, facts.num_classes)

    def forward(
        self, image: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch classes"]:
        x = self.stages(self.stem(image))  # (batch, 4 * width, height / 4, width / 4), or less
        x = reduce(x, "batch channels height width -> batch channels", "mean")
        return self.head(self.dropout(x))


class VisionTransformer(nn.Module):
    """A small vision transformer (Dosovitskiy et al. 2020, arXiv:2010.11929).

    A convolution before the patches lets it learn from little data (Xiao et al. 2021,
    arXiv:2106.14881); fixed positions and a mean over the tokens in place of a class token as in
    Beyer et al. 2022 (arXiv:2205.01580). ``4 * depth`` blocks with ``4 * width`` channels.

    Shape:
        - image: ``(batch, channels, height, width)``
        - output: ``(batch, classes)``, logits
    """

    def __init__(self, config: ModelConfig, facts: Facts) -> None:
        super().__init__()
        if facts.image_size % config.patch_size:
            sizes = f"model.patch_size: {config.patch_size}, data.image_size: {facts.image_size}"
            raise UserError(f"{sizes}: the first must divide the second")
        dim, side = 4 * config.width, facts.image_size // config.patch_size
        self.stem = ConvNormAct(facts.channels, config.width)
        self.patches = PatchEmbedding(config.width, dim, config.patch_size)
        self.positions = SinCosPositions2d(side, side, dim)
        self.blocks = nn.Sequential()
        for _ in range(4 * config.depth):
            self.blocks.append(EncoderBlock(dim, config.num_heads, dropout=config.dropout))
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, facts.num_classes)

    def forward(
        self, image: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch classes"]:
        x = self.patches(self.stem(image))  # (batch, tokens, 4 * width)
        x = self.norm(self.blocks(self.positions(x)))
        return self.head(reduce(x, "batch tokens dim -> batch dim", "mean"))


def timm_model(name: str, config: ModelConfig, facts: Facts) -> nn.Module:
    """A model of pytorch-image-models (huggingface.co/docs/timm) with our channels and classes."""
    try:
        import timm  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise UserError(f"model.name: timm/{name} needs timm; uv sync --extra timm") from None
    if not timm.is_model(name):
        near = difflib.get_close_matches(name, timm.list_models(), cutoff=0.5)
        hint = f"did you mean {', '.join(near)}?" if near else "timm.list_models() has them all"
        raise UserError(f"model.name: timm has no {name}; {hint}")
    arguments: dict[str, Any] = {"num_classes": facts.num_classes, "in_chans": facts.channels}
    try:
        settings = timm.get_pretrained_cfg(name)
        if settings and settings.fixed_input_size:
            arguments["img_size"] = facts.image_size
        return timm.create_model(name, config.pretrained, **arguments)
    except Exception as error:  # a tag, a size, a download: timm has no error of its own
        raise UserError(f"model.name: timm/{name} cannot be built: {error}") from error


def build_model(config: ModelConfig, facts: Facts) -> nn.Module:
    """The network that ``model.name`` asks for, with the data's channels, size and classes."""
    if config.name.startswith("timm/"):
        return timm_model(config.name.removeprefix("timm/"), config, facts)
    if config.pretrained:
        raise UserError(f"model.pretrained: {config.name} has no published weights, timm/NAME has")
    networks = {"convnet": ConvNet, "vit": VisionTransformer}
    return networks[config.name](config, facts)
