"""Two processes that train together (DDP): one is killed, both start again, nothing differs."""

import signal
from pathlib import Path

import psutil
import pytest
import torch
from core.restart.test_exact_resume import assert_same
from harness.experiment import (
    PATIENCE,
    Experiment,
    RunFolder,
    Server,
    ended,
    wait_until,
)
from harness.processes import is_alive
from harness.several_loaders import several_loaders
from projects import Project

pytestmark = pytest.mark.slow
# Its epoch means, of which each rank knows a part, outlive a resume in mid-epoch.
WORDS = ("checkpoint.every_n_steps=3", "trainer.max_epochs=6")
MOMENTS = {
    "the first in mid-epoch": (0, "on_train_batch_start", 12),
    "the second in mid-epoch": (1, "on_train_batch_end", 11),
    "the first in validation": (0, "on_validation_batch_start", 9),
}


@pytest.fixture(scope="module")
def calm(
    default_project: Project, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> RunFolder:
    """A run of two processes that nothing happened to."""
    path = tmp_path_factory.mktemp("calm") / "experiment"
    experiment = Experiment(default_project.path, server).copy(path)
    for done in experiment.ranks(*WORDS):
        assert done.returncode == 0, done.stdout + done.stderr
    return experiment.run("a")


@pytest.mark.parametrize("moment", MOMENTS)
def test_two_processes_of_which_one_is_killed_end_with_the_same_weights_and_rows(
    moment: str, experiment: Experiment, calm: RunFolder
) -> None:
    victim, at, count = MOMENTS[moment]
    stop = {"at": at, "count": count, "signal_number": signal.SIGKILL}
    died = experiment.ranks(*WORDS, victim=victim, killed=stop)

    first, second = experiment.ranks(*WORDS)

    assert died[victim].returncode == -signal.SIGKILL
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert first.stderr + second.stdout + second.stderr == ""  # one voice
    assert_same(experiment.run("a"), calm)


def test_two_processes_with_several_loaders_and_metrics_of_training(
    experiment: Experiment, tmp_path: Path
) -> None:
    several_loaders(Project(experiment.path))
    undisturbed = experiment.copy(tmp_path / "undisturbed/experiment")
    stop = {"at": "on_train_batch_start", "count": 12, "signal_number": signal.SIGKILL}
    experiment.ranks("checkpoint.every_n_steps=3", victim=1, killed=stop)

    for one in (experiment, undisturbed):
        for done in one.ranks("checkpoint.every_n_steps=3"):
            assert done.returncode == 0, done.stdout + done.stderr

    assert_same(experiment.run("a"), undisturbed.run("a"))
    assert len(experiment.run("a").series("train/f1")) == 3


# Nothing that a device decides by its own part of the batch: no batch norm, dropout, augmentation.
ALIKE = ("model.name=vit", "model.dropout=0.0", "data.augment=false", "data.limit=192")
# As SGD: where a gradient is next to nothing, Adam makes a whole step of its last digit.
LEVEL = ("optimizer.eps=1.0", "optimizer.learning_rate=0.5", "optimizer.weight_decay=0.0")


def without_batch_norm(experiment: Experiment) -> None:
    """Give the transformer a stem that knows each image alone."""
    stem = "self.stem = nn.Conv2d(facts.channels, config.width, 3, padding=1)"
    model, dim = experiment / "experiment/model.py", "        dim, side = "
    text = model.read_text()
    head, transformer = text.split(dim)
    old = "self.stem = ConvNormAct(facts.channels, config.width)"
    assert old in transformer
    model.write_text(head + dim + transformer.replace(old, stem))


def test_two_processes_lose_what_one_loses_with_the_whole_batch(experiment: Experiment) -> None:
    without_batch_norm(experiment)
    one = experiment.fit("--name", "one", *ALIKE, *LEVEL)
    assert one.returncode == 0, one.stderr

    two = experiment.ranks(*ALIKE, *LEVEL)

    assert [done.returncode for done in two] == [0, 0], two[0].stderr + two[1].stderr
    alone, both = experiment.run("one"), experiment.run("a")
    assert len(both.series("train/loss_step")) == 3 * 6
    assert both.series("train/loss")[-1] < both.series("train/loss")[0]
    for name in ("train/loss_step", "train/loss", "val/loss", "train/accuracy", "val/f1"):
        assert both.series(name) == pytest.approx(alone.series(name), rel=1e-5), name
    weights = both.checkpoint()["state_dict"]
    for name, weight in alone.checkpoint()["state_dict"].items():
        torch.testing.assert_close(weights[name], weight, rtol=1e-4, atol=1e-6, msg=name)


def test_out_of_time_two_processes_stop_at_the_same_step(experiment: Experiment) -> None:
    endless = ("trainer.max_epochs=100000", "trainer.progress_bar=false")

    first, second = experiment.ranks(*endless, "trainer.max_time=00:00:01")

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    run = experiment.run("a")
    assert (run.summary["status"], run.summary["reason"]) == ("stopped", "max_time")
    assert run.checkpoint()["global_step"] == run.summary["steps"] > 0


def test_asked_to_end_two_processes_stop_at_the_same_step_and_go_on(
    experiment: Experiment, calm: RunFolder
) -> None:
    ask = {"at": "on_train_batch_end", "count": 18, "signal_number": signal.SIGTERM}

    ended = [done.returncode for done in experiment.ranks(*WORDS, asked=ask)]
    step = experiment.run("a").checkpoint()["global_step"]
    went_on = [done.returncode for done in experiment.ranks(*WORDS)]

    assert (ended, step, went_on) == ([143, 143], 18, [0, 0])
    assert_same(experiment.run("a"), calm)


def test_all_processes_of_a_run_die_and_start_together(
    experiment: Experiment, calm: RunFolder
) -> None:
    run = experiment.run("a")
    words = ("--devices", "2", "data.batch_size=16", *WORDS, "logger.wandb=offline")
    with ended(experiment.typed(*words)) as supervisor:
        wait_until((run / "checkpoints/last.ckpt").exists)
        (training,) = psutil.Process(supervisor.pid).children()
        (second,) = [p for p in training.children() if "fit" in p.cmdline()]

        second.kill()

        assert supervisor.wait(PATIENCE) == 0
    assert run.summary["restarts"] == 1
    assert not is_alive(training)
    assert run.weights() == calm.weights()
    assert run.metrics() == {**calm.metrics(), **restarts_of(run)}
    assert len(run.wandb_ids()) == 1
    assert [path.name for path in (experiment / "runs").iterdir()] == ["a"]


def restarts_of(run: RunFolder) -> dict[tuple[int, str], float]:
    """What only a run that was started again logs."""
    return {place: value for place, value in run.metrics().items() if place[1] == "restarts"}
