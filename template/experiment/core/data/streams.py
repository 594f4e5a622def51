"""Examples that come one after the other: generated as training goes, read from a pipe or a site.

Template's file: updates replace it. To load otherwise, override ``DataModule.loader`` in data.py.

A stream is an ``IterableDataset`` of samples. Each epoch begins it anew. One that can be told where
to begin has ``start_at(epoch, examples)``: it is called before the stream is read, and what comes
then are the examples of that epoch after the first ``examples``. With it, training goes on exactly,
in mid-epoch, too; without it a restart begins the epoch anew.

Before each example everything is seeded by its place, so that whatever the stream draws is a
function of (seed, epoch, place). One process reads it, beside training if ``data.num_workers`` is
not 0: two would give each example twice. Of several ranks each reads all and keeps its share.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice
from typing import Any

from torch.utils.data import DataLoader, IterableDataset

from .batches import plain, stack
from .fetch import tell, told_of_progress
from .sampling import Place
from .seeding import SAMPLE, seed_all


class FirstOf(IterableDataset[Any]):
    """The first examples of a stream: ``data.limit``."""

    def __init__(self, stream: IterableDataset[Any], limit: int) -> None:
        self.stream, self.limit, self._begun = stream, limit, 0
        if can_start_anywhere(stream):
            self.start_at = self._start_at

    def _start_at(self, epoch: int, examples: int) -> None:
        self._begun = examples
        start(self.stream, epoch, examples)

    def __len__(self) -> int:
        return min(self.limit, len(self.stream))  # pyright: ignore[reportArgumentType]

    def __iter__(self) -> Iterator[Any]:
        return islice(self.stream, max(0, self.limit - self._begun))


class StreamBatches(IterableDataset[Any]):
    """The batches of a stream, from a place on.

    Args:
        stream: Gives samples.
        transform: What happens to a sample.
        seed: The run's.
        collate: From the samples to a batch.
        batch_size: Samples in a batch of one rank.
        drop_last: Leave out a last batch that is not full.
        rank: This process among ``world_size``.
        world_size: Processes that train together.

    Attributes:
        place: Where the next look through it starts.
    """

    def __init__(
        self,
        stream: IterableDataset[Any],
        transform: Callable[[Any], Any] | None = None,
        seed: int = 0,
        collate: Callable[[Sequence[Any]], Any] = stack,
        *,
        batch_size: int,
        drop_last: bool = False,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self.source, self.transform, self.seed, self.collate = stream, transform, seed, collate
        self.batch_size, self.drop_last = batch_size, drop_last
        self.rank, self.world_size = rank, world_size
        self.told = told_of_progress(transform)
        self.place = Place(0, count())

    def __len__(self) -> int:
        """Batches; where the stream has no length, a TypeError, as torch has it."""
        full, rest = divmod(len(self.source), self.batch_size * self.world_size)  # pyright: ignore[reportArgumentType]
        return full + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[Any]:
        place, whole = self.place, self.batch_size * self.world_size
        first = next(iter(place.batches))
        seed_all(self.seed, SAMPLE, place.epoch)
        start(self.source, place.epoch, first * whole)
        samples = self._samples(iter(self.source), place, first)
        for _ in count():
            batch = list(islice(samples, whole))
            if not batch or (self.drop_last and len(batch) < whole):
                return
            yield plain(self.collate(batch[self.rank :: self.world_size] or batch[:1]))

    def _samples(self, stream: Iterator[Any], place: Place, first: int) -> Iterator[Any]:
        whole = self.batch_size * self.world_size
        for number in count(first * whole):
            seed_all(self.seed, SAMPLE, place.epoch, number)
            try:
                sample = next(stream)
            except StopIteration:
                return
            if self.transform:
                tell(self.told, place.epoch, place.progress(number // whole))
                sample = self.transform(sample)
            yield sample


class StreamLoader(DataLoader[Any]):
    """Reads a stream from where training stands.

    Args:
        batches: The stream's.
        place: Where this loader starts; None: at the first batch of all.
        arguments: Of torch's DataLoader.
    """

    def __init__(
        self,
        batches: StreamBatches,
        place: Callable[[DataLoader[Any]], Place] | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(batches, batch_size=None, **arguments)
        self.place_of = place

    @property
    def starts_anywhere(self) -> bool:
        """Whether it can start in mid-epoch."""
        return can_start_anywhere(self.dataset.source)  # pyright: ignore[reportAttributeAccessIssue]

    def __iter__(self) -> Any:
        if self.place_of is not None:
            self.dataset.place = self.place_of(self)  # pyright: ignore[reportAttributeAccessIssue]
        return super().__iter__()


def can_start_anywhere(stream: Any) -> bool:
    """Whether a stream can be told where to begin."""
    return callable(getattr(stream, "start_at", None))


def start(stream: Any, epoch: int, examples: int) -> None:
    """Tell a stream where to begin, if it can be told; all others begin anew by themselves."""
    if can_start_anywhere(stream):
        stream.start_at(epoch, examples)
