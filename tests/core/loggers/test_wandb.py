"""W&B online: a server that answers, and one that does not."""

import json
import shlex
import signal
import socket
import time
from collections.abc import Callable
from subprocess import CompletedProcess

import psutil
import pytest
from fake_wandb import API_KEY, FakeWandb, OnlineRun
from harness.experiment import Experiment, RunFolder, fit_words, replace, wait_until

pytestmark = pytest.mark.slow
Undisturbed = Callable[..., RunFolder]
ONLINE = fit_words("--name", "a", "logger.wandb=auto", "trainer.max_epochs=50")
CLI = "from wandb.cli.cli import cli\ncli()\n"


def sent(online: OnlineRun) -> dict[tuple[int, str], float]:
    """What a run's page shows, by (step, name); its steps never go back."""
    steps = [row["trainer/global_step"] for row in online.rows]
    assert steps == sorted(steps)
    counters = [row["_step"] for row in online.rows]
    assert counters == sorted(set(counters))
    return {
        (row["trainer/global_step"], name): value
        for row in online.rows
        for name, value in row.items()
        if name != "trainer/global_step" and not name.startswith("_")
    }


def quick_sending(experiment: Experiment) -> None:
    """Send rows each second instead of each 15, and wait less for what does not arrive."""
    logger = experiment / "experiment/core/loggers/wandb_service.py"
    replace(logger, "FINISH_SECONDS = 30.0", "FINISH_SECONDS = 2.0")
    interval = '"x_file_stream_transmit_interval": 1.0,'
    replace(logger, '"finish_timeout_raises": True,', f'"finish_timeout_raises": True, {interval}')


def sync(experiment: Experiment, shown: str) -> CompletedProcess[str]:
    """Type the command that a run has shown."""
    command = shlex.split(shown.split("upload with: ")[-1].splitlines()[0])
    words = [str(path) for word in command[2:] for path in sorted(experiment.path.glob(word))]
    (experiment / "cli.py").write_text(CLI)
    assert command[:2] == ["wandb", "sync"]
    return experiment.main("sync", *words, program="cli.py")


def test_a_run_that_is_killed_three_times_is_one_run_online(experiment: Experiment) -> None:
    quick_sending(experiment)
    words = (*ONLINE, "trainer.max_epochs=100")
    run = experiment.run("a")
    with FakeWandb() as wandb:
        experiment.variables = wandb.variables

        def arrived() -> int:
            return sum(len(online.history) for online in list(wandb.runs.values()))

        for _ in range(3):
            before = arrived()
            process = experiment.start(*words)
            wait_until(lambda least=before + 30: arrived() > least)
            process.send(signal.SIGKILL)
            assert process.wait().returncode == -signal.SIGKILL

        done = experiment.main(*words)

    assert done.returncode == 0, done.stderr
    assert list(wandb.runs) == [run.summary["wandb"]["id"]]
    (online,) = wandb.runs.values()
    assert run.summary["wandb"]["mode"] == "online"
    assert run.summary["wandb"]["url"] in done.stdout
    assert online.exit_codes == [0]
    assert sent(online) == pytest.approx(run.metrics())
    assert online.config["config"]["value"]["model"]["width"] == 4


def test_a_run_that_is_killed_three_times_offline_is_uploaded_as_one(
    experiment: Experiment,
) -> None:
    words = fit_words("--name", "a", "logger.wandb=offline", "trainer.max_epochs=60")
    run = experiment.run("a")
    for epochs, seconds in (
        (1, 0.0),
        (10, 0.5),
        (25, 1.2),
    ):  # the first leaves nothing but a header
        process = experiment.start(*words)
        wait_until(lambda n=epochs: run.logged() > 16 * n)
        time.sleep(seconds)
        process.send(signal.SIGKILL)
        assert process.wait().returncode == -signal.SIGKILL

    done = experiment.main(*words)

    assert done.returncode == 0, done.stderr
    with FakeWandb() as wandb:
        experiment.variables = wandb.variables
        uploaded = sync(experiment, done.stdout)
    assert "ERROR" not in uploaded.stderr
    assert list(wandb.runs) == [run.summary["wandb"]["id"]]
    (online,) = wandb.runs.values()
    assert sent(online) == pytest.approx(run.metrics())
    assert online.exit_codes[-1] == 0


def test_restarts_are_shown_after_the_steps_that_are_made_again(experiment: Experiment) -> None:
    offline = "logger.wandb=offline"
    run = experiment.killed("on_train_batch_start", 12, offline)
    (run / "summary.json").write_text(json.dumps({**run.summary, "restarts": 1}))

    done = experiment.fit("--name", "a", offline)

    with FakeWandb() as wandb:
        experiment.variables = wandb.variables
        sync(experiment, done.stdout)
    (online,) = wandb.runs.values()
    shown = {step: value for (step, name), value in sent(online).items() if name == "restarts"}
    assert shown == {10: 1}
    assert run.metrics()[7, "restarts"] == 1  # our own record: where it went on


TROUBLES = {
    "answers 500": "not all has arrived in 2 s",
    "has a full quota": "403 Forbidden",
    "is fine, but wandb-core is killed": "Connection",
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_server_that_fails_in_the_middle_gets_the_rest_later(
    trouble: str, experiment: Experiment
) -> None:
    quick_sending(experiment)
    with FakeWandb() as wandb:
        experiment.variables = wandb.variables
        process = experiment.start(*ONLINE)
        wait_until(lambda: any(len(run.history) > 30 for run in list(wandb.runs.values())))
        if trouble == "answers 500":
            wandb.broken = True
        elif trouble == "has a full quota":
            wandb.refusal = (403, "you have exceeded your storage quota")
        else:
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()

        done = process.wait()

        assert done.returncode == 0, done.stderr
        (online,) = wandb.runs.values()
        assert 30 < len(online.history) < 1000
        said = [line for line in done.stdout.splitlines() if line.startswith("W&B failed (")]
        assert len(said) == 1
        assert TROUBLES[trouble] in said[0]
        wandb.broken, wandb.refusal = False, None
        uploaded = sync(experiment, said[0])
    assert "ERROR" not in uploaded.stderr
    assert sent(online) == pytest.approx(experiment.run("a").metrics())


@pytest.mark.parametrize("trouble", ["refuses", "answers 500"])
def test_without_an_answer_the_run_goes_on_offline_with_its_id(
    trouble: str, experiment: Experiment, undisturbed: Undisturbed
) -> None:
    replace(
        experiment / "experiment/core/loggers/wandb_service.py",
        "INIT_SECONDS = 30.0",
        "INIT_SECONDS = 2.0",
    )
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
