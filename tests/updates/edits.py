"""What researchers do to a project between two updates.

An ordinary edit never leads to a conflict, with one kind of exception that no layout can avoid: a
line that the person has changed and that a release changes, too. ``clashes`` names those releases.
A bold edit may lead to a conflict or a named loss, never to a silent one.
"""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass

from projects import YOURS, Project, run

Act = Callable[[Project], Project | None]
PYTHON_FILES = [name for name in YOURS if name.endswith(".py")]


@dataclass(frozen=True)
class Edit:
    """Something that a researcher does.

    Args:
        name: What, in words.
        act: Does it; returns the project where it has moved.
        bold: Whether it is on the person's own risk.
        clashes: The releases that change the same line.
        uniform: Whether git converts line ends from then on.
    """

    name: str
    act: Act
    bold: bool = False
    clashes: frozenset[str] = frozenset()
    uniform: bool = False


EDITS: dict[str, Edit] = {}


def ordinary(*clashes: str) -> Callable[[Act], Act]:
    """Register an edit that everybody makes."""
    return lambda act: keep(act, clashes=frozenset(clashes))


def bold(*, uniform: bool = False) -> Callable[[Act], Act]:
    """Register an edit to what is the template's, or of a whole file."""
    return lambda act: keep(act, bold=True, uniform=uniform)


def keep(act: Act, **options: object) -> Act:
    """Register an edit by its function's name."""
    name = act.__name__.replace("_", " ").strip()
    EDITS[name] = Edit(name, act, **options)  # pyright: ignore[reportArgumentType]
    return act


# ------------------------------------------------------------------------------------------- tools
def write(project: Project, name: str, data: str | bytes = "", mode: int = 0o644) -> None:
    """Make a file, and its folder."""
    path = project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    path.chmod(mode)


def change(project: Project, name: str, pattern: str, new: str) -> None:
    """Change each line that a pattern finds; there must be one."""
    data = (project / name).read_bytes().decode()
    changed = re.sub(pattern, new, data, flags=re.MULTILINE)
    assert changed != data, f"{name} has no {pattern!r}"
    (project / name).write_bytes(changed.encode())


def scatter(project: Project, name: str, every: int) -> None:
    """Write comments of one's own all over a file."""
    lines = (project / name).read_text().splitlines(keepends=True)
    for place in range(len(lines) - len(lines) % every, 0, -every):
        if not lines[place - 1].endswith("\\\n"):
            lines.insert(place, f"# mine, {name} {place}\n")
    write(project, name, "".join(lines) + f"# mine, at the end of {name}\n")


def uv(project: Project, words: str) -> None:
    """Type a command of uv, which must succeed without a network."""
    done = run(["uv", "--quiet", *words.split()], project.path)
    assert done.returncode == 0, done.stderr


def ruff(project: Project, *words: str) -> None:
    """Type a command of ruff."""
    done = run(["ruff", *words, "--quiet", "--no-cache"], project.path)
    assert done.returncode == 0, done.stderr


def files(project: Project, *words: str) -> list[str]:
    """List what git tracks, but the answers, links and submodules."""
    names = [name for name in project.git("ls-files", "-z", *words).split("\0") if name]
    kept = (name for name in names if name != ".copier-answers.yml")
    return [name for name in kept if (project / name).is_file()]


def with_carriage_returns(project: Project, names: list[str]) -> None:
    """Give files the line ends of Windows."""
    for name in names:
        data = (project / name).read_bytes()
        (project / name).write_bytes(data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))


# ---------------------------------------------------------------------------------------- research
@ordinary()
def nothing(_: Project) -> None:
    """A project as it came."""


@ordinary()
def network(project: Project) -> None:
    """Any task's: an import above the first one, and lines all over the file."""
    top = r'\A("""(?:.|\n)*?"""\n\n)'
    change(project, "experiment/model.py", top, r"\1import itertools as itertools\n\n")
    scatter(project, "experiment/model.py", 15)


@ordinary()
def loss_and_transforms(project: Project) -> None:
    for name, every in {"module": 10, "data": 7, "config": 9, "callbacks": 3}.items():
        scatter(project, f"experiment/{name}.py", every)
    scatter(project, "main.py", 5)
    scatter(project, "tests/test_experiment.py", 5)


@ordinary()
def files_and_tests(project: Project) -> None:
    write(project, "experiment/losses/__init__.py")
    write(project, "experiment/losses/focal.py", "def focal(x: float) -> float:\n    return x\n")
    write(project, "tests/test_focal.py", "from experiment.losses.focal import focal as focal\n")
    write(project, "scripts/plot.py", "print('a plot')\n")
    write(project, "figures/curve.png", bytes(range(256)) * 40)


@ordinary()
def files_among_the_templates(project: Project) -> None:
    write(project, "experiment/blocks/mine.py", '"""A block of mine."""\n')
    write(project, "experiment/core/mine.py", '"""A file of mine, at a bad place."""\n')


@ordinary()
def yaml_keys(project: Project) -> None:
    change(project, "configs/experiment.yaml", "^seed: 0$", "seed: 7\n# mine: a lucky one")
    scatter(project, "configs/experiment.yaml", 4)
    scatter(project, "sweeps/sweep.yaml", 4)


@ordinary()
def second_yaml(project: Project) -> None:
    write(project, "configs/large.yaml", "optimizer:\n  learning_rate: 0.1\n")
    shutil.copy(project / "sweeps/sweep.yaml", project / "sweeps/mine.yaml")


@ordinary()
def notebook(project: Project) -> None:
    cells = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    write(project, "notebooks/look.ipynb", json.dumps(cells, indent=1))


@ordinary()
def ignored_data(project: Project) -> None:
    project.append(".gitignore", "/mine/\n*.npy")
    write(project, "data/images/a.bin", bytes(1000))
    write(project, "runs/wide/checkpoints/last.ckpt", b"\1" * 1000)
    write(project, ".env", "WANDB_API_KEY=none\n")
    write(project, "mine/a.txt", "mine\n")
    write(project, "figures/x.npy", bytes(100))


# -------------------------------------------------------------------------------- uv writes for me
@ordinary()
def uv_add(project: Project) -> None:
    uv(project, "add --frozen tabulate")
    uv(project, "add --frozen einx>=0.3")


@ordinary()
def uv_add_dev(project: Project) -> None:
    uv(project, "add --frozen --dev pytest-xdist")
    uv(project, "add --frozen --group docs sphinx")


@ordinary()
def uv_add_optional(project: Project) -> None:
    uv(project, "add --frozen --optional mine tabulate")
    uv(project, "add --frozen --optional viewer zipp")


@ordinary()
def uv_add_index(project: Project) -> None:
    uv(project, "add --frozen --index mine=https://example.invalid/simple tabulate")


@ordinary()
def uv_add_editable(project: Project) -> None:
    settings = '[project]\nname = "library"\nversion = "1"\n'
    write(project, "third_party/library/pyproject.toml", settings)
    write(project, "third_party/library/library.py", "x = 1\n")
    uv(project, "add --frozen --editable ./third_party/library")


@ordinary()
def uv_add_git(project: Project) -> None:
    """As uv writes it, which would ask the network."""
    change(project, "pyproject.toml", r'^    "numpy>=1\.26",$', '    "numpy>=1.26",\n    "lion",')
    source = 'lion = { git = "https://example.invalid/lion.git", rev = "main" }'
    project.append("pyproject.toml", f"\n[tool.uv.sources]\n{source}")


@ordinary("raised_requirement")
def uv_add_torch(project: Project) -> None:
    """Another version of what the template asks for."""
    uv(project, "add --frozen torch==2.8.0")


@ordinary()
def uv_remove(project: Project) -> None:
    uv(project, "remove --frozen wandb")


@ordinary()
def uv_python_pin(project: Project) -> None:
    uv(project, "python pin --no-project --offline 3.11")


# ---------------------------------------------------------------------------- settings of my own
@ordinary("raised_python")
def python_above_the_fence(project: Project) -> None:
    change(project, "pyproject.toml", "^requires-python = .*$", 'requires-python = ">=3.12"')


@ordinary()
def version_and_author(project: Project) -> None:
    change(project, "pyproject.toml", "^version = .*$", 'version = "0.2.0"')
    change(project, "pyproject.toml", "^readme = .*$", 'readme = "README.md"\nkeywords = ["mine"]')


@ordinary()
def name_by_hand(project: Project) -> None:
    change(project, "README.md", r"\A# .*$", "# wide-nets")
    change(project, "pyproject.toml", "^name = .*$", 'name = "wide-nets"')
    change(project, "pyproject.toml", "^description = .*$", 'description = "Are wide nets better?"')


@ordinary()
def name_everywhere(project: Project) -> None:
    for name in files(project):
        text = (project / name).read_bytes()
        renamed = text.replace(b"my-experiment", b"wide-nets")
        (project / name).write_bytes(renamed)


@ordinary()
def rules_and_tables(project: Project) -> None:
    change(project, "pyproject.toml", r"^\[tool\.ruff\]$", "[tool.ruff]\nline-length = 88")
    project.append("pyproject.toml", '\n[tool.ruff.lint]\nextend-select = ["D"]')
    change(project, "pyproject.toml", "^addopts = .*$", 'addopts = "-ra -q"')
    project.append(".gitignore", "*.mine")


@ordinary()
def hook_of_mine(project: Project) -> None:
    project.append(".pre-commit-config.yaml", "  - repo: meta\n    hooks: [{id: identity}]")


@ordinary()
def lines_of_gitignore_gone(project: Project) -> None:
    change(project, ".gitignore", r"^/data\n", "")
    change(project, ".gitignore", r"^/wandb\n", "/wandb\n/mine.log\n")


# ---------------------------------------------------------------------------------- whole files
@ordinary()
def own_files_reformatted(project: Project) -> None:
    style = ("--line-length", "70", "--config", "format.quote-style='single'")
    ruff(project, "format", *style, *PYTHON_FILES)


@ordinary()
def everything_reformatted(project: Project) -> None:
    """By rules that stand below the fence; core has its own."""
    change(project, "pyproject.toml", r"^\[tool\.ruff\]$", "[tool.ruff]\nline-length = 72")
    project.append("pyproject.toml", '\n[tool.ruff.format]\nquote-style = "single"')
    ruff(project, "format", ".")


@ordinary()
def examples_deleted(project: Project) -> None:
    write(project, "experiment/callbacks.py", '"""None of mine yet."""\n')
    for name in ("tests/test_experiment.py", "sweeps/folds.yaml", "sweeps/seeds.yaml"):
        (project / name).unlink()
    for name in ("docs/samples.svg", "docs/load.md", "LICENSE"):
        (project / name).unlink()


@ordinary()
def templates_files_deleted(project: Project) -> None:
    (project / "tests/test_contract.py").unlink()
    (project / ".pre-commit-config.yaml").unlink()


@ordinary()
def model_in_a_package(project: Project) -> None:
    (project / "experiment/models").mkdir()
    project.git("mv", "experiment/model.py", "experiment/models/net.py")
    write(project, "experiment/models/__init__.py")
    change(project, "experiment/models/net.py", r"^from \.(?=\w)", "from ..")
    change(project, "experiment/module.py", r"^from \.model import", "from .models.net import")


@ordinary()
def configs_moved(project: Project) -> None:
    project.git("mv", "sweeps", "studies")
    project.git("mv", "docs/samples.svg", "samples.svg")


@ordinary()
def own_files_of_windows(project: Project) -> None:
    with_carriage_returns(project, [name for name in YOURS if (project / name).exists()])


@ordinary()
def links_and_programs(project: Project) -> None:
    (project / "main.py").chmod(0o755)
    write(project, "scripts/run.sh", "#!/bin/sh\n", 0o755)
    (project / "CLAUDE.md").symlink_to("README.md")
    (project / "shared").symlink_to("/nonexistent/shared")
    (project / "LICENSE").unlink()
    (project / "LICENSE").symlink_to("docs/license.txt")


@ordinary()
def submodule(project: Project) -> None:
    library = Project(project.path.parent / "library")
    library.path.mkdir()
    library.git("init", "--quiet")
    library.append("library.py", "x = 1")
    library.commit()
    allowed = ("-c", "protocol.file.allow=always")
    where = (str(library.path), "third_party/modules")
    project.git(*allowed, "submodule", "--quiet", "add", *where)


@ordinary()
def names_and_bytes(project: Project) -> None:
    write(project, "experiment/größe der Netze.py", "# a name with umlauts and blanks\n")
    write(project, "notes latin.txt", "größe\n".encode("latin-1"))
    write(project, "configs/no newline.yaml", "seed: 1")


@ordinary()
def no_newline_at_the_end(project: Project) -> None:
    for name, line in {"pyproject.toml": "[tool.mine]\nx = 1", ".gitignore": "mine"}.items():
        write(project, name, (project / name).read_text() + line)


@ordinary()
def folder_of_a_monorepo(project: Project) -> Project:
    outer = Project(project.path.parent / "monorepo")
    inner = Project(outer / "experiments/my-experiment")
    inner.path.parent.mkdir(parents=True)
    project.path.rename(inner.path)
    shutil.rmtree(inner / ".git")
    outer.git("init", "--quiet")
    write(outer, "library/tools.py", "x = 1\n")
    return inner


TOGETHER = (
    network,
    loss_and_transforms,
    files_and_tests,
    yaml_keys,
    second_yaml,
    notebook,
    ignored_data,
    uv_add,
    uv_add_dev,
    uv_add_optional,
    uv_add_index,
    uv_add_editable,
    version_and_author,
    rules_and_tables,
    hook_of_mine,
    links_and_programs,
    submodule,
    names_and_bytes,
)


@ordinary()
def all_ordinary_together(project: Project) -> None:
    for act in TOGETHER:
        act(project)
