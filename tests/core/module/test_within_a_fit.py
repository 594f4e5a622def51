"""A second Trainer within a training: of the same module it is refused, of a copy it is apart."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from modules import Modules, modules_of
from torch.utils.data import DataLoader, TensorDataset

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modules]:
    yield from modules_of("image_classification", tmp_path_factory.mktemp("project"))


@pytest.fixture
def module(experiment: Modules) -> Any:
    """A module of ours that averages the numbers of its batches."""

    class Averager(experiment("core.module").Module):
        def __init__(self) -> None:
            super().__init__(experiment("core.config").RunConfig())
            self.layer = torch.nn.Linear(1, 1)

        def training_step(self, batch: Any, batch_idx: int) -> Any:
            self.average("train", len(batch[0]), value=batch[0].mean())
            return self.layer(batch[0]).mean()

        def validation_step(self, batch: Any, batch_idx: int) -> None:
            self.average("val", len(batch[0]), value=batch[0].mean())

        test_step = validation_step

        def predict_step(self, batch: Any) -> Any:
            return batch[0]

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.1)

    return Averager()


def loader(*values: float) -> DataLoader[Any]:
    return DataLoader(TensorDataset(torch.tensor(values).unsqueeze(1)), batch_size=2)


def trainer(**arguments: Any) -> pl.Trainer:
    return pl.Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **arguments,
    )


class Within(pl.Callback):
    """Does something with the module in the middle of an epoch, or in validation."""

    def __init__(self, do: Any, hook: str = "on_train_batch_end") -> None:
        self.do, self.found = do, []
        setattr(self, hook, self._act)

    def _act(self, outer: pl.Trainer, module: pl.LightningModule, *_: Any) -> None:
        if not outer.sanity_checking:
            self.found.append(self.do(outer, module))


@pytest.mark.parametrize("command", ["validate", "test", "predict", "fit"])
@pytest.mark.parametrize("same", [False, True])
def test_of_the_same_module_it_is_refused(
    experiment: Modules, module: Any, command: str, same: bool
) -> None:
    def act(outer: pl.Trainer, module: Any) -> Any:
        return getattr(outer if same else trainer(), command)(module, loader(5.0))

    with pytest.raises(
        experiment("core.errors").UserError,
        match=rf"{command}\(\) is called within the training of the same module",
    ):
        trainer(callbacks=[Within(act)]).fit(module, loader(1.0, 2.0), loader(3.0))


@pytest.mark.parametrize(
    "hook", ["on_train_batch_end", "on_validation_epoch_end", "on_train_epoch_end"]
)
def test_of_a_copy_it_is_apart(module: Any, hook: str) -> None:
    def act(_: Any, module: Any) -> Any:
        return trainer().validate(copy.deepcopy(module), loader(5.0), verbose=False)

    within = Within(act, hook)
    outer = trainer(callbacks=[within])
    outer.fit(module, loader(1.0, 2.0, 6.0), loader(3.0))

    assert within.found[0] == [{"val/value": 5.0}]
    assert outer.callback_metrics == {"train/value": 3.0, "val/value": 3.0}


def test_a_module_copies_itself_in_its_own_hook(module: Any) -> None:
    found: list[Any] = []

    def hook() -> None:
        if not module.trainer.sanity_checking:
            copied = copy.deepcopy(module)
            del copied.on_validation_epoch_end
            found.append(trainer().validate(copied, loader(5.0), verbose=False))

    module.on_validation_epoch_end = hook
    trainer().fit(module, loader(1.0), loader(3.0))

    assert found == [[{"val/value": 5.0}]]


def test_after_a_training_whatever_its_end_it_is_not(module: Any) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("stop")

    failing = trainer(callbacks=[Within(fail)])
    with pytest.raises(RuntimeError, match="stop"):
        failing.fit(module, loader(1.0), loader(3.0))

    for one in (failing, trainer()):
        one.callbacks = []  # pyright: ignore[reportAttributeAccessIssue]
        assert one.validate(module, loader(5.0), verbose=False) == [{"val/value": 5.0}]
        one.fit(module, loader(1.0), loader(3.0))
        assert one.test(module, loader(7.0), verbose=False) == [{"val/value": 7.0}]
