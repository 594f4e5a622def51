"""What is said of the data when training starts: a line a split, and what was passed over.

Template's file: updates replace it. To say more, override ``DataModule.summary`` in data.py.
"""

from collections.abc import Sequence
from typing import Any

from torch import Tensor
from torch.utils.data import Dataset

from .datasets import base_of, is_labelled, is_stream, labels_of, num_examples, whole_batches
from .notes import Notes
from .streams import can_start_anywhere

NAMED = 8  # classes; of more, the first ones are named


def summary_lines(splits: dict[str, Dataset[Any]]) -> list[str]:
    """A line a split, each followed by one for each kind of thing that was passed over there.

    Args:
        splits: The examples of each split, those to train on first.
    """
    lines, said = [], []
    training = next((base_of(dataset)[0] for dataset in splits.values()), None)
    for split, dataset in splits.items():
        base = base_of(dataset)[0]
        notes: Notes | None = getattr(base, "notes", None)
        shared = notes is not None and notes is getattr(training, "notes", None)
        held_out = split != "train" and (base is training or shared)
        lines.append(f"{split:5} {_content(dataset, held_out)}")
        if notes is not None and not any(notes is other for other in said):
            said.append(notes)
            lines += [f"      {line}" for line in notes.lines()]
    return lines


def _content(dataset: Dataset[Any], held_out: bool) -> str:
    """How many examples, of which classes, where from, and how they are read."""
    if is_stream(dataset):
        known = "of any epoch and place" if can_start_anywhere(dataset) else "anew each epoch"
        return f"a stream, read {known}"
    base = base_of(dataset)[0]
    parts = [f"{num_examples(dataset):>9,} examples"]
    labels = labels_of(dataset)
    if not is_labelled(dataset):
        parts.append("without labels: for predict alone")
    elif content := getattr(base, "content", None):
        parts.append(content(base_of(dataset)[1]))
    elif labels is not None:
        parts.append(_classes(labels, _names(base)))
    elif names := _names(base):
        parts.append(f"{len(names)} classes: {listed(names)}")
    if place := getattr(getattr(base, "notes", None), "place", ""):
        parts.append(f"{'held out of' if held_out else 'from'} {place}")
    in_memory = getattr(base, "in_memory", whole_batches(base) is not None)
    parts.append("in memory" if in_memory else "read as they are needed")
    return ", ".join(parts)


def _names(dataset: Any) -> Sequence[str]:
    return getattr(dataset, "class_names", None) or getattr(dataset, "classes", None) or ()


def _classes(labels: Tensor, names: Sequence[str]) -> str:
    found, counts = labels[labels >= 0].unique(return_counts=True)
    text = f"{len(found)} classes"
    if names:
        text += f": {listed([str(names[number]) for number in found.tolist()])}"
    return f"{text} ({int(counts.min())} to {int(counts.max())} each)"


def listed(names: Sequence[str]) -> str:
    """The first few names of classes."""
    return ", ".join(names[:NAMED]) + (", ..." if len(names) > NAMED else "")
