"""What was seen of a data set: the description that the page, W&B and ``--json`` are made from.

Template's file: updates replace it.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from jaxtyping import Float
from numpy import ndarray

from ..confusion import Confusion
from ..report.seriousness import Seriousness


class ExampleId(NamedTuple):
    """An example, wherever it is spoken of."""

    split: str
    index: int  # in the split, of this start  # pyright: ignore[reportIncompatibleMethodOverride]
    id: str  # of its record: the file's path, a row; what a list of exclusions names


@dataclass(frozen=True)
class Finding:
    """Something that a detector saw.

    Args:
        detector: The name of its file, such as ``exact_duplicates``.
        seriousness: How much it matters.
        text: What was found, how many and where, in a sentence.
        advice: What to do about it, in a sentence.
        groups: The examples that it concerns, the most telling first; those that belong together,
            such as two that are equal, in one group.
        count: How many examples it concerns, of which ``groups`` may have the first only.
        remarks: A word about each group, such as what a model says of it; empty: none.
    """

    detector: str
    seriousness: Seriousness
    text: str
    advice: str
    groups: tuple[tuple[ExampleId, ...], ...] = ()
    count: int = 0
    remarks: tuple[str, ...] = ()


@dataclass
class Property:
    """A number that each example has.

    Args:
        name: Such as ``brightness`` or ``length``.
        unit: Such as ``pixels``; empty if it has none.
        values: Of the examples that were looked at; NaN where there is none.

    Shape:
        - values: ``(examples,)``
    """

    name: str
    unit: str
    values: Float[ndarray, " examples"]


@dataclass
class SplitLook:
    """What a split holds.

    Args:
        name: Such as ``train``.
        count: How many examples it has; None: a stream, which nobody has counted.
        indices: Those that were looked at: all, or a seeded subset.
        ids: What the records of those are called.
        class_counts: How often each class is there, by its name; of objects or pixels, where an
            example has many.
        counted: What was counted: ``examples``, ``objects``, ``pixels``.
        properties: Numbers of each example.
        channels: Mean and deviation of each channel, from 0 to 1; empty if there are none.
        facts: Further lines of what and how much, in words, such as ``sizes: 32x32 to 500x375``.
    """

    name: str
    count: int | None
    indices: list[int] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    class_counts: dict[str, int] = field(default_factory=dict)
    counted: str = "examples"
    properties: list[Property] = field(default_factory=list)
    channels: list[tuple[float, float]] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)


@dataclass
class Inspection:
    """All that was seen.

    Args:
        splits: A look at each, in their order.
        findings: The most serious first.
        skipped: A line for each detector that could not run, or that ran on a part: why.
        seconds: That looking took.
        extra: What a detector wants on the page beside its findings; by its name, plain values.
        confusions: Which class a trained model took for which, for each held-out split.
        pictures: How an example of a detector's finding shall look, other than its file does.
    """

    splits: list[SplitLook] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    seconds: float = 0.0
    extra: dict[str, Any] = field(default_factory=dict)
    confusions: list[Confusion] = field(default_factory=list)
    pictures: dict[tuple[str, ExampleId], Any] = field(default_factory=dict)
