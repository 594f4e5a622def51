"""Randomness as a pure function of position: nothing random is ever saved.

Template's file: updates replace it.
"""

import random

import numpy as np
import torch

# What a seed is drawn for; the second number of every key. A number is never given a new meaning.
SAMPLE, TRAIN_STEP, EVAL_STEP, EPOCH, WEIGHTS = 1, 2, 3, 4, 5
WORD, HALF = 0xFFFFFFFFFFFFFFFF, 0xFFFFFFFF  # 64 and 32 bits
PYTHON: random.Random = random.seed.__self__  # the generator behind the functions of random


def key_seed(*key: int, after: int = 0) -> int:
    """A well-mixed 64-bit seed from a position such as ``(seed, purpose, epoch, batch)``.

    SplitMix64, Steele et al. 2014 (doi:10.1145/2714064.2660195), folded over the key: 2 us, where
    ``np.random.SeedSequence`` takes 10, twice in every step.

    Args:
        key: The position.
        after: The seed of a position that this one goes on, so that it is not folded again.
    """
    state = after
    for part in key:
        state = (state + 0x9E3779B97F4A7C15 + int(part)) & WORD
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & WORD
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB & WORD
        state ^= state >> 31
    return state


def seed_torch(*key: int, after: int = 0) -> int:
    """Seed torch from a position; returns the seed."""
    seed = key_seed(*key, after=after)
    # torch.manual_seed costs 250 us a call on a CUDA build without a GPU; this is 3 us.
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(seed)
    return seed


def seed_all(*key: int, after: int = 0) -> int:
    """Seed torch, Python and NumPy from a position, given as in ``key_seed``; returns the seed."""
    seed = seed_torch(*key, after=after)
    super(random.Random, PYTHON).seed(seed)  # random.seed without its checks of what it is given
    PYTHON.gauss_next = None  # pyright: ignore[reportAttributeAccessIssue]
    np.random.seed(seed & HALF)
    return seed
