"""The network: images come, one score a class leaves.

Yours: edit it, or write another network beside these and name it in ``build_model``.
"""

import difflib
import math

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
    the channels. The stem halves images of 64 pixels and more until 32 to 63 are left.

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
        x = self.stages(self.stem(image))  # (batch, 4 * width, height / 4, width / 4) or smaller
        x = reduce(x, "batch channels height width -> batch channels", "mean")
        return self.head(self.dropout(x))


class VisionTransformer(nn.Module):
    """A plain vision transformer: patches, encoder blocks, mean over the tokens.

    Dosovitskiy et al. 2020 (arXiv:2010.11929), without the class token and with fixed positions
    as in Beyer et al. 2022 (arXiv:2205.01580). Tokens have ``4 * width`` channels, and there are
    ``4 * depth`` blocks.

    Shape:
        - image: ``(batch, channels, height, width)``
        - output: ``(batch, classes)``, logits
    """

    def __init__(self, config: ModelConfig, facts: Facts) -> None:
        super().__init__()
        dim, size, patch = 4 * config.width, facts.image_size, config.patch_size
        if size % patch:
            raise UserError(f"model.patch_size: {patch} does not divide data.image_size, {size}")
        if dim % config.num_heads:
            raise UserError(f"model.num_heads: {config.num_heads} does not divide {dim} channels")
        self.patches = PatchEmbedding(facts.channels, dim, patch)
        self.positions = SinCosPositions2d(size // patch, size // patch, dim)
        self.blocks = nn.Sequential(
            *(
                EncoderBlock(dim, config.num_heads, dropout=config.dropout)
                for _ in range(4 * config.depth)
            )
        )
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, facts.num_classes)

    def forward(
        self, image: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch classes"]:
        x = self.positions(self.patches(image))  # (batch, tokens, dim)
        x = reduce(self.norm(self.blocks(x)), "batch tokens dim -> batch dim", "mean")
        return self.head(x)


def timm_model(name: str, config: ModelConfig, facts: Facts) -> nn.Module:
    """A model of pytorch-image-models (huggingface.co/docs/timm) with our channels and classes."""
    try:
        import timm
    except ImportError:
        raise UserError(f"model.name: timm/{name} needs timm; uv sync --extra timm") from None
    if not timm.is_model(name):
        near = difflib.get_close_matches(name, timm.list_models(), cutoff=0.5)
        hint = f"did you mean {', '.join(near)}?" if near else "timm.list_models() has them all"
        raise UserError(f"model.name: timm has no {name}; {hint}")
    settings = timm.get_pretrained_cfg(name)
    sized = {"img_size": facts.image_size} if settings and settings.fixed_input_size else {}
    try:
        return timm.create_model(
            name, config.pretrained, num_classes=facts.num_classes, in_chans=facts.channels, **sized
        )
    except Exception as error:  # timm checks sizes by assert and downloads with three libraries
        raise UserError(f"model.name: timm/{name} cannot be built: {error}") from error


def build_model(config: ModelConfig, facts: Facts) -> nn.Module:
    """The network that ``model.name`` asks for, made for the data's channels and classes."""
    if config.name.startswith("timm/"):
        return timm_model(config.name.removeprefix("timm/"), config, facts)
    if config.pretrained:
        raise UserError(f"model.pretrained: only timm/NAME has weights, not {config.name}")
    networks = {"convnet": ConvNet, "vit": VisionTransformer}
    if config.name not in networks:
        raise UserError(f"model.name: {config.name} is none of convnet, vit, timm/NAME")
    return networks[config.name](config, facts)
