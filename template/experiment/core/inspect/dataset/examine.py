"""From the data to an inspection: counts and a few measures of each split.

Template's file: updates replace it.
"""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from ...data.datasets import base_of, is_stream, labels_of, num_examples
from ...data.records import record_of
from ...errors import UserError
from .inspection import Inspection, Property, SplitLook

Progress = Callable[[int], None]  # how many more examples were read


def examine(
    datamodule: Any, most: int | None = None, seed: int = 0, progress: Progress | None = None
) -> Inspection:
    """Look at each split.

    Args:
        datamodule: The data.
        most: Examples of a split at most, drawn by the seed.
        seed: Of what is drawn.
        progress: Is told how many more examples were read.
    """
    started, inspection = time.perf_counter(), Inspection()
    names = [
        name
        for name in dict.fromkeys(["train", "val", "test", *datamodule.datasets])
        if datamodule.holds(name)
    ]
    for name in names:
        inspection.splits.append(_look(datamodule.examples(name), name, most, seed, progress))
    inspection.seconds = time.perf_counter() - started
    return inspection


def _look(
    dataset: Any, name: str, most: int | None, seed: int, progress: Progress | None
) -> SplitLook:
    if is_stream(dataset):
        return SplitLook(name, None)
    count = num_examples(dataset)
    chosen = np.sort(np.random.default_rng(seed).permutation(count)[: most or count]).tolist()
    split, rows, labels = SplitLook(name, count, chosen), [], labels_of(dataset)
    for index in chosen:
        try:
            record = record_of(dataset, index)
        except UserError:
            record = None
        split.ids.append(f"{name} {index}" if record is None else record.id)
        raw = None if record is None else record.raw
        is_image = isinstance(raw, Image.Image)
        rows.append((*raw.size, np.asarray(raw.convert("L")).mean() / 255) if is_image else ())
        if progress:
            progress(1)
    if labels is not None:
        known = getattr(base_of(dataset)[0], "class_names", None)
        counts = Counter(labels[chosen].tolist())
        split.class_counts = {str(known[n] if known else n): counts[n] for n in sorted(counts)}
    for place, (what, unit) in enumerate(
        (("width", "pixels"), ("height", "pixels"), ("brightness", ""))
    ):
        values = np.array([row[place] if row else np.nan for row in rows], dtype=float)
        if np.isfinite(values).any():
            split.properties.append(Property(what, unit, values))
    return split
