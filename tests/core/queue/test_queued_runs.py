"""Queued trainings and sweeps as they are: what they start from, and how they go on."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from harness.experiment import ON_ONE_CPU, Experiment, RunFolder, fit_words
from harness.queued import QueuedProject, wait_until
from harness.small_sweep import COMMAND

pytestmark = pytest.mark.slow


@pytest.fixture
def project(tmp_path: Path) -> Iterator[QueuedProject]:
    project = QueuedProject.small(tmp_path / "project")
    yield project
    project.kill_everything()


def write_sweep(project: QueuedProject, rates: list[float]) -> Path:
    content = {"program": "trial.py", "method": "grid", "metric": {"name": "val/loss"}}
    parameters = {"optimizer.learning_rate": {"values": rates}}
    file = project.path / "sweeps/rates.yaml"
    file.write_text(yaml.safe_dump({**content, "command": COMMAND, "parameters": parameters}))
    return file


def trials(project: QueuedProject, name: str) -> list[dict[str, object]]:
    files = sorted((project.runs / name).glob("trial-*/trial.json"))
    return [json.loads(file.read_text()) for file in files]


def test_a_queued_sweep_is_that_of_its_queueing(project: QueuedProject) -> None:
    listed = "0123456789abcdef  a.png\n"
    (project.path / "list.txt").write_text(listed)
    file = write_sweep(project, [0.5, 0.25])
    before = project.add("before", "seed=17")  # which waits
    words = ("sweep", "sweeps/rates.yaml", "data.exclude=list.txt", "--workers", "2")
    shown = project.type("add", "--device", "0", *words)
    assert "rates-001 on 0, waiting" in shown, before

    write_sweep(project, [0.75])
    assert file.exists()
    trial = project.path / "trial.py"
    trial.write_text(trial.read_text().replace("VERSION = 1", "VERSION = 2"))
    (project.path / "list.txt").write_text("another\n")
    project.let_go()
    wait_until(lambda: project.states().get("rates-001") not in {"waiting", "running"})

    console = (project.queue / "2/console.log").read_text()
    assert project.states()["rates-001"] == "ended", console
    values = [trial["values"] for trial in trials(project, "rates-001")]
    assert values == [{"optimizer.learning_rate": rate} for rate in (0.5, 0.25)]
    summaries = list((project.runs / "rates-001").glob("trial-*/summary.json"))
    assert {json.loads(s.read_text())["version"] for s in summaries} == {1}
    assert (project.runs / "rates-001/exclude.txt").read_text() == listed


def test_a_queued_sweep_is_stopped_with_its_trials_and_goes_on(project: QueuedProject) -> None:
    write_sweep(project, [0.5, 0.25])
    project.variables["STEP_SECONDS"] = "0.5"
    project.type("add", "--device", "0", "sweep", "sweeps/rates.yaml", "--name", "rates")
    first = project.runs / "rates/trial-001/metrics.jsonl"
    wait_until(lambda: first.exists() and first.read_text().count("\n") > 1)

    project.type("stop", "1")
    project.wait_for(rates="stopped")
    assert project.processes() == []
    assert [trial["state"] for trial in trials(project, "rates")] == ["interrupted"]
    project.type("again", "1")
    project.wait_for(rates="ended")

    assert [trial["state"] for trial in trials(project, "rates")] == ["finished", "finished"]
    assert (project.runs / "rates/trial-001/starts").read_text().count("\n") == 2


def test_a_real_run_goes_on_after_everything_was_killed(
    experiment: Experiment, undisturbed: Callable[..., RunFolder]
) -> None:
    words = ("trainer.max_epochs=6", "checkpoint.every_n_steps=1")
    expected = undisturbed(*words)
    project = QueuedProject(experiment.path, device="")
    project.variables.update(ON_ONE_CPU)
    try:
        project.type("add", *fit_words("--name", "a", *words))
        # Nothing that is edited now concerns it, and least of all what does not even run.
        for file in ("model.py", "data.py"):
            (experiment / "experiment" / file).write_text("raise RuntimeError('edited since')\n")
        wait_until((experiment.run("a") / "checkpoints/last.ckpt").exists)
        project.kill_everything()
        was_killed = experiment.run("a").summary["status"] == "running"
        project.type()
        until = time.monotonic() + 240
        while project.states()["a"] in {"waiting", "running", "lost"}:
            assert time.monotonic() < until
            time.sleep(0.1)
    finally:
        project.kill_everything()

    job, run = project.job("a"), experiment.run("a")
    console = (project.queue / "1/console.log").read_text()
    assert (job["state"], job["device"]) == ("ended", "cpu"), console
    assert run.weights() == expected.weights()
    assert job["starts"] == 1 + was_killed
    assert json.loads((run / "record.json").read_text())["git"]["dirty"] is False
    assert not (run / "git.diff").exists()
    diff = subprocess.run(["git", "diff", "--stat"], cwd=experiment.path, capture_output=True)
    assert b"model.py" in diff.stdout
