"""What a run keeps beside its numbers: its origin, pictures, tables, TensorBoard's curves."""

import csv
import json
import signal
from collections.abc import Callable

import pytest
from harness.experiment import Experiment, RunFolder, fit_words, replace
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

pytestmark = pytest.mark.slow
Undisturbed = Callable[..., RunFolder]
SHOW = '''

class Show(pl.Callback):
    """Logs a picture and a table at the end of each validation."""

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        from .core.loggers import log_images, log_table

        log_images(trainer, "val/samples", trainer.datamodule.preview(4))
        log_table(trainer, "val/mistakes", ["label", "confidence"], [["3", 0.5], ["8", 0.25]])
'''


def test_pictures_tables_histograms_and_curves_are_kept_and_change_nothing(
    experiment: Experiment, undisturbed: Undisturbed
) -> None:
    with (experiment / "experiment/callbacks.py").open("a") as file:
        file.write(SHOW)
    words = ("logger.wandb=offline", "logger.tensorboard=true", "logger.watch=all")
    words = (
        "--name",
        "a",
        "trainer.log_every_n_steps=3",
        *words,
        "callbacks.extra={experiment.callbacks.Show: {}}",
    )
    stop = {"at": "on_train_batch_start", "count": 12, "signal_number": signal.SIGKILL}
    assert experiment.fit(*words, interrupt=stop).returncode == -signal.SIGKILL

    done = experiment.fit(*words)

    assert done.returncode == 0, done.stderr
    run = experiment.run("a")
    assert run.weights() == undisturbed().weights()
    names = [f"step-{step:06d}" for step in (7, 14, 21)]
    pictures = sorted((run / "images/val/samples").iterdir())
    assert [path.name for path in pictures] == [f"{name}.png" for name in names]
    assert Image.open(pictures[0]).size[0] > 100
    tables = sorted((run / "tables/val/mistakes").iterdir())
    assert [path.name for path in tables] == [f"{name}.csv" for name in names]
    assert list(csv.reader(tables[0].open()))[1] == ["3", "0.5"]
    media = {path.suffix for path in (run / "wandb").glob("offline-run-*/files/media/**/*.*")}
    assert media == {".png", ".json"}
    offline = [path.read_bytes() for path in (run / "wandb").glob("offline-run-*/*.wandb")]
    assert any(b"gradients/" in content and b"parameters/" in content for content in offline)
    assert done.stdout.splitlines()[-1] == "  look at it        tensorboard --logdir runs"
    curves = EventAccumulator(str(run / "tensorboard"), {"scalars": 0, "images": 0}).Reload()
    for name in ("train/loss_step", "val/loss"):
        events = curves.Scalars(name)
        assert [e.step for e in events] == sorted({s for s, n in run.metrics() if n == name})
        assert [e.value for e in events] == pytest.approx(run.series(name), rel=1e-6)
    assert [image.step for image in curves.Images("val/samples")] == [6, 13, 20]


def test_pictures_and_tables_are_switched_off_by_one_key_each(experiment: Experiment) -> None:
    with (experiment / "experiment/callbacks.py").open("a") as file:
        file.write(SHOW)

    run = experiment.trained(
        "logger.images=false",
        "logger.tables=false",
        "callbacks.extra={experiment.callbacks.Show: {}}",
    )

    assert not (run / "images").exists()
    assert not (run / "tables").exists()


def test_a_missing_tensorboard_is_a_sentence(experiment: Experiment) -> None:
    loggers = experiment / "experiment/core/loggers/make_loggers.py"
    replace(loggers, 'find_spec("tensorboard")', 'find_spec("no_such_package")')

    refused = experiment.main(*fit_words("logger.tensorboard=true"))

    assert refused.returncode == 2
    assert refused.stderr == "logger.tensorboard: needs TensorBoard; uv sync --extra viewer\n"


def test_a_run_says_where_it_comes_from(experiment: Experiment) -> None:
    commit = experiment.git("rev-parse", "HEAD")
    model = experiment / "experiment/model.py"
    replace(model, "import math\n", "import math\n\n# wider\n")
    run = experiment.trained("trainer.max_epochs=1")
    first = json.loads((run / "record.json").read_text())
    diff = (run / "git.diff").read_text()

    experiment.trained("trainer.max_epochs=2")
    unchanged = sorted(path.name for path in run.path.glob("record*"))
    replace(model, "# wider\n", "# narrower\n")
    experiment.trained("trainer.max_epochs=3")

    assert first["git"] == {"commit": commit, "branch": "main", "dirty": True}
    assert "+# wider" in diff
    assert first["command"].startswith("python") or "main.py" in first["command"]
    assert first["versions"]["torch"] in (run / "environment.txt").read_text()
    assert first["machine"]["cpus"] > 0
    assert first["machine"]["memory_gb"] > 0
    assert unchanged == ["record.json"]
    assert sorted(path.name for path in run.path.glob("*-1.*")) == [
        "environment-1.txt",
        "git-1.diff",
        "record-1.json",
    ]
    assert "+# narrower" in (run / "git.diff").read_text()
    assert (run / "git-1.diff").read_text() == diff
