"""What a module averages and measures over an epoch, with any Trainer and any number of loaders."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from modules import Modules, modules_of
from pytorch_lightning.callbacks import EarlyStopping, LambdaCallback
from torch.utils.data import DataLoader, TensorDataset
from torchmetrics import MeanMetric
from torchmetrics.classification import BinaryAccuracy, MulticlassRecall

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modules]:
    yield from modules_of("image_classification", tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def module_type(experiment: Modules) -> type:
    """A module of ours that averages the numbers of its batches."""

    class Averager(experiment("core.module").Module):
        def __init__(self) -> None:
            super().__init__(experiment("core.config").RunConfig())
            self.layer = torch.nn.Linear(1, 1)

        def training_step(self, batch: Any, batch_idx: int) -> Any:
            self.average("train", len(batch[0]), value=batch[0].mean())
            return self.layer(batch[0]).mean()

        def validation_step(self, batch: Any, batch_idx: int, dataloader_idx: int = 0) -> None:
            self.average("val", len(batch[0]), value=batch[0].mean())

        def test_step(self, batch: Any, batch_idx: int, dataloader_idx: int = 0) -> None:
            self.average("test", len(batch[0]), value=batch[0].mean())

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.1)

    return Averager


def loader(*values: float) -> DataLoader[Any]:
    return DataLoader(TensorDataset(torch.tensor(values).unsqueeze(1)), batch_size=2)


def trainer(**arguments: Any) -> pl.Trainer:
    arguments = {"max_epochs": 1, "num_sanity_val_steps": 1, **arguments}
    return pl.Trainer(
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **arguments,
    )


def logged(module: Any, val: Any, **arguments: Any) -> dict[str, float]:
    """All that a short training has logged."""
    with_trainer = trainer(**arguments)
    with_trainer.fit(module, loader(1.0, 2.0, 6.0), val)
    return {name: round(float(v), 6) for name, v in with_trainer.callback_metrics.items()}


def test_a_plain_trainer_gets_exact_means(module_type: type) -> None:
    assert logged(module_type(), loader(1.0, 3.0, 8.0)) == {"train/value": 3.0, "val/value": 4.0}


def test_several_loaders_are_kept_apart(module_type: type) -> None:
    clean, noisy = loader(1.0, 3.0), loader(10.0, 20.0, 60.0)

    by_name = logged(module_type(), {"clean": clean, "noisy": noisy})
    by_number = logged(module_type(), [clean, noisy])

    assert by_name == {"train/value": 3.0, "val/value/clean": 2.0, "val/value/noisy": 30.0}
    assert by_number == {
        "train/value": 3.0,
        "val/value/dataloader_idx_0": 2.0,
        "val/value/dataloader_idx_1": 30.0,
    }


def test_test_loaders_are_kept_apart_and_all_are_reported(module_type: type) -> None:
    found = trainer().test(module_type(), {"a": loader(1.0), "b": loader(5.0)}, verbose=False)

    together = {name: value for of_loader in found for name, value in of_loader.items()}
    assert together == {"test/value/a": 1.0, "test/value/b": 5.0}


def test_any_name_of_a_split(module_type: type) -> None:
    class Own(module_type):
        def validation_step(self, batch: Any, batch_idx: int) -> None:
            self.average("adversarial", 1, loss=7)

        def training_step(self, batch: Any, batch_idx: int) -> Any:
            self.average("generator", 1, loss=2.0)
            return super().training_step(batch, batch_idx)

    found = logged(Own(), loader(1.0))

    assert found == {"train/value": 3.0, "adversarial/loss": 7.0, "generator/loss": 2.0}


def test_validation_in_mid_epoch_leaves_training_alone(module_type: type) -> None:
    seen: list[dict[str, float]] = []
    look = LambdaCallback(
        on_validation_end=lambda trainer, _: seen.append(
            {name: float(v) for name, v in trainer.callback_metrics.items()}
        )
    )

    found = logged(module_type(), loader(4.0), val_check_interval=1, callbacks=[look])

    assert found["train/value"] == 3.0
    assert all("train/value" not in one for one in seen)
    assert seen[-1]["val/value"] == 4.0


def test_hooks_of_ones_own_do_not_take_the_log_away(module_type: type) -> None:
    order: list[str] = []

    class Own(module_type):
        def on_validation_epoch_end(self) -> None:
            order.append("class")
            self.average("val", 1, late=9.0)

        def on_train_epoch_end(self) -> None:
            super().on_train_epoch_end()

    module, on_instance = Own(), module_type()
    on_instance.on_validation_epoch_end = lambda: order.append("instance")
    expected = {"train/value": 3.0, "val/value": 4.0}

    assert logged(module, loader(4.0), max_epochs=2) == {**expected, "val/late": 9.0}
    assert logged(on_instance, loader(4.0)) == expected
    assert order == ["class"] * 3 + ["instance"] * 2  # the sanity check's, too


def with_metrics(module_type: type, step: Callable[[Any, Any], None], **metrics: Any) -> Any:
    class Measured(module_type):
        def __init__(self) -> None:
            super().__init__()
            self.add_metrics(metrics, splits=["val"])

        def validation_step(self, batch: Any, batch_idx: int, dataloader_idx: int = 0) -> None:
            step(self, batch)

    return Measured()


def test_metrics_of_several_loaders(module_type: type) -> None:
    module = with_metrics(
        module_type, lambda self, batch: self.update_metrics("val", batch[0]), mean=MeanMetric()
    )
    before = set(module.state_dict())

    found = logged(module, {"a": loader(1.0, 3.0), "b": loader(5.0)}, max_epochs=2)

    assert found == {"train/value": 3.0, "val/mean/a": 2.0, "val/mean/b": 5.0}
    assert set(module.state_dict()) == before


def test_a_metric_that_was_shown_nothing_logs_nothing(module_type: type) -> None:
    module = with_metrics(
        module_type, lambda self, batch: self.log("val/mean", 5.0), mean=MeanMetric()
    )

    assert logged(module, loader(1.0))["val/mean"] == 5.0


def test_metrics_that_are_added_twice_are_both_there(module_type: type) -> None:
    module = module_type()
    module.add_metrics({"one": MeanMetric()})
    module.add_metrics({"other": MeanMetric()}, splits=["val", "train"])

    assert set(module.metrics_for("val").keys()) == {"one", "other"}
    assert set(module.metrics_for("train").keys()) == {"other"}


def test_only_single_numbers_are_logged(module_type: type) -> None:
    def show(self: Any, batch: Any) -> None:
        self.update_metrics("val", torch.tensor([0, 1]), torch.tensor([0, 1]))

    module = with_metrics(
        module_type, show, each=MulticlassRecall(3, average=None), mean=MulticlassRecall(3)
    )

    assert set(logged(module, loader(1.0))) == {"train/value", "val/mean"}


def test_a_name_that_is_logged_twice(experiment: Modules, module_type: type) -> None:
    def both(self: Any, batch: Any) -> None:
        self.average("val", 1, value=1.0)
        self.log("val/value", 2.0)

    with pytest.raises(experiment("core.errors").UserError, match="val/value is logged twice"):
        logged(with_metrics(module_type, both), loader(1.0))


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda m: m.update_metrics("dev", 1), "there are metrics for val, test; name it in"),
        (lambda m: setattr(m, "average", 3), "hides the method average() of core's Module"),
        (lambda m: setattr(m, "add_metrics", torch.nn.Linear(1, 1)), "hides the method add_metr"),
    ],
)
def test_what_is_refused(
    experiment: Modules, module_type: type, act: Callable[[Any], None], sentence: str
) -> None:
    module = module_type()
    module.add_metrics({"accuracy": BinaryAccuracy()})

    with pytest.raises(experiment("core.errors").UserError) as refused:
        act(module)

    assert sentence in str(refused.value)


def test_an_attribute_that_hides_a_method_of_the_data(experiment: Modules) -> None:
    data = experiment("data").ExperimentData(experiment("config").DataConfig())

    with pytest.raises(experiment("core.errors").UserError, match="hides the method fold"):
        data.fold = 3
    data.collate = list  # what may be called may stand in a method's place
    with pytest.raises(experiment("core.errors").UserError, match="hides the property facts"):
        data.facts = 3


def test_hooks_on_an_instance_are_called(experiment: Modules, module_type: type) -> None:
    hooks = experiment("core.module.skip_idle_hooks")
    counts = dict.fromkeys(["lambda", "late", "module"], 0)

    def count(name: str) -> Callable[..., None]:
        def counted(*_: Any, **__: Any) -> None:
            counts[name] += 1

        return counted

    late: Any = pl.Callback()
    module = module_type()
    module.on_train_batch_end = count("module")
    ours = [hooks.SkipIdleHooks(), LambdaCallback(on_train_batch_end=count("lambda")), late]
    late.on_train_start = lambda *_: setattr(late, "on_train_batch_start", count("late"))

    logged(module, loader(1.0), callbacks=ours)

    assert counts == {"lambda": 2, "late": 2, "module": 2}
    assert late.__dict__["on_train_batch_end"] is None


def test_which_loader_a_monitor_means(experiment: Modules, module_type: type) -> None:
    direction = experiment("core.config.direction")
    metrics = ["val/loss/a", "val/loss/b", "epoch"]

    assert "name one, val/loss/a, val/loss/b" in direction.not_logged("x", "val/loss", metrics)
    assert "x.monitor: val/los is not logged" in direction.not_logged("x", "val/los", metrics)
    assert direction.direction_of("val/loss/noisy") == "min"
    assert direction.direction_of("val/f1/dataloader_idx_1") == "max"
    assert direction.direction_of("val/noisy") is None
    module = with_metrics(module_type, lambda *_: None, quality=BinaryAccuracy())
    watched = direction.Watched("checkpoint", "val/quality/noisy", None)
    assert experiment("core.module.direction").resolve_mode(watched, module) == "max"


def test_callbacks_see_what_is_logged(experiment: Modules, module_type: type) -> None:
    seen: list[float] = []
    look = LambdaCallback(
        on_validation_epoch_end=lambda trainer, _: seen.append(
            float(trainer.callback_metrics["val/value"])
        )
    )
    first = experiment("core.module.epoch_log").EpochMetrics()
    early = EarlyStopping("val/value", patience=0)

    logged(module_type(), loader(2.0), callbacks=[first, look, early], num_sanity_val_steps=0)

    assert seen == [2.0]
