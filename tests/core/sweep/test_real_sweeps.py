"""Sweeps of real trainings: here and through W&B's own agent, disturbed and undisturbed."""

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import psutil
import pytest
import yaml
from fake_wandb_sweeps import FakeSweeps
from harness.experiment import ON_ONE_CPU, PATIENCE, SMALL, Experiment, replace, wait_until

pytestmark = pytest.mark.slow
CLI = "from wandb.cli.cli import cli\ncli()\n"
WORDS = [*SMALL, "trainer.max_epochs=2", "trainer.test_after_fit=false", "trainer.accelerator=cpu"]


@pytest.fixture
def quick(experiment: Experiment, python: Path) -> Experiment:
    """An experiment in which ``python`` starts in a moment."""
    folder = experiment.path.parent / "bin"
    folder.mkdir()
    (folder / "python").symlink_to(experiment.server.warm)
    path = os.pathsep.join([str(folder), str(python.parent), os.environ["PATH"]])
    experiment.variables = {"PATH": path}
    (experiment / "cli.py").write_text(CLI)
    return experiment


def write(experiment: Experiment, parameters: dict[str, Any], *words: str, **keys: Any) -> None:
    """Write sweeps/sweep.yaml, which W&B and ``main.py sweep`` both take as it is."""
    command = ["${env}", "python", "${program}", "fit", "restart.max=0", *WORDS, *words]
    content = {"program": "main.py", "method": "grid", "metric": {"name": "val/loss"}, **keys}
    content.update(parameters=parameters, command=[*command, "--set-json", "${args_json}"])
    (experiment / "sweeps/sweep.yaml").write_text(yaml.safe_dump(content))


def online(experiment: Experiment, wandb: FakeSweeps) -> list[dict[str, Any]]:
    """Run the sweep by W&B's own programs; the configuration of each trial as W&B has it."""
    experiment.variables.update(wandb.variables)
    made = experiment.main("sweep", "sweeps/sweep.yaml", program="cli.py")
    sweep = list(wandb.sweeps)[-1]
    named = re.search(rf"wandb agent (\S+/{sweep})", made.stdout + made.stderr)
    assert named, made.stdout + made.stderr
    agent = experiment.main("agent", named[1], program="cli.py")
    assert agent.returncode == 0, agent.stdout + agent.stderr
    ours = [run for run in wandb.runs.values() if run.sweep == sweep]
    for run in ours:
        assert len([row for row in run.rows if "val/loss" in row]) >= 1
    return [run.config["config"]["value"] for run in ours]


def here(experiment: Experiment, *words: str) -> list[dict[str, Any]]:
    """Run the sweep without an account; the configuration of each trial."""
    done = experiment.main("sweep", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    folder = max((experiment / "runs").glob("sweep-*"))
    files = sorted(folder.glob("trial-*/config.yaml"))
    return [yaml.safe_load(file.read_text()) for file in files]


def picked(configs: list[dict[str, Any]], *keys: str) -> list[str]:
    """Some settings of each trial, with their types."""
    sections = [key.split(".") for key in keys]
    rows = [[config[section][name] for section, name in sections] for config in configs]
    return [json.dumps(row) for row in rows]


def test_a_grid_is_the_same_here_and_through_w_and_b_s_agent(quick: Experiment) -> None:
    parameters = {
        "optimizer": {"parameters": {"learning_rate": {"values": [1e-05, 0.5]}}},
        "callbacks.ema": {"values": [None]},
        "data.augment": {"value": False},
        "optimizer.betas": {"value": [0.9, 0.99]},
    }
    write(quick, parameters)
    keys = ("optimizer.learning_rate", "callbacks.ema", "data.augment", "optimizer.betas")

    with FakeSweeps() as wandb:
        theirs = online(quick, wandb)
        edited = (quick / "experiment/model.py").read_text() + "# edited\n"
        (quick / "experiment/model.py").write_text(edited)
        ours = here(quick, "logger.wandb=offline")

    assert picked(ours, *keys) == picked(theirs, *keys)
    assert picked(ours, *keys)[0] == "[1e-05, null, false, [0.9, 0.99]]"
    (sweep,) = wandb.sweeps
    folders = {path.parent.name for path in (quick / "runs" / sweep).glob("*/summary.json")}
    assert folders == set(wandb.runs)
    table = (max((quick / "runs").glob("sweep-*")) / "results.csv").read_text()
    assert len(set(re.findall(r"finished,([\d.]+),", table))) == 2


def test_bayes_with_hyperband_runs_in_both_places(quick: Experiment) -> None:
    rate = {"distribution": "log_uniform_values", "min": 0.001, "max": 0.01}
    parameters = {"optimizer.learning_rate": rate, "model.width": {"min": 2, "max": 4}}
    early = {"type": "hyperband", "min_iter": 1}
    write(quick, parameters, method="bayes", run_cap=2, early_terminate=early)

    ours = here(quick, "logger.wandb=off")
    write(quick, parameters, "trainer.max_epochs=1000", method="bayes", early_terminate=early)
    with FakeSweeps(stop_after=2) as wandb:
        theirs = online(quick, wandb)

    for config in [*ours, *theirs]:
        assert 0.001 <= config["optimizer"]["learning_rate"] <= 0.01
        assert config["model"]["width"] in (2, 3, 4)
    assert (len(ours), len(theirs)) == (2, 1)
    assert wandb.stopped_runs == list(wandb.runs)
    (trial,) = (quick / "runs" / next(iter(wandb.sweeps))).glob("*/summary.json")
    summary = json.loads(trial.read_text())
    assert (summary["status"], summary["reason"]) == ("stopped", "SIGTERM")


def test_an_agent_s_trial_says_when_the_code_has_changed(quick: Experiment) -> None:
    random = {"method": "random"}
    write(quick, {"model.width": {"values": [2, 4]}}, **random)
    with FakeSweeps() as wandb:
        quick.variables.update(wandb.variables, WANDB_SWEEP_ID="s1")
        words = ["fit", "restart.max=0", *WORDS, "logger.wandb=offline"]
        first = quick.main(*words, env={"WANDB_RUN_ID": "one"})
        replace(quick / "experiment/model.py", "import math\n", "import math  # edited\n")
        second = quick.main(*words, env={"WANDB_RUN_ID": "two"})

    said = "sweep s1: since its first trial, one, has changed: experiment/model.py"
    assert said in second.stdout, second.stdout + second.stderr
    assert "has changed" not in first.stdout


class Typed:
    """``python main.py sweep`` as a user types it: trials, each with its supervisor."""

    def __init__(self, experiment: Experiment, python: Path) -> None:
        self.output = experiment.path.parent / "typed.out"
        self.process = subprocess.Popen(
            [str(python), "main.py", "sweep", "--name", "killed", "--workers", "2"],
            cwd=experiment.path,
            env={**os.environ, **ON_ONE_CPU, **experiment.variables},
            stdin=subprocess.DEVNULL,
            stdout=self.output.open("a"),
            stderr=subprocess.STDOUT,
        )


@pytest.fixture
def typed(experiment: Experiment, python: Path) -> Iterator[Callable[[], Typed]]:
    started: list[Typed] = []

    def start() -> Typed:
        started.append(Typed(experiment, python))
        return started[-1]

    yield start
    for sweep in started:
        sweep.process.kill()


def test_killed_and_edited_a_sweep_ends_with_the_undisturbed_table(
    quick: Experiment, typed: Callable[[], Typed]
) -> None:
    """The sweep and one trial, with its supervisor, are killed; model.py is broken meanwhile."""
    write(quick, {"optimizer.learning_rate": {"values": [0.001, 0.01]}}, "trainer.max_epochs=20",
          "logger.wandb=off")  # fmt: skip
    here(quick)
    file = quick / "sweeps/sweep.yaml"
    file.write_text(file.read_text().replace("- restart.max=0\n", "- restart.max=1\n"))
    folder, moments = quick / "runs/killed", Random("moments")

    sweep = typed()
    checkpoint = folder / "trial-001/checkpoints/last.ckpt"
    wait_until(checkpoint.exists)
    replace(quick / "experiment/model.py", "import math\n", "import math\n\n1 / 0\n")
    time.sleep(moments.uniform(0, 0.5))
    record = json.loads((folder / "trial-001/trial.json").read_text())
    assert record["state"] == "running"
    supervisor = json.loads((folder / "trial-001/summary.json").read_text())["process"]["pid"]
    psutil.Process(supervisor).kill()
    sweep.process.kill()
    again = typed()
    again.process.wait(PATIENCE)

    assert again.process.returncode == 0, again.output.read_text()
    calm, killed = (_table(quick / "runs" / name) for name in ("sweep-001", "killed"))
    assert killed == calm
    trials = [json.loads(path.read_text()) for path in sorted(folder.glob("*/trial.json"))]
    assert [trial["attempts"] for trial in trials] == [2, 1]
    assert "of no effect: experiment/model.py" in again.output.read_text()


def _table(folder: Path) -> list[list[str]]:
    lines = (folder / "results.csv").read_text().splitlines()
    return [line.split(",")[:4] for line in lines]
