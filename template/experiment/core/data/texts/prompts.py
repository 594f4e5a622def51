"""Texts to go on with: what ``predict --input`` names.

Template's file: updates replace it. To read prompts otherwise, write ``predict_dataset`` in data.py
anew.
"""

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.utils.data import Dataset

from ...config.data import TextDataConfig
from ...errors import UserError
from ...files import shown, writable
from ..folders import files_below
from ..notes import Notes
from ..records import Record
from .documents import Piece
from .folder import file_documents
from .scan import pass_over
from .tables import is_table
from .text_files import parted, read_text
from .tokenizer import BytePairs

BatchT = TypeVar("BatchT", bound=tuple[Any, ...])
NOTHING = -1  # after a prompt's end, and as all of its targets


class TextFacts(Protocol):
    """What has to be known of the training texts to read others alike."""

    tokenizer: str
    window: int


class Prompts(Dataset[BatchT], Generic[BatchT]):
    """The lines of a file, the rows of a table or the files of a folder; the last window of each.

    Args:
        path: The file or folder.
        batch_type: Made from ``tokens`` and ``targets``.
        facts: What the model was trained with: the tokenizer, and how many tokens it sees at once.
        config: The encoding of the text, the column of a table, whether to skip what is no text.

    Shape:
        - tokens: ``(batch, longest)``, END first where all of a prompt is there, ``NOTHING`` after
          its end
        - targets: ``(batch, longest)``, ``NOTHING``

    Raises:
        UserError: There is no text.
        DataError: A file is binary, or in another encoding.
    """

    labelled = False

    def __init__(
        self,
        path: Path,
        batch_type: Callable[[Tensor, Tensor], BatchT],
        facts: TextFacts,
        config: TextDataConfig,
    ) -> None:
        self.notes = Notes(shown(path))
        prompts = _read(path, config, self.notes)
        if not prompts:
            raise UserError(
                f"--input {shown(path)}: holds no text; expected one a line, a row or a file"
            )
        self.names, self.batch_type = [writable(name) for name in prompts], batch_type
        self.texts = list(prompts.values())
        tokenizer = BytePairs(facts.tokenizer)
        encoded = tokenizer.encode_all(self.texts)
        self.tokens = [[tokenizer.end, *tokens.tolist()][-facts.window :] for tokens in encoded]

    def __len__(self) -> int:
        return len(self.tokens)

    def record(self, index: int) -> Record:
        """A prompt as it was read."""
        return Record(self.names[index], self.texts[index])

    def get_batch(self, indices: ArrayLike) -> BatchT:
        rows = [self.tokens[index] for index in np.asarray(indices).tolist()]
        longest = max(len(row) for row in rows)
        tokens = torch.tensor([row + [NOTHING] * (longest - len(row)) for row in rows])
        return self.batch_type(tokens, torch.full_like(tokens, NOTHING))


def _read(path: Path, config: TextDataConfig, notes: Notes) -> dict[str, str]:
    """Each text by its name."""
    if path.is_dir():
        return _read_folder(path, config, notes)
    if is_table(path.name):
        return dict(_texts_of(path, path.name, config, notes))
    lines = parted([read_text(path, config.encoding, notes)], "\n")
    texts = {f"{path.name}:{number}": line for number, line in enumerate(lines, start=1)}
    *names, last = texts
    for name in names if not texts[last] else texts:
        if not texts[name].strip():
            notes.add("lines are blank: passed over", name)
    return {name: line for name, line in texts.items() if line.strip()}


def _read_folder(folder: Path, config: TextDataConfig, notes: Notes) -> dict[str, str]:
    texts: dict[str, str] = {}
    for file in files_below(folder, notes):
        texts.update(_texts_of(file, file.relative_to(folder).as_posix(), config, notes))
    return texts


def _texts_of(
    file: Path, name: str, config: TextDataConfig, notes: Notes
) -> Iterator[tuple[str, str]]:
    """The documents of a file, each with a name.

    Raises:
        DataError: One is no text, and ``data.on_error`` is ``raise``.
    """
    pieces: list[str] = []
    texts: list[str] = []
    for part in chain(file_documents(file, config, notes), [None]):
        if pieces and not (isinstance(part, Piece) and not part.begins):
            texts.append("".join(pieces))
            pieces = []
        if isinstance(part, Piece):
            pieces.append(part.text)
        elif part is not None:
            pass_over(part, config.on_error, notes)
    several = is_table(file.name) or len(texts) > 1
    for number, text in enumerate(texts, start=1):
        yield f"{name}:{number}" if several else name, text
