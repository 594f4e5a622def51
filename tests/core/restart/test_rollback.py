"""Training that diverges goes back, with one change a time, and gets past what stopped it."""

import hashlib
import json
import math
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from assemble import Package, assemble
from harness.copy_project import copy_project
from harness.experiment import Experiment, RunFolder, Server, fit_words, replace
from harness.watched import SUPERVISED, Watched
from projects import Project

pytestmark = pytest.mark.slow
POISONED = 17  # the example that has a NaN pixel from the second epoch on
FETCH = f"""

class Poisoned(Fetch):
    def __getitem__(self, key):
        batch = super().__getitem__(key)
        if key.epoch >= 1:
            batch.image[torch.from_numpy(key.indices == {POISONED}), 0, 0, 0] = float("nan")
        return batch
"""
# In the third epoch the loss overflows unless the learning rate is halved.
OVERFLOW = (
    "        rate = self.trainer.optimizers[0].param_groups[0]['initial_lr'] if"
    " self.trainer.training else 0\n"
    "        if self.global_step == 16 and rate > 0.75 * self.config.optimizer.learning_rate:\n"
    "            loss = loss * 1e39 * 1e39\n"
)
LOSS = '        if split == "train":  # a cheap mean'
ALERT = ("alert.every_seconds=0", 'alert.command=echo "$EXP_EVENT $EXP_MESSAGE" >> alerts')


def poison(experiment: Experiment) -> None:
    """Spoil an example and, for later, the loss."""
    data = experiment / "experiment/data.py"
    replace(data, "    def preview", "    def fetch(self, split, dataset):\n"
        "        fetch = super().fetch(split, dataset)\n"
        "        fetch.__class__ = Poisoned if split == 'train' else Fetch\n"
        "        return fetch\n\n    def preview")  # fmt: skip
    replace(data, "class ExperimentData", FETCH.lstrip() + "\n\nclass ExperimentData")
    replace(
        data,
        "from .core.data import",
        "from .core.data.fetch import Fetch\nfrom .core.data import",
    )
    replace(experiment / "experiment/module.py", LOSS, OVERFLOW + LOSS)


def without_restarts(values: dict[tuple[int, str], float]) -> dict[tuple[int, str], float]:
    """What was logged, but for the count of restarts, which only a supervisor makes."""
    return {key: value for key, value in values.items() if key[1] != "restarts"}


@pytest.fixture(scope="module")
def poisoned(default_project: Project, server: Server, tmp_path_factory: Any) -> Experiment:
    """A project that diverges twice."""
    path = tmp_path_factory.mktemp("poisoned") / "experiment"
    copy_project(default_project.path, path)
    experiment = Experiment(path, server)
    poison(experiment)
    return experiment


@pytest.fixture(scope="module")
def rolled_back(poisoned: Experiment) -> tuple[RunFolder, int, str]:
    """A run of it under a supervisor, its exit code and what it printed."""
    watched = Watched(poisoned, *ALERT)
    return watched.run, *watched.end()


@pytest.fixture(scope="module")
def rollback(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """``core/restart/rollback.py``."""
    return Package(assemble(tmp_path_factory.mktemp("assembled") / "a")).module(
        "core.restart.rollback"
    )


def test_a_run_gets_past_what_diverged(
    rolled_back: tuple[RunFolder, int, str], poisoned: Experiment
) -> None:
    run, code, shown = rolled_back

    assert code == 0, shown
    first, second = json.loads((run / "rollbacks.json").read_text())
    assert first["reason"].startswith("the loss is NaN or infinite in epoch 2, batch ")
    assert first["place"]["epoch"] == 1
    assert first["checkpoint"] == "best-epoch000-step000007.ckpt"
    assert POISONED in first["left_out"]["train"]
    assert len(first["left_out"]["train"]) == 32
    assert (first["learning_rate_factor"], first["done"]) == (1.0, True)
    assert second["reason"] == "the loss is NaN or infinite in epoch 3, batch 3"
    assert (second["left_out"], second["learning_rate_factor"]) == ({}, 0.5)
    assert "restart 1 from best-epoch000-step000007.ckpt without the 32 examples" in shown
    assert "with 0.5 times the learning rate; runs/a/rollbacks.json" in shown
    assert "with 0.5 times the learning rate" in (run / "train.log").read_text()
    summary = run.summary
    assert (summary["status"], summary["restarts"]) == ("finished", 2)
    assert [entry["checkpoint"] for entry in summary["rollbacks"]] == [
        first["checkpoint"],
        second["checkpoint"],
    ]
    assert [entry["step"] for entry in summary["restart_history"]] == [
        first["place"]["step"],
        second["place"]["step"],
    ]
    told = (poisoned / "alerts").read_text().splitlines()
    assert [line.split()[0] for line in told] == ["nan", "nan", "finish"]


def test_the_series_of_a_run_that_went_back_is_whole(
    rolled_back: tuple[RunFolder, int, str], undisturbed: Callable[..., RunFolder]
) -> None:
    run, _, shown = rolled_back

    values, calm = run.metrics(), undisturbed().metrics()

    assert sum("rollback" in row for row in run.rows()) == 2, shown
    assert (values[7, "restarts"], values[14, "restarts"]) == (1, 2)
    assert without_restarts(values).keys() == calm.keys()
    assert all(math.isfinite(value) for value in values.values())
    for (step, name), value in calm.items():
        if name.startswith("lr-"):  # halved from the second rollback on, once
            assert values[step, name] == value * (0.5 if step >= 14 else 1.0)


def test_a_kill_after_each_rollback_and_a_start_by_hand_end_with_the_same_bits(
    rolled_back: tuple[RunFolder, int, str],
    poisoned: Experiment,
    rollback: ModuleType,
    tmp_path: Path,
) -> None:
    supervised, _, shown = rolled_back
    experiment = poisoned.copy(tmp_path / "by-hand")
    shutil.rmtree(experiment / "runs")
    run = experiment.run("a")

    for count in (2, 6):  # before the first new checkpoint, and after it
        diverged = experiment.fit("--name", "a", "data.num_workers=2")
        assert diverged.returncode == 3, diverged.stdout + diverged.stderr
        assert rollback.record_rollback(run.path)  # and the supervisor is killed
        experiment.killed("on_train_batch_start", count, "checkpoint.every_n_steps=3")
    experiment.trained()

    assert run.weights() == supervised.weights(), shown
    assert run.metrics() == without_restarts(supervised.metrics())
    assert rollback.record_rollback(run.path) is None  # twice is all


def test_a_rollback_that_was_killed_is_finished_by_whoever_comes_next(
    rolled_back: tuple[RunFolder, int, str],
    rollback: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = 0

    def roll_back(name: str, killed_at: int) -> dict[str, str]:
        nonlocal calls
        folder, calls = tmp_path / name, 0
        shutil.copytree(rolled_back[0].path, folder)
        (folder / "rollbacks.json").unlink()
        with monkeypatch.context() as patch:
            for function in ("replace", "link", "unlink"):
                patch.setattr(os, function, stopping(getattr(os, function), killed_at))
            try:
                rollback.record_rollback(folder)
                rollback.finish_rollbacks(folder)
            except KeyboardInterrupt:
                pass
        if not (folder / "rollbacks.json").exists():
            return {}  # nothing has happened: the same NaN will be met
        rollback.finish_rollbacks(folder)
        assert all(entry.done for entry in rollback.read_rollbacks(folder))
        files = sorted((folder / "checkpoints").glob("*.ckpt"))
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def stopping(original: Any, killed_at: int) -> Any:
        def stop(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == killed_at:
                raise KeyboardInterrupt
            return original(*args, **kwargs)

        return stop

    whole = roll_back("whole", 0)
    moments = calls
    killed = [roll_back(f"killed-{moment}", moment) for moment in range(1, moments + 1)]

    best = rolled_back[0].summary["best"]["checkpoint"].removeprefix("checkpoints/")
    assert whole["last.ckpt"] == whole[best]
    assert "last.previous.ckpt" not in whole
    assert moments >= 4
    assert killed[0] == {}
    assert all(left == whole for left in killed[1:])


# A training that only dies, so that the supervisor alone is what a test waits for.
DIES = """
import json, os, sys
from pathlib import Path

def train():
    run = Path(os.environ["EXPERIMENT_RUN"])
    starts = run / "starts"
    resume = Path(os.environ["EXPERIMENT_RESUME"] or "nothing")
    saved = resume.read_bytes()[-30:].decode("latin1") if resume.exists() else ""
    starts.open("a").write(resume.name + " " + str("first" in saved) + "\\n")
    summary = json.loads((run / "summary.json").read_text())
    PLAN

if "EXPERIMENT_SUPERVISOR" in os.environ:
    sys.exit(train())

"""
DIVERGES = """
    summary["failure"] = {"error": "Diverged", "step": 5, "code": 3}
    (run / "summary.json").write_text(json.dumps(summary))
    record = {"examples": {"train": [1, 2]}, "num_examples": {"train": 9}}
    record |= {"epoch": 0, "batch": 0, "step": 5}
    (run / "nan.json").write_text(json.dumps(record))
    return 3
"""
REFUSED_ONCE_BEGUN = """
    if len(starts.read_text().splitlines()) == 1:
        return 1
    summary.update(status="failed", reason="no room")
    (run / "summary.json").write_text(json.dumps(summary))
    return 2
"""
CRASHES_ONCE = """
    import pickle, zipfile
    counters = {"current": {"completed": 0}}
    loops = {"epoch_progress": counters, "epoch_loop.batch_progress": counters}
    content = pickle.dumps({"loops": {"fit_loop": loops}, "global_step": 0}, protocol=2)
    checkpoints = run / "checkpoints"
    if len(starts.read_text().splitlines()) > 1:
        summary.update(status="stopped", seconds=1)
        (run / "summary.json").write_text(json.dumps(summary))
        return 0
    scores = {"best-1.ckpt": 0.5}
    for name, text in (("best-1", "first"), ("last.previous", "second"), ("last", "third")):
        with zipfile.ZipFile(checkpoints / (name + ".ckpt"), "w") as archive:
            archive.writestr("archive/data.pkl", content)
            archive.comment = text.encode()
    record = {"monitor": "val/loss", "mode": "min", "scores": scores}
    (checkpoints / "best.json").write_text(json.dumps(record))
    return 1
"""


def supervise(
    experiment: Experiment, python: Path, plan: str, *words: str
) -> subprocess.CompletedProcess[str]:
    """Run the supervisor over a training that follows a plan."""
    main = experiment / "main.py"
    replace(main, "import sys\n", DIES.replace("    PLAN", plan) + "import sys\n")
    command = [str(python), "main.py", *fit_words("--name", "a", *SUPERVISED, *words)]
    return subprocess.run(command, cwd=experiment.path, capture_output=True, text=True)


@pytest.mark.parametrize(("policy", "starts"), [("best", 3), ("stop", 1)])
def test_exit_3_comes_after_two_rollbacks_or_at_once(
    policy: str, starts: int, experiment: Experiment, python: Path
) -> None:
    done = supervise(experiment, python, DIVERGES, f"restart.on_nan={policy}", *ALERT)

    assert done.returncode == 3, done.stderr
    run = experiment.run("a")
    assert len((run / "starts").read_text().splitlines()) == starts
    assert ("diverged after 2 rollbacks: see runs/a/rollbacks.json" in done.stdout) == (starts > 1)
    assert (run / "rollbacks.json").exists() == (starts > 1)
    assert (experiment / "alerts").read_text().count("nan ") == starts


@pytest.mark.parametrize(("which", "is_best"), [("best", "True"), ("last", "False")])
def test_a_restart_takes_the_checkpoint_that_is_configured(
    which: str, is_best: str, experiment: Experiment, python: Path
) -> None:
    done = supervise(experiment, python, CRASHES_ONCE, f"restart.checkpoint={which}")

    assert done.returncode == 0, done.stdout + done.stderr
    run = experiment.run("a")
    assert (run / "starts").read_text().splitlines()[1] == f"last.ckpt {is_best}"
    assert ("last.previous.ckpt" in run.checkpoints) == (which == "last")
    with zipfile.ZipFile(run / "checkpoints/best-1.ckpt") as archive:
        assert archive.comment == b"first"


def test_a_run_that_is_refused_after_a_restart_is_told_and_kept(
    experiment: Experiment, python: Path
) -> None:
    done = supervise(experiment, python, REFUSED_ONCE_BEGUN, *ALERT)

    assert done.returncode == 2, done.stdout + done.stderr
    run = experiment.run("a")
    assert (run.summary["status"], run.summary["reason"]) == ("failed", "no room")
    assert (run / "starts").read_text().count("\n") == 2
    told = (experiment / "alerts").read_text().splitlines()
    assert told == ["restart a: exit code 1; restart 1 in 0.1 s", "give_up a: giving up: no room"]


def test_wandb_is_told_of_a_death_when_training_is_back(experiment: Experiment) -> None:
    experiment.killed("on_train_batch_start", 10, "logger.wandb=offline")
    run = experiment.run("a")
    (run / ".untold.json").write_text('[["restart", "a: killed by SIGKILL; restart 1 in 1 s"]]')

    experiment.trained("logger.wandb=offline")

    newest = max((run / "wandb").glob("offline-run-*/*.wandb"), key=os.path.getmtime).read_bytes()
    assert b"a: killed by SIGKILL; restart 1" in newest
    assert b"a: finish" in newest
    assert not (run / ".untold.json").exists()
