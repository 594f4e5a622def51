"""What detectors go by, and how they say what they found.

Template's file: updates replace it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..report.seriousness import Seriousness
from .inspection import ExampleId, Finding
from .predicted import Predicted
from .reading import SplitRead

MOST_GROUPS = 1000  # of a finding, that are handed on
# An oddity that more than this share of the examples has is how the data is, and no oddity, as in
# Datalab (cleanlab/datalab/internal/adapter/imagelab.py).
MOST_ODD = 0.1
Position = tuple[str, int]  # a split, and a place among those of it that were read
PredictedT = TypeVar("PredictedT", bound=Predicted)


@dataclass
class Evidence:
    """What was seen of a data set.

    Args:
        splits: What was read of each.
        data: The DataModule.
        facts: What it tells the model; None where that could not be found.
        seed: Of what detectors draw.
        skipped: Lines that say what was not looked for, and why; detectors add theirs.
        predicted: What a trained model says of held-out splits; empty before training.
        refusal: What training says of the data, where it does not take it as it is.
    """

    splits: dict[str, SplitRead]
    data: Any
    facts: Any = None
    seed: int = 0
    skipped: list[str] = field(default_factory=list)
    predicted: dict[str, Predicted] = field(default_factory=dict)
    refusal: str | None = None

    @cached_property
    def kinds(self) -> set[str]:
        """What there is: of examples ``image``, ``text``, ``tokens``, ``other``, of labels
        ``classes``, ``boxes``, ``masks``, and ``groups``; of predictions their kinds, too.
        """
        kinds = {split.kind for split in self.splits.values()}
        kinds |= {one.kind for one in self.predicted.values()}
        for look in (look for split in self.splits.values() for look in split.looks):
            if look.group is not None:
                kinds.add("groups")
            if isinstance(look.label, (str, int)):
                kinds.add("classes")
            elif isinstance(look.label, list):
                kinds.add("boxes")
            elif isinstance(look.label, dict):
                kinds.add("masks")
        return kinds

    def of_kind(self, *kinds: str) -> list[SplitRead]:
        """The splits whose examples are of such a kind."""
        return [split for split in self.splits.values() if split.kind in kinds]

    def example(self, position: Position) -> ExampleId:
        """How to speak of an example."""
        return self.splits[position[0]].id_of(position[1])

    def predicted_as(self, kind: type[PredictedT]) -> Iterator[PredictedT]:
        """What is said of each split, where it is of such a kind."""
        yield from (one for one in self.predicted.values() if isinstance(one, kind))

    def places(self, predicted: Predicted) -> list[Position]:
        """Where the examples of predictions are, among those that were read."""
        split = next(name for name, one in self.predicted.items() if one is predicted)
        places = np.searchsorted(self.splits[split].indices, predicted.indices)
        return [(split, place) for place in places.tolist()]

    def skip(self, line: str) -> None:
        """Say what was not looked for, and why."""
        self.skipped.append(line)

    def grouped(
        self,
        detector: str,
        seriousness: Seriousness,
        text: str,
        advice: str,
        groups: Sequence[Sequence[Position]],
        remarks: Sequence[str] = (),
    ) -> Finding:
        """A finding about examples that belong together; a remark about each group, or none."""
        shown = [tuple(map(self.example, group)) for group in groups[:MOST_GROUPS]]
        count = sum(map(len, groups))
        words = tuple(remarks[:MOST_GROUPS])
        return Finding(detector, seriousness, text, advice, tuple(shown), count, words)

    def odd(
        self,
        detector: str,
        what: str,
        advice: str,
        marks: Mapping[str, NDArray[np.bool_]],
        worst: Mapping[str, NDArray[Any]] | None = None,
        seriousness: Seriousness = Seriousness.WARNING,
        may_be_usual: bool = True,
    ) -> Iterable[Finding]:
        """A finding about examples that are odd one by one, unless so many are that it is normal.

        Args:
            detector: Who found them.
            what: Goes on after their number: "images are dark".
            advice: What to do.
            marks: Which examples of each split are odd, ``(examples,)``.
            worst: The smaller the more telling, ``(examples,)``; None: in their order.
            seriousness: How much it matters.
            may_be_usual: Whether it is how the data is, where many are so.
        """
        counts = {name: int(mark.sum()) for name, mark in marks.items() if mark.any()}
        looked_at = sum(map(len, marks.values()))
        total = sum(counts.values())
        if not total:
            return
        if may_be_usual and total > max(1, MOST_ODD * looked_at):
            self.skip(
                f"{detector}: {total:,} of {looked_at:,} {what}: how this data is, none named"
            )
            return
        positions = [
            (name, place) for name in counts for place in np.flatnonzero(marks[name]).tolist()
        ]
        if worst is not None:
            positions.sort(key=lambda position: float(worst[position[0]][position[1]]))
        text = f"{so_many(total, what)} ({by_split(counts)})"
        yield self.grouped(detector, seriousness, text, advice, [[one] for one in positions])


VERBS = {"are": "is", "have": "has", "look": "looks", "repeat": "repeats", "stand": "stands"}


def so_many(count: int, words: str) -> str:
    """``2 images are dark``, or ``1 image is dark``, of words that fit several."""
    if count == 1:
        noun, verb, rest = words.split(" ", 2)
        noun = noun.removesuffix("es" if noun in ("boxes", "classes") else "s")
        words = f"{noun} {VERBS.get(verb, verb)} {rest}"
    return f"{count:,} {words}"


def by_split(counts: Mapping[str, int]) -> str:
    """How many of which split: ``train 3, val 1``."""
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def splits_of(positions: Iterable[Position]) -> list[str]:
    """The splits that some examples are of, each once, in their order."""
    return list(dict.fromkeys(split for split, _ in positions))


def share(part: float) -> str:
    """A share in words: ``0.4 %``."""
    return f"{100 * part:.2g} %" if part < 0.1 else f"{100 * part:.0f} %"
