"""The texts: where they come from, which are for what, how they become tokens, what a batch is.

This file is yours. Limits, order, batching and loaders come from ``core/data/datamodule.py``, whose
docstring says how to override each.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from jaxtyping import Int64
from torch import Tensor
from torch.utils.data import Dataset

from .config import DataConfig
from .core.data import DataModule, TextSample, texts


class Batch(NamedTuple):
    """What a step gets. A sample is the same without the first axis.

    Shape:
        - tokens: ``(batch, window)``, their numbers; -1 after the end of a prompt for `predict`
        - targets: ``(batch, window)``, the token that comes next; -1 where it is not scored
    """

    tokens: Int64[Tensor, "batch window"]
    targets: Int64[Tensor, "batch window"]


@dataclass
class Facts:
    """What the data tells the model; stored with the run, so plain values only."""

    tokenizer: str  # all of it, so that a checkpoint is all it takes to go on with a text
    vocab_size: int
    window: int  # tokens


class ExperimentData(DataModule[Facts]):
    """Windows of tokens from the texts of ``data.source``."""

    config: DataConfig
    facts_type = Facts

    def prepare_data(self) -> None:
        """Download what is not there yet."""
        texts.download(self.config, self.root)

    def setup(self, stage: str | None = None) -> None:
        """Texts to tokens to windows; what the source has no split for is taken from training."""
        config, sources = self.config, self.read_source()
        self.hold_out(sources)
        if (known := self.known_facts) is not None:  # whatever became of the texts since
            self.tokenizer = texts.BytePairs(known.tokenizer)
        else:
            self.tokenizer = texts.tokenizer_for(sources["train"], config)
        for split, found in sources.items():
            tokens = texts.encode(found, self.tokenizer, config)
            windows = texts.TokenWindows(tokens, Batch, config.window, held_out=split != "train")
            self.datasets[split] = windows

    def read_source(self) -> dict[str, texts.Texts]:
        """The texts of the source by split, as they are; a source of your own is read here."""
        return texts.load(self.config, self.root)

    def transforms(self, split: str) -> texts.RandomWindow | None:
        """Training windows begin anywhere in the text, in each epoch somewhere else."""
        if split == "predict":  # prompts of any length
            return None
        return texts.RandomWindow(self.config.window, random=split == "train")

    def find_facts(self) -> Facts:
        """The tokenizer, and what follows from it."""
        return Facts(self.tokenizer.text, self.tokenizer.vocab_size, self.config.window)

    def predict_dataset(self, path: Path) -> Dataset[Batch]:
        """The texts of ``predict --input``: lines of a file, rows of a table, files of a folder."""
        return texts.Prompts(path, Batch, self.facts, self.config)

    def preview(self, n: int, split: str = "train") -> list[TextSample]:
        """Windows as they are read."""
        tokenizer = texts.BytePairs(self.facts.tokenizer)
        return [TextSample(tokenizer.decode(row)) for row in self.some(n, split).tokens.tolist()]
