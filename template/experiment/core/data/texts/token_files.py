"""Texts as tokens, in files that are made once and then shared by every run.

Template's file: updates replace it. To prepare texts otherwise, write ``setup`` in data.py anew.

In ``data.cache``, as cache.py says:

    tokenizer-3f2a....json         a tokenizer
    tokens-9c01..../tokens         the encoded texts, 2 or 4 bytes a token
    tokens-9c01..../index.json     how many there are
"""

import json
import logging
import time
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...config.data import TextDataConfig
from ...files import project_path, write_json
from ..errors import DataError
from ..notes import Notes
from .cache import digest_of, make_once, progress_of
from .documents import Piece, Texts
from .tokenizer import BytePairs, train

BATCH = 256  # pieces encoded at once: a megabyte
log = logging.getLogger(__name__)


def tokenizer_for(texts: Texts, config: TextDataConfig) -> BytePairs:
    """The tokenizer of some training texts, trained unless the cache has it.

    Args:
        texts: The training texts.
        config: How many tokens it shall have, the seed of the sample of long texts, the cache.
    """
    vocab_size, seed = config.vocab_size, config.split_seed
    file = project_path(config.cache) / f"tokenizer-{digest_of(texts.key, vocab_size, seed)}.json"

    def make(unfinished: Path) -> None:
        unfinished.write_text(train(texts, vocab_size, seed), encoding="utf-8")

    make_once(file, make)
    tokenizer = BytePairs(file.read_text(encoding="utf-8"))
    if (found := tokenizer.vocab_size) < vocab_size:
        kind = f"texts give fewer tokens than data.{vocab_size=}: all {found:,} are used"
        texts.notes.add(kind, texts.name)
    return tokenizer


def encode(texts: Texts, tokenizer: BytePairs, config: TextDataConfig) -> "TokenFile":
    """The tokens of some texts, END before each document; encoded unless the cache has them.

    They are held in memory if they fit into ``data.in_memory_mb``.

    Raises:
        DataError: A document cannot be read, or all were skipped.
    """
    folder = project_path(config.cache) / f"tokens-{digest_of(texts.key, tokenizer.text)}"
    make_once(folder, lambda unfinished: _encode(texts, tokenizer, unfinished))
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    if left_out := index["left_out"]:
        if texts.on_error == "raise":  # and these were made with skip
            deque(texts.pieces(), maxlen=0)
        texts.notes.add("documents cannot be read: left out", left_out[0], len(left_out))
    tokens = TokenFile(
        folder / "tokens",
        index["dtype"],
        index["tokens"],
        texts.name,
        index["documents"],
        texts.notes,
        None if left_out else texts,
    )
    return tokens.held(config.in_memory_mb)


def _encode(texts: Texts, tokenizer: BytePairs, folder: Path) -> None:
    dtype = np.dtype(np.uint16 if tokenizer.vocab_size <= 2**16 else np.uint32)
    started, count, size, documents = time.monotonic(), 0, 0, 0
    folder.mkdir()
    bar = progress_of(f"encoding {texts.name}", texts.num_bytes)
    with open(folder / "tokens", "wb") as file, bar:
        end = np.array([tokenizer.end], dtype).tobytes()
        for pieces in _batches(texts.pieces()):
            encoded = tokenizer.encode_all([piece.text for piece in pieces])
            for piece, tokens in zip(pieces, encoded, strict=True):
                file.write(end * piece.begins + tokens.astype(dtype).tobytes())
                count += piece.begins + len(tokens)
            documents += sum(piece.begins for piece in pieces)
            done = sum(len(piece.text.encode()) for piece in pieces)
            size += done
            bar.update(done)
    if not count:
        none = f"none of {len(texts.documents):,} documents can be read"
        raise DataError(f"{texts.name}: {none if texts.left_out else 'holds no text'}")
    seconds = time.monotonic() - started
    if seconds > 2:
        log.info(
            f"{texts.name}: {size / 1e6:,.0f} MB are {count / 1e6:,.0f} million tokens, encoded in "
            f"{seconds:.0f} s"
        )
    index = {"tokens": count, "documents": documents, "bytes": size, "dtype": dtype.name}
    write_json(folder / "index.json", {**index, "left_out": texts.left_out})


def _batches(pieces: Iterator[Piece]) -> Iterator[list[Piece]]:
    while batch := list(islice(pieces, BATCH)):
        yield batch


class TokenFile:
    """A long row of tokens in a file.

    A process that gets it from another one opens the file itself.

    Args:
        path: The file.
        dtype: Of its numbers.
        count: How many there are.
        name: What to call it in a message.
        documents: How many texts they are of.
        notes: Where these are from, and what was passed over there.
        texts: They themselves, for whoever looks at them, if all were read; other processes do
            without.
    """

    def __init__(
        self,
        path: Path,
        dtype: str,
        count: int,
        name: str,
        documents: int = 1,
        notes: Notes | None = None,
        texts: Texts | None = None,
    ) -> None:
        self.path, self.dtype, self.count, self.name = path, np.dtype(dtype), count, name
        self.documents, self.notes, self.texts = documents, notes or Notes(), texts
        self.in_memory = False
        self._tokens: NDArray[Any] | None = None

    def __len__(self) -> int:
        return self.count

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_tokens": None, "texts": None}

    def held(self, in_memory_mb: int) -> "TokenFile":
        """The same, read into memory if it fits there; else its pages come as they are used."""
        self.in_memory = self.count * self.dtype.itemsize <= in_memory_mb * 2**20
        return self

    @property
    def tokens(self) -> NDArray[Any]:
        """All of them, ``(tokens,)``."""
        if self._tokens is None:
            if self.in_memory:
                self._tokens = np.fromfile(self.path, self.dtype)
            else:
                self._tokens = np.memmap(self.path, self.dtype, mode="r")
        return self._tokens
