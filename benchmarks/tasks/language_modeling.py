"""The bar for going on with Python's documentation, and what simpler methods reach on it.

Bits for each byte of topics that are never seen in training: what a message costs that tells the
text to somebody who has the model. Every method predicts the same bytes, and the end of each topic
beside them, which costs bits, too, but counts as no byte.
"""

import lzma
import math
from collections import Counter

METRIC = "test/bits_per_byte"
GOAL = "min"
BAR = 1.76  # at most; the median over the seeds

DISCOUNT = 0.9
END = b"\0"  # before each topic; in no text


def baselines() -> dict[str, float]:
    """What methods without a network reach, in the metric above."""
    from experiment.core.data.texts import demo_topics  # pyright: ignore[reportMissingImports]

    splits = demo_topics.load()
    train, test = (
        b"".join(END * piece.begins + piece.text.encode() for piece in splits[name].pieces())
        for name in ("train", "test")
    )
    num_bytes = len(test) - test.count(END)
    bits = {
        "each byte alike": 8.0 * len(test[1:]),
        "xz, after training text": 8.0 * (_packed(train + test) - _packed(train)),
        "Kneser-Ney 5-gram": kneser_ney(train, test, 5),
        "Kneser-Ney 7-gram": kneser_ney(train, test, 7),
    }
    return {name: value / num_bytes for name, value in bits.items()}


def kneser_ney(train: bytes, test: bytes, order: int) -> float:
    """Bits that a byte n-gram model needs for all of ``test`` but its first byte.

    Interpolated, with one discount: Kneser & Ney 1995; Chen & Goodman 1998 (equation 24). The
    longest context counts how often a byte follows it; a shorter one counts in how many contexts
    that are longer by a byte it does.
    """
    grams = Counter(train[i : i + order] for i in range(len(train) - order + 1))
    levels = []  # from the longest context to none
    for _ in range(order):
        total, kinds = Counter[bytes](), Counter[bytes]()
        for gram, count in grams.items():
            total[gram[:-1]] += count
            kinds[gram[:-1]] += 1
        levels.append((grams, total, kinds))
        grams = Counter(gram[1:] for gram in grams)
    bits = 0.0
    for i in range(1, len(test)):
        p = 1 / 256
        for length, (grams, total, kinds) in enumerate(reversed(levels)):
            context = test[i - length : i]
            if length > i or context not in total:
                break
            seen = max(grams[context + test[i : i + 1]] - DISCOUNT, 0)
            p = (seen + DISCOUNT * kinds[context] * p) / total[context]
        bits -= math.log2(p)
    return bits


def _packed(text: bytes) -> int:
    return len(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME))
