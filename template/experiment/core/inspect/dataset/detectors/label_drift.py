"""Classes whose shares differ between training and another split.

Template's file: updates replace it. Cramér's V of the shares above 0.15, as in deepchecks' "label
drift", less what chance gives; and as large in fewer than 20 of a thousand splits that the same
examples are dealt to by chance. These are whole examples, since the objects or pixels of one image
go together, which chi square does not know.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...report.seriousness import Seriousness
from ..evidence import Evidence, share
from ..inspection import Finding
from ..reading import SplitRead
from ..split_look import class_counts, classes_of, known_classes

THRESHOLD = 0.15
DEALS, MOST_BY_CHANCE = 1000, 20
ENOUGH = 200  # deals, where none is as large
ADVICE = "Split each class alike, or say on purpose that it is so: a score then means another mix."


def find(evidence: Evidence) -> Iterable[Finding]:
    counts = {name: class_counts(split, evidence)[0] for name, split in evidence.splits.items()}
    train = counts.get("train")
    for name, other in counts.items():
        if not train or not other or name in ("train", "unlabelled"):
            continue
        classes = sorted(one for one in {*train, *other} if train.get(one, 0) + other.get(one, 0))
        table = np.array([[part.get(one, 0) for one in classes] for part in (train, other)], float)
        strength = _cramer(table)
        if strength <= THRESHOLD:
            continue
        splits = evidence.splits["train"], evidence.splits[name]
        dealt = _dealt(strength, splits, classes, evidence)
        by_chance = int((dealt >= strength).sum())
        strength = max(strength**2 - float(np.mean(dealt**2)), 0.0) ** 0.5
        if by_chance < MOST_BY_CHANCE and strength > THRESHOLD:
            shares = table / table.sum(axis=1, keepdims=True)
            most = int(np.abs(shares[0] - shares[1]).argmax())
            text = f"classes are otherwise frequent in {name} than in train: {classes[most]} is "
            text += f"{share(shares[1, most])} there, {share(shares[0, most])} in train"
            text += f" (Cramér's V {strength:.2f})"
            yield Finding("label_drift", Seriousness.WARNING, text, ADVICE)


def _dealt(
    strength: float, splits: Sequence[SplitRead], classes: Sequence[str], evidence: Evidence
) -> NDArray[np.float64]:
    """Cramér's V of the same examples, dealt to the two by chance: ``(deals,)``.

    Ends early where it is as large often, or never.
    """
    numbers = {name: number for number, name in enumerate(classes)}
    found = [(example, numbers[name], count) for example, name, count in _held(splits, evidence)]
    examples, kinds, weights = np.array(found, dtype=np.int64).T
    where = np.repeat([0, 1], [len(split) for split in splits])  # each example lies
    random, dealt, reached = np.random.default_rng(evidence.seed), [], 0
    while reached < MOST_BY_CHANCE and len(dealt) < (DEALS if reached else ENOUGH):
        cells = random.permutation(where)[examples] * len(classes) + kinds
        table = np.bincount(cells, weights, minlength=2 * len(classes)).reshape(2, -1)
        dealt.append(_cramer(table))
        reached += dealt[-1] >= strength
    return np.array(dealt)


def _held(splits: Sequence[SplitRead], evidence: Evidence) -> Iterator[tuple[int, str, int]]:
    """Which example has which class how many times; they are numbered over all splits."""
    example = 0
    for split in splits:
        known = known_classes(split, evidence)
        for look in split.looks:
            yield from ((example, name, count) for name, count in classes_of(look, known) if count)
            example += 1


def _cramer(table: NDArray[Any]) -> float:
    """Cramér's V of two splits' counts, as if they were equally large; no class has none."""
    sizes = table.sum(axis=1, keepdims=True)
    if not sizes.all():
        return 0.0
    shares = table / sizes
    return float(np.sqrt(((shares[0] - shares[1]) ** 2 / shares.sum(axis=0)).sum() / 2))
