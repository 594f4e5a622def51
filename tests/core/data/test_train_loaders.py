"""Training data of several loaders, of an order of one's own, and what stands in a batch."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from harness.short_fits import Recorder, fit, goes_on_equally
from modules import Modules
from pytorch_lightning.utilities.combined_loader import CombinedLoader
from torch.utils.data import TensorDataset

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
Make = Callable[..., Any]


def numbers(count: int, start: int = 0) -> TensorDataset:
    return TensorDataset(torch.arange(start, start + count))


class Several:
    """A DataModule with two training loaders."""

    def __init__(self, make: Make, mode: Any, kind: type = dict, **values: Any) -> None:
        self.make, self.mode, self.kind, self.values = make, mode, kind, values

    def __call__(self, run: Any = None) -> Any:
        data = self.make(run, batch_size=4, val_fraction=0.0, test_fraction=0.0, **self.values)
        base, mode, kind = type(data), self.mode, self.kind

        class Data(base):
            def setup(self, stage: str | None = None) -> None:
                self.datasets["train"] = numbers(30)

            def transforms(self, split: str) -> Any:
                return noisy

            def train_dataloader(self) -> Any:
                few = self.loader("train", numbers(10, start=1000))
                loaders: Any = {"many": self.loader("train", self.examples("train")), "few": few}
                loaders = loaders if kind is dict else list(loaders.values())
                return loaders if mode is None else CombinedLoader(loaders, mode)

        return Data(data.config, run)


def noisy(sample: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
    return (sample[0] + torch.rand(sample[0].shape),)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(
    ("mode", "batches"),
    [(None, 8), ("max_size_cycle", 8), ("min_size", 3), ("max_size", 8)],
)
def test_several_loaders_go_on_where_each_was(
    make: Make, tmp_path: Path, mode: Any, batches: int, workers: int
) -> None:
    for number in (1, 2, batches - 1):
        data = Several(make, mode, num_workers=workers)
        whole = goes_on_equally(data, tmp_path, (1, number))
    assert len(whole) == 3 * batches
    assert len({digest for _, _, digest in whole}) == len(whole)


def test_a_loader_that_begins_again_has_every_example_once_a_round(
    make: Make, tmp_path: Path
) -> None:
    data = Several(make, None)()
    fit(data, tmp_path, (9, 9))
    sampler = data.trainer.train_dataloader["few"].sampler

    seen = [int(i) for batch in range(6) for i in sampler.examples(0, batch, "few")]

    assert sorted(seen[:10]) == sorted(seen[10:]) == list(range(10))


def test_the_examples_of_a_batch_are_known_of_each_loader(
    experiment: Modules, make: Make, tmp_path: Path
) -> None:
    loaders = experiment("core.data.train_loaders")
    found = {}
    for kind in (dict, list):
        data = Several(make, None, kind)()
        fit(data, tmp_path, (9, 9))
        found[kind] = loaders.examples_of(data.trainer, 0, 7)
        assert list(loaders.num_examples_of(data.trainer).values()) == [30, 10]

    assert list(found[dict]) == ["many", "few"]
    assert list(found[list]) == ["0", "1"]
    assert [len(numbers) for numbers in found[dict].values()] == [2, 4]  # 30 = 7 * 4 + 2
    assert list(found[dict].values()) == list(found[list].values())


def test_a_rollback_leaves_out_examples_of_the_loader_that_it_names(
    experiment: Modules, make: Make, tmp_path: Path
) -> None:
    record = experiment("core.runs.rollback_record")
    run = experiment("core.runs.run").Run(tmp_path / "run")
    run.folder.mkdir()
    rollback = record.Rollback("NaN", {}, None, {"few": [0, 1, 2]}, 1.0, "now", done=True)
    record.write_rollbacks(run.folder, [rollback])
    data = Several(make, None)(run)
    fit(data, tmp_path, (9, 9))

    drawn = {
        name: {int(i) for batch in range(8) for i in loader.sampler.examples(0, batch, name)}
        for name, loader in data.trainer.train_dataloader.items()
    }

    assert drawn == {"many": set(range(30)), "few": set(range(3, 10))}
    assert rollback.change == "without the 3 examples of that batch"


def test_a_loader_draws_over_what_it_was_given(make: Make) -> None:
    data = make(batch_size=4)
    more = numbers(50)

    drawn = [int(i) for key in data.loader("train", more).sampler for i in key.indices]

    assert sorted(drawn) == list(range(50))


def test_an_order_of_ones_own(make: Make, refusal: Callable[..., str]) -> None:
    base = type(make())

    def with_order(order: Callable[[Any, int], Any]) -> Any:
        data = type("Data", (base,), {"order": lambda self, dataset, epoch: order(dataset, epoch)})(
            make(batch_size=4).config
        )
        return data.loader("train", numbers(20)).sampler

    half = with_order(lambda dataset, epoch: list(range(epoch, epoch + 10)))
    assert len(half) == 3
    assert [int(i) for key in half for i in key.indices] == list(range(10))
    assert half.examples(2, 0).tolist() == [2, 3, 4, 5]
    assert "0 to 19" in refusal(lambda: with_order(lambda dataset, epoch: [20]))
    assert "whole numbers" in refusal(lambda: with_order(lambda dataset, epoch: [0.5]))
    growing = with_order(lambda dataset, epoch: np.arange(10 + epoch))
    assert "11 examples for epoch 2 and 10 for the first" in refusal(lambda: growing.examples(1, 0))


def test_a_last_batch_that_is_not_full(make: Make, refusal: Callable[..., str]) -> None:
    def sizes(drop_last: bool, **values: Any) -> list[int]:
        data = make(batch_size=8, drop_last=drop_last, **values)
        return [len(key.indices) for key in data.loader("train", numbers(20)).sampler]

    assert (sizes(False), sizes(True)) == ([8, 8, 4], [8, 8])
    data = make(batch_size=8, drop_last=True)
    data.transforms = lambda split: None
    assert [len(batch[0]) for batch in data.loader("val", numbers(20))] == [8, 8, 4]
    assert "make no batch of 8" in refusal(lambda: data.loader("train", numbers(7)))


@pytest.mark.parametrize("workers", [0, 2])
def test_a_transform_is_told_where_in_training_it_is(
    make: Make, tmp_path: Path, workers: int
) -> None:
    class Rising:
        epoch, progress = -1, -1.0

        def at(self, epoch: int, progress: float) -> None:
            self.epoch, self.progress = epoch, progress

        def __call__(self, sample: tuple[torch.Tensor]) -> tuple[torch.Tensor, ...]:
            told = torch.tensor([self.epoch, self.progress], dtype=torch.float64)
            return (sample[0], told.expand(*sample[0].shape, 2))

    class Inside:
        def __init__(self) -> None:
            self.parts = [Rising()]

        def __call__(self, sample: Any) -> Any:
            return self.parts[0](sample)

    def data() -> Any:
        base = make(batch_size=5, num_workers=workers)
        own = type("Data", (type(base),), {"transforms": lambda self, split: Inside()})(base.config)
        own.datasets = {"train": numbers(20)}
        own.setup = own.prepare_data = lambda *_, **__: None
        return own

    goes_on_equally(data, tmp_path, (1, 2))
    told = data()
    seen: list[Any] = []
    told.on_after_batch_transfer = lambda batch, _: seen.append(batch[1][0].tolist()) or batch
    fit(told, tmp_path, (9, 9))

    assert seen == [[number // 4, number / 12] for number in range(12)]
    without_trainer = [batch[1][0].tolist() for batch in data().train_dataloader()]
    in_validation = [batch[1][0].tolist() for batch in data().loader("val", numbers(20))]
    assert without_trainer == in_validation == [[0.0, 0.0]] * 4


@pytest.mark.parametrize("batch_size", [6, 7])
def test_a_batch_norm_before_a_last_batch_of_one(
    experiment: Modules, make: Make, tmp_path: Path, batch_size: int
) -> None:
    check = experiment("core.callbacks.last_batch").LastBatch()
    data = make(batch_size=batch_size, val_fraction=0.0, test_fraction=0.0)
    data.setup = data.prepare_data = lambda *_, **__: None
    data.transforms = lambda split: None
    data.datasets = {"train": numbers(31)}  # 5 * 6 + 1, 4 * 7 + 3
    recorder = Recorder(tmp_path / "a.ckpt", (9, 9))
    recorder.norm = torch.nn.BatchNorm1d(3)
    arguments: dict[str, Any] = {"max_epochs": 1, "accelerator": "cpu", "logger": False}
    trainer = pl.Trainer(**arguments, enable_checkpointing=False, callbacks=[check])

    if batch_size == 7:
        trainer.fit(recorder, data)
        return
    with pytest.raises(
        experiment("core.errors").UserError, match=r"the batch norm norm cannot"
    ) as e:
        trainer.fit(recorder, data)
    assert "31 examples (train) in batches of 6 end with a batch of one" in str(e.value)
    assert "data.drop_last=true" in str(e.value)
    assert not recorder.seen
