"""Windows of fixed length over a long row of tokens: what a language model trains on.

Template's file: updates replace it. To cut otherwise, write a dataset in data.py.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor
from torch.utils.data import Dataset

from ..errors import DataError
from ..listed import Listed
from ..records import Record
from ..sampling import Indices
from .documents import WHOLE
from .token_files import TokenFile
from .tokenizer import BytePairs

BatchT = TypeVar("BatchT", bound=tuple[Any, ...])
UNSCORED = -1  # as a target: whatever is said of this token does not count
FEW_DOCUMENTS = 20
MOST_STRETCHES = 200
PART = 2**22  # tokens looked through at once


class TokenWindows(Dataset[BatchT], Generic[BatchT]):
    """Tokens, and at each place the token that comes next.

    To train on, they are almost two windows long, so that ``RandomWindow`` has a window to take
    that begins anywhere; it is cut off a row of tokens once an epoch from every window's length of
    it. Held-out windows overlap by half, and of each only the second half is scored (of the first
    one all): every token but the very first is scored once, with at least half a window before it.

    Args:
        file: The tokens.
        batch_type: Made from ``tokens`` and ``targets``.
        window: Tokens that the model sees at once.
        held_out: Whether they are for validation or test.

    Shape:
        - tokens: ``(batch, length)``, ``2 * window - 1`` or, held out, ``window``
        - targets: ``(batch, length)``, ``UNSCORED`` where an earlier window scores it

    Raises:
        DataError: There are fewer tokens than that.
    """

    labels = None

    def __init__(
        self,
        file: TokenFile,
        batch_type: Callable[[Tensor, Tensor], BatchT],
        window: int,
        held_out: bool,
    ) -> None:
        self.file, self.batch_type, self.held_out = file, batch_type, held_out
        self.window, self.notes = window, file.notes
        self.length = window if held_out else 2 * window - 1
        self.stride = window // 2 if held_out else window
        self.last = len(file) - self.length - 1  # where the last one begins
        if self.last < 0:
            raise DataError(_too_few(file, window, self.length + 1, held_out))

    def __len__(self) -> int:
        return -(-self.last // self.stride) + 1

    @property
    def in_memory(self) -> bool:
        """Or mapped into it, as it is read."""
        return self.file.in_memory

    def content(self, indices: Indices | None = None) -> str:
        """What a start says of a split."""
        tokens, documents = len(self.file), self.file.documents
        of_all = "" if indices is None else "of "
        return (
            f"windows of {self.window} tokens ({of_all}{tokens:,} tokens, {documents:,} "
            f"document{'s' * (documents != 1)})"
        )

    def get_batch(self, indices: ArrayLike) -> BatchT:
        numbers = np.asarray(indices)
        starts = self._starts(numbers)
        places = starts[:, None] + np.arange(self.length + 1)
        tokens = torch.from_numpy(self.file.tokens[places].astype(np.int64))  # (batch, length + 1)
        targets = tokens[:, 1:].clone()
        if self.held_out:
            end_before = (numbers - 1) * self.stride + self.length  # of the window before, if any
            seen = np.where(numbers > 0, end_before - starts, 0)
            targets[torch.from_numpy(np.arange(self.length) < seen[:, None])] = UNSCORED
        return self.batch_type(tokens[:, :-1].contiguous(), targets)

    def listed(self) -> Listed:
        """None: windows are parts of documents, which are left out as a whole."""
        return Listed((), lambda _: [], lambda _: self)

    def record(self, index: int) -> Record:
        """The tokens that a window is there for: ``BytePairs.decode`` makes a text of them."""
        start = int(self._starts(np.array([index]))[0])
        end = min(start + self.stride, len(self.file))
        place = f"{self.file.name}, tokens {start} to {end - 1}"
        return Record(place, self.file.tokens[start:end].tolist(), group=int(self.groups[index]))

    def documents(self) -> NDArray[np.int64] | None:
        """The place among its texts' documents of the one that each window is in, ``(rows,)``.

        -1 where half of a window, or more, is of others; None where that is not known.
        """
        texts, begins = self.file.texts, self._beginnings()
        first, end = (0.0, 0.0) if texts is None else texts.span
        if texts is None or (first > 0 and end < 1):
            return None
        missing = len(texts.documents) - len(begins)  # that lie before or after the span
        if missing and texts.span == WHOLE:
            return None
        starts = self._starts(np.arange(len(self), dtype=np.int64))
        found = np.searchsorted(begins, starts, side="right") - 1
        ends = np.append(begins[1:], len(self.file))
        places = found + missing if first > 0 else found
        return np.where(2 * (ends[found] - starts) > self.stride, places, -1)

    @property
    def groups(self) -> NDArray[np.int64]:
        """The stretch of text that each begins in; for folds, which keep a stretch together.

        A document or several in a row; where there are few documents, stretches of equal length.
        """
        numbers = np.arange(len(self), dtype=np.int64)
        begins = self._beginnings()
        if len(begins) < FEW_DOCUMENTS:
            return numbers * FEW_DOCUMENTS // len(self)
        documents = np.searchsorted(begins, self._starts(numbers), side="right")  # from 1
        return (documents - 1) * min(len(begins), MOST_STRETCHES) // len(begins)

    def overlap(self, held: ArrayLike) -> NDArray[np.bool_]:
        """Which rows have a target that is scored where the rows ``held`` validate, ``(rows,)``."""
        starts = self._starts(np.arange(len(self), dtype=np.int64))
        scored = np.sort(starts[np.asarray(held)])  # first windows: targets start + 1 ... + window
        window = self.stride
        first = np.searchsorted(scored, starts + 1 - window)
        return np.searchsorted(scored, starts + self.length) > first

    def _starts(self, numbers: NDArray[Any]) -> NDArray[Any]:
        return np.minimum(numbers * self.stride, self.last)

    def _beginnings(self) -> NDArray[np.int64]:
        """Where documents begin; looked for in parts, as the tokens may not fit in memory."""
        tokens, end = self.file.tokens, BytePairs.end
        parts = range(0, len(tokens), PART)
        return np.concatenate(
            [start + np.flatnonzero(tokens[start : start + PART] == end) for start in parts]
        )


def _too_few(file: TokenFile, window: int, needed: int, held_out: bool) -> str:
    """The sentence for a text that is too small, with what would be right."""
    largest = len(file) - 1 if held_out else len(file) // 2
    smaller = f"set data.window={largest} or less" if largest >= 2 else "this is no window"
    return (
        f"{file.name} has {len(file)} tokens, too few for data.window={window}, which takes "
        f"{needed}: give it {needed / len(file):.1f} times as much text, or {smaller}"
    )


class RandomWindow:
    """A window that begins anywhere in what is almost two windows long: another one each epoch.

    Args:
        window: How many tokens it has.
        random: False: the first ones, always.
    """

    takes_batches = True

    def __init__(self, window: int, random: bool) -> None:
        self.window, self.random = window, random

    def __call__(self, batch: BatchT) -> BatchT:
        count, length = batch[0].shape
        starts = torch.randint(length - self.window + 1, (count, 1)) if self.random else 0
        places = starts + torch.arange(self.window).expand(count, -1)  # (batch, window)
        return type(batch)(*(field.gather(1, places) for field in batch))
