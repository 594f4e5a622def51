"""Texts to go on with: what ``predict --input`` names.

Template's file: updates replace it. To read prompts otherwise, write ``predict_dataset`` in data.py
anew.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.utils.data import Dataset

from ...config.data import TextDataConfig
from ...errors import UserError
from ...files import shown
from ..errors import DataError
from ..folders import files_below
from ..records import Record
from .folder import read_text
from .tokenizer import BytePairs

BatchT = TypeVar("BatchT", bound=tuple[Any, ...])
log = logging.getLogger(__name__)
NOTHING = -1  # after a prompt's end, and as all of its targets


class TextFacts(Protocol):
    """What has to be known of the training texts to read others alike."""

    tokenizer: str
    window: int


class Prompts(Dataset[BatchT], Generic[BatchT]):
    """The lines of a file, or the files of a folder; of a long one, its last window.

    Args:
        path: The file or folder.
        batch_type: Made from ``tokens`` and ``targets``.
        facts: What the model was trained with: the tokenizer, and how many tokens it sees at once.
        config: The encoding of the text, and whether to skip a file that is no text.

    Shape:
        - tokens: ``(batch, longest)``, END first where all of a prompt is there, ``NOTHING`` after
          its end
        - targets: ``(batch, longest)``, ``NOTHING``

    Raises:
        UserError: There is no text.
        DataError: A file is empty, binary, or in another encoding.
    """

    labelled = False

    def __init__(
        self,
        path: Path,
        batch_type: Callable[[Tensor, Tensor], BatchT],
        facts: TextFacts,
        config: TextDataConfig,
    ) -> None:
        prompts = _read(path, config.encoding, config.on_error)
        if not prompts:
            raise UserError(f"--input {path}: holds no text; expected one a line, or one a file")
        self.names, self.batch_type = list(prompts), batch_type
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


def _read(path: Path, encoding: str, on_error: str) -> dict[str, str]:
    """Each text by its name."""
    if path.is_dir():
        return _read_folder(path, encoding, on_error)
    lines = read_text(path, encoding).splitlines()
    numbered = enumerate(lines, start=1)
    return {f"{path.name}:{number}": line for number, line in numbered if line.strip()}


def _read_folder(folder: Path, encoding: str, on_error: str) -> dict[str, str]:
    texts, files = {}, files_below(folder)
    for file in files:
        try:
            texts[file.relative_to(folder).as_posix()] = read_text(file, encoding)
        except DataError as fault:
            if on_error == "raise":
                raise DataError(f"{fault}, or set data.on_error=skip") from None
    if count := len(files) - len(texts):
        log.warning(f"{count} of {len(files)} files in {shown(folder)} cannot be read: left out")
    return texts
