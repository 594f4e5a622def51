"""What an epoch has been shown before a kill is in what it is logged as."""

from collections.abc import Iterator
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from core.restart.test_exact_resume import assert_same
from harness.experiment import Experiment, replace
from modules import Modules, modules_of
from torchmetrics import MeanMetric
from torchmetrics.classification import BinaryCohenKappa, BinaryConfusionMatrix

MODULE = "experiment/module.py"
# Metrics that share a state of one kind each, to which they add in place: a matrix, a list.
METRICS = """
        alike = dict(num_classes=classes, validate_args=False)
        self.add_metrics(
            {
                "kappa": MulticlassCohenKappa(**alike),
                "matthews": MulticlassMatthewsCorrCoef(**alike),
                "auroc": MulticlassAUROC(**alike),
                "precision": MulticlassAveragePrecision(**alike),
            },
            splits=["train", "early"],
        )

    def training_step("""
SHOWN = """
        if split == "train":
            self.update_metrics(split, logits.detach(), batch.label)
            if self.trainer.fit_loop.batch_idx < 2:
                self.metrics_for("early").update(logits.detach(), batch.label)
        self.average(split, len(batch.label), loss"""
NAMES = {f"{s}/{n}" for s in ("train", "early") for n in ("kappa", "matthews", "auroc")}
WORDS = ("checkpoint.every_n_steps=1", "trainer.val_check_interval=0.5")


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modules]:
    yield from modules_of("image_classification", tmp_path_factory.mktemp("project"))


@pytest.fixture
def measured(experiment: Experiment) -> Experiment:
    """A project whose training has torchmetrics."""
    module = experiment / MODULE
    replace(module, "\n    def training_step(", METRICS)
    replace(module, "\n        self.average(split, len(batch.label), loss", SHOWN)
    replace(
        module,
        "import torch.nn.functional as F",
        "import torch.nn.functional as F\n"
        "from torchmetrics.classification import (\n"
        "    MulticlassAUROC, MulticlassAveragePrecision, MulticlassCohenKappa,\n"
        "    MulticlassMatthewsCorrCoef,\n"
        ")",
    )
    return experiment


@pytest.mark.slow
@pytest.mark.parametrize(
    ("moment", "count"), [("on_train_batch_start", 12), ("on_validation_batch_start", 7)]
)
def test_training_metrics_outlive_a_kill_in_mid_epoch(
    moment: str, count: int, measured: Experiment
) -> None:
    calm = measured.copy(measured.path.with_name("calm"))

    measured.killed(moment, count, *WORDS)
    run = measured.trained(*WORDS)

    assert {name for _, name in run.metrics()} >= NAMES
    assert_same(run, calm.trained(*WORDS))


@pytest.mark.slow
def test_two_processes_of_which_one_is_shown_nothing(measured: Experiment) -> None:
    replace(measured / MODULE, "batch_idx < 2", "batch_idx < 2 and self.global_rank == 1")
    replace(
        measured / MODULE,
        "            self.update_metrics(split, logits, ",
        "            if self.global_rank == 0:\n"
        "                self.update_metrics(split, logits, ",
    )

    done = measured.ranks(*WORDS, "trainer.max_epochs=1")

    assert [one.returncode for one in done] == [0, 0], done[0].stderr + done[1].stderr
    assert {name for _, name in measured.run("a").metrics()} >= {*NAMES, "val/accuracy"}


def test_metrics_that_share_a_state_and_those_of_a_loader_are_carried(modules: Modules) -> None:
    def made() -> Any:
        module = modules("core.module").Module(modules("core.config").RunConfig())
        shared = {"kappa": BinaryConfusionMatrix(), "other": BinaryCohenKappa()}
        module.add_metrics({**shared, "mean": MeanMetric()}, "train")
        return module

    def show(module: Any) -> None:
        module.metrics_for("train", "photos").update(
            torch.tensor([1, 0, 1]), torch.tensor([1, 0, 0])
        )

    loops = SimpleNamespace(epoch_loop=SimpleNamespace(_results={}))
    trainer: Any = SimpleNamespace(fit_loop=loops, world_size=1, global_rank=0)
    partial, file = modules("core.checkpoint.partial_epoch"), BytesIO()
    calm, killed, resumed, carry = made(), made(), made(), partial.PartialEpoch()
    show(killed)

    torch.save({"epoch_so_far": partial.pack_epoch(trainer, killed, None)}, file)
    file.seek(0)
    carry.on_load_checkpoint(trainer, resumed, torch.load(file, weights_only=True))
    carry.on_train_start(trainer, resumed)
    for module in (calm, calm, resumed):
        show(module)

    found, expected = (m.metrics_for("train", "photos").compute() for m in (resumed, calm))
    assert {name: value.tolist() for name, value in found.items()} == {
        name: value.tolist() for name, value in expected.items()
    }
    assert resumed.metrics.shown(evaluation=False) == calm.metrics.shown(evaluation=False) != []
