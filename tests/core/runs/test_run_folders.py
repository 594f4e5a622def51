"""Which run a start belongs to: names, numbers, locks, changed settings."""

import json
import os
import signal
from pathlib import Path

import pytest
from harness.experiment import Experiment, fit_words, wait_until

pytestmark = pytest.mark.slow


def test_a_finished_name_says_so_and_changes_nothing(experiment: Experiment) -> None:
    run = experiment.trained()
    before = {path: path.stat().st_mtime_ns for path in run.path.rglob("*.*")}

    again = experiment.fit("--name", "a")

    assert again.returncode == 0
    assert (
        "a is finished after 3 epochs; for more give --epochs 4 or more, "
        "for a new run another --name\n"
    ) in again.stdout
    assert str(Path("runs/a/checkpoints")) in again.stdout
    assert {path: path.stat().st_mtime_ns for path in run.path.rglob("*.*")} == before


def test_more_epochs_go_on_where_it_ended(experiment: Experiment) -> None:
    experiment.trained()

    done = experiment.fit("--name", "a", "--epochs", "5")

    assert done.returncode == 0, done.stderr
    assert "trainer.max_epochs: 5 from now on (was 3)" in done.stdout
    assert "resuming a at epoch 4, batch 1 of 7, from last.ckpt (step 21)" in done.stdout
    run = experiment.run("a")
    assert (run.summary["epochs"], run.summary["steps"]) == (5, 35)
    steps = sorted({step for step, name in run.metrics() if name == "train/loss_step"})
    assert steps == list(range(35))


def test_a_changed_setting_under_the_same_name_is_refused(experiment: Experiment) -> None:
    experiment.killed("on_train_batch_start", 10)
    config = (experiment.run("a") / "config.yaml").read_bytes()

    refused = experiment.fit("--name", "a", "optimizer.learning_rate=0.5")

    assert refused.returncode == 2
    assert refused.stderr == (
        "run a was started with optimizer.learning_rate=0.002, now it is 0.5; "
        "go on with the old value, give the new experiment another --name, "
        "or change this one with --allow-change\n"
    )
    assert (experiment.run("a") / "config.yaml").read_bytes() == config
    assert experiment.run("a").summary["status"] == "running"


def test_settings_that_change_nothing_learned_may_change(experiment: Experiment) -> None:
    experiment.killed("on_train_batch_start", 10)

    run = experiment.trained("data.num_workers=1", "callbacks.learning_rate_monitor=null")

    assert run.summary["status"] == "finished"


def test_without_a_name_the_newest_unfinished_run_goes_on(experiment: Experiment) -> None:
    stop = {"at": "on_train_batch_start", "count": 10, "signal_number": signal.SIGKILL}
    experiment.fit(interrupt=stop)

    resumed = experiment.fit()
    fresh = experiment.fit()

    assert "resuming run-001 at epoch 2, batch 1 of 7, from last.ckpt (step 7)" in resumed.stdout
    assert "run-002: new run" in fresh.stdout


@pytest.mark.parametrize("what", ["configuration", "code"])
def test_without_a_name_what_changed_makes_a_new_run(what: str, experiment: Experiment) -> None:
    stop = {"at": "on_train_batch_start", "count": 10, "signal_number": signal.SIGKILL}
    experiment.fit(interrupt=stop)
    other = ["seed=1"] if what == "configuration" else []
    if what == "code":
        with (experiment / "experiment/model.py").open("a") as file:
            file.write("# An idea\n")

    done = experiment.fit(*other)

    assert done.returncode == 0, done.stderr
    assert "run-002: new run" in done.stdout
    assert experiment.run("run-001").summary["status"] == "running"


def test_a_second_process_on_one_name_is_refused(experiment: Experiment) -> None:
    stop = {"at": "on_train_batch_start", "count": 10, "signal_number": signal.SIGSTOP}
    first = experiment.start(*fit_words("--name", "a"), interrupt=stop)
    try:
        wait_until(lambda: "T (stopped)" in Path(f"/proc/{first.pid}/status").read_text())

        second = experiment.fit("--name", "a")
        unnamed = experiment.fit()
    finally:
        first.send(signal.SIGCONT)

    host = os.uname().nodename
    assert second.returncode == 2
    assert second.stderr == (
        f"runs/a is in use by process {first.pid} on {host}; "
        "wait for it, or give this run another --name\n"
    )
    assert "run-001: new run" in unnamed.stdout
    assert first.wait().returncode == 0


def test_the_lock_of_a_dead_process_is_no_lock(experiment: Experiment) -> None:
    experiment.killed("on_train_batch_start", 10)
    assert (experiment.run("a") / ".lock").exists()

    assert experiment.trained().summary["status"] == "finished"


def test_a_run_of_several_starts_adds_up(experiment: Experiment) -> None:
    experiment.killed("on_train_batch_start", 10)

    run = experiment.trained()

    assert (run.summary["epochs"], run.summary["steps"]) == (3, 21)
    assert run.summary["best"]["value"] == min(run.series("val/loss"))


@pytest.mark.parametrize("name", ["../escape", "a b", "/tmp/x", ".hidden"])
def test_a_name_that_is_no_name_is_refused(name: str, experiment: Experiment) -> None:
    refused = experiment.fit("--name", name)

    assert refused.returncode == 2
    assert refused.stderr.startswith(f"--name {name}: use letters, digits")
    assert not (experiment / "runs").exists()


def test_a_run_folder_that_was_moved_goes_on(experiment: Experiment, tmp_path: Path) -> None:
    experiment.killed("on_train_batch_start", 17)
    moved = experiment.copy(tmp_path / "elsewhere" / "experiment")
    (experiment / "runs").rename(experiment / "gone")

    run = moved.trained()

    assert "gone" not in json.dumps(run.summary)
    assert set(run.best) | {"best.json", "last.ckpt", "last.previous.ckpt"} == set(run.checkpoints)
    assert not (experiment / "runs").exists()


def test_a_clock_that_was_set_back_changes_nothing(experiment: Experiment) -> None:
    stop = {"at": "on_train_batch_start", "count": 10, "signal_number": signal.SIGKILL}
    for name in ("a", "b"):
        experiment.fit("--name", name, interrupt=stop)
        for path in experiment.run(name).path.rglob("*"):  # an hour from now
            later = path.stat().st_mtime + 3600
            os.utime(path, (later, later))
    experiment.fit("--name", "a", interrupt=stop)

    resumed = experiment.fit()  # without a name: the one that was started last

    assert resumed.returncode == 0, resumed.stderr
    assert "resuming a at epoch 3, batch 1 of 7, from last.ckpt (step 14)" in resumed.stdout
    assert experiment.run("a").summary["status"] == "finished"
    assert experiment.run("b").summary["status"] == "running"


def test_nothing_is_left_over(experiment: Experiment) -> None:
    run = experiment.trained()

    best = [name for name in run.checkpoints if name.startswith("best-")]
    assert run.checkpoints == sorted([*best, "best.json", "last.ckpt", "last.previous.ckpt"])
    assert len(best) == 1
    assert [path.name for path in experiment.temporary.iterdir()] == []
    assert experiment.status() == ""
