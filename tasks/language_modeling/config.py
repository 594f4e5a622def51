"""What can be set in this experiment: the data and the model; the rest comes from core."""

from dataclasses import dataclass, field
from typing import Literal

from .core.config import RunConfig, TextDataConfig, above, at_least, fraction


@dataclass
class DataConfig(TextDataConfig):
    """Where the texts come from, and how they become tokens; more in core/config/data.py."""

    source: Literal["demo", "huggingface", "folder"] = "demo"  # demo: Python's documentation
    test_fraction: float | None = 0.1  # of the training text, where the source has no test split
    vocab_size: int = 1024  # tokens; the tokenizer is trained on the training text
    window: int = 128  # tokens that the model sees at once


@dataclass
class ModelConfig:
    """The network: see model.py."""

    depth: int = 3  # blocks
    dim: int = 128  # channels of a token
    num_heads: int = 4  # attention heads; divides dim
    num_kv_heads: int | None = None  # key/value heads, divides num_heads; null: as many
    tie_embeddings: bool = True  # one matrix to read tokens and to score them
    dropout: float = 0.1  # share of activations that training leaves out

    def __post_init__(self) -> None:
        at_least(self, 1, "depth", "dim", "num_heads", "num_kv_heads")
        fraction(self, "dropout")
        if self.dim % (2 * self.num_heads):
            raise ValueError(f"dim is {self.dim}; 2 * {self.num_heads} (num_heads) must divide it")
        if self.num_kv_heads and self.num_heads % self.num_kv_heads:
            raise ValueError(f"num_kv_heads is {self.num_kv_heads}; it must divide num_heads")


@dataclass
class SamplingConfig:
    """How `predict` goes on with a text."""

    max_new_tokens: int = 64  # for each text, unless it ends before
    temperature: float = 0.8  # below 1 the likely becomes likelier; 0: always the likeliest
    top_k: int | None = None  # draw among so many of the likeliest tokens; null: all
    top_p: float | None = 0.95  # draw among the likeliest that have this probability; null: all

    def __post_init__(self) -> None:
        at_least(self, 1, "max_new_tokens", "top_k")
        at_least(self, 0, "temperature")
        above(self, 0, "top_p")
        if self.top_p is not None and self.top_p > 1:
            raise ValueError(f"top_p is {self.top_p}; it must be a probability, at most 1")


@dataclass
class Config(RunConfig):
    """Everything that can be set; configs/experiment.yaml holds what this experiment does set."""

    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
