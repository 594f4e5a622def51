"""The compatibility shield: files of the first release keep running against the newest core.

A project of the first release starts a run, which a SIGKILL ends. It is updated in one jump to the
last release. Its seed files are then still the first release's; the smoke check, the project's own
tests, the rest of the killed run and a training from the start must all go well with them.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

from harness.experiment import Experiment, Server
from projects import YOURS, Project, run, small_words

from updates.edits import EDITS
from updates.matrix import Bench, Cell, settle

EDITED = ("nothing", "loss and transforms")
KILLED_AT = ("on_train_batch_start", 12)  # in the middle of the second of three epochs
SAVED = "checkpoint.every_n_steps=2"


@dataclass
class Shielded:
    """A project of the first release, and what the newest core made of its half-done run.

    Args:
        steps: Optimizer steps of the run, which the newest core has finished.
        from_step: The step at which it went on.
    """

    steps: int
    from_step: int


def shielded(bench: Bench, server: Server, task: str, edit: str, folder: Path) -> Shielded:
    """Live through the update of a half-done project.

    Raises:
        AssertionError: With what was printed.
    """
    cell = Cell(task, EDITS[edit], "jump")
    project = bench.project(cell, folder)
    experiment = Experiment(project.path, server, small=small_words(task))
    killed = experiment.killed(*KILLED_AT, SAVED)
    done = max(row["step"] for row in killed.rows())

    seeds = contents(project)
    found = bench.updated(project, cell, *cell.steps[0])
    assert not found, f"{task}, {edit}: {found}"
    settle(project)
    assert contents(project) == seeds

    went_well(experiment.main("smoke", *experiment.small, env={"SMOKE": "strict"}))
    tests = [str(server.warm), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    went_well(run(tests, project.path))
    finished = experiment.fit("--name", "a", SAVED)
    assert "resuming a" in went_well(finished), finished.stdout
    whole = experiment.copy(folder / "whole")
    shutil.rmtree(whole / "runs")
    steps = [max(row["step"] for row in each.rows()) for each in (killed, whole.trained(SAVED))]
    assert steps[0] == steps[1] > done, f"{task}, {edit}: {done}, then {steps}"
    return Shielded(steps[0], done)


def contents(project: Project) -> dict[str, bytes]:
    """Read what is the researcher's."""
    return {name: (project / name).read_bytes() for name in YOURS if (project / name).exists()}


def went_well(done: "CompletedProcess[str]") -> str:
    """What a command printed, which must have gone well."""
    assert done.returncode == 0, f"{done.args}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout
