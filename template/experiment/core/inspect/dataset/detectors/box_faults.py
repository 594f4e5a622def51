"""Boxes that lie outside of their image, have no area, or are there twice.

Template's file: updates replace it. As ultralytics checks its labels: outside by more than 1 % of
the image; of no area: less than one pixel wide or high; twice: the same class and corners.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ....data.boxes.checks import EMPTY, TWICE
from ..box_table import BoxTable, box_table
from ..evidence import Evidence
from ..inspection import Finding
from ..reader_notes import noted

BEYOND = 0.01
LEAST_SIDE = 1.0  # pixels
ADVICE = "Mend the annotation, or leave the image out."
NOTED = (EMPTY, TWICE)  # which readers mend before anything is looked at
MENDED = "Training goes on without them; see whether the export did more that it should not."


def find(evidence: Evidence) -> Iterable[Finding]:
    tables = {split.name: box_table(split) for split in evidence.of_kind("image")}
    for what, faulty in (
        ("images have a box beyond the edge", _outside),
        ("images have a box without area", without_area),
        ("images have the same box twice", _twice),
    ):
        marks = {name: table.images(faulty(table)) for name, table in tables.items() if table}
        yield from evidence.odd("box_faults", what, ADVICE, marks, may_be_usual=False)
    yield from noted(evidence, "box_faults", NOTED, MENDED)


def _outside(table: BoxTable) -> NDArray[np.bool_]:
    sizes = table.sizes[table.owners]
    room = BEYOND * sizes
    before, beyond = table.corners[:, :2] < -room, table.corners[:, 2:] > sizes + room
    return np.any(before | beyond, axis=1)


def without_area(table: BoxTable) -> NDArray[np.bool_]:
    """Which boxes are less than a pixel wide or high."""
    return np.any(table.sides < LEAST_SIDE, axis=1)


def _twice(table: BoxTable) -> NDArray[np.bool_]:
    names = np.unique(table.names, return_inverse=True)[1]
    rows = np.column_stack([table.owners, names, np.round(table.corners, 1)])
    _, first = np.unique(rows, axis=0, return_index=True)
    again = np.ones(len(rows), dtype=bool)
    again[first] = False
    return again
