"""What holds for every task type, found by listing the folder: it trains, dies, ends the same.

A task may cost a minute here: its programs are forked from one that has torch imported, and types
are checked once for all. tests/test_readme.py starts those of the default task as a user does.
"""

import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from core.restart.test_exact_resume import assert_same
from harness import type_check
from harness.experiment import Experiment, RunFolder, Server
from PIL import Image
from projects import ROOT, TASKS, Project, Template, bring, foreign, run, small_words

pytestmark = pytest.mark.slow

# One cell of the kill matrix that spans most of it.
SPANNING = (
    "trainer.accumulate_grad_batches=2",
    "checkpoint.every_n_steps=2",
    "callbacks.ema={}",
    "data.num_workers=2",
)
THE_TEMPLATES = ("experiment/core/", "experiment/blocks/")
CONTRACT = "tests/test_contract.py"
STRICT = {"SMOKE": "strict"}  # nothing may be open
SHAPES = ((60, 40), (60, 90))  # of the images that exported networks are asked about
ALONE = (
    "import json, sys; sys.path.insert(0, sys.argv[1]); import example; "
    "print(json.dumps([example.answer(it) for it in sys.argv[2:]], default=lambda mask: "
    "[list(mask.size), list(mask.tobytes())]))"
)
YOURS = ("config", "data", "model", "module", "callbacks")
LINES = 600  # of the files that a researcher reads on the first day, together
READ = ("main.py", *(f"experiment/{name}.py" for name in YOURS))


@pytest.fixture(scope="module", params=TASKS)
def task(request: pytest.FixtureRequest) -> str:
    """The name of a folder in tasks/."""
    return request.param


@pytest.fixture(scope="module")
def projects(published: Template, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a project of each task, made by Copier with the defaults."""
    folder = tmp_path_factory.mktemp("projects")
    for task in TASKS:
        published.generate(folder / task / "my-experiment", task=task)
    return folder


@pytest.fixture(scope="module")
def project(task: str, projects: Path) -> Project:
    """The project of the task."""
    return Project(projects / task / "my-experiment")


@pytest.fixture(scope="module")
def complaints(projects: Path, python: Path) -> list[str]:
    """What the type checker says, a line each, of all projects at once."""
    files = to_check(projects)
    wrong = projects / TASKS[-1] / "my-experiment/experiment/wrong.py"
    wrong.write_text('from .core.config import RunConfig\n\nRunConfig(seed="text")\n')
    files.append(wrong)  # a fault in the last of them, which has to be found
    roots = [projects / task / "my-experiment" for task in TASKS]

    said = type_check.complaints(projects, roots, files, python)

    wrong.unlink()
    found = [line for line in said if line.startswith(f"{wrong}: ")]
    assert found, "a fault was not found"
    return [line for line in said if line not in found]


def to_check(projects: Path) -> list[Path]:
    """All files that the projects have checked, but what is the template's only once.

    It imports nothing of a task's; what is the same elsewhere may mean another thing beside others.
    """
    files: list[Path] = []
    known: set[tuple[str, bytes]] = set()
    for task in TASKS:
        project = Project(projects / task / "my-experiment")
        for name in checked(project):
            key = name, (project / name).read_bytes()
            if key not in known:
                files.append(project / name)
            if name.startswith(THE_TEMPLATES):
                known.add(key)
    return files


def checked(project: Project) -> list[str]:
    """The files that the project's own settings have checked."""
    settings = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    places = tuple(settings["tool"]["basedpyright"]["include"])
    return [name for name in project.files() if name.startswith(places) and name.endswith(".py")]


@pytest.fixture
def experiment(task: str, project: Project, server: Server, tmp_path: Path) -> Experiment:
    """A copy of it in which to train."""
    original = Experiment(project.path, server, small=small_words(task), hidden=foreign(task))
    return original.copy(tmp_path / "experiment")


def test_a_task_is_read_in_fifteen_minutes(project: Project) -> None:
    assert sum(len((project / name).read_text().splitlines()) for name in READ) < LINES


def test_smoke_passes(experiment: Experiment, server: Server) -> None:
    done = run([str(server.warm), "main.py", "smoke"], experiment.path, STRICT)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout


def test_its_own_tests_pass(experiment: Experiment, server: Server) -> None:
    """But for the one of smoke, just run; tests/test_readme.py starts all as a user does."""
    words = ["-m", "pytest", "-q", "--deselect", f"{CONTRACT}::test_smoke_passes"]
    done = run([str(server.warm), *words], experiment.path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed, 1 deselected" in done.stdout


def test_its_code_is_typed(project: Project, complaints: list[str]) -> None:
    of_this = [line for line in complaints if line.startswith(f"{project.path}/")]

    assert of_this == []


def test_nothing_is_found_in_its_network(experiment: Experiment) -> None:
    done = experiment.main("inspect", "model")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout
    assert re.search(r"^found      nothing found; looked at one", done.stdout, re.MULTILINE)
    shapes = re.search(r"^shapes     (\d+) of (\d+) entries", done.stdout, re.MULTILINE)
    assert shapes
    assert shapes[1] == shapes[2]
    assert re.search(r" experiment/(model|module)\.py:\d+$", done.stdout, re.MULTILINE)
    written = [path.name for path in (experiment / "runs").rglob("*")]
    assert sorted(written) == ["index.html", "inspect-model"]
    assert (experiment / "runs/inspect-model/index.html").stat().st_size < 500_000
    assert experiment.status() == ""  # nothing that git would see


def test_killed_twice_it_ends_with_the_same_bits(experiment: Experiment, tmp_path: Path) -> None:
    calm = experiment.copy(tmp_path / "calm" / "experiment").trained(*SPANNING)
    experiment.killed("on_train_batch_start", 7, *SPANNING)
    experiment.killed("on_validation_batch_start", 1, *SPANNING)

    again = experiment.trained(*SPANNING)

    assert_same(again, calm)


@pytest.fixture(scope="module")
def trained(
    task: str, project: Project, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Experiment, RunFolder]:
    """A copy of it that was trained and tested and drew as it did, and its run."""
    original = Experiment(project.path, server, small=small_words(task), hidden=foreign(task))
    experiment = original.copy(tmp_path_factory.mktemp("trained") / "experiment")
    bring(task, experiment.path)
    drawn = "callbacks.sample_predictions.every_n_epochs=3"
    often = "trainer.check_val_every_n_epoch=1"
    return experiment, experiment.trained(drawn, often, "trainer.test_after_fit=true")


def test_it_draws_what_it_predicts(trained: tuple[Experiment, RunFolder]) -> None:
    _, folder = trained

    assert (folder / "samples/epoch-003.png").stat().st_size > 1000


def test_its_learning_bar_is_a_metric_of_its_test(
    task: str, trained: tuple[Experiment, RunFolder]
) -> None:
    bar = (ROOT / "benchmarks/tasks" / f"{task}.py").read_text(encoding="utf-8")
    _, folder = trained

    named = re.search(r'^METRIC = "(.*)"$', bar, re.MULTILINE)

    assert named
    assert named[1] in folder.summary["metrics"]


def test_its_section_of_the_readme_speaks_of_commands_that_work(
    task: str, trained: tuple[Experiment, RunFolder]
) -> None:
    section = (ROOT / "tasks" / task / "README.md").read_text(encoding="utf-8")
    experiment, _ = trained

    typed = re.findall(r"`uv run python main\.py ([^`]+)`", section)

    assert typed
    for words in typed:
        done = experiment.main(*words.split())
        assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has what an exported network needs, and nothing of a project's."""
    folder = tmp_path_factory.mktemp("bare")
    python = folder / ".venv/bin/python"
    needed = ("onnxruntime", "numpy", "pillow", "tokenizers")
    for words in (("venv", "--python", sys.executable), ("pip", "install", *needed)):
        into = ("--python", str(python)) if words[0] == "pip" else (".venv",)
        done = run(["uv", "--quiet", *words, *into], folder)
        assert done.returncode == 0, done.stderr
    return python


def test_its_export_answers_without_the_project_as_predict_does(
    task: str, trained: tuple[Experiment, RunFolder], bare: Path, tmp_path: Path
) -> None:
    experiment, folder = trained
    settings = {
        "language_modeling": ("sampling.temperature=0", "sampling.max_new_tokens=40"),
        "object_detection": ("model.min_confidence=0.02",),
    }.get(task, ())
    asked, given = to_ask(task, experiment, tmp_path)

    done = experiment.main("export", "--name", "a", *settings)
    answers = tmp_path / "answers.jsonl"
    words = ("--input", str(given), "--output", str(answers), *settings)
    told = experiment.main("predict", "--name", "a", *words)

    assert done.returncode == told.returncode == 0, done.stdout + done.stderr + told.stderr
    alone = run([str(bare), "-I", "-c", ALONE, str(folder / "export"), *asked], tmp_path)
    assert alone.returncode == 0, alone.stderr
    rows = [json.loads(line) for line in answers.read_text().splitlines()]
    assert_alike(json.loads(alone.stdout), rows, tmp_path)


def to_ask(task: str, experiment: Experiment, folder: Path) -> tuple[list[str], str | Path]:
    """What example.py is asked about, and what ``predict --input`` is."""
    if task == "custom":
        return [str(experiment.run("a") / "export/samples.npz")], "test"
    if task == "language_modeling":
        (folder / "prompts.txt").write_text("The \nA f\n", encoding="utf-8")
        return ["The ", "A f"], folder / "prompts.txt"
    (folder / "noise").mkdir()
    draw, files = np.random.default_rng(1), []
    for number, shape in enumerate(SHAPES):
        files.append(str(folder / f"noise/{number}.png"))
        Image.fromarray(draw.integers(0, 256, shape, np.uint8)).save(files[-1])
    return files, folder / "noise"


def assert_alike(alone: list[dict[str, Any]], rows: list[dict[str, Any]], folder: Path) -> None:
    """What example.py says in each column that it has, against the rows of ``predict``."""
    for name in alone[0]:
        ours = [row[name] for row in alone]
        theirs = [row[name] for row in rows]
        if name == "mask":
            pictures = [Image.open(folder / picture) for picture in theirs]
            theirs = [[list(one.size), list(one.tobytes())] for one in pictures]
        if len(alone) == 1 and isinstance(ours[0], list):  # one file of several examples
            (ours,) = ours
            theirs = theirs[: len(ours)]
        assert ours, name
        assert all(one != [] for one in ours), name  # an answer of nothing would prove nothing
        if name in {"confidence", "boxes"}:
            for one, other in zip(ours, theirs, strict=True):
                np.testing.assert_allclose(one, other, atol=2e-3)
        else:
            assert ours == theirs, name
