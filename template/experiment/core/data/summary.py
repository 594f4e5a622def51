"""What is said of a split when training starts.

Template's file: updates replace it. To say more, override ``DataModule.summary`` in data.py.
"""

from typing import Any

from torch.utils.data import Dataset

from .datasets import base_of, is_labelled, is_stream, labels_of, num_examples, whole_batches
from .streams import can_start_anywhere


def summary_line(split: str, dataset: Dataset[Any]) -> str:
    """How many examples, how many classes, from where they are read."""
    if is_stream(dataset):
        known = "of any epoch and place" if can_start_anywhere(dataset) else "anew each epoch"
        return f"{split:5} a stream, read {known}"
    line = f"{split:5} {num_examples(dataset):>9,} examples"
    labels = labels_of(dataset)
    if not is_labelled(dataset):
        line += ", without labels: for predict alone"
    elif labels is not None:
        counts = labels.unique(return_counts=True)[1]
        line += f", {len(counts)} classes ({int(counts.min())} to {int(counts.max())} each)"
    return line + (", in memory" if whole_batches(base_of(dataset)[0]) else ", read one by one")
