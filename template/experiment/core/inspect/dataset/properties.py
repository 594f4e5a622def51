"""Properties of examples that are not what they are about: a class should not hang on them.

Template's file: updates replace it.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .reading import SplitRead

DECIMALS = 5
COLOURS = ("red", "green", "blue")
WORDS = {
    "image": {
        "brightness": "the brightness",
        "brightness of the darkest": "the brightness of the darkest part",
        "brightness of the lightest": "the brightness of the lightest part",
        "contrast": "the contrast",
        "colour": "the strength of colours",
        "edges": "the strength of edges",
        "border": "the brightness of the border",
    },
    "text": {
        "length": "the length of a text",
        "capitals": "the share of capitals in a text",
        "digits": "the share of digits in a text",
        "letters": "the share of letters in a text",
        "distinct words": "the share of distinct words in a text",
    },
}
WORDS["tokens"] = WORDS["text"]
# The windows of a split that is held out are shorter than those of training, by design.
BY_LENGTH = tuple(WORDS["text"][name] for name in ("length", "distinct words"))
KINDS = ("format", "mode")  # of a file, which are no amounts
BY_KIND = tuple(f"the file's {name}" for name in KINDS)


def properties(split: SplitRead) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Each in words, and of each example, NaN of what could not be measured, ``(examples,)``."""
    if split.kind == "image":
        width, height = split.numbers("width"), split.numbers("height")
        yield "the size of an image", width * height
        yield "the aspect ratio", width / height
        red, green, blue = (split.numbers(colour) for colour in COLOURS)
        total = np.maximum(red + green + blue, np.float32(1e-6))
        for colour, part in zip(COLOURS, (red, green, blue), strict=True):
            part = (part / total).round(DECIMALS)  # of grey images always the same
            yield f"the share of {colour}", part.astype(np.float32)
    yield from ((words, split.numbers(name)) for name, words in WORDS.get(split.kind, {}).items())
    if split.kind == "image":
        for name, words in zip(KINDS, BY_KIND, strict=True):
            values = np.unique(split.words(name), return_inverse=True)[1]
            yield words, values.astype(np.float32)
