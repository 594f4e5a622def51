"""What holds for every task type, found by listing the folder: it trains, dies, ends the same."""

import re
from pathlib import Path

import pytest
from core.restart.test_exact_resume import assert_same
from harness.experiment import Experiment, Server
from projects import ROOT, TASKS, Project, Template, bring, run, small_words

pytestmark = pytest.mark.slow

# One cell of the kill matrix that spans most of it.
SPANNING = (
    "trainer.accumulate_grad_batches=2",
    "checkpoint.every_n_steps=2",
    "callbacks.ema={}",
    "data.num_workers=2",
    "trainer.precision=bf16-mixed",
)
YOURS = ("config", "data", "model", "module", "callbacks")
LINES = 600  # of the files that a researcher reads on the first day, together
READ = ("main.py", *(f"experiment/{name}.py" for name in YOURS))


@pytest.fixture(scope="module", params=TASKS)
def task(request: pytest.FixtureRequest) -> str:
    """The name of a folder in tasks/."""
    return request.param


@pytest.fixture(scope="module")
def project(task: str, published: Template, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of the task, made by Copier with the defaults."""
    return published.generate(tmp_path_factory.mktemp(task) / "my-experiment", task=task)


@pytest.fixture
def experiment(task: str, project: Project, server: Server, tmp_path: Path) -> Experiment:
    """A copy of it in which to train."""
    original = Experiment(project.path, server, small=small_words(task))
    return original.copy(tmp_path / "experiment")


def test_a_task_is_read_in_fifteen_minutes(project: Project) -> None:
    assert sum(len((project / name).read_text().splitlines()) for name in READ) < LINES


def test_smoke_passes(experiment: Experiment, python: Path) -> None:
    done = run([str(python), "main.py", "smoke"], experiment.path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout


def test_its_own_tests_pass(experiment: Experiment, python: Path) -> None:
    done = run([str(python), "-m", "pytest", "-q"], experiment.path)

    assert done.returncode == 0, done.stdout + done.stderr


def test_its_code_is_typed(project: Project, python: Path) -> None:
    checker = python.with_name("basedpyright")

    done = run([str(checker), "--pythonpath", str(python)], project.path)

    assert done.returncode == 0, done.stdout


def test_killed_twice_it_ends_with_the_same_bits(experiment: Experiment, tmp_path: Path) -> None:
    calm = experiment.copy(tmp_path / "calm" / "experiment").trained(*SPANNING)
    experiment.killed("on_train_batch_start", 7, *SPANNING)
    experiment.killed("on_validation_batch_start", 1, *SPANNING)

    again = experiment.trained(*SPANNING)

    assert_same(again, calm)


def test_it_draws_what_it_predicts(experiment: Experiment) -> None:
    always = "trainer.check_val_every_n_epoch=1"
    done = experiment.trained("callbacks.sample_predictions.every_n_epochs=3", always)

    assert (done / "samples/epoch-003.png").stat().st_size > 1000


def test_its_section_of_the_readme_speaks_of_commands_that_work(
    task: str, experiment: Experiment
) -> None:
    section = (ROOT / "tasks" / task / "README.md").read_text(encoding="utf-8")
    bring(task, experiment.path)
    experiment.trained()

    typed = re.findall(r"`uv run python main\.py ([^`]+)`", section)
    assert typed
    for words in typed:
        done = experiment.main(*words.split())
        assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"


def test_its_learning_bar_is_a_metric_of_its_test(task: str, experiment: Experiment) -> None:
    bar = (ROOT / "benchmarks/tasks" / f"{task}.py").read_text(encoding="utf-8")

    metrics = experiment.trained("trainer.test_after_fit=true").summary["metrics"]

    named = re.search(r'^METRIC = "(.*)"$', bar, re.MULTILINE)
    assert named
    assert named[1] in metrics
