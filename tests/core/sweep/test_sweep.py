"""``main.py sweep``: what a sweep promises, with trials that take a moment."""

import json
import random
import signal
import time
from pathlib import Path

import psutil
import pytest
import yaml
from harness.small_sweep import SmallProject, kill, wait_until

GRID = {"optimizer.learning_rate": {"values": [0.5, 0.25]}, "model.width": {"values": [4, 8]}}


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    return SmallProject(tmp_path / "project")


def test_a_grid_is_run_in_order_and_its_results_lie_beside_it(project: SmallProject) -> None:
    project.write(GRID)

    shown = project.sweep("sweeps/sweep.yaml", "--workers", "2", "model.depth=2")

    points = [(4, 0.5), (4, 0.25), (8, 0.5), (8, 0.25)]
    rows = [
        {
            "trial": f"trial-{n:03d}",
            "state": "finished",
            "val/loss": repr(rate + 0.1),
            "model.width": str(width),
            "optimizer.learning_rate": str(rate),
            "val/score": repr(-(rate + 0.1)),  # at the same step
        }
        for n, (width, rate) in enumerate(points, 1)
    ]
    assert project.table() == rows
    assert project.starts() == [1, 1, 1, 1]
    assert "sweep-001: grid search, 4 trials, 2 at a time, in runs/sweep-001" in shown
    assert shown.count("\n[") == 4
    assert "best 0.35 (trial-002)" in shown
    again = "python main.py fit model.depth=2 model.width=4 optimizer.learning_rate=0.25\n"
    assert again in shown
    best = yaml.safe_load((project.folder() / "best.yaml").read_text())
    assert best["model"]["depth"] == 2
    kept = {path.name for path in (project.folder() / "trial-001/checkpoints").iterdir()}
    assert kept == {"best-1.ckpt", "best.json"}
    page = (project.folder() / "index.html").read_text()
    assert all(f'href="trial-{n:03d}/"' in page for n in range(1, 5))


def test_checkpoints_are_kept_or_dropped_as_asked(project: SmallProject) -> None:
    project.write({"seed": {"value": 1}})

    for keep, kept in (("all", 2), ("none", 0)):
        project.sweep("--name", keep, f"sweep.keep_checkpoints={keep}")
        folder = project.folder(keep) / "trial-001/checkpoints"
        assert len(list(folder.glob("*.ckpt"))) == kept


def kill_one(project: SmallProject, rows: int, sparing: set[int]) -> int | None:
    """Kill a trial that has logged so many rows, once in its life; its number."""
    for trial in project.trials("killed"):
        folder = project.folder("killed") / f"trial-{trial['number']:03d}"
        metrics = folder / "metrics.jsonl"
        if trial["number"] in sparing or trial["state"] != "running" or not metrics.exists():
            continue
        if rows <= metrics.read_text().count("\n") < 10:
            process = psutil.Process(int((folder / "starts").read_text().split()[-1]))
            process.suspend()
            at_its_end = (folder / "summary.json").exists()
            process.resume() if at_its_end else process.kill()
            return None if at_its_end else trial["number"]
    return None


@pytest.mark.slow
def test_killed_at_random_points_the_table_is_the_undisturbed_one(project: SmallProject) -> None:
    project.write({"optimizer.learning_rate": {"values": [0.5, 0.25]},
                   "seed": {"values": [0, 1, 2, 3]}})  # fmt: skip
    project.sweep("--name", "calm", "--workers", "2")
    moments = random.Random("moments")
    killed_trials: set[int] = set()

    for _ in range(3):
        process = project.start("--name", "killed", "--workers", "2", pause=0.05)
        rows = moments.randrange(1, 9)
        number = None
        while number is None:
            number = kill_one(project, rows, killed_trials)
        killed_trials.add(number)
        time.sleep(moments.uniform(0.0, 0.3))
        process.kill()
        process.communicate()
    shown = project.sweep("--name", "killed", "--workers", "2")

    assert project.table("killed") == project.table("calm"), shown
    expected = [1 + (n in killed_trials) for n in range(1, 9)]
    assert project.starts("killed") == expected
    for folder in project.folder("killed").glob("trial-*"):
        steps = [json.loads(line)["step"] for line in (folder / "metrics.jsonl").open()]
        assert steps == list(range(10)), folder


@pytest.mark.slow
def test_a_second_process_joins_in_and_no_trial_runs_twice(project: SmallProject) -> None:
    project.write({"seed": {"values": list(range(12))}})

    first = project.start(pause=0.05)
    wait_until(lambda: project.trials())
    second = project.start(pause=0.05)
    both = [process.communicate()[0] for process in (first, second)]

    assert (first.returncode, second.returncode) == (0, 0), both
    assert project.starts() == [1] * 12
    owners = [trial["owner"]["pid"] for trial in project.trials()]
    assert set(owners) == {first.pid, second.pid}
    assert not project.folder("sweep-002").exists()


def test_a_trial_that_is_lost_twice_is_failed(project: SmallProject) -> None:
    project.write({"seed": {"values": [0, 1]}})
    process = project.start(pause=0.3)
    starts = project.folder() / "trial-001/starts"

    for count in (1, 2):
        wait_until(lambda: starts.exists() and starts.read_text().count("\n") == count)  # noqa: B023
        kill(int(starts.read_text().split()[-1]))
    kill_rest = project.folder() / "trial-002/starts"
    wait_until(kill_rest.exists)
    process.terminate()
    shown, _ = process.communicate()

    assert project.trials()[0]["state"] == "failed"
    assert "trial-001  failed: killed by SIGKILL, for the second time" in shown
    assert process.returncode == 128 + signal.SIGTERM


@pytest.mark.parametrize(
    ("process", "state"), [(None, "finished"), (99, "failed")], ids=["claimed", "started"]
)
def test_a_trial_that_was_claimed_and_never_started_is_not_lost(
    project: SmallProject, process: int | None, state: str
) -> None:
    project.write({"seed": {"values": [0, 1]}})
    project.sweep("--name", "a")
    lost = project.folder("a") / "trial-001"
    for name in ("summary.json", "metrics.jsonl"):
        (lost / name).unlink()
    # As a kill of the sweep leaves it that had taken a lost trial, before and after its start.
    gone = {**project.trials("a")[0]["owner"], "born": 1.0}
    record = {**project.trials("a")[0], "state": "running", "value": None, "seconds": 0.0}
    record |= {"attempts": 2, "owner": gone, "process": process, "started": 1.0}
    (lost / "trial.json").write_text(json.dumps(record))

    shown = project.sweep("--name", "a")

    trial = project.trials("a")[0]
    assert (trial["state"], trial["attempts"]) == (state, 2), shown
    assert project.starts("a") == [2 if process is None else 1, 1]
    if process is None:
        assert trial["process"] is not None
        assert trial["seconds"] < 1000  # nobody worked on it since 1970
        assert len(project.table("a")) == 2
    else:
        assert trial["reason"] == "killed, for the second time"


def test_ctrl_c_lets_trials_save_and_the_same_command_goes_on(project: SmallProject) -> None:
    project.write(GRID)
    process = project.start("--workers", "2", pause=0.1)
    wait_until(lambda: len(list(project.folder().glob("trial-*/metrics.jsonl"))) == 2)

    process.send_signal(signal.SIGINT)
    shown, _ = process.communicate()
    project.sweep("--workers", "2")

    assert process.returncode == 130
    assert "the same command goes on with it" in shown
    assert project.starts() == [2, 2, 1, 1]
    assert [trial["attempts"] for trial in project.trials()] == [1, 1, 1, 1]
    assert {row["state"] for row in project.table()} == {"finished"}


def test_a_failed_trial_is_marked_with_its_reason_and_the_rest_go_on(project: SmallProject) -> None:
    project.write({"model.depth": {"values": [1, 13, 2]}})

    shown = project.sweep()

    assert [trial["state"] for trial in project.trials()] == ["finished", "failed", "finished"]
    assert "[2/3] trial-002  failed: RuntimeError: thirteen layers" in shown


def test_after_failures_in_a_row_the_sweep_stops_and_says_why(project: SmallProject) -> None:
    project.write({"model.depth": {"value": 13}}, method="random", run_cap=9)

    shown = project.sweep("sweep.give_up_after=2", code=1)

    assert len(project.trials()) == 2
    assert shown.endswith(
        "sweep-001 stopped: 2 trials in a row have failed, the last one with: RuntimeError: "
        "thirteen layers\n"
    )


def test_an_edit_while_a_sweep_runs_changes_nothing_in_it(project: SmallProject) -> None:
    project.write(GRID)
    process = project.start(pause=0.05)
    wait_until(lambda: project.trials())

    program = project.path / "trial.py"
    program.write_text(program.read_text().replace("VERSION = 1", "VERSION = 2"))
    process.communicate()

    summaries = [json.loads(p.read_text()) for p in project.folder().glob("trial-*/summary.json")]
    assert [summary["version"] for summary in summaries] == [1, 1, 1, 1]
    project.write(GRID, run_cap=9)
    shown = project.sweep("--name", "sweep-001")
    assert (
        "its trials run the code of its start; changed since then, and of no effect: trial.py"
        in (shown)
    )


def test_a_target_that_is_reached_ends_the_sweep(project: SmallProject) -> None:
    metric = {"name": "val/loss", "target": 0.35}
    project.write(GRID, metric=metric)

    shown = project.sweep()

    assert len(project.trials()) == 2
    assert "sweep-001 stopped: trial-002 has reached metric.target" in shown


def test_a_hopeless_trial_is_stopped_early(project: SmallProject) -> None:
    rates = {"values": [0.1, 0.2, 5.0]}
    epochs = {"value": 60}
    project.write(
        {"optimizer.learning_rate": rates, "trainer.max_epochs": epochs},
        early_terminate={"type": "hyperband", "min_iter": 2, "eta": 3},
    )

    shown = project.sweep("--workers", "3", pause=0.05)

    first, _, worst = (trial["state"] for trial in project.trials())  # the second may be faster
    assert (first, worst) == ("finished", "stopped"), shown
    assert "stopped (hyperband, after " in shown


def test_more_trials_go_on_in_the_same_folder(project: SmallProject) -> None:
    random_rate = {"optimizer.learning_rate": {"min": 0.1, "max": 0.9}}
    project.write(random_rate, method="random", run_cap=2)
    project.sweep("--name", "a")
    before = project.table("a")

    project.write(random_rate, method="random", run_cap=3)
    shown = project.sweep("--name", "a")

    assert project.table("a")[:2] == before
    assert len(project.table("a")) == 3
    assert "3 trials, 2 of them done" in shown
    project.write({"seed": {"values": [1]}})
    assert "was started with another " in project.sweep("--name", "a", code=2)


def test_seeds_have_a_mean_and_a_deviation(project: SmallProject) -> None:
    project.write(
        {"seed": {"values": [0, 1, 2]}, "optimizer.learning_rate": {"values": [0.5, 1.0]}}
    )

    shown = project.sweep()

    lines = shown.splitlines()
    header = lines.index("learning_rate  n  mean   std")
    assert lines[header + 1 : header + 3] == [
        "0.5            3  0.725  0.125",
        "1              3  1.225  0.125",
    ]
    other = lines.index("val/score:")  # and of every other metric
    assert lines[other + 1 : other + 4] == [
        "learning_rate  n  mean    std",
        "0.5            3  -0.725  0.125",
        "1              3  -1.225  0.125",
    ]
    page = (project.folder() / "index.html").read_text()
    assert "<th>mean val/loss</th>" in page
    assert "<th>mean val/score</th>" in page


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("val/loss", "val/los", "sweep.yaml:9: val/los is not logged by this module; did you mean "
         "val/loss?"),
        ("model.width", "model.widht", "model.widht is not a setting; did you mean model.width?"),
        ("model.width", "model.depth", "the first trial is refused: thirteen layers"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_before_the_first_trial(
    project: SmallProject, old: str, new: str, says: str
) -> None:
    project.write({"model.width": {"values": [13]}})
    file = project.path / "sweeps/sweep.yaml"
    file.write_text(file.read_text().replace(old, new))
    program = project.path / "trial.py"
    failing = 'end("failed", "RuntimeError: thirteen layers", 1)'
    refusing = 'print("thirteen layers"), sys.exit(2)'
    program.write_text(program.read_text().replace("and step == 1", "").replace(failing, refusing))

    shown = project.sweep(code=2)

    assert says in shown.splitlines()[-1], shown
    assert not project.folder().exists() or not project.trials()


def test_the_goal_is_what_ranks_the_checkpoints_of_a_trial(project: SmallProject) -> None:
    width = {"model.width": {"values": [4]}}
    ranked = ("checkpoint.monitor=val/score",)
    project.write(width, name="scores")
    replace_metric(project, {"name": "val/score", "goal": "maximize"})

    refused = project.sweep(*ranked, "checkpoint.mode=min", code=2)
    project.sweep("--name", "a", *ranked, code=0)

    assert "metric.goal is maximize, and checkpoint.mode is min: a trial would keep its" in refused
    base = yaml.safe_load((project.folder("a") / "trial-001/config.yaml").read_text())
    assert base["checkpoint"]["mode"] == "max"


def test_what_nobody_minimizes_is_not_minimized_in_silence(project: SmallProject) -> None:
    project.write({"model.width": {"values": [4]}})
    replace_metric(project, {"name": "val/accuracy"})

    refused = project.sweep(code=2)

    assert "metric.goal is missing: W&B would minimize val/accuracy; set goal: maximize" in refused


def replace_metric(project: SmallProject, metric: dict[str, str]) -> None:
    """Have the sweep file compare something else."""
    path = project.path / "sweeps/sweep.yaml"
    content = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**content, "metric": metric}))
