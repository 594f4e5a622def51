"""A dataset whose examples lie in files of their own.

Template's file: updates replace it.
"""

import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from torch import Tensor
from torch.utils.data import Dataset

from ...errors import UserError
from ...files import shown
from ..content_digest import digest_of
from ..datasets import labels_of
from ..errors import DataError
from ..listed import Listed
from ..notes import Notes
from ..records import Record
from ..sampling import Indices

SampleT = TypeVar("SampleT")


class ExampleFiles(Dataset[SampleT], Generic[SampleT]):
    """A file an example, read when it is needed.

    Args:
        files: Where they are.
        read: From a file to a sample: a batch without its first axis. Worker processes get a copy
            of it: a function of a module or a ``partial`` of one, not a lambda.
        notes: Where they are from, and what was passed over there.
    """

    def __init__(
        self, files: Sequence[Path], read: Callable[[Path], SampleT], notes: Notes | None = None
    ) -> None:
        self.files, self.read, self.notes = list(files), read, notes
        self.names = [shown(file) for file in self.files]
        self._labels: Sequence[Any] | Tensor | None = None
        self._groups: Sequence[Any] | None = None

    @property
    def labels(self) -> Sequence[Any] | Tensor | None:
        """A class for each file, its name or its number, that you set from what files are called.

        Splits then have the same share of each class, ``data.sampler=balanced`` works, and a start
        says which classes there are.

        Raises:
            UserError: Not one for each file, or no names and no whole numbers.
        """
        return self._labels

    @labels.setter
    def labels(self, labels: Sequence[Any] | Tensor | None) -> None:
        self._labels = labels
        if labels is not None:
            self._one_for_each("labels", labels)
            if labels_of(self) is None:
                raise UserError(
                    f"data.py: labels are names or whole numbers, not such as {labels[0]!r}"
                )

    @property
    def groups(self) -> Sequence[Any] | None:
        """A name for each file, that you set: files of one name are never parted by a split.

        Raises:
            UserError: Not one for each file.
        """
        return self._groups

    @groups.setter
    def groups(self, groups: Sequence[Any] | None) -> None:
        self._groups = groups
        if groups is not None:
            self._one_for_each("groups", groups)

    @property
    def class_names(self) -> list[str]:
        """The names among the labels, by the numbers that they count as; empty of numbers."""
        labels = [] if self._labels is None or isinstance(self._labels, Tensor) else self._labels
        return sorted({str(label) for label in labels if isinstance(label, str)})

    def _digests(self, indices: Sequence[int]) -> list[str]:
        return [digest_of(self.files[index].read_bytes) for index in indices]

    def _among(self, kept: Indices) -> "ExampleFiles[SampleT]":
        some = ExampleFiles([self.files[index] for index in kept.tolist()], self.read, self.notes)
        if self._labels is not None:
            some._labels = [self._labels[index] for index in kept.tolist()]
        if self._groups is not None:
            some._groups = [self._groups[index] for index in kept.tolist()]
        return some

    def _one_for_each(self, what: str, values: Sequence[Any] | Tensor) -> None:
        if len(values) != len(self):
            raise UserError(f"data.py: there are {len(values)} {what} for {len(self)} files")

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> SampleT:
        """One example.

        Raises:
            DataError: It cannot be read; ``data.on_error=skip`` leaves it out.
        """
        try:
            return self.read(self.files[index])
        except MemoryError:  # says nothing of the file
            raise
        except UserError as error:
            raise DataError(f"{self.names[index]}: {error}") from None
        except Exception as error:  # whatever a reader of somebody's format raises
            reason = f"{type(error).__name__}: {' '.join(str(error).split())}{_place(error)}"
            raise DataError(f"{self.names[index]} cannot be read: {reason}") from error

    def listed(self) -> Listed:
        """What the files are called, and what is in them."""
        return Listed(self.names, self._digests, self._among)

    def record(self, index: int) -> Record:
        """The example as its file has it."""
        labels, groups = self._labels, self._groups
        label = None if labels is None else labels[index]
        return Record(
            self.names[index], self[index], label, None if groups is None else groups[index]
        )


def _place(error: Exception) -> str:
    """Where in the reader it happened: the file may be right, and the reader not."""
    frames = traceback.extract_tb(error.__traceback__)[1:2]  # the first one is ours
    return "".join(f" ({frame.name}, {shown(frame.filename)}:{frame.lineno})" for frame in frames)
