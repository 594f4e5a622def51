"""Windows of fixed length over a long row of tokens: what a language model trains on.

Template's file: updates replace it. To cut otherwise, write a dataset in data.py.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.utils.data import Dataset

from ..datasets import DataError
from .token_files import TokenFile

BatchT = TypeVar("BatchT", bound=tuple[Any, ...])
UNSCORED = -1  # as a target: whatever is said of this token does not count


class TokenWindows(Dataset[BatchT], Generic[BatchT]):
    """Tokens, and at each place the token that comes next.

    Windows to train on lie side by side. To evaluate, they overlap by half, and of each only the
    second half is scored (of the first one all): every token but the first is scored once, with at
    least half a window before it.

    Args:
        file: The tokens.
        batch_type: Made from ``tokens`` and ``targets``.
        window: Length of both.
        overlapping: Whether to evaluate.

    Shape:
        - tokens: ``(batch, window)``
        - targets: ``(batch, window)``, ``UNSCORED`` where an earlier window scores it

    Raises:
        DataError: There are fewer tokens than a window.
    """

    labels = None

    def __init__(
        self,
        file: TokenFile,
        batch_type: Callable[[Tensor, Tensor], BatchT],
        window: int,
        overlapping: bool = False,
    ) -> None:
        if len(file) <= window:
            raise DataError(
                f"{file.name} has {len(file)} tokens only, too few for data.window={window}: give "
                "it more text, or make the window smaller"
            )
        self.file, self.batch_type = file, batch_type
        self.window, self.overlapping = window, overlapping
        self.stride = max(window // 2, 1) if overlapping else window
        self.last = len(file) - window - 1  # where the last window can begin

    def __len__(self) -> int:
        return -(-self.last // self.stride) + 1

    def __getitems__(self, indices: ArrayLike) -> BatchT:
        numbers = np.asarray(indices)
        starts = np.minimum(numbers * self.stride, self.last)
        tokens = self.file.tokens[starts[:, None] + np.arange(self.window + 1)]
        tokens = torch.from_numpy(tokens.astype(np.int64))  # (batch, window + 1)
        targets = tokens[:, 1:].clone()
        if self.overlapping:
            before = np.maximum(numbers - 1, 0) * self.stride  # where the window before begins
            seen = np.where(numbers > 0, self.window - (starts - before), 0)
            is_seen = np.arange(self.window) < seen[:, None]
            targets[torch.from_numpy(is_seen)] = UNSCORED
        return self.batch_type(tokens[:, :-1].contiguous(), targets)
