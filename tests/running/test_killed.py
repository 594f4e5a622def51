"""A process killed at any moment: the same command again ends with the same weights and numbers."""

import os
import signal
import time
from collections.abc import Callable

import pytest

from running.experiment import Experiment, RunFolder

pytestmark = pytest.mark.slow
Undisturbed = Callable[..., RunFolder]

# 7 batches an epoch, 3 epochs; each place is reached just before the n-th call.
MOMENTS = {
    "before the first batch": ("on_train_batch_start", 1),
    "in the first epoch": ("on_train_batch_start", 4),
    "in the second epoch": ("on_train_batch_start", 12),
    "at an epoch's last batch": ("on_train_batch_end", 14),
    "in validation": ("on_validation_batch_start", 9),
    "after validation": ("on_validation_end", 2),
    "at an epoch's end": ("on_train_epoch_end", 2),
    "at the next epoch's start": ("on_train_epoch_start", 3),
    "at the end of training": ("on_train_end", 1),
}
# What has a state of its own, or moves the place where checkpoints are saved.
KINDS = {
    "saved every 3 steps": ("checkpoint.every_n_steps=3",),
    "accumulating": ("trainer.accumulate_grad_batches=2",),
    "accumulating, saved every 2 steps": (
        "trainer.accumulate_grad_batches=2",
        "checkpoint.every_n_steps=2",
    ),
    "validated in mid-epoch": ("trainer.val_check_interval=0.5",),
    "validated in mid-epoch, saved every 2 steps": (
        "trainer.val_check_interval=0.5",
        "checkpoint.every_n_steps=2",
    ),
    "validated every second epoch": ("trainer.check_val_every_n_epoch=2",),
    "EMA": ("callbacks.ema={}",),
    "EMA, saved every 3 steps": ("callbacks.ema.decay=0.9", "checkpoint.every_n_steps=3"),
    "SWA": ("callbacks.swa.start_fraction=0.34", "callbacks.swa.learning_rate=0.001"),
    "SWA, saved every 3 steps": ("callbacks.swa.start_fraction=0.34", "checkpoint.every_n_steps=3"),
    "bfloat16": ("trainer.precision=bf16-mixed",),
    "worker processes": ("data.num_workers=2",),
    "balanced classes": ("data.sampler=balanced",),
    "ended by steps": ("trainer.max_steps=17",),
    "stopped early": (
        "callbacks.early_stopping.patience=1",
        "callbacks.early_stopping.min_delta=9",
        "trainer.max_epochs=5",
    ),
    "two best": ("checkpoint.save_top_k=2",),
}
# Hooks in the second epoch, and the saving of the second checkpoint.
MOMENTS_OF_KINDS = {
    "in the second epoch": ("on_train_batch_start", 12),
    "in validation": ("on_validation_batch_start", 9),
    "at the next epoch's start": ("on_train_epoch_start", 3),
}
# last.ckpt, its predecessor and a best one are renamed into place one after the other.
RENAMES = range(1, 13)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_run_ends_with_the_same_weights_and_rows(
    moment: str, experiment: Experiment, undisturbed: Undisturbed
) -> None:
    experiment.killed(*MOMENTS[moment])

    run = experiment.trained()

    assert_same(run, undisturbed())


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_run_outlives_three_kills(
    kind: str, experiment: Experiment, undisturbed: Undisturbed
) -> None:
    for at, count in (("on_train_batch_start", 12), ("on_validation_batch_start", 2)):
        experiment.killed(at, count, *KINDS[kind])
    assert experiment.run("a").summary["status"] == "running"

    run = experiment.trained(*KINDS[kind])

    assert_same(run, undisturbed(*KINDS[kind]))
