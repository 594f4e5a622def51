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
