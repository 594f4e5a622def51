"""Projects made for tests: a template with releases, and what a researcher does with a project."""

import atexit
import os
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from copier import run_copy, run_recopy, run_update
from harness.copy_project import copy_project
from harness.fork_server import COPIER_SERVER, Server
from harness.quick_copier import quicken

ROOT = Path(__file__).parents[1]
TASKS = sorted(path.name for path in (ROOT / "tasks").iterdir() if path.is_dir())
DEFAULT_TASK = "image_classification"  # what copier.yml offers first
AUTHOR = ("-c", "user.name=Ada", "-c", "user.email=ada@localhost")

# Written once, then the researcher's for ever: the promise, once more and apart from copier.yml.
YOURS = (
    "README.md",
    "docs/load.md",
    "docs/loaders.md",
    "docs/metrics.md",
    "docs/optimizers.md",
    "docs/pictures.md",
    "docs/weights.md",
    "docs/samples.svg",
    "LICENSE",
    "main.py",
    "configs/experiment.yaml",
    "sweeps/sweep.yaml",
    "sweeps/folds.yaml",
    "sweeps/seeds.yaml",
    "experiment/config.py",
    "experiment/data.py",
    "experiment/model.py",
    "experiment/module.py",
    "experiment/callbacks.py",
    "tests/test_experiment.py",
)
# The same, of projects of one task alone.
PAGES_OF_ONE_TASK = {"custom": ("docs/graphs.md", "docs/image-pairs.md", "docs/simulation.md")}
SHARED = ("pyproject.toml", ".gitignore", ".pre-commit-config.yaml")

quicken()


def small_words(task: str) -> tuple[str, ...]:
    """What is typed for the smallest run of a task; each row of the log has one step."""
    return (*_small(task)["SMALL"], "trainer.log_every_n_steps=1")


def bring(task: str, project: Path) -> None:
    """Put into a project what the README speaks of and only a reader can have."""
    _small(task)["bring"](project)


def foreign(task: str) -> tuple[str, ...]:
    """The packages that other tasks' projects install and this one's does not, as imported."""
    imported: dict[str, str] = {"scikit-learn": "sklearn"}
    names: dict[str, set[str]] = {}
    for other in TASKS:
        lines = (ROOT / "tasks" / other / "dependencies.txt").read_text(encoding="utf-8")
        wanted: list[str] = re.findall(r"^([\w-]+)>=", lines, re.MULTILINE)
        names[other] = {imported.get(name, name.replace("-", "_")) for name in wanted}
    return tuple(sorted(set.union(*names.values()) - names[task]))


def _small(task: str) -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "tests" / "tasks" / task / "small.py"))


def run(
    command: list[str], folder: Path, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end and keep what it printed."""
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **(variables or {})}, capture_output=True, text=True
    )


@dataclass
class Folder:
    """A folder under git."""

    path: Path

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def git(self, *words: str) -> str:
        """Run git, which must succeed, as somebody with a name."""
        done = run(["git", *AUTHOR, *words], self.path)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def pack(self) -> None:
        """Put git's objects into one file: each clone has a folder for each of them else."""
        self.git("repack", "-adq")

    def commit(self) -> None:
        """Commit everything that is there."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", "A step")

    def append(self, name: str, line: str) -> None:
        """Add a line at the end of a file, or of a new one."""
        with (self / name).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    def replace(self, name: str, old: str, new: str) -> None:
        """Change a text that is there."""
        text = (self / name).read_text(encoding="utf-8")
        assert old in text, f"{name} has no {old!r}"
        (self / name).write_text(text.replace(old, new), encoding="utf-8")


@dataclass
class Project(Folder):
    """A generated project."""

    def update(self, **answers: str) -> None:
        """Update to the template's newest release, as ``copier update --defaults`` does."""
        with warm_hooks():
            run_update(
                self.path, data=answers, defaults=True, overwrite=True, unsafe=True, quiet=True
            )

    def recopy(self, **answers: str) -> None:
        """Generate anew over what is there, as ``copier recopy`` does."""
        with warm_hooks():
            run_recopy(
                self.path, data=answers, defaults=True, overwrite=True, unsafe=True, quiet=True
            )

    def copier(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Type a copier command inside the project."""
        return copier(*words, folder=self.path, **variables)

    def files(self) -> list[str]:
        """List what git tracks."""
        return self.git("ls-files").splitlines()

    @property
    def status(self) -> str:
        """Say what differs from the last commit; empty when nothing does."""
        return self.git("status", "--porcelain")


@dataclass
class Template(Folder):
    """A git copy of this template, free to publish releases of its own."""

    def generate(self, folder: Path, **answers: str) -> Project:
        """Make a project as ``copier copy --defaults`` does."""
        with warm_hooks():
            run_copy(
                str(self.path), folder, data=answers, defaults=True, overwrite=True, unsafe=True,
                quiet=True,
            )  # fmt: skip
        return Project(folder)

    def release(self, tag: str, edit: Callable[["Template"], None] | None = None) -> None:
        """Publish a version, after an edit."""
        if edit:
            edit(self)
        self.commit()
        self.git("tag", tag)

    def copy(self, folder: Path) -> "Template":
        """Copy the template, so that a test's releases are its own."""
        return Template(copy_project(self.path, folder))

    def without_core(self, folder: Path) -> "Template":
        """Copy it without most of core's files, where a test is about Copier and not about them."""
        copy = self.copy(folder)
        experiment = copy / "template/experiment"
        for path in (*(experiment / "core").rglob("*"), *(experiment / "blocks").rglob("*")):
            if path.is_file() and path.relative_to(experiment).as_posix() not in KEPT:
                path.unlink()
        copy.git("tag", "--delete", "v0.0.1")
        copy.release("v0.0.1")
        copy.pack()
        return copy


# What tests of updates edit, and what these projects are linted by.
KEPT = (
    "core/__init__.py",
    "core/basedpyright.toml",
    "core/config/data.py",
    "core/data/images/sources.py",
    "core/data/seeding.py",
    "core/ruff.toml",
    "core/ui/__init__.py",
    "core/ui/form/presets.py",
    "blocks/drop_path.py",
    "blocks/ruff.toml",
)


def make_template(folder: Path) -> Template:
    """Put what Copier reads of this working tree into a repository, released as v0.0.1."""
    copy_parts(folder)
    template = Template(folder)
    template.git("init", "--quiet", "--initial-branch=main")
    template.release("v0.0.1")
    template.pack()
    return template


def copy_parts(folder: Path) -> None:
    """Copy what Copier reads of this working tree."""
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc", ".ruff_cache", ".venv")
    for part in ("template", "tasks", "hooks"):
        shutil.copytree(ROOT / part, folder / part, ignore=ignored)
    for part in ("copier.yml", "start.py", "CHANGELOG.md"):
        shutil.copy(ROOT / part, folder / part)


def copies(project: Project, folder: Path) -> Callable[[], Project]:
    """What makes a copy of a project in a folder, each time that it is called."""
    numbers = iter(range(100))

    def copy() -> Project:
        place = folder / f"copy-{next(numbers)}"
        return Project(copy_project(project.path, place))

    return copy


def moved(project: Project, old: Template, new: Template, folder: Path) -> Project:
    """Copy a project, and let it be one of another copy of its template."""
    copy = Project(copy_project(project.path, folder))
    copy.replace(".copier-answers.yml", str(old.path), str(new.path))
    copy.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    return copy


def copier(*words: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Type a copier command."""
    return run([copier_python(), "-m", "copier", *words], folder, variables)


def cold_copier(*words: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """The same as a person's computer does it, nothing of it prepared."""
    return run([sys.executable, "-m", "copier", *words], folder, variables)


@cache
def copier_python() -> str:
    """The interpreter that runs Copier and its hooks: in tests, forked with Copier imported."""
    if "PYTEST_VERSION" not in os.environ:
        return sys.executable
    folder = tempfile.TemporaryDirectory(prefix="copier-server-")
    server = Server(Path(sys.executable), Path(folder.name), COPIER_SERVER)
    atexit.register(folder.cleanup)
    atexit.register(server.close)  # first
    return str(server.warm)


@contextmanager
def warm_hooks() -> Iterator[None]:
    """Copier starts hooks by the interpreter that it runs in."""
    with mock.patch.object(sys, "executable", copier_python()):
        yield
