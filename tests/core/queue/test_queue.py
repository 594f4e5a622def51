"""The queue's records: order, numbers, names, and what is refused; nothing is started."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from assemble import Package, assemble


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], ModuleType]:
    return Package(assemble(tmp_path_factory.mktemp("queue") / "project")).module


@pytest.fixture
def queue(
    module: Callable[[str], ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """A queue on a machine with two GPUs."""
    room = module("core.queue.queue")
    monkeypatch.setattr(room, "gpus", lambda: ["0", "1"])
    return room.Queue(tmp_path / "runs")


def order(queue: Any) -> list[str]:
    return [job.run for job in queue.jobs()]


def refused(call: Callable[..., object], *arguments: object, **options: object) -> str:
    with pytest.raises(Exception) as caught:  # noqa: PT011  # UserError of the assembled package
        call(*arguments, **options)
    assert type(caught.value).__name__ == "UserError", caught.value
    return str(caught.value)


def filled(queue: Any, *names: str, device: str = "0") -> Any:
    for name in names:
        queue.add(["fit"], name, device)
    return queue


def change(queue: Any, id: str, **values: object) -> None:
    with queue.lock():
        job = queue.job(id)
        for name, value in values.items():
            setattr(job, name, value)
        queue.save(job)


def test_jobs_stand_in_the_order_in_which_they_came_and_places_count_by_device(queue: Any) -> None:
    filled(queue, "a", "b")
    filled(queue, "c", device="1")

    assert order(queue) == ["a", "b", "c"]
    assert [(job.id, job.place) for job in queue.jobs()] == [("1", 1), ("2", 2), ("3", 1)]
    assert queue.devices() == ["0", "1", "cpu"]


def test_a_job_moves_among_those_of_its_device(queue: Any) -> None:
    filled(queue, "a", "b", "c")
    filled(queue, "other", device="1")

    queue.move("3", 1)
    assert order(queue) == ["c", "a", "b", "other"]
    queue.move("3", 3)
    assert [job.run for job in queue.jobs() if job.device == "0"] == ["a", "b", "c"]
    assert refused(queue.move, "3", 4) == "place 4: device 0 has places 1 to 3"
    assert refused(queue.move, "9", 1) == "there is no job 9; there are 1, 2, 4, 3"
    change(queue, "1", state="running")
    assert "job 1 is running; only one that waits can be moved" in refused(queue.move, "1", 2)


def test_a_number_is_never_given_twice(queue: Any) -> None:
    filled(queue, "a", "b")

    queue.remove("2")
    filled(queue, "b")

    assert [job.id for job in queue.jobs()] == ["1", "3"]


def test_two_jobs_never_have_one_run(queue: Any) -> None:
    filled(queue, "a")

    said = refused(queue.add, ["fit"], "a", "1")
    assert said.startswith("job 1 has the run a and is waiting; give this one another --name")
    change(queue, "1", state="ended")
    filled(queue, "a", device="1")
    assert [job.run for job in queue.jobs()] == ["a", "a"]


def test_a_job_without_a_name_gets_a_run_that_nobody_else_gets(queue: Any) -> None:
    (queue.output / "run-007").mkdir(parents=True)

    names = [queue.add(["fit"], None, "0").run for _ in range(2)]

    assert names == ["run-008", "run-009"]
    queue.remove("1")
    assert sorted(path.name for path in queue.output.glob("run-*")) == ["run-007", "run-009"]


def test_adds_at_once_make_each_job_once(queue: Any, module: Callable[[str], ModuleType]) -> None:
    def add_ten() -> None:
        own = module("core.queue.queue").Queue(queue.output)
        for _ in range(10):
            own.add(["fit"], None, "1")

    threads = [threading.Thread(target=add_ten) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    jobs = queue.jobs()
    assert [job.id for job in jobs] == [str(number) for number in range(1, 41)]
    assert len({job.run for job in jobs}) == 40
    assert [path.name for path in queue.folder.glob(".*")] == [".lock"]


def test_what_cannot_be_filled_is_no_job(queue: Any) -> None:
    def full(folder: Path) -> None:
        (folder / "code").mkdir()
        raise OSError(28, "No space left on device")

    assert "no space left on device; make room" in refused(queue.add, ["fit"], "a", "0", fill=full)
    assert queue.jobs() == []
    assert not list(queue.folder.glob(".new-*"))


def test_a_device_that_is_not_there_is_refused(queue: Any) -> None:
    said = refused(queue.add, ["fit"], "a", "2")

    assert said == "there is no device 2; there are 0, 1, cpu"


def test_a_waiting_job_is_stopped_at_once_and_goes_on_behind_all_others(queue: Any) -> None:
    filled(queue, "a", "b")

    assert queue.stop("1").state == "stopped"
    assert refused(queue.stop, "1") == "job 1 is over (stopped)"
    queue.go_on("1")

    assert order(queue) == ["b", "a"]
    assert [job.state for job in queue.jobs()] == ["waiting", "waiting"]
    change(queue, "2", state="ended")
    assert "job 2 has ended; for more add another" in refused(queue.go_on, "2")
    assert "job 1 is waiting; one that was stopped" in refused(queue.go_on, "1")


def test_a_running_job_is_asked_and_not_removed(queue: Any) -> None:
    filled(queue, "a")
    change(queue, "1", state="running")

    assert queue.stop("1").stopping == "gentle"
    assert queue.stop("1", hard=True).stopping == "hard"
    assert queue.stop("1").stopping == "hard"
    assert refused(queue.remove, "1") == "job 1 is running; queue stop 1 comes first"


def test_a_job_of_another_machine_is_left_alone(
    queue: Any, module: Callable[[str], ModuleType]
) -> None:
    filled(queue, "a")
    identity = module("core.runs.processes").Identity(1, 1.0, "boot", "elsewhere")
    change(queue, "1", state="running", process=identity)

    assert refused(queue.stop, "1").startswith("job 1 runs on elsewhere: stop it there")
    assert queue.stop("1", hard=True).state == "stopped"


def test_a_record_that_cannot_be_read_is_shown_and_can_be_removed(queue: Any) -> None:
    filled(queue, "a", "b", "c")
    (queue.folder / "1/job.json").write_text("")
    (queue.folder / "2/job.json").write_text(json.dumps({"id": "2"}))
    (queue.folder / "queue.json").write_text("{")

    states = {job.id: (job.state, job.reason) for job in queue.jobs()}

    assert states["3"] == ("waiting", None)
    assert states["1"] == ("failed", "job.json cannot be read (JSONDecodeError); queue rm 1")
    assert states["2"][0] == "failed"
    assert "cannot be read" in refused(queue.go_on, "1")
    queue.remove("1")
    assert filled(queue, "d").jobs()[-1].id == "4"


def test_a_job_of_a_newer_template_is_read(queue: Any) -> None:
    filled(queue, "a")
    file = queue.folder / "1/job.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "priority": 3}))

    assert queue.job("1").state == "waiting"


def test_a_process_is_told_from_another_of_its_number(
    module: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    processes = module("core.runs.processes")
    mine = processes.this_process()
    later = processes.Identity(mine.pid, mine.born + 1, mine.boot, mine.host)

    assert mine.is_alive
    assert not later.is_alive
    (tmp_path / "boot_id").write_text("another\n")
    monkeypatch.setattr(processes, "BOOT_ID", tmp_path / "boot_id")
    assert not mine.is_alive  # its number and even its birth may be another's, since the boot
    monkeypatch.setattr(processes, "BOOT_ID", tmp_path / "nothing")
    assert processes.boot_id() == processes.boot_id()


def test_which_variables_a_job_takes_along(
    module: Callable[[str], ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = module("core.queue.variables")
    kept = ("WANDB_MODE", "HF_HOME", "TOKENIZERS_PARALLELISM", "PATH")
    own = ("WANDB_API_KEY", "HF_TOKEN", "my_password", "SLURM_JOB_ID", "CUDA_VISIBLE_DEVICES")
    for name in (*kept, *own):
        monkeypatch.setenv(name, "mine")

    before = variables.variables_of(tmp_path, {"HF_HOME": "theirs"})
    variables.keep_variables(tmp_path)
    ours = {**dict.fromkeys((*kept, *own), "theirs"), "OF_THEIRS": "theirs"}
    found = variables.variables_of(tmp_path, ours)

    assert before == {"HF_HOME": "theirs"}  # of a job that an earlier version queued
    assert {found[name] for name in kept} == {"mine"}
    assert {found[name] for name in own} == {"theirs"}
    assert "OF_THEIRS" not in found
    written = json.loads((tmp_path / "variables.json").read_text())
    assert not set(own) & set(written)


def test_a_job_is_no_process_of_what_it_was_queued_in(
    module: Callable[[str], ModuleType],
) -> None:
    launched = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "NODE_RANK", "MASTER_ADDR", "MASTER_PORT")
    launched += ("TORCHELASTIC_RUN_ID", "OMPI_COMM_WORLD_RANK", "PMI_RANK", "EXPERIMENT_RUN")
    kept = {"MY_RANK": "1", "SLURM_JOB_ID": "7", "PMIXER": "x"}

    bare = module("core.queue.variables").bare_environment({**dict.fromkeys(launched, "3"), **kept})

    assert bare.keys() - kept.keys() == {"EXPERIMENT_PROJECT", "PYTHONPATH"}
    assert kept.items() <= bare.items()
