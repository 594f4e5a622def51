"""What a module averages and measures over an epoch, with any Trainer and any number of loaders."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import cached_property, partialmethod
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


class Interrupted(Exception):
    pass


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


class Taking:
    """A mixin with hooks of its own, none of which calls ``super()``."""

    def on_fit_start(self) -> None: ...

    def on_validation_model_eval(self) -> None: ...

    def on_train_epoch_end(self) -> None: ...

    def on_validation_epoch_end(self) -> None:
        self.average("val", 1, late=9.0)  # pyright: ignore[reportAttributeAccessIssue]

    def on_test_epoch_end(self) -> None: ...


def test_a_mixin_does_not_take_the_log_away(module_type: type) -> None:
    class Mixed(Taking, module_type):
        def __init__(self) -> None:
            super().__init__()
            self.add_metrics({"mean": MeanMetric()}, splits="val")

        def validation_step(self, batch: Any, batch_idx: int) -> None:
            super().validation_step(batch, batch_idx)
            self.update_metrics("val", batch[0])

    class Below(Mixed):
        def on_train_epoch_end(self) -> None:
            super().on_train_epoch_end()

    expected = {"train/value": 3.0, "val/value": 4.0, "val/late": 9.0, "val/mean": 4.0}

    assert logged(Mixed(), loader(4.0), max_epochs=2) == expected
    assert logged(Below(), loader(4.0)) == expected
    assert trainer().test(Mixed(), loader(5.0), verbose=False) == [{"test/value": 5.0}]


def test_nor_does_a_hook_that_is_none_or_set_on_a_class_later(module_type: type) -> None:
    class Own(module_type):
        on_validation_epoch_end: Any = None

    module = Own()
    module.on_train_epoch_end = None
    assert logged(module, loader(4.0)) == {"train/value": 3.0, "val/value": 4.0}

    def late(self: Any) -> None:
        self.average("val", 1, late=9.0)

    Own.on_validation_epoch_end = late
    assert logged(module, loader(4.0))["val/late"] == 9.0


def test_an_interrupted_epoch_leaves_nothing_to_the_next(module_type: type) -> None:
    class Breaking(module_type):
        breaks_at: str | None = None

        def __init__(self) -> None:
            super().__init__()
            self.add_metrics({"mean": MeanMetric()}, ["train", "val"])

        def seen(self, split: str, batch: Any, batch_idx: int) -> None:
            self.update_metrics(split, batch[0])
            if split == self.breaks_at and batch_idx == 1:
                raise Interrupted

        def training_step(self, batch: Any, batch_idx: int) -> Any:
            loss = super().training_step(batch, batch_idx)
            self.seen("train", batch, batch_idx)
            return loss

        def validation_step(self, batch: Any, batch_idx: int) -> None:
            super().validation_step(batch, batch_idx)
            self.seen("val", batch, batch_idx)

        def predict_step(self, batch: Any, batch_idx: int) -> None:
            for split in ("train", "val"):
                self.average(split, 100, value=77.0)
                self.update_metrics(split, batch[0])
                self.metrics_for(split).update(batch[0])

    calm = logged(Breaking(), loader(1.0, 3.0, 8.0))
    module = Breaking()
    for breaks_at in ("val", "train"):
        module.breaks_at = breaks_at
        with pytest.raises(Interrupted):
            logged(module, loader(50.0, 60.0, 70.0))
    module.breaks_at = "val"
    with pytest.raises(Interrupted):
        trainer().validate(module, loader(50.0, 60.0, 70.0), verbose=False)
    module.breaks_at = None
    trainer().predict(module, loader(55.0))

    assert trainer().validate(module, loader(2.0), verbose=False) == [
        {"val/value": 2.0, "val/mean": 2.0}
    ]
    trainer().predict(module, loader(55.0))
    assert logged(module, loader(1.0, 3.0, 8.0)) == calm


@pytest.mark.parametrize("hook", ["on_validation_end", "on_train_end", "on_fit_start"])
def test_what_belongs_to_no_epoch_is_refused(
    experiment: Modules, module_type: type, hook: str
) -> None:
    module = module_type()
    setattr(module, hook, lambda: module.average("val", 1, late=1.0))

    with pytest.raises(
        experiment("core.errors").UserError, match=f"in {hook}, which belongs to no"
    ):
        logged(module, loader(1.0))


@pytest.mark.parametrize("sanity", [0, 1])
@pytest.mark.parametrize("measured", [False, True])
def test_a_name_of_training_and_of_validation(
    experiment: Modules, module_type: type, measured: bool, sanity: int
) -> None:
    class Both(module_type):
        def __init__(self) -> None:
            super().__init__()
            self.add_metrics({"mean": MeanMetric()}, "adversarial")

        def see(self, batch: Any) -> None:
            if measured:
                self.update_metrics("adversarial", batch[0])
            else:
                self.average("adversarial", 1, loss=1.0)

        def training_step(self, batch: Any, batch_idx: int) -> Any:
            self.see(batch)
            return super().training_step(batch, batch_idx)

        def validation_step(self, batch: Any, batch_idx: int) -> None:
            self.see(batch)

    with pytest.raises(experiment("core.errors").UserError, match="training and"):
        logged(Both(), loader(1.0), num_sanity_val_steps=sanity)


def test_a_name_of_training_that_validation_logs_itself(
    experiment: Modules, module_type: type
) -> None:
    class Both(module_type):
        def validation_step(self, batch: Any, batch_idx: int) -> None:
            self.log("train/value", 1.0)

    with pytest.raises(experiment("core.errors").UserError, match="train/value is logged twice"):
        logged(Both(), loader(1.0))


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


def test_metrics_that_are_shown_batches_directly(module_type: type) -> None:
    def show(self: Any, batch: Any) -> None:
        self.metrics_for("val").update(batch[0])

    def show_one(self: Any, batch: Any) -> None:
        self.metrics_for("val")["mean"].update(batch[0])

    loaders = {"a": loader(1.0, 3.0), "b": loader(5.0)}
    by_loader = {"train/value": 3.0, "val/mean/a": 2.0, "val/mean/b": 5.0}
    metrics = {"mean": MeanMetric()}

    assert logged(with_metrics(module_type, show, **metrics), loader(3.0), max_epochs=2) == {
        "train/value": 3.0,
        "val/mean": 3.0,
    }
    assert logged(with_metrics(module_type, show, **metrics), loaders, max_epochs=2) == by_loader
    some = with_metrics(module_type, show_one, **metrics, other=MeanMetric())
    assert logged(some, loaders) == by_loader


def test_training_metrics_by_name_with_validation_in_mid_epoch(module_type: type) -> None:
    class Measured(module_type):
        def __init__(self) -> None:
            super().__init__()
            mean = MeanMetric()
            self.add_metrics(
                {"mean": mean, "twice": mean + mean}, ["a.b", "a_b", "train", "train_"]
            )

        def training_step(self, batch: Any, batch_idx: int) -> Any:
            self.metrics_for("a.b").update(batch[0])
            self.update_metrics("train", batch[0] * 10)
            return super().training_step(batch, batch_idx)

        def validation_step(self, batch: Any, batch_idx: int) -> None:
            self.update_metrics("a_b", batch[0])
            self.update_metrics("train_", batch[0] * 10)

    means = {"train/value": 3.0, "a.b/mean": 3.0, "train/mean": 30.0}
    means |= {"a_b/mean": 4.0, "train_/mean": 40.0}
    twice = {name.replace("mean", "twice"): 2 * v for name, v in means.items() if "mean" in name}

    found = logged(Measured(), loader(4.0), val_check_interval=1, max_epochs=2)

    assert found == {**means, **twice}


def test_metrics_can_be_looked_at_until_the_epoch_is_over(module_type: type) -> None:
    seen: list[tuple[float, ...]] = []

    def show(self: Any, batch: Any) -> None:
        self.update_metrics("val", batch[0])

    module = with_metrics(module_type, show, mean=MeanMetric())

    def look() -> None:
        places = [("val", "a"), ("val", 1)]
        seen.append(tuple(float(module.metrics_for(*p).compute()["mean"]) for p in places))

    module.on_validation_epoch_end = look
    loaders = {"a": loader(1.0), "b": loader(5.0)}
    logged(module, loaders, max_epochs=2, num_sanity_val_steps=0)

    assert seen == [(1.0, 5.0)] * 2


def test_there_is_no_such_loader(experiment: Modules, module_type: type) -> None:
    def ask(self: Any, batch: Any) -> None:
        self.metrics_for("val", "nosy")

    module = with_metrics(module_type, ask, mean=MeanMetric())

    with pytest.raises(experiment("core.errors").UserError, match="no such loader; there are a, b"):
        logged(module, {"a": loader(1.0), "b": loader(5.0)})


def test_metrics_that_are_added_twice_are_both_there(module_type: type) -> None:
    module = module_type()
    module.add_metrics({"one": MeanMetric()})
    module.add_metrics({"other": MeanMetric()}, splits=["val", "train"])

    assert set(module.metrics_for("val").keys()) == {"one", "other"}
    assert set(module.metrics_for("train").keys()) == {"other"}
    module.add_metrics({"one": MeanMetric()}, splits="dev")
    assert set(module.metrics_for("dev").keys()) == {"one"}


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

    def averaged(self: Any, batch: Any) -> None:
        self.average("val", 1, mean=1.0)
        self.update_metrics("val", batch[0])

    late = module_type()
    late.on_validation_epoch_end = lambda: late.average("val", 1, value=1.0)

    with pytest.raises(experiment("core.errors").UserError, match="val/value is logged twice"):
        logged(with_metrics(module_type, both), loader(1.0))
    with pytest.raises(experiment("core.errors").UserError, match="val/mean is logged twice"):
        logged(with_metrics(module_type, averaged, mean=MeanMetric()), loader(1.0))
    with pytest.raises(experiment("core.errors").UserError, match="val/value is averaged or"):
        logged(late, loader(1.0))


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


@pytest.mark.parametrize(
    ("core", "name", "value", "kind"),
    [
        ("module.Module", "average", 0.5, "method"),
        ("module.Module", "update_metrics", property(id), "method"),
        ("data.DataModule", "fold", 3, "method"),
        ("data.DataModule", "fold", None, "method"),
        ("data.DataModule", "facts", 3, "property"),
        ("data.DataModule", "facts", lambda self: 3, "property"),
    ],
)
def test_a_class_body_that_hides_a_method(
    experiment: Modules, core: str, name: str, value: Any, kind: str
) -> None:
    room, _, base_name = core.partition(".")
    base = getattr(experiment(f"core.{room}"), base_name)
    mixin = type("Mixin", (), {name: value})
    refused = pytest.raises(
        experiment("core.errors").UserError,
        match=f"hides the {kind} {name}\\(\\) of core's {base_name}",
    )

    with refused as own:
        type("Own", (base,), {name: value})
    with refused as mixed:
        type("Mixed", (mixin, base), {})

    assert str(own.value).startswith(f"Own: {name} = ")
    assert str(mixed.value).startswith(f"Mixin: {name} = ")


def test_what_may_stand_in_a_methods_place(experiment: Modules) -> None:
    class Own(experiment("core.data").DataModule):
        collate = list
        facts = cached_property(lambda self: 3)
        order = partialmethod(lambda self, dataset, epoch: [epoch])
        setup = None

    assert Own.collate is list


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

    meanwhile: list[Any] = []
    module.on_train_end = lambda: meanwhile.append(late.on_train_batch_end)
    logged(module, loader(1.0), callbacks=ours)

    assert counts == {"lambda": 2, "late": 2, "module": 2}
    assert meanwhile == [None]


@pytest.mark.parametrize("interrupted", [False, True])
def test_hooks_that_are_set_after_a_training_are_called(
    experiment: Modules, module_type: type, interrupted: bool
) -> None:
    class Own(module_type):
        calls = 0

        def on_train_end(self) -> None:
            if interrupted and not self.calls:
                raise Interrupted

        def count(self, *_: Any) -> None:
            self.calls += 1

    module, callback, counted = Own(), pl.Callback(), []
    ours = [experiment("core.module.skip_idle_hooks").SkipIdleHooks(), callback]
    with pytest.raises(Interrupted) if interrupted else nullcontext():
        logged(module, loader(1.0), callbacks=ours)
    left = {**module.__dict__, **callback.__dict__}

    Own.on_before_zero_grad = Own.count
    callback.setup = lambda *_, **__: setattr(
        callback, "on_train_batch_start", lambda *_: counted.append(1)
    )
    logged(module, loader(1.0), callbacks=ours)

    assert not [name for name in left if name.startswith("on_")]
    assert (module.calls, len(counted)) == (2, 2)


def test_a_hook_that_is_set_on_a_class_in_training(experiment: Modules, module_type: type) -> None:
    class Own(module_type):
        calls = 0

        def on_train_epoch_end(self) -> None:
            def count(self: Any, *_: Any) -> None:
                self.calls += 1

            Own.on_before_zero_grad = count

    module = Own()
    ours = [experiment("core.module.skip_idle_hooks").SkipIdleHooks()]

    logged(module, loader(1.0), callbacks=ours, max_epochs=2)

    assert module.calls == 2


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
