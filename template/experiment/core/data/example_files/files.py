"""A dataset whose examples lie in files of their own.

Template's file: updates replace it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from torch.utils.data import Dataset

from ...errors import UserError
from ...files import shown
from ..errors import DataError
from ..notes import Notes
from ..records import Record

SampleT = TypeVar("SampleT")


class ExampleFiles(Dataset[SampleT], Generic[SampleT]):
    """A file an example, read when it is needed.

    What else the DataModule goes by may be set from outside: ``labels`` (class numbers) for splits
    alike and ``data.sampler=balanced``, ``groups`` (a name each) for what must not be parted.

    Args:
        files: Where they are.
        read: From a file to a sample: a batch without its first axis.
        notes: Where they are from, and what was passed over there.
    """

    def __init__(
        self, files: Sequence[Path], read: Callable[[Path], SampleT], notes: Notes | None = None
    ) -> None:
        self.files, self.read, self.notes = list(files), read, notes
        self.names = [shown(file) for file in self.files]

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> SampleT:
        """One example.

        Raises:
            DataError: It cannot be read; ``data.on_error=skip`` leaves it out.
        """
        try:
            return self.read(self.files[index])
        except UserError as error:
            raise DataError(f"{self.names[index]}: {error}") from None
        except Exception as error:  # whatever a reader of somebody's format raises
            kind = type(error).__name__
            raise DataError(f"{self.names[index]} cannot be read: {kind}: {error}") from error

    def record(self, index: int) -> Record:
        """The example as its file has it."""
        return Record(self.names[index], self[index])
