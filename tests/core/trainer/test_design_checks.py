"""What Lightning cannot do with a module is said by our keys, before anything is trained."""

from collections.abc import Iterator
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from modules import Modules, modules_of
from pytorch_lightning.callbacks import GradientAccumulationScheduler

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modules]:
    yield from modules_of("image_classification", tmp_path_factory.mktemp("project"))


@pytest.fixture
def refused(experiment: Modules) -> type[Exception]:
    return experiment("core.errors").UserError


@pytest.fixture(scope="module")
def by_hand(experiment: Modules) -> type:
    """A module of ours that steps by itself."""

    class ByHand(experiment("core.module").Module):
        def __init__(self, schedule: str = "cosine", warmup: float = 0.0) -> None:
            config = experiment("core.config").RunConfig()
            config.schedule.name, config.schedule.warmup_fraction = schedule, warmup
            super().__init__(config)
            self.layer = torch.nn.Linear(1, 1)
            self.automatic_optimization = False

        def training_step(self, batch: Any, batch_idx: int) -> None:
            optimizer: Any = self.optimizers()
            optimizer.step()

    return ByHand


def check(
    experiment: Modules, module: Any, accumulated: int | None = None, **settings: Any
) -> None:
    trainer = pl.Trainer(
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **settings,
    )
    checks = experiment("core.trainer.design_checks")
    checks.check_training(trainer, module, pl.LightningDataModule(), accumulated)


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"accumulate_grad_batches": 2}, "trainer.accumulate_grad_batches"),
        (
            {"accumulated": 2},
            "trainer.accumulate_grad_batches",
        ),  # as smoke has it, which trains at 1
        (
            {"callbacks": [GradientAccumulationScheduler({0: 2})]},
            "Lightning's GradientAccumulation",
        ),
        ({"gradient_clip_val": 1.0}, "trainer.gradient_clip_norm"),
        (
            {"gradient_clip_val": 1.0, "gradient_clip_algorithm": "value"},
            "trainer.gradient_clip_value",
        ),
    ],
)
def test_who_steps_by_hand_accumulates_and_clips_by_hand(
    experiment: Modules, refused: type[Exception], by_hand: type, settings: Any, key: str
) -> None:
    with pytest.raises(refused, match=f"^{key}.*: manual optimization"):
        check(experiment, by_hand(), **settings)


@pytest.mark.parametrize("schedule", ["cosine", "plateau"])
def test_a_schedule_that_nobody_steps_is_said(
    experiment: Modules, by_hand: type, schedule: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "experiment")

    check(experiment, by_hand(schedule))

    assert f"schedule.name: manual optimization does not step {schedule}" in caplog.text


def test_a_schedule_that_the_module_steps_or_there_is_none_of_is_no_news(
    experiment: Modules, by_hand: type, caplog: pytest.LogCaptureFixture
) -> None:
    class Stepping(by_hand):
        def on_train_epoch_end(self) -> None:
            def step() -> None:
                self.lr_schedulers()

            step()

    class Owning(by_hand):
        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.1)

    caplog.set_level("INFO", "experiment")

    for module in (Stepping(), Owning(), by_hand("constant")):
        check(experiment, module)

    assert "schedule.name" not in caplog.text
