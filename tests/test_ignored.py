"""Rooms called data and runs survive anybody's ``.gitignore``; what does not is named."""

from collections.abc import Callable
from pathlib import Path

import pytest
from assemble import Package, assemble
from projects import PAGES_OF_ONE_TASK, ROOT, Project, Template, copier

# What people ignore, here and in their own settings of git.
LINES = (
    "data",
    "data/",
    "runs/",
    "/runs",
    "core",
    "checkpoint*",
    "build/",
    "inspect",
    "lib",
    "sweep/",
)


CACHES = {"__pycache__", ".ruff_cache"}


def rendered() -> set[str]:
    """The template's plain files of a project."""
    template = ROOT / "template"
    paths = (path.relative_to(template) for path in template.rglob("*") if path.is_file())
    plain = (path.as_posix() for path in paths if not CACHES.intersection(path.parts))
    names = {name.removesuffix(".jinja") for name in plain if "{" not in name}
    other_tasks = {page for pages in PAGES_OF_ONE_TASK.values() for page in pages}
    asked_for = ("cluster/", "experiment/core/ui/", ".ci/", ".github/", ".gitlab-ci.yml")
    return {name for name in names - other_tasks if not name.startswith(asked_for)}


@pytest.fixture
def made(whole_template: Template, tmp_path: Path) -> Callable[..., tuple[Project, str]]:
    """Projects of somebody who has git ignore something everywhere, and what was said."""

    def make(name: str, *ignored: str, always: bool = False) -> tuple[Project, str]:
        file = tmp_path / ("git/info/exclude" if always else "ignored")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(ignored) + "\n")
        settings = tmp_path / "gitconfig"
        line = f"[init]\n\ttemplateDir = {tmp_path / 'git'}\n"  # what each new repository gets
        settings.write_text(line if always else f"[core]\n\texcludesFile = {file}\n")
        words = ("copy", "--trust", "--quiet", "--defaults", str(whole_template.path), name)
        done = copier(*words, folder=tmp_path, GIT_CONFIG_GLOBAL=str(settings))
        assert done.returncode == 0, done.stderr
        return Project(tmp_path / name), done.stdout

    return make


def test_the_first_commit_has_every_file_whatever_git_ignores_everywhere(
    made: Callable[..., tuple[Project, str]],
) -> None:
    project, said = made("my-experiment", *LINES)

    assert "tree clean" in said
    assert rendered() - set(project.files()) == set()
    assert not [name for name in project.files() if "__pycache__" in name]
    assert project.status == ""


def test_an_update_and_a_run_have_every_file_whatever_stands_below_the_fence(
    whole_template: Template, whole_project: Project
) -> None:
    template, project = whole_template, whole_project
    for line in LINES:
        project.append(".gitignore", line)
    project.commit()
    new = "template/experiment/core/data/images/new.py"
    template.release("v0.0.2", lambda it: it.append(new, '"""New."""'))

    project.update()
    project.commit()
    snapshot = Package(assemble_core(project)).module("core.runs.code_snapshot")
    copied = {path.as_posix() for path in snapshot.code_files(project.path)}

    python = {name for name in rendered() if name.endswith((".py", ".yaml")) and "/." not in name}
    assert "experiment/core/data/images/new.py" in project.files()
    assert rendered() - set(project.files()) == set()
    assert {name for name in python if not name.startswith(".")} - copied == set()


def assemble_core(project: Project) -> Path:
    """A project beside this one, whose core can be imported."""
    return assemble(project.path.parent / "assembled")


def test_data_runs_and_links_to_them_are_ignored_but_at_the_top_only(project: Project) -> None:
    elsewhere = project.path.parent / "elsewhere"
    elsewhere.mkdir()
    for name in ("data", "runs"):
        (project / name).symlink_to(elsewhere)
    for name in ("wandb/a", "build/a", "dist/a", ".venv/a", "notes/data/a", "experiment/dist/a"):
        (project / name).parent.mkdir(parents=True)
        (project / name).write_text("")

    assert project.git("status", "--porcelain", "--untracked-files=all").split("\n") == [
        "?? experiment/dist/a",
        "?? notes/data/a",
    ]


def test_a_file_that_the_first_commit_lacks_is_named(
    made: Callable[..., tuple[Project, str]],
) -> None:
    project, said = made("my-experiment", "configs")

    assert "lacks what git ignores: configs/experiment.yaml" in said
    assert "git check-ignore -v configs/experiment.yaml" in said
    assert "configs/experiment.yaml" not in project.files()
    assert "tree clean" not in said


@pytest.mark.parametrize("always", [False, True])
def test_files_of_a_kind_that_the_first_commit_lacks_are_named(
    made: Callable[..., tuple[Project, str]], always: bool
) -> None:
    project, said = made("my-experiment", "*.toml", "lib", "data", always=always)

    lacking = sorted(rendered() - set(project.files()))
    assert "pyproject.toml" in lacking
    assert all(name.endswith(".toml") for name in lacking)
    assert f"lacks what git ignores: {', '.join(lacking[:3])}" in said


def test_the_same_is_named_where_the_commit_is_yours(
    made: Callable[..., tuple[Project, str]], tmp_path: Path
) -> None:
    outer = Project(tmp_path / "outer")
    outer.path.mkdir()
    outer.git("init", "--quiet")

    _, said = made("outer/inner", "sweeps/")

    assert "git ignores sweeps/folds.yaml, sweeps/seeds.yaml, sweeps/sweep.yaml:" in said
