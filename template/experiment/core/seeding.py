"""Randomness as a pure function of position: nothing random is ever saved.

Template's file: updates replace it.
"""

import random

import numpy as np
import torch

# What a seed is drawn for; the second number of every key. A number is never given a new meaning.
SAMPLE, TRAIN_STEP, EVAL_STEP, EPOCH, WEIGHTS = 1, 2, 3, 4, 5


def key_seed(*key: int) -> int:
    """A well-mixed 64-bit seed from a position such as ``(seed, purpose, epoch, batch)``."""
    words = [int(part) & 0xFFFFFFFF for part in key]
    return int(np.random.SeedSequence(words).generate_state(1, np.uint64)[0])


def seed_all(*key: int) -> None:
    """Seed Python, NumPy and torch from a position."""
    seed = key_seed(*key)
    random.seed(seed)
    np.random.seed(seed & 0xFFFFFFFF)
    # torch.manual_seed costs 250 us a call on a CUDA build without a GPU; this is 3 us.
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(seed)
