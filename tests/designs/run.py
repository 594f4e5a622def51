"""Lives through a design as its researcher would, and through a kill in mid-epoch."""

import importlib
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.copy_project import copy_project
from harness.experiment import Experiment, Server
from projects import Project

DESIGNS = sorted(
    path.stem
    for path in Path(__file__).parent.glob("*.py")
    if path.stem not in ("__init__", "__main__", "run")
)
MID_EPOCH = ("on_train_batch_start", 12)  # in the second of three epochs


@dataclass
class Lived:
    """A design that went well."""

    name: str
    lines: int  # added and taken away, in the researcher's own files
    compared: int  # logged values that are the same after the kill


def live(name: str, base: Project, server: Server, folder: Path, whole: bool = True) -> Lived:
    """Edit, check, smoke, train, kill, go on, validate and test.

    Args:
        name: Of a file beside this one: ``edit(project)``, what is typed with ``fit`` in ``WORDS``
            and, for what a design is there for, ``afterwards(experiment)``.
        base: A generated project, left as it is.
        server: Where commands are forked from.
        folder: Where the design's copies go.
        whole: The project's own tests and the type checker, too.

    Raises:
        AssertionError: With what was printed.
    """
    design = importlib.import_module(f"designs.{name}")
    project = Project(copy_project(base.path, folder / "edited"))
    design.edit(project)
    lines = finish_edits(project)
    checks = [["ruff", "check"]]
    if whole:
        own = [name for name in project.files() if name.endswith(".py") and "/core/" not in name]
        checks += [["basedpyright", "--pythonpath", sys.executable, *own], ["pytest", "-q"]]
    for words in checks:
        tool(project, *words, python=server.warm if words[0] == "pytest" else None)
    calm = Experiment(project.path, server)
    said(calm.main("smoke", *calm.small, *design.WORDS, env={"SMOKE": "strict"}))

    killed = calm.copy(folder / "killed")
    trained = calm.trained(*design.WORDS)
    killed.killed(*MID_EPOCH, *design.WORDS)
    again = killed.trained(*design.WORDS)
    assert again.weights() == trained.weights(), f"{name}: other weights after the kill"
    values = {k: v for k, v in again.metrics().items() if k[1] != "restarts"}
    assert same(values, trained.metrics()), f"{name}: other values after the kill"
    for command in ("validate", "test"):
        said(killed.main(command, "--name", "a"))
    afterwards: Callable[[Experiment], Any] | None = getattr(design, "afterwards", None)
    if afterwards:
        afterwards(killed)
    return Lived(name, lines, len(values))


def finish_edits(project: Project) -> int:
    """Format and commit, as a researcher's pre-commit hook does; the lines that were edited."""
    tool(project, "ruff", "format", "--quiet")
    project.commit()
    counts = [line.split("\t") for line in project.git("diff", "--numstat", "HEAD~1").splitlines()]
    opened = [file for *_, file in counts if file.startswith("experiment/core/")]
    assert not opened, f"core's files are not the researcher's: {opened}"
    return sum(int(added) + int(gone) for added, gone, _ in counts if added != "-")


def tool(project: Project, *words: str, python: Path | None = None) -> None:
    """Run a tool of this environment in the project, or of another Python's."""
    program = [str(python or sys.executable), "-m", *words]
    said(subprocess.run(program, cwd=project.path, capture_output=True, text=True))


def said(done: subprocess.CompletedProcess[str]) -> str:
    """What a command printed, which must have gone well."""
    assert done.returncode == 0, f"{done.args}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def same(one: dict[Any, float], other: dict[Any, float]) -> bool:
    """Equal; NaN is itself."""
    return one.keys() == other.keys() and all(
        one[key] == other[key] or (one[key] != one[key] and other[key] != other[key]) for key in one
    )
