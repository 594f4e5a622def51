"""EMA and SWA: the averages are what the papers say, and what is saved is what was scored."""

import pytest
import torch
from harness.experiment import Experiment, RunFolder
from harness.matrix import spanned

pytestmark = pytest.mark.slow
# Writes the weights under training after each step, and at each epoch's end.
WITNESS = """

class TrainingStepCheck(pl.Callback):
    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        weights = {name: value.clone() for name, value in pl_module.state_dict().items()}
        torch.save(weights, f"step-{trainer.global_step:03d}.pt")
"""


# Torch's own way, on the batches of the fifth epoch.
BY_HAND = """
import torch
from torch.nn.modules.batchnorm import _BatchNorm
from experiment.core.data.sampling import Place
from main import load

config, data, module = load("a")
module.load_state_dict(torch.load("runs/a/checkpoints/last.ckpt", weights_only=True)["state_dict"])
module.eval()
norms = [part for part in module.modules() if isinstance(part, _BatchNorm)]
for norm in norms:
    if norm not in [*module.model.stem.modules()]:
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
loader = data.loader("train", data.examples("train"))
loader.sampler.place = lambda sampler: Place(4, range(len(sampler)))
with torch.no_grad():
    for batch in loader:
        module.model(batch.image)
torch.save(module.state_dict(), "by_hand.pt")
"""


def trained(experiment: Experiment, *argv: str) -> RunFolder:
    """Train with the witness."""
    callbacks = experiment / "experiment/callbacks.py"
    text = callbacks.read_text().replace("import pytorch_lightning as pl\n", IMPORTS, 1)
    callbacks.write_text(text + WITNESS)
    return experiment.trained("callbacks.extra={experiment.callbacks.TrainingStepCheck: {}}", *argv)


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
    averaged = run.checkpoint()["state_dict"]
    assert averaged.keys() == mean.keys()
    assert_close(*({n: v for n, v in s.items() if "running" not in n} for s in (averaged, mean)))


def test_swa_measures_the_statistics_of_batch_norms_anew(experiment: Experiment) -> None:
    """By hand, on the same batches: those of the run's last epoch, augmented as they were."""
    words = ("callbacks.swa.start_fraction=0.4", "optimizer.freeze=[model.stem]")
    run = experiment.trained(*words, "trainer.max_epochs=5")
    saved = run.checkpoint()
    (experiment / "by_hand.py").write_text(BY_HAND)

    done = experiment.main(program="by_hand.py")

    assert done.returncode == 0, done.stderr
    by_hand = torch.load(experiment / "by_hand.pt", weights_only=True)
    assert any("running_var" in name for name in by_hand)
    for name, value in saved["state_dict"].items():
        if "running" not in name:
            continue
        if name.startswith("model.stem"):  # frozen: what it was under training
            assert torch.equal(value, saved["current_model_state"][name])
        else:
            torch.testing.assert_close(value, by_hand[name], rtol=1e-4, atol=1e-6, msg=name)
    assert all(torch.isfinite(v).all() for v in saved["state_dict"].values())


def test_swa_keeps_its_own_learning_rate(experiment: Experiment) -> None:
    run = experiment.trained("callbacks.swa={start_fraction: 0.5, learning_rate: 0.0123}")

    rates = run.series("lr-AdamW/pg1")
    assert rates[-14:] == [0.0123] * 14
    assert 0.0123 not in rates[:-14]


AVERAGES = ("callbacks.ema.decay=0.9", "callbacks.swa.start_fraction=0.4")
CELLS = [(average, interval) for average in AVERAGES for interval in ("1.0", "0.5")]


@pytest.mark.parametrize(("average", "interval"), spanned(CELLS, [CELLS[0], CELLS[3]]))
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


def test_swa_begins_alike_where_the_length_is_given_in_steps(experiment: Experiment) -> None:
    words = ("callbacks.swa.start_fraction=0.34", "callbacks.swa.learning_rate=0.001")
    by_epochs = experiment.trained(*words)
    by_steps = experiment.fit(
        "--name", "b", *words, "trainer.max_epochs=null", "trainer.max_steps=21"
    )

    assert by_steps.returncode == 0, by_steps.stderr
    assert experiment.run("b").weights() == by_epochs.weights()
