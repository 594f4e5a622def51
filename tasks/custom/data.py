"""The data: what one example is, where examples come from, how they change, how one looks.

Yours: a skeleton that trains as it is. What your field changes is numbered as one thinks of it:
1 to 4, 8 and 9 here, 5 in model.py, 6, 7 and 9 in module.py; ``core/data/datamodule.py`` says more.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor
from torch.utils.data import Dataset

from .config import DataConfig
from .core.data import DataModule, ImageSample, TensorData, example_files

CARDS, KINDS = 6, 5  # of the demo: cards in a hand; colours, and numbers, that there are


class Batch(NamedTuple):
    """1. What is one example? A sample is the same without the first axis.

    The demo: hands of cards. Do two of them have the same colour and the same number?

    Shape:
        - cards: ``(batch, cards, features)``, measured: which colour, which number
        - label: ``(batch,)``, class numbers; -1 where the class is not known
    """

    cards: Float[Tensor, "batch cards features"]
    label: Int64[Tensor, " batch"]


@dataclass
class Facts:
    """2. What does the data tell the model? Stored with the run, so plain values only."""

    class_names: list[str]
    features: int  # numbers that describe a card


class ExperimentData(DataModule[Facts]):
    """Hands of cards, from ``data.source``."""

    config: DataConfig
    facts_type = Facts

    def setup(self, stage: str | None = None) -> None:
        """3. Where do examples come from? What there is no split for is taken from training."""
        if self.config.source == "demo":
            hands = deal(5000)
            self.datasets["train"] = TensorData(hands, hands.label)
        else:
            self.datasets.update(example_files.load(self.config, self.root, "*.npz", read_hand))
        self.hold_out(self.datasets)

    def find_facts(self) -> Facts:
        """2. What does the data tell the model? Look at as many examples as it takes."""
        return Facts(["no pair", "pair"], features=self.some(1).cards.shape[-1])

    def transforms(self, split: str) -> Callable[[Batch], Batch] | None:
        """4. How do examples change? Write it for one; each of a batch gets its own draw."""
        return shuffled if split == "train" and self.config.augment else None

    def preview(self, n: int, split: str = "train") -> list[ImageSample]:
        """8. How is one example looked at? Here as a picture: a column a card, a row a feature."""
        hands, names = zip(*self.some(n, split), strict=True), [*self.facts.class_names, ""]
        return [ImageSample(cards.T[None].clamp(0, 1), names[label]) for cards, label in hands]

    def predict_dataset(self, path: Path) -> Dataset[Batch]:
        """9. What does ``predict --input`` read? Here one file, or all in a folder."""
        return example_files.load_unlabelled(path, "*.npz", partial(read_hand, labelled=False))


def deal(hands: int) -> Batch:
    """The demo: half of the hands have a pair, by chance; they are the same ones everywhere."""
    random = torch.Generator().manual_seed(0)
    colour, number = torch.randint(KINDS, (2, hands, CARDS), generator=random)
    kind = KINDS * colour + number  # (hands, cards)
    alike = (kind[:, :, None] == kind[:, None]).sum(dim=(1, 2))  # each card is like itself
    cards = torch.cat([F.one_hot(colour, KINDS), F.one_hot(number, KINDS)], dim=2).float()
    cards += 0.1 * torch.randn(cards.shape, generator=random)  # they are measured
    return Batch(cards, (alike > CARDS).long())


def read_hand(file: Path, labelled: bool = True) -> Batch:
    """One file as a sample."""
    with np.load(file) as arrays:
        label = int(arrays["label"]) if labelled else -1
        if labelled and label not in (0, 1):
            raise ValueError(f"label is {label}; expected 0, no pair, or 1, a pair")
        return Batch(torch.from_numpy(arrays["cards"]).float(), torch.tensor(label))


def shuffled(hand: Batch) -> Batch:
    """A hand in another order, which changes nothing about it."""
    return hand._replace(cards=hand.cards[torch.randperm(len(hand.cards))])
