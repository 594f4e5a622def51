"""Classes that a split lacks, that are rare, or that are in one split only.

Template's file: updates replace it. Rare: in training below a tenth of an even share (Datalab's
"class imbalance", 0.1). Lacking in a split that is held out: only where five could be expected
there by the class's share in training, since a small split lacks a rare class by chance.
"""

from collections.abc import Iterable

from ...report.seriousness import Seriousness
from ..evidence import Evidence, so_many
from ..inspection import Finding
from ..reading import SplitRead
from ..split_look import class_counts

RARE = 0.1
EXPECTED = 5
NAMED = 8  # classes
TRAIN_ON = "Let the split have it (data.split_seed, or a split by class), or leave the class out."
UNKNOWN = "A model cannot say what it was never told: let training have it, or leave the class out."
FEW = "Balance them (data.sampler=balanced), find more, or join the class with another."


def find(evidence: Evidence) -> Iterable[Finding]:
    found = {name: class_counts(split, evidence) for name, split in evidence.splits.items()}
    counts = {name: classes for name, (classes, _) in found.items() if classes}
    if "train" not in counts:
        return
    counted = found["train"][1]
    if counted == "pixels":  # of which background may have nearly all
        counted = "images"
        counts = {name: _images_with(evidence.splits[name], counts[name]) for name in counts}
    train = {name: count for name, count in counts["train"].items() if count}
    yield from _never_trained(counts, train)
    yield from _lacking(counts, train)
    limit = RARE * sum(train.values()) / max(len(train), 1)
    rare = {name: count for name, count in train.items() if count < limit}
    if rare:
        least = sorted(rare.items(), key=lambda item: item[1])
        text = f"{len(rare):,} of {len(train):,} classes have less than a tenth of an even share "
        text += f"of the {counted} in train: "
        text += _listed([f"{name} ({count:,})" for name, count in least])
        yield Finding("class_balance", Seriousness.WARNING, text, FEW)


def _images_with(split: SplitRead, classes: dict[str, int]) -> dict[str, int]:
    """How many images have a pixel of each class."""
    names, counts = list(classes), dict.fromkeys(classes, 0)
    for look in split.looks:
        for number in look.label if isinstance(look.label, dict) else ():
            if number < len(names):
                counts[names[number]] += 1
    return counts


def _never_trained(counts: dict[str, dict[str, int]], train: dict[str, int]) -> Iterable[Finding]:
    for split, classes in counts.items():
        new = [name for name, count in classes.items() if count and name not in train]
        if new and split not in ("train", "unlabelled"):
            text = so_many(len(new), f"classes are in {split} and not in train: {_listed(new)}")
            yield Finding("class_balance", Seriousness.ERROR, text, UNKNOWN)


def _lacking(counts: dict[str, dict[str, int]], train: dict[str, int]) -> Iterable[Finding]:
    total = sum(train.values())
    for split, classes in counts.items():
        size = sum(classes.values())
        missing = [
            name
            for name, count in train.items()
            if not classes.get(name) and count / total * size >= EXPECTED
        ]
        if missing and split != "unlabelled":
            text = so_many(
                len(missing), f"classes are in train and not in {split}: {_listed(missing)}"
            )
            yield Finding("class_balance", Seriousness.WARNING, text, TRAIN_ON)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
