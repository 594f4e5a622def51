"""Disks that fill up or refuse: told before training starts, outlived while it goes on."""

import subprocess
from collections.abc import Callable
from subprocess import CompletedProcess

import pytest
from harness.experiment import Experiment, RunFolder

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0,
        reason="this machine may not make namespaces",
    ),
]
Undisturbed = Callable[..., RunFolder]

# The disk of runs/ has no byte left from one step on, and room again from another on. What is on it
# is gone with the process: at its end it is copied to kept/.
PROGRAM = """
import os
import shutil
import sys

import pytorch_lightning as pl

import experiment.core.trainer.trainer as made
from main import main


class OtherUser(pl.Callback):
    def on_train_batch_start(self, trainer, *args):
        if trainer.global_step == {full}:
            with open("runs/theirs", "wb") as file:
                os.posix_fallocate(file.fileno(), 0, shutil.disk_usage("runs").free)
        if trainer.global_step == {room}:
            os.unlink("runs/theirs")


make_callbacks = made.make_callbacks
made.make_callbacks = lambda *words: [OtherUser(), *make_callbacks(*words)]
code = main()
shutil.copytree("runs", "kept")
sys.exit(code)
"""
NEVER = 1000


def on_full_disk(experiment: Experiment, *argv: str, full: int, room: int) -> CompletedProcess[str]:
    """Train on a disk that fills up, and bring ``runs/`` back."""
    (experiment / "runs").mkdir()
    (experiment / "full.py").write_text(PROGRAM.format(full=full, room=room))
    done = experiment.fit(
        *("--name", "a", *argv),
        program="full.py",
        small_disks={str(experiment / "runs"): "8m"},
    )
    (experiment / "runs").rmdir()
    (experiment / "kept").rename(experiment / "runs")
    return done


def test_a_full_disk_is_outlived_until_there_is_room_again(
    experiment: Experiment, undisturbed: Undisturbed
) -> None:
    many_rows = "data.batch_size=4"  # more than fit into the pages that files have already

    done = on_full_disk(experiment, many_rows, "logger.wandb=offline", full=60, room=120)

    assert done.returncode == 0, done.stderr
    lines, problem = done.stdout.splitlines(), "no space left on device"
    unsaved = [line for line in lines if "not saved" in line]
    assert len(unsaved) == 1
    assert unsaved[0].startswith(f"runs/a/checkpoints: checkpoint not saved: {problem}")
    assert lines.count("runs/a/checkpoints: checkpoints are saved again") == 1
    assert lines.count(f"runs/a/metrics.jsonl: {problem}; going on without it") == 1
    assert "Traceback" not in done.stdout + done.stderr
    run = experiment.run("a")
    assert run.weights() == undisturbed(many_rows).weights()
    assert run.metrics() == undisturbed(many_rows).metrics()  # rows waited in memory
    assert run.summary["status"] == "finished"
    assert not [name for name in run.checkpoints if name.endswith(".tmp")]


def test_three_saves_in_vain_end_training_and_leave_what_was_there(
    experiment: Experiment, undisturbed: Undisturbed
) -> None:
    done = on_full_disk(experiment, "checkpoint.every_n_steps=2", full=8, room=NEVER)

    assert done.returncode == 1
    assert done.stdout.count("checkpoint not saved: no space left on device") == 3
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith("runs/a/checkpoints: the last 3 saves failed: no space left on")
    run = experiment.run("a")
    assert run.checkpoint()["global_step"] == 7
    assert run.summary["status"] == "running"  # whole, though it could not be rewritten
    assert not [name for name in run.checkpoints if name.endswith(".tmp")]
    (run / "../theirs").unlink()

    again = experiment.trained()

    assert again.weights() == undisturbed().weights()
    assert again.metrics() == undisturbed().metrics()


@pytest.mark.parametrize(("size", "code"), [("5m", 2), ("9m", 0)])
def test_no_room_is_refused_and_little_room_is_said(
    size: str, code: int, experiment: Experiment
) -> None:
    (experiment / "runs").mkdir()
    words = ("model.width=32", "trainer.max_steps=1", "trainer.limit_val_batches=1")

    done = experiment.fit(*words, small_disks={str(experiment / "runs"): size})

    assert done.returncode == code, done.stderr
    shown = "runs/run-001/checkpoints: "
    if code:
        (sentence,) = done.stderr.splitlines()
        assert sentence.startswith(shown)
        assert "a checkpoint takes" in sentence
    else:
        assert f"{shown}only " in done.stdout
        assert "a save that finds no room is left out" in done.stdout


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("runs", ("--name", "b")),
        ("runs", ("--resume", "none")),
        ("runs/a", ("--name", "a")),
        ("runs/a/checkpoints", ("--name", "a")),
    ],
)
def test_a_folder_that_cannot_be_written_is_a_sentence(
    place: str, words: tuple[str, ...], experiment: Experiment
) -> None:
    (experiment / "runs/a/checkpoints").mkdir(parents=True)

    refused = experiment.fit(*words, read_only=[str(experiment / place)])

    assert refused.returncode == 2
    (sentence,) = refused.stderr.splitlines()
    assert sentence.startswith("runs")
    assert "read-only file system; make it writable, or give --output another" in sentence


def test_a_data_folder_that_cannot_be_written_is_a_sentence(experiment: Experiment) -> None:
    (experiment / "data").mkdir()
    prepare = "    def prepare_data(self) -> None:\n        (self.root / 'mine').mkdir()\n"
    text = (experiment / "experiment/data.py").read_text()
    (experiment / "experiment/data.py").write_text(
        text.replace("    def prepare_data(self) -> None:\n", prepare)
    )

    refused = experiment.fit("--name", "a", read_only=[str(experiment / "data")])

    assert refused.returncode == 2
    assert refused.stderr == (
        "data/mine: read-only file system; data.root is the folder that data goes to: data\n"
    )
