"""Callbacks that look: what they log is true, and nothing that is learned changes."""

import math
import re
from collections.abc import Callable

import pytest
from harness.experiment import Experiment, RunFolder, replace
from projects import ROOT

pytestmark = pytest.mark.slow
Undisturbed = Callable[..., RunFolder]
ALL = (
    "callbacks.throughput={window: 3, flops: true}",
    "callbacks.gradient_norm={by_part: true}",
    "callbacks.device_stats={every_n_steps: 2}",
    "callbacks.sample_predictions={every_n_epochs: 2, count: 9}",
    "callbacks.timer={}",
    "logger.wandb=offline",
)
# Writes down every hook of a callback when it is called.
RECORDER = '''

class Recorder(pl.Callback):
    """Appends each hook's name to a file."""

    def __getattribute__(self, name):
        if name.startswith("on_") or name in ("setup", "teardown"):
            return lambda trainer, *_, **__: self.write(trainer, name)
        return super().__getattribute__(name)

    def write(self, trainer, name):
        if not trainer.sanity_checking:
            with open("hooks.txt", "a") as file:
                file.write(name + "\\n")
'''
NAMED = re.compile(r"\b(?:on_\w+|setup|teardown)\b")


@pytest.fixture
def run(experiment: Experiment) -> RunFolder:
    """A run that every callback looks at."""
    return experiment.trained(*ALL)


def test_looking_changes_nothing_and_says_what_is_true(
    run: RunFolder, undisturbed: Undisturbed
) -> None:
    assert run.weights() == undisturbed().weights()

    norms = run.series("gradient/norm")
    parts = [run.series(f"gradient/model.{part}") for part in ("stem", "stages", "head")]
    assert len(norms) == 21
    assert norms == pytest.approx([math.hypot(*step) for step in zip(*parts, strict=True)])
    assert flops_of_a_sample(run) == pytest.approx([flops_by_hand(run)] * 9, rel=1e-6)
    assert run.series("throughput/flop_utilization") == []  # nobody knows what a CPU could do
    assert len(run.series("device/ram_gib")) == 10
    assert all(0.1 < value < 100 for value in run.series("device/ram_gib"))
    assert len(run.series("time/epoch")) == 3
    assert run.series("time/remaining")[-1] == 0.0
    assert (run / "train.log").read_text().count("timer: an epoch takes ") == 1
    assert [path.name for path in (run / "samples").iterdir()] == ["epoch-002.png"]
    (uploaded,) = (run / "wandb").rglob("media/images/samples*.png")
    assert uploaded.read_bytes() == (run / "samples/epoch-002.png").read_bytes()


def flops_of_a_sample(run: RunFolder) -> list[float]:
    """Operations for one sample, from what is logged."""
    rates = run.series("throughput/samples_per_second")
    flops = run.series("throughput/teraflops")
    return [1e12 * flop / rate for flop, rate in zip(flops, rates, strict=True)]


def flops_by_hand(run: RunFolder) -> float:
    """Two operations a weight and place, forward; as many for each of the two gradients."""
    places = {"stem.0": 64, "stages.0": 64, "stages.1": 16, "stages.2": 16}
    total = 0.0
    for name, weight in run.checkpoint()["state_dict"].items():
        if weight.ndim >= 2:
            part = ".".join(name.split(".")[1:3])
            forward = 2 * weight.numel() * places.get(part, 1 if "head" in name else 4)
            total += forward * (2 if part == "stem.0" else 3)  # an image needs no gradient
    return total


def test_the_readme_draws_the_order_of_the_hooks(experiment: Experiment) -> None:
    callbacks = experiment / "experiment/callbacks.py"
    callbacks.write_text(callbacks.read_text() + RECORDER)

    experiment.trained("callbacks.extra={experiment.callbacks.Recorder: {}}")

    called = (experiment / "hooks.txt").read_text().split()
    readme = (ROOT / "template/README.md.jinja").read_text()
    drawing = readme.partition("```text\n")[2].partition("```")[0]
    drawn = NAMED.findall(drawing)
    first = [name for name in dict.fromkeys(called) if name in drawn]
    assert drawn == first
    unseen = set(called) - set(drawn)  # those that concern checkpoints alone
    assert unseen <= {"on_save_checkpoint", "on_load_checkpoint"}
    counts = {name: called.count(name) for name in drawn}
    assert (counts["on_train_batch_end"], counts["on_train_epoch_end"]) == (21, 3)


# --- early stopping ------------------------------------------------------------------------------


def test_patience_survives_a_kill(experiment: Experiment) -> None:
    words = ("callbacks.early_stopping={patience: 3, min_delta: 9.0}", "trainer.max_epochs=9")
    experiment.killed("on_train_batch_start", 19, *words)  # in the third epoch

    done = experiment.fit("--name", "a", *words)

    assert done.returncode == 0, done.stderr
    assert "resuming a at epoch 3" in done.stdout
    assert experiment.run("a").summary["epochs"] == 4  # the first one, and three without gain


def test_a_monitored_metric_that_is_nan_stops(experiment: Experiment) -> None:
    loss = "        self.average(split, len(batch.label), loss=loss)"
    second = '        if split == "val" and self.current_epoch == 1:'
    poison = f'{second}\n            loss = loss * float("nan")'
    replace(experiment / "experiment/module.py", loss, f"{poison}\n{loss}")

    experiment.fit("--name", "a", "callbacks.early_stopping={}", "trainer.max_epochs=9")

    assert experiment.run("a").summary["epochs"] == 2
