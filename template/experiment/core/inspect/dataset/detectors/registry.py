"""Every detector there is, in the order that they run. To add one: its file, and its line here.

Template's file: updates replace it.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from ..evidence import Evidence
from ..inspection import Finding
from . import (
    blurred,
    box_faults,
    class_balance,
    dark,
    drift,
    empty,
    exact_duplicates,
    grey_among_colour,
    groups,
    label_drift,
    labels_changed,
    light,
    low_information,
    near_duplicate_images,
    near_duplicate_texts,
    objects_lost,
    odd_shape,
    odd_size,
    order,
    padding,
    read_otherwise,
    repeated_lines,
    same_order,
    shortcut,
    statistics,
    surprising_texts,
    suspect_boxes,
    suspect_labels,
    suspect_masks,
    tiny_objects,
    turned,
    two_labels,
    unlike_file,
    unreadable,
    val_augmented,
    values,
    weak_groups,
    wrongly_decoded,
)

PREDICTED = ("predicted classes", "predicted boxes", "predicted masks", "predicted texts")
Find = Callable[[Evidence], Iterable[Finding]]


class Detector(NamedTuple):
    """Something that is looked for.

    Args:
        name: That of its file.
        find: Looks for it.
        takes: Kinds of examples or labels that it needs one of, as ``Evidence.kinds`` has them;
            empty: any.
    """

    name: str
    find: Find
    takes: frozenset[str] = frozenset()


def _of(find: Find, *takes: str) -> Detector:
    return Detector(find.__module__.rpartition(".")[2], find, frozenset(takes))


DETECTORS = (
    # items, and items among each other
    _of(unreadable.find),
    _of(empty.find, "image", "text"),
    _of(exact_duplicates.find),
    _of(two_labels.find),
    _of(near_duplicate_images.find, "image"),
    _of(near_duplicate_texts.find, "text", "tokens"),
    _of(groups.find, "groups"),
    # classes
    _of(class_balance.find, "classes", "boxes", "masks"),
    _of(label_drift.find, "classes", "boxes"),
    _of(shortcut.find, "classes"),
    # images
    _of(dark.find, "image"),
    _of(light.find, "image"),
    _of(blurred.find, "image"),
    _of(low_information.find, "image"),
    _of(odd_size.find, "image"),
    _of(odd_shape.find, "image"),
    _of(grey_among_colour.find, "image"),
    _of(turned.find, "image"),
    _of(read_otherwise.find, "image"),
    _of(padding.find, "image"),
    # boxes
    _of(box_faults.find, "boxes"),
    _of(tiny_objects.find, "boxes"),
    # texts
    _of(wrongly_decoded.find, "text", "tokens"),
    _of(repeated_lines.find, "text", "tokens"),
    # a set as a whole
    _of(drift.find, "image", "text", "tokens"),
    _of(order.find, "classes", "image", "text"),
    # what the loader makes of it
    _of(same_order.find),
    _of(unlike_file.find, "image"),
    _of(val_augmented.find),
    _of(labels_changed.find),
    _of(objects_lost.find, "boxes", "masks"),
    _of(statistics.find, "image"),
    _of(values.find),
    # what a trained model says
    _of(suspect_labels.find, "predicted classes"),
    _of(suspect_boxes.find, "predicted boxes"),
    _of(suspect_masks.find, "predicted masks"),
    _of(surprising_texts.find, "predicted texts"),
    _of(weak_groups.find, *PREDICTED),
)
