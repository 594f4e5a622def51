"""What can be set in this experiment: the data and the model; the rest comes from core."""

from dataclasses import dataclass, field
from typing import Literal

from .core.config import MaskDataConfig, RunConfig, at_least


@dataclass
class DataConfig(MaskDataConfig):
    """Where images and masks come from, and what is done to them; more in core/config/data.py."""

    source: Literal["demo", "torchvision", "folder"] = "demo"  # demo: digits in 64x64 scenes
    image_size: int = 64  # pixels; each side of the square that an image is fitted into
    augment: bool = True  # random changes to training images, see augmentations() in data.py

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, 8, "image_size")


@dataclass
class ModelConfig:
    """The network: see model.py."""

    name: str = "unet"  # or torchvision/NAME such as torchvision/deeplabv3_resnet50
    patch_size: int = 2  # unet: pixels a side that share a place in its finest map
    width: int = 20  # unet: channels of that map; each coarser one has twice as many
    levels: int = 3  # unet: maps, each half the size of the one before; 5 for 512 pixels
    depth: int = 1  # unet: residual blocks on each map
    pretrained: bool = False  # torchvision: start from weights learned on COCO

    def __post_init__(self) -> None:
        at_least(self, 1, "patch_size", "width", "levels", "depth")
        if self.name != "unet" and not self.name.startswith("torchvision/"):
            raise ValueError(f"name is {self.name!r}; it must be unet or torchvision/NAME")


@dataclass
class Config(RunConfig):
    """Everything that can be set; configs/experiment.yaml holds what this experiment does set."""

    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
