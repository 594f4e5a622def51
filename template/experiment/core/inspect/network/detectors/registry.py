"""Every detector there is, in the order that they run. To add one: its file, and its line here.

Template's file: updates replace it.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from ..evidence import Evidence
from ..look import Finding
from . import (
    dead_units,
    documented_shapes,
    loss_at_start,
    no_gradient,
    one_layer,
    receptive_field,
    scale_with_depth,
    single_values,
    wrong_head,
)

Find = Callable[[Evidence], Iterable[Finding]]


class Detector(NamedTuple):
    """Something that is looked for.

    Args:
        name: That of its file.
        find: Looks for it.
        always: Whether also in a step that failed.
    """

    name: str
    find: Find
    always: bool = False


def _of(find: Find, always: bool = False) -> Detector:
    return Detector(find.__module__.rpartition(".")[2], find, always)


DETECTORS = (
    # what is written
    _of(documented_shapes.find, always=True),
    # what learns, and from what
    _of(no_gradient.find),
    _of(wrong_head.find),
    _of(loss_at_start.find),
    # numbers on their way
    _of(scale_with_depth.find),
    _of(dead_units.find),
    _of(single_values.find),
    # the design
    _of(one_layer.find),
    _of(receptive_field.find),
)
