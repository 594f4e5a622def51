"""What moves the queue, killed wherever it may die; what stands in for training takes a moment."""

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import yaml
from filelock import FileLock
from harness.matrix import spanned
from harness.processes import is_alive
from harness.queued import QueuedProject, kill, wait_until
from harness.stand_in import FAILS, IS_DEAF, LEAVES_A_CHILD, NEVER_SAVES, WAITS

LONG = 1200  # steps: a minute


@pytest.fixture
def project(tmp_path: Path) -> Iterator[QueuedProject]:
    project = QueuedProject.small(tmp_path / "project")
    yield project
    project.kill_everything()


def test_jobs_run_in_order_once_each_and_side_by_side_on_two_devices(
    project: QueuedProject,
) -> None:
    project.add("a", f"seed={WAITS}")
    project.add("b")
    project.add("c")
    project.add("beside", device="1")

    assert "place 1" in project.type("move", "3", "1")
    project.wait_for(beside="ended")
    assert project.states()["a"] == "running"
    project.let_go()
    project.wait_for(a="ended", b="ended", c="ended")

    assert [run for run in project.starts() if run != "beside"] == ["a", "c", "b"]
    devices = {run: project.starts_of(run)[0]["device"] for run in ("a", "beside")}
    assert devices == {"a": "0", "beside": "1"}
    shown = project.type()
    assert shown.count("ended") == 4
    told = json.loads(project.type("--json"))
    assert [job["run"] for job in told["jobs"]] == ["a", "c", "b", "beside"]
    assert told["dispatcher"]["pid"] == project.dispatcher()
    wait_until(lambda: not list(project.queue.glob("*/code")))  # their runs have copies


@pytest.mark.slow
def test_a_job_is_what_it_was_when_it_was_queued(project: QueuedProject) -> None:
    settings = project.path / "configs/experiment.yaml"
    project.add("first", f"seed={WAITS}")
    project.type("add", "fit", "--device=0", "--epochs", "2", "--resume", "last", "--name", "job")

    code = project.path / "stand_in.py"
    code.write_text(code.read_text().replace("VERSION = 1", "VERSION = 2"))
    content = yaml.safe_load(settings.read_text())
    content.setdefault("optimizer", {})["learning_rate"] = 77.0
    settings.write_text(yaml.safe_dump(content))
    project.let_go()
    project.wait_for(job="ended")

    (start,) = project.starts_of("job")
    assert (start["version"], start["resume"]) == (1, "last")
    config = yaml.safe_load((project.runs / "job/config.yaml").read_text())
    assert config["trainer"]["max_epochs"] == 2
    assert config["optimizer"]["learning_rate"] != 77.0
    assert project.job("job")["words"][0] == "fit"


def test_what_cannot_run_is_refused_before_it_is_queued(project: QueuedProject) -> None:
    lines = {
        ("add", "fit", "model.detph=3"): "command line: model.detph is not a setting; did you mean",
        ("add", "fit", "--epochs", "x"): "trainer.max_epochs",
        ("add", "test"): "test is not queued: it is no training; fit and sweep are",
        ("add",): "command line: queue add what?",
        ("add", "--device"): "command line: --device needs the device",
        ("add", "--device", "7", "fit"): "there is no device 7; there are 0, 1, cpu",
        ("add", "fit", "--devices", "2"): "trainer.devices=2: a queued job has one GPU",
        ("add", "--device", "cpu", "fit", "--accelerator", "gpu"): "trainer.accelerator=gpu",
        ("add", "fit", "--allow-change"): "--allow-change is for a run that exists",
        ("add", "fit", "--name", "../a"): "--name ../a: use letters",
        ("add", "fit", "--name", "x" * 201): "it has 201 letters, at most 200 may",
        ("add", "fit", "--name", "done/inner"): "done is a run, and one inside of it",
        ("add", "sweep", "nothing.yaml"): "nothing.yaml",
        ("mvoe", "1", "2"): "command line: queue mvoe is nothing; did you mean move?",
        ("move", "1"): "command line: queue move takes ID and PLACE; got move 1",
        ("--epochs", "3"): "command line: queue does not use --epochs",
        ("rm", "1", "--hard"): "command line: queue rm does not use --hard",
        ("stop", "1"): "there is no job 1; the queue is empty",
        ("--output", "x", "add", "fit"): "command line: queue add comes first",
    }

    (project.runs / "done").mkdir(parents=True)
    (project.runs / "done/config.yaml").touch()

    said = project.refused(*lines)

    for words, line in lines.items():
        code, shown = said.pop(0)
        assert code == 2, words
        assert line in shown, words
        assert shown.count("\n") == 1, shown
    assert project.jobs() == []
    assert project.dispatcher() is None


def test_a_run_beside_the_queue_is_told(project: QueuedProject) -> None:
    by_hand = project.runs / "by-hand"
    by_hand.mkdir(parents=True)
    (by_hand / "config.yaml").touch()
    # Its number may be anybody's after a reboot: that it lives is known by its lock.
    process = {"pid": os.getpid(), "host": socket.gethostname()}
    summary = {"status": "running", "process": process}
    (by_hand / "summary.json").write_text(json.dumps(summary))
    project.add("a")

    project.wait_for(a="ended")
    without = project.type()
    with FileLock(by_hand / ".lock"):
        beside = project.type()

    said = "by-hand runs too, started by hand: the queue does not wait for it"
    assert said not in without
    assert said in beside


def test_a_job_has_the_environment_that_it_was_queued_in(project: QueuedProject) -> None:
    mine = {"TYPED_WITH": "mine", "OF_A_TOKEN": "secret-word", "WANDB_API_KEY": "secret-word"}
    theirs = {"TYPED_WITH": "theirs", "OF_A_TOKEN": "theirs"}
    project.variables.update(theirs)
    project.dispatch()
    wait_until(project.dispatcher)
    project.variables.update(mine)
    project.add("a")
    for name in mine:
        project.variables.pop(name)
    project.add("b")

    project.wait_for(a="ended", b="ended")

    assert [start["typed_with"] for start in project.starts_of("a")] == ["mine"]
    assert [start["typed_with"] for start in project.starts_of("b")] == [None]
    written = [file for file in project.queue.glob("*/*") if file.is_file()]
    assert not [file for file in written if b"secret-word" in file.read_bytes()]
    kept = project.queue / project.job("a")["id"] / "variables.json"
    assert kept.stat().st_mode & 0o077 == 0


def test_a_failure_is_said_and_the_next_job_goes_on(project: QueuedProject) -> None:
    project.add("bad", f"seed={FAILS}")
    project.add("good")

    project.wait_for(bad="failed", good="ended")

    job = project.job("bad")
    assert (job["reason"], job["code"]) == ("RuntimeError: thirteen", 1)
    assert "RuntimeError: thirteen" in project.type()
    assert project.starts() == ["bad", "good"]


# Where somebody dies, and how often training has begun once all is over.
CLAIM = (
    "        self.queue.save(job)  # who dies after this line leaves a start that is taken back\n"
)
KILLED = {
    "the dispatcher, before it claims": ("dispatcher", "        before = (job.state, job.lost)"),
    "the dispatcher, as it claims": ("dispatcher", "        self.queue.save(job)  # who dies"),
    "the dispatcher, with a claim": ("dispatcher", '        package = __package__ or ""'),
    "the dispatcher, after it started": ("dispatcher", '        _log(f"job {job.id}: {job.run} st'),
    "the job's process, before its lock": ("run_job", "    own = FileLock("),
    "the job's process, not yet known": ("run_job", "        job.process = this_process()"),
    "the job's process, before training": ("run_job", "    code = _train(queue, job)"),
    "the job's process, as training begins": ("run_job", "    return training.wait()"),
    "the job's process, after training": ("run_job", "    _write_down(queue, job.id, number"),
    "the dispatcher, before it settles": ("dispatcher", "            settle(job, self."),
}
# In CI: a claim without a start, a start that is not yet known, an end that is not yet settled.
OTHERS_STAND_FOR = (
    "the dispatcher, before it claims",
    "the dispatcher, with a claim",
    "the dispatcher, after it started",
    "the job's process, before its lock",
    "the job's process, before training",
    "the job's process, as training begins",
    "the job's process, after training",
)


@pytest.mark.slow
@pytest.mark.parametrize("moment", spanned(KILLED, OTHERS_STAND_FOR))
def test_killed_at_any_moment_a_job_is_started_once_and_not_forgotten(
    project: QueuedProject, moment: str
) -> None:
    project.die_once(*KILLED[moment])

    project.add("a", steps=10)
    project.add("b")
    wait_until(lambda: not (project.path / "die").exists())
    project.type()
    project.wait_for(a="ended", b="ended")

    assert project.starts() == ["a", "b"]


def test_a_new_dispatcher_takes_the_living_jobs_over(project: QueuedProject) -> None:
    project.add("a", f"seed={WAITS}")
    project.add("b")
    wait_until(lambda: project.starts() == ["a"])
    first = project.dispatcher()
    assert first

    kill(first)
    project.type()
    project.let_go()

    assert project.dispatcher() != first
    project.wait_for(a="ended", b="ended")
    assert project.starts() == ["a", "b"]
    assert project.job("a")["code"] == 0


@pytest.mark.slow
def test_of_many_who_start_a_dispatcher_one_lives(project: QueuedProject) -> None:
    project.add("a", steps=LONG)
    first = project.dispatcher()
    assert first
    kill(first)

    asking = [project.start() for _ in range(5)]
    for process in asking:
        assert process.wait(60) == 0

    wait_until(lambda: len(project.dispatchers()) == 1)
    assert project.dispatchers() == [project.dispatcher()]
    assert project.dispatch().wait(60) == 0  # one more sees that it is not needed
    assert project.starts() == ["a"]


@pytest.mark.slow
def test_after_a_reboot_a_job_goes_on_in_its_run(project: QueuedProject) -> None:
    project.type(
        *("add", "--device", "0", "fit", "--name", "a", "--resume", "none"),
        "trainer.max_epochs=60",
    )
    project.add("b")
    last = project.runs / "a/checkpoints/last.ckpt"
    wait_until(lambda: last.exists() and int(last.read_text()) > 3)

    project.kill_everything()
    # Another process has the number now, and was born at the same tick.
    mine = {"pid": os.getpid(), "born": born(), "boot": "the boot before", "host": host(project)}
    project.write("a", process=mine)
    project.type()
    project.wait_for(a="ended", b="ended")

    starts = project.starts_of("a")
    assert project.starts() == ["a", "a", "b"]
    assert starts[0]["from"] == 0
    assert starts[1]["from"] > 3
    assert [start["resume"] for start in starts] == ["none", "auto"]  # which would be refused now
    assert project.job("a")["lost"] == 1


def born() -> float:
    """When this process began, as Linux has it."""
    return float(Path(f"/proc/{os.getpid()}/stat").read_text().rpartition(")")[2].split()[19])


def host(project: QueuedProject) -> str:
    return project.job("a")["process"]["host"]


@pytest.mark.slow
def test_a_job_that_is_lost_again_and_again_fails_unless_it_gets_on(project: QueuedProject) -> None:
    project.add("vain", f"seed={NEVER_SAVES}", steps=LONG)
    project.add("on", steps=120, device="1")

    last = project.runs / "on/checkpoints/last.ckpt"

    def both_have_begun(number: int) -> bool:
        starts = {len(project.starts_of(run)) for run in ("vain", "on")}
        return starts == {number} and last.exists() and int(last.read_text()) >= 5 * number

    for number in range(1, 4):
        wait_until(partial(both_have_begun, number))
        for process in project.processes():
            kill(process.pid)
    project.wait_for(vain="failed", on="ended")

    assert project.job("vain")["reason"] == "killed, 3 times without getting on"
    assert len(project.starts_of("vain")) == 3
    assert len(project.starts_of("on")) == 4


def test_a_stopped_job_saves_and_goes_on_only_when_asked(project: QueuedProject) -> None:
    project.add("a", steps=40)
    wait_until(lambda: len(project.starts_of("a")) == 1)
    wait_until((project.runs / "a/checkpoints/last.ckpt").exists)

    assert "is asked to end" in project.type("stop", "1")
    project.wait_for(a="stopped")
    summary = json.loads((project.runs / "a/summary.json").read_text())
    assert summary == {"status": "stopped", "reason": "SIGTERM"}
    project.add("b")
    project.wait_for(b="ended")
    assert project.starts() == ["a", "b"]

    project.type("again", "1")
    project.wait_for(a="ended")
    assert project.starts_of("a")[1]["from"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("how", ["after a while", "hard"])
def test_what_does_not_listen_is_killed(project: QueuedProject, how: str) -> None:
    project.dispatch("end_job.SAVING_SECONDS = 1.0")
    wait_until(project.dispatcher)
    project.add("deaf", f"seed={IS_DEAF}", steps=LONG)
    project.add("next")
    wait_until((project.runs / "deaf/checkpoints/last.ckpt").exists)

    began = time.monotonic()
    project.type("stop", "1", *(["--hard"] if how == "hard" else []))
    project.wait_for(deaf="stopped", next="ended")

    assert time.monotonic() - began < 20
    assert project.starts() == ["deaf", "next"]


@pytest.mark.slow
def test_a_stop_outlives_the_dispatcher(project: QueuedProject) -> None:
    project.add("a", steps=LONG)
    wait_until((project.runs / "a/checkpoints/last.ckpt").exists)
    pid = project.dispatcher()
    assert pid
    os.kill(pid, signal.SIGSTOP)

    project.type("stop", "1")
    kill(pid)
    assert project.states() == {"a": "running"}
    project.type()

    project.wait_for(a="stopped")
    assert project.starts() == ["a"]


@pytest.mark.slow
def test_a_device_is_taken_until_the_last_process_is_gone(project: QueuedProject) -> None:
    project.dispatch("dispatcher.LEFT_SECONDS = 4.0")
    wait_until(project.dispatcher)
    project.add("a", f"seed={LEAVES_A_CHILD}", steps=2)
    project.add("b")

    wait_until(lambda: project.job("a")["code"] == 0)
    wait_until(lambda: len(project.processes()) == 1)  # who wrote the code down ends a moment later
    (left,) = project.processes()
    assert project.starts() == ["a"]
    project.wait_for(a="ended", b="ended")

    assert not is_alive(left)


@pytest.mark.slow
def test_training_that_lost_its_first_process_keeps_its_device(project: QueuedProject) -> None:
    project.add("a", f"seed={WAITS}")
    project.add("b")
    wait_until(lambda: len(project.starts_of("a")) == 1)

    kill(project.job("a")["process"]["pid"])
    time.sleep(1.0)

    assert project.states() == {"a": "running", "b": "waiting"}
    project.let_go()
    project.wait_for(a="ended", b="ended")
    assert project.starts() == ["a", "b"]


@pytest.mark.slow
def test_a_dispatcher_without_work_ends_and_the_next_job_starts_another(
    project: QueuedProject,
) -> None:
    first = project.dispatch("dispatcher.IDLE_SECONDS = 0.5")
    wait_until(project.dispatcher)
    assert first.wait(60) == 0
    assert project.dispatcher() is None

    project.add("a")
    project.wait_for(a="ended")

    assert project.dispatcher() is not None


@pytest.mark.slow
def test_a_job_that_never_begins_fails_with_the_place_to_look_at(project: QueuedProject) -> None:
    file = project.path / "experiment/core/queue/run_job.py"
    project.add("a", f"seed={WAITS}")
    wait_until(lambda: project.starts() == ["a"])
    file.write_text("raise RuntimeError('broken by an edit')\n")

    project.add("b")
    project.let_go()
    project.wait_for(a="ended", b="failed")

    reason = project.job("b")["reason"]
    assert reason.startswith("it never began; see ")
    assert "broken by an edit" in Path(reason.partition("; see ")[2]).read_text()


@pytest.mark.slow
def test_a_dispatcher_that_cannot_go_on_is_told(project: QueuedProject) -> None:
    project.dispatch("def full(*_): raise OSError(28, 'No space left')\nqueue.Queue.save = full")
    wait_until(project.dispatcher)
    project.add("a")
    log = project.queue / "dispatcher.json"

    hour_ago = time.time() - 3600
    wait_until(lambda: project.states() == {"a": "waiting"})
    os.utime(log, (hour_ago, hour_ago))
    time.sleep(1.0)

    assert "which moves the queue, has not been able to for 360" in project.type()
    assert project.starts() == []


@pytest.mark.slow
def test_served_in_a_terminal_it_takes_over_and_leaves_jobs_alone(project: QueuedProject) -> None:
    project.add("a", f"seed={WAITS}")
    wait_until(lambda: project.starts() == ["a"])
    first = project.dispatcher()
    assert first

    waits = project.start("--serve")
    time.sleep(2.0)
    waits.send_signal(signal.SIGINT)
    assert waits.wait(60) == 0
    served = project.start("--serve")
    time.sleep(2.0)
    assert project.dispatcher() == first
    os.kill(first, signal.SIGTERM)
    wait_until(lambda: project.dispatcher() == served.pid)
    served.send_signal(signal.SIGINT)
    shown, _ = served.communicate(timeout=60)

    assert served.returncode == 0, shown
    assert f"process {first} moves the queue; this one takes over" in shown
    assert project.dispatcher() is None
    assert project.states() == {"a": "running"}
    project.type()
    project.let_go()
    project.wait_for(a="ended")
    assert project.starts() == ["a"]
