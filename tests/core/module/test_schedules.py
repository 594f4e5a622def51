"""The learning rate of every optimizer step, against the equation written out once more."""

from collections.abc import Callable
from math import cos, pi

import pytest
from harness.experiment import Experiment, RunFolder

pytestmark = pytest.mark.slow
PEAK, FINAL = 0.002, 0.01  # of experiment.yaml, and the default
RATE = "lr-AdamW/pg1"

# 7 batches an epoch, 3 epochs: optimizer steps in all, and in an epoch.
LENGTHS = {
    "whole epochs": ((), 21, 7),
    "accumulating": (("trainer.accumulate_grad_batches=3",), 9, 3),
    "limited": (("trainer.accumulate_grad_batches=3", "trainer.limit_train_batches=5"), 6, 2),
    "ended by steps": (("trainer.accumulate_grad_batches=3", "trainer.max_steps=7"), 7, 3),
}
# What the peak is multiplied by at step s of T, of which W warm up; E steps are an epoch.
EQUATIONS: dict[str, Callable[[int, int, int, int], float]] = {
    "schedule.name=constant": lambda s, T, W, E: 1,
    "schedule.name=linear": lambda s, T, W, E: FINAL + (1 - FINAL) * (1 - (s - W) / (T - W)),
    "schedule.name=cosine": lambda s, T, W, E: (
        FINAL + (1 - FINAL) * (1 + cos(pi * (s - W) / (T - W))) / 2
    ),
    "schedule.name=step schedule.every=1": lambda s, T, W, E: 0.1 ** (s // E),
    "schedule.name=step schedule.every=2 schedule.unit=step": lambda s, T, W, E: 0.1 ** (s // 2),
}


def rates(run: RunFolder) -> list[float]:
    """The logged rate of each optimizer step, none left out."""
    logged = {step: value for (step, name), value in run.metrics().items() if name == RATE}
    assert sorted(logged) == list(range(run.summary["steps"]))
    return [logged[step] for step in sorted(logged)]


@pytest.mark.parametrize("length", LENGTHS)
def test_a_schedule_counts_optimizer_steps(length: str, experiment: Experiment) -> None:
    words, steps, _ = LENGTHS[length]

    run = experiment.trained("schedule.name=linear", "schedule.warmup_fraction=0", *words)

    falling = [PEAK * (FINAL + (1 - FINAL) * (1 - s / steps)) for s in range(steps)]
    assert rates(run) == pytest.approx(falling, rel=1e-9)


@pytest.mark.parametrize("schedule", EQUATIONS)
def test_each_schedule_follows_its_equation_after_the_warm_up(
    schedule: str, experiment: Experiment
) -> None:
    words, steps, epoch = LENGTHS["limited" if "unit" in schedule else "accumulating"]
    warmup = round(0.34 * steps)

    run = experiment.trained(*schedule.split(), "schedule.warmup_fraction=0.34", *words)

    factors = [EQUATIONS[schedule](s, steps, warmup, epoch) for s in range(steps)]
    for s in range(warmup):
        dropped = factors[s] if "step" in schedule else 1
        factors[s] = (s + 1) / (warmup + 1) * dropped
    assert rates(run) == pytest.approx([PEAK * factor for factor in factors], rel=1e-9)


def test_one_cycle_rises_from_a_25th_and_falls(experiment: Experiment) -> None:
    run = experiment.trained("schedule.name=one-cycle", "schedule.rise_fraction=0.3")

    rise, steps = 6, 21
    up = [PEAK * (1 / 25 + (1 - 1 / 25) * (1 - cos(pi * s / rise)) / 2) for s in range(rise)]
    fall = [(1 + cos(pi * (s - rise) / (steps - rise))) / 2 for s in range(rise, steps)]
    down = [PEAK * (FINAL + (1 - FINAL) * left) for left in fall]
    assert rates(run) == pytest.approx(up + down, rel=1e-9)


def test_plateau_drops_when_the_metric_does_not_improve(experiment: Experiment) -> None:
    words = ("schedule.name=plateau", "schedule.patience=1", "schedule.factor=0.5")
    watched = ("schedule.monitor=val/loss", "schedule.mode=max", "schedule.final_factor=0.3")
    length = ("trainer.max_epochs=10", "trainer.accumulate_grad_batches=3")

    run = experiment.trained(*words, *watched, *length, "trainer.check_val_every_n_epoch=2")

    warmup, best, bad, scale = round(0.05 * 30), float("-inf"), 0, [1.0]
    for value in run.series("val/loss"):  # of every second epoch
        best, bad = (value, 0) if value > best * 1.0001 else (best, bad + 1)
        drops = bad > 1
        bad = 0 if drops else bad
        scale.append(max(0.3, 0.5 * scale[-1]) if drops else scale[-1])
    assert min(scale) < 1
    expected = [
        PEAK * scale[s // 6] * (min(1, (s + 1) / (warmup + 1)) if s < warmup else 1)
        for s in range(30)
    ]
    assert rates(run) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("schedule.every=0", "schedule.every is 0; it must be at least 1"),
        ("schedule.factor=1", "schedule.factor is 1.0; it must be at least 0 and below 1"),
        (
            "schedule.name=plateau schedule.monitor=val/losses schedule.mode=min",
            "schedule.monitor: val/losses is not logged; logged are",
        ),
        (
            "callbacks.early_stopping.monitor=val/los",
            "to min or to max; did you mean val/loss?",
        ),
        (
            "callbacks.early_stopping.monitor=val/nll",
            "callbacks.early_stopping.monitor: val/nll is not logged; logged are",
        ),
    ],
)
def test_what_cannot_be_a_schedule_is_told(words: str, told: str, experiment: Experiment) -> None:
    done = experiment.fit(*words.split())

    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_another_schedule_takes_over_where_plateau_stood(experiment: Experiment) -> None:
    run = experiment.trained("schedule.name=plateau", "trainer.max_epochs=1")
    linear = ("schedule.name=linear", "schedule.warmup_fraction=0")

    experiment.trained(*linear, "--allow-change")

    falling = [PEAK * (FINAL + (1 - FINAL) * (1 - s / 21)) for s in range(7, 21)]
    assert rates(run)[7:] == pytest.approx(falling, rel=1e-9)


# --- data whose position nobody knows ------------------------------------------------------------

STREAM = '''
    def train_dataloader(self):
        """A stream, in the order of torch's own draws."""
        import torch
        from torch.utils.data import DataLoader, IterableDataset

        from .core.data.sampling import BatchKey

        whole = super().train_dataloader().dataset

        class Stream(IterableDataset):
            def __iter__(self):
                for part in torch.randperm(200).split(32):
                    yield whole[BatchKey(0, 0, part.numpy())]

        return DataLoader(Stream(), batch_size=None)
'''
LEVEL = ("schedule.name=constant", "schedule.warmup_fraction=0")


def test_a_stream_resumes_at_its_epochs_start_and_says_so(experiment: Experiment) -> None:
    data = experiment / "experiment/data.py"
    data.write_text(data.read_text() + STREAM)
    words = (*LEVEL, "checkpoint.every_n_steps=2")
    calm = experiment.copy(experiment.path.with_name("calm")).trained(*words)
    killed = experiment.killed("on_train_batch_start", 12, *words)  # the fifth of the second epoch

    done = experiment.fit("--name", "a", *words)

    assert done.returncode == 0, done.stderr
    assert "the training data can only be read from an epoch's start" in (done.stdout)
    assert "resuming a at epoch 2, batch 1" in done.stdout
    assert killed.weights() == calm.weights()
    assert killed.metrics() == calm.metrics()


def test_a_stream_needs_a_length_for_what_depends_on_it(experiment: Experiment) -> None:
    data = experiment / "experiment/data.py"
    data.write_text(data.read_text() + STREAM)

    refused = experiment.fit("--name", "a")
    run = experiment.trained("trainer.max_steps=9", "schedule.name=linear")

    assert refused.returncode == 2
    assert "set trainer.max_steps or trainer.limit_train_batches" in refused.stderr
    assert len(rates(run)) == 9


def test_the_weights_of_the_last_step_are_validated(experiment: Experiment) -> None:
    """17 steps end in the third epoch of 7, where Lightning alone would not validate."""
    run = experiment.trained("trainer.max_steps=17", "trainer.max_epochs=null")

    validated = sorted(step for step, name in run.metrics() if name == "val/loss")
    assert validated == [6, 13, 16]
    assert run.summary["epochs"] == 3
    assert run.checkpoint()["position"]["step"] == 17
