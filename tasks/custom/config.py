"""What can be set in this experiment: the data and the model; the rest comes from core."""

from dataclasses import dataclass, field
from typing import Literal

from .core.config import BaseDataConfig, RunConfig, at_least


@dataclass
class DataConfig(BaseDataConfig):
    """Where the hands of cards come from; what every kind of data has: core/config/data.py."""

    source: Literal["demo", "folder"] = "demo"  # folder: a .npz file an example, below data.root
    augment: bool = True  # in training each hand's cards come in another order


@dataclass
class ModelConfig:
    """The network: see model.py."""

    width: int = 64  # numbers that two cards are compared by
    depth: int = 2  # layers

    def __post_init__(self) -> None:
        at_least(self, 1, "width", "depth")


@dataclass
class Config(RunConfig):
    """Everything that can be set; configs/experiment.yaml holds what this experiment does set."""

    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
