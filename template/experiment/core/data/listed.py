"""Examples that a list may name, whatever holds them: what they are called, and what is in them.

Template's file: updates replace it. Readers' containers have ``listed()``; any other dataset needs
``record(index)``, see records.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, runtime_checkable

from torch.utils.data import Dataset

from .content_digest import digest_of
from .datasets import Subset, base_of, is_stream, names_of, num_examples
from .records import record_of
from .sampling import Indices

TRIED = 3  # examples that tell whether a dataset's names are the ids of its records


@dataclass
class Listed:
    """Examples that a list may name.

    Args:
        ids: What each is called; None where that is not known.
        digests: From numbers of examples to the digests of their content.
        among: From numbers to a container of these examples alone.
    """

    ids: Sequence[str | None]
    digests: Callable[[Sequence[int]], list[str]]
    among: Callable[[Indices], Any]


@runtime_checkable
class CanBeListed(Protocol):
    """What knows itself which examples it has."""

    def listed(self) -> Listed: ...


@runtime_checkable
class AreOfDocuments(Protocol):
    """Examples that are parts of documents, by which a list names them."""

    def documents(self) -> Any: ...


def listed(container: Any) -> Listed | None:
    """The examples of what a reader returned, or of any dataset; None where they have no ids."""
    base, indices = base_of(container)
    if isinstance(base, CanBeListed):
        found = base.listed()
        return found if indices is None or not found.ids else _some_of(container, found, indices)
    if is_stream(container) or getattr(base, "record", None) is None:
        return None
    return Listed(_ids(container), partial(_digests, container), partial(Subset, container))


def listed_images(images: Any) -> Listed:
    """The same of images that can be opened by their numbers."""
    ids = [images.name(index) for index in range(len(images))]
    return Listed(ids, partial(_digests_of_opened, images.open), images.among)


def opened_among(opened: Callable[[int], Any], kept: Indices, index: int) -> Any:
    """Open one of those that were kept, by its number among them."""
    return opened(int(kept[index]))


def deep_among(maybe_deep: Callable[[], Sequence[int]], kept: Indices) -> list[int]:
    """Which of those that were kept may be deep, by their numbers among them."""
    places = {number: place for place, number in enumerate(kept.tolist())}
    return [places[number] for number in maybe_deep() if number in places]


def _some_of(dataset: Dataset[Any], found: Listed, indices: Indices) -> Listed:
    """The same of a subset."""

    def digests(places: Sequence[int]) -> list[str]:
        return found.digests([int(indices[place]) for place in places])

    return Listed([found.ids[index] for index in indices], digests, partial(Subset, dataset))


def _ids(dataset: Dataset[Any]) -> list[str | None]:
    """The ids of the records; by the names where these are the same, as then nothing is read."""
    count, names = num_examples(dataset), names_of(dataset)
    if count == len(names):
        some = [_id(dataset, index) for index in range(min(count, TRIED))]
        if all(one in (None, name) for one, name in zip(some, names, strict=False)):
            return [str(name) for name in names]
    return [_id(dataset, index) for index in range(count)]


def _id(dataset: Dataset[Any], index: int) -> str | None:
    try:
        record = record_of(dataset, index)
    except MemoryError:  # says nothing of the example
        raise
    except Exception:  # whatever a reader of somebody's format raises
        return None
    return None if record is None else str(record.id)


def _digests(dataset: Dataset[Any], indices: Sequence[int]) -> list[str]:
    return [digest_of(partial(_raw, dataset, index)) for index in indices]


def _raw(dataset: Dataset[Any], index: int) -> Any:
    record = record_of(dataset, index)
    return None if record is None else record.raw


def _digests_of_opened(opened: Callable[[int], Any], indices: Sequence[int]) -> list[str]:
    return [digest_of(partial(opened, index)) for index in indices]
