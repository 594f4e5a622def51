"""Five folds with several seeds each, patients never parted, and a table of all of them."""

from harness.experiment import Experiment, fit_words
from projects import Project

WORDS = ("data.folds=3", "data.fold=1")
SWEEP = """method: grid
metric: {name: test/loss, goal: minimize}
parameters:
  data.fold: {values: [0, 1]}
  seed: {values: [0, 1]}
"""
GROUPED = """            self.datasets[split] = self.resized(found)
            self.datasets[split].groups = [n // 4 for n in range(len(found))]  # pyright: ignore
"""


def edit(project: Project) -> None:
    (project / "sweeps/both.yaml").write_text(SWEEP)
    project.replace(
        "experiment/data.py", "            self.datasets[split] = self.resized(found)\n", GROUPED
    )


def afterwards(experiment: Experiment) -> None:
    words = ("data.folds=3", "trainer.max_epochs=1", "trainer.test_after_fit=true")
    done = experiment.main("sweep", "sweeps/both.yaml", *fit_words()[1:], *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4" in done.stdout
