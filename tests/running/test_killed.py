"""A process killed at any moment: the same command again ends with the same weights and numbers."""

from collections.abc import Callable

import pytest

from running.experiment import Experiment, RunFolder

pytestmark = pytest.mark.slow
Undisturbed = Callable[..., RunFolder]

# 7 batches an epoch, 3 epochs; each place is reached just before the hook's n-th call.
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


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_run_ends_with_the_same_weights_and_rows(
    moment: str, experiment: Experiment, undisturbed: Undisturbed
) -> None:
    experiment.killed(*MOMENTS[moment])

    run = experiment.trained()

    expected = undisturbed()
    assert run.weights() == expected.weights()
    assert run.metrics() == expected.metrics()
    assert run.checkpoints == expected.checkpoints
    assert run.best == expected.best
