"""What torchmetrics keep beside their states outlives a kill, or a line says that it does not."""

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from modules import Modules, modules_of
from torch.utils.data import TensorDataset
from torchmetrics import MaxMetric, MeanMetric, MetricCollection, SumMetric
from torchmetrics.wrappers import BootStrapper, MetricTracker, MinMaxMetric, Running

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
NUMBERS = torch.tensor([4.0, 9.0, 1.0, 7.0, 2.0, 8.0, 3.0, 6.0]).unsqueeze(1)


class Remembers(SumMetric):
    """Keeps what no checkpoint can hold."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = deque(maxlen=3)

    def update(self, value: Any) -> None:
        super().update(value)
        self.seen.append(float(value))


class Nothing(torch.nn.Module):
    """In the place of a metric."""

    def update(self, *_: Any) -> None: ...

    def compute(self) -> None: ...


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modules]:
    yield from modules_of("image_classification", tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def module_type(experiment: Modules) -> type:
    """A module with metrics of all kinds, and what they say after each batch."""

    class Measured(experiment("core.module").Module):
        def __init__(self) -> None:
            super().__init__(experiment("core.config").RunConfig())
            self.layer = torch.nn.Linear(1, 1)
            self.add_metrics({"last": Running(MeanMetric(), 3), "most": MaxMetric()}, "train")
            self.running = Running(SumMetric(), 3)
            self.extremes = MinMaxMetric(SumMetric())
            self.straps = BootStrapper(MeanMetric(), 3)
            self.tracker = MetricTracker(
                MetricCollection({"sum": SumMetric(), "mean": MeanMetric()}), [True, True]
            )
            self.said: dict[tuple[int, int], Any] = {}

        def on_train_epoch_start(self) -> None:
            self.tracker.increment()

        def training_step(self, batch: Any, batch_idx: int) -> Any:
            value = batch[0].mean()
            self.update_metrics("train", value)
            self.average("train", 1, loss=value)
            for metric in (self.running, self.extremes, self.straps, self.tracker):
                metric.update(value.reshape(1))
            self.said[self.current_epoch, batch_idx] = {
                "running": self.running.compute(),
                "extremes": self.extremes.compute(),
                "straps": self.straps.compute(),
                "tracker": self.tracker.compute_all(),
            }
            return self.layer(batch[0]).mean()

        def on_train_epoch_end(self) -> None:
            self.extremes.reset()  # which torchmetrics leaves with the extremes

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.1)

    return Measured


class KeepsAll(pl.Callback):
    """Copies each save, by the place where it goes on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        last = self.folder / "checkpoints/last.ckpt"
        if last.exists():
            kept = self.folder / f"{trainer.current_epoch}-{batch_idx}.ckpt"
            kept.write_bytes(last.read_bytes())


Fit = Callable[..., dict[str, Any]]


@pytest.fixture
def fit(experiment: Modules, tmp_path: Path) -> Fit:
    """Train two epochs of four batches, with a save before each; what is logged in the end."""
    core, configs = partial(_of, experiment, "core"), experiment("core.config")

    class Data(experiment("data").ExperimentData):
        def setup(self, stage: str | None = None) -> None:
            self.datasets["train"] = TensorDataset(NUMBERS)

        def transforms(self, split: str) -> None:
            return None

    def train(module: Any, resume: str | None = None) -> dict[str, Any]:
        config = configs.CheckpointConfig(monitor="train/loss", mode="min")
        config.save_top_k, config.every_n_steps = 0, 1
        seeds = core("data.step_seeds").StepSeeds(0)
        folder = tmp_path if resume is None else tmp_path / "resumed"
        checkpoint = core("checkpoint.model_checkpoint").Checkpoint(
            folder / "checkpoints", config, seeds
        )
        start = core("checkpoint.repeat_epoch_start").EpochStart(seeds, checkpoint)
        carries = core("checkpoint.partial_epoch").PartialEpoch()
        trainer = pl.Trainer(
            max_epochs=2,
            accelerator="cpu",
            logger=False,
            callbacks=[start, carries, KeepsAll(folder), checkpoint],
            plugins=[core("checkpoint.atomic_io").AtomicCheckpointIO()],
            enable_progress_bar=False,
            enable_model_summary=False,
            use_distributed_sampler=False,
        )
        data = Data(experiment("config").DataConfig(batch_size=2, val_fraction=0, test_fraction=0))
        path = None if resume is None else tmp_path / resume
        trainer.fit(module, data, ckpt_path=path, weights_only=True if resume else None)
        return trainer.callback_metrics

    return train


def _of(experiment: Modules, room: str, name: str) -> Any:
    return experiment(f"{room}.{name}")


def test_whatever_a_metric_keeps_goes_on(fit: Fit, module_type: type) -> None:
    calm = module_type()
    logged = fit(calm)

    assert {"train/last", "train/most"} <= logged.keys()
    assert len(calm.said) == 8
    for place in list(calm.said)[1:]:
        resumed = module_type()
        assert fit(resumed, resume=f"{place[0]}-{place[1]}.ckpt") == logged
        assert list(resumed.said) == [at for at in calm.said if at >= place]
        for at, said in resumed.said.items():
            assert str(said) == str(calm.said[at]), (place, at)


def test_what_no_checkpoint_holds_is_said_once(
    fit: Fit, module_type: type, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "experiment")
    module = module_type()
    module.own = Remembers()
    module.on_train_batch_end = lambda outputs, batch, batch_idx: module.own.update(batch_idx)

    fit(module)

    assert caplog.text.count("module.py: the metric own changes its seen, which no checkpoint") == 1
    assert caplog.text.count("which no checkpoint") == 1


def test_a_metric_that_is_not_there_is_said(
    fit: Fit, module_type: type, caplog: pytest.LogCaptureFixture
) -> None:
    fit(module_type())
    resumed = module_type()
    del resumed.running
    resumed.running = Nothing()
    caplog.set_level("INFO", "experiment")

    fit(resumed, resume="1-2.ckpt")

    assert "there is no metric running as training goes on" in caplog.text
