"""What can be set in this experiment: the data and the model; the rest comes from core."""

from dataclasses import dataclass, field
from typing import Literal

from .core.config import ImageDataConfig, RunConfig, at_least, fraction


@dataclass
class DataConfig(ImageDataConfig):
    """Where the images come from, and what is done to them; more in core/config/data.py."""

    source: Literal["demo", "torchvision", "huggingface", "folder"] = "demo"  # demo: 8x8 digits
    image_size: int = 8  # pixels; each side of what the model sees
    augment: bool = True  # random changes to training images, see transforms() in data.py

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, 1, "image_size")


@dataclass
class ModelConfig:
    """The network: see model.py."""

    name: str = "convnet"  # convnet, vit, or timm/NAME such as timm/resnet18
    width: int = 32  # convnet: channels of the first stage; vit: 4 * width channels a token
    depth: int = 1  # convnet: blocks in each stage; vit: 4 * depth blocks
    patch_size: int = 2  # vit: pixels; each side of a patch
    num_heads: int = 4  # vit: attention heads; divides the channels of a token
    dropout: float = 0.1  # share of activations that training leaves out
    pretrained: bool = False  # timm: start from published weights

    def __post_init__(self) -> None:
        at_least(self, 1, "width", "depth", "patch_size", "num_heads")
        fraction(self, "dropout")
        if self.name not in ("convnet", "vit") and not self.name.startswith("timm/"):
            raise ValueError(f"name is {self.name!r}; it must be convnet, vit or timm/NAME")
        if self.name == "vit" and 4 * self.width % self.num_heads:
            raise ValueError(
                f"num_heads is {self.num_heads}; it must divide 4 * {self.width} (width)"
            )


@dataclass
class Config(RunConfig):
    """Everything that can be set; configs/experiment.yaml holds what this experiment does set."""

    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    label_smoothing: float = 0.0  # share of the target that all classes divide among them

    def __post_init__(self) -> None:
        super().__post_init__()
        fraction(self, "label_smoothing")
