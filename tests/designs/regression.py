"""A number in place of a class, from a table: another batch, other facts, another network."""

from projects import Project

WORDS = ()
DATA = '''"""A table of numbers: where it comes from, and what a batch is.

Yours.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from sklearn.datasets import load_diabetes
from torch import Tensor

from .config import DataConfig
from .core.data import DataModule, TensorData


class Batch(NamedTuple):
    """What a step gets.

    Shape:
        - features: ``(batch, features)``, of mean 0 and deviation 1
        - target: ``(batch,)``, in the units of the table
    """

    features: Float[Tensor, "batch features"]
    target: Float[Tensor, " batch"]


@dataclass
class Facts:
    """What the data tells the model."""

    features: int
    mean: float  # of the target
    std: float


class ExperimentData(DataModule[Facts]):
    """442 patients, scikit-learn's diabetes data (Efron et al. 2004)."""

    config: DataConfig
    facts_type = Facts

    def setup(self, stage: str | None = None) -> None:
        table: Any = load_diabetes()
        features = torch.tensor(table.data, dtype=torch.float32)
        features = (features - features.mean(0)) / features.std(0)
        target = torch.tensor(table.target, dtype=torch.float32)
        self.datasets["train"] = TensorData(Batch(features, target))
        self.hold_out(self.datasets)

    def find_facts(self) -> Facts:
        batch = self.some(1000)
        mean, std = float(batch.target.mean()), float(batch.target.std())
        return Facts(batch.features.shape[1], mean, std)

    def predict_dataset(self, path: Path) -> TensorData[Batch]:
        """A text file with a row of numbers for each patient."""
        rows = [[float(word) for word in line.split()] for line in path.read_text().splitlines()]
        features = torch.tensor(rows)
        return TensorData(Batch(features, torch.zeros(len(features))))
'''
MODEL = '''"""The network: a row comes, a number leaves.

Yours.
"""

from jaxtyping import Float
from torch import Tensor, nn

from .config import ModelConfig
from .data import Facts


class Perceptron(nn.Module):
    """One hidden layer; its answers have the target's mean and deviation at the start.

    Shape:
        - features: ``(batch, features)``
        - output: ``(batch,)``
    """

    def __init__(self, config: ModelConfig, facts: Facts) -> None:
        super().__init__()
        self.mean, self.std = facts.mean, facts.std
        width = 16 * config.width
        self.hidden = nn.Sequential(nn.Linear(facts.features, width), nn.GELU())
        self.head = nn.Sequential(nn.Linear(width, 1), nn.Flatten(0))

    def forward(self, features: Float[Tensor, "batch features"]) -> Float[Tensor, " batch"]:
        return self.mean + self.std * self.head(self.hidden(features))
'''
MODULE = '''"""How this experiment learns.

Yours.
"""

import torch.nn.functional as F
from torch import Tensor
from torchmetrics import MeanAbsoluteError, R2Score

from .config import Config
from .core.module import Module
from .data import Batch, Facts
from .model import Perceptron


class ExperimentModule(Module):
    """Regression by squared errors, in deviations of the target."""

    config: Config

    def __init__(self, config: Config, facts: Facts) -> None:
        super().__init__(config, facts)
        self.std = facts.std
        self.model = Perceptron(config.model, facts)
        self.add_metrics({"mae": MeanAbsoluteError(), "r2": R2Score()})

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        return self._step(batch, "train")

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self._step(batch, "val")

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        self._step(batch, "test")

    def predict_step(self, batch: Batch, batch_idx: int) -> dict[str, object]:
        return {"progression": self.model(batch.features)}

    def _step(self, batch: Batch, split: str) -> Tensor:
        predicted = self.model(batch.features)  # (batch,)
        loss = F.mse_loss(predicted / self.std, batch.target / self.std)
        self.average(split, len(batch.target), loss=loss)
        if split != "train":
            self.update_metrics(split, predicted, batch.target)
        return loss
'''
CONFIG = '''"""What can be set in this experiment; the rest comes from core."""

from dataclasses import dataclass, field
from typing import Literal

from .core.config import BaseDataConfig, RunConfig, at_least


@dataclass
class DataConfig(BaseDataConfig):
    source: Literal["demo"] = "demo"


@dataclass
class ModelConfig:
    width: int = 4  # 16 hidden units each

    def __post_init__(self) -> None:
        at_least(self, 1, "width")


@dataclass
class Config(RunConfig):
    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
'''
YAML = """seed: 0

data:
  batch_size: 32

model:
  width: 4

optimizer:
  learning_rate: 0.01

trainer:
  max_epochs: 40

checkpoint:
  monitor: val/r2
"""
SWEEP = """method: random
metric: {name: val/r2, goal: maximize}
parameters:
  optimizer.learning_rate: {min: 0.0001, max: 0.1, distribution: log_uniform_values}
  model.width: {values: [2, 4, 8]}
"""


def edit(project: Project) -> None:
    for name, text in {"data": DATA, "model": MODEL, "module": MODULE, "config": CONFIG}.items():
        (project / f"experiment/{name}.py").write_text(text)
    (project / "configs/experiment.yaml").write_text(YAML)
    (project / "sweeps/sweep.yaml").write_text(SWEEP)
