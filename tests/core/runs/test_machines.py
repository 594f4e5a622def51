"""Machines that lack something: a network, a home, a folder to write to, a second device."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from harness.experiment import Experiment, RunFolder, fit_words, replace

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        subprocess.run(["unshare", "--mount", "--net", "true"], capture_output=True).returncode
        != 0,
        reason="this machine may not make namespaces",
    ),
]
Undisturbed = Callable[..., RunFolder]


def test_no_network_and_no_home_do_not_matter(
    experiment: Experiment, undisturbed: Undisturbed
) -> None:
    experiment.home.mkdir()

    done = experiment.main(
        *fit_words("--name", "a", "logger.wandb=auto"),
        no_network=True,
        read_only=[str(experiment.home)],
    )

    assert done.returncode == 0, done.stderr
    run = experiment.run("a")
    assert run.summary["wandb"]["mode"] == "offline"
    assert list((run / "wandb").glob("offline-run-*/*.wandb"))
    assert run.weights() == undisturbed().weights()
    assert list(experiment.home.iterdir()) == []


def test_a_run_that_cannot_be_written_is_still_evaluated(experiment: Experiment) -> None:
    run = experiment.trained()
    (best,) = run.best.values()

    done = experiment.main("validate", "--name", "a", read_only=[str(run.path)])

    assert done.returncode == 0, done.stderr
    assert f"{best:.6g}" in done.stdout


def test_two_processes_train_one_run(experiment: Experiment, python: Path) -> None:
    # A mean that is known: each label counts once, whatever makes up a step.
    replace(
        experiment / "experiment/module.py",
        "self.average(split, len(batch.label), loss=loss)",
        "self.average(split, len(batch.label), loss=loss, label=batch.label.float().mean())",
    )
    alone = experiment.trained("trainer.accumulate_grad_batches=2", "trainer.max_epochs=1")
    words = fit_words(
        "--name", "b", "trainer.devices=2", "trainer.test_after_fit=true", "logger.wandb=offline"
    )

    done = subprocess.run(
        [str(python), "main.py", *words],
        cwd=experiment.path,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert {path.name for path in (experiment / "runs").iterdir()} == {"a", "b"}
    run = experiment.run("b")
    assert run.summary["status"] == "finished"
    assert run.summary["steps"] == 3 * 4  # 200 examples, 2 * 32 a step
    assert "test/accuracy" in run.summary["metrics"]
    assert len(run.wandb_ids()) == 1
    assert done.stdout.count("finished: b,") == 1
    assert done.stdout.count("new run in") == 1
    for split in ("train", "val"):
        (mean,) = alone.series(f"{split}/label")
        assert mean * 200 == pytest.approx(round(mean * 200), abs=1e-3)  # of 200 labels, each once
        assert run.series(f"{split}/label") == pytest.approx([mean] * 3, abs=1e-6)
    assert sorted({step for step, name in run.metrics() if name == "train/loss_step"}) == list(
        range(3 * 4)
    )
