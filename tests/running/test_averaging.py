"""EMA and SWA: the averages are what the papers say, and what is saved is what was scored."""

import pytest
import torch
from running.experiment import Experiment, RunFolder

pytestmark = pytest.mark.slow
# Writes the weights under training after each step, and at each epoch's end.
WITNESS = """

class Witness(pl.Callback):
    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        weights = {name: value.clone() for name, value in pl_module.state_dict().items()}
        torch.save(weights, f"step-{trainer.global_step:03d}.pt")
"""


def trained(experiment: Experiment, *argv: str) -> RunFolder:
    """Train with the witness."""
    callbacks = experiment / "experiment/callbacks.py"
    text = callbacks.read_text().replace("import pytorch_lightning as pl\n", IMPORTS, 1)
    callbacks.write_text(text + WITNESS)
    return experiment.trained("callbacks.extra={experiment.callbacks.Witness: {}}", *argv)


IMPORTS = "import pytorch_lightning as pl\nimport torch\n"


def weights_at(experiment: Experiment, step: int) -> dict[str, torch.Tensor]:
    """What was under training after a step."""
    return torch.load(experiment / f"step-{step:03d}.pt", weights_only=True)


def assert_close(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    """Equal but for the order in which floats were added."""
    names = [name for name in one if one[name].is_floating_point()]
    assert one.keys() == other.keys()
    for name in names:
        torch.testing.assert_close(one[name], other[name], rtol=1e-4, atol=1e-6, msg=name)


def test_ema_is_the_moving_average_of_the_steps(experiment: Experiment) -> None:
    run = trained(experiment, "callbacks.ema.decay=0.9")

    expected = weights_at(experiment, 1)
    for step in range(2, 22):
        n = step - 1
        decay = min(0.9, (1 + n) / (10 + n))
        for name, value in weights_at(experiment, step).items():
            if value.is_floating_point():
                expected[name] = decay * expected[name] + (1 - decay) * value
    assert_close(run.checkpoint()["state_dict"], expected)


def test_swa_is_the_mean_of_the_last_epochs_ends(experiment: Experiment) -> None:
    run = trained(experiment, "callbacks.swa.start_fraction=0.4", "trainer.max_epochs=5")

    ends = [weights_at(experiment, 7 * epoch) for epoch in (3, 4, 5)]
    mean = {name: ends[0][name] / 3 + ends[1][name] / 3 + ends[2][name] / 3 for name in ends[0]}
    assert_close(run.checkpoint()["state_dict"], mean)


def test_swa_keeps_its_own_learning_rate(experiment: Experiment) -> None:
    run = experiment.trained("callbacks.swa={start_fraction: 0.5, learning_rate: 0.0123}")

    rates = run.series("lr-AdamW/pg1")
    assert rates[-14:] == [0.0123] * 14
    assert 0.0123 not in rates[:-14]


@pytest.mark.parametrize("average", ["callbacks.ema.decay=0.9", "callbacks.swa.start_fraction=0.4"])
@pytest.mark.parametrize("interval", ["1.0", "0.5"])
def test_validate_gives_the_logged_value_of_the_average(
    average: str, interval: str, experiment: Experiment
) -> None:
    run = experiment.trained(average, f"trainer.val_check_interval={interval}")

    experiment.main("validate", "--name", "a")

    (best,) = run.best.values()
    assert run.summary["metrics"]["val/loss"] == pytest.approx(best, rel=1e-6)


def test_the_average_is_what_test_and_the_weights_under_training_what_resume_takes(
    experiment: Experiment,
) -> None:
    run = trained(experiment, "callbacks.ema.decay=0.99")

    saved = run.checkpoint()

    under_training = weights_at(experiment, 21)
    names = [name for name, value in under_training.items() if value.is_floating_point()]
    assert any(not torch.equal(saved["state_dict"][n], under_training[n]) for n in names)
    assert all(torch.equal(saved["current_model_state"][n], under_training[n]) for n in names)
