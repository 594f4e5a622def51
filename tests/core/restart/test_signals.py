"""Signals: what a person or a scheduler sends, and what the run says and keeps."""

import signal
from collections.abc import Callable

import pytest
from harness.experiment import Experiment, RunFolder, fit_words, replace, wait_until

pytestmark = pytest.mark.slow
Undisturbed = Callable[..., RunFolder]


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (("on_train_batch_start", 11), ()),
        (("on_validation_batch_start", 9), ()),
        (("on_train_batch_start", 9), ("trainer.accumulate_grad_batches=2",)),
        (("on_train_batch_start", 12), ("callbacks.ema={}",)),
    ],
    ids=["between batches", "in validation", "inside an accumulation", "EMA"],
)
def test_sigterm_saves_says_stopped_and_resumes_exactly(
    moment: tuple[str, int],
    words: tuple[str, ...],
    experiment: Experiment,
    undisturbed: Undisturbed,
) -> None:
    at, count = moment
    stop = {"at": at, "count": count, "signal_number": signal.SIGTERM}

    stopped = experiment.fit("--name", "a", *words, interrupt=stop)

    assert stopped.returncode == 143, stopped.stderr
    summary = experiment.run("a").summary
    assert (summary["status"], summary["reason"]) == ("stopped", "SIGTERM")
    run = experiment.trained(*words)
    assert run.weights() == undisturbed(*words).weights()
    assert run.metrics() == undisturbed(*words).metrics()


def test_sigusr1_announces_a_time_limit_and_means_sigterm(
    experiment: Experiment, undisturbed: Undisturbed
) -> None:
    stop = {"at": "on_train_batch_start", "count": 11, "signal_number": signal.SIGUSR1}

    stopped = experiment.fit("--name", "a", interrupt=stop)

    assert stopped.returncode == 143, stopped.stderr
    run = experiment.trained()
    assert run.weights() == undisturbed().weights()
    assert run.metrics() == undisturbed().metrics()


def test_ctrl_c_ends_with_130_in_a_line_and_resumes(
    experiment: Experiment, undisturbed: Undisturbed
) -> None:
    stop = {"at": "on_train_batch_start", "count": 11, "signal_number": signal.SIGINT}

    stopped = experiment.fit("--name", "a", interrupt=stop)

    assert stopped.returncode == 130
    assert "Traceback" not in stopped.stderr
    assert stopped.stdout.endswith("stopped: a; the same command goes on\n")
    assert experiment.run("a").summary["reason"] == "Ctrl-C"
    run = experiment.trained()
    assert run.weights() == undisturbed().weights()
    assert run.summary["status"] == "finished"
    assert run.summary["reason"] is None


def test_a_time_limit_counts_the_whole_life_and_changes_nothing(
    experiment: Experiment, undisturbed: Undisturbed
) -> None:
    words = ("trainer.max_epochs=60",)  # a calm one is trained for other tests, too
    run = experiment.run("a")

    killed = experiment.start(*fit_words("--name", "a", *words, "--max-time", "00:01:00"))
    wait_until(lambda: _seconds_of_the_last_beat(run) > 1.0)
    killed.send(signal.SIGKILL)
    killed.wait()
    more = int(_seconds_of_the_last_beat(run)) + 2
    limit = f"00:00:{more:02}"
    used_up = experiment.fit("--name", "a", *words, "--max-time", "00:00:01")
    stopped = experiment.fit("--name", "a", *words, "--max-time", limit)
    again = experiment.fit("--name", "a", *words, "--max-time", limit)

    assert used_up.returncode == stopped.returncode == again.returncode == 0, stopped.stderr
    assert "a has used up its max_time of 00:00:01; a larger --max-time" in used_up.stdout
    assert f"a has used up its max_time of {limit}; a larger --max-time" in again.stdout
    assert "resuming" not in used_up.stdout + again.stdout
    assert (run.summary["status"], run.summary["reason"]) == ("stopped", "max_time")
    assert run.summary["seconds"] >= more
    assert run.checkpoint()["global_step"] == run.summary["steps"] < 60 * 7
    run = experiment.trained(*words)
    assert run.weights() == undisturbed(*words).weights()
    assert run.metrics() == undisturbed(*words).metrics()


def test_a_crash_keeps_its_traceback_and_says_failed(experiment: Experiment) -> None:
    step = '        return self._step(batch, "train")'
    fall = "        if self.global_step == 10:\n            raise RuntimeError('the sky fell')\n"
    replace(experiment / "experiment/module.py", step, fall + step)

    crashed = experiment.fit("--name", "a")

    assert crashed.returncode == 1
    assert "the sky fell" in crashed.stderr
    run = experiment.run("a")
    assert run.summary["status"] == "failed"
    assert run.summary["reason"] == "RuntimeError: the sky fell"
    assert "training_step" in (run / "train.log").read_text()


def test_a_run_killed_from_outside_goes_on_under_one_wandb_id(
    experiment: Experiment, undisturbed: Undisturbed
) -> None:
    words = fit_words("--name", "a", "logger.wandb=offline", "trainer.max_epochs=40")
    process = experiment.start(*words)
    run = experiment.run("a")
    wait_until(lambda: run.logged() > 60)

    process.send(signal.SIGKILL)

    assert process.wait().returncode == -signal.SIGKILL
    killed = run.summary
    assert killed["status"] == "running"
    done = experiment.main(*words)
    assert done.returncode == 0, done.stderr
    assert "resuming a at epoch" in done.stdout
    assert run.summary["wandb"]["id"] == killed["wandb"]["id"]
    assert run.wandb_ids() == {killed["wandb"]["id"]}
    steps = sorted({step for step, name in run.metrics() if name == "train/loss_step"})
    assert steps == list(range(40 * 7))
    assert run.weights() == undisturbed("trainer.max_epochs=40").weights()


def _seconds_of_the_last_beat(run: RunFolder) -> float:
    beat = run / ".heartbeat"
    return float(beat.read_text().split()[1]) if beat.exists() else 0.0
