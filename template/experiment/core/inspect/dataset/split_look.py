"""From what was read of a split to its page: counts, numbers, and facts in words.

Template's file: updates replace it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from .charts import number
from .evidence import Evidence, share
from .inspection import Property, SplitLook
from .looks.look import Look
from .looks.tensor_look import TENSOR_NUMBERS
from .padding_share import padding_share
from .reading import NUMBERS, SplitRead

SHAPES = 5  # of examples that are neither images nor texts
UNITS = {
    "width": "pixels",
    "height": "pixels",
    "information": "bits",
    "length": "characters",
}
SHOWN = {  # of what is measured; the rest is for detectors
    "image": ("width", "height", "brightness", "contrast", "colour", "edges", "information"),
    "text": ("length", "words", "letters", "capitals", "digits", "distinct words"),
}
SHOWN["tokens"], SHOWN["other"] = SHOWN["text"], TENSOR_NUMBERS


def split_look(split: SplitRead, evidence: Evidence) -> SplitLook:
    """What a split holds."""
    look = SplitLook(split.name, split.count, split.indices.tolist(), [x.id for x in split.looks])
    look.class_counts, look.counted = class_counts(split, evidence)
    names = [name for name in SHOWN.get(split.kind, ()) if name in NUMBERS[split.kind]]
    look.properties = [
        Property(name, UNITS.get(name, ""), split.numbers(name).astype(np.float64))
        for name in names
    ]
    if split.readable.any():
        look.channels = _channels(split)
        look.facts = [*_facts(split), *_padding(split, evidence), *_vocabulary(split, evidence)]
    return look


def class_counts(split: SplitRead, evidence: Evidence) -> tuple[dict[str, int], str]:
    """How often each class is there, those of no example included, and what was counted."""
    known = known_classes(split, evidence)
    counts: Counter[str] = Counter(dict.fromkeys(known, 0))
    counted = "examples"
    for look in split.looks:
        if isinstance(look.label, (list, dict)):
            counted = "objects" if isinstance(look.label, list) else "pixels"
        for name, weight in classes_of(look, known):
            counts[name] += weight
    return (dict(counts) if any(counts.values()) else {}), counted


def known_classes(split: SplitRead, evidence: Evidence) -> list[str]:
    """The names of classes, by their numbers, that the data tells of."""
    return list(map(str, split.class_names or getattr(evidence.facts, "class_names", None) or []))


def classes_of(look: Look, known: Sequence[str]) -> Iterator[tuple[str, int]]:
    """The classes of one example: how many of it, of its objects, or of its pixels."""
    if isinstance(look.label, (str, int)):
        yield str(look.label), 1
    elif isinstance(look.label, list):
        yield from ((str(name), 1) for name, _ in look.label)
    elif isinstance(look.label, dict):
        for number, pixels in look.label.items():
            if number < len(known):
                yield str(known[number]), pixels


def _channels(split: SplitRead) -> list[tuple[float, float]]:
    """Mean and deviation of each channel, over all images alike, whatever their size."""
    if split.kind != "image":
        return []
    found = []
    for name in ("red", "green", "blue"):
        mean = split.numbers(name)[split.readable].mean(dtype=np.float64)
        square = split.numbers(f"{name} squared")[split.readable].mean(dtype=np.float64)
        found.append((float(mean), float(np.sqrt(max(square - mean**2, 0)))))
    return found[:1] if len(set(found)) == 1 else found


def _facts(split: SplitRead) -> list[str]:
    if split.kind == "image":
        width = split.numbers("width")[split.readable].astype(int)
        height = split.numbers("height")[split.readable].astype(int)
        order = np.argsort(width * height)
        small, large = (f"{width[i]}x{height[i]}" for i in (order[0], order[-1]))
        facts = [f"sizes: {small}" if small == large else f"sizes: {small} to {large}"]
        low, high = split.numbers("least value"), split.numbers("greatest value")
        facts.append(f"values: {number(float(np.nanmin(low)))} to {number(float(np.nanmax(high)))}")
        for name in ("format", "mode"):
            counts = Counter(word for word in split.words(name) if word)
            if counts:
                listed = ", ".join(f"{word} {count:,}" for word, count in counts.most_common(5))
                facts.append(f"{name}s: {listed}")
        return facts
    if split.kind in ("text", "tokens"):
        length = split.numbers("length")[split.readable]
        return [f"lengths: {length.min():.0f} to {length.max():.0f} characters"]
    shapes = Counter(look.words[0] for look in split.looks if look.words)
    return [f"{shape}: {count:,} examples" for shape, count in shapes.most_common(SHAPES)]


def _padding(split: SplitRead, evidence: Evidence) -> list[str]:
    part = padding_share(split, evidence)
    return [] if not part else [f"padding: {share(part)} of a batch"]


def _vocabulary(split: SplitRead, evidence: Evidence) -> list[str]:
    size = getattr(evidence.facts, "vocab_size", None)
    rows = [look.tokens for look in split.looks if look.tokens is not None]
    if not isinstance(size, int) or not rows:
        return []
    used = np.unique(np.concatenate(rows))
    train = evidence.splits.get("train", split)
    known = [look.tokens for look in train.looks if look.tokens is not None]
    facts = [f"vocabulary: {len(used):,} of {size:,} tokens are used"]
    if train is not split and known:
        new = len(np.setdiff1d(used, np.concatenate(known)))
        facts.append(f"tokens that train never has: {new:,}")
    return facts
