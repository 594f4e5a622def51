"""What can be set in this experiment: the data and the model; the rest comes from core."""

from dataclasses import dataclass, field
from typing import Literal

from .core.config import BoxDataConfig, RunConfig, above, at_least, fraction


@dataclass
class DataConfig(BoxDataConfig):
    """Where images and boxes come from, and what is done to them; more in core/config/data.py."""

    source: Literal["demo", "torchvision", "folder"] = "demo"  # demo: digits in 64x64 scenes
    image_size: int = 64  # pixels; each side of the square that an image is fitted into
    max_objects: int | None = None  # boxes of an image that are trained on; null: all of them
    augment: bool = True  # random changes to training images, see augmentations() in data.py

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, 1, "max_objects")
        at_least(self, 8, "image_size")


@dataclass
class ModelConfig:
    """The network: see model.py."""

    name: str = "centernet"  # or torchvision/NAME such as torchvision/fcos_resnet50_fpn
    width: int = 20  # centernet: channels at half the image's size; they double to 4 * width
    levels: int = 2  # centernet: maps, from stride 4 on; 2 for 64 pixels, 5 for 512
    depth: int = 1  # centernet: residual blocks on each map
    box_weight: float = 0.5  # centernet: of the loss of the boxes beside that of the heat map
    max_detections: int = 30  # in an image
    min_confidence: float = 0.3  # of the detections that `predict` writes; metrics see all
    pretrained: bool = False  # torchvision: start from weights learned on COCO

    def __post_init__(self) -> None:
        at_least(self, 1, "width", "levels", "depth", "max_detections")
        above(self, 0, "box_weight")
        fraction(self, "min_confidence")
        if self.name != "centernet" and not self.name.startswith("torchvision/"):
            raise ValueError(f"name is {self.name!r}; it must be centernet or torchvision/NAME")


@dataclass
class Config(RunConfig):
    """Everything that can be set; configs/experiment.yaml holds what this experiment does set."""

    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
