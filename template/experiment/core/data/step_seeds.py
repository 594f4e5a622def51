"""The seeds of an epoch and of each of its steps, at little cost.

Template's file: updates replace it.
"""

import random

import numpy as np

from .seeding import EPOCH, EVAL_STEP, HALF, PYTHON, TRAIN_STEP, key_seed, seed_all, seed_torch


class StepSeeds:
    """Seeds torch in each step; Python and NumPy once an epoch, until somebody draws from them.

    To seed those two takes 1.5 % of a step of a millisecond, and few steps need it. Each has a twin
    with the same seed. Before each step a number is drawn from both: while these agree, nobody else
    has drawn, and what a step would draw is a function of its position. From when they do not,
    each step of that epoch seeds all three.

    Args:
        seed: The run's.

    Attributes:
        looks: Numbers compared in this epoch; None: somebody draws. It is the one thing here that
            is no function of the position, so a checkpoint in mid-epoch keeps it.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.looks: int | None = None
        self._steps = 0  # what the seeds of an epoch's steps go on from

    def epoch(self, epoch: int, rank: int, looks: int | None = 0) -> None:
        """Seed all for an epoch, and stand where that many looks had led."""
        self._steps = key_seed(self.seed, TRAIN_STEP, epoch)
        seed = seed_all(self.seed, EPOCH, epoch, rank)
        self.looks = looks
        if looks is not None:
            self._python, self._numpy = random.Random(seed), np.random.RandomState(seed & HALF)
            for python in (PYTHON, self._python):
                python.getrandbits(32 * looks)
            for draw in (np.random.random_sample, self._numpy.random_sample):
                draw(looks)

    def look(self) -> None:
        """See whether somebody has drawn. ``step`` counts it: a save between resumes before it."""
        if self.looks is not None:
            drawn = PYTHON.getrandbits(32) != self._python.getrandbits(32)
            if drawn or np.random.random_sample() != self._numpy.random_sample():
                self.looks = None

    def step(self, batch: int, rank: int) -> None:
        """Seed a step of the epoch, after a look."""
        if self.looks is None:
            seed_all(batch, rank, after=self._steps)
        else:
            self.looks += 1
            seed_torch(batch, rank, after=self._steps)

    def validation(self, epoch: int, batch: int, loader: int, rank: int) -> None:
        """Seed a step of the validation after an epoch, or in the middle of it."""
        seed_all(self.seed, EVAL_STEP, epoch, batch, loader, rank)
