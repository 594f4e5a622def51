"""Machines that lack something: a network, a home, a folder to write to, a second device."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from running.experiment import Experiment, RunFolder, fit_words

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


def test_a_folder_that_cannot_be_written_is_a_sentence(experiment: Experiment) -> None:
    experiment.killed("on_train_batch_start", 10)
    folder = str(experiment / "runs")

    new = experiment.fit("--name", "b", read_only=[folder])
    resumed = experiment.fit("--name", "a", read_only=[folder])
    unnamed = experiment.fit("--resume", "none", read_only=[folder])

    for refused in (new, resumed, unnamed):
        assert refused.returncode == 2, refused.stderr
        assert refused.stderr.startswith("runs")
        assert "give --output a folder that can be written" in refused.stderr
        assert len(refused.stderr.splitlines()) == 1


def test_a_run_that_cannot_be_written_is_still_evaluated(experiment: Experiment) -> None:
    run = experiment.trained()
    (best,) = run.best.values()

    done = experiment.main("validate", "--name", "a", read_only=[str(run.path)])

    assert done.returncode == 0, done.stderr
    assert f"{best:.6g}" in done.stdout


def test_two_processes_train_one_run(
    experiment: Experiment, python: Path, undisturbed: Undisturbed
) -> None:
    words = fit_words("trainer.devices=2", "trainer.test_after_fit=true", "logger.wandb=offline")

    done = subprocess.run(
        [str(python), "main.py", *words],
        cwd=experiment.path,
        env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert [path.name for path in (experiment / "runs").iterdir()] == ["run-001"]
    run = experiment.run("run-001")
    assert run.summary["status"] == "finished"
    assert run.summary["steps"] == 3 * 4  # 200 examples, 2 * 32 a step
    assert "test/accuracy" in run.summary["metrics"]
    assert len(run.wandb_ids()) == 1
    assert done.stdout.count("finished: run-001") == 1
    assert done.stdout.count("new run in") == 1
