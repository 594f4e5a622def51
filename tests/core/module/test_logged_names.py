"""A metric of training ranks and stops at epochs' ends, whatever split its name names."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from modules import Modules, modules_of
from torch.utils.data import DataLoader, TensorDataset
from torchmetrics import MeanMetric

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modules]:
    yield from modules_of("image_classification", tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def module_type(experiment: Modules) -> type:
    """A module that logs in training what it is worth in the epoch: 1.0, 3.0, 2.0."""

    class Worth(experiment("core.module").Module):
        def __init__(self, log: Callable[[Any, float], None], log_end: Any = None) -> None:
            super().__init__(experiment("core.config").RunConfig())
            self.layer = torch.nn.Linear(1, 1)
            self.log_step, self.log_end = log, log_end
            self.add_metrics({"acc": MeanMetric()}, ["generator", "val"])

        @property
        def worth(self) -> float:
            return [1.0, 3.0, 2.0][self.current_epoch]

        def training_step(self, batch: Any, batch_idx: int) -> Any:
            self.log_step(self, self.worth)
            return self.layer(batch[0]).mean()

        def on_train_epoch_end(self) -> None:
            if self.log_end:
                self.log_end(self, self.worth)

        def validation_step(self, batch: Any, batch_idx: int) -> None:
            self.update_metrics("val", torch.tensor(0.5))

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.1)

    return Worth


Fit = Callable[..., tuple[list[float], float]]


@pytest.fixture
def fit(experiment: Modules, tmp_path: Path) -> Fit:
    """Train three epochs with two validations; the kept scores, and the best to stop by."""

    def train(
        module: Any, monitor: str, stops: bool = True, **arguments: Any
    ) -> tuple[list[float], float]:
        config = experiment("core.config").CheckpointConfig(monitor=monitor, mode="max")
        config.save_top_k = 5
        seeds = experiment("core.data.step_seeds").StepSeeds(0)
        checkpoint = experiment("core.checkpoint.model_checkpoint").Checkpoint(
            tmp_path / "checkpoints", config, seeds
        )
        start = experiment("core.checkpoint.repeat_epoch_start").EpochStart(seeds, checkpoint)
        stop = experiment("core.callbacks.early_stopping").EarlyStop(
            experiment("core.config.direction").watched(config), 9, 0.0
        )
        metrics = experiment("core.module.epoch_log").EpochMetrics()
        numbers = DataLoader(TensorDataset(torch.ones(8, 1)), batch_size=2)
        trainer = pl.Trainer(
            max_epochs=3,
            accelerator="cpu",
            logger=False,
            callbacks=[start, metrics, *[stop] * stops, checkpoint],
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            **{"val_check_interval": 0.5, **arguments},
        )
        trainer.fit(module, numbers, numbers)
        return sorted(map(float, checkpoint.best_k_models.values())), float(stop.best_score)

    return train


def average(module: Any, worth: float) -> None:
    module.average("generator", 1, acc=worth)


def measure(module: Any, worth: float) -> None:
    module.update_metrics("generator", torch.tensor(worth))


def log(module: Any, worth: float) -> None:
    module.log("generator/acc", worth, on_step=False, on_epoch=True)


def log_both(module: Any, worth: float) -> None:
    module.log("generator/acc", worth, on_step=True, on_epoch=True)


@pytest.mark.parametrize("way", [average, measure, log, log_both])
def test_it_ranks_and_stops_by_whole_epochs(
    fit: Fit, module_type: type, way: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "experiment")
    monitor = "generator/acc_epoch" if way is log_both else "generator/acc"

    assert fit(module_type(way), monitor) == ([1.0, 2.0, 3.0], 3.0)

    assert caplog.text.count(f"{monitor} is whole at an epoch's end") == 1


@pytest.mark.parametrize("way", [average, measure])
def test_what_only_the_epochs_end_logs(fit: Fit, module_type: type, way: Any) -> None:
    module = module_type(lambda *_: None, way)

    assert fit(module, "generator/acc", val_check_interval=1.0) == ([1.0, 2.0, 3.0], 3.0)


def test_a_metric_of_validation_ranks_in_mid_epoch(fit: Fit, module_type: type) -> None:
    assert fit(module_type(measure), "val/acc") == ([0.5] * 5, 0.5)


def test_what_nobody_logs_is_refused_at_once(
    fit: Fit, module_type: type, experiment: Modules
) -> None:
    module = module_type(average)

    with pytest.raises(experiment("core.errors").UserError, match="generator/ac is not logged"):
        fit(module, "generator/ac", stops=False)

    assert module.trainer.global_step == 2
