"""``main.py runs``: what is told of runs, from files as runs leave them."""

import csv
import io
import json
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
import yaml
from assemble import Package, assemble
from filelock import FileLock

Main = Callable[..., tuple[int, str, str]]
CONFIG = {
    "data": {"batch_size": 64, "root": "data"},
    "model": {"width": 64, "depth": 2},
    "seed": 0,
    "optimizer": {"name": "adamw", "learning_rate": 0.003, "groups": {}},
    "trainer": {"max_epochs": 3},
    "restart": {"stall_minutes": 30.0},
    "logger": {"project": "a"},
}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return Package(assemble(tmp_path_factory.mktemp("runs")))


@pytest.fixture
def main(package: Package, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Main:
    """Type ``main.py runs WORDS``: the exit code, and what was printed."""
    cli = package.module("core.config.cli")
    run_command = package.module("core.commands.dispatch").run_command

    def type_(*words: str) -> tuple[int, str, str]:
        words = ("runs", *words, "--output", str(tmp_path / "runs"))
        try:
            arguments = cli.parse_arguments(cli.make_parser(None), words)
            code = run_command(arguments, object, None)
        except SystemExit as end:
            code = int(str(end.code))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return type_


class Runs:
    """Folders as runs leave them."""

    def __init__(self, package: Package, output: Path) -> None:
        self.output = output
        self.read = lambda: package.module("core.runs.table").read_runs(output)

    def add(
        self,
        name: str,
        status: str = "finished",
        best: float | None = None,
        settings: dict[str, Any] | None = None,
        **summary: Any,
    ) -> Path:
        folder = self.output / name
        (folder / "checkpoints").mkdir(parents=True)
        config = json.loads(json.dumps(CONFIG))
        for key, value in (settings or {}).items():
            section, _, leaf = key.rpartition(".")
            (config[section] if section else config)[leaf] = value
        text = yaml.safe_dump(config, sort_keys=False)
        (folder / "config.yaml").write_text(text)
        age = 1_700_000_000 + len(list(self.output.iterdir()))
        os.utime(folder / "config.yaml", (age, age))
        known = {"name": name, "status": status, "seconds": 12.0, "epochs": 3, "steps": 30}
        known["process"] = {"pid": os.getpid(), "host": socket.gethostname()}
        (folder / "summary.json").write_text(json.dumps({**known, **summary}))
        if best is not None:
            scores = {"best-1.ckpt": best, "best-2.ckpt": best + 1}
            record = {"monitor": "val/loss", "mode": "min", "scores": scores}
            (folder / "checkpoints/best.json").write_text(json.dumps(record))
        return folder


@pytest.fixture
def runs(package: Package, tmp_path: Path) -> Runs:
    return Runs(package, tmp_path / "runs")


def status(runs: Runs) -> tuple[str, str | None]:
    (row,) = runs.read()
    return row.status, row.reason


def test_what_a_power_cut_left_is_stopped(runs: Runs) -> None:
    folder = runs.add("a", "running")
    (folder / ".heartbeat").write_text(f"{7:<15} {30.5:<15}\n")

    (row,) = runs.read()

    assert (row.status, row.reason) == ("stopped", "its process was killed")
    assert (row.step, row.seconds) == (7, 30.5)


def test_a_lock_says_that_it_lives_and_the_sign_of_life_how(runs: Runs) -> None:
    folder = runs.add("a", "running")
    with FileLock(folder / ".lock"):
        assert status(runs) == ("waiting", "no step yet")
        (folder / ".heartbeat").write_text("7 30.5\n")
        assert status(runs) == ("running", None)
        long_ago = time.time() - 31 * 60
        os.utime(folder / ".heartbeat", (long_ago, long_ago))
        assert status(runs) == ("stalled", "no step for 31 minutes")
    assert status(runs)[0] == "stopped"


def test_a_run_of_another_machine_is_told_by_its_signs(runs: Runs) -> None:
    folder = runs.add("a", "running", process={"pid": 1, "host": "elsewhere"})
    assert status(runs) == ("waiting", "no step yet, on elsewhere")
    (folder / ".heartbeat").write_text("7 30.5\n")
    assert status(runs) == ("running", None)
    os.utime(folder / ".heartbeat", (0, 0))
    assert status(runs)[0] == "stopped"


def test_looking_does_not_refuse_a_run_that_starts(package: Package, runs: Runs) -> None:
    folder = runs.add("a", "running")
    run = package.module("core.runs.run").Run(folder)
    look = FileLock(folder / ".lock", thread_local=False)
    look.acquire()
    Timer(0.05, look.release).start()

    run.lock()  # waits for it

    assert run._lock.is_locked
    run._lock.release()


def test_the_time_left_counts_from_the_last_start(runs: Runs) -> None:
    start = {"step": 1000, "seconds": 5000.0, "last_step": 2000}
    folder = runs.add("a", "running", start=start)
    (folder / ".heartbeat").write_text("1100 5010.0\n")
    with FileLock(folder / ".lock"):
        (row,) = runs.read()
    assert row.seconds_left == pytest.approx(90.0)  # 100 steps in 10 s, 900 to go


def test_the_table(runs: Runs, main: Main) -> None:
    runs.add("run-001", best=0.5)
    runs.add("run-002", best=0.25, settings={"model.depth": 4, "logger.project": "b"}, restarts=2)
    runs.add("sweep/trial-001", "failed", reason="RuntimeError: thirteen layers")

    code, shown, _ = main()

    assert code == 0
    assert shown.splitlines() == [
        "run              status    best val/loss  epoch  time  restarts  device  settings",
        "run-001          finished  0.5            3/3    12 s  -         -       depth=2",
        "run-002          finished  0.25           3/3    12 s  2         -       depth=4",
        "sweep/trial-001  failed    -              3/3    12 s  -         -       depth=2",
    ]


def test_a_run_without_a_setting_does_not_differ_in_it(runs: Runs, main: Main) -> None:
    """It is of another project, or of before an update that brought the setting."""
    runs.add("a", settings={"model.depth": 4})
    runs.add("b", settings={"new_one": 1})
    foreign = runs.add("foreign")
    (foreign / "config.yaml").write_text("model:\n  depth: 7\nelse: 3\n")

    _, shown, _ = main()

    assert [line.split()[-1] for line in shown.splitlines()] == [
        "settings",
        "depth=4",
        "depth=2",
        "depth=7",
    ]
    _, compared, _ = main("compare", "a", "b")
    assert "new_one" in compared


def test_choosing_and_ordering(runs: Runs, main: Main) -> None:
    runs.add("a", best=0.5, settings={"optimizer.learning_rate": 1e-4})
    runs.add("b", best=0.25, settings={"model.depth": 4})
    runs.add("c", "failed", settings={"model.depth": 4}, metrics={"val/accuracy": 0.5})

    def names(*words: str) -> list[str]:
        code, shown, errors = main(*words, "--json")
        assert code == 0, errors
        return [row["name"] for row in json.loads(shown)]

    assert names("--where", "model.depth=4") == ["b", "c"]
    assert names("--where", "depth=4", "--where", "status=failed") == ["c"]
    assert names("--where", "learning_rate=1e-4") == ["a"]
    assert names("--where", "name=[ab]*") == ["a", "b"]
    assert names("--where", "model.depth=true") == []
    assert names("--sort", "best") == ["b", "a", "c"]
    assert names("--sort=-best") == ["a", "b", "c"]
    assert names("--sort", "val/accuracy") == ["c", "a", "b"]
    assert names("--sort=-name") == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--where", "model.dept=4"], "no run has such a column, setting or metric; did you mean"),
        (["--where", "depth"], "--where depth: write KEY=VALUE, such as model.depth=2"),
        (["--sort", "bset"], "did you mean best?"),
        (["model.depth=4"], "to choose among the runs write --where model.depth=4"),
        (["shwo", "a"], "runs shwo is not a command; did you mean show?"),
        (["show"], "runs show needs a NAME"),
        (["show", "a", "b"], "runs show takes 1 NAME; b is too many"),
        (["best", "a"], "runs best takes 0 NAMES; a is too many"),
        (["show", "../a"], "there is no run ../a in"),
        (["compare", "a", "a"], "runs compare needs two runs that are not the same"),
        (["rm", "a"], "runs rm asks before it deletes; where nobody can answer, give --yes"),
        (["--seed", "3"], "runs does not use --seed"),
        (["--csv", "--json"], "--csv or --json, not both"),
        (["best", "--sort", "status"], "it is not known whether more or less of it is better"),
    ],
)
def test_mistakes(
    runs: Runs, main: Main, words: list[str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    folder = runs.add("a", best=0.5)

    code, shown, error = main(*words)

    assert (code, shown) == (2, "")
    assert sentence in error
    assert error.count("\n") == 1
    assert (folder / "config.yaml").exists()


def test_the_best(runs: Runs, main: Main) -> None:
    runs.add("a", best=0.5)
    runs.add("b", best=0.25)
    runs.add("c", "failed")

    _, shown, _ = main("best")

    assert shown.startswith("best of 2 runs by val/loss: b\n")
    assert "  not compared      1, which have no val/loss\n" in shown


def test_csv_has_metrics_and_the_settings_that_differ(runs: Runs, main: Main) -> None:
    runs.add("a", best=0.5, metrics={"test/loss": 0.125})
    runs.add("b", settings={"model.width": [4, 8]}, reason='a "quoted", line')

    _, shown, _ = main("--csv")

    first, second = csv.DictReader(io.StringIO(shown))
    assert (first["best"], first["test/loss"], first["model.width"]) == ("0.5", "0.125", "64")
    assert (second["reason"], second["model.width"]) == ('a "quoted", line', "[4, 8]")


def test_side_by_side(runs: Runs, main: Main) -> None:
    for name, loss in (("<b>", 0.5), ("b", float("nan"))):
        folder = runs.add(name, best=loss, settings={"seed": len(name)}, metrics={"val/loss": loss})
        rows = [{"step": step, "val/loss": loss / (step + 1)} for step in range(3)]
        (folder / "metrics.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))

    code, shown, _ = main("compare", "<b>", "b")

    assert code == 0
    assert "seed  3    1" in shown
    page = next((runs.output / "compare").glob("*.html")).read_text()
    assert page.count("<polyline") == 1  # nothing but NaN is no curve
    assert "<b>" not in page.replace("</b>", "").split("<h1>")[1].split("</h1>")[0]


def test_a_run_is_deleted_when_nobody_works_in_it(runs: Runs, main: Main) -> None:
    folder, other = runs.add("a", "running"), runs.add("b")
    with FileLock(folder / ".lock"):
        code, _, error = main("rm", "b", "a", "--yes")
    assert (code, other.exists(), folder.exists()) == (2, True, True)
    assert "a is at work: stop it first; nothing was deleted" in error

    code, shown, _ = main("rm", "a", "b", "--yes")

    assert (code, list(runs.output.iterdir())) == (0, [])
    assert shown.count("removed ") == 2


def test_a_sweep_is_deleted_with_its_trials(runs: Runs, main: Main) -> None:
    runs.add("sweep/trial-001")
    (runs.output / "sweep/sweep.yaml").write_text("method: grid\n")

    assert main("rm", "sweep", "--yes")[0] == 0
    assert not (runs.output / "sweep").exists()
    assert main("rm", "..", "--yes")[0] == 2


def test_what_was_edited_by_hand_is_read_as_any_yaml(package: Package, tmp_path: Path) -> None:
    read = package.module("core.runs.settings_reader").read_settings
    file = tmp_path / "config.yaml"
    file.write_text(
        "model:\n  width: 4 # narrow\n  note: |\n    two: lines\n    of: text\n"
        "  deep: {a: {}, b: 1}\nseed: 1.0e-3\n"
    )

    assert read(file) == {
        "model.width": 4,
        "model.note": "two: lines\nof: text\n",
        "model.deep.a": {},
        "model.deep.b": 1,
        "seed": 1e-3,
    }
    file.write_text("model: [\n")
    assert read(file) == {}


# --- what a stranger types -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["2020-99-99", "9" * 290, "!!int x", "!!bool x", "!!timestamp x", "[" * 280, "&a [*a]", "*a"],
)
def test_a_value_that_is_none_is_no_run_s(text: str, runs: Runs, main: Main) -> None:
    runs.add("a")

    code, out, err = main("--where", f"epoch={text}")

    assert (code, err) == (0, "")
    assert "holds no run of that kind" in out


def test_a_pattern_that_would_take_minutes_is_refused(runs: Runs, main: Main) -> None:
    runs.add("a")

    code, _, err = main("--where", "name=" + "[" * 20_000)

    assert code == 2
    assert err == "--where name=[[[[[[[[[[[[[[[...: write at most 300 letters\n"
    assert main("--where", "=1")[2].startswith("--where =1: write KEY=VALUE")
    assert main("--sort", "a" * 301)[2] == f"--sort {'a' * 20}...: write at most 300 letters\n"


def test_a_seed_larger_than_any_float_is_sorted(runs: Runs, main: Main) -> None:
    runs.add("small", settings={"seed": 1})
    runs.add("large", settings={"seed": 10**400})

    code, out, _ = main("--sort", "seed")

    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["run", "small", "large"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a/inner", "a is a run, and one inside of it would not be found"),
        ("a/x/y", "a is a run, and one inside of it would not be found"),
        ("group", "that is a group of runs, such as group/one; add a /NAME"),
        ("lr", "that is a sweep"),
        ("x" * 201, "it has 201 letters, at most 200 may"),
    ],
)
def test_a_name_that_would_hide_runs_or_be_hidden_is_refused(
    name: str, reason: str, runs: Runs, package: Package
) -> None:
    runs.add("a")
    runs.add("group/one")
    (runs.output / "lr").mkdir()
    (runs.output / "lr/sweep.yaml").touch()
    folders = package.module("core.runs.run_folders")

    with pytest.raises(folders.UserError, match=reason):
        folders.named_folder(name, runs.output)


def test_a_name_may_be_a_run_s_a_group_s_or_one_that_its_copy_of_code_resembles(
    runs: Runs, package: Package
) -> None:
    runs.add("group/one")
    (runs.output / "new/code").mkdir(parents=True)
    (runs.output / "new/code/config.yaml").touch()  # the project has such a file
    folders = package.module("core.runs.run_folders")

    for name in ("group/one", "group/two", "new", "x" * 200):
        assert folders.named_folder(name, runs.output) == runs.output / name


STRANGE = [
    {"summary.json": "[1]"},
    {"summary.json": '{"status": 5, "process": null, "metrics": [1], "seconds": "x"}'},
    {"summary.json": '{"status": "finished", "restarts": "many", "device": {}}'},
    {"summary.json": '{"status": "running", "start": {}, "process": 3, "wandb": null}'},
    {"summary.json": "[" * 5000},
    {"metrics.jsonl": f'5\n[1]\n{{"step": {10**400}, "epoch": {10**400}, "val/x": {10**400}}}\n'},
    {"metrics.jsonl": '{"step": "x", "epoch": NaN, "val/x": "text"}\n'},
    {"checkpoints/best.json": '{"monitor": "a", "mode": "min", "scores": {"x": "text"}}'},
    {"config.yaml": "\xff{"},
]


@pytest.mark.parametrize("files", STRANGE)
def test_a_run_with_strange_files_hides_no_other(
    files: dict[str, str], runs: Runs, main: Main
) -> None:
    runs.add("good")
    odd = runs.add("odd")
    for name, text in files.items():
        (odd / name).write_text(text)

    for words in ((), ("--json",), ("--sort", "time"), ("--where", "status=finished")):
        code, out, _ = main(*words)

        assert code == 0
        assert "good" in out


def test_a_metric_needs_no_slash_in_its_name(runs: Runs, main: Main) -> None:
    for name in ("a", "b"):
        rows = [{"step": step, "accuracy": 0.1 * step, "epoch": 1} for step in (1, 2)]
        lines = [*rows, {"step": 1, "rollback": 1}, *rows, {"step": 2, "lr-SGD": 0.1}]
        text = "".join(f"{json.dumps(line)}\n" for line in lines)
        (runs.add(name, "running") / "metrics.jsonl").write_text(text)

    code, printed, _ = main("compare", "a", "b")

    assert code == 0
    assert "accuracy" in printed
    assert "rollback" not in printed
    assert "lr-SGD" not in printed
    drawn = (runs.output / "compare/a--b.html").read_text()
    assert drawn.count("<svg") == 1  # not of what was logged once, nor of the epoch
