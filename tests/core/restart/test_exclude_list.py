"""A run keeps a copy of ``data.exclude``: what is edited there is for the next one."""

import signal
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from harness.experiment import Experiment
from listed_files import line_of, pictures
from modules import Modules, modules_of

WORDS = ("data.source=folder", "data.root=photos", "data.exclude=list.txt", "data.batch_size=2")
WORDS += ("data.image_size=8", "data.drop_last=true", "model.width=2")
OUT = ("cats/a picture 2.png", "dögs/a picture 0.png")


@pytest.fixture
def photos(experiment: Experiment) -> Experiment:
    """A project with twelve photos and a list of two of them."""
    pictures(experiment / "photos")
    write_list(experiment, *OUT)
    return experiment


def write_list(experiment: Experiment, *names: str) -> None:
    lines = [line_of(experiment / "photos", name) for name in names]
    (experiment / "list.txt").write_text("\n".join(["# mine", *lines, ""]), encoding="utf-8")


@pytest.mark.slow
def test_killed_and_resumed_with_an_edited_list(photos: Experiment, tmp_path: Path) -> None:
    undisturbed = photos.copy(tmp_path / "undisturbed").trained(*WORDS)
    run = photos.killed("on_train_batch_start", 6, *WORDS)
    write_list(photos, "cats/a picture 3.png")

    done = photos.fit("--name", "a", *WORDS)

    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        "a goes on with its own copy of the list, runs/a/exclude.txt: list.txt was edited since; "
        "what it says now is for another --name\n"
    ) in done.stdout
    assert "left out  2 of 12 examples, by list.txt\n" in done.stdout
    assert run.weights() == undisturbed.weights()
    assert run.metrics() == undisturbed.metrics()
    assert OUT[0] in (run / "exclude.txt").read_text(encoding="utf-8")

    other = photos.fit("--name", "b", *WORDS)
    assert "left out  1 of 12 examples" in other.stdout
    assert "own copy" not in other.stdout
    assert photos.run("b").weights() != run.weights()  # or the list would not matter

    (photos / "list.txt").unlink()  # none of it is needed any more
    evaluated = photos.main("validate", "--name", "a")
    assert evaluated.returncode == 0, evaluated.stdout + evaluated.stderr
    typed = photos.main("validate", "--name", "a", "data.exclude=none.txt")
    assert typed.returncode == 2
    assert typed.stderr.startswith("data.exclude: there is no file none.txt; ")


@pytest.mark.slow
def test_an_edited_list_is_another_run_and_the_same_one_goes_on(photos: Experiment) -> None:
    stop = {"at": "on_train_batch_start", "count": 6, "signal_number": signal.SIGKILL}
    photos.fit(*WORDS, interrupt=stop)
    (first,) = (photos / "runs").glob("run-*")
    before = (photos / "list.txt").read_text(encoding="utf-8")

    write_list(photos, OUT[0])
    photos.fit(*WORDS)
    assert len(list((photos / "runs").glob("run-*"))) == 2

    (photos / "list.txt").write_text(f"# a comment\n\n{before}", encoding="utf-8")
    again = photos.fit(*WORDS)
    assert len(list((photos / "runs").glob("run-*"))) == 2
    assert f"resuming {first.name}" in again.stdout


@pytest.mark.slow
def test_another_list_needs_permission(photos: Experiment) -> None:
    run = photos.trained(*WORDS, "--epochs", "1")
    kept = (run / "exclude.txt").read_text(encoding="utf-8")
    (photos / "other.txt").write_text("", encoding="utf-8")
    words = (*WORDS, "data.exclude=other.txt", "--epochs", "2")

    refused = photos.fit("--name", "a", *words)
    assert refused.returncode == 2
    assert "was started with data.exclude=list.txt, now it is other.txt" in refused.stderr
    assert (run / "exclude.txt").read_text(encoding="utf-8") == kept

    allowed = photos.fit("--name", "a", *words, "--allow-change")
    assert "left out  0 of 12 examples, by other.txt" in allowed.stdout
    assert (run / "exclude.txt").read_text(encoding="utf-8") == ""


def test_a_list_that_is_not_there_leaves_no_run(experiment: Experiment) -> None:
    done = experiment.fit("--name", "a", *WORDS)

    assert done.returncode == 2
    assert done.stderr == (
        "data.exclude: there is no file list.txt; main.py inspect data --exclude list.txt writes "
        "one\n"
    )
    assert not (experiment / "runs/a").exists()


# --- a sweep's copy ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Modules]:
    yield from modules_of("image_classification", tmp_path_factory.mktemp("project"))


def test_trials_take_the_copy_of_their_sweep(modules: Modules, tmp_path: Path) -> None:
    lists, run_type = modules("core.runs.exclude_list"), modules("core.runs.run").Run
    listed = tmp_path / "list.txt"
    listed.write_text("0123456789abcdef  a.png\n")
    config = SimpleNamespace(data=SimpleNamespace(exclude=str(listed)))
    sweep, trial = tmp_path / "sweep-001", tmp_path / "sweep-001/trial-001"
    trial.mkdir(parents=True)
    (trial / "trial.json").write_text("{}")
    (sweep / "base.yaml").write_text(f"data:\n  exclude: {listed}\n")
    lists.keep_list_of_sweep(sweep, config)
    assert lists.is_same_list(sweep, config)

    listed.write_text("0123456789abcdef  b.png\n")
    lists.keep_list(run_type(trial), config)

    assert (trial / "exclude.txt").read_text() == "0123456789abcdef  a.png\n"
    assert not lists.is_same_list(sweep, config)
    lone = tmp_path / "run-001"
    lone.mkdir()
    lists.keep_list(run_type(lone), config)
    assert (lone / "exclude.txt").read_text() == "0123456789abcdef  b.png\n"
