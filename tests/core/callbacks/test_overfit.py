"""``--overfit N``: a model learns a batch by heart, or the run says that it did not."""

import re
from pathlib import Path

import pytest
from harness.experiment import Experiment, Server
from projects import Template

pytestmark = pytest.mark.slow


# A class, boxes. That each task's model can learn a batch is a test of its own project, which
# core/commands/test_every_task.py runs.
@pytest.mark.parametrize("task", ["image_classification", "object_detection"])
def test_a_model_learns_a_batch_by_heart(
    task: str, published: Template, server: Server, tmp_path: Path
) -> None:
    published.generate(tmp_path / "experiment", task=task)
    experiment = Experiment(tmp_path / "experiment", server)
    quiet = ("restart.max=0", "logger.wandb=off", "trainer.accelerator=cpu")
    short = ("--max-steps", "120", "data.batch_size=4")

    done = experiment.main("fit", "--overfit", "1", "--name", "a", *quiet, *short)

    assert done.returncode == 0, done.stderr
    found = re.search(
        r"overfit: loss ([\d.e-]+) -> ([\d.e-]+), .* the model can learn", done.stdout
    )
    assert found, done.stdout
    assert float(found[2]) < 0.1 * float(found[1])
    metrics = experiment.run("a").summary["metrics"]
    assert not any(name.startswith("test/") for name in metrics)  # it says nothing here


def test_a_model_that_does_not_learn_is_said(experiment: Experiment) -> None:
    done = experiment.fit("--overfit", "1", "optimizer.learning_rate=1e-30")

    assert "less: try more --epochs, then look for a fault" in done.stdout
