"""Every detector there is, in the order that they run. To add one: its file, and its line here.

Template's file: updates replace it.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from ..evidence import Evidence
from ..look import Finding

Find = Callable[[Evidence], Iterable[Finding]]


class Detector(NamedTuple):
    """Something that is looked for.

    Args:
        name: That of its file.
        find: Looks for it.
    """

    name: str
    find: Find


def _of(find: Find) -> Detector:
    return Detector(find.__module__.rpartition(".")[2], find)


DETECTORS: tuple[Detector, ...] = ()
