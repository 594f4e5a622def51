"""An inspection as JSON, for programs: ``main.py inspect data --json``.

Template's file: updates replace it. The form, which keeps its names::

    {"version": 1,
     "seconds": 3.2,
     "findings": [{"detector": "exact_duplicates", "seriousness": "error", "text": "...",
                   "advice": "...", "count": 12, "remarks": ["a word about each group", ...],
                   "groups": [[{"split": "train", "index": 3, "id": "a.png"}, ...], ...]}, ...],
     "splits": [{"name": "train", "count": 1222, "indices": [0, ...], "ids": ["a.png", ...],
                 "class_counts": {"cat": 611, ...}, "counted": "examples",
                 "properties": [{"name": "width", "unit": "pixels", "values": [32.0, null, ...]}],
                 "channels": [[0.47, 0.25], ...], "facts": ["sizes: 32x32"]}, ...],
     "skipped": ["a line for each detector that could not run"],
     "extra": {"name of a detector": ...},
     "confusions": [{"title": "val", "counted": "examples", "names": ["cat", ...],
                     "counts": [[40, 2], ...]}, ...]}

Findings stand with the most serious first; ``seriousness`` is error, warning or note. ``values`` go
with ``indices``, ``count`` is null for a stream, and what is no number, NaN, is null. A row of
``counts`` is a true class, a column what a trained model took it for; without one there are none.
"""

import json
import math
from typing import Any

import numpy as np

from ..confusion import Confusion
from ..report.seriousness import Seriousness
from .findings import ranked
from .inspection import ExampleId, Finding, Inspection, Property, SplitLook

VERSION = 1


def to_json(inspection: Inspection) -> str:
    """The text, a line a finding and a split, so that two looks can be compared."""
    return json.dumps(to_plain(inspection), indent=1, ensure_ascii=False, allow_nan=False)


def to_plain(inspection: Inspection) -> dict[str, Any]:
    """Dicts, lists, texts and numbers."""
    return plain(
        {
            "version": VERSION,
            "seconds": inspection.seconds,
            "findings": [_finding(finding) for finding in ranked(inspection.findings)],
            "splits": [_split(split) for split in inspection.splits],
            "skipped": inspection.skipped,
            "extra": inspection.extra,
            "confusions": [vars(one) for one in inspection.confusions],
        }
    )


def from_plain(read: dict[str, Any]) -> Inspection:
    """The way back, for what ``to_json`` wrote.

    Raises:
        ValueError: It is of another version.
    """
    if read.get("version") != VERSION:
        raise ValueError(f"version {read.get('version')} of an inspection; this is {VERSION}")
    return Inspection(
        [_split_of(**split) for split in read["splits"]],
        [_finding_of(**finding) for finding in read["findings"]],
        list(read["skipped"]),
        read["seconds"],
        dict(read["extra"]),
        [_confusion_of(**one) for one in read["confusions"]],
    )


def _finding(finding: Finding) -> dict[str, Any]:
    groups = [[example._asdict() for example in group] for group in finding.groups]
    return {**vars(finding), "seriousness": finding.seriousness.name.lower(), "groups": groups}


def _finding_of(seriousness: str, groups: list[Any], remarks: list[str], **rest: Any) -> Finding:
    examples = tuple(tuple(ExampleId(**one) for one in group) for group in groups)
    kind, words = Seriousness[seriousness.upper()], tuple(remarks)
    return Finding(seriousness=kind, groups=examples, remarks=words, **rest)


def _confusion_of(counts: list[list[int]], **rest: Any) -> Confusion:
    return Confusion(counts=np.array(counts, dtype=np.int64), **rest)


def _split(split: SplitLook) -> dict[str, Any]:
    properties = [{**vars(one), "values": one.values.tolist()} for one in split.properties]
    return {**vars(split), "properties": properties}


def _split_of(properties: list[Any], channels: list[Any], **rest: Any) -> SplitLook:
    # NumPy takes null for NaN.
    numbers = [{**one, "values": np.array(one["values"], dtype=float)} for one in properties]
    pairs = [(mean, deviation) for mean, deviation in channels]
    return SplitLook(properties=[Property(**one) for one in numbers], channels=pairs, **rest)


def plain(value: Any) -> Any:
    """Without NumPy's numbers, and without what JSON has no word for."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
