"""Whatever Lightning documents of steps and optimizers trains and goes on, or is refused before."""

import pytest
from harness.experiment import Experiment, replace

pytestmark = pytest.mark.slow
MODULE = "experiment/module.py"
INIT = "        super().__init__(config, facts)\n"
TRAIN = '        return self._step(batch, "train")\n'
IMPORTS = ("import torch.nn.functional as F\n", "from typing import Any\n\nimport torch\n")
IMPORTS = (IMPORTS[0], IMPORTS[1] + IMPORTS[0])
SKIPPING = """\
        loss: Any = self._step(batch, "train")
        return None if batch_idx % 3 == 1 else loss
"""
A_DICT = """\
        loss: Any = {"loss": self._step(batch, "train"), "extra": 1}
        return loss
"""
MANUAL = """\
        optimizers: Any = self.optimizers()
        for optimizer in optimizers:
            optimizer.zero_grad()
        self.manual_backward(self._step(batch, "train"))
        for optimizer in optimizers:
            optimizer.step()
        nothing: Any = None
        return nothing
"""
BY_HAND = INIT + "        self.automatic_optimization = False\n"
TWO = """
    def configure_optimizers(self) -> Any:
        parameters = list(self.parameters())
        one, other = parameters[:2], parameters[2:]
        return [torch.optim.SGD(one, lr=0.1), torch.optim.Adam(other, lr=0.01)]
"""
CLOSURE = """
    def configure_optimizers(self) -> Any:
        return torch.optim.LBFGS(self.parameters(), lr=0.1, max_iter=2)
"""
Form = tuple[list[tuple[str, str]], list[str]]
FORMS: dict[str, Form] = {
    "skips batches": ([IMPORTS, (TRAIN, SKIPPING)], []),
    "a dict": ([IMPORTS, (TRAIN, A_DICT)], []),
    "manual": (
        [IMPORTS, (INIT, BY_HAND), (TRAIN, MANUAL + TWO)],
        ["trainer.gradient_clip_norm=null"],
    ),
    "a closure": ([IMPORTS, (TRAIN, TRAIN + CLOSURE)], []),
}
BY_HAND_TWICE = ["trainer.gradient_clip_norm=null", "trainer.accumulate_grad_batches=2"]
REFUSED: dict[str, tuple[Form, str]] = {
    "manual clips": (
        (FORMS["manual"][0], ["trainer.gradient_clip_norm=1.0"]),
        "trainer.gradient_clip_norm: manual optimization clips by itself",
    ),
    "manual accumulates": (
        (FORMS["manual"][0], BY_HAND_TWICE),
        "trainer.accumulate_grad_batches: manual optimization accumulates by itself",
    ),
    "two optimizers": (([IMPORTS, (TRAIN, TRAIN + TWO)], []), "returns several optimizers"),
    "no training_step": (([("def training_", "def train_")], []), "there is no training_step"),
    "no validation_step": (
        ([("def validation_", "def validate_")], []),
        "checkpoint.monitor: val/loss is of validation, and module.py has no validation_step",
    ),
    "no val data": (
        ([], ["data.val_fraction=0.0"]),
        "checkpoint.monitor: val/loss is of validation, and the data has no val split",
    ),
}


def edit(experiment: Experiment, form: Form) -> list[str]:
    """Write the form into module.py; the words that go with it."""
    for old, new in form[0]:
        replace(experiment / MODULE, old, new)
    return form[1]


@pytest.mark.parametrize("form", FORMS)
def test_it_trains_and_goes_on(experiment: Experiment, form: str) -> None:
    words = ["trainer.max_epochs=2", "checkpoint.every_n_steps=1", *edit(experiment, FORMS[form])]

    calm = experiment.fit("--name", "calm", *words)
    experiment.killed("on_train_batch_start", 10, *words)
    again = experiment.fit("--name", "a", *words)

    assert calm.returncode == again.returncode == 0, calm.stderr + again.stderr
    assert "resuming a at" in again.stdout
    one, other = experiment.run("a"), experiment.run("calm")
    assert one.weights() == other.weights()
    assert one.metrics() == other.metrics()


@pytest.mark.parametrize("form", REFUSED)
def test_it_is_refused_before_training(experiment: Experiment, form: str) -> None:
    words = edit(experiment, REFUSED[form][0])

    refused = experiment.fit("--name", "a", *words)

    assert refused.returncode == 2, refused.stderr
    assert REFUSED[form][1] in refused.stderr.splitlines()[-1]
    assert not (experiment / "runs/a").exists()


PLAIN_DATA = '''"""Data without anything of core's."""

from typing import NamedTuple

import pytorch_lightning as pl
import torch
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset, random_split


class Facts(NamedTuple):
    classes: int


class Batch(NamedTuple):
    image: torch.Tensor
    label: torch.Tensor


class ExperimentData(pl.LightningDataModule):
    facts = Facts(10)

    def __init__(self, config, run=None):
        super().__init__()
        self.config = config

    def setup(self, stage=None):
        digits = load_digits()
        image = torch.tensor(digits.images, dtype=torch.float32)[:200, None] / 16
        data = TensorDataset(image, torch.tensor(digits.target)[:200])
        seeded = torch.Generator().manual_seed(0)
        self.train, self.val = random_split(data, [0.8, 0.2], seeded)

    def train_dataloader(self):
        return DataLoader(self.train, self.config.batch_size, shuffle=True)

    def val_dataloader(self):
        return DataLoader(self.val, self.config.batch_size)

    def test_dataloader(self):
        return DataLoader(self.val, self.config.batch_size)
'''
PLAIN_MODULE = '''"""A module without anything of core's."""

import pytorch_lightning as pl
import torch
from torch import nn


class ExperimentModule(pl.LightningModule):
    def __init__(self, config, facts):
        super().__init__()
        self.rate = config.optimizer.learning_rate
        self.model = nn.Sequential(nn.Flatten(), nn.Linear(64, facts.classes))

    def training_step(self, batch, batch_idx):
        return self._loss(batch, "train")

    def validation_step(self, batch, batch_idx):
        self._loss(batch, "val")

    def test_step(self, batch, batch_idx):
        self._loss(batch, "test")

    def _loss(self, batch, split):
        image, label = batch
        loss = nn.functional.cross_entropy(self.model(image), label)
        self.log(f"{split}/loss", loss, on_epoch=True, on_step=False, batch_size=len(label))
        return loss

    def forward(self, batch):
        return self.model(batch[0])

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.rate)
'''


def test_plain_lightning_parts_train_and_go_on(experiment: Experiment) -> None:
    (experiment / "experiment/data.py").write_text(PLAIN_DATA)
    (experiment / MODULE).write_text(PLAIN_MODULE)
    words = ["checkpoint.every_n_steps=2", "trainer.test_after_fit=true"]

    smoke = experiment.main("smoke", "data.batch_size=32")
    calm = experiment.fit("--name", "calm", *words)
    experiment.killed("on_train_batch_start", 8, *words)
    again = experiment.fit("--name", "a", *words)

    assert smoke.returncode == 0, smoke.stdout + smoke.stderr
    assert calm.returncode == again.returncode == 0, calm.stderr + again.stderr
    assert "resuming a at" in again.stdout
    # Its order cannot be had again: the epoch is begun anew, and said so; all the rest goes on.
    assert "can only be read from an epoch's start" in again.stdout
    calm_run, run = experiment.run("calm"), experiment.run("a")
    assert len(run.series("val/loss")) == len(calm_run.series("val/loss")) == 3
    assert run.series("test/loss") != []
    for command in ("validate", "test"):
        done = experiment.main(command, "--name", "a")
        assert done.returncode == 0, done.stdout + done.stderr
    predicted = experiment.main("predict", "--name", "a", "--input", "test")
    assert predicted.returncode == 2
    assert "data.py has a plain LightningDataModule" in predicted.stderr
