"""What is kept of one example.

Template's file: updates replace it.
"""

import hashlib
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

DIGEST_BYTES = 16


class Look(NamedTuple):
    """An example, small enough to be kept of each.

    Args:
        id: What it is called: ``Record.id``.
        kind: ``image``, ``text``, ``tokens`` or ``other``; ``unreadable`` where it is none.
        fault: Why it could not be read; empty where it could.
        digest: Of the content, label apart; the same for the same pixels, whatever the file.
        label: A class's name, or the objects' names and boxes, as ``Record.label``; of a mask,
            the pixels of each class.
        label_digest: The same for the same label.
        group: What it must not be parted from, as a text; None: nothing.
        numbers: What was measured: ``IMAGE_NUMBERS`` or ``TEXT_NUMBERS``, in their order.
        words: The same of what has no size, such as the file's format: ``IMAGE_WORDS``.
        small: A small grey copy of an image, ``(SIDE, SIDE)``; None of what is none.
        shingles: Sorted hashes of the word sequences in a text; None of what is none.
        text: What a text begins with.
        tokens: Those that are in a row of tokens, each once; None of what is none.
    """

    id: str
    kind: str
    fault: str = ""
    digest: bytes = b""
    label: Any = None
    label_digest: bytes | None = None
    group: str | None = None
    numbers: tuple[float, ...] = ()
    words: tuple[str, ...] = ()
    small: NDArray[np.uint8] | None = None
    shingles: NDArray[np.uint64] | None = None
    text: str = ""
    tokens: NDArray[np.int64] | None = None


def digest(parts: Iterable[bytes]) -> bytes:
    """The same for the same content, and for no other."""
    found = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for part in parts:
        found.update(len(part).to_bytes(8, "little"))
        found.update(part)
    return found.digest()
