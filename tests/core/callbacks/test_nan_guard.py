"""Training that diverges: seen, recorded, stopped, and nothing spoiled."""

import json

import pytest
import torch
from harness.experiment import Experiment, fit_words, replace

pytestmark = pytest.mark.slow
LOSS = '        if split == "train":  # a cheap mean'


def poison(experiment: Experiment, when: str) -> None:
    """Let the loss be NaN when the condition holds."""
    line = f"        if split == 'train' and {when}:\n            loss = loss * float('nan')\n"
    replace(experiment / "experiment/module.py", LOSS, line + LOSS)


def test_a_loss_that_is_nan_stops_training_with_the_place(experiment: Experiment) -> None:
    poison(experiment, "self.global_step == 9")

    done = experiment.main(*fit_words("--name", "nan", "trainer.log_every_n_steps=5"))

    assert done.returncode == 3
    assert "the loss is NaN or infinite in epoch 2, batch 3: see runs/nan/nan.json" in done.stderr
    assert "Traceback" not in done.stderr
    run = experiment.run("nan")
    assert run.summary["status"] == "failed"
    record = json.loads((run / "nan.json").read_text())
    assert (record["epoch"], record["batch"]) == (1, 2)
    assert len(set(record["examples"]["train"])) == 32
    assert record["learning_rate"][0] > 0
    assert "nan" in record["gradient_norms"].values()


def test_no_checkpoint_holds_what_diverged(experiment: Experiment) -> None:
    poison(experiment, "self.global_step == 9")

    experiment.main(*fit_words("--name", "nan", "checkpoint.every_n_steps=1"))

    for path in (experiment.run("nan") / "checkpoints").glob("*.ckpt"):
        saved = torch.load(path, weights_only=True)
        assert saved["global_step"] <= 9
        assert all(value.isfinite().all() for value in saved["state_dict"].values())


def test_no_best_checkpoint_of_mid_epoch_holds_what_diverged(experiment: Experiment) -> None:
    poison(experiment, "self.global_step == 1")

    done = experiment.fit(
        "--name", "nan", "trainer.val_check_interval=0.5", "trainer.log_every_n_steps=50"
    )

    assert done.returncode == 3
    assert not [name for name in experiment.run("nan").checkpoints if name.startswith("best-")]


def test_weights_that_diverge_behind_a_finite_loss_are_not_saved(experiment: Experiment) -> None:
    replace(
        experiment / "experiment/module.py",
        "    def predict_step",
        "    def on_before_zero_grad(self, optimizer):\n"
        "        if self.global_step == 7:\n"
        "            next(self.parameters()).data.fill_(float('inf'))\n\n"
        "    def predict_step",
    )

    done = experiment.main(*fit_words("--name", "inf"))

    assert done.returncode == 3
    assert "NaN or infinite in epoch" in done.stderr
