"""What is measured of a text.

Template's file: updates replace it. A text is compared by its sequences of five words, each a hash:
those of texts that are nearly the same are nearly the same. Broder 1997, "On the resemblance and
containment of documents"; five words as Lee et al. 2021 (arXiv:2107.06499) take them.
"""

import re
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .look import digest

SHINGLE = 5  # words
MOST_SHINGLES = 512  # of a text, those with the smallest hashes: the same in texts that are alike
LEAST_OF_LINE = 3  # words: rules and lone numbers may well repeat
MOST_SHOWN = 400  # characters of its beginning
LONGEST_WORD = 25  # characters in the mean, from which on a text has no spaces between its words
WORD = re.compile(r"\w+")
# UTF-8 that was read as Latin-1 or Windows-1252, what could not be decoded, and control characters.
DEBRIS = re.compile(
    "[\u00c2-\u00c3][\u0080-\u00bf\u0152-\u0178\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
    "|\u00e2\u20ac.|\ufffd|[\x00-\x08\x0b\x0e-\x1b\x7f]"
)
TEXT_NUMBERS = (
    "length",  # characters
    "words",
    "debris",  # places that look wrongly decoded
    "letters",  # the share of characters that are letters
    "capitals",  # the share of letters that are capitals
    "digits",  # the share of characters that are digits
    "distinct words",  # the share of the words that are none of those before
    "lines",  # of some words
    "repeated lines",  # the share of these that are equal to one before
)
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
MIX = np.uint64(0xBF58476D1CE4E5B9)


def text_look(text: str) -> dict[str, Any]:
    """The fields of a ``Look`` at a text."""
    words = WORD.findall(text.lower())
    if words and len(text) / len(words) > LONGEST_WORD:
        words = [letter for letter in text if not letter.isspace()]
    numbers = [zlib.crc32(word.encode("utf-8", "replace")) for word in words]
    size, letters = max(len(text), 1), sum(map(str.isalpha, text))
    lines = [line.strip() for line in text.splitlines() if len(line.split()) >= LEAST_OF_LINE]
    measured = (
        len(text),
        len(words),
        len(DEBRIS.findall(text)),
        letters / size,
        sum(map(str.isupper, text)) / max(letters, 1),
        sum(map(str.isdigit, text)) / size,
        len(set(words)) / max(len(words), 1),
        len(lines),
        1 - len(set(lines)) / max(len(lines), 1),
    )
    return {
        "kind": "text",
        "digest": digest([text.encode("utf-8", "replace")]),
        "numbers": tuple(map(float, measured)),
        "shingles": shingles(numbers),
        "text": text[:MOST_SHOWN],
    }


def token_look(tokens: Sequence[int], text: str) -> dict[str, Any]:
    """The fields of a ``Look`` at a row of tokens; ``text`` is what they stand for, if known."""
    found = text_look(text)
    row = np.asarray(tokens, dtype=np.int64)
    found.update(kind="tokens", digest=digest([row.tobytes()]), tokens=np.unique(row))
    if not text:
        found["shingles"] = shingles(row.tolist())
    return found


def shingles(words: Sequence[int]) -> NDArray[np.uint64]:
    """Hashes of each five words that follow one another, sorted, each once; fewer words: of all."""
    if not words:
        return np.empty(0, dtype=np.uint64)
    row = np.asarray(words, dtype=np.uint64)
    length = min(SHINGLE, len(row))
    count = len(row) - length + 1
    mixed = np.full(count, length, dtype=np.uint64)
    for place in range(length):
        mixed = (mixed ^ row[place : place + count]) * MULTIPLIER  # wraps: that is what mixes
        mixed ^= mixed >> np.uint64(29)
    mixed *= MIX
    mixed ^= mixed >> np.uint64(32)
    return np.unique(mixed)[:MOST_SHINGLES]
