"""A process killed at any moment: the same command again ends with the same weights and numbers."""

from collections.abc import Callable
from functools import cache

import pytest
from harness.copy_project import copy_project
from harness.experiment import Experiment, RunFolder, Server, fit_words, replace
from harness.matrix import spanned
from projects import Project

pytestmark = pytest.mark.slow
Undisturbed = Callable[..., RunFolder]

# 7 batches an epoch, 3 epochs; each place is reached just before the n-th call.
MOMENTS = {
    "before the first batch": ("on_train_batch_start", 1),
    "in the first epoch": ("on_train_batch_start", 4),
    "in the second epoch": ("on_train_batch_start", 12),
    "at a batch's end": ("on_train_batch_end", 10),
    "in the step of an epoch's last batch": ("on_after_backward", 14),
    "at an epoch's last batch": ("on_train_batch_end", 14),
    "in validation": ("on_validation_batch_start", 9),
    "after validation": ("on_validation_end", 2),
    "at an epoch's end": ("on_train_epoch_end", 2),
    "at the next epoch's start": ("on_train_epoch_start", 3),
    "at the end of training": ("on_train_end", 1),
}
COUNTING = """
import os
from main import main
calls, replace = [], os.replace
os.replace = lambda *names: (calls.append(names), replace(*names))
main()
print(len(calls))
"""
# What has a state of its own, or moves the place where checkpoints are saved.
# val/loss falls, so with this mode each validation is one without improvement.
PLATEAU = ("schedule.name=plateau", "schedule.mode=max", "schedule.patience=0")
PLATEAU += ("schedule.factor=0.5", "schedule.warmup_fraction=0.4")
KINDS = {
    "saved every 3 steps": ("checkpoint.every_n_steps=3",),
    "accumulating, saved every 2 steps": (
        "trainer.accumulate_grad_batches=2",
        "checkpoint.every_n_steps=2",
    ),
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
    "step schedule by epochs": ("schedule.name=step", "schedule.every=1"),
    "plateau": PLATEAU,
    "plateau, saved every 3 steps": (*PLATEAU, "checkpoint.every_n_steps=3"),
    "plateau, ended by steps": (*PLATEAU, "trainer.max_steps=17"),
    "accumulating 3, plateau, workers, EMA": (
        *PLATEAU,
        "trainer.accumulate_grad_batches=3",
        "data.num_workers=2",
        "callbacks.ema={}",
        "checkpoint.every_n_steps=2",
    ),
    "balanced classes": ("data.sampler=balanced",),
    "ended by steps": ("trainer.max_steps=17",),
    "stopped early": (
        "callbacks.early_stopping.patience=1",
        "callbacks.early_stopping.min_delta=9",
        "trainer.max_epochs=5",
    ),
    "two best": ("checkpoint.save_top_k=2",),
}
# Parts of a kind that stays ("accumulating 3, plateau, workers, EMA", "SWA, saved every 3 steps",
# "plateau, ended by steps"), of the saves that are killed, or of every task's spanning cell.
# `python -m tests.torture` has all of them at every moment.
PARTS = (
    "saved every 3 steps",
    "accumulating, saved every 2 steps",
    "EMA",
    "EMA, saved every 3 steps",
    "SWA",
    "worker processes",
    "plateau",
    "plateau, saved every 3 steps",
    "ended by steps",
)
# The last checkpoint: its predecessor, itself, the best one and the scores take their names.
RENAMES = [*range(-5, 0)]
KILLED_SAVES = [
    (kind, rename) for kind in ("saved every 3 steps", "stopped early") for rename in RENAMES
]


@pytest.fixture(scope="module")
def renames(
    default_project: Project, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., int]:
    """How often an undisturbed run renames a file, by what was typed."""

    @cache
    def count(*argv: str) -> int:
        path = tmp_path_factory.mktemp("counted") / "experiment"
        copy_project(default_project.path, path)
        (path / "count.py").write_text(COUNTING)
        words = fit_words("--name", "a", *argv)
        done = Experiment(path, server).main(*words, program="count.py")
        return int(done.stdout.splitlines()[-1])

    return count


# The rest: each kind is killed at batches' ends, too, and each task in validation.
@pytest.mark.parametrize("moment", spanned(MOMENTS, ["at a batch's end", "in validation"]))
def test_a_killed_run_ends_with_the_same_weights_and_rows(
    moment: str, experiment: Experiment, undisturbed: Undisturbed
) -> None:
    experiment.killed(*MOMENTS[moment])

    run = experiment.trained()

    assert_same(run, undisturbed())


@pytest.mark.parametrize("kind", spanned(KINDS, PARTS))
def test_every_kind_of_run_outlives_two_kills(
    kind: str, experiment: Experiment, undisturbed: Undisturbed
) -> None:
    experiment.killed("on_train_batch_start", 12, *KINDS[kind])
    experiment.killed("on_train_batch_end", 5, *KINDS[kind])

    run = experiment.trained(*KINDS[kind])

    assert_same(run, undisturbed(*KINDS[kind]))


# Those of the run that stops early are the same renames; it ends with the last of them.
@pytest.mark.parametrize(("kind", "rename"), spanned(KILLED_SAVES, KILLED_SAVES[5:9]))
def test_a_save_that_is_killed_is_mended(
    kind: str,
    rename: int,
    renames: Callable[..., int],
    experiment: Experiment,
    undisturbed: Undisturbed,
) -> None:
    count = renames(*KINDS[kind]) + 1 + rename
    experiment.killed("os.replace", count, *KINDS[kind])

    run = experiment.trained(*KINDS[kind])

    assert_same(run, undisturbed(*KINDS[kind]))


# The first step of an epoch that draws is its fifth: the run resumes before it, at it, and after.
def test_steps_that_draw_from_python_and_numpy_now_and_then(experiment: Experiment) -> None:
    module = experiment / "experiment/module.py"
    replace(module, "import torch.nn", "import random\n\nimport numpy as np\nimport torch.nn")
    whole = 'self._step(batch, "train")'
    drawing = f"{whole} * (random.random() + np.random.rand() if batch_idx in (4, 5) else 1.0)"
    replace(module, whole, drawing)
    words = ("checkpoint.every_n_steps=1",)
    copies = [experiment.copy(experiment.path.with_name(f"copy{number}")) for number in range(3)]
    calm = experiment.trained(*words)

    for count, copy in enumerate(copies, 12):
        copy.killed("on_train_batch_start", count, *words)
        assert_same(copy.trained(*words), calm)


def test_a_run_killed_before_its_test_is_tested_without_training(
    experiment: Experiment, undisturbed: Undisturbed
) -> None:
    words = ("trainer.test_after_fit=true",)
    experiment.killed("on_test_start", 1, *words)

    run = experiment.trained(*words)

    assert run.summary["metrics"] == undisturbed(*words).summary["metrics"]
    assert run.metrics() == undisturbed(*words).metrics()
    assert "test/accuracy" in run.summary["metrics"]


def assert_same(run: RunFolder, expected: RunFolder) -> None:
    """Nothing that a run leaves says whether it was interrupted."""
    assert run.weights() == expected.weights()
    assert run.metrics() == expected.metrics()
    assert run.checkpoints == expected.checkpoints
    assert run.best == expected.best
    assert [run.weights(name) for name in run.best] == [expected.weights(name) for name in run.best]
    for entry in ("status", "reason", "metrics", "best", "epochs", "steps"):
        assert run.summary[entry] == expected.summary[entry]
