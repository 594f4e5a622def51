"""``inspect data --run NAME`` of a run that stands, and the confusion matrix of its test."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.experiment import Experiment, RunFolder, Server
from harness.offline_run import Logged
from modules import Modules, modules_of
from PIL import Image
from projects import Project, Template, small_words

pytestmark = pytest.mark.slow
TESTED = "trainer.test_after_fit=true"
ODD = "data.limit=193"  # in each split


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modules]:
    yield from modules_of("custom", tmp_path_factory.mktemp("project"))


def matrix(run: RunFolder) -> tuple[list[str], list[list[int]]]:
    """The names of the classes, and the counts."""
    with (run / "confusion.csv").open(newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["true", *(row[0] for row in rows)]
    return head[1:], [[int(cell) for cell in row[1:]] for row in rows]


def right(counts: list[list[int]]) -> int:
    return sum(row[place] for place, row in enumerate(counts))


@pytest.fixture(scope="module")
def trained(
    default_project: Project, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Experiment:
    """A project with a run that is tested, 193 examples: 32 in a batch, the last one of one."""
    folder = tmp_path_factory.mktemp("trained") / "experiment"
    experiment = Experiment(default_project.path, server).copy(folder)
    experiment.trained(
        TESTED, ODD, "data.drop_last=true", "logger.wandb=offline", "trainer.max_epochs=6"
    )
    return experiment


def test_the_matrix_of_a_test_is_what_its_accuracy_says(trained: Experiment) -> None:
    run = trained.run("a")
    names, counts = matrix(run)

    assert names == [str(digit) for digit in range(10)]
    total = sum(map(sum, counts))
    assert total == 193
    assert right(counts) / total == pytest.approx(run.summary["metrics"]["test/accuracy"])
    assert min(Image.open(run / "confusion.png").size) > 300
    (log,) = (run / "wandb").glob("offline-run-*")
    assert list((log / "files/media/images/test").glob("confusion_*.png"))
    assert list((log / "files/media/table/test").glob("confusion_table_*.json"))


def test_several_processes_count_each_example_once(
    default_project: Project, server: Server, tmp_path: Path
) -> None:
    """Of 193 examples the second process has none in the last batch, and takes another's."""
    experiment = Experiment(default_project.path, server).copy(tmp_path / "experiment")

    ends = experiment.ranks(TESTED, ODD, "data.drop_last=true", "trainer.max_epochs=1")
    assert [end.returncode for end in ends] == [0, 0], ends[0].stderr + ends[1].stderr
    together = matrix(experiment.run("a"))
    said = [end.stdout.count("confusion: runs/a/confusion.csv") for end in ends]
    (experiment / "runs/a/confusion.csv").unlink()
    alone = experiment.main("test", "--name", "a", "trainer.devices=1", "trainer.accelerator=cpu")

    assert alone.returncode == 0, alone.stderr
    assert "confusion: runs/a/confusion.csv and confusion.png" in alone.stdout
    assert matrix(experiment.run("a")) == together
    assert sum(map(sum, together[1])) == 193
    assert said == [1, 0]


def test_the_best_model_is_asked_about_what_is_held_out(trained: Experiment) -> None:
    quiet = ("logger.wandb=off", "trainer.accelerator=cpu")
    done = trained.main("inspect", "data", "--run", "a", *quiet)
    read = trained.main("inspect", "data", "--run", "a", "--json", *quiet)

    assert done.returncode == read.returncode == 0, done.stdout + done.stderr + read.stderr
    assert done.stdout.splitlines()[-1] == "page      runs/a/inspect-data/index.html"
    seen = json.loads(read.stdout)
    val, test = seen["confusions"]
    assert (val["title"], test["title"]) == ("val", "test")
    assert test["counts"] == matrix(trained.run("a"))[1]
    best = trained.run("a").summary["best"]["value"]
    logged = trained.run("a").metrics()
    (accuracy,) = {
        logged[step, "val/accuracy"]
        for (step, name), value in logged.items()
        if name == "val/loss" and value == best
    }
    assert right(val["counts"]) / sum(map(sum, val["counts"])) == pytest.approx(accuracy)
    page = (trained / "runs/a/inspect-data/index.html").read_text(encoding="utf-8")
    assert page.count('alt="confusion matrix of ') == 2
    assert "http" not in page.replace("http-equiv", "")
    assert trained.status() == ""


def test_only_as_many_are_asked_about_as_are_looked_at_and_wandb_has_it(
    trained: Experiment, core: Modules
) -> None:
    words = ("--run", "a", "--json", "--most", "50", "--offline")
    done = trained.main("inspect", "data", *words, "trainer.accelerator=cpu")

    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)["confusions"]
    assert [sum(map(sum, one["counts"])) for one in seen] == [50, 50]
    logged = Logged(core, trained.run("a") / "inspect-data")
    for one in seen:
        picture = logged.row[f"inspect/{one['title']}/confusion"]
        assert (logged.folder / "files" / picture["path"]).stat().st_size > 1000
        table = logged.table(f"inspect/{one['title']}/confusion_table")
        assert table["columns"] == ["true", *one["names"]]
        assert [row[1:] for row in table["data"]] == one["counts"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--run b", "there is no run b in runs; there are a\n"),
        ("--checkpoint last", "command line: inspect takes --checkpoint with --run NAME only\n"),
        ("--code run", "command line: inspect takes --code with --run NAME only\n"),
        ("--run a --checkpoint nope.ckpt", "--checkpoint nope.ckpt: no such file; use best"),
        ("--run a data.sorce=demo", "data.sorce is not a setting"),
    ],
)
def test_what_is_wrong_is_one_sentence(trained: Experiment, words: str, says: str) -> None:
    done = trained.main("inspect", "data", *words.split())

    assert done.returncode == 2, done.stdout + done.stderr
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_task_without_classes_says_what_is_not_shown(
    published: Template, server: Server, tmp_path: Path
) -> None:
    task = "language_modeling"
    published.generate(tmp_path / "experiment", task=task)
    experiment = Experiment(tmp_path / "experiment", server, small=small_words(task))
    run = experiment.trained(TESTED, "trainer.max_epochs=1")

    done = experiment.main(
        "inspect", "data", "--run", "a", "--most", "40", "trainer.accelerator=cpu"
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert not (run / "confusion.csv").exists()
    assert "skipped   no confusion matrix: texts have no classes" in done.stdout.splitlines()
    page = (run / "inspect-data/index.html").read_text(encoding="utf-8")
    assert "no confusion matrix: texts have no classes" in page
