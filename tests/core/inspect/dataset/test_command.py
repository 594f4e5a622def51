"""``main.py inspect data`` of every task type, as it is typed."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.experiment import Experiment, Server, replace
from harness.offline_run import Logged
from modules import Modules, modules_of
from PIL import Image
from projects import TASKS, Template

pytestmark = pytest.mark.slow
EXAMINE = "experiment/core/inspect/dataset/examine.py"
# Two of Python's topics describe sequences in the same words.
TRUE = {"language_modeling": ["near_duplicate_texts"]}
# What is counted of each class, and how many numbers each example has.
KINDS = {
    "custom": ("examples", 5),
    "image_classification": ("examples", 7),
    "language_modeling": ("examples", 6),
    "object_detection": ("objects", 7),
    "semantic_segmentation": ("pixels", 7),
}
# An engine that has found something, whatever the data.
FOUND = """

_examine = examine


def examine(datamodule: Any, *words: Any) -> Inspection:
    from ..report.seriousness import Seriousness
    from .inspection import ExampleId, Finding

    found = _examine(datamodule, *words)
    one = ExampleId("train", 0, found.splits[0].ids[0])
    words = "there twice", "drop one of them", ((one,),), 2
    found.findings = [Finding("planted", Seriousness.ERROR, *words)]
    return found
"""


@pytest.fixture(scope="module")
def projects(published: Template, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a project of each task."""
    folder = tmp_path_factory.mktemp("projects")
    for task in TASKS:
        published.generate(folder / task, task=task)
    return folder


@pytest.fixture(scope="module", params=TASKS)
def every(request: pytest.FixtureRequest, projects: Path, server: Server) -> Experiment:
    """The project of each task, to look at."""
    return Experiment(projects / request.param, server, {"WANDB_MODE": "disabled"})


def test_the_demo_is_looked_at(every: Experiment) -> None:
    done = every.main("inspect", "data", "--most", "40")

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "page      runs/inspect-data/index.html"
    assert sorted(path.name for path in (every / "runs/inspect-data").iterdir()) == ["index.html"]
    page = (every / "runs/inspect-data/index.html").read_text(encoding="utf-8")
    assert len(page.encode()) < 5_000_000
    assert "http" not in re.sub(r'http-equiv="Content-Security-Policy"', "", page)
    for split in ("train", "val", "test"):
        assert f">{split}<small>" in page
    assert page.count("as it is</small>") == page.count("to the model</small>") == 36
    assert "cannot be drawn" not in page
    assert 'class="remark"' not in page.replace('<p class="remark">the same of all: ', "")
    assert every.status() == ""  # nothing that git would see


def test_json_alone_is_printed_and_a_demo_gives_no_finding_that_is_not_true(
    every: Experiment,
) -> None:
    task = every.path.name
    most = 600 if task in TRUE else 300  # so that the two that are alike are among them

    done = every.main("inspect", "data", "--json", "--most", str(most), "--seed", "3")

    assert done.returncode == 0, done.stdout + done.stderr
    seen = json.loads(done.stdout)
    assert [finding["detector"] for finding in seen["findings"]] == TRUE.get(task, [])
    assert not any(" failed: " in line for line in seen["skipped"])
    assert [split["name"] for split in seen["splits"]] == ["train", "val", "test"]
    counted, properties = KINDS[task]
    for split in seen["splits"]:
        count = min(split["count"], most)
        assert len(split["indices"]) == len(split["ids"]) == count
        assert all(len(one["values"]) == count for one in split["properties"])
        assert split["counted"] == counted
        assert len(split["properties"]) == properties
        is_text = task == "language_modeling"
        assert bool(split["class_counts"]) != is_text
        assert any(fact.startswith("vocabulary: ") for fact in split["facts"]) == is_text


@pytest.fixture
def found(experiment: Experiment) -> Experiment:
    """A project in whose data there is an error."""
    with (experiment / EXAMINE).open("a") as file:
        file.write(FOUND)
    return experiment


def test_findings_are_said_and_only_a_strict_look_fails(found: Experiment) -> None:
    looked, strict = (
        found.main("inspect", "data", "data.limit=20", *words) for words in ([], ["--strict"])
    )

    assert (looked.returncode, strict.returncode) == (0, 1)
    assert re.search(r"^error     there twice \(2: .+\)$", looked.stdout, re.MULTILINE)
    assert re.search(r"^found     1 error; looked at [\d,]+ examples", looked.stdout, re.MULTILINE)
    page = (found / "runs/inspect-data/index.html").read_text(encoding="utf-8")
    assert "there twice" in page
    assert "drop one of them" in page


def test_files_go_where_they_are_wanted(experiment: Experiment) -> None:
    done = experiment.main("inspect", "data", "--output", "looks/first.html", "data.limit=20")
    written = experiment.main("inspect", "data", "--json", "--output", "look.json", "data.limit=20")

    assert done.returncode == written.returncode == 0, done.stderr + written.stderr
    assert (experiment / "looks/first.html").read_text().startswith("<!doctype html>")
    assert written.stdout == ""
    assert len(json.loads((experiment / "look.json").read_text())["splits"]) == 3
    assert not (experiment / "runs").exists()


def test_an_example_that_is_broken_stops_nothing(experiment: Experiment) -> None:
    for label in ("cat", "dog"):
        folder = experiment / f"photos/train/{label}"
        folder.mkdir(parents=True)
        for number in range(12):
            Image.new("RGB", (40, 30), (20 * number, 90, 9)).save(folder / f"{number}.png")
    (experiment / "photos/train/cat/5.png").write_bytes(b"no image")

    done = experiment.main("inspect", "data", "data.source=folder", "data.root=photos")

    assert done.returncode == 0, done.stdout + done.stderr
    page = (experiment / "runs/inspect-data/index.html").read_text(encoding="utf-8")
    assert page.count("as it is</small>") > 12


@pytest.mark.parametrize("task", ["image_classification", "language_modeling"])
def test_what_training_refuses_is_an_error_here(
    projects: Path, server: Server, task: str, tmp_path: Path
) -> None:
    """The look goes on without it, and says so in the words of training."""
    experiment = Experiment(projects / task, server).copy(tmp_path / "experiment")
    for number in range(24):
        folder = experiment / f"mine/{'ab'[number % 2]}"
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 30), (10 * number, 90, 9)).save(folder / f"{number}.png")
        (folder / f"{number}.txt").write_text(f"A text of its own, number {number}. " * 40)
    words = ("data.source=folder", "data.root=mine")
    if task == "language_modeling":
        (experiment / "mine/a/6.txt").write_bytes(b"\x00\xff\xfe binary \x00" * 99)
    trained = experiment.main("fit", *words, "logger.wandb=off")
    assert trained.returncode == 2

    looked = experiment.main("inspect", "data", "--json", *words)
    skipped = experiment.main("inspect", "data", "--json", *words, "data.on_error=skip")

    assert looked.returncode == skipped.returncode == 0, looked.stderr + skipped.stderr
    texts = [finding["text"] for finding in json.loads(looked.stdout)["findings"]]
    assert f"training refuses this data: {trained.stderr.strip()}" in texts
    assert all(split["ids"] for split in json.loads(looked.stdout)["splits"])
    assert "refuses" not in skipped.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--most 0", "command line: --most is 0; it must be a whole number from 1 on"),
        ("--most few", "command line: --most is few; it must be a whole number from 1 on"),
        ("--output configs", "--output configs is a folder; name a file, such as look.html"),
        ("data.source=folder data.root=nowhere", "nowhere"),
        ("data.source=folder data.root=photos data.splits={train:Nope}", "Nope"),
    ],
)
def test_what_is_wrong_is_one_sentence(experiment: Experiment, words: str, says: str) -> None:
    folder = experiment / "photos/train/cat"
    folder.mkdir(parents=True)
    Image.new("L", (8, 8)).save(folder / "a.png")

    done = experiment.main("inspect", "data", *words.split())

    assert done.returncode == 2, done.stdout + done.stderr
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (experiment / "runs").exists()


def test_a_data_module_that_core_does_not_know_is_refused(experiment: Experiment) -> None:
    data = experiment / "experiment/data.py"
    data.write_text(
        f"{data.read_text()}\n\nimport pytorch_lightning as pl\n\n\n"
        "class Bare(pl.LightningDataModule):\n    facts = None\n"
    )
    replace(
        experiment / "main.py",
        "data = ExperimentData(config.data, run)\n",
        "data = ExperimentData(config.data, run)\n    from experiment.data import Bare\n",
    )
    replace(experiment / "main.py", "    return data, module", "    return Bare(), module")

    done = experiment.main("inspect", "data")

    assert done.returncode == 2
    assert done.stderr == (
        "experiment/data.py: inspect data needs core's DataModule, and Bare does not inherit it\n"
    )


# --- W&B ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modules]:
    yield from modules_of("custom", tmp_path_factory.mktemp("project"))


@pytest.mark.parametrize("task", ["object_detection", "semantic_segmentation", "language_modeling"])
def test_wandb_has_tables_and_overlays(
    projects: Path, server: Server, core: Modules, task: str, tmp_path: Path
) -> None:
    experiment = Experiment(projects / task, server).copy(tmp_path / "experiment")
    folder = experiment / "runs/inspect-data"

    done = experiment.main("inspect", "data", "--most", "30", "--offline")

    assert done.returncode == 0, done.stdout + done.stderr
    seen = Logged(core, folder)
    assert f"W&B       runs/inspect-data/wandb/{seen.folder.name}" in done.stdout.splitlines()
    columns = seen.table("inspect/findings")["columns"]
    assert columns == ["seriousness", "detector", "text", "advice", "count", "ids"]
    examples = seen.table("inspect/train/examples")
    assert examples["columns"] == ["id", "index", "label", "as it is", "to the model"]
    assert len(examples["data"]) == 12
    shown = [cell for row in examples["data"] for cell in row[3:]]
    if task == "language_modeling":
        assert all(isinstance(text, str) and text for text in shown)
        assert "inspect/train/images" not in seen.row
        return
    assert {cell["_type"] for cell in shown} == {"image-file"}
    assert all(seen.files[cell["path"]].stat().st_size > 0 for cell in shown)
    pictures = seen.row["inspect/train/images"]
    assert len(pictures["filenames"]) == 12
    assert all((seen.folder / "files" / name).exists() for name in pictures["filenames"])
    overlays = {"object_detection": "boxes", "semantic_segmentation": "masks"}.get(task)
    if overlays:
        assert all(cell[overlays].keys() == {"true"} for cell in shown)
        assert len(pictures[f"all_{overlays}"]) == 12
    if task == "object_detection":
        layers = [
            json.loads((seen.folder / "files" / one["true"]["path"]).read_text())
            for one in pictures["all_boxes"]
        ]
        names = {str(digit): str(digit) for digit in range(10)}
        assert all(layer["class_labels"] == names for layer in layers)  # the same for all images
        boxes = [box for layer in layers for box in layer["box_data"]]
        assert len(boxes) > 12
        assert all(str(box["class_id"]) == box["box_caption"] for box in boxes)
