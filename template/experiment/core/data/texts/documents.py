"""Texts, wherever they lie, in pieces that fit in memory; what every reader of texts returns.

Template's file: updates replace it. To read texts otherwise, write a reader in data.py.
"""

import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

import numpy as np

from ...runs.exclude_list import UNREADABLE
from ..content_digest import digest_of_content
from ..errors import DataError
from ..listed import Listed
from ..notes import Notes
from ..sampling import Indices

PIECE = 4096  # characters at most
WHOLE = (0.0, 1.0)
FEW = 5  # held-out documents; where there would be fewer, the texts' end is held out instead


class Piece(NamedTuple):
    """A part of a document.

    Args:
        text: Some lines of it.
        begins: Whether a document begins here.
    """

    text: str
    begins: bool


class PassedOver(NamedTuple):
    """A document without text, in place of its pieces.

    Args:
        name: What to call it.
        kind: What it is and what becomes of it, as ``Notes`` counts it.
        is_row: Whether it is a row of a table.
    """

    name: str
    kind: str
    is_row: bool = False


class Unreadable(NamedTuple):
    """A document that is no text, in place of its pieces.

    Args:
        name: What to call it.
        fault: What is wrong with it, and what would be right; goes on after the name.
    """

    name: str
    fault: str


Part = Piece | PassedOver | Unreadable


def chosen(parts: Iterable[Part], numbers: Collection[int]) -> Iterator[Piece]:
    """The pieces of the documents with these numbers, counted from 0."""
    number, last = -1, max(numbers)
    for part in parts:
        number += not isinstance(part, Piece) or part.begins
        if number > last:
            return
        if isinstance(part, Piece) and number in numbers:
            yield part


@dataclass
class Texts:
    """Documents that are read one after the other, as often as wanted.

    Args:
        name: What to call them in a message.
        read: Yields the pieces of the documents with these numbers.
        documents: Their numbers.
        num_bytes: About how long what counts is, in UTF-8.
        fingerprint: Another one, if there is another text to read.
        names: What each document is called, such as its file, by number; empty without names.
        on_error: ``raise`` at a document that is no text, or ``skip`` it.
        span: The share of the text that counts, from and to.
        lengths: What was measured of these documents, and of others that are parts of the same.
        folder: What their names begin at.
        notes: Where they are from, and what was passed over there.

    Attributes:
        left_out: Names of the documents that were skipped when they were read last.
    """

    name: str
    read: Callable[[Indices], Iterator[Piece | Unreadable]]
    documents: Indices
    num_bytes: int
    fingerprint: str
    names: Sequence[str] = ()
    on_error: str = "raise"
    span: tuple[float, float] = WHOLE
    lengths: dict[bytes, int] = field(default_factory=dict)
    folder: str = ""
    notes: Notes = field(default_factory=Notes)
    left_out: list[str] = field(default_factory=list, init=False)

    def pieces(self) -> Iterator[Piece]:
        """All of the text, piece by piece.

        Raises:
            DataError: A document is no text, and ``on_error`` is ``raise``.
        """
        if self.span == WHOLE:
            yield from self._readable()
            return
        first, end = (share * self._length() for share in self.span)
        place, begins = 0, True
        for piece in self._readable():
            length = len(piece.text.encode())
            text = piece.text[_border(piece.text, first - place) : _border(piece.text, end - place)]
            if text:
                yield Piece(text, piece.begins or begins)
                begins = False
            place += length

    def _readable(self) -> Iterator[Piece]:
        """The pieces of all documents, whatever the span."""
        self.left_out.clear()
        for piece in self.read(self.documents):
            if isinstance(piece, Unreadable):
                self._leave_out(piece)
            else:
                yield piece

    def _length(self) -> int:
        """How many bytes of UTF-8 the documents really have: what spans are shares of."""
        key = self.documents.tobytes()
        if key not in self.lengths:
            self.lengths[key] = sum(len(piece.text.encode()) for piece in self._readable())
        return self.lengths[key]

    def _leave_out(self, document: Unreadable) -> None:
        if self.on_error == "raise":
            raise DataError(f"{document.name} {document.fault}, or set data.on_error=skip")
        self.left_out.append(document.name)

    @property
    def key(self) -> str:
        """What tells these texts from others."""
        digest = hashlib.sha256(f"{self.fingerprint} {self.span} ".encode())
        digest.update(self.documents.astype("<i8").tobytes())
        return digest.hexdigest()

    def split(self, name: str, fraction: float, seed: int) -> "tuple[Texts, Texts]":
        """Part the texts in two: what remains, and about a ``fraction`` of them.

        Whole documents are held out, each by a draw of its own, so that one that is added moves no
        other. Of a few long ones the end is held out, and then again the end of the rest.

        Args:
            name: What is held out, such as "test".
            fraction: How much.
            seed: Another one, other documents.
        """
        held_name = f"{self.name} ({name})"
        if len(self.documents) * fraction < FEW or self.span != WHOLE:
            first, end = self.span
            middle = end - fraction * (end - first)
            share = round(self.num_bytes * fraction)
            return (
                replace(self, span=(first, middle), num_bytes=self.num_bytes - share),
                replace(self, span=(middle, end), num_bytes=share, name=held_name),
            )
        salt = f"{name}/{seed}"
        draws = np.array([self._draw(number, salt) for number in self.documents.tolist()])
        held = draws <= max(fraction, draws.min())  # one at least
        share = round(self.num_bytes * held.mean())
        return (
            replace(self, documents=self.documents[~held], num_bytes=self.num_bytes - share),
            replace(self, documents=self.documents[held], num_bytes=share, name=held_name),
        )

    def among(self, kept: Indices) -> "Texts":
        """Some of the documents, by their places in ``documents``."""
        num_bytes = round(self.num_bytes * len(kept) / max(1, len(self.documents)))
        return replace(self, documents=self.documents[kept], num_bytes=num_bytes)

    def listed(self) -> Listed:
        """What the documents are called, and what is in them."""
        ids = [self.id(number) for number in self.documents.tolist()]
        return Listed(ids, self._digests, self.among)

    def id(self, number: int) -> str:
        """What to call the document with a number, wherever its split's folder is."""
        if not self.names:
            return f"{self.name}, document {number}"
        return os.path.join(self.folder, self.names[number])

    def _digests(self, places: Sequence[int]) -> list[str]:
        """Of the documents at these places, read one after the other."""
        numbers = self.documents[np.asarray(places, dtype=np.int64)]
        texts: list[list[str] | None] = []
        for piece in self.read(numbers):
            if isinstance(piece, Unreadable):
                texts.append(None)
            elif piece.begins:
                texts.append([piece.text])
            elif texts and (last := texts[-1]) is not None:
                last.append(piece.text)
        if len(texts) == len(numbers):
            return [UNREADABLE if it is None else digest_of_content("".join(it)) for it in texts]
        if len(numbers) == 1:  # one without text
            return [UNREADABLE]
        return [self._digests([place])[0] for place in places]

    def _draw(self, number: int, salt: str) -> float:
        """From 0 to 1."""
        key = self.names[number] if self.names else number
        digest = hashlib.sha256(f"{salt}/{key}".encode("utf-8", "surrogateescape")).digest()
        return int.from_bytes(digest[:8], "big") / 2**64


def pieces_of(parts: Iterable[str]) -> Iterator[Piece]:
    """One document, whose text was cut anywhere, in pieces that end with a line or a word.

    No token of a byte-level tokenizer spans the end of a word and the white space that follows, so
    the pieces have the tokens of the whole.
    """
    text, begins = "", True
    for part in parts:
        text += part
        start = 0
        while len(text) - start > PIECE:
            end = _cut(text, start)
            yield Piece(text[start:end], begins)
            start, begins = end, False
        text = text[start:]
    if text:
        yield Piece(text, begins)


def _cut(text: str, start: int) -> int:
    """Where the piece that begins at ``start`` ends."""
    for mark in "\n ":
        end = text.rfind(mark, start + 1, start + PIECE + 1)
        while end > start and text[end - 1].isspace():
            end -= 1
        if end > start:
            return end
    return start + PIECE


def _border(text: str, place: float) -> int:
    """Where a text is parted that shall be so about ``place`` bytes after its beginning.

    The same for both that it parts: before the end of a line nearby, or of a word, or right there.
    """
    encoded = text.encode()
    if place <= 0 or place >= len(encoded):
        return 0 if place <= 0 else len(text)
    there = len(encoded[: int(place)].decode(errors="ignore"))
    around = len(text) // 16
    for mark in "\n ":
        found = (
            text.rfind(mark, there - around if there > around else 0, there + 1),
            text.find(mark, there, there + around),
        )
        if near := [end for end in found if end > 0]:
            return min(near, key=lambda end: abs(end - there))
    return there


def from_strings(documents: Sequence[str], name: str) -> Texts:
    """Texts that are in memory already."""
    digest = hashlib.sha256()
    for document in documents:
        digest.update(f"{len(document)} {document}".encode())
    num_bytes = sum(len(document.encode()) for document in documents)
    read = partial(_read_strings, documents)
    return Texts(name, read, np.arange(len(documents)), num_bytes, digest.hexdigest())


def _read_strings(documents: Sequence[str], numbers: Indices) -> Iterator[Piece]:
    for number in numbers.tolist():
        yield from pieces_of([documents[int(number)]])
