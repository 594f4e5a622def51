"""Training that dies comes back by itself, as often as it gets on, and ends with the same bits.

These start ``python main.py`` as a user does: a supervisor, and a training process that it watches.
"""

import signal
import sys
from collections.abc import Callable

import pytest
from harness.experiment import Experiment, RunFolder, replace, wait_until
from harness.processes import is_alive
from harness.watched import Watched

pytestmark = pytest.mark.slow
LONG = "trainer.max_epochs=20"  # enough that a kill comes before the end


def test_a_killed_training_comes_back_and_ends_with_the_same_bits(
    watch: Callable[..., Watched], experiment: Experiment, undisturbed: Callable[..., RunFolder]
) -> None:
    alert = 'alert.command=echo "$EXP_EVENT $EXP_EXIT $EXP_MESSAGE" >> alerts'
    watched = watch(LONG, "alert.every_seconds=0", alert)
    watched.wait_for_checkpoint()

    # What was started is what goes on: an edit at midnight cannot break it.
    replace(experiment / "experiment/model.py", "import math\n", "import math\n\n1 / 0\n")
    watched.training.kill()
    code, shown = watched.end()

    assert code == 0, shown
    assert "a: killed by SIGKILL; restart 1 in 0.1 s" in shown
    assert "resuming a at epoch " in shown
    assert watched.run.summary["restarts"] == 1
    (death,) = watched.run.summary["restart_history"]
    assert death["reason"] == "killed by SIGKILL"
    assert "; restart 1 in 0.1 s" in (watched.run / "train.log").read_text()
    assert watched.run.summary["status"] == "finished"
    calm = undisturbed(LONG)
    assert watched.run.weights() == calm.weights()
    told = (experiment / "alerts").read_text().splitlines()
    assert [line.split()[0] for line in told] == ["restart", "finish"]


def test_a_machine_without_a_process_to_spare_is_waited_for(
    watch: Callable[..., Watched], experiment: Experiment
) -> None:
    # The first Popen of the supervisor fails as it does where a limit of processes is reached.
    failing = (
        "_real, _left = subprocess.Popen, [1]\n"
        "def _popen(*args, **kwargs):\n"
        "    if 'start_new_session' in kwargs and _left and _left.pop():\n"
        "        raise BlockingIOError(11, 'Resource temporarily unavailable')\n"
        "    return _real(*args, **kwargs)\n"
        "subprocess.Popen = _popen\n"
    )
    with open(experiment / "experiment/core/restart/supervisor.py", "a") as file:
        file.write(failing)

    code, shown = watch().end()

    assert code == 0, shown
    reason = "training cannot be started: Resource temporarily unavailable"
    assert f"a: {reason}; restart 1 in 0.1 s" in shown
    assert "Traceback" not in shown
    (death,) = experiment.run("a").summary["restart_history"]
    assert death["reason"] == reason


def test_training_dies_with_its_supervisor_and_the_same_command_goes_on(
    watch: Callable[..., Watched], undisturbed: Callable[..., RunFolder]
) -> None:
    watched = watch(LONG)
    watched.wait_for_checkpoint()
    training = watched.training

    watched.process.kill()

    wait_until(lambda: not is_alive(training))
    code, shown = watch(LONG).end()
    assert code == 0, shown
    assert "resuming a at epoch " in shown
    assert watched.run.weights() == undisturbed(LONG).weights()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]
)
def test_who_asks_for_the_end_gets_it(
    watch: Callable[..., Watched], number: int, code: int
) -> None:
    watched = watch("trainer.max_epochs=2000")
    watched.wait_for_checkpoint()
    training = watched.training

    watched.process.send_signal(number)

    assert watched.end()[0] == code
    assert not is_alive(training)
    assert watched.run.summary["status"] == "stopped"
    assert "restarts" not in watched.run.summary


def test_the_same_error_at_the_same_step_is_not_tried_for_ever(
    watch: Callable[..., Watched], experiment: Experiment
) -> None:
    crash = "        if self.global_step == 2:\n            raise RuntimeError('a bug')\n"
    line = "        logits = self.model(batch.image)"
    replace(experiment / "experiment/module.py", line, crash + line)

    code, shown = watch().end()

    assert code == 1
    assert shown.count("restart 1 in") == 1
    assert "restart 2" not in shown
    assert "giving up: RuntimeError: a bug, again at the same step" in shown
    run = experiment.run("a")
    assert run.summary["status"] == "failed"


def test_what_a_restart_would_only_repeat_is_not_repeated(
    watch: Callable[..., Watched], experiment: Experiment
) -> None:
    code, shown = watch("checkpoint.monitor=val/other_loss").end()

    assert code == 2
    assert shown.splitlines()[-1].startswith("checkpoint.monitor: val/other_loss is not logged")
    assert "restart" not in shown


def test_a_training_that_hangs_is_started_again(
    watch: Callable[..., Watched], experiment: Experiment
) -> None:
    hang = (
        "        import pathlib, time\n"
        "        once = pathlib.Path('hung')\n"
        "        if self.global_step == 9 and not once.exists():\n"
        "            once.touch()\n"
        "            time.sleep(1000)\n"
    )
    line = "        logits = self.model(batch.image)"
    replace(experiment / "experiment/module.py", line, hang + line)

    code, shown = watch("restart.stall_minutes=0.05").end()

    assert code == 0, shown
    assert "a: no step for 0.05 minutes; restart 1" in shown


def test_nothing_stands_between_a_breakpoint_and_its_terminal(
    watch: Callable[..., Watched], experiment: Experiment
) -> None:
    line = "        logits = self.model(batch.image)"
    replace(experiment / "experiment/module.py", line, "        breakpoint()\n" + line)

    code, shown = watch().end()  # there is no terminal: the debugger gives up

    assert "-> " in shown
    assert "bdb.BdbQuit" in shown
    assert code == 1
    assert "restart" not in shown


def test_nohup_outlives_the_terminal(watch: Callable[..., Watched]) -> None:
    watched = watch(LONG, preexec_fn=_as_nohup_does)
    watched.wait_for_checkpoint()

    watched.process.send_signal(signal.SIGHUP)

    code, shown = watched.end()
    assert code == 0, shown
    assert watched.run.summary["status"] == "finished"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no process groups like these")
def test_modules_that_git_ignores_are_found_by_what_runs(
    watch: Callable[..., Watched], experiment: Experiment
) -> None:
    (experiment / ".gitignore").open("a").write("ignored_by_git*.py\n")
    (experiment / "ignored_by_git.py").write_text("ANSWER = 42\n")
    (experiment / "experiment/ignored_by_git_too.py").write_text("QUESTION = 6 * 7\n")
    for package in ("experiment/mine", "experiment/mine/deeper", "own"):
        (experiment / package).mkdir()
        (experiment / package / "__init__.py").touch()
        (experiment / package / "ignored_by_git.py").write_text("ANSWER = 42\n")
    line = "        logits = self.model(batch.image)"
    replace(
        experiment / "experiment/module.py",
        line,
        "        from ignored_by_git import ANSWER\n"
        "        from own import ignored_by_git as own\n"
        "        from .ignored_by_git_too import QUESTION\n"
        "        from .mine import ignored_by_git as mine\n"
        "        from .mine.deeper import ignored_by_git as deeper\n\n"
        "        assert ANSWER == QUESTION == own.ANSWER == mine.ANSWER == deeper.ANSWER\n"
        f"{line}",
    )

    code, shown = watch().end()

    assert code == 0, shown


def _as_nohup_does() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
