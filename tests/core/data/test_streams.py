"""Data that comes one after the other, read by one process, from where training stands."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from harness.short_fits import Recorder, fit, goes_on_equally, train_with
from torch.utils.data import IterableDataset

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
Make = Callable[..., Any]


class Draws(IterableDataset[Any]):
    """A simulation: draws what it gives, for ever or to an end."""

    def __init__(self, end: int | None) -> None:
        self.end, self.next = end, 0

    def __iter__(self) -> Iterator[Any]:
        number, self.next = self.next, 0
        while self.end is None or number < self.end:
            yield {"number": number, "draw": torch.rand(3)}
            number += 1


class Seekable(Draws):
    """One that can be told where to begin."""

    def start_at(self, epoch: int, examples: int) -> None:
        self.next = examples


def data_of(make: Make, stream: Any, **values: Any) -> Callable[[], Any]:
    def data() -> Any:
        made = make(batch_size=4, **values)
        made.setup = made.prepare_data = lambda *_, **__: None
        made.transforms = lambda split: None
        made.datasets = {"train": stream()}
        return made

    return data


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("end", [None, 26])
def test_a_stream_goes_on_in_mid_epoch(
    make: Make, tmp_path: Path, workers: int, end: int | None
) -> None:
    data = data_of(make, lambda: Seekable(end), num_workers=workers)
    limit = {} if end else {"limit_train_batches": 7}

    seen = goes_on_equally(data, tmp_path, (1, 3), **limit)

    assert len(seen) == 21
    assert len({digest for _, _, digest in seen}) == 21  # each epoch draws anew


def test_workers_do_not_change_a_stream(make: Make, tmp_path: Path) -> None:
    seen = [
        fit(data_of(make, lambda: Draws(26), num_workers=workers)(), tmp_path, (9, 9))
        for workers in (0, 1, 3)
    ]

    assert seen[0] == seen[1] == seen[2]
    assert len(seen[0]) == 21


def test_a_stream_validates_and_is_limited(make: Make) -> None:
    data = data_of(make, lambda: Seekable(None), limit=6, drop_last=True)()
    data.datasets["val"] = Draws(9)

    train = [batch["number"].tolist() for batch in data.loader("train", data.examples("train"))]
    held = [batch["number"].tolist() for batch in data.loader("val", data.datasets["val"])]

    assert train == [[0, 1, 2, 3]]
    assert held == [[0, 1, 2, 3], [4, 5, 6, 7], [8]]
    assert data.summary() == [
        "train a stream, read of any epoch and place",
        "val   a stream, read anew each epoch",
    ]


def test_ranks_share_a_stream(experiment: Any) -> None:
    streams = experiment("core.data.streams")
    ranks = [
        [
            batch["number"].tolist()
            for batch in streams.StreamBatches(Draws(9), batch_size=2, rank=rank, world_size=2)
        ]
        for rank in (0, 1)
    ]

    assert ranks == [[[0, 2], [4, 6], [8]], [[1, 3], [5, 7], [8]]]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"indices": [0]}, "data.indices: the training data is a stream"),
        (
            {"val_fraction": 0.5, "test_fraction": 0.0},
            "data.val_fraction=0.5: the data",
        ),
        ({"fold": 1}, "data.fold=1: the data is a stream"),
    ],
)
def test_what_a_stream_cannot_do(
    make: Make, refusal: Callable[..., str], values: dict[str, Any], sentence: str
) -> None:
    data = data_of(make, lambda: Draws(9), **values)()

    def use() -> None:
        data.examples("train")
        data.fold()
        data.hold_out(data.datasets)

    assert sentence in refusal(use)


def test_a_stream_without_end_beside_another_loader(
    make: Make, refusal: Callable[..., str], tmp_path: Path
) -> None:
    data = data_of(make, lambda: Draws(None))()
    numbers = torch.utils.data.TensorDataset(torch.arange(6))
    data.train_dataloader = lambda: [
        data.loader("train", data.datasets["train"]),
        data.loader("train", numbers),
    ]

    assert "trainer.limit_train_batches" in refusal(lambda: fit(data, tmp_path, (9, 9)))
    assert len(fit(data, tmp_path, (9, 9), limit_train_batches=4)) == 12


@pytest.mark.parametrize(("end", "limit"), [(12, 100), (26, 7), (26, None), (None, 5)])
def test_a_stream_that_ends_before_its_limit_would_never_be_validated(
    make: Make, experiment: Any, refusal: Callable[..., str], tmp_path: Path,
    end: int | None, limit: int | None,
) -> None:  # fmt: skip
    class Validated(Recorder):
        validations = 0

        def validation_step(self, batch: Any, batch_idx: int) -> None: ...

        def on_validation_epoch_end(self) -> None:
            self.validations += not self.trainer.sanity_checking

    data = data_of(make, lambda: Draws(end))()
    data.datasets["val"] = Draws(3)
    check = experiment("core.callbacks.short_epoch").ShortEpoch()
    module = Validated(tmp_path / "never.ckpt", (9, 9))

    def train() -> None:
        train_with(module, data, limit_train_batches=limit, callbacks=[check])

    if limit == 100:
        said = refusal(train)
        assert "trainer.limit_train_batches: 100 batches are an epoch" in said
        assert "the training data ends after 3;" in said
    else:
        train()
        assert module.validations == 3


def test_facts_and_pictures_of_a_stream_are_the_same_each_time(make: Make) -> None:
    data = data_of(make, lambda: Draws(None))()

    one, other = data.some(5), data.some(5)

    assert one["number"].tolist() == [0, 1, 2, 3, 4]
    assert torch.equal(one["draw"], other["draw"])


class Pixels(Draws):
    """A simulation of images."""

    def __iter__(self) -> Iterator[Any]:
        for _ in range(self.end or 10**9):
            yield SimpleNamespace(image=torch.randint(0, 256, (1, 4, 4), dtype=torch.uint8))


@pytest.mark.parametrize("end", [None, 40])
def test_images_of_a_stream_are_measured(make: Make, experiment: Any, end: int | None) -> None:
    data = data_of(make, lambda: Pixels(end))()
    data.collate = lambda samples: SimpleNamespace(image=torch.stack([s.image for s in samples]))

    measured = experiment("core.data.images.statistics").pixel_statistics(data, most=100)

    assert measured == experiment("core.data.images.statistics").pixel_statistics(data, most=100)
    assert measured[0][0] == pytest.approx(0.5, abs=0.05)
