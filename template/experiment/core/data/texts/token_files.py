"""Texts as tokens, in files that are made once and then shared by every run.

Template's file: updates replace it. To prepare texts otherwise, write ``setup`` in data.py anew.

In ``data.cache``, each under a name that is a hash of what it is made from:

    tokenizer-3f2a....json         a tokenizer
    tokens-9c01..../tokens         the encoded texts, 2 or 4 bytes a token
    tokens-9c01..../index.json     how many there are

What is there is whole: it is written under another name, and renamed when it is finished. Of
several processes that want the same, one makes it and the others wait; after a kill, the next one
starts it anew. All of it may be deleted at any time.
"""

import hashlib
import json
import logging
import os
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray
from tqdm import tqdm

from ...config.data import TextDataConfig
from ...files import project_path, write_json
from ..errors import DataError
from .documents import Piece, Texts
from .tokenizer import BytePairs, train

VERSION = 2  # of what a hash stands for
BATCH = 256  # pieces encoded at once: a megabyte
log = logging.getLogger(__name__)


def tokenizer_for(texts: Texts, config: TextDataConfig) -> BytePairs:
    """The tokenizer of some training texts, trained unless the cache has it.

    Args:
        texts: The training texts.
        config: How many tokens it shall have, the seed of the sample of long texts, the cache.
    """
    vocab_size, seed = config.vocab_size, config.split_seed
    file = project_path(config.cache) / f"tokenizer-{_digest(texts.key, vocab_size, seed)}.json"

    def make(unfinished: Path) -> None:
        unfinished.write_text(train(texts, vocab_size, seed), encoding="utf-8")

    _make_once(file, make)
    return BytePairs(file.read_text(encoding="utf-8"))


def encode(texts: Texts, tokenizer: BytePairs, config: TextDataConfig) -> "TokenFile":
    """The tokens of some texts, END before each document; encoded unless the cache has them.

    They are held in memory if they fit into ``data.in_memory_mb``.

    Raises:
        DataError: A document cannot be read, or all were skipped.
    """
    folder = project_path(config.cache) / f"tokens-{_digest(texts.key, tokenizer.text)}"
    _make_once(folder, lambda unfinished: _encode(texts, tokenizer, unfinished))
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    if left_out := index["left_out"]:
        if texts.on_error == "raise":  # and these were made with skip
            deque(texts.pieces(), maxlen=0)
        names = ", ".join(left_out[:3]) + (", ..." if len(left_out) > 3 else "")
        log.warning(f"{len(left_out)} documents of {texts.name} cannot be read: left out {names}")
    tokens = TokenFile(folder / "tokens", index["dtype"], index["tokens"], texts.name)
    return tokens.held(config.in_memory_mb)


def _encode(texts: Texts, tokenizer: BytePairs, folder: Path) -> None:
    dtype = np.dtype(np.uint16 if tokenizer.vocab_size <= 2**16 else np.uint32)
    started, count, size = time.monotonic(), 0, 0
    folder.mkdir()
    bar = tqdm(
        total=texts.num_bytes,
        desc=f"encoding {texts.name}",
        unit="B",
        unit_scale=True,
        leave=False,
        delay=2,
        disable=None,  # where there is no terminal
    )
    with open(folder / "tokens", "wb") as file, bar:
        end = np.array([tokenizer.end], dtype).tobytes()
        for pieces in _batches(texts.pieces()):
            encoded = tokenizer.encode_all([piece.text for piece in pieces])
            for piece, tokens in zip(pieces, encoded, strict=True):
                file.write(end * piece.begins + tokens.astype(dtype).tobytes())
                count += piece.begins + len(tokens)
            done = sum(len(piece.text.encode()) for piece in pieces)
            size += done
            bar.update(done)
    if not count:
        documents = f"none of {len(texts.documents):,} documents can be read"
        raise DataError(f"{texts.name}: {documents if texts.left_out else 'holds no text'}")
    seconds = time.monotonic() - started
    if seconds > 2:
        log.info(
            f"{texts.name}: {size / 1e6:,.0f} MB are {count / 1e6:,.0f} million tokens, encoded in "
            f"{seconds:.0f} s"
        )
    index = {"tokens": count, "dtype": dtype.name, "bytes": size, "left_out": texts.left_out}
    write_json(folder / "index.json", index)


def _batches(pieces: Iterator[Piece]) -> Iterator[list[Piece]]:
    while batch := list(islice(pieces, BATCH)):
        yield batch


def _digest(*parts: Any) -> str:
    return hashlib.sha256(json.dumps([VERSION, *parts]).encode()).hexdigest()[:20]


def _make_once(path: Path, make: Callable[[Path], None]) -> None:
    """Let one process make a file or folder under another name, and rename it when it is whole."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    with FileLock(path.with_name(f".{path.name}.lock")):
        if path.exists():
            return
        if unfinished.is_dir():  # of a process that was killed
            shutil.rmtree(unfinished)
        make(unfinished)
        os.replace(unfinished, path)


class TokenFile:
    """A long row of tokens in a file.

    A process that gets it from another one opens the file itself.

    Args:
        path: The file.
        dtype: Of its numbers.
        count: How many there are.
        name: What to call it in a message.
    """

    def __init__(self, path: Path, dtype: str, count: int, name: str) -> None:
        self.path, self.dtype, self.count, self.name = path, np.dtype(dtype), count, name
        self.in_memory = False
        self._tokens: NDArray[Any] | None = None

    def __len__(self) -> int:
        return self.count

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_tokens": None}

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
