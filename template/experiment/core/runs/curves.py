"""The curves of a run: of a ``metrics.jsonl`` of millions of rows only what is new is read.

Template's file: updates replace it. Free of torch. Which rows count says metrics_reader.py.
"""

import json
import math
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from .metrics_reader import MARK

MOST = 4000  # points of a curve that are kept, evenly: a drawing shows fewer
LOOK = 500  # lines between two looks at the clock
Points = list[tuple[float, float]]


@dataclass
class Curve:
    """Step and value of one metric; of very many every second, fourth, ... and the last."""

    kept: Points = field(default_factory=list)
    last: tuple[float, float] | None = None
    every: int = 1
    count: int = 0

    def add(self, step: float, value: float) -> None:
        """Append a point."""
        self.last = (step, value)
        if self.count % self.every == 0:
            self.kept.append(self.last)
        self.count += 1
        if len(self.kept) > MOST:
            self.kept, self.every = self.kept[::2], 2 * self.every

    def go_back(self, step: float) -> None:
        """Forget the future that training gave up."""
        self.kept = [point for point in self.kept if point[0] < step]
        if self.last is not None and self.last[0] >= step:
            self.last = self.kept[-1] if self.kept else None

    @property
    def points(self) -> Points:
        """Those that are kept, and the newest."""
        if self.last is None or self.kept[-1:] == [self.last]:
            return list(self.kept)
        return [*self.kept, self.last]


class Curves:
    """All curves of one ``metrics.jsonl``; several threads may ask.

    Args:
        file: It need not exist.

    Attributes:
        share: How much of it is read, from 0 to 1.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = Lock()
        self._begin(0)

    def read(self, seconds: float = math.inf) -> dict[str, Points]:
        """The points of each metric, in the order in which the metrics first came.

        Args:
            seconds: How long to read; what is left then, ``share`` tells, is read the next time.
        """
        with self._lock:
            try:
                self._read_on(time.monotonic() + seconds)
            except OSError:
                self._begin(0)
            return {name: curve.points for name, curve in self._curves.items() if curve.points}

    def _begin(self, inode: int) -> None:
        self._curves: dict[str, Curve] = {}
        self._inode, self._offset, self.share = inode, 0, 1.0

    def _read_on(self, until: float) -> None:
        with open(self.file, "rb") as opened:
            inode = os.fstat(opened.fileno()).st_ino
            size = opened.seek(0, 2)
            if inode != self._inode or size < self._offset:  # another file by now
                self._begin(inode)
            opened.seek(self._offset)
            for number, line in enumerate(opened, start=1):
                if number % LOOK == 0 and time.monotonic() > until:
                    self.share = self._offset / size
                    return
                if not line.endswith(b"\n"):  # it is being written
                    break
                self._offset += len(line)
                self._take(line)
        self.share = 1.0

    def _take(self, line: bytes) -> None:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):  # a kill tore it, or it is none of ours
            return
        step = _number(row.get("step")) if isinstance(row, dict) else None
        if step is None or not math.isfinite(step):
            return
        if MARK in row:
            for curve in self._curves.values():
                curve.go_back(step)
            return
        for name, part in row.items():
            if name != "step" and (value := _number(part)) is not None:
                self._curves.setdefault(name, Curve()).add(step, value)


def read_curves(file: Path) -> dict[str, Points]:
    """The points of each metric of a file, read once."""
    return Curves(file).read()


def _number(value: Any) -> float | None:
    """A number, NaN and infinity included; None for everything else that somebody logged."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None
