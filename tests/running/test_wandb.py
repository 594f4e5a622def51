"""W&B online: a server that answers, one that does not, and a sweep with an agent."""

import json
import os
import re
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_wandb import API_KEY, FakeWandb
from running.experiment import SMALL, Experiment, RunFolder, fit_words, replace, wait_until

pytestmark = pytest.mark.slow
Undisturbed = Callable[..., RunFolder]
ONLINE = fit_words("--name", "a", "logger.wandb=auto", "trainer.max_epochs=40")
CLI = "from wandb.cli.cli import cli\ncli()\n"


def test_a_killed_run_goes_on_under_its_id_online(
    experiment: Experiment, undisturbed: Undisturbed
) -> None:
    with FakeWandb() as wandb:
        experiment.variables = wandb.variables
        process = experiment.start(*ONLINE)
        wait_until(lambda: any(len(run.history) > 30 for run in list(wandb.runs.values())))
        process.send(signal.SIGKILL)
        assert process.wait().returncode == -signal.SIGKILL

        done = experiment.main(*ONLINE)

    assert done.returncode == 0, done.stderr
    summary = experiment.run("a").summary
    assert list(wandb.runs) == [summary["wandb"]["id"]]
    (online,) = wandb.runs.values()
    assert summary["wandb"]["mode"] == "online"
    assert summary["wandb"]["url"] in done.stdout
    assert online.exit_codes == [0]
    counters = [row["_step"] for row in online.rows]
    assert counters == sorted(set(counters))
    steps = {row["trainer/global_step"] for row in online.rows if "train/loss_step" in row}
    assert steps == set(range(40 * 7))
    assert online.config["config"]["value"]["model"]["width"] == 4
    assert experiment.run("a").weights() == undisturbed("trainer.max_epochs=40").weights()


@pytest.mark.parametrize("trouble", ["refuses", "answers 500"])
def test_without_an_answer_the_run_goes_on_offline_with_its_id(
    trouble: str, experiment: Experiment, undisturbed: Undisturbed
) -> None:
    replace(experiment / "experiment/core/loggers.py", "INIT_SECONDS = 30.0", "INIT_SECONDS = 2.0")
    words = fit_words("--name", "a", "logger.wandb=auto")
    with FakeWandb(broken=True) as wandb, socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # never listens: every connection is refused
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        refusing = {"WANDB_BASE_URL": url, "WANDB_API_KEY": API_KEY}
        experiment.variables = refusing if trouble == "refuses" else wandb.variables

        done = experiment.main(*words)

    assert done.returncode == 0, done.stderr
    assert "W&B does not answer (" in done.stdout
    assert "): logging offline, with the same id" in done.stdout
    run = experiment.run("a")
    assert run.summary["wandb"]["mode"] == "offline"
    (offline,) = (run / "wandb").glob("offline-run-*")
    assert offline.name.endswith(run.summary["wandb"]["id"])
    assert run.weights() == undisturbed().weights()


def test_a_key_that_is_none_is_said_and_the_run_goes_on(experiment: Experiment) -> None:
    experiment.variables = {"WANDB_API_KEY": "short"}

    done = experiment.main(*fit_words("--name", "a", "logger.wandb=auto"))

    assert done.returncode == 0, done.stderr
    assert "W&B: the API key cannot be used (" in done.stdout
    assert experiment.run("a").summary["wandb"]["mode"] == "offline"


def test_a_sweep_drives_main_and_values_keep_their_types(
    experiment: Experiment, python: Path
) -> None:
    trials = [
        {"optimizer.learning_rate": 1e-05, "model.width": 4, "callbacks.ema": None},
        {"optimizer.learning_rate": 0.003, "model.width": 8, "data.augment": False},
    ]
    quick = [*SMALL[1:], "trainer.max_epochs=1", "trainer.test_after_fit=false"]
    lines = "".join(f"  - {word}\n" for word in [*quick, "trainer.accelerator=cpu"])
    replace(experiment / "sweeps/sweep.yaml", "  - --set-json", f"{lines}  - --set-json")
    (experiment / "cli.py").write_text(CLI)
    with FakeWandb(trials) as wandb:
        path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"  # as `uv run` has it
        experiment.variables = {**wandb.variables, "PATH": path}

        made = experiment.main("sweep", "sweeps/sweep.yaml", program="cli.py")
        (sweep,) = wandb.sweeps
        project = re.search(rf"wandb agent (\S+/{sweep})", made.stdout + made.stderr)
        assert project, made.stdout + made.stderr
        agent = experiment.main("agent", project[1], program="cli.py")

    assert agent.returncode == 0, agent.stdout + agent.stderr
    assert len(wandb.runs) == 2, agent.stdout + agent.stderr
    for trial, online in zip(trials, wandb.runs.values(), strict=True):
        assert online.exit_codes == [0]
        assert online.sweep == sweep
        config = online.config["config"]["value"]
        for key, value in trial.items():
            section, name = key.split(".")
            assert json.dumps(config[section][name]) == json.dumps(value)
    folders = list((experiment / "runs").glob("**/summary.json"))
    assert len(folders) == 2
    assert {json.loads(file.read_text())["wandb"]["id"] for file in folders} == set(wandb.runs)
