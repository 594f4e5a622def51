"""A trained run in use: validate, test, predict, and in a notebook."""

import csv
import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from harness.experiment import Experiment, RunFolder, Server, replace
from PIL import Image
from projects import Project
from sklearn.datasets import load_digits

pytestmark = pytest.mark.slow
NOTEBOOK = """
import json
from pathlib import Path

import torch
from main import load

config, data, module = load({arguments})
assert not module.training
data.predict_path = Path("pictures")
rows = []
with torch.no_grad():
    for batch in data.predict_dataloader():
        answer = module.predict_step(batch, 0)
        rows += zip(answer["class"], answer["confidence"].tolist())
print(json.dumps({{"width": config.model.width, "rows": rows}}))
"""


@pytest.fixture(scope="module")
def trained(
    default_project: Project, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> RunFolder:
    """A trained run whose last weights are not its best."""
    words = ("optimizer.learning_rate=0.05", "trainer.max_epochs=4", "checkpoint.save_top_k=2")
    project = Experiment(default_project.path, server)
    run = project.copy(tmp_path_factory.mktemp("trained") / "experiment").trained(*words)
    worst = max(run.best, key=run.best.__getitem__)
    assert run.best[worst] > min(run.best.values())
    return run


@pytest.fixture
def run(experiment: Experiment, trained: RunFolder) -> RunFolder:
    """The same run in a project of the test's own."""
    shutil.copytree(trained.path, experiment.run("a").path, symlinks=True)
    return experiment.run("a")


def images(folder: Path, count: int = 5) -> Path:
    """Digits as pictures."""
    folder.mkdir()
    pixels, _ = load_digits(return_X_y=True)
    for number, digit in enumerate(pixels[:count].reshape(-1, 8, 8)):
        Image.fromarray((digit / 16 * 255).astype(np.uint8)).save(folder / f"{number}.png")
    return folder


def said(stdout: str) -> dict[str, float]:
    """The metrics in what ``validate`` prints."""
    lines = [line.split() for line in stdout.splitlines() if line.startswith("  ")]
    return {name: float(value) for name, value in lines}


# --- validate and test ---------------------------------------------------------------------------


def test_validate_gives_the_logged_value_of_each_checkpoint(
    run: RunFolder, experiment: Experiment
) -> None:
    logged = run.metrics()
    best = min(run.best, key=run.best.__getitem__)
    other = max(run.best, key=run.best.__getitem__)
    path = f"runs/a/checkpoints/{other}"

    for which, name in (("best", best), ("last", "last.ckpt"), (path, other)):
        done = experiment.main("validate", "--name", "a", "--checkpoint", which)

        assert done.returncode == 0, done.stderr
        step = run.checkpoint(name)["global_step"] - 1
        for metric in ("val/loss", "val/accuracy", "val/f1"):
            value = said(done.stdout)[metric]
            assert value == pytest.approx(logged[step, metric], rel=1e-5), (which, metric)


def test_test_gives_what_fit_said_at_its_end(experiment: Experiment) -> None:
    run = experiment.trained("trainer.test_after_fit=true")
    at_the_end = {k: v for k, v in run.summary["metrics"].items() if k.startswith("test/")}

    done = experiment.main("test", "--name", "a")

    assert done.returncode == 0, done.stderr
    assert said(done.stdout) == pytest.approx(at_the_end, rel=1e-5)
    assert run.summary["status"] == "finished"


def test_without_a_name_the_newest_run_is_meant(run: RunFolder, experiment: Experiment) -> None:
    done = experiment.main("validate")

    assert done.stdout.startswith("a, runs/a/checkpoints/best-")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("--name", "b"), "there is no run b in runs; there are a"),
        (
            ("--name", "a", "--checkpoint", "no.ckpt"),
            "--checkpoint no.ckpt: no such file; use best, last or a path",
        ),
        (
            ("--name", "a", "--checkpoint", "README.md"),
            "--checkpoint README.md is no checkpoint; use best, last or a path",
        ),
        (("--name", "a", "--output", "nowhere"), "there is no run a in nowhere"),
    ],
)
def test_what_is_not_there_is_a_sentence(
    argv: tuple[str, ...], message: str, run: RunFolder, experiment: Experiment
) -> None:
    refused = experiment.main("validate", *argv)

    assert refused.returncode == 2
    assert refused.stderr == f"{message}\n"


def test_before_any_run_there_is_a_sentence(experiment: Experiment) -> None:
    refused = experiment.main("test")

    assert refused.returncode == 2
    assert refused.stderr == ("runs holds no run yet; train one first, or name a --name\n")


def test_a_checkpoint_of_another_model_is_a_sentence(
    run: RunFolder, experiment: Experiment
) -> None:
    model = experiment / "experiment/model.py"
    replace(model, "config.width", "(2 * config.width)")

    for command in ("validate", "test"):
        refused = experiment.main(command, "--name", "a")

        assert refused.returncode == 2
        assert refused.stderr.startswith("runs/a/checkpoints/best-")
        assert "does not fit the model as it is now: size mismatch for " in refused.stderr
        assert len(refused.stderr.splitlines()) == 1


def test_a_run_resumed_with_another_model_is_a_sentence(
    run: RunFolder, experiment: Experiment
) -> None:
    replace(experiment / "experiment/model.py", "config.width", "(2 * config.width)")

    refused = experiment.fit(
        "--name", "a", "optimizer.learning_rate=0.05", "checkpoint.save_top_k=2", "--epochs", "9"
    )

    assert refused.returncode == 2
    assert "does not fit the model as it is now: size mismatch for " in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


# --- predict -------------------------------------------------------------------------------------


def test_predict_writes_a_row_for_each_image_of_a_folder(
    run: RunFolder, experiment: Experiment
) -> None:
    folder = images(experiment / "pictures")

    table = experiment.main("predict", "--name", "a", "--input", str(folder), "--output", "p.csv")
    lines = experiment.main("predict", "--name", "a", "--input", "pictures", "--output", "p.jsonl")

    assert table.returncode == 0, table.stderr
    assert lines.returncode == 0, lines.stderr
    assert "5 predictions of runs/a/checkpoints/best-" in table.stdout
    with (experiment / "p.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [Path(row["input"]).name for row in rows] == [f"{i}.png" for i in range(5)]
    assert {row["class"] for row in rows} <= set("0123456789")
    assert all(0 < float(row["confidence"]) <= 1 for row in rows)
    objects = [json.loads(line) for line in (experiment / "p.jsonl").read_text().splitlines()]
    assert [row["class"] for row in objects] == [row["class"] for row in rows]
    assert [row["confidence"] for row in objects] == [float(row["confidence"]) for row in rows]


def test_predict_takes_one_file_and_has_a_place_for_its_table(
    run: RunFolder, experiment: Experiment
) -> None:
    images(experiment / "pictures")

    done = experiment.main("predict", "--name", "a", "--input", "pictures/3.png")

    assert done.returncode == 0, done.stderr
    with (run / "predictions.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert Path(row["input"]).name == "3.png"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("--input", "nowhere"), "--input nowhere: there is no such file or folder"),
        (
            ("--input", "README.md", "--output", "p.xlsx"),
            "--output p.xlsx: predictions are written as .csv or .jsonl",
        ),
        (
            ("--input", "README.md", "--output", "no/p.csv"),
            "--output no/p.csv: there is no folder no",
        ),
        (("--input", "README.md"), "README.md"),
        (("--input", "configs"), "configs"),
    ],
)
def test_what_cannot_be_predicted_is_a_sentence(
    argv: tuple[str, ...], message: str, run: RunFolder, experiment: Experiment
) -> None:
    refused = experiment.main("predict", "--name", "a", *argv)

    assert refused.returncode == 2, refused.stderr
    assert message in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


# --- in a notebook -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "which"), [('"a"', "best"), ("", "best"), ('"a", checkpoint="last"', "last")]
)
def test_a_notebook_loads_a_module_that_predicts_as_predict_does(
    arguments: str, which: str, run: RunFolder, experiment: Experiment
) -> None:
    images(experiment / "pictures")
    words = ("--name", "a", "--input", "pictures", "--checkpoint", which, "--output", "p.jsonl")
    done = experiment.main("predict", *words)
    assert done.returncode == 0, done.stderr
    predicted = [json.loads(line) for line in (experiment / "p.jsonl").read_text().splitlines()]
    (experiment / "notebook.py").write_text(NOTEBOOK.format(arguments=arguments))

    notebook = experiment.main(program="notebook.py")

    assert notebook.returncode == 0, notebook.stderr
    seen = json.loads(notebook.stdout.splitlines()[-1])
    assert seen["width"] == 4
    assert seen["rows"] == [[row["class"], row["confidence"]] for row in predicted]


def test_a_notebook_asks_for_a_run_that_is_there(run: RunFolder, experiment: Experiment) -> None:
    (experiment / "notebook.py").write_text(NOTEBOOK.format(arguments='"b"'))

    notebook = experiment.main(program="notebook.py")

    assert "UserError: there is no run b in runs; there are a" in notebook.stderr


# --- with the run's own code ---------------------------------------------------------------------


def test_an_edited_model_is_evaluated_with_the_runs_own_code(
    run: RunFolder, experiment: Experiment
) -> None:
    images(experiment / "pictures")
    words = ("--name", "a", "--input", "pictures", "--output")
    before = experiment.main("validate", "--name", "a", "data.batch_size=7")
    experiment.main("predict", *words, "before.csv")
    replace(experiment / "experiment/model.py", "config.width", "(2 * config.width)")

    refused = experiment.main("validate", "--name", "a")
    words_of_run = ("--name", "a", "--code", "run", "data.batch_size=7")
    after = experiment.main("validate", *words_of_run)
    experiment.main("predict", *words, "after.csv", "--code", "run")
    unknown = experiment.main("validate", "--name", "a", "--code", "rnu")

    assert refused.returncode == 2
    assert refused.stderr.endswith(
        "; changed since: experiment/model.py; --code run takes the code that it was trained with\n"
    )
    assert after.returncode == 0, after.stderr
    first, _, rest = after.stdout.partition("\n")
    assert first == "a: with its own code, runs/a/code"
    assert rest == before.stdout
    assert (experiment / "after.csv").read_text() == (experiment / "before.csv").read_text()
    assert unknown.returncode == 2
    assert unknown.stderr.startswith("--code rnu: use tree, the project as it is now, or run, ")


def test_code_that_changed_and_still_fits_is_named(run: RunFolder, experiment: Experiment) -> None:
    with (experiment / "experiment/module.py").open("a") as file:
        file.write("\n# another loss\n")
    (experiment / "notebooks").mkdir()
    (experiment / "notebooks/look.py").write_text("")  # changes nothing that is trained

    done = experiment.main("validate", "--name", "a")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == (
        "code changed since a was trained: experiment/module.py; --code run takes the code that it "
        "was trained with"
    )


def test_settings_that_are_gone_are_read_by_the_runs_own_code(
    run: RunFolder, experiment: Experiment
) -> None:
    for file in ("config.py", "model.py"):
        path = experiment / "experiment" / file
        path.write_text(path.read_text().replace("width", "breadth"))
    replace(experiment / "configs/experiment.yaml", "width", "breadth")

    refused = experiment.main("validate", "--name", "a")
    done = experiment.main("validate", "--name", "a", "--code", "run")

    assert refused.returncode == 2
    assert "model.width is not a setting" in refused.stderr
    assert "--code run takes the code that it was trained with" in refused.stderr
    assert done.returncode == 0, done.stderr


def test_a_checkpoint_of_older_code_is_read_by_that(run: RunFolder, experiment: Experiment) -> None:
    model = experiment / "experiment/model.py"
    path = f"runs/a/checkpoints/{min(run.best, key=run.best.__getitem__)}"
    words = ("--name", "a", "--checkpoint", path)
    before = experiment.main("validate", *words)
    model.write_text(model.read_text() + "\n# other code\n")
    kept = ("optimizer.learning_rate=0.05", "checkpoint.save_top_k=9", "--epochs", "5")
    gone_on = experiment.fit("--name", "a", *kept)
    assert gone_on.returncode == 0, gone_on.stderr

    done = experiment.main("validate", *words, "--code", "run")

    assert done.stdout.splitlines()[0] == "a: with its own code, runs/a/code-1"
    assert done.stdout.partition("\n")[2] == before.stdout


LOOK = """
import sys

sys.path.insert(0, "..")
from main import load

config, data, module = load({arguments})
data.setup()
print(sum(p.numel() for p in module.parameters()), len(data.datasets["val"]))
"""
BOTH = """
import sys

sys.path.insert(0, "..")
from main import load

_, data, own = load("a", code="run")
import experiment.model

assert "runs" in experiment.model.__file__, experiment.model.__file__
data.setup()
assert len(data.datasets["val"])
try:
    load("a")
except Exception as error:
    print(type(error).__name__, error)
import experiment.model

assert "runs" not in experiment.model.__file__, experiment.model.__file__
_, _, again = load("runs/a", code="run")
assert type(again) is type(own)
print(sum(p.numel() for p in own.parameters()))
"""


def noted(
    experiment: Experiment, program: str, python: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """What a program prints that starts in notebooks/, as a kernel does."""
    folder = experiment / "notebooks"
    folder.mkdir(exist_ok=True)
    return subprocess.run(
        [str(python or experiment.server.warm), "-c", program],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
    )


@pytest.mark.parametrize(
    ("arguments", "is_cold"),
    [("", False), ('"a"', True), ('"runs/a", "runs/a/checkpoints/last.ckpt"', False)],
)
def test_load_is_quiet_and_works_from_a_folder_of_notebooks(
    run: RunFolder, experiment: Experiment, arguments: str, is_cold: bool
) -> None:
    python = experiment.server.python if is_cold else None

    done = noted(experiment, LOOK.format(arguments=arguments), python)

    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1, done.stdout
    assert done.stderr == ""


def test_a_notebook_loads_with_the_runs_own_code_and_goes_back(
    run: RunFolder, experiment: Experiment
) -> None:
    size = int(noted(experiment, LOOK.format(arguments='"a"')).stdout.split()[0])
    replace(experiment / "experiment/model.py", "config.width", "(2 * config.width)")

    done = noted(experiment, BOTH)

    assert done.returncode == 0, done.stderr
    refusal, own_size = done.stdout.splitlines()
    assert refusal.startswith("UserError ")
    assert refusal.endswith(
        '; changed since: experiment/model.py; load(..., code="run") takes the code that it was '
        "trained with"
    )
    assert int(own_size) == size
