"""The texts: where they come from, which are for what, how they become tokens, what a batch is.

This file is yours. Limits, order, batching and loaders come from ``core/data.py``, whose docstring
says how to override each.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from jaxtyping import Int64
from torch import Tensor
from torch.utils.data import Dataset

from .config import DataConfig
from .core.data import DataModule
from .core.demo import topics
from .core.formats import huggingface_text, text_folder
from .core.formats.byte_pairs import BytePairs
from .core.formats.prompts import Prompts
from .core.formats.texts import Texts
from .core.formats.token_files import encode, tokenizer_for
from .core.formats.token_windows import RandomWindow, TokenWindows
from .core.run import PROJECT
from .core.samples import TextSample


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
        match self.config:
            case DataConfig(source="huggingface", dataset=str(name)):
                huggingface_text.download(name, self.root, self.config.subset)

    def setup(self, stage: str | None = None) -> None:
        """Texts to tokens to windows; what the source has no split for is taken from training."""
        config, cache = self.config, PROJECT / self.config.cache
        texts = self.texts()
        for split, fraction in (("test", config.test_fraction), ("val", config.val_fraction)):
            if split not in texts and fraction > 0:
                parts = texts["train"].split(split, fraction, config.split_seed)
                texts["train"], texts[split] = parts
        if (known := self.known_facts) is not None:  # whatever became of the texts since
            self.tokenizer = BytePairs(known.tokenizer)
        else:
            self.tokenizer = tokenizer_for(
                texts["train"], config.vocab_size, config.split_seed, cache
            )
        for split, text in texts.items():
            tokens = encode(text, self.tokenizer, cache).held(config.in_memory_mb)
            windows = TokenWindows(tokens, Batch, config.window, held_out=split != "train")
            self.datasets[split] = windows

    def texts(self) -> dict[str, Texts]:
        """The texts of the source by split, as they are."""
        config = self.config
        match config:
            case DataConfig(source="huggingface", dataset=str(name)):
                return huggingface_text.load(
                    name,
                    self.root,
                    config.subset,
                    config.text_column,
                    config.rows_are_documents,
                    config.on_error,
                )
            case DataConfig(source="folder"):
                return text_folder.load(self.root, config.encoding, config.on_error)
        return topics.load()

    def transforms(self, split: str) -> RandomWindow | None:
        """Training windows begin anywhere in the text, in each epoch somewhere else."""
        if split == "predict":  # prompts of any length
            return None
        return RandomWindow(self.config.window, random=split == "train")

    def find_facts(self) -> Facts:
        """The tokenizer, and what follows from it."""
        return Facts(self.tokenizer.text, self.tokenizer.vocab_size, self.config.window)

    def predict_dataset(self, path: Path) -> Dataset[Batch]:
        """The texts of ``predict --input`` to go on with: lines of a file, or files of a folder."""
        facts, config = self.facts, self.config
        tokenizer = BytePairs(facts.tokenizer)
        return Prompts(path, tokenizer, Batch, facts.window, config.encoding, config.on_error)

    def preview(self, n: int, split: str = "train") -> list[TextSample]:
        """Windows as they are read."""
        tokenizer = BytePairs(self.facts.tokenizer)
        return [TextSample(tokenizer.decode(row)) for row in self.some(n, split).tokens.tolist()]
